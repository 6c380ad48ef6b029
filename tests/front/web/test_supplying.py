"""Setting up direct top-ups: the operator adds a supplier, the merchant ties a listing to him."""

from __future__ import annotations

import pytest
from tests.front.web.market_pages import make_merchant, text_of
from tests.front.web.operator_kit import find_deeds
from tests.front.web.operator_kit import sign_in as sign_in_staff
from tests.front.web.test_desk import sign_in
from tests.market.market_kit import own_proof
from tests.market.offer_kit import OFFER
from tests.market.supply_kit import LABEL, TOP_UP

from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.market.desk_models import DeskDeed
from gongdao.market.draft_fields import write_fields
from gongdao.market.draft_listing import save_draft
from gongdao.market.models import Listing, Supplier, Supply
from gongdao.market.publish_listing import draft_listing
from gongdao.market.states import Role
from gongdao.market.suppliers.keep_supplier import SupplierPlace, add_supplier

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "a-key-nobody-sees"
GIVEN = {
    "name": "示例上游",
    "kind": "yrapi",
    "url": "https://api.supplier.example",
    "account": "10001",
    "key": KEY,
    "reason": "看过上游的合同",
}
TIED = {"product": "2", "ask": LABEL, "face": "100", "most": "96.00"}


@pytest.fixture
def merchant(stores):
    """A merchant who may sell."""
    return make_merchant()


@pytest.fixture
def staff(merchant):
    """An operator at the desk."""
    return sign_in_staff("operator@example.invalid", Role.OPERATOR)


def _supplier(merchant):
    place = SupplierPlace("yrapi", "示例上游", "https://api.supplier.example", "10001", KEY)
    return add_supplier(stores=get_stores(), merchant_id=merchant.id, place=place, at=now())


def _draft(merchant, offer=TOP_UP):
    row = draft_listing(merchant_id=merchant.id, sku_id=None, at=now())
    fields = write_fields(offer) | {"source_proof": own_proof(merchant.id)}
    save_draft(listing=row, fields=fields, by=merchant.id, at=now())
    return row


def test_an_operator_adds_a_supplier(merchant, staff):
    """From the merchant's page; with a reason that is noted; the key is sealed, never shown."""
    where = f"/operator/suppliers/new/{merchant.id}/"
    assert where in text_of(staff.get(f"/operator/merchants/{merchant.id}/"))
    answer = staff.post(where, GIVEN | {"url": "https://10.0.0.5"})
    assert answer.status_code == 422 and "不能用内网或本机的地址" in text_of(answer)
    assert KEY not in text_of(answer) and "示例上游" in text_of(answer)
    assert staff.post(where, GIVEN | {"reason": ""}).status_code == 422
    assert not Supplier.objects.exists()
    assert staff.post(where, GIVEN).status_code == 302
    row = Supplier.objects.get()
    assert (row.merchant_id, row.url, row.vouched) == (merchant.id, GIVEN["url"], False)
    assert KEY.encode() not in bytes(row.sealed)
    shown = text_of(staff.get("/operator/suppliers/"))
    assert "示例上游" in shown and KEY not in shown and "没有核实" in shown
    assert [one.reason for one in find_deeds("supplier.add")] == ["看过上游的合同"]


def test_a_supplier_is_vouched_for_with_a_reason(merchant, staff):
    """At once where he was checked, later, and taken back; each is noted once."""
    staff.post(f"/operator/suppliers/new/{merchant.id}/", GIVEN | {"vouched": "on"})
    row = Supplier.objects.get(vouched=True)
    where = f"/operator/suppliers/{row.id}/vouch/"
    staff.post(where, {"reason": ""})
    assert Supplier.objects.filter(vouched=True).exists()
    staff.post(where, {"reason": "查到是一家"})
    staff.post(where, {"reason": "查到是一家"})
    assert not Supplier.objects.filter(vouched=True).exists()
    staff.post(where, {"reason": "又查过", "vouched": "yes"})
    assert Supplier.objects.filter(vouched=True).exists()
    assert (len(find_deeds("supplier.vouch")), len(find_deeds("supplier.doubt"))) == (2, 1)


def test_only_operators_add_suppliers(merchant, client):
    """A reviewer is told which role; a merchant's member finds no such page."""
    where = f"/operator/suppliers/new/{merchant.id}/"
    reviewer = sign_in_staff("reviewer@example.invalid", Role.REVIEWER)
    assert reviewer.post(where, GIVEN).status_code == 403
    assert sign_in(merchant).post(where, GIVEN).status_code == 404
    assert not Supplier.objects.exists()


def test_a_top_up_is_published_once_its_supplier_is_chosen(merchant):
    """Without one the desk says where to choose; with one the listing goes on offer."""
    seller, listing = sign_in(merchant), _draft(merchant)
    where = f"/desk/listings/{listing.id}/supply/"
    page = text_of(seller.get(f"/desk/listings/{listing.id}/"))
    assert "先在“上游”里选好上游" in page and where in page
    assert "还没有接上游" in text_of(seller.get(where))
    assert seller.post(f"/desk/listings/{listing.id}/publish/").status_code == 422
    supplier = _supplier(merchant)
    tied = TIED | {"supplier": str(supplier.id)}
    assert seller.post(where, tied | {"most": "0"}).status_code == 422
    assert seller.post(where, tied | {"ask": "别的"}).status_code == 422
    assert not Supply.objects.exists()
    assert seller.post(where, tied).status_code == 302
    supply = Supply.objects.get()
    assert (supply.face_minor, supply.most_minor, supply.ask) == (10000, 9600, LABEL)
    assert 'value="96.00"' in text_of(seller.get(where))
    assert DeskDeed.objects.filter(deed="listing.supply").count() == 1
    assert seller.post(f"/desk/listings/{listing.id}/publish/").status_code == 302
    assert Listing.objects.get(id=listing.id).state == "published"


def test_what_the_supplier_needs_has_to_be_asked(merchant):
    """A draft that no longer asks for it is not published; one that asks nothing says so first."""
    seller, listing = sign_in(merchant), _draft(merchant)
    tied = TIED | {"supplier": str(_supplier(merchant).id)}
    seller.post(f"/desk/listings/{listing.id}/supply/", tied)
    other = write_fields(TOP_UP) | {"asks": "邮箱", "source_proof": own_proof(merchant.id)}
    save_draft(listing=listing, fields=other, by=merchant.id, at=now())
    answer = seller.post(f"/desk/listings/{listing.id}/publish/")
    assert answer.status_code == 422 and f"上游要的“{LABEL}”不在里面" in text_of(answer)
    silent = _draft(merchant, OFFER)
    assert "先写要买家填写什么" in text_of(seller.get(f"/desk/listings/{silent.id}/supply/"))


def test_another_merchants_supplier_cannot_be_chosen(merchant):
    """Nor his listing be tied."""
    other = make_merchant("别家")
    theirs = _supplier(other)
    _supplier(merchant)
    seller, listing = sign_in(merchant), _draft(merchant)
    tied = TIED | {"supplier": str(theirs.id)}
    assert seller.post(f"/desk/listings/{listing.id}/supply/", tied).status_code == 422
    assert seller.get(f"/desk/listings/{_draft(other).id}/supply/").status_code == 404
    assert not Supply.objects.exists()
