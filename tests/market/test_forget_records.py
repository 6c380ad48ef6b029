"""What the retention table promises to let go of goes, through the daily job, and nothing else."""

from __future__ import annotations

import io
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import DatabaseError, transaction
from tests.log.log_kit import make_ground
from tests.market.market_kit import AT, make_shop, order, pay
from tests.market.test_record_test import PICTURE

from gongdao.core.errors import KeyGone, OrderLocked
from gongdao.core.ids import new_id
from gongdao.core.keys import get_key, make_key
from gongdao.core.models import User
from gongdao.core.subject import SubjectRef
from gongdao.evidence.kept.keep_original import keep_original
from gongdao.evidence.kept.models import Original
from gongdao.front.stores import get_stores
from gongdao.front.worker.market_tasks import read_contact
from gongdao.front.worker.retention_tasks import sweep_hourly, sweep_market
from gongdao.ledger.models import Payee
from gongdao.ledger.payees import PayeeDetails, add_payee, open_payee, retire_payee
from gongdao.log.begin import begin_log
from gongdao.log.models import LogOpening
from gongdao.market import forget_records
from gongdao.market.api_key_models import ApiAnswer, ApiKey
from gongdao.market.cancel_models import MerchantClosing
from gongdao.market.desk_models import ThreadPost
from gongdao.market.desk_orders import read_entered
from gongdao.market.desk_states import Side
from gongdao.market.expire_orders import expire_orders
from gongdao.market.models import Merchant, Order
from gongdao.market.moved_models import MovedOrder
from gongdao.market.moving_in.find_moved_order import open_moved_order
from gongdao.market.moving_in.keep_orders import old_order_keys
from gongdao.market.notices import find_contact
from gongdao.market.own_orders import as_found
from gongdao.market.prove_contact import begin_proof
from gongdao.market.record_test import NewFile, ToldTest, find_kept_files, record_test
from gongdao.market.reveal_order import reveal_order
from gongdao.market.thread import post_about_order, read_thread
from gongdao.market.vetting_models import ContactProof, MerchantPaper

pytestmark = pytest.mark.django_db(transaction=True)
LONG = timedelta(days=1097)


def _sweep(after):
    """The daily job, ``after`` the moment at which everything here happened."""
    with patch("gongdao.front.worker.retention_tasks.now", lambda: AT + after):
        sweep_market(timestamp=0)


@pytest.fixture
def row():
    """A revealed order with a picture beside its test, that has ended."""
    stores, placed = get_stores(), order(make_shop())
    pay(placed)
    found = Order.objects.get(number=placed.number)
    reveal_order(stores=stores, order=as_found(found), who="t", at=AT)
    told = {"result": ToldTest(True, None, ""), "files": [NewFile("a.png", io.BytesIO(PICTURE))]}
    assert record_test(stores=stores, order_id=found.id, at=AT, **told)
    Order.objects.filter(id=found.id).update(state="completed", ended_at=AT)
    found.refresh_from_db()
    return found


def test_files_of_a_test_go_three_years_after_the_order_ended(row):
    """A day before they are there; then row, bytes and key are gone, and again changes nothing."""
    _sweep(timedelta(days=1095))
    assert find_kept_files(order_id=row.id)
    for _n in range(2):
        _sweep(LONG)
    assert not Original.objects.filter(subject_kind="order").exists()
    with pytest.raises(KeyGone):
        get_key(stores=get_stores(), subject=SubjectRef("order", row.id))


def test_what_a_buyer_filled_in_goes_three_years_after_the_order_ended(row):
    """A day before it is there; then neither contact nor answers are, and pages that ask for them
    find nothing."""
    stores = get_stores()
    _sweep(timedelta(days=1095))
    row.refresh_from_db()
    assert find_contact(stores=stores, order=row, read=read_contact, at=AT)
    for _n in range(2):
        _sweep(LONG)
    row.refresh_from_db()
    assert bytes(row.sealed) == b"" and row.total_minor
    assert find_contact(stores=stores, order=row, read=read_contact, at=AT) is None
    assert read_entered(stores=stores, order=row, at=AT) == {}


