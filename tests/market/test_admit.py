"""Vetting (A1): who is admitted, what is kept of him, who can publish, and the record of it all."""

from __future__ import annotations

import json
from datetime import date, timedelta
from io import BytesIO

import pytest
from django.db import DatabaseError, connection, transaction
from tests.market.market_kit import AT, publish
from tests.market.offer_kit import OFFER
from tests.market.vetting_kit import (
    CONTACT,
    IDENTITY,
    USCC,
    admit,
    application,
    deposit,
    paper,
    proof,
    reviewer,
)

from gongdao.core.blobs import blob_name
from gongdao.core.errors import InputError
from gongdao.core.ids import new_id
from gongdao.core.keys import get_key
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.evidence.kept.models import Access, Original
from gongdao.evidence.kept.open_original import Purpose, Who, open_original
from gongdao.front.server import after_restore
from gongdao.front.stores import get_stores
from gongdao.ledger.queries import find_merchant_money
from gongdao.log.models import LogPending
from gongdao.market.admit_merchant import admit_merchant, check_identity, open_merchant
from gongdao.market.check_seller import find_obstacles, min_deposit
from gongdao.market.invite_member import dismiss_member, invite_member
from gongdao.market.models import Merchant
from gongdao.market.pause_merchant import (
    pause_merchant,
    resume_merchant,
    review_due,
    review_merchant,
)
from gongdao.market.prove_contact import begin_proof, prove_contact, use_proof
from gongdao.market.publish_listing import draft_listing
from gongdao.market.states import MerchantState, PaperKind
from gongdao.market.terms import accept_terms, terms_number
from gongdao.market.vetting_models import ContactProof, MerchantPaper, StaffDeed

pytestmark = pytest.mark.django_db(transaction=True)


def _publish(merchant, at=AT):
    listing = draft_listing(merchant_id=merchant.id, sku_id=None, at=at)
    listing.sku_id = new_id(at)  # a shelf of its own is not the point here
    listing.save(update_fields=["sku_id"])
    return publish(listing, OFFER, at=at)


def _leaves(merchant):
    """Its leaves that wait for their numbers, in order."""
    rows = [
        bytes(one) for one in LogPending.objects.order_by("seq").values_list("entry", flat=True)
    ]
    return [leaf for leaf in map(json.loads, rows) if leaf["sub"] == merchant.log_subject]


def test_a_merchant_is_admitted_with_a_reviewer_a_reason_and_sealed_details():
    """Name and decision stand in the clear, contact and papers are sealed under his own key."""
    merchant = admit()
    assert (merchant.uscc, merchant.state) == (USCC, MerchantState.ACTIVE)
    assert merchant.reviewer.email == "reviewer@example.invalid"
    assert merchant.reason == "对照过执照原件和授权书"
    assert CONTACT.encode() not in bytes(merchant.sealed)
    assert open_merchant(stores=get_stores(), merchant=merchant).contact == CONTACT
    kinds = MerchantPaper.objects.filter(merchant=merchant).values_list("kind", "brand")
    assert set(kinds) == {("licence", ""), ("authorization", "星海游戏")}
    deed = StaffDeed.objects.get(deed="merchant.admit")
    assert (deed.about_id, deed.reason) == (str(merchant.id), merchant.reason)


def test_a_person_is_admitted_by_his_identity_number_which_is_sealed():
    """It is in no plain column, and opens with the merchant's key."""
    merchant = admit(uscc="", identity=IDENTITY, licence=paper(PaperKind.IDENTITY))
    assert merchant.uscc == ""
    row = Merchant.objects.filter(id=merchant.id).values().get()
    assert IDENTITY not in repr(row) and IDENTITY.encode() not in bytes(merchant.sealed)
    assert open_merchant(stores=get_stores(), merchant=merchant).identity == IDENTITY
    assert IDENTITY not in repr(application(uscc="", identity=IDENTITY))


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"display_name": " "}, "display_name"),
        ({"legal_name": ""}, "legal_name"),
        ({"uscc": ""}, "uscc"),
        ({"uscc": USCC, "identity": IDENTITY}, "uscc"),
        ({"uscc": USCC[:-1] + "A"}, "uscc"),
        ({"uscc": "91110000600037342L"}, "uscc"),
        ({"uscc": "", "identity": "360426199101010072"}, "identity"),
        ({"papers": []}, "papers"),
        ({"papers": [paper(PaperKind.PURCHASE, b"p", "")]}, "papers"),
        ({"papers": [paper(PaperKind.PURCHASE, b"p", "X", date(2020, 1, 1))]}, "papers"),
        ({"licence": paper(until=date(2020, 1, 1))}, "licence"),
    ],
)
def test_what_is_missing_or_wrong_is_named_and_nothing_is_kept(more, field):
    """Both check digits count; the error names the field, and neither row nor file remains."""
    with pytest.raises(InputError) as error:
        admit(**more)
    assert error.value.place.field == field
    assert not Merchant.objects.exists() and not Original.objects.exists()
    assert not StaffDeed.objects.filter(deed="merchant.admit").exists()


