"""Whether a payee is the merchant himself, and whether a payout may go its next step. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.ledger.accounts import Account, AccountKind


class PayeeProof(StrEnum):
    """How it was shown that an account belongs to the payee."""

    SMALL_PAYMENT = "small_payment"
    BANK_CHECK = "bank_check"
    DOCUMENT = "document"


@dataclass(frozen=True)
class PayoutPolicy:
    """``second_person_over``: above it, whoever approves is not who proposed. ``own_custody``: the
    platform holds the money at its own bank; without it only a licensed gateway pays out."""

    second_person_over: Money
    own_custody: bool = False


_SKIPPED = re.compile(r"[\s·・.,，。]")
_BRACKETS = str.maketrans("（）【】［］", "()[][]")


def names_match(payee: str, merchant: str) -> bool:
    """Whether two names are of one person or company: width, blanks, brackets and the dot within
    a name do not matter, everything else does."""
    one, other = _tidy(payee), _tidy(merchant)
    return bool(one) and one == other


def _tidy(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name.translate(_BRACKETS)).casefold()
    return _SKIPPED.sub("", plain)


def judge_proposal(*, amount: Money, through: Account, policy: PayoutPolicy) -> Phrase | None:
    """Why a payout of ``amount`` that ``through`` is to pay cannot be proposed; None if it can."""
    if amount.minor <= 0:
        return Phrase("金额必须大于零")
    if not amount.currency == through.currency == policy.second_person_over.currency:
        return Phrase("一笔转账只能用一种币种")
    if through.kind is AccountKind.GATEWAY_CLEARING:
        return None
    if through.kind is not AccountKind.OUTSIDE:
        return Phrase("付款只能从银行或支付渠道出去。")
    if not policy.own_custody:
        return Phrase("资金由支付渠道持有和分账；要自己持有，须先明确配置。")
    return None


def judge_approval(
    *, amount: Money, limit: Money, proposed_by: UUID, approves: UUID
) -> Phrase | None:
    """Why this person cannot approve; None if he can."""
    if amount.minor > limit.minor and proposed_by == approves:
        return Phrase("超过限额的付款要由另一个人批准。")
    return None
