"""The operator's desk reads what shows where goods come from, and answers for doubted stock."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from django.test import Client
from tests.front.web.market_pages import OFFER, make_merchant, make_shop, text_of
from tests.front.web.operator_kit import ALL, find_deeds, sign_in

from gongdao.core.errors import InputError
from gongdao.core.ids import new_id
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.market.desk_models import SourceProof
from gongdao.market.draft_fields import write_fields
from gongdao.market.draft_listing import judge_draft, keep_proof
from gongdao.market.models import Listing
from gongdao.market.publish_listing import publish_listing
from gongdao.market.states import Role
from gongdao.vault.after_restore import DOUBTED
from gongdao.vault.models import Batch
from gongdao.vault.quarantine_batches import quarantine_batches
from gongdao.vault.queries import count_available

pytestmark = pytest.mark.django_db(transaction=True)
PNG = b"\x89PNG\r\n\x1a\n" + b"paper" * 9


@pytest.fixture
def staff() -> Client:
    """Somebody with every role."""
    return sign_in("staff@example.org", *ALL)


def _shop():
    """A shop whose listing rests on a paper."""
    merchant = make_merchant()
    named = keep_proof(
        stores=get_stores(), merchant_id=merchant.id, data=PNG, by=new_id(now()), at=now()
    )
    offer = replace(OFFER, source_proof=named)
    return make_shop(0, offer, merchant), offer, SourceProof.objects.get()


def test_a_paper_is_opened_with_a_reason_and_recorded(staff):
    """Without a reason nobody sees it; with one its bytes come as a download, and the look stands
    in the record with the reason."""
    _, _, row = _shop()
    page = text_of(staff.get("/operator/proofs/"))
    assert OFFER.title in page and "没看过的来源凭证" in text_of(staff.get("/operator/"))
    address = f"/operator/proofs/{row.id}/open/"
    assert "理由" in text_of(staff.post(address, {"reason": " "}, follow=True))
    assert not find_deeds("proof.look")
    answer = staff.post(address, {"reason": "上架抽查"})
    assert b"".join(answer.streaming_content) == PNG
    assert "attachment" in answer["Content-Disposition"]
    (deed,) = find_deeds("proof.look")
    assert (deed.about_id, deed.reason) == (str(row.id), "上架抽查")
    assert staff.get(address).status_code == 405


def test_a_refused_paper_takes_its_listings_off(staff):
    """Decided only by somebody who opened it; the words are what the merchant reads, and nothing is
    published with the paper again until it is accepted after all."""
    shop, offer, row = _shop()
    address = f"/operator/proofs/{row.id}/"
    said = {"word": "proof.refuse", "reason": "授权书已经过期"}
    assert "先打开看过" in text_of(staff.post(address, said, follow=True))
    assert not find_deeds("proof.refuse")
    staff.post(f"{address}open/", {"reason": "抽查"})
    assert "已经下架" in text_of(staff.post(address, said, follow=True))
    shop.listing.refresh_from_db()
    assert shop.listing.state == "withdrawn"
    with pytest.raises(InputError, match="授权书已经过期"):
        _publish(shop.listing.id, offer)
    _offer, missing = judge_draft(listing=shop.listing, fields=write_fields(offer), at=now())
    assert "授权书已经过期" in " ".join(str(one.reason) for one in missing)
    assert "没有等着看的凭证" in text_of(staff.get("/operator/proofs/"))
    assert "授权书已经过期" in text_of(staff.get("/operator/proofs/?all=yes"))
    staff.post(address, {"word": "proof.accept", "reason": "补了新的授权书"})
    _publish(shop.listing.id, offer)
    assert Listing.objects.get(id=shop.listing.id).state == "published"


def _publish(listing_id: UUID, offer) -> None:
    publish_listing(stores=get_stores(), listing_id=listing_id, offer=offer, at=now())


def test_who_may_not(staff):
    """Finance reads the list and opens nothing; a word that is none, and a paper that is none, are
    refused; another merchant's listing keeps its place."""
    _, _, row = _shop()
    other = sign_in("finance@example.org", Role.FINANCE)
    page = text_of(other.get("/operator/proofs/"))
    assert OFFER.title in page and "下载查看" not in page
    assert other.post(f"/operator/proofs/{row.id}/open/", {"reason": "x"}).status_code == 403
    assert staff.post(f"/operator/proofs/{row.id}/", {"word": "x"}).status_code == 404
    gone = new_id(now())
    answer = staff.post(f"/operator/proofs/{gone}/open/", {"reason": "x"}, follow=True)
    assert "没有这份凭证" in text_of(answer)
    english = sign_in("staff@example.org", language="en")
    assert english.get("/operator/proofs/").status_code == 200


@pytest.mark.parametrize(("answer", "left"), [("unused", 2), ("replace", 0)])
def test_doubted_stock_waits_on_the_desk(staff, answer, left):
    """The queue names merchant and batch; with an answer and a reason it goes back on sale, or away
    for good; without a reason nothing happens."""
    shop = make_shop(stock=2)
    quarantine_batches(stores=get_stores(), batches=None, reason=DOUBTED, at=now())
    batch = Batch.objects.get()
    page = text_of(staff.get("/operator/orders/"))
    assert "可能已经发出过" in page and str(batch.id) in page
    address = f"/operator/batches/{batch.id}/"
    staff.post(address, {"answer": answer, "reason": ""})
    staff.post(address, {"answer": "x", "reason": "看过"})
    assert not find_deeds("batch.back") and not find_deeds("batch.replace")
    staff.post(address, {"answer": answer, "reason": "商家逐张查过"})
    assert count_available([shop.sku]) == {shop.sku: left}
    assert find_deeds("batch.back" if answer == "unused" else "batch.replace")
    assert "可能已经发出过" not in text_of(staff.get("/operator/orders/"))
