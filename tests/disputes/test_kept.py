"""What an authority asks to be kept is kept from every step of the daily job."""

from __future__ import annotations

import io
from datetime import timedelta
from unittest.mock import patch

import pytest
from tests.disputes.authority_kit import confirm, enter
from tests.disputes.disputes_kit import BUYER, HOUR, LATE, complain, delivered, run
from tests.market.test_record_test import PICTURE

from gongdao.disputes.authority_states import Asks
from gongdao.disputes.exhibit_reads import keep_read
from gongdao.disputes.models import Case, Exhibit, ExhibitRead
from gongdao.disputes.say import NewFile as NewExhibit
from gongdao.disputes.say import say, withdraw
from gongdao.disputes.states import ReasonCode
from gongdao.evidence.kept.models import Original
from gongdao.front.stores import get_stores
from gongdao.front.worker.retention_tasks import sweep_market
from gongdao.market.desk_models import ThreadPost
from gongdao.market.desk_states import Side
from gongdao.market.models import Order
from gongdao.market.record_test import NewFile, ToldTest, record_test
from gongdao.market.thread import post_about_order
from gongdao.vault.models import StatusCheck

pytestmark = pytest.mark.django_db(transaction=True)
LONG = timedelta(days=1200)


def everything():
    """An order with all that can be kept of its dispute, all of it old; and its case."""
    order, stores = delivered(), get_stores()
    case = complain(order, ReasonCode.ALREADY_USED)
    more = {"stores": stores, "case_id": case.id, "by": BUYER, "at": LATE}
    say(**more, words="截图在附件里。", files=[NewExhibit("截图.png", b"picture")])
    seen = Exhibit.objects.get().id
    keep_read(stores=stores, case=case, exhibit_id=seen, reading=b"read", readers=1, at=LATE)
    files = [NewFile("a.png", io.BytesIO(PICTURE))]
    result = ToldTest(True, None, "")
    assert record_test(stores=stores, order_id=order.id, result=result, files=files, at=LATE)
    post_about_order(stores=stores, order=order, side=Side.BUYER, text="坏的", by=None, at=LATE)
    withdraw(**more)
    Order.objects.filter(id=order.id).update(ended_at=LATE, state="completed")
    run("ALTER TABLE market_threadpost DISABLE TRIGGER USER")
    run("UPDATE market_threadpost SET at = '2020-01-01T00:00:00Z'")
    run("ALTER TABLE market_threadpost ENABLE TRIGGER USER")
    run(
        "INSERT INTO vault_statuscheck (sealed_id, batch_id, port, status, at)"
        " SELECT sealed_id, batch_id, 'sandbox', 'invalid', '2020-01-01' FROM vault_unit"
        " WHERE id IN (SELECT unit_id FROM vault_claim)"
    )
    return case


def left(case):
    """How much is there of each kind: files of tests, words of threads, what was filled in, words
    of the case, readings, answers of issuers."""
    return [
        Original.objects.filter(subject_kind="order").count(),
        ThreadPost.objects.exclude(sealed=b"").count(),
        Order.objects.filter(id=case.order_id).exclude(sealed=b"").count(),
        Case.objects.filter(erased_at=None).count(),
        ExhibitRead.objects.count(),
        StatusCheck.objects.count(),
    ]


@pytest.mark.parametrize("asks", [Asks.KEEP, Asks.HOLD])
def test_nothing_of_the_dispute_goes_while_the_request_stands(asks):
    """The daily job long after the time of everything destroys nothing of an order that a request
    names; once it is over, all of it."""
    case = everything()
    row = enter(case, at=LATE + LONG, asks=asks, hours=24)
    confirm(row, at=LATE + LONG)
    before = left(case)
    assert all(before)
    for after, there in ((HOUR, before), (25 * HOUR, [0] * len(before))):
        moment = LATE + LONG + after
        with patch("gongdao.front.worker.retention_tasks.now", lambda moment=moment: moment):
            sweep_market(timestamp=0)
        assert left(case) == there
