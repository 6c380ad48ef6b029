"""Forms to follow a case: what came of a filing, the filing itself, an address, the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms

from gongdao.casework.follow.filings import CHANNELS, Filing
from gongdao.casework.follow.outcomes import choices, record_outcome
from gongdao.casework.follow.results import DIRECT, LONGEST_NOTE, RESULT_NAMES, SaidResult
from gongdao.casework.words import STEP_NAMES
from gongdao.core.codes import Outcome
from gongdao.core.errors import InputError
from gongdao.core.language import translated
from gongdao.front.web.forms import CodeField, MoneyField, TimeField, text_of
from gongdao.front.web.forms import say as _
from gongdao.front.worker.messengers.address_kinds import AddressKind

_PLAIN = {"autocomplete": "off", "spellcheck": "false"}


def note_error(form: forms.Form, error: InputError) -> None:
    """Show what a verb found wrong beside its field, or above the form."""
    field = error.place.field
    form.add_error(field if field in form.fields else None, error.reason)


class FilingForm(forms.Form):
    """A filing as it was recorded, to be corrected."""

    use_required_attribute = False
    mark = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    filed_at = TimeField(label=_("什么时候提交的"), help_text=_("北京时间。期限从这时算起。"))
    number = forms.CharField(
        label=_("编号"),
        required=False,
        max_length=80,
        help_text=_("对方给的受理号、工单号或案号。"),
        widget=forms.TextInput(attrs=_PLAIN),
    )
    receipt = forms.ChoiceField(label=_("回执文件"), required=False)
    note = forms.CharField(
        label=_("备注"),
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *given: Any, receipts: Sequence[tuple[str, str]], **named_: Any) -> None:
        super().__init__(*given, **named_)
        field = self.fields["receipt"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("没有回执")), *receipts]

    @staticmethod
    def shown(filing: Filing, mark: str) -> dict[str, str]:
        """What the form starts with."""
        return {
            "mark": mark,
            "filed_at": text_of(filing.filed_at),
            "number": filing.number,
            "receipt": filing.receipt,
            "note": filing.note,
        }


class FilingOutcomeForm(forms.Form):
    """What came of one filing."""

    use_required_attribute = False
    mark = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    outcome = forms.TypedChoiceField(label=_("怎么样了"), coerce=Outcome, widget=forms.RadioSelect)
    at = TimeField(label=_("什么时候知道的"), help_text=_("北京时间。"))
    returned = MoneyField(
        label=_("退回了多少"), required=False, help_text=_("只在退了钱时填，如 98.00。")
    )

    def __init__(self, *given: Any, filing: Filing, **named_: Any) -> None:
        super().__init__(*given, **named_)
        self.filing = filing
        field = self.fields["outcome"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(one.outcome.value, str(one.name)) for one in choices(filing.channel)]
        if not any(one.amount for one in choices(filing.channel)):
            del self.fields["returned"]

    def recorded(self, as_of: datetime) -> Filing | None:
        """The filing with what was said of it; None where that cannot be, said in the form."""
        data = self.cleaned_data
        try:
            return record_outcome(
                self.filing,
                outcome=data["outcome"],
                at=data["at"],
                returned=data.get("returned"),
                as_of=as_of,
            )
        except InputError as error:
            if error.place.field == "outcome_at":
                self.add_error("at", error.reason)
            else:
                note_error(self, error)
            return None

    @staticmethod
    def shown(filing: Filing, mark: str, at: datetime) -> dict[str, str]:
        """What the form starts with."""
        return {
            "mark": mark,
            "outcome": filing.outcome.value if filing.outcome else "",
            "at": text_of((filing.outcome_at or at).replace(second=0, microsecond=0)),
            "returned": text_of(filing.returned),
        }


class AddressForm(forms.Form):
    """The fields of one kind of address, as its service calls them."""

    use_required_attribute = False

    def __init__(self, *given: Any, kind: AddressKind, servers: Sequence[str], **named_: Any):
        super().__init__(*given, **named_)
        for one in kind.fields:
            label = translated(one.label)
            if one.from_hosts:
                if len(servers) > 1:
                    self.fields[one.code] = forms.ChoiceField(
                        label=label, required=False, choices=[(s, s) for s in servers]
                    )
                continue
            attrs = dict(_PLAIN)
            if kind.code == "mail":
                attrs = {"type": "email", "autocomplete": "email", "inputmode": "email"}
            self.fields[one.code] = forms.CharField(
                label=label,
                required=one.required,
                max_length=one.longest + 20,
                widget=forms.TextInput(attrs=attrs),
            )


class CodeForm(forms.Form):
    """The six digits that were sent to an address."""

    use_required_attribute = False
    code = forms.CharField(
        label=_("收到的 6 位数字"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "spellcheck": "false"}
        ),
    )


class ResultForm(forms.Form):
    """How the whole matter stands."""

    use_required_attribute = False
    after = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    result = CodeField(RESULT_NAMES, radio=True, label=_("结果"))
    amount = MoneyField(
        label=_("退回了多少"), required=False, help_text=_("只在退了钱时填，如 98.00。")
    )
    channel = forms.ChoiceField(label=_("是哪个渠道办成的"), required=False)
    at = TimeField(label=_("什么时候的事"), help_text=_("北京时间。"))
    closes = forms.TypedChoiceField(
        label=_("接下来"),
        choices=[("no", _("还要继续")), ("yes", _("到此为止，结束这个案件"))],
        coerce=lambda text: text == "yes",
        widget=forms.RadioSelect,
        help_text=_("结束以后不再提醒；材料和记录都在，随时可以重新打开。"),
    )
    note = forms.CharField(
        label=_("备注"),
        required=False,
        max_length=LONGEST_NOTE,
        help_text=_("加密保存，只有打开这个案件的人看得到。"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *given: Any, **named_: Any) -> None:
        super().__init__(*given, **named_)
        field = self.fields["channel"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", _("说不清")),
            (DIRECT, _("直接和商家谈成的")),
            *((code, translated(STEP_NAMES[code])) for code in CHANNELS),
        ]

    def said(self) -> SaidResult:
        """What a valid form says."""
        data = self.cleaned_data
        return SaidResult(
            result=data["result"],
            at=data["at"],
            closes=data["closes"],
            channel=data["channel"],
            amount=data["amount"],
            note=data["note"].strip(),
        )

    @staticmethod
    def shown(said: SaidResult | None, after: str, at: datetime) -> dict[str, str]:
        """What the form starts with: what was said last."""
        if said is None:
            return {"after": after, "at": text_of(at.replace(second=0, microsecond=0))}
        return {
            "after": after,
            "result": said.result.value,
            "amount": text_of(said.amount),
            "channel": said.channel,
            "at": text_of(said.at),
            "closes": text_of(said.closes),
            "note": said.note,
        }