def test_without_a_reason_nobody_is_admitted():
    """Blanks are no reason."""
    with pytest.raises(InputError) as error:
        admit_merchant(
            stores=get_stores(), application=application(), reason=" \n", by=reviewer(), at=AT
        )
    assert error.value.place.field == "reason" and not Merchant.objects.exists()


def test_a_name_is_given_once():
    """The second shop of that name is refused with its field."""
    admit()
    with pytest.raises(InputError) as error:
        admit()
    assert error.value.place.field == "display_name" and Merchant.objects.count() == 1


def test_a_contact_is_proven_by_the_code_that_was_sent():
    """Another code does not prove it, nor the right one too late or after five wrong ones."""
    stores, by = get_stores(), reviewer().id
    begun = begin_proof(stores=stores, contact=CONTACT, by=by, at=AT)
    row = ContactProof.objects.get(id=begun.id)
    assert begun.code.encode() not in bytes(row.code_digest) + bytes(row.sealed)
    with pytest.raises(InputError):
        prove_contact(stores=stores, proof_id=begun.id, code="AAAAA-AAAAA", at=AT)
    prove_contact(stores=stores, proof_id=begun.id, code=begun.code.lower(), at=AT)
    assert ContactProof.objects.get(id=begun.id).proven_at == AT
    late = begin_proof(stores=stores, contact=CONTACT, by=by, at=AT)
    with pytest.raises(InputError):
        prove_contact(
            stores=stores, proof_id=late.id, code=late.code, at=AT + timedelta(minutes=30)
        )
    tried = begin_proof(stores=stores, contact=CONTACT, by=by, at=AT)
    for _ in range(5):
        with pytest.raises(InputError):
            prove_contact(stores=stores, proof_id=tried.id, code="AAAAA-AAAAA", at=AT)
    with pytest.raises(InputError):
        prove_contact(stores=stores, proof_id=tried.id, code=tried.code, at=AT)


def test_a_proof_serves_one_merchant():
    """An unproven one serves none, and a proven one not a second."""
    begun = begin_proof(stores=get_stores(), contact=CONTACT, by=reviewer().id, at=AT)
    with pytest.raises(InputError):
        use_proof(stores=get_stores(), proof_id=begun.id, at=AT)
    used = proof()
    admit(proof=used)
    with pytest.raises(InputError) as error:
        admit(proof=used, display_name="另一家")
    assert error.value.place.field == "contact"


def test_every_look_at_a_paper_is_recorded():
    """The licence opens with the merchant's key, and the record says who and what for."""
    merchant = admit()
    row = Original.objects.get(address=merchant.licence_address)
    key = get_key(stores=get_stores(), subject=SubjectRef("merchant", merchant.id))
    chunks = open_original(
        stores=get_stores(), key=key, row=row, who=Who.STAFF, purpose=Purpose.VIEW, at=AT
    )
    assert b"".join(chunks) == b"a licence"
    assert Access.objects.filter(original_id=row.id, who="staff").count() == 1


def test_nobody_publishes_without_terms_and_deposit():
    """Each missing thing is named; with all of them there the listing goes live."""
    merchant = admit()
    codes = [one.code for one in find_obstacles(merchant, at=AT)]
    assert codes == ["terms", "deposit"]
    with pytest.raises(InputError, match="交易条款"):
        _publish(merchant)
    accept_terms(merchant_id=merchant.id, number=terms_number(AT), by=reviewer().id, at=AT)
    least = min_deposit(AT.date())
    deposit(merchant, Money(least.minor - 1), "B1")
    with pytest.raises(InputError, match="保证金"):
        _publish(merchant)
    deposit(merchant, Money(1), "B2")
    assert _publish(merchant).number == 1


