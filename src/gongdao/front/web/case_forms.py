"""The forms in which the buyer says what he knows: order, himself, claim, contacts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from django import forms

from gongdao.casework.words import (
    DEMAND_NAMES,
    KIND_NAMES,
    OUTCOME_NAMES,
    PARTY_NAMES,
    REASON_NAMES,
    STAGE_NAMES,
)
from gongdao.core.codes import Reason, Speaker
from gongdao.core.language import translated
from gongdao.evidence.statement import AlsoDemand, Contact, Statement
from gongdao.front.web.fact_words import (
    CATEGORY_NAMES,
    FACT_NAMES,
    MEANS_NAMES,
    PAYMENT_NAMES,
    REASON_MEANS,
    SPEAKER_NAMES,
)
from gongdao.front.web.forms import CodeField, MoneyField, TimeField, text_of
from gongdao.front.web.forms import say as _


class FactsForm(forms.Form):
    """One section of the statement. ``seen`` carries what the page showed, so that only what the
    buyer changed is set, and what changed elsewhere meanwhile is told from it."""

    section: ClassVar[str]
    use_required_attribute = False
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20_000)

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        for name, field in self.fields.items():
            if not field.label and f"{self.section}.{name}" in FACT_NAMES:
                field.label = translated(FACT_NAMES[f"{self.section}.{name}"])

    @classmethod
    def shown(cls, statement: Statement) -> dict[str, str]:
        """The texts of all fields as the page shows them."""
        part = getattr(statement, cls.section)
        return {name: text_of(getattr(part, name)) for name in cls.facts()}

    @classmethod
    def facts(cls) -> tuple[str, ...]:
        """The names of the fields that are facts."""
        return tuple(name for name in cls.base_fields if name not in ("version", "seen"))

    @classmethod
    def filled(cls, statement: Statement, version: int) -> Self:
        """The form with what is known."""
        shown = cls.shown(statement)
        return cls(initial={**cls.initial_of(shown), **hidden(shown, version)})

    @classmethod
    def initial_of(cls, shown: Mapping[str, str]) -> dict[str, Any]:
        """What fields start with; many choices of one field are lines of its text."""
        several = forms.MultipleChoiceField
        return {
            name: text.split("\n") if isinstance(cls.base_fields[name], several) else text
            for name, text in shown.items()
        }

    def changes(self) -> dict[str, Any]:
        """What the buyer changed compared with what the page showed him, typed."""
        seen = seen_of(self.cleaned_data.get("seen", ""))
        values = self.values()
        return {
            f"{self.section}.{name}": value
            for name, value in values.items()
            if text_of(value) != seen.get(name, "")
        }

    def values(self) -> dict[str, Any]:
        """All facts of the section, typed as in ``Statement``."""
        empty = {None: "", "": ""}
        part = getattr(Statement(), self.section)
        found = {}
        for name in self.facts():
            value = self.cleaned_data[name]
            texts = isinstance(getattr(part, name), str)
            found[name] = empty.get(value, value) if texts else value
        return found


def hidden(shown: Mapping[str, str], version: int) -> dict[str, Any]:
    """The hidden fields of a form that shows ``shown`` of the case at ``version``."""
    return {"version": version, "seen": json.dumps(shown, ensure_ascii=False)}


def seen_of(text: str) -> dict[str, str]:
    """What ``hidden`` wrote; nothing where it was tampered with: then everything counts as
    changed, which harms only the buyer's own convenience."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


