"""What keeps a merchant from putting anything on sale (A1): nothing is listed by somebody without
name, licence, proven contact, deposit and accepted terms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from gongdao.core.clock import beijing
from gongdao.core.errors import InputError
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.queries import find_spendable
from gongdao.market.accounts import merchant_account
from gongdao.market.models import Merchant
from gongdao.market.states import MerchantState
from gongdao.market.terms import find_acceptance, terms_number
from gongdao.rules.queries import policy


@dataclass(frozen=True)
class Obstacle:
    """One thing that is missing: a code, why, and what to do."""

    code: str
    reason: Phrase
    hint: Phrase


@lru_cache(maxsize=8)
def min_deposit(on: date) -> Money:
    """What a merchant's deposit has to reach on this day."""
    amount = policy("min_deposit", on).amount
    if amount is None:
        raise ValueError("policy/min_deposit has no amount")
    return amount


def find_obstacles(merchant: Merchant, *, at: datetime) -> tuple[Obstacle, ...]:
    """Everything that keeps this merchant from publishing at this moment."""
    today = beijing(at).date()
    found = []
    if merchant.state != MerchantState.ACTIVE:
        found.append(Obstacle("paused", Phrase("商家被暂停或已退出，不能上架。"), _ASK))
    if not (merchant.legal_name.strip() and merchant.licence_address):
        found.append(Obstacle("unknown", Phrase("没有名称、证照或核实过的联系方式。"), _ASK))
    if merchant.licence_until is not None and merchant.licence_until < today:
        found.append(Obstacle("licence", Phrase("证照已经过期。"), _ASK))
    number = terms_number(at)
    if find_acceptance(merchant_id=merchant.id, number=number) is None:
        said = Phrase("还没有接受交易条款第 {n} 版。", n=number)
        found.append(Obstacle("terms", said, Phrase("在“交易条款”页接受以后再上架。")))
    least = min_deposit(today)
    account = merchant_account(AccountKind.MERCHANT_DEPOSIT, merchant.id, least.currency)
    deposit = find_spendable(account)
    if deposit < least:
        said = Phrase("保证金 {deposit} 元，要到 {least} 元。", deposit=deposit, least=least)
        found.append(Obstacle("deposit", said, Phrase("补足保证金以后再上架。")))
    return tuple(found)


def check_seller(merchant: Merchant, *, at: datetime) -> None:
    """Raise InputError for the first thing that is missing."""
    for one in find_obstacles(merchant, at=at):
        raise InputError(one.reason, field="merchant", hint=one.hint)


_ASK = Phrase("请联系平台。")
