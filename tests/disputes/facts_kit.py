"""Facts, quickly: values by name, with the source that usually records each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from gongdao.disputes.check_tables import facts_needed
from gongdao.disputes.facts import AUTOMATIC, FACTS, Fact, FactName, Facts, FactType, Source
from gongdao.rules.at import all_at
from gongdao.rules.dispute_kinds import Liability

AT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
ON = AT.date()
TABLES = tuple(one for one in all_at(on=ON) if isinstance(one, Liability))
"""Those in force."""


def source_of(name: FactName) -> Source:
    """The most trusted source that can record ``name``."""
    kind = FACTS[name]
    return sorted(kind.sources & AUTOMATIC or kind.sources)[0]


def facts(**values: Any) -> Facts:
    """Facts by name. Paid 98.00 for one piece, nothing returned, judged at ``AT``, unless said."""
    usual: dict[str, Any] = {
        "judged_at": AT,
        "paid_minor": 9800,
        "returned_minor": 0,
        "compensated_minor": 0,
        "quantity": 1,
        "affected_units": 1,
    }
    known = {FactName(k): v for k, v in {**usual, **values}.items() if v is not None}
    return Facts(tuple(Fact(n, v, source_of(n), AT, ("record:1",)) for n, v in known.items()))


def told_by(given: Facts, name: FactName, source: Source) -> Facts:
    """``given`` with ``name`` told by another source."""
    old = given.by_name[name]
    return given.with_facts([Fact(name, old.value, source, old.at, old.evidence)])


def values(name: FactName) -> st.SearchStrategy[Any]:
    """Any value of a fact, amounts and numbers of everyday size."""
    kind = FACTS[name]
    if kind.type is FactType.TRUTH:
        return st.booleans()
    if kind.type is FactType.CHOICE:
        return st.sampled_from(kind.choices)
    if kind.type is FactType.TIME:
        return st.integers(-4000, 4000).map(lambda m: AT + timedelta(minutes=m))
    if kind.type is FactType.PLACES:
        sets = st.sets(st.integers(1, 12), min_size=1)
        return sets.map(lambda found: tuple(sorted(found)))
    most = 2_000_000 if kind.type is FactType.MONEY else 12
    return st.integers(0, most)


@st.composite
def known_facts(draw: st.DrawFn, table: Liability) -> Facts:
    """All facts that ``table`` can ask for, each known, any values."""
    return Facts(
        tuple(
            Fact(name, draw(values(name)), source_of(name), AT)
            for name in sorted(facts_needed(table))
        )
    )


@st.composite
def some_facts(draw: st.DrawFn, table: Liability) -> Facts:
    """Some of the facts that ``table`` can ask for, told by any source that may."""
    found = []
    for name in sorted(facts_needed(table)):
        if draw(st.booleans()):
            source = draw(st.sampled_from(sorted(FACTS[name].sources)))
            found.append(Fact(name, draw(values(name)), source, AT))
    return Facts(tuple(found))
