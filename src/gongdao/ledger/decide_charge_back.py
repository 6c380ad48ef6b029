"""Who bears a chargeback, and what becomes of the reserve behind a debt. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from gongdao.core.money import Money


@dataclass(frozen=True)
class Shares:
    """How a chargeback is borne. ``held + free + deposit + receivable`` is the whole of it;
    ``cover`` of the platform's reserve is tied up behind the receivable."""

    held: Money
    free: Money
    deposit: Money
    receivable: Money
    cover: Money


def decide_charge_back(
    *, amount: Money, held: Money, free: Money, deposit: Money, reserve: Money
) -> Shares:
    """First what is still held for the order, then the merchant's free money, then as much of his
    deposit as may be drawn; what remains he owes, and the reserve covers it as far as it goes.

    A chargeback has happened already when it is booked, so there is always an answer.
    """
    rest = amount
    shares = []
    for source in (held, free, deposit):
        shares.append(_share(rest, source))
        rest -= shares[-1]
    return Shares(
        held=shares[0],
        free=shares[1],
        deposit=shares[2],
        receivable=rest,
        cover=_share(rest, reserve),
    )


def _share(wanted: Money, there: Money) -> Money:
    return Money(max(0, min(wanted.minor, there.minor)), wanted.currency)


def decide_cover_back(*, owed: Money, paid: Money, cover: Money) -> Money:
    """How much of the reserve is free again once ``paid`` of ``owed`` came in: cover stays behind
    what is still owed, and no more than that."""
    still_owed = owed - paid
    return Money(max(0, cover.minor - max(0, still_owed.minor)), cover.currency)