def test_what_was_filled_in_for_orders_nobody_paid_goes_as_well(monkeypatch):
    """Three years after their time was over, all of them in one day however few at once; a day
    before they are whole, and the words about one go with it."""
    monkeypatch.setattr(forget_records, "_AT_ONCE", 2)
    shop = make_shop()
    for n in range(3):
        order(shop, contact=f"buyer-{n}@example.invalid")
    _talk(Order.objects.first())
    assert expire_orders(stores=get_stores(), at=AT + timedelta(hours=1)) == 3
    _sweep(timedelta(days=1095))
    assert not Order.objects.filter(sealed=b"").exists()
    _old_posts()
    _sweep(LONG)
    assert Order.objects.filter(sealed=b"", state="expired", ended_at=None).count() == 3
    assert ThreadPost.objects.filter(sealed=b"").count() == 2


def test_words_that_came_after_others_had_gone_go_in_their_turn(row):
    """An erased word in a thread keeps none of the later ones."""
    _talk(row)
    _old_posts()
    _sweep(LONG)
    later = AT + LONG
    post_about_order(
        stores=get_stores(), order=row, side=Side.BUYER, text="LATER", by=None, at=later
    )
    _old_posts()
    _sweep(LONG * 2)
    assert not ThreadPost.objects.exclude(sealed=b"").exists()


def test_an_order_that_has_not_ended_keeps_its_files_and_words(row):
    """However old it is."""
    _talk(row)
    Order.objects.filter(id=row.id).update(ended_at=None)
    _sweep(LONG)
    row.refresh_from_db()
    assert bytes(row.sealed)
    assert find_kept_files(order_id=row.id)
    assert not ThreadPost.objects.filter(sealed=b"").exists()


def test_words_of_a_thread_go_and_who_wrote_when_stays(row, tmp_path):
    """In the database no word is left; what opens the leaf goes with them."""
    ground, stores = make_ground(tmp_path), get_stores()
    begin_log(stores=stores, key=ground.key, at=AT)
    _talk(row)
    ground.run()
    before = LogOpening.objects.count()
    _old_posts()
    _sweep(LONG)
    posts = read_thread(stores=stores, thread=row.thread, at=AT)
    assert [one.side for one in posts] == [Side.BUYER, Side.MERCHANT]
    assert all("CANARY" not in one.text and one.text for one in posts)
    assert LogOpening.objects.count() == before - 2


def test_the_database_lets_no_young_word_go_and_none_be_rewritten(row):
    """Erasing comes after three years by its own clock; other words never come in their place."""
    _talk(row)
    with pytest.raises(DatabaseError, match="only added"), transaction.atomic():
        ThreadPost.objects.update(sealed=b"")
    _old_posts()
    for change in ({"sealed": b"x"}, {"sealed": b"", "side": "buyer"}):
        with pytest.raises(DatabaseError, match="only added"), transaction.atomic():
            ThreadPost.objects.filter(side="merchant").update(**change)
    assert not ThreadPost.objects.filter(sealed=b"").exists()


def _talk(row):
    """Two messages about the order."""
    for side in (Side.BUYER, Side.MERCHANT):
        post_about_order(stores=get_stores(), order=row, side=side, text="CANARY", by=None, at=AT)


