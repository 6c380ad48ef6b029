"""Where a part of an order was in dispute, its merchant gets his share in two parts."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from tests.market.market_kit import AT, make_shop
from tests.market.split_kit import (
    OVER,
    add_receiver,
    clearing,
    differences,
    fee,
    free,
    paid,
    rest,
    send,
)
from tests.payments.conftest import FAKES
from tests.payments.fake_server import serve

from gongdao.core.ids import new_id
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.disputes.hold_money import release_rest
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.holds import find_holds
from gongdao.ledger.models import LedgerTransfer
from gongdao.ledger.place_hold import place_hold
from gongdao.ledger.reverse_transfer import reverse_transfer
from gongdao.ledger.settle_hold import Part, settle_hold
from gongdao.ledger.transfers import Ground, TransferKind
from gongdao.market.accounts import clearing_account, merchant_account
from gongdao.market.models import Order
from gongdao.market.release_orders import release_due
from gongdao.payments.models import Split

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fake():
    """微信支付 on loopback."""
    made = FAKES["wechat"]()
    with serve(made) as url:
        made.url = url
        made.connect()
        yield made


def _fence(one, fake, minor):
    """Put ``minor`` of an order's money under a hold of a dispute's."""
    owner, amount = SubjectRef("order", one.id), Money(minor)
    (sale,) = find_holds(owner=owner)
    bank = clearing_account(fake.gateway.name, fake.gateway.account)
    part = Part(bank, amount, TransferKind.HOLD_VOID)
    settle_hold(hold_id=sale.id, parts=[part], ground=Ground.VOID, reference="dispute:1", at=AT)
    held = merchant_account(AccountKind.MERCHANT_HELD, one.merchant_id)
    place_hold(source=bank, held=held, amount=amount, owner=owner, purpose="dispute:1", at=AT)


def _unfence(one):
    """The dispute lets go."""
    rows = LedgerTransfer.objects.filter(owner_id=one.id)
    reverse_transfer(seq=rows.get(kind="hold", reference="dispute:1").seq, at=OVER)
    reverse_transfer(seq=rows.get(kind="hold_void").seq, at=OVER)


def test_the_rest_stays_frozen_while_a_part_is_in_dispute(fake):
    """The first share leaves the rest frozen; when the dispute ends in the merchant's favour the
    second follows and takes the rest along."""
    shop = make_shop()
    add_receiver(shop, fake)
    one = paid(shop, fake)
    _fence(one, fake, 300)
    assert release_due(stores=get_stores(), at=OVER) == 1
    send(fake)
    first = Split.objects.get(part="share")
    undisputed = one.total_minor - 300
    assert (first.state, first.last) == ("confirmed", False)
    assert first.amount_minor == undisputed - fee(one, undisputed)
    assert (rest(one).problem, fake.released) == ("still_held", set())
    _unfence(one)
    case = SimpleNamespace(id=new_id(AT), moves=1, currency="CNY")
    assert release_rest(case=case, order=Order.objects.get(id=one.id), at=OVER) == Money(300)
    send(fake)
    second = Split.objects.get(part="share", cause=f"verdict:{case.id}:1")
    assert (second.state, second.last) == ("confirmed", True)
    assert second.amount_minor == 300 - fee(one, 300)
    assert (rest(one).state, rest(one).problem) == ("confirmed", "with_last")
    assert sum(fake.received.values()) == first.amount_minor + second.amount_minor
    fees = fee(one, undisputed) + fee(one, 300)
    assert (free(shop).minor, clearing(fake)) == (0, fees) and not differences()
