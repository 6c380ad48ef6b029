"""Whose word a supplier's is: his own where the platform vouched for him, else the merchant's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.disputes.disputes_kit import complain
from tests.disputes.test_told_facts import known
from tests.market.fake_suppliers import running_supplier
from tests.market.market_kit import AT, pay
from tests.market.supply_kit import get_order, order_top_up, supplied_shop, work, work_until

from gongdao.disputes.facts import FactName, Source
from gongdao.disputes.models import Verdict
from gongdao.disputes.states import ReasonCode

pytestmark = pytest.mark.django_db(transaction=True)
LATER = AT + timedelta(hours=1)


@pytest.mark.parametrize(("vouched", "source"), [(True, Source.SUPPLIER), (False, Source.MERCHANT)])
def test_a_supplier_nobody_vouched_for_decides_nothing_alone(vouched, source):
    """What the merchant's own server says waits for a person; a checked one's word is a record."""
    with running_supplier() as fake:
        placed = order_top_up(supplied_shop(fake, vouched=vouched))
        pay(placed)
        work(AT + timedelta(minutes=2))
        for one in fake.orders.values():
            one["state"] = 1
        work_until(4, AT + timedelta(minutes=4))
    order = get_order(placed)
    assert order.state == "delivered"
    case = complain(order, ReasonCode.SUPPLIER_UNKNOWN, at=LATER)
    assert known(case, FactName.SUPPLIER_STATE, LATER) == ("delivered", source)
    assert known(case, FactName.DELIVERED_FACE_MINOR, LATER) == (10000, source)
    assert Verdict.objects.filter(case=case).exists() is vouched
