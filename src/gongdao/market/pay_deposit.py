"""A merchant's deposit comes in: what the bank or the payment service shows was received."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.core.errors import InputError
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import Account, AccountKind
from gongdao.ledger.post_transfers import post_transfer
from gongdao.ledger.transfers import TransferKind
from gongdao.market.accounts import merchant_account, open_merchant_accounts

_SOURCES = frozenset({AccountKind.OUTSIDE, AccountKind.GATEWAY_CLEARING, AccountKind.MERCHANT_FREE})


@transaction.atomic
def pay_deposit(
    *, merchant_id: UUID, amount: Money, source: Account, reference: str, at: datetime
) -> bool:
    """Book ``amount`` on the deposit; ``source`` is where it came in (bank or gateway), or the
    merchant's own free money. ``reference`` is the number on the statement: the same again books
    nothing, and is False. Raise InputError, MoneyRefused, NotEnoughMoney, ReferenceReused."""
    if amount.minor <= 0:
        raise InputError(Phrase("金额必须大于零"), field="amount")
    own = SubjectRef("merchant", merchant_id)
    if source.kind not in _SOURCES or (
        source.kind is AccountKind.MERCHANT_FREE and source.owner != own
    ):
        raise InputError(
            Phrase("保证金只能从银行、支付渠道或商家自己的可用余额转入。"), field="source"
        )
    open_merchant_accounts(merchant_id=merchant_id, currency=amount.currency, at=at)
    journal = post_transfer(
        source=source,
        target=merchant_account(AccountKind.MERCHANT_DEPOSIT, merchant_id, amount.currency),
        amount=amount,
        kind=TransferKind.DEPOSIT,
        about=own,
        reference=reference,
        at=at,
    )
    return not journal.replayed
