"""Orders paid at a service that splits, for tests: 微信支付 unless another is named."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from uuid import UUID

from tests.market.market_kit import AT, order

from gongdao.core.ids import new_id
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.check_ledger import check_ledger
from gongdao.ledger.decide_payout import PayeeProof
from gongdao.ledger.payees import PayeeDetails, add_payee, verify_payee
from gongdao.ledger.queries import find_balance, find_spendable
from gongdao.market.accounts import clearing_account, merchant_account, open_platform_accounts
from gongdao.market.confirm_payment import confirm_payment
from gongdao.market.models import Order
from gongdao.market.release_orders import fee_of, release_due
from gongdao.market.send_splits import send_splits
from gongdao.market.terms import terms_number
from gongdao.market.wake_splits import wake_splits
from gongdao.payments.models import Split

OVER = AT + timedelta(hours=49)
NUMBERS = {"wechat": "1900000199", "alipay": "2088000000000099", "stripe": "acct_merchant9"}


def paid(shop, fake, buyer="b@example.invalid", quantity=1) -> Order:
    """An order that was paid at ``fake``, and delivered."""
    gateway = fake.gateway
    open_platform_accounts(gateways=[(gateway.name, gateway.account)], at=AT)
    more = {"gateway": gateway.name, "account": gateway.account, "terms": terms_number(AT)}
    placed = order(shop, quantity, contact=buyer, **more)
    fake.pay(placed.number, placed.total.minor)
    confirm_payment(
        stores=get_stores(),
        report=gateway.query(placed.number, AT),
        gateway=gateway.name,
        way="callback",
        digest=hashlib.sha256(placed.number.encode()).digest(),
        at=AT + timedelta(minutes=1),
    )
    return Order.objects.get(number=placed.number)


def released(shop, fake, at=OVER, **more) -> Order:
    """The same, with its protection over."""
    one = paid(shop, fake, **more)
    release_due(stores=get_stores(), at=at)
    return one


def add_receiver(shop, fake, *, number="", by=None, at=AT) -> UUID:
    """The merchant's own account at the service, verified, and known there."""
    number = number or NUMBERS[fake.gateway.name]
    payee = add_payee(
        stores=get_stores(),
        merchant=SubjectRef("merchant", shop.merchant.id),
        details=PayeeDetails(
            name=shop.merchant.legal_name, bank="service", number=number, gateway=fake.gateway.name
        ),
        at=at,
    )
    verify_payee(
        stores=get_stores(),
        payee_id=payee,
        merchant_name=shop.merchant.legal_name,
        proof=PayeeProof.DOCUMENT,
        by=by or new_id(AT),
        at=at,
    )
    fake.receivers.add(number)
    return payee


def send(fake, at=OVER, held=()) -> int:
    """One round of the worker."""
    gateways = {fake.gateway.name: fake.gateway}
    return send_splits(stores=get_stores(), gateways=gateways, held=held, at=at)


def wake(fake, at=OVER, held=()) -> int:
    """One run of the job that wakes what sleeps."""
    gateways = {fake.gateway.name: fake.gateway}
    return wake_splits(stores=get_stores(), gateways=gateways, held=held, at=at)


def share(one: Order) -> Split:
    """The order's share as it stands; there is one."""
    return Split.objects.get(credit__intent__owner_id=one.id, part="share")


def rest(one: Order) -> Split:
    """The release of what is left of the order's payment."""
    return Split.objects.get(credit__intent__owner_id=one.id, part="rest")


def fee(one: Order, minor: int = 0) -> int:
    """The platform's fee in what is released of an order (all of it, or ``minor``)."""
    return fee_of(Money(minor or one.total_minor), placed_at=one.placed_at).minor


def free(shop) -> Money:
    """What the merchant could take out now."""
    return find_spendable(merchant_account(AccountKind.MERCHANT_FREE, shop.merchant.id))


def clearing(fake) -> int:
    """What the service still owes us by our books, in minor units."""
    return -find_balance(clearing_account(fake.gateway.name, fake.gateway.account)).minor


def differences() -> list:
    """What does not agree in the ledger."""
    return [one for one in check_ledger().differences if one.code != "guard"]
