"""Forms of a dispute: what the buyer wants, words with files, offers, excuses, appeals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.disputes.decide_liability import Remedy
from gongdao.disputes.facts import FactName
from gongdao.disputes.rule_words import REMEDY_WORDS
from gongdao.disputes.say import LARGEST_FILE, LONGEST_WORDS, MOST_FILES, NewFile
from gongdao.disputes.states import ReasonCode
from gongdao.disputes.told_facts import TELLABLE, Told
from gongdao.front.web.dispute_words import said

_MOST_SIGNS = 20
_LONGEST_REGION = 40
_MOST_TICKS = 100
"""Pieces that are asked about one by one; of more the amount says how many."""


@dataclass(frozen=True)
class Asks:
    """What a reason asks to be stated: ``fact``, beside what the listing says of the region;
    ``before`` is what was recorded already, to be corrected."""

    fact: FactName
    listed: str = ""
    before: str = ""


def asks_for(reason: ReasonCode, *, listed: str, before: str = "") -> Asks | None:
    """What the form about ``reason`` asks for; None for most reasons."""
    return Asks(TELLABLE[reason], listed, before) if reason in TELLABLE else None


def told_fields(asks: Asks) -> dict[str, forms.Field]:
    """The fields of a statement: the region in one's own words, or yes and no."""
    if asks.fact is FactName.REGION_MATCHES:
        region = forms.CharField(required=False, max_length=_LONGEST_REGION, initial=asks.before)
        region.label = _("实际适用的地区")
        region.help_text = _(
            "兑换页、报错或账号上写的，只写地区名，如“香港”。商品页写的是：{listed}。"
        ).format(listed=asks.listed)
        return {"region": region}
    test = forms.ChoiceField(
        required=False,
        choices=[("yes", _("是")), ("no", _("不是")), ("", _("不知道"))],
        widget=forms.RadioSelect(),
        initial="",
    )
    test.label = _("兑换页或发行方说这是测试卡吗")
    return {"test_secret": test}


class ManyFiles(forms.FileInput):
    """A field that takes several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files, each with a bound; what comes out is a list of `NewFile`."""

    def __init__(self) -> None:
        super().__init__(required=False, widget=ManyFiles(attrs={"multiple": True}))

    def clean(self, data: Any, initial: Any = None) -> list[NewFile]:
        """The files that were sent, read whole; none is larger than one may be."""
        given: Sequence[UploadedFile[bytes]] = [one for one in data or [] if one]
        if len(given) > MOST_FILES:
            raise forms.ValidationError(_("一次最多 {most} 个文件。").format(most=MOST_FILES))
        return [self._read(one) for one in given]

    def _read(self, one: UploadedFile[bytes]) -> NewFile:
        name = str(one.name or "")
        if not one.size or one.size > LARGEST_FILE:
            raise forms.ValidationError(_("文件“{name}”是空的，或太大。").format(name=name))
        return NewFile(name, one.read())


class WordsForm(forms.Form):
    """Words, and files that belong to them."""

    words = forms.CharField(
        required=False, max_length=LONGEST_WORDS, widget=forms.Textarea(attrs={"rows": 5})
    )

    def __init__(
        self, data: Any = None, files: Any = None, *, needed: bool = True, asks: Asks | None = None
    ) -> None:
        super().__init__(data, files)
        self._needed = needed
        self.fields.update(told_fields(asks) if asks else {})
        self.fields["words"].label = _("要说的话")
        self.fields["words"].help_text = _("写事实：什么时候、在哪里、看到了什么。不要写卡密本身。")
        self.fields["files"] = FilesField()
        self.fields["files"].label = _("材料")
        self.fields["files"].help_text = _("截图、录屏、文件，最多 {most} 个。").format(
            most=MOST_FILES
        )

    def told(self) -> Told:
        """What was stated in the fields that the reason asks for."""
        given = self.cleaned_data
        test = {"yes": True, "no": False}.get(given.get("test_secret", ""))
        return Told(given.get("region", ""), test)

    def clean(self) -> dict[str, Any]:
        """Something has to be there."""
        given = super().clean() or self.cleaned_data
        if self._needed and not given.get("words", "").strip() and not given.get("files"):
            self.add_error("words", _("请写几句话，或附上材料。"))
        return given


