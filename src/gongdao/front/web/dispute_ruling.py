"""The answer of a person who decides: facts that he weighed, remedy, fault, reasons and basis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms

from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.core.money import Money
from gongdao.disputes.decide_liability import Party, Remedy
from gongdao.disputes.facts import FACTS, FactName, FactType, Source, Value
from gongdao.disputes.give_verdict import Ruling
from gongdao.disputes.rule_words import CHOICE_WORDS, PARTY_WORDS, REMEDY_WORDS
from gongdao.front.web.dispute_form import read_amount
from gongdao.front.web.dispute_words import said

_LONGEST = 4000
_WHOLE = 100


class RulingForm(forms.Form):
    """``weighable`` are the facts that a person may find shown or not, ``rules`` what the answer
    can rest on: pairs of ref and words."""

    def __init__(
        self,
        data: Any = None,
        *,
        most: Money,
        weighable: Sequence[FactName],
        rules: Sequence[tuple[str, str]],
        replaceable: bool,
    ) -> None:
        super().__init__(data)
        self._most, self._weighable = most, tuple(weighable)
        for name in self._weighable:
            self.fields[f"fact_{name.value}"] = _fact_field(name)
        remedies = [one for one in Remedy if replaceable or one is not Remedy.REPLACEMENT]
        remedy = forms.ChoiceField(
            choices=[(one.value, said(REMEDY_WORDS, one.value)) for one in remedies],
            widget=forms.RadioSelect(),
            label=_("决定"),
        )
        self.fields["remedy"] = remedy
        self.fields["amount"] = forms.CharField(required=False, max_length=20, label=_("金额"))
        self.fields["amount"].help_text = _(
            "这个案件一共给买家多少（部分退款或补偿），最多 {most}；已经付给他的会自动扣除。"
        ).format(most=most)
        for party in Party:
            label = _("责任：{party}（%）").format(party=translated(PARTY_WORDS[party]))
            self.fields[f"share_{party.value}"] = forms.IntegerField(
                required=False, min_value=0, max_value=_WHOLE, label=label
            )
        self.fields["rules"] = forms.MultipleChoiceField(
            choices=list(rules), widget=forms.CheckboxSelectMultiple(), label=_("依据")
        )
        self.fields["reasons"] = forms.CharField(
            max_length=_LONGEST,
            widget=forms.Textarea(attrs={"rows": 8}),
            label=_("认定的事实和理由"),
            help_text=_("写给双方看：认定了什么，为什么，双方的话怎样看。"),
        )

    def clean(self) -> dict[str, Any]:
        """Amounts within what was paid; shares that make a whole where something is given."""
        given = super().clean() or self.cleaned_data
        remedy = given.get("remedy", "")
        given["minor"] = self._most.minor if remedy == Remedy.REFUND_FULL.value else 0
        if remedy in (Remedy.REFUND_PART.value, Remedy.COMPENSATION.value):
            try:
                given["minor"] = read_amount(given.get("amount", ""), self._most) or 0
            except forms.ValidationError as error:
                self.add_error("amount", error)
            if not given["minor"] and "amount" not in self.errors:
                self.add_error("amount", _("请填写金额。"))
        shares = self._shares(given)
        if remedy and remedy != Remedy.NONE.value and sum(shares.values()) != _WHOLE:
            self.add_error("share_merchant", _("各方的责任加起来要等于 100。"))
        return given

    def _shares(self, given: Mapping[str, Any]) -> dict[str, int]:
        named = {one.value: given.get(f"share_{one.value}") or 0 for one in Party}
        return {name: percent for name, percent in named.items() if percent}

    def ruling(self, units: int) -> Ruling:
        """What was decided; ``units`` pieces where a replacement is given."""
        given = self.cleaned_data
        remedy = Remedy(given["remedy"])
        return Ruling(
            remedy=remedy,
            minor=given["minor"],
            shares={} if remedy is Remedy.NONE else self._shares(given),
            reasons=given["reasons"],
            rules=given["rules"],
            weighed=dict(self._weighed()),
            units=units if remedy is Remedy.REPLACEMENT else 0,
        )

    def _weighed(self) -> Iterator[tuple[FactName, Value]]:
        for name in self._weighable:
            text = self.cleaned_data.get(f"fact_{name.value}", "")
            if text:
                truth = FACTS[name].type is FactType.TRUTH
                yield name, text == "yes" if truth else text


def _fact_field(name: FactName) -> forms.ChoiceField:
    kind = FACTS[name]
    if kind.type is FactType.TRUTH:
        choices = [("yes", _("是")), ("no", _("否"))]
    else:
        choices = [(one, said(CHOICE_WORDS, (name, one))) for one in kind.choices]
    blank = [("", _("不认定"))]
    field = forms.ChoiceField(required=False, choices=blank + choices)
    field.label = translated(kind.meaning)
    return field


def weighable(names: Sequence[FactName]) -> list[FactName]:
    """Of ``names`` those that a person may weigh by choosing."""
    kinds = (FactType.TRUTH, FactType.CHOICE)
    return [
        name for name in names if Source.PERSON in FACTS[name].sources and FACTS[name].type in kinds
    ]
