"""What must agree about an account, and what of it does not. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from gongdao.core.language import Bilingual, Phrase
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import GUARDS, NAMES, Account, AccountKind, Guard


@dataclass(frozen=True)
class AccountFacts:
    """What the rows say about one account, in minor units; see ``sql/check_accounts.sql``.

    ``kind`` is None for an account that transfers name and nobody opened; ``posted`` and
    ``pending`` are None without a balance row, ``rolled`` without a roll-up.
    """

    id: UUID
    kind: AccountKind | None
    owner: SubjectRef | None
    currency: str
    net: int
    posted: int | None
    pending: int | None
    promised: int
    left_in_holds: int
    open_payouts: int
    rolled: int | None
    net_up_to_roll_up: int


@dataclass(frozen=True)
class Difference:
    """One thing that does not agree: ``code`` for programs, ``where`` it is, and in words."""

    code: str
    where: str
    said: Phrase


@dataclass(frozen=True)
class TrialLine:
    """One line of the trial balance: how many accounts of a kind, and their balances' sum."""

    kind: AccountKind
    currency: str
    accounts: int
    balance: Money


_NEVER_NEGATIVE = frozenset({AccountKind.MERCHANT_HELD, AccountKind.BUYER_REFUND})
"""Unguarded by a balance row, and still nobody can have less than nothing there."""


def judge_accounts(facts: Iterable[AccountFacts]) -> tuple[list[TrialLine], list[Difference]]:
    """The trial balance, and every account whose rows do not agree."""
    sums: Counter[tuple[str, AccountKind]] = Counter()
    counts: Counter[tuple[str, AccountKind]] = Counter()
    totals: Counter[str] = Counter()
    found: list[Difference] = []
    for one in facts:
        if one.kind is None:
            found.append(
                Difference(
                    "account", str(one.id), Phrase("转账里有账户 {id}，但没有开过", id=one.id)
                )
            )
            continue
        sums[one.currency, one.kind] += one.net
        counts[one.currency, one.kind] += 1
        totals[one.currency] += one.net
        found += _judge(one, one.kind)
    found += [
        Difference(
            "currency", currency, _differ(Bilingual(currency, currency), Money(0, currency), total)
        )
        for currency, total in sorted(totals.items())
        if total
    ]
    lines = [
        TrialLine(kind, currency, counts[currency, kind], Money(total, currency))
        for (currency, kind), total in sorted(sums.items())
    ]
    return lines, found


def _judge(one: AccountFacts, kind: AccountKind) -> Iterator[Difference]:
    where = str(Account(kind, one.owner, one.currency) if one.owner else one.id)
    name = Phrase.named(NAMES[kind])

    def differs(code: str, expected: int, found: int | None) -> Iterator[Difference]:
        if found != expected:
            yield Difference(code, where, _differ(name, Money(expected, one.currency), found))

    if GUARDS[kind] is Guard.BALANCE:
        yield from differs("balance", one.net, one.posted)
        yield from differs("pending", one.promised, one.pending)
    if GUARDS[kind] is Guard.HOLD:
        yield from differs("held", one.net, one.left_in_holds)
    if kind is AccountKind.MERCHANT_PAYABLE:
        yield from differs("payouts", one.net, one.open_payouts)
    if one.rolled is not None:
        yield from differs("roll_up", one.net_up_to_roll_up, one.rolled)
    spendable = one.net - one.promised
    if (GUARDS[kind] is Guard.BALANCE or kind in _NEVER_NEGATIVE) and spendable < 0:
        yield Difference(
            "negative",
            where,
            Phrase("{name}：余额是负数 {found}", name=name, found=Money(spendable, one.currency)),
        )


def _differ(name: object, expected: Money, found: int | None) -> Phrase:
    if found is None:
        return Phrase("{name}：应为 {expected}，没有这一行", name=name, expected=expected)
    return Phrase(
        "{name}：应为 {expected}，实为 {found}",
        name=name,
        expected=expected,
        found=Money(found, expected.currency),
    )
