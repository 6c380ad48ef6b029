"""Facts that follow from other facts, so that rules need not say the same comparison twice. Pure.

Derived facts are computed anew by every judgement and never stored; they are as trustworthy as the
least of what they follow from.
"""

from __future__ import annotations

from datetime import datetime

from gongdao.disputes.facts import AUTOMATIC, Fact, FactName, Facts, Source

N = FactName
DERIVED = {
    N.ISSUER_SAYS: (
        N.ISSUER_STATUS,
        N.REVEALED,
        N.ISSUER_TELLS_TIME,
        N.ISSUER_USED_AT,
        N.REVEALED_AT,
    )
}
"""Each derived fact with what it follows from, in the order in which it is asked for."""


def derive(facts: Facts) -> Facts:
    """``facts`` with what follows from them, in place of anything said under those names."""
    given = Facts(tuple(fact for fact in facts.items if fact.name not in DERIVED))
    said = _issuer_says(given)
    if said is None:
        return given
    used = [fact for name in DERIVED[N.ISSUER_SAYS] if (fact := given.by_name.get(name))]
    trusted = all(fact.source in AUTOMATIC for fact in used)
    source = Source.ISSUER if trusted else Source.PERSON
    evidence = tuple(dict.fromkeys(one for fact in used for one in fact.evidence))
    at = max(fact.at for fact in used)
    return given.with_facts([Fact(N.ISSUER_SAYS, said, source, at, evidence[:50])])


def _issuer_says(facts: Facts) -> str | None:
    """What the issuer's answer means beside the reveal; None where nobody asked, or too little is
    known to tell."""
    status = facts.get(N.ISSUER_STATUS)
    if status != "used":
        plain = {"valid": "unused", "invalid": "invalid", "unknown": "not_told"}
        return plain.get(str(status))
    revealed = facts.get(N.REVEALED)
    if revealed is False:
        return "before"
    tells = facts.get(N.ISSUER_TELLS_TIME)
    if revealed is None or tells is None:
        return None
    return (
        _compare(facts.time(N.ISSUER_USED_AT), facts.time(N.REVEALED_AT)) if tells else "not_told"
    )


def _compare(used_at: datetime | None, revealed_at: datetime | None) -> str | None:
    if used_at is None or revealed_at is None:
        return None
    return "before" if used_at <= revealed_at else "after"
