"""Which ledger accounts the market's money moves between."""

from __future__ import annotations

from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import PLATFORM, Account, AccountKind
from gongdao.ledger.open_account import open_accounts

_MERCHANT = (
    AccountKind.MERCHANT_HELD,
    AccountKind.MERCHANT_FREE,
    AccountKind.MERCHANT_DEPOSIT,
    AccountKind.MERCHANT_PAYABLE,
    AccountKind.MERCHANT_RECEIVABLE,
)
_PLATFORM = (
    AccountKind.OUTSIDE,
    AccountKind.PLATFORM_FEE,
    AccountKind.PLATFORM_COST,
    AccountKind.PLATFORM_GUARANTEE,
    AccountKind.PLATFORM_RESERVE,
    AccountKind.PLATFORM_COVER,
    AccountKind.BUYER_REFUND,
)


def merchant_account(kind: AccountKind, merchant_id: UUID, currency: str = "CNY") -> Account:
    """An account of a merchant."""
    return Account(kind, SubjectRef("merchant", merchant_id), currency)


def platform_account(kind: AccountKind, currency: str = "CNY") -> Account:
    """An account of the platform's own, or the buyers' refunds on their way."""
    return Account(kind, PLATFORM, currency)


def clearing_account(gateway: str, account: str, currency: str = "CNY") -> Account:
    """What a payment service owes us, by its name and our account there."""
    owner = SubjectRef("gateway", uuid5(NAMESPACE_URL, f"gongdao:{gateway}:{account}"))
    return Account(AccountKind.GATEWAY_CLEARING, owner, currency)


def open_merchant_accounts(*, merchant_id: UUID, currency: str = "CNY", at: datetime) -> None:
    """Open all accounts that a merchant's orders may touch."""
    wanted = [merchant_account(kind, merchant_id, currency) for kind in _MERCHANT]
    open_accounts(accounts=wanted, at=at)


def open_platform_accounts(
    *, gateways: list[tuple[str, str]], currency: str = "CNY", at: datetime
) -> None:
    """Open the platform's accounts and those of the payment services in use."""
    wanted = [platform_account(kind, currency) for kind in _PLATFORM]
    wanted += [clearing_account(name, account, currency) for name, account in gateways]
    open_accounts(accounts=wanted, at=at)