class OpenForm(WordsForm):
    """What the buyer wants. ``left`` is what he paid and has not got back. ``pieces``: how many he
    bought; of several ``by_piece`` asks which are bad. ``price`` is what he paid for all."""

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        left: Money,
        replaceable: bool,
        pieces: int = 1,
        by_piece: bool = False,
        price: Money | None = None,
        asks: Asks | None = None,
    ) -> None:
        super().__init__(data, files, needed=False, asks=asks)
        self._left, self._pieces, self._price = left, pieces, price or left
        self._by_piece = by_piece and 1 < pieces <= _MOST_TICKS
        if self._by_piece:
            self.fields["places"] = _places_field(pieces)
        wants = [("refund", _("退款"))]
        if replaceable:
            several = _("有问题的都换成能用的")
            wants.append(("replacement", several if pieces > 1 else _("换一张能用的卡密")))
        wanted = forms.ChoiceField(choices=wants, widget=forms.RadioSelect(), initial="refund")
        wanted.label = _("您要什么")
        self.fields["wanted"] = wanted
        amount = forms.CharField(required=False, max_length=_MOST_SIGNS, label=_("退多少"))
        whole = _("不填就是全部 {left}。").format(left=left)
        each = _("不填就是选中那几件的价款，全部是 {left}。").format(left=left)
        amount.help_text = each if self._by_piece else whole
        amount.widget.attrs["inputmode"] = "decimal"
        self.fields["amount"] = amount
        talk = forms.BooleanField(required=False, label=_("先问商家，暂时不投诉"))
        self.fields["talk"] = talk
        first = ["places", "region", "test_secret", "wanted", "amount", "words", "files", "talk"]
        self.order_fields(first)

    def clean_amount(self) -> int | None:
        """Minor units; None for all of it."""
        return read_amount(self.cleaned_data["amount"], self._left)

    def clean(self) -> dict[str, Any]:
        """Other secrets need no amount, and money no more than the pieces cost."""
        given = super().clean()
        amount, places = given.get("amount"), self.places()
        if given.get("wanted") == "replacement" and self._pieces > 1 and amount is not None:
            self.add_error("amount", _("要换卡密就不用填金额，选好有问题的那几件就行。"))
        most = -(-self._price.minor * len(places) // self._pieces)
        if places and amount is not None and amount > most:
            price = Money(most, self._left.currency)
            self.add_error("amount", _("选中的几件一共 {most}，不能更多。").format(most=price))
        return given

    def places(self) -> tuple[int, ...]:
        """Which pieces are bad; none where it was not asked."""
        return tuple(sorted(map(int, self.cleaned_data.get("places", ()))))


def _places_field(pieces: int) -> forms.MultipleChoiceField:
    every = [str(place) for place in range(1, pieces + 1)]
    field = forms.MultipleChoiceField(
        choices=[(one, _("第 {numbers} 件").format(numbers=one)) for one in every],
        widget=forms.CheckboxSelectMultiple(),
        initial=every,
    )
    field.label = _("哪几件有问题")
    field.help_text = _("按提卡页上的顺序数。没有问题的，请取消勾选。")
    field.error_messages["required"] = _("请至少选一件。")
    return field


class OfferForm(forms.Form):
    """How a party offers to end the case."""

    remedy = forms.ChoiceField(widget=forms.RadioSelect())
    amount = forms.CharField(required=False, max_length=_MOST_SIGNS)
    words = forms.CharField(
        required=False, max_length=LONGEST_WORDS, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, data: Any = None, *, most: Money, remedies: Sequence[Remedy]) -> None:
        super().__init__(data)
        self._most = most
        remedy: Any = self.fields["remedy"]
        remedy.label = _("怎样解决")
        remedy.choices = [(one.value, said(REMEDY_WORDS, one.value)) for one in remedies]
        self.fields["amount"].label = _("金额")
        self.fields["amount"].help_text = _("退款或补偿多少，最多 {most}。").format(most=most)
        self.fields["amount"].widget.attrs["inputmode"] = "decimal"
        self.fields["words"].label = _("补充说明")

    def clean(self) -> dict[str, Any]:
        """Money needs an amount; a full refund is all of it."""
        given = super().clean() or self.cleaned_data
        remedy = given.get("remedy", "")
        given["minor"] = 0
        if remedy == Remedy.REFUND_FULL.value:
            given["minor"] = self._most.minor
        elif remedy in (Remedy.REFUND_PART.value, Remedy.COMPENSATION.value):
            try:
                given["minor"] = read_amount(given.get("amount", ""), self._most)
            except forms.ValidationError as error:
                self.add_error("amount", error)
            if given["minor"] is None:
                self.add_error("amount", _("请填写金额。"))
        return given


class ExcuseForm(WordsForm):
    """An excuse out of the published list, with what shows it."""

    def __init__(
        self, data: Any = None, files: Any = None, *, choices: Sequence[tuple[str, str]]
    ) -> None:
        super().__init__(data, files)
        code = forms.ChoiceField(choices=list(choices), widget=forms.RadioSelect())
        code.label = _("您的理由")
        self.fields["code"] = code
        self.order_fields(["code", "words", "files"])


class AppealForm(WordsForm):
    """Why a decision is wrong: something new, or a named error; what rules alone decided, a person
    looks at on request."""

    def __init__(self, data: Any = None, files: Any = None, *, by_rules: bool) -> None:
        super().__init__(data, files)
        choices = [("new_evidence", _("有新的证据")), ("named_error", _("决定里有错"))]
        if by_rules:
            choices.append(("request", _("要求由人来看")))
        ground = forms.ChoiceField(choices=choices, widget=forms.RadioSelect())
        ground.label = _("凭什么申诉")
        self.fields["ground"] = ground
        self.fields["words"].required = True
        self.fields["words"].help_text = _("新证据说明什么；或者哪一条事实、哪一条规则用错了。")
        self.order_fields(["ground", "words", "files"])


def read_amount(text: str, most: Money) -> int | None:
    """Minor units of what somebody wrote; None for nothing written. Raise ValidationError for what
    is no amount, nothing, or more than ``most``."""
    if not text.strip():
        return None
    try:
        found = Money.parse(text.strip().lstrip("¥￥"), most.currency)
    except InputError:
        raise forms.ValidationError(_("请写一个金额，像 12.50。")) from None
    if not 0 < found.minor <= most.minor:
        raise forms.ValidationError(_("金额要大于零，不超过 {most}。").format(most=most))
    return found.minor
