"""What a transfer says: kinds, what each may move, grounds for leaving a hold. Pure.

A transfer is one row: from ``source`` (its debit) to ``target`` (its credit). It cannot fail to sum
to zero. A journal is several transfers that are true together or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from gongdao.core.errors import MoneyRefused
from gongdao.core.language import Phrase, mark
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import NAMES, Account, AccountKind, Guard

LONGEST_REFERENCE = 80


class TransferKind(StrEnum):
    """Why money moves."""

    HOLD = "hold"
    RELEASE = "release"
    FEE = "fee"
    REFUND = "refund"
    COMPENSATION = "compensation"
    HOLD_VOID = "hold_void"
    REFUND_PAID = "refund_paid"
    REFUND_FAILED = "refund_failed"
    DEPOSIT = "deposit"
    DEPOSIT_RETURN = "deposit_return"
    FUND = "fund"
    SETTLEMENT = "settlement"
    GATEWAY_FEE = "gateway_fee"
    SPLIT = "split"
    """A payment service hands a merchant his share out of what it holds."""
    PAYOUT = "payout"
    PAYOUT_PAID = "payout_paid"
    PAYOUT_FAILED = "payout_failed"
    PAYOUT_RETURNED = "payout_returned"
    CHARGE_BACK = "charge_back"
    COVER = "cover"
    COVER_BACK = "cover_back"
    COLLECT = "collect"
    WRITE_OFF = "write_off"
    DEBT_BACK = "debt_back"
    """What was paid of a debt, or given up, and then never was one."""
    CORRECTION = "correction"
    """What a merchant lost by a decision and does not bear (money taken wrongly, secrets given in
    the platform's place) is made good by the platform; nothing is taken from anybody."""
    REVERSAL = "reversal"


KINDS: dict[TransferKind, str] = {
    TransferKind.HOLD: mark("担保冻结"),
    TransferKind.RELEASE: mark("结算"),
    TransferKind.FEE: mark("服务费"),
    TransferKind.REFUND: mark("退款"),
    TransferKind.COMPENSATION: mark("赔付"),
    TransferKind.HOLD_VOID: mark("冻结撤销"),
    TransferKind.REFUND_PAID: mark("退款已到账"),
    TransferKind.REFUND_FAILED: mark("退款未成功"),
    TransferKind.DEPOSIT: mark("缴纳保证金"),
    TransferKind.DEPOSIT_RETURN: mark("退还保证金"),
    TransferKind.FUND: mark("拨入"),
    TransferKind.SETTLEMENT: mark("支付渠道结算到银行"),
    TransferKind.GATEWAY_FEE: mark("支付渠道手续费"),
    TransferKind.SPLIT: mark("分账"),
    TransferKind.PAYOUT: mark("申请付款"),
    TransferKind.PAYOUT_PAID: mark("付款已到账"),
    TransferKind.PAYOUT_FAILED: mark("付款未成功"),
    TransferKind.PAYOUT_RETURNED: mark("付款被退回"),
    TransferKind.CHARGE_BACK: mark("拒付"),
    TransferKind.COVER: mark("占用准备金"),
    TransferKind.COVER_BACK: mark("释放准备金"),
    TransferKind.COLLECT: mark("偿还欠款"),
    TransferKind.WRITE_OFF: mark("核销欠款"),
    TransferKind.DEBT_BACK: mark("退回多还的欠款"),
    TransferKind.CORRECTION: mark("更正裁决"),
    TransferKind.REVERSAL: mark("冲正"),
}


class Ground(StrEnum):
    """On whose word money leaves a hold; stands before the reference of the transfer, and the
    database takes no other."""

    CONFIRMATION = "confirmation"
    EXPIRY = "expiry"
    VERDICT = "verdict"
    REFUND = "refund"
    CHARGEBACK = "chargeback"
    VOID = "void"


_K = AccountKind
_BANKS = frozenset({_K.OUTSIDE, _K.GATEWAY_CLEARING})
_SELLERS = frozenset({_K.MERCHANT_HELD, _K.MERCHANT_FREE, _K.MERCHANT_DEPOSIT})
_REMEDIES = _SELLERS | {_K.MERCHANT_RECEIVABLE, _K.PLATFORM_GUARANTEE}
_COVERS = frozenset({_K.PLATFORM_GUARANTEE, _K.PLATFORM_RESERVE})
_Kinds = frozenset[AccountKind]

MOVES: dict[TransferKind, tuple[_Kinds, _Kinds]] = {
    TransferKind.HOLD: (_BANKS, frozenset({_K.MERCHANT_HELD})),
    TransferKind.RELEASE: (frozenset({_K.MERCHANT_HELD}), frozenset({_K.MERCHANT_FREE})),
    TransferKind.FEE: (
        frozenset({_K.MERCHANT_HELD, _K.MERCHANT_FREE}),
        frozenset({_K.PLATFORM_FEE}),
    ),
    TransferKind.REFUND: (_REMEDIES, frozenset({_K.BUYER_REFUND})),
    TransferKind.COMPENSATION: (_REMEDIES, frozenset({_K.BUYER_REFUND})),
    TransferKind.HOLD_VOID: (frozenset({_K.MERCHANT_HELD}), _BANKS),
    TransferKind.REFUND_PAID: (frozenset({_K.BUYER_REFUND}), _BANKS),
    TransferKind.REFUND_FAILED: (_BANKS, frozenset({_K.BUYER_REFUND})),
    TransferKind.DEPOSIT: (_BANKS | {_K.MERCHANT_FREE}, frozenset({_K.MERCHANT_DEPOSIT})),
    TransferKind.DEPOSIT_RETURN: (frozenset({_K.MERCHANT_DEPOSIT}), frozenset({_K.MERCHANT_FREE})),
    TransferKind.FUND: (
        frozenset({_K.OUTSIDE, _K.PLATFORM_FEE}),
        frozenset({_K.PLATFORM_GUARANTEE, _K.PLATFORM_RESERVE}),
    ),
    TransferKind.SETTLEMENT: (frozenset({_K.OUTSIDE}), frozenset({_K.GATEWAY_CLEARING})),
    TransferKind.GATEWAY_FEE: (frozenset({_K.PLATFORM_COST}), frozenset({_K.GATEWAY_CLEARING})),
    TransferKind.SPLIT: (frozenset({_K.MERCHANT_FREE}), frozenset({_K.GATEWAY_CLEARING})),
    TransferKind.PAYOUT: (frozenset({_K.MERCHANT_FREE}), frozenset({_K.MERCHANT_PAYABLE})),
    TransferKind.PAYOUT_PAID: (frozenset({_K.MERCHANT_PAYABLE}), _BANKS),
    TransferKind.PAYOUT_FAILED: (frozenset({_K.MERCHANT_PAYABLE}), frozenset({_K.MERCHANT_FREE})),
    TransferKind.PAYOUT_RETURNED: (_BANKS, frozenset({_K.MERCHANT_FREE})),
    TransferKind.CHARGE_BACK: (
        _SELLERS | {_K.MERCHANT_RECEIVABLE, _K.BUYER_REFUND, _K.PLATFORM_RESERVE, _K.PLATFORM_COST},
        frozenset({_K.GATEWAY_CLEARING}),
    ),
    TransferKind.COVER: (_COVERS, frozenset({_K.PLATFORM_COVER})),
    TransferKind.COVER_BACK: (frozenset({_K.PLATFORM_COVER}), _COVERS),
    TransferKind.COLLECT: (
        frozenset({_K.MERCHANT_FREE, _K.MERCHANT_DEPOSIT, _K.OUTSIDE}),
        frozenset({_K.MERCHANT_RECEIVABLE}),
    ),
    TransferKind.WRITE_OFF: (
        frozenset({_K.PLATFORM_COVER, _K.PLATFORM_COST}),
        frozenset({_K.MERCHANT_RECEIVABLE}),
    ),
    TransferKind.DEBT_BACK: (
        frozenset({_K.MERCHANT_RECEIVABLE}),
        frozenset({_K.MERCHANT_FREE, _K.PLATFORM_RESERVE, _K.PLATFORM_COST}),
    ),
    TransferKind.CORRECTION: (
        frozenset({_K.PLATFORM_GUARANTEE, _K.PLATFORM_RESERVE}),
        frozenset({_K.MERCHANT_FREE, _K.MERCHANT_DEPOSIT}),
    ),
}
"""From which accounts to which a kind may move; a reversal moves what it reverses, back."""


@dataclass(frozen=True)
class NewTransfer:
    """One movement to be written. ``about`` is what it belongs to (an order, a payout); together
    with kind and reference it is its identity: the same again moves nothing."""

    source: Account
    target: Account
    amount: Money
    kind: TransferKind
    about: SubjectRef
    hold_id: UUID | None = None
    pending_id: UUID | None = None
    reverses: int | None = None


@dataclass(frozen=True)
class Journal:
    """What was written together. ``replayed``: it stood there already, and nothing moved now.
    ``seqs`` are the numbers of its transfers, in the order given."""

    id: UUID
    seqs: tuple[int, ...]
    replayed: bool


def check_transfer(transfer: NewTransfer) -> None:
    """Raise MoneyRefused where a transfer cannot be: nothing to move, two currencies, the same
    account twice, or accounts between which its kind does not move."""
    source, target = transfer.source, transfer.target
    if transfer.amount.minor <= 0:
        raise MoneyRefused(Phrase("金额必须大于零"))
    if not transfer.amount.currency == source.currency == target.currency:
        raise MoneyRefused(Phrase("一笔转账只能用一种币种"))
    if source == target:
        raise MoneyRefused(Phrase("转出和转入是同一个账户"))
    if transfer.kind is TransferKind.REVERSAL:
        allowed = transfer.reverses is not None
    else:
        sources, targets = MOVES[transfer.kind]
        allowed = transfer.reverses is None and source.kind in sources and target.kind in targets
    names_hold = Guard.HOLD in (source.guard, target.guard)
    if not allowed or names_hold != (transfer.hold_id is not None):
        raise MoneyRefused(
            Phrase(
                "“{kind}”不能从 {source} 转到 {target}",
                kind=Phrase.named(KINDS[transfer.kind]),
                source=Phrase.named(NAMES[source.kind]),
                target=Phrase.named(NAMES[target.kind]),
            )
        )


def check_reference(reference: str) -> None:
    """Raise MoneyRefused for a reference that is empty or longer than the ledger keeps."""
    if not 0 < len(reference) <= LONGEST_REFERENCE:
        raise MoneyRefused(
            Phrase("转账的凭据号不能为空，也不能超过 {n} 个字符", n=LONGEST_REFERENCE)
        )