def _old_posts():
    """The posts as if written long ago, which the database would not let anybody do."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE market_threadpost DISABLE TRIGGER USER")
        cursor.execute("UPDATE market_threadpost SET at = '2020-01-01T00:00:00Z'")
        cursor.execute("ALTER TABLE market_threadpost ENABLE TRIGGER USER")


def test_orders_of_an_old_shop_go_three_years_after_they_came():
    """Nothing opens the old one any more, and that it was stays; the database lets no younger one
    go, and none become another."""
    keys, merchant = old_order_keys(get_stores(), AT), make_shop().merchant
    plain = b'{"title": "t", "automatic": true, "content": "CANARY"}'
    for number, came in (("old", AT - LONG), ("young", AT)):
        order_id = new_id(came)
        MovedOrder.objects.create(
            id=order_id, merchant=merchant, shop="s", old_id=len(number), number=number,
            state="done", quantity=1, paid_minor=100, currency="CNY", by_password=True,
            proof=keys.proof(number, "pass", by_password=True),
            sealed=keys.seal(order_id, plain), moved_at=came,
        )  # fmt: skip
    old = MovedOrder.objects.filter(number="old")
    for rows, change in (
        (MovedOrder.objects.filter(number="young"), {"sealed": b"", "proof": b""}),
        (old, {"sealed": b""}),
        (old, {"sealed": b"", "proof": b"", "paid_minor": 1}),
    ):
        with pytest.raises(DatabaseError, match="refused"), transaction.atomic():
            rows.update(**change)
    for _n in range(2):
        _sweep(timedelta())
    given = {"stores": get_stores(), "proof": "pass", "who": "w", "at": AT}
    assert open_moved_order(number="young", **given).content == "CANARY"
    with pytest.raises(OrderLocked):
        open_moved_order(number="old", **given)
    assert bytes(old.get().sealed) == b"" and old.get().paid_minor == 100


def test_codes_that_were_sent_go_after_a_month():
    """The address goes with them; a younger one stays."""
    for days in (0, 20):
        by = new_id(AT)
        at = AT + timedelta(days=days)
        begin_proof(stores=get_stores(), contact="old@example.invalid", by=by, at=at)
    _sweep(timedelta(days=31))
    assert [one.sent_at for one in ContactProof.objects.all()] == [AT + timedelta(days=20)]


def test_what_identifies_a_merchant_goes_three_years_after_he_left():
    """Papers, contact, number and a person's name; one who is still here keeps everything."""
    stores, merchant = get_stores(), make_shop().merchant
    subject = SubjectRef("merchant", merchant.id)
    key = _key_of(subject)
    kept = keep_original(
        stores=stores,
        key=key,
        subject=subject,
        name="id.png",
        source=io.BytesIO(PICTURE),
        at=AT,
        max_bytes=10_000,
    )
    MerchantPaper.objects.create(
        id=new_id(AT),
        merchant=merchant,
        kind="identity",
        original_id=kept.row.id,
        added_at=AT,
        added_by=merchant.reviewer_id,
    )
    Merchant.objects.filter(id=merchant.id).update(uscc="", legal_name="本人", sealed=b"x")
    _sweep(LONG)
    assert MerchantPaper.objects.filter(merchant=merchant).exists()
    _leave(merchant)
    _sweep(LONG)
    merchant.refresh_from_db()
    assert not MerchantPaper.objects.filter(merchant=merchant).exists()
    assert not Original.objects.filter(subject_kind="merchant").exists()
    assert (bytes(merchant.sealed), merchant.legal_name) == (b"", "（已删除）")
    with pytest.raises(KeyGone):
        get_key(stores=stores, subject=subject)


def _key_of(subject):
    try:
        return get_key(stores=get_stores(), subject=subject)
    except KeyGone:
        return make_key(stores=get_stores(), subject=subject, at=AT)


def _leave(merchant):
    """As if his shop had been closed at AT."""
    Merchant.objects.filter(id=merchant.id).update(state="closing")
    Merchant.objects.filter(id=merchant.id).update(state="closed")
    MerchantClosing.objects.create(
        merchant=merchant,
        wanted_by="merchant",
        by_id=merchant.reviewer_id,
        reason="x",
        begun_at=AT,
        ended_at=AT,
        currency="CNY",
    )


def test_accounts_that_money_went_to_go_after_they_were_retired():
    """The key is destroyed, so that nobody reads name and number; one in use stays readable."""
    stores, merchant = get_stores(), make_shop().merchant
    owner = SubjectRef("merchant", merchant.id)
    made = [
        add_payee(
            stores=stores, merchant=owner, details=PayeeDetails("甲", "示例银行", number), at=AT
        )
        for number in ("6222000011112222", "6222000011113333")
    ]
    retire_payee(payee_id=made[0], at=AT)
    _sweep(timedelta(days=1095))
    assert open_payee(stores=stores, payee_id=made[0]).name == "甲"
    _sweep(LONG)
    with pytest.raises(KeyGone):
        open_payee(stores=stores, payee_id=made[0])
    assert open_payee(stores=stores, payee_id=made[1]).name == "甲"
    assert Payee.objects.count() == 2


def test_answers_to_api_requests_go_after_thirty_days():
    """The hourly job takes the old one and leaves the younger one."""
    user = User.objects.create(id=new_id(AT), email="api@example.invalid", joined_at=AT)
    key = ApiKey.objects.create(
        id=new_id(AT), user=user, name="k", scopes="buyer", digest=b"d", made_at=AT
    )
    for days in (0, 20):
        ApiAnswer.objects.create(
            key=key,
            named=bytes([days]),
            request=b"r",
            status=200,
            answer={},
            at=AT + timedelta(days=days),
        )
    later = AT + timedelta(days=31)
    with patch("gongdao.front.worker.retention_tasks.now", lambda: later):
        sweep_hourly(timestamp=0)
    assert [bytes(one.named) for one in ApiAnswer.objects.all()] == [bytes([20])]
