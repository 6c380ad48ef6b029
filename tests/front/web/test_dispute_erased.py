"""After its time a dispute's pages show its course, and none of its words."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.front.web.market_pages import make_shop, text_of
from tests.front.web.operator_kit import sign_in as staff_sign_in
from tests.front.web.test_desk import sign_in
from tests.front.web.test_disputes import WORDS, at, complain, revealed

from gongdao.disputes.models import Exhibit
from gongdao.front.clock import now
from gongdao.front.dispute_records import dispute_files
from gongdao.front.stores import get_stores
from gongdao.front.worker.retention_tasks import sweep_market
from gongdao.market.models import Order
from gongdao.market.states import Role

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_course_is_shown_and_no_word(client, stores):
    """After the daily job of three years later buyer, merchant, desk and record say that the words
    were destroyed, with every step still there; the file and the form for words are gone."""
    shop = make_shop()
    case = complain(client, revealed(client, shop), files=SimpleUploadedFile("shot.txt", b"proof"))
    at(case, client, deed="withdraw")
    Order.objects.filter(id=case.order_id).update(state="completed", ended_at=now())
    desk = f"/operator/disputes/{case.id}/"
    seller = sign_in(shop.merchant)
    arbiter = staff_sign_in("arbiter@example.org", Role.ARBITER)

    def sights():
        pages = [at(case, client), seller.get(f"/desk/disputes/{case.id}/"), arbiter.get(desk)]
        texts = [text_of(page) for page in pages]
        records = dispute_files(stores=get_stores(), order=case.order, at=now()).values()
        return [*texts, *(one.decode() for one in records)]

    assert all(WORDS in one and "shot.txt" in one for one in sights())
    later = now() + timedelta(days=1097)
    with patch("gongdao.front.worker.retention_tasks.now", lambda: later):
        sweep_market(timestamp=0)
    for said in sights():
        assert WORDS not in said and "shot.txt" not in said
        assert "已按保存期限销毁" in said and "提出" in said and "撤回" in said
    assert 'value="say"' not in at(case, client).content.decode()
    gone = arbiter.get(f"{desk}files/{Exhibit.objects.get().id}/")
    assert gone.status_code == 410 and "谁也读不出来" in text_of(gone)
    refused = at(case, client, deed="say", words="还有一句")
    assert refused.status_code in (302, 410)
