"""What was said in a dispute goes with its key at the end of its time; its course stays."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from django.db import DatabaseError, transaction
from tests.disputes.authority_kit import confirm, enter
from tests.disputes.disputes_kit import (
    BUYER,
    LATE,
    MERCHANT,
    complain,
    delivered,
    make_shop,
    run,
)

from gongdao.core.blobs import blob_name
from gongdao.core.errors import BlobMissing, KeyGone, SealedDataError
from gongdao.core.ids import new_id
from gongdao.core.keys import get_key
from gongdao.disputes.appeal import appeal_ends
from gongdao.disputes.authority_register import read_said, subject_of
from gongdao.disputes.authority_states import Asks
from gongdao.disputes.case_keys import case_keys
from gongdao.disputes.exhibit_reads import buyers_files, keep_read
from gongdao.disputes.forget_words import forget_requests, forget_words
from gongdao.disputes.models import Case, Exhibit, ExhibitRead, Offer, Post, Remedy
from gongdao.disputes.offers import Terms, decline_offer, offer
from gongdao.disputes.open_exhibit import open_exhibit
from gongdao.disputes.say import NewFile, say, withdraw
from gongdao.disputes.states import ReasonCode
from gongdao.front.stores import get_stores
from gongdao.market.market_key import market_key, order_keys
from gongdao.market.models import Order

pytestmark = pytest.mark.django_db(transaction=True)
USED = ReasonCode.ALREADY_USED
YEARS = timedelta(days=1097)
WORDS = "兑换页说卡密已被使用，截图在附件里。"


def told(shop=None):
    """A case with words of the buyer's, a file, what was read from it, and an offer; withdrawn."""
    from gongdao.disputes.decide_liability import Remedy

    stores, case = get_stores(), complain(delivered(shop), USED, words=WORDS)
    more = {"stores": stores, "case_id": case.id, "at": LATE}
    say(**more, by=BUYER, words="再补一张", files=[NewFile("截图.png", b"picture")])
    exhibit = Exhibit.objects.get(post__case=case)
    keep_read(
        stores=stores,
        case=case,
        exhibit_id=exhibit.id,
        reading="读出的字".encode(),
        readers=1,
        at=LATE,
    )
    terms = Terms(Remedy.REFUND_PART, 100, "退一元。")
    made = offer(**more, by=MERCHANT, terms=terms)
    decline_offer(**more, offer_id=made, by=BUYER)
    withdraw(**more, by=BUYER)
    Order.objects.filter(id=case.order_id).update(ended_at=LATE, state="completed")
    return Case.objects.get(id=case.id)


def forget(at):
    """The nightly step; how many cases went."""
    return forget_words(stores=get_stores(), before=at - YEARS + timedelta(days=1), at=at)


def sealed_of(case):
    """Every sealed value of a case, with the id of its row."""
    posts = list(Post.objects.filter(case=case).values_list("id", "sealed"))
    offers = list(Offer.objects.filter(case=case).values_list("id", "sealed"))
    names = list(Exhibit.objects.filter(post__case=case).values_list("id", "sealed_name"))
    return [(one, bytes(sealed)) for one, sealed in [*posts, *offers, *names]]


def test_after_its_time_nothing_can_be_read_any_more():
    """The day before everything opens; afterwards, with all that lies in the database and whatever
    was sealed kept aside, no word, name, file or reading does, and each row still stands."""
    case, stores = told(), get_stores()
    kept, place = sealed_of(case), Exhibit.objects.get().blob
    read = bytes(ExhibitRead.objects.get().sealed)
    before = case_keys(stores=stores, case=case, at=LATE)
    assert before.read_words(*kept[0]) == WORDS and len(kept) >= 4
    assert forget(LATE + YEARS - timedelta(days=1)) == 0
    assert open_exhibit(
        stores=stores, case=case, exhibit_id=Exhibit.objects.get().id, by=BUYER, at=LATE
    )
    assert forget(LATE + YEARS) == 1 and forget(LATE + YEARS) == 0
    case.refresh_from_db()
    assert (bytes(case.own_key), case.erased_at) == (b"", LATE + YEARS)
    with pytest.raises(KeyGone):
        case_keys(stores=stores, case=case, at=LATE)
    market = order_keys(stores, LATE)
    for row, sealed in [*kept, (Exhibit.objects.get().id, read)]:
        with pytest.raises(SealedDataError):
            market.open(row, sealed)
    with pytest.raises(BlobMissing), stores.blobs.open(place):
        pass
    assert not ExhibitRead.objects.exists() and sealed_of(case) == kept
    assert buyers_files(stores=stores, case=case, readers=1, at=LATE) == ()
    assert {"opened", "said", "offered", "withdrawn"} <= set(
        case.events.values_list("kind", flat=True)
    )


def test_nothing_more_is_said_in_it():
    """A word that comes after is refused, and nothing of it is kept."""
    case = told()
    forget(LATE + YEARS)
    with pytest.raises(KeyGone):
        say(stores=get_stores(), case_id=case.id, by=BUYER, words="还有", at=LATE + YEARS)
    assert Post.objects.filter(case=case).count() == 2


def test_each_case_has_a_key_of_its_own():
    """What one case's key opens the other's does not, nor the market's; one goes and the other
    stays."""
    shop, stores = make_shop(stock=2), get_stores()
    one, other = told(shop), complain(delivered(shop), USED, words=WORDS)
    row, sealed = sealed_of(one)[0]
    for keys in (case_keys(stores=stores, case=other, at=LATE), order_keys(stores, LATE)):
        with pytest.raises(SealedDataError):
            keys.open(row, sealed)
    assert forget(LATE + YEARS) == 1
    assert case_keys(stores=stores, case=other, at=LATE).read_words(*sealed_of(other)[0]) == WORDS


