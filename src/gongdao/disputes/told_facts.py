"""What a party states in the fields of a form: facts under its own name, weighed by a person.

A statement never decides alone (`facts.AUTOMATIC`), and never stands against what was recorded.
Where buyer and merchant state the opposite of each other, the fact is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from gongdao.disputes.decide_region import region_matches
from gongdao.disputes.facts import Fact, FactName, Facts, Source
from gongdao.disputes.states import ReasonCode

TELLABLE: Mapping[ReasonCode, FactName] = {
    ReasonCode.WRONG_REGION: FactName.REGION_MATCHES,
    ReasonCode.TEST_CARD: FactName.TEST_SECRET,
}
"""What a form asks both sides for, by the reason of the complaint."""
PARTIES = frozenset({Source.BUYER, Source.MERCHANT})


@dataclass(frozen=True)
class Told:
    """What a form was filled in with: the region that was found (its own words), or whether the
    secret says that it is for tests. None is not stated."""

    region: str = ""
    test_secret: bool | None = None

    def __bool__(self) -> bool:
        return bool(self.region.strip()) or self.test_secret is not None


NOTHING_TOLD = Told()


def facts_told(*, told: Told, listed_region: str, by: Source, at: datetime) -> tuple[Fact, ...]:
    """``told`` as facts of the party ``by``; what its words do not tell is left out."""
    evidence = (f"statement:{by}",)
    found: list[Fact] = []
    matches = region_matches(listed=listed_region, found=told.region)
    if matches is not None:
        found.append(Fact(FactName.REGION_MATCHES, matches, by, at, evidence))
    if told.test_secret is not None:
        found.append(Fact(FactName.TEST_SECRET, told.test_secret, by, at, evidence))
    return tuple(found)


def add_told(facts: Facts, told: Iterable[Fact]) -> Facts:
    """``facts`` with what parties stated (the oldest first) about what nothing recorded says; their
    newest word counts, and two that contradict each other leave it open."""
    newest = {(fact.name, fact.source): fact for fact in told if fact.source in PARTIES}
    by_name: dict[FactName, list[Fact]] = {}
    for fact in newest.values():
        if fact.name not in facts.by_name:
            by_name.setdefault(fact.name, []).append(fact)
    agreed = [said[-1] for said in by_name.values() if len({one.value for one in said}) == 1]
    return facts.with_facts(agreed)
