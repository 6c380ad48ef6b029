"""Whose fault it is, what follows and how much: one published table over typed facts. Pure.

``decide`` takes the facts and the table in force on the order's day and returns a ``Finding``:
the one row that holds, or a person with the facts that are missing. A verdict is automatic only if
every fact that the row and its amount rest on was recorded by platform, gateway, supplier or
issuer. Amounts are minor units of the order's currency; a refund never exceeds what is left of the
payment, and what the fault shares bear sums to the amount exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from gongdao.disputes.conditions import holds, missing_of, names_of
from gongdao.disputes.derive import DERIVED, derive
from gongdao.disputes.facts import ALWAYS, FactName, Facts
from gongdao.rules.dispute_kinds import Liability, LiabilityRow, Share


class Party(StrEnum):
    """Who can be at fault."""

    MERCHANT = "merchant"
    PLATFORM = "platform"
    SUPPLIER = "supplier"
    PAYMENT = "payment"
    BUYER = "buyer"


class Remedy(StrEnum):
    """What follows for the buyer."""

    REFUND_FULL = "refund_full"
    """All that is left of what he paid."""
    REFUND_PART = "refund_part"
    REPLACEMENT = "replacement"
    """A working secret for each affected piece, where all of them are affected or it is said which;
    no money. Else their price goes back instead."""
    COMPENSATION = "compensation"
    """Money on top of keeping what he bought."""
    NONE = "none"


class Mode(StrEnum):
    """Who decides."""

    AUTOMATIC = "automatic"
    PERSON = "person"
    """Fault, remedy and amount are then a proposal, empty where no row holds."""
    WAIT = "wait"
    """Nothing is late yet; judge again at ``Finding.again_at``."""


class RowState(StrEnum):
    """What became of a row."""

    FIRED = "fired"
    FALSE = "false"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Part:
    """What one party bears of the remedy: its percent of the fault, and minor units."""

    party: Party
    percent: int
    minor: int

    @property
    def bearer(self) -> Party:
        """Whose money it is: a merchant answers for the supplier that he chose, the platform for
        the payment service that it chose; each may turn to them afterwards."""
        return BEARERS[self.party]


BEARERS = {
    Party.MERCHANT: Party.MERCHANT,
    Party.SUPPLIER: Party.MERCHANT,
    Party.PLATFORM: Party.PLATFORM,
    Party.PAYMENT: Party.PLATFORM,
    Party.BUYER: Party.BUYER,
}


@dataclass(frozen=True)
class RowTrace:
    """What became of one row, with the result of each condition in the row's order."""

    code: str
    state: RowState
    results: tuple[bool | None, ...]


@dataclass(frozen=True)
class Finding:
    """What the rules say. ``table`` and ``row`` name the rule (``liability/late@1``, row code;
    empty where none holds); ``parts`` who bears what (the buyer: nothing but his percent);
    ``units`` pieces to replace, ``places`` which they are (none named: all); ``missing`` facts that
    would be needed, ``untrusted`` facts that a person has to weigh."""

    table: str
    row: str
    mode: Mode
    remedy: Remedy = Remedy.NONE
    amount_minor: int = 0
    units: int = 0
    parts: tuple[Part, ...] = ()
    again_at: datetime | None = None
    missing: tuple[FactName, ...] = ()
    untrusted: tuple[FactName, ...] = ()
    trace: tuple[RowTrace, ...] = ()
    places: tuple[int, ...] = ()

    @property
    def grants(self) -> bool:
        """Whether the buyer gets something."""
        return self.remedy is not Remedy.NONE

    @property
    def decides(self) -> bool:
        """Whether it stands without a person."""
        return self.mode is Mode.AUTOMATIC


def decide(*, facts: Facts, table: Liability) -> Finding:
    """The finding of ``table`` on ``facts``. Two rows that hold at once (which ``check_tables``
    excludes) go to a person, as does a table of which none holds."""
    facts = derive(facts)
    results = {row.code: tuple(holds(one, facts) for one in row.when) for row in table.rows}
    trace = tuple(
        RowTrace(row.code, _state(results[row.code]), results[row.code]) for row in table.rows
    )
    needed = tuple(sorted(name for name in ALWAYS if facts.get(name) is None))
    fired = [row for row in table.rows if _state(results[row.code]) is RowState.FIRED]
    if len(fired) != 1 or needed:
        open_rows = [row for row in table.rows if _state(results[row.code]) is RowState.UNKNOWN]
        missing = _missing(open_rows, facts)
        return Finding(
            table.ref, "", Mode.PERSON, missing=tuple(sorted({*needed, *missing})), trace=trace
        )
    return replace(_fire(fired[0], facts, table.ref), trace=trace)


