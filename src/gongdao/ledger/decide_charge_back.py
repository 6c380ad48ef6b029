"""Who bears a chargeback, and what becomes of the reserve behind a debt. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from gongdao.core.money import Money


@dataclass(frozen=True)
class Shares:
    """How a chargeback is borne. ``refunds + lost + cost + held + free + deposit + receivable`` is
    the whole of it; ``cover`` of the platform's reserve is tied up behind the receivable."""

    refunds: Money
    """What was on its way back to the buyer: his bank has given it to him."""
    lost: Money
    """What he has twice now, out of the platform's reserve."""
    cost: Money
    """The same, beyond the reserve."""
    held: Money
    free: Money
    deposit: Money
    receivable: Money
    cover: Money


def decide_charge_back(
    *,
    amount: Money,
    held: Money,
    free: Money,
    deposit: Money,
    reserve: Money,
    refunds: Money,
    twice: Money,
) -> Shares:
    """First ``refunds``, which wait for the order's buyer; then ``twice``, what he was refunded
    before, which was never the merchant's: from the reserve, else as a cost. Then what is still
    held for the order, the merchant's free money, and as much of his deposit as may be drawn; what
    remains he owes, and what is left of the reserve covers it as far as it goes.

    A chargeback has happened already when it is booked, so there is always an answer.
    """
    waiting = _share(amount, refunds)
    rest = amount - waiting
    doubled = _share(rest, twice)
    rest -= doubled
    lost = _share(doubled, reserve)
    shares = []
    for source in (held, free, deposit):
        shares.append(_share(rest, source))
        rest -= shares[-1]
    return Shares(
        refunds=waiting,
        lost=lost,
        cost=doubled - lost,
        held=shares[0],
        free=shares[1],
        deposit=shares[2],
        receivable=rest,
        cover=_share(rest, reserve - lost),
    )


def _share(wanted: Money, there: Money) -> Money:
    return Money(max(0, min(wanted.minor, there.minor)), wanted.currency)


@dataclass(frozen=True)
class DebtBack:
    """Whose a debt that never was one is, as far as it is paid: ``reserve + cost + free``."""

    reserve: Money
    cost: Money
    free: Money


def decide_debt_back(*, debt: Money, owed: Money, reserve: Money, cost: Money) -> DebtBack:
    """A chargeback that made a ``debt`` came back while the merchant still ``owed`` so much in all.
    What is beyond that was paid or given up since: first the platform has again what it gave up
    since (``reserve``, ``cost``), the rest is the merchant's."""
    over = debt - _share(debt, owed)
    to_reserve = _share(over, reserve)
    to_cost = _share(over - to_reserve, cost)
    return DebtBack(to_reserve, to_cost, over - to_reserve - to_cost)


def decide_cover_back(*, owed: Money, paid: Money, cover: Money) -> Money:
    """How much of the reserve is free again once ``paid`` of ``owed`` came in: cover stays behind
    what is still owed, and no more than that."""
    still_owed = owed - paid
    return Money(max(0, cover.minor - max(0, still_owed.minor)), cover.currency)