def test_an_expired_licence_stops_publishing():
    """On its last day he may still list, the day after not."""
    merchant = admit(licence=paper(until=date(2026, 11, 23)))
    accept_terms(merchant_id=merchant.id, number=terms_number(AT), by=reviewer().id, at=AT)
    deposit(merchant, min_deposit(AT.date()))
    assert _publish(merchant)
    with pytest.raises(InputError, match="证照"):
        _publish(merchant, AT + timedelta(days=1))


def test_a_deposit_is_booked_once_per_number():
    """The same statement line again moves nothing; another amount under it is refused."""
    merchant = admit()
    assert deposit(merchant, Money(500_000)) and not deposit(merchant, Money(500_000))
    subject = SubjectRef("merchant", merchant.id)
    assert find_merchant_money(merchant=subject).deposit == Money(500_000)
    with pytest.raises(InputError):
        deposit(merchant, Money(0), "B9")


def test_a_pause_needs_a_reason_and_stops_publishing():
    """Pausing twice changes nothing; after the resume he can list again."""
    merchant, stores, by = admit(), get_stores(), reviewer()
    accept_terms(merchant_id=merchant.id, number=terms_number(AT), by=by.id, at=AT)
    deposit(merchant, min_deposit(AT.date()))
    given = {"stores": stores, "merchant_id": merchant.id, "by": by, "at": AT}
    with pytest.raises(InputError):
        pause_merchant(**given, reason="")
    assert pause_merchant(**given, reason="货源存疑")
    assert not pause_merchant(**given, reason="货源存疑")
    with pytest.raises(InputError, match="暂停"):
        _publish(merchant)
    assert resume_merchant(**given, reason="查清了")
    assert _publish(merchant)
    leaves = _leaves(merchant)
    assert [one["t"] for one in leaves] == [
        "merchant.admitted",
        "merchant.paused",
        "merchant.changed",
    ]
    assert "货源存疑" not in json.dumps(leaves, ensure_ascii=False)
    deeds = StaffDeed.objects.order_by("id").values_list("deed", "reason")
    assert list(deeds)[-2:] == [("merchant.pause", "货源存疑"), ("merchant.resume", "查清了")]


def test_a_review_moves_the_next_one():
    """Half a year on, but never beyond the licence; the end of a short month counts."""
    merchant = admit(licence=paper())
    assert review_due(merchant) == date(2027, 5, 23)
    later = AT + timedelta(days=281)  # 2027-08-31
    review_merchant(
        stores=get_stores(), merchant_id=merchant.id, reason="都在", by=reviewer(), at=later
    )
    merchant.refresh_from_db()
    assert review_due(merchant) == date(2028, 2, 29)
    merchant.licence_until = date(2027, 12, 1)
    assert review_due(merchant) == date(2027, 12, 1)


def test_members_come_and_go():
    """An address without account gets one that no password opens."""
    merchant = admit()
    invited = invite_member(merchant_id=merchant.id, mail="new@example.invalid", at=AT)
    assert invited.made and not invited.already
    again = invite_member(merchant_id=merchant.id, mail="New@example.invalid", at=AT)
    assert again.user_id == invited.user_id and again.already and not again.made
    assert dismiss_member(merchant_id=merchant.id, user_id=invited.user_id)
    assert not dismiss_member(merchant_id=merchant.id, user_id=invited.user_id)


def test_the_record_of_deeds_is_only_added_to():
    """The database refuses to change, delete or empty it."""
    admit()
    for statement in (
        "UPDATE market_staffdeed SET reason = 'x'",
        "DELETE FROM market_staffdeed",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert StaffDeed.objects.get(deed="merchant.admit").reason == "对照过执照原件和授权书"


def test_identity_numbers_are_checked_by_their_digit():
    """The last digit follows from the others."""
    assert check_identity(IDENTITY) and not check_identity(IDENTITY[:-1] + "2")


def test_a_restore_throws_no_papers_away():
    """What belongs to no case and to no row goes, the licence stays."""
    merchant, stores = admit(), get_stores()
    stray = blob_name(new_id(AT), "ab" * 32)
    stores.blobs.put(stray, BytesIO(b"left over"))
    after_restore._drop_strays()
    kept = blob_name(merchant.id, merchant.licence_address)
    assert stores.blobs.size(kept) and stores.blobs.size(stray) is None
