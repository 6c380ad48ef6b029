"""Whether the published rules of disputes fit the facts and each other. Pure.

``check_tables`` names unknown facts and values, comparisons of different types, and combinations of
known facts for which no row of a table holds (a gap) or more than one (an overlap). It tries every
combination of the values that a table can tell apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product

from gongdao.core.language import gettext as _
from gongdao.disputes.conditions import holds, names_of
from gongdao.disputes.decide_liability import BASE_FACTS
from gongdao.disputes.derive import DERIVED
from gongdao.disputes.facts import ALWAYS, FACTS, Fact, FactName, Facts, FactType, Value
from gongdao.disputes.states import STEPS, ReasonCode, Silence
from gongdao.rules.dispute_kinds import AbuseRule, Condition, DisputeClock, Excuse, Liability
from gongdao.rules.load import Rules, load_rules
from gongdao.rules.model import Entry

SILENCE = "silence"
MOST_COMBINATIONS = 200_000
_START = datetime(2026, 1, 1, tzinfo=UTC)


def check_tables(rules: Rules | None = None) -> tuple[str, ...]:
    """Every fault as one sentence, naming the rule; empty where all fits."""
    known = rules or load_rules()
    wanted = [f"liability/{code}" for code in (*ReasonCode, SILENCE)]
    wanted += [f"dispute_clock/{kind.clock}" for kind in STEPS.values()]
    faults = [f"{id}: {_('没有这条规则')}" for id in wanted if id not in known.by_id]
    for entry in known.all():
        faults += [f"{entry.ref}: {why}" for why in _faults(entry)]
    return tuple(faults)


def facts_needed(table: Liability) -> frozenset[FactName]:
    """Every fact that the table can ask for, derived ones as what they follow from: what is to be
    collected before it is asked."""
    found: set[FactName] = set(ALWAYS)
    for row in table.rows:
        found |= {name for one in row.when for name in names_of(one)} | BASE_FACTS[row.amount.of]
        if row.until:
            found.add(FactName(row.until))
        if row.remedy == "compensation":
            found.add(FactName.COMPENSATED_MINOR)
        if row.replaceable:
            found |= {FactName.WANTED, FactName.REPLACEMENT_IN_STOCK}
            found |= {FactName.AFFECTED_UNITS, FactName.QUANTITY}
    return frozenset(root for name in found for root in DERIVED.get(name, (name,)))


def find_holes(table: Liability) -> tuple[str, ...]:
    """Gaps and overlaps of one table, each with the facts that show it; at most ten."""
    conditions = [one for row in table.rows for one in row.when]
    names = sorted({name for one in conditions for name in names_of(one)})
    domains = [values_of(name, conditions) for name in names]
    size = 1
    for domain in domains:
        size *= len(domain)
    if size > MOST_COMBINATIONS:
        return (_("组合太多，无法逐一检查"),)
    domain_of = dict(zip(names, domains, strict=True))
    rows = [
        (row.code, [_Tried.of(one, domain_of, names) for one in row.when]) for row in table.rows
    ]
    found: list[str] = []
    for values in product(*domains):
        fired = [code for code, tried in rows if all(one.result(values) for one in tried)]
        if len(fired) != 1:
            case = ", ".join(f"{n}={v}" for n, v in zip(names, values, strict=True))
            said = _("没有一行成立") if not fired else _("多行同时成立")
            found.append(f"{said} {fired} ({case})")
        if len(found) == 10:
            break
    return tuple(found)


@dataclass(frozen=True)
class _Tried:
    """One condition, tried on every value of its own facts once: ``places`` are where these facts
    stand in a combination, ``results`` the outcome by their values."""

    places: tuple[int, ...]
    results: Mapping[tuple[Value, ...], bool | None]

    @classmethod
    def of(
        cls, one: Condition, domains: Mapping[FactName, tuple[Value, ...]], names: list[FactName]
    ) -> _Tried:
        """``one`` tried on all values of ``domains`` that it can read."""
        own = tuple(dict.fromkeys(names_of(one)))
        results = {}
        for values in product(*(domains[name] for name in own)):
            facts = Facts(tuple(_fact(name, v) for name, v in zip(own, values, strict=True)))
            results[values] = holds(one, facts)
        return cls(tuple(names.index(name) for name in own), results)

    def result(self, values: tuple[Value, ...]) -> bool | None:
        """The outcome for a whole combination."""
        return self.results[tuple(values[place] for place in self.places)]


def values_of(name: FactName, conditions: Iterable[Condition]) -> tuple[Value, ...]:
    """Values of ``name`` that ``conditions`` can tell apart: both truths, every choice, numbers on
    either side of each limit, times and amounts on either side of each other."""
    kind = FACTS[name]
    if kind.type is FactType.TRUTH:
        return (False, True)
    if kind.type is FactType.CHOICE:
        return kind.choices
    steps = {0, 1}
    for one in conditions:
        if name in names_of(one):
            limits = [n for n in (one.at_least, one.below) if n is not None]
            steps |= {n for limit in limits for n in (limit - 1, limit)}
            steps |= {one.plus, one.plus + 1} if one.over or one.not_over else set()
    whole = sorted(n for n in steps if n >= 0)
    if kind.type is FactType.TIME:
        return tuple(_START + timedelta(minutes=n) for n in whole)
    return tuple(whole)


def _fact(name: FactName, value: Value) -> Fact:
    return Fact(name, value, sorted(FACTS[name].sources)[0], _START)


def _faults(entry: Entry) -> Iterator[str]:
    if isinstance(entry, Liability):
        bad = [why for row in entry.rows for why in _condition_faults(row.when)]
        times = [row.until for row in entry.rows if row.until and not _is_time(row.until)]
        yield from (*bad, *(_("“{name}”不是时间").format(name=name) for name in times))
        if entry.reason not in (*ReasonCode, SILENCE):
            yield _("不认识的理由")
        if not bad:
            yield from find_holes(entry)
    elif isinstance(entry, Excuse):
        yield from (why for proof in entry.proofs for why in _condition_faults(proof.when))
    elif isinstance(entry, AbuseRule):
        yield from _condition_faults(entry.when)
    elif isinstance(entry, DisputeClock) and entry.silence not in list(Silence):
        yield _("不认识的沉默后果")


def _is_time(name: str) -> bool:
    return name in list(FactName) and FACTS[FactName(name)].type is FactType.TIME


def _condition_faults(conditions: Iterable[Condition]) -> Iterator[str]:
    for one in conditions:
        other = one.over or one.not_over
        unknown = [n for n in (one.fact, other) if n and n not in list(FactName)]
        if unknown:
            yield _("不认识的事实“{name}”").format(name=unknown[0])
            continue
        kind = FACTS[FactName(one.fact)]
        allowed = ("yes", "no") if kind.type is FactType.TRUTH else kind.choices
        whole = kind.type in (FactType.NUMBER, FactType.MONEY)
        if set(one.one_of) - set(allowed):
            yield _("“{name}”没有这样的值").format(name=one.fact)
        if (one.at_least is not None or one.below is not None) and not whole:
            yield _("“{name}”不是数").format(name=one.fact)
        comparable = whole or kind.type is FactType.TIME
        if other and not (comparable and FACTS[FactName(other)].type is kind.type):
            yield _("“{name}”和“{other}”不能比较").format(name=one.fact, other=other)
