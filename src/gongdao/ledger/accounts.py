"""What accounts there are, whose, and what guards each kind. Pure.

An account is named by kind, owner and currency, and its id is a digest of that name: whoever knows
the name knows the id, without asking the database. A *balance* is always credits minus debits:
what somebody has or is owed. Accounts on the other side (money at a gateway, at the bank, a
receivable) therefore stand below zero, and all of a currency sum to zero.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cached_property
from uuid import UUID

from gongdao.core.errors import InputError
from gongdao.core.language import Phrase, mark
from gongdao.core.subject import SubjectRef

PLATFORM = SubjectRef("platform", UUID(int=0))
"""Who owns the platform's own accounts, and the bank's side of them."""


class AccountKind(StrEnum):
    """What an account is for."""

    GATEWAY_CLEARING = "gateway_clearing"
    OUTSIDE = "outside"
    MERCHANT_HELD = "merchant_held"
    MERCHANT_FREE = "merchant_free"
    MERCHANT_DEPOSIT = "merchant_deposit"
    MERCHANT_PAYABLE = "merchant_payable"
    MERCHANT_RECEIVABLE = "merchant_receivable"
    PLATFORM_FEE = "platform_fee"
    PLATFORM_COST = "platform_cost"
    PLATFORM_GUARANTEE = "platform_guarantee"
    PLATFORM_RESERVE = "platform_reserve"
    PLATFORM_COVER = "platform_cover"
    BUYER_REFUND = "buyer_refund"


class Guard(IntEnum):
    """How the database keeps an account from being overdrawn."""

    NONE = 0
    """Not at all: its balance is a sum. What everybody's orders touch has no row to wait for."""
    BALANCE = 1
    """A row with its balance, which may not be negative, changed with every transfer."""
    HOLD = 2
    """Money leaves only through a hold, never more than is left in it."""


GUARDS: dict[AccountKind, Guard] = {
    AccountKind.GATEWAY_CLEARING: Guard.NONE,
    AccountKind.OUTSIDE: Guard.NONE,
    AccountKind.MERCHANT_HELD: Guard.HOLD,
    AccountKind.MERCHANT_FREE: Guard.BALANCE,
    AccountKind.MERCHANT_DEPOSIT: Guard.BALANCE,
    AccountKind.MERCHANT_PAYABLE: Guard.BALANCE,
    AccountKind.MERCHANT_RECEIVABLE: Guard.NONE,
    AccountKind.PLATFORM_FEE: Guard.NONE,
    AccountKind.PLATFORM_COST: Guard.NONE,
    AccountKind.PLATFORM_GUARANTEE: Guard.BALANCE,
    AccountKind.PLATFORM_RESERVE: Guard.BALANCE,
    AccountKind.PLATFORM_COVER: Guard.BALANCE,
    AccountKind.BUYER_REFUND: Guard.NONE,
}

NAMES: dict[AccountKind, str] = {
    AccountKind.GATEWAY_CLEARING: mark("支付渠道待结算"),
    AccountKind.OUTSIDE: mark("银行"),
    AccountKind.MERCHANT_HELD: mark("商户担保冻结"),
    AccountKind.MERCHANT_FREE: mark("商户可用"),
    AccountKind.MERCHANT_DEPOSIT: mark("商户保证金"),
    AccountKind.MERCHANT_PAYABLE: mark("商户付款中"),
    AccountKind.MERCHANT_RECEIVABLE: mark("商户欠款"),
    AccountKind.PLATFORM_FEE: mark("平台服务费"),
    AccountKind.PLATFORM_COST: mark("平台支出"),
    AccountKind.PLATFORM_GUARANTEE: mark("平台垫付金"),
    AccountKind.PLATFORM_RESERVE: mark("平台准备金"),
    AccountKind.PLATFORM_COVER: mark("已占用的准备金"),
    AccountKind.BUYER_REFUND: mark("待退买家"),
}


@dataclass(frozen=True)
class Account:
    """The name of an account: ``kind``, whose, and ``currency`` (ISO 4217)."""

    kind: AccountKind
    owner: SubjectRef
    currency: str = "CNY"

    @classmethod
    def parse(cls, text: str) -> Account:
        """Read ``merchant_free/merchant:0192…/CNY``, as ``str()`` writes it; the currency may be
        left out (CNY), and so may the platform's id. Raise InputError otherwise."""
        found = _NAME.fullmatch(text.strip())
        if not found or found["kind"] not in list(AccountKind):
            raise _no_account(text)
        owner = PLATFORM
        if found["id"]:
            try:
                owner = SubjectRef(found["owner"], UUID(found["id"]))
            except ValueError:
                raise _no_account(text) from None
        elif found["owner"] != PLATFORM.kind:
            raise _no_account(text)
        return cls(AccountKind(found["kind"]), owner, found["currency"] or "CNY")

    def __str__(self) -> str:
        return f"{self.kind}/{self.owner.kind}:{self.owner.id}/{self.currency}"

    @cached_property
    def id(self) -> UUID:
        """A UUID version 8 made of the name, the same everywhere and for ever."""
        name = f"gongdao-account/v1\0{self.kind}\0{self.owner.kind}\0{self.owner.id}"
        digest = hashlib.sha256(f"{name}\0{self.currency}".encode()).digest()
        bits = int.from_bytes(digest[:16], "big")
        bits = bits & ~(0xF << 76) | 8 << 76
        return UUID(int=bits & ~(0b11 << 62) | 0b10 << 62)

    @property
    def guard(self) -> Guard:
        """What keeps this account from being overdrawn."""
        return GUARDS[self.kind]


_NAME = re.compile(
    r"(?P<kind>\w{1,24})/(?P<owner>\w{1,16})(:(?P<id>[0-9a-fA-F-]{32,36}))?(/(?P<currency>[A-Z]{3}))?"
)


def _no_account(text: str) -> InputError:
    return InputError(
        Phrase("“{text}”不是账户", text=text[:80]),
        hint=Phrase("请写成 merchant_free/merchant:商户编号/CNY 这样。"),
    )


MERCHANT_KINDS = (
    AccountKind.MERCHANT_HELD,
    AccountKind.MERCHANT_FREE,
    AccountKind.MERCHANT_DEPOSIT,
    AccountKind.MERCHANT_PAYABLE,
    AccountKind.MERCHANT_RECEIVABLE,
    AccountKind.PLATFORM_COVER,
)
PLATFORM_KINDS = (
    AccountKind.OUTSIDE,
    AccountKind.PLATFORM_FEE,
    AccountKind.PLATFORM_COST,
    AccountKind.PLATFORM_GUARANTEE,
    AccountKind.PLATFORM_RESERVE,
)
GATEWAY_KINDS = (AccountKind.GATEWAY_CLEARING, AccountKind.BUYER_REFUND)


def accounts_of(
    kinds: tuple[AccountKind, ...], owner: SubjectRef, currency: str = "CNY"
) -> tuple[Account, ...]:
    """One account of each of ``kinds`` (``MERCHANT_KINDS`` and so on) for ``owner``."""
    return tuple(Account(kind, owner, currency) for kind in kinds)