def test_a_case_from_before_is_still_read():
    """One without a key of its own opens with the market's, takes further words, and its file; at
    the end of its time its file goes, and nothing of it is read any more."""
    case, stores = complain(delivered(), USED), get_stores()
    Case.objects.filter(id=case.id).update(own_key=case.own_key)
    run("ALTER TABLE dispute_case DISABLE TRIGGER dispute_case_moves")
    run("UPDATE dispute_case SET own_key = ''")
    run("ALTER TABLE dispute_case ENABLE TRIGGER dispute_case_moves")
    case.refresh_from_db()
    say(
        stores=stores,
        case_id=case.id,
        by=BUYER,
        words=WORDS,
        files=[NewFile("a.png", b"picture")],
        at=LATE,
    )
    row, sealed = sealed_of(case)[0]
    assert order_keys(stores, LATE).open(row, sealed).decode() == WORDS
    given = {"stores": stores, "case": case, "exhibit_id": Exhibit.objects.get().id}
    assert open_exhibit(**given, by=BUYER, at=LATE).content == b"picture"
    withdraw(stores=stores, case_id=case.id, by=BUYER, at=LATE)
    Order.objects.filter(id=case.order_id).update(ended_at=LATE, state="completed")
    place = Exhibit.objects.get().blob
    assert forget(LATE + YEARS) == 1 and forget(LATE + YEARS) == 0
    case.refresh_from_db()
    with pytest.raises(BlobMissing), stores.blobs.open(place):
        pass
    with pytest.raises(KeyGone):
        case_keys(stores=stores, case=case, at=LATE)


def kept_by_authority(case):
    """An authority asks that it is kept."""
    row = enter(case, at=LATE + YEARS, asks=Asks.KEEP, hours=24)
    confirm(row, at=LATE + YEARS)


def can_be_appealed(case):
    """Another case of the order was open all the time, so that its time to appeal begins now."""
    other = complain(case.order, USED, at=LATE + timedelta(days=1))
    withdraw(stores=get_stores(), case_id=other.id, by=BUYER, at=LATE + YEARS)
    assert appeal_ends(case) > LATE + YEARS


def opened_again(case):
    """Another case of the order is open."""
    complain(case.order, USED, at=LATE + YEARS)


def not_carried_out(case):
    """Money that it gave has not gone back."""
    Remedy.objects.create(
        id=new_id(LATE),
        case=case,
        basis="verdict:1",
        place=1,
        kind="refund",
        amount_minor=1,
        currency="CNY",
        next_try_at=LATE,
        planned_at=LATE,
    )


@pytest.mark.parametrize("why", [kept_by_authority, can_be_appealed, opened_again, not_carried_out])
def test_it_stays_while_somebody_needs_it(why):
    """A standing request, time to appeal, another open case of the order, or a remedy that waits
    keeps the words."""
    case = told()
    why(case)
    assert forget(LATE + YEARS) == 0
    case.refresh_from_db()
    assert case_keys(stores=get_stores(), case=case, at=LATE).read_words(*sealed_of(case)[0])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE dispute_case SET own_key = sha256('x')",
        "UPDATE dispute_case SET own_key = ''",
        "UPDATE dispute_case SET erased_at = now()",
    ],
)
def test_the_database_lets_a_key_go_only_for_good(statement):
    """No other key is put in its place, none goes without its moment, nor the moment without it."""
    told()
    with pytest.raises(DatabaseError), transaction.atomic():
        run(statement)


def test_a_request_goes_three_years_after_it_was_over():
    """Words and paper cannot be read, the entry in the register stays; one that stands stays
    whole."""
    case, stores = complain(delivered(), USED), get_stores()
    row = enter(case, hours=10)
    confirm(row)
    given = {"stores": stores, "at": LATE + YEARS}
    assert forget_requests(**given, before=LATE + timedelta(hours=10)) == 0
    assert read_said(stores=stores, row=row)
    assert forget_requests(**given, before=LATE + timedelta(hours=11)) == 1
    assert forget_requests(**given, before=LATE + timedelta(hours=11)) == 0
    row.refresh_from_db()
    assert read_said(stores=stores, row=row) is None and row.state == "confirmed"
    with pytest.raises(KeyGone):
        get_key(stores=stores, subject=subject_of(row.id))


def test_a_request_that_nobody_checked_goes_too():
    """What one person wrote of somebody, and no second ever looked at, is not kept for longer."""
    row, stores = enter(complain(delivered(), USED), hours=10), get_stores()
    given = {"stores": stores, "at": LATE + YEARS}
    assert forget_requests(**given, before=LATE) == 0
    assert forget_requests(**given, before=LATE + timedelta(seconds=1)) == 1
    assert read_said(stores=stores, row=row) is None


def test_a_restore_keeps_what_was_handed_in():
    """Files of disputes are no strays; those of no row are."""
    from gongdao.front.server.after_restore import _drop_strays

    case, stores = told(), get_stores()
    stray = blob_name(new_id(LATE), "0" * 64)
    stores.blobs.put(stray, BytesIO(b"stray"))
    _drop_strays()
    exhibit = Exhibit.objects.get()
    assert open_exhibit(stores=stores, case=case, exhibit_id=exhibit.id, by=BUYER, at=LATE)
    with pytest.raises(BlobMissing), stores.blobs.open(stray):
        pass


def test_the_key_is_no_statement(django_assert_num_queries):
    """To make the key of a case, or to find it, asks the database nothing."""
    case, stores = complain(delivered(), USED), get_stores()
    market_key(stores, LATE)
    with django_assert_num_queries(0):
        keys = case_keys(stores=stores, case=case, at=LATE)
        assert keys.read_words(case.id, keys.seal_words(case.id, WORDS)) == WORDS