class OrderForm(FactsForm):
    """The order."""

    section = "order"
    merchant = forms.CharField(required=False, max_length=120)
    platform = forms.CharField(required=False, max_length=120)
    order_no = forms.CharField(
        required=False,
        max_length=80,
        help_text=_("平台给的编号，不是支付宝或微信的单号。"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    product = forms.CharField(required=False, max_length=200)
    paid = MoneyField(required=False, help_text=_("实际付了多少，如 98.00。"))
    paid_at = TimeField(required=False, help_text=_("北京时间。"))
    ordered_at = TimeField(required=False)
    promise = forms.CharField(
        required=False,
        max_length=400,
        help_text=_("商品页上写的，如“付款后 10 分钟内自动发货”。"),
    )
    delivered_at = TimeField(required=False, help_text=_("没收到就空着。"))
    payment = CodeField(PAYMENT_NAMES, required=False, empty=_("不清楚"))
    transaction_no = forms.CharField(
        required=False,
        max_length=80,
        help_text=_("支付宝、微信或银行的单号。"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    payee = forms.CharField(required=False, max_length=120, help_text=_("付款凭证上的收款方。"))
    category = CodeField(CATEGORY_NAMES, required=False, empty=_("不清楚"))
    quantity = forms.IntegerField(required=False, min_value=1, max_value=100_000)
    face_value = MoneyField(required=False, help_text=_("每张的面值。"))
    listed_price = MoneyField(required=False, help_text=_("商品页上划掉的价格。"))
    platform_url = forms.CharField(required=False, max_length=200)


class BuyerForm(FactsForm):
    """Who bought."""

    section = "buyer"
    own_use = forms.TypedChoiceField(
        choices=[("yes", _("自己或家人用")), ("no", _("转卖或经营用"))],
        coerce=lambda text: text == "yes",
        widget=forms.RadioSelect,
        help_text=_("转卖的不按消费者权益争议处理，可走的渠道不同。"),
    )
    adult = forms.TypedChoiceField(
        choices=[("yes", _("已满 18 岁")), ("no", _("未满 18 岁，由监护人出面"))],
        coerce=lambda text: text == "yes",
        widget=forms.RadioSelect,
    )
    province = forms.CharField(
        required=False, max_length=20, help_text=_("如：浙江省。用来算小额诉讼的上限。")
    )
    name = forms.CharField(
        required=False,
        max_length=60,
        help_text=_("只写进您自己提交的文书里；不填也能用。"),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    phone = forms.CharField(
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )


def reason_choices() -> list[tuple[str, str]]:
    """Reasons by name with a few words about each, in the language in use."""
    return [
        (reason.value, f"{translated(REASON_NAMES[reason])} · {translated(means)}")
        for reason, means in REASON_MEANS.items()
    ]


class ReasonsField(forms.TypedMultipleChoiceField):
    """Any number of reasons, in the order of the list."""

    def __init__(self, **given: Any) -> None:
        super().__init__(
            choices=reason_choices,
            coerce=Reason,
            widget=forms.CheckboxSelectMultiple,
            **given,
        )

    def clean(self, value: Any) -> tuple[Reason, ...]:
        """The reasons, as the statement holds them."""
        return tuple(super().clean(value))


class ReasonsForm(FactsForm):
    """What went wrong, alone: one tap on the first page of the case."""

    section = "claim"
    reasons = ReasonsField(required=False)


class ClaimForm(FactsForm):
    """What went wrong and what the buyer wants."""

    section = "claim"
    reasons = ReasonsField(required=False)
    demand = CodeField(DEMAND_NAMES, required=False, empty=_("还没想好"), radio=True)
    amount = MoneyField(required=False, help_text=_("不填就是实付金额。"))
    also = forms.CharField(required=False, widget=forms.HiddenInput)
    also_demand = CodeField(DEMAND_NAMES, required=False, empty=_("没有别的"), label=_("另外还要"))
    also_amount = MoneyField(required=False, label=_("另外要的金额"))
    also_demand_2 = CodeField(
        DEMAND_NAMES, required=False, empty=_("没有别的"), label=_("还要（第二项）")
    )
    also_amount_2 = MoneyField(required=False, label=_("第二项的金额"))
    suspect_fraud = forms.TypedChoiceField(
        choices=[("no", _("不是，是交易出了问题")), ("yes", _("是，觉得从一开始就是骗局"))],
        coerce=lambda text: text == "yes",
        widget=forms.RadioSelect,
        help_text=_("怀疑被骗要先拨 96110 或 110，同时请支付机构止付。"),
    )

    @classmethod
    def facts(cls) -> tuple[str, ...]:
        """Four fields are one fact."""
        return "reasons", "demand", "amount", "also", "suspect_fraud"

    @classmethod
    def shown(cls, statement: Statement) -> dict[str, str]:
        """``also`` is shown in its four fields, and remembered as one text."""
        claim = statement.claim
        found = {name: text_of(getattr(claim, name)) for name in cls.facts() if name != "also"}
        rows = [*claim.also, None, None][:2]
        for end, row in zip(("", "_2"), rows, strict=True):
            found[f"also_demand{end}"] = text_of(row.demand if row else None)
            found[f"also_amount{end}"] = text_of(row.amount if row else None)
        return {**found, "also": _also_text(claim.also)}

    def values(self) -> dict[str, Any]:
        """The further demands as one fact."""
        rows = [
            AlsoDemand(
                self.cleaned_data[f"also_demand{end}"], self.cleaned_data[f"also_amount{end}"]
            )
            for end in ("", "_2")
            if self.cleaned_data[f"also_demand{end}"]
        ]
        names = ("reasons", "demand", "amount", "suspect_fraud")
        return {**{name: self.cleaned_data[name] for name in names}, "also": tuple(rows)}

    def changes(self) -> dict[str, Any]:
        """``also`` counts as changed where its text differs."""
        found = super().changes()
        seen = seen_of(self.cleaned_data.get("seen", ""))
        also = self.values()["also"]
        found.pop("claim.also", None)
        if _also_text(also) != seen.get("also", ""):
            found["claim.also"] = also
        return found


def _also_text(rows: tuple[AlsoDemand, ...]) -> str:
    return "\n".join(f"{text_of(row.demand)} {text_of(row.amount)}" for row in rows)


class ContactForm(forms.Form):
    """One time that the buyer pressed somebody."""

    use_required_attribute = False
    at = TimeField(label=_("什么时候"), help_text=_("北京时间，大概的也行。"))
    party = CodeField(PARTY_NAMES, label=_("找了谁"), empty=_("请选择"))
    by = CodeField(MEANS_NAMES, label=_("怎么找的"), empty=_("请选择"))
    outcome = CodeField(OUTCOME_NAMES, label=_("结果"), empty=_("请选择"))
    note = forms.CharField(
        label=_("对方说了什么"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def contact(self) -> Contact:
        """The contact of a form that is valid."""
        data = self.cleaned_data
        return Contact(data["at"], data["party"], data["by"], data["outcome"], data["note"])


class NoteForm(forms.Form):
    """What a file is."""

    use_required_attribute = False
    kind = CodeField(
        KIND_NAMES,
        required=False,
        empty=_("看内容判断"),
        label=_("这是什么"),
    )
    stage = CodeField(STAGE_NAMES, label=_("属于哪个阶段"))
    note = forms.CharField(
        label=_("说明"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class SpeakersForm(forms.Form):
    """Who is behind the names in a chat: one field for each name, called after it, so that no
    answer goes to another name when the chat was read again meanwhile."""

    use_required_attribute = False

    def __init__(self, *given: Any, senders: Sequence[tuple[str, str]], **named: Any) -> None:
        """``senders``: each name with the code of who it is taken for, empty for nobody."""
        super().__init__(*given, **named)
        self._senders = {sender: self.field_of(sender) for sender, _speaker in senders}
        for sender, speaker in senders:
            self.fields[self.field_of(sender)] = CodeField(
                SPEAKER_NAMES, required=False, empty=_("不清楚"), label=sender, initial=speaker
            )

    @staticmethod
    def field_of(sender: str) -> str:
        """The field of a name."""
        return f"sender_{hashlib.sha256(sender.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"

    def sent(self) -> list[str]:
        """The names that the form asked for: one that it did not show is not answered."""
        return [sender for sender, field in self._senders.items() if field in self.data]

    def names(self) -> dict[str, Speaker]:
        """The speaker of each name that has one."""
        told = {sender: self.cleaned_data[field] for sender, field in self._senders.items()}
        return {sender: speaker for sender, speaker in told.items() if speaker}


class PasswordForm(forms.Form):
    """The password of a bill's zip."""

    use_required_attribute = False
    password = forms.CharField(
        label=_("解压密码"),
        max_length=128,
        strip=False,
        help_text=_("账单邮件或短信里给的那几位。加密保存，只用来读这个文件。"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
