"""A verdict in words, from its trace: which rule held, on which facts, what follows, who bears it.

``explain`` speaks the language in use; ``explain_both`` gives both. Nothing is said that is not in
the file. Words of ours only: 平台裁决, never 仲裁; outside ways stay open and the text says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gongdao.core.clock import say_second
from gongdao.core.language import Bilingual, language, translated
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.disputes.decide_excuse import ExcuseFinding, ExcuseState
from gongdao.disputes.decide_liability import Mode, Remedy, RowState
from gongdao.disputes.derive import derive
from gongdao.disputes.facts import FACTS, Fact, FactName, Facts, FactType
from gongdao.disputes.rule_words import (
    BASIS_WORDS,
    CHOICE_WORDS,
    FAULT_WORDS,
    MODE_WORDS,
    PARTY_WORDS,
    REMEDY_WORDS,
    SOURCE_WORDS,
)
from gongdao.disputes.verdict_file import Result, VerdictFile
from gongdao.rules.dispute_kinds import Condition, Liability, LiabilityRow


@dataclass(frozen=True)
class Explanation:
    """Sentences in parts, each part in reading order: ``result`` first, then ``why``, the ``facts``
    it rests on, what became of ``excuses``, and which ``ways`` stay open."""

    result: tuple[str, ...]
    why: tuple[str, ...]
    facts: tuple[str, ...]
    excuses: tuple[str, ...]
    ways: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """All of it, in order."""
        return (*self.result, *self.why, *self.facts, *self.excuses, *self.ways)


def explain(file: VerdictFile) -> Explanation:
    """``file`` in the language in use."""
    return Explanation(
        result=say_result(file.result, file.currency),
        why=_say_why(file),
        facts=_say_facts(file),
        excuses=tuple(_say_excuse(file, one) for one in file.excuse_findings),
        ways=_say_ways(),
    )


def explain_both(file: VerdictFile) -> Bilingual:
    """All of it in both languages, a sentence a line."""
    return Bilingual.of(_Lines(file))


class _Lines:
    """Says a whole explanation in the language in use."""

    def __init__(self, file: VerdictFile) -> None:
        self.file = file

    def __str__(self) -> str:
        return "\n".join(explain(self.file).lines)


def say_result(result: Result, currency: str) -> tuple[str, ...]:
    """What is carried out, and who bears how much."""
    remedy = translated(REMEDY_WORDS[result.remedy])
    if result.remedy is Remedy.NONE:
        said = [_("处理：不退款、不补偿。")]
    elif result.remedy is Remedy.REPLACEMENT:
        text = _("处理：{remedy} {units} 件。")
        if result.places:
            text = _("处理：{remedy} {units} 件（{places}）。")
        places = say_places(result.places)
        said = [text.format(remedy=remedy, units=result.units, places=places)]
    else:
        amount = _say_money(result.amount_minor, currency)
        said = [_("处理：{remedy} {amount}。").format(remedy=remedy, amount=amount)]
    for part in result.parts:
        party = translated(PARTY_WORDS[part.party])
        if part.minor and part.bearer is not part.party:
            text = _("责任：{party} {percent}%，即 {amount}，先由{bearer}承担。")
        elif part.minor:
            text = _("责任：{party} {percent}%，即 {amount}。")
        else:
            text = _("责任：{party} {percent}%。")
        bearer = translated(PARTY_WORDS[part.bearer])
        amount = _say_money(part.minor, currency)
        said.append(text.format(party=party, percent=part.percent, amount=amount, bearer=bearer))
    return tuple(said)


def say_row(table: Liability, code: str) -> str:
    """The sentence of one row in the language in use; empty where there is no such row."""
    row = find_row(table, code)
    if row is None:
        return ""
    return row.says_en if language() == "en" else row.says


def find_row(table: Liability, code: str) -> LiabilityRow | None:
    """The row of ``table`` with this code, or None."""
    return next((row for row in table.rows if row.code == code), None)


def say_condition(condition: Condition, facts: Facts) -> str:
    """One condition with the fact's own value and source, as it stood."""
    facts = derive(facts)
    fact = facts.by_name.get(FactName(condition.fact))
    name = translated(FACTS[FactName(condition.fact)].meaning)
    if fact is None:
        return _("{name}：不知道").format(name=name)
    said = _("{name}：{value}（{source}）").format(
        name=name, value=say_value(fact), source=translated(SOURCE_WORDS[fact.source])
    )
    other = facts.by_name.get(FactName(condition.over or condition.not_over or condition.fact))
    if other is None or other is fact:
        return said
    text = (
        _("{said}，晚于或高于{other} {value}")
        if condition.over
        else _("{said}，不晚于、不高于{other} {value}")
    )
    return text.format(
        said=said, other=translated(FACTS[other.name].meaning), value=say_value(other)
    ) + _say_plus(condition, other)