def share_out(shares: Iterable[Share], amount_minor: int) -> tuple[Part, ...]:
    """``amount_minor`` among those at fault but the buyer, by percent; sums to it exactly. Odd
    units go to the largest remainder, then to whom the rule names first."""
    listed = tuple(shares)
    bearing = [share for share in listed if share.party != Party.BUYER]
    whole = sum(share.percent for share in bearing)
    base = [amount_minor * share.percent // whole for share in bearing] if whole else []
    rest = [amount_minor * share.percent % whole for share in bearing] if whole else []
    order = sorted(range(len(bearing)), key=lambda i: (-rest[i], i))
    for i in order[: amount_minor - sum(base) if bearing else 0]:
        base[i] += 1
    minor = {share.party: units for share, units in zip(bearing, base, strict=True)}
    return tuple(Part(Party(s.party), s.percent, minor.get(s.party, 0)) for s in listed)


def settle_remedy(
    *, remedy: Remedy, amount_minor: int, shares: tuple[Share, ...], facts: Facts
) -> tuple[Remedy, int, tuple[Part, ...]]:
    """Remedy, amount and parts made consistent: the buyer's own share taken off, never more than is
    left of the payment, a refund called full or part by what it is, nothing called a remedy that is
    nothing. A replacement costs no money here. What persons decide goes through this as well."""
    if remedy is Remedy.REPLACEMENT:
        return remedy, 0, share_out(shares, 0)
    left = left_of_payment(facts)
    own = sum(share.percent for share in shares if share.party == Party.BUYER)
    amount = min(-(-amount_minor * (100 - own) // 100), left)
    if remedy is Remedy.NONE or amount <= 0:
        return Remedy.NONE, 0, share_out(shares, 0)
    if remedy in (Remedy.REFUND_FULL, Remedy.REFUND_PART):
        remedy = Remedy.REFUND_FULL if amount == left else Remedy.REFUND_PART
    return remedy, amount, share_out(shares, amount)


def left_of_payment(facts: Facts) -> int:
    """What the buyer paid and has not got back, in minor units; 0 where it is not known."""
    paid = facts.whole(FactName.PAID_MINOR) or 0
    return max(0, paid - (facts.whole(FactName.RETURNED_MINOR) or 0))


def _state(results: tuple[bool | None, ...]) -> RowState:
    if False in results:
        return RowState.FALSE
    return RowState.UNKNOWN if None in results else RowState.FIRED


def _missing(rows: Iterable[LiabilityRow], facts: Facts) -> set[FactName]:
    """Of each row that is still open the first fact that is not known: what to find out next. Of a
    derived fact, the first of those that it follows from."""
    found: set[FactName] = set()
    for row in rows:
        name = next(name for one in row.when for name in missing_of(one, facts))
        roots = (root for root in DERIVED.get(name, (name,)) if facts.get(root) is None)
        found.add(next(roots, name))
    return found


def _fire(row: LiabilityRow, facts: Facts, table: str) -> Finding:
    used = _used(row, facts)
    missing = tuple(sorted(name for name in used if facts.get(name) is None))
    if missing:
        return Finding(table, row.code, Mode.PERSON, missing=missing)
    if row.mode == Mode.WAIT:
        until = facts.time(FactName(row.until))
        assert until is not None  # it is among the facts used, and check_tables says it is a time
        again_at = until + timedelta(minutes=row.until_plus, seconds=1)
        return Finding(table, row.code, Mode.WAIT, again_at=again_at)
    remedy, units, places = Remedy(row.remedy), 0, tuple[int, ...]()
    given = _given_before(row, facts)
    if row.replaceable and not given and _gets_replacement(facts):
        remedy, units, places = Remedy.REPLACEMENT, _affected(facts), _affected_places(facts)
    asked = -(-base_amount(row.amount.of, facts) * row.amount.percent // 100) - given
    remedy, amount, parts = settle_remedy(
        remedy=remedy, amount_minor=asked, shares=row.fault, facts=facts
    )
    weighed = {name for name in used if (fact := facts.by_name.get(name)) and not fact.automatic}
    if row.amount.of in SET_OFF and facts.whole(FactName.GIVEN_UNCLEAR_MINOR):
        weighed.add(FactName.GIVEN_UNCLEAR_MINOR)
    untrusted = tuple(sorted(weighed))
    mode = Mode.PERSON if untrusted else Mode(row.mode)
    return Finding(
        table, row.code, mode, remedy, amount, units, parts, untrusted=untrusted, places=places
    )


def _given_before(row: LiabilityRow, facts: Facts) -> int:
    """What was given for the same already, in minor units: a compensation for lateness or faults,
    or the price of what was bad or missing. Files from before these facts have none."""
    if row.remedy == Remedy.COMPENSATION:
        return facts.whole(FactName.COMPENSATED_MINOR) or 0
    return (facts.whole(FactName.GIVEN_MINOR) or 0) if row.amount.of in SET_OFF else 0


def _used(row: LiabilityRow, facts: Facts) -> set[FactName]:
    """The facts that the row, its amount and its time rest on."""
    used = {name for one in row.when for name in names_of(one)} | ALWAYS
    used |= BASE_FACTS[row.amount.of]
    if row.remedy == Remedy.COMPENSATION:
        used.add(FactName.COMPENSATED_MINOR)
    if row.until:
        used.add(FactName(row.until))
    if row.replaceable and _wants_replacement(facts):
        used |= {FactName.WANTED, FactName.REPLACEMENT_IN_STOCK}
        if row.amount.of != "asked":  # there the pieces that he names are what he asks for
            used |= {FactName.AFFECTED_UNITS, FactName.QUANTITY}
            used |= {FactName.AFFECTED_PLACES} if _affected_places(facts) else set()
    return used


def _wants_replacement(facts: Facts) -> bool:
    wanted = facts.get(FactName.WANTED) == "replacement"
    return wanted and facts.get(FactName.REPLACEMENT_IN_STOCK) is True


def _gets_replacement(facts: Facts) -> bool:
    whole = _affected(facts) == facts.whole(FactName.QUANTITY)
    return (whole or bool(_affected_places(facts))) and _wants_replacement(facts)


def _affected_places(facts: Facts) -> tuple[int, ...]:
    """Which pieces are affected, where that is known of each of them."""
    places = facts.places(FactName.AFFECTED_PLACES)
    fits = len(places) == _affected(facts) and places[-1:] <= (facts.whole(N.QUANTITY) or 0,)
    return places if fits else ()


N = FactName
BASE_FACTS: dict[str, frozenset[FactName]] = {
    "nothing": frozenset(),
    "paid": frozenset({N.PAID_MINOR}),
    "affected": frozenset({N.PAID_MINOR, N.QUANTITY, N.AFFECTED_UNITS}),
    "undelivered": frozenset({N.PAID_MINOR, N.QUANTITY, N.DELIVERED_UNITS}),
    "shortfall": frozenset({N.PAID_MINOR, N.LISTING_FACE_MINOR, N.DELIVERED_FACE_MINOR}),
    "overcharge": frozenset({N.OVERCHARGE_MINOR}),
    "surplus": frozenset({N.SURPLUS_MINOR}),
    "promised": frozenset({N.REFUND_PROMISED_MINOR}),
    "asked": frozenset({N.ASKED_MINOR}),
}
"""The facts that each base of an amount needs."""
SET_OFF = frozenset({"affected", "undelivered", "shortfall", "overcharge"})
"""Bases that follow from what was delivered, so that each case about it comes to the same again:
what earlier cases gave is taken off."""
_PLAIN = {
    "paid": N.PAID_MINOR,
    "overcharge": N.OVERCHARGE_MINOR,
    "surplus": N.SURPLUS_MINOR,
    "promised": N.REFUND_PROMISED_MINOR,
    "asked": N.ASKED_MINOR,
}


def base_amount(of: str, facts: Facts) -> int:
    """The base ``of`` in minor units, odd units rounded up for the buyer; 0 if not known."""
    paid = facts.whole(N.PAID_MINOR) or 0
    quantity = facts.whole(N.QUANTITY) or 0
    if of in _PLAIN:
        return facts.whole(_PLAIN[of]) or 0
    if of == "affected":
        return _portion(paid, _affected(facts), quantity)
    if of == "undelivered":
        return _portion(paid, quantity - (facts.whole(N.DELIVERED_UNITS) or 0), quantity)
    if of == "shortfall":
        face = facts.whole(N.LISTING_FACE_MINOR) or 0
        return _portion(paid, face - (facts.whole(N.DELIVERED_FACE_MINOR) or 0), face)
    return 0


def _affected(facts: Facts) -> int:
    return min(facts.whole(N.AFFECTED_UNITS) or 0, facts.whole(N.QUANTITY) or 0)


def _portion(paid: int, part: int, whole: int) -> int:
    """``paid`` × ``part`` / ``whole``, rounded up; 0 for no part, ``paid`` for all or more."""
    if whole <= 0 or part <= 0:
        return 0
    return min(paid, -(-paid * part // whole))