def _say_plus(condition: Condition, other: Fact) -> str:
    if not condition.plus:
        return ""
    text = _("再加 {plus} 分钟") if isinstance(other.value, datetime) else _("再加 {plus}")
    return text.format(plus=condition.plus)


def say_value(fact: Fact) -> str:
    """A fact's value in the language in use; amounts without their currency."""
    kind = FACTS[fact.name]
    if isinstance(fact.value, bool):
        return _("是") if fact.value else _("否")
    if isinstance(fact.value, datetime):
        return say_second(fact.value)
    if kind.type is FactType.CHOICE:
        return translated(CHOICE_WORDS[fact.name, str(fact.value)])
    if isinstance(fact.value, tuple):
        return say_places(fact.value)
    if kind.type is FactType.MONEY:
        return str(Money(int(fact.value)))
    return str(fact.value)


def say_places(places: tuple[int, ...]) -> str:
    """Which pieces of the order, counted from 1."""
    return _("第 {numbers} 件").format(numbers=_("、").join(map(str, places)))


def say_fault(code: str) -> str:
    """What ``verdict_file.differs`` found, in words."""
    if code.startswith("rule:"):
        return _("规则 {ref} 与已公布的内容不同").format(ref=code.removeprefix("rule:"))
    return translated(FAULT_WORDS[code])


def _say_why(file: VerdictFile) -> tuple[str, ...]:
    found, said = file.finding, [translated(BASIS_WORDS[file.basis]) + _("。")]
    row = say_row(file.table, found.row)
    if row:
        name = file.table.name_en if language() == "en" else file.table.name
        said.append(
            _("规则“{name}”（{ref}，{row}）：{says}").format(
                name=name, ref=found.table, row=found.row, says=row
            )
        )
    if found.mode is not Mode.AUTOMATIC:
        said.append(translated(MODE_WORDS[found.mode]) + _("。"))
    if found.missing:
        said.append(_("还不知道：{names}。").format(names=_say_names(found.missing)))
    if found.untrusted:
        said.append(_("要由人核实：{names}。").format(names=_say_names(found.untrusted)))
    if file.decision is not None and file.decision.reasons:
        said.append(_("裁决理由：{reasons}").format(reasons=file.decision.reasons))
    return tuple(said)


def _say_names(names: tuple[FactName, ...]) -> str:
    return _("、").join(translated(FACTS[name].meaning) for name in names)


def _say_facts(file: VerdictFile) -> tuple[str, ...]:
    fired = [row.code for row in file.finding.trace if row.state is RowState.FIRED]
    row = find_row(file.table, fired[0]) if len(fired) == 1 else None
    said = [_("事实：") + say_condition(one, file.facts) for one in (row.when if row else ())]
    paid = file.facts.by_name.get(FactName.PAID_MINOR)
    if paid is not None:
        said.append(
            _("事实：{name}：{value}（{source}）").format(
                name=translated(FACTS[paid.name].meaning),
                value=_say_money(int(str(paid.value)), file.currency),
                source=translated(SOURCE_WORDS[paid.source]),
            )
        )
    return tuple(said)


def _say_excuse(file: VerdictFile, found: ExcuseFinding) -> str:
    rule = next(one.rule for one in file.excuses if one.rule.ref == found.rule)
    english = language() == "en"
    name = rule.name_en if english else rule.name
    if found.state is ExcuseState.OPEN:
        said = _("还可以在 {until} 之前证明。").format(until=say_second(found.until))
    elif found.state is ExcuseState.FALLS:
        said = rule.falls_en if english else rule.falls
    else:
        proof = next(one for one in rule.proofs if one.code == found.proof)
        said = proof.says_en if english else proof.says
    return _("理由“{name}”（{ref}）：{said}").format(name=name, ref=found.rule, said=said)


def _say_ways() -> tuple[str, ...]:
    return (
        _("不同意的，可以凭新证据或指出具体错误申诉；自动裁决只要要求就由人复核。"),
        _("这是平台裁决，不妨碍您向 12315、消费者协会、支付渠道投诉，也不妨碍起诉。"),
    )


def _say_money(minor: int, currency: str) -> str:
    return f"{Money(minor, currency)} {currency}"
