"""The watchdog: every order whose status and promise disagree is found in one round, and remedied
or explained."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from tests.market.fake_suppliers import FakeSupplier, running_supplier
from tests.market.market_kit import AT, make_shop, order, pay
from tests.market.supply_kit import BY_HAND, get_order, order_top_up, supplied_shop, work

from gongdao.core.subject import SubjectRef
from gongdao.front.stores import get_stores
from gongdao.ledger.check_ledger import check_ledger
from gongdao.log.models import LogPending
from gongdao.market.deliver_by_hand import deliver_by_hand, read_handed
from gongdao.market.give_back import refund_confirmed
from gongdao.market.models import BuyerPace, Finding, Order, RiskAnswer, Supply
from gongdao.market.risk import answer_risk_question, withdraw_delayed
from gongdao.market.watch_orders import watch_orders
from gongdao.market.words import WHY, why_words
from gongdao.payments.models import Refund
from gongdao.vault.queries import get_units
from gongdao_verify.leaf_form import parse_leaf

pytestmark = pytest.mark.django_db(transaction=True)
DUE = AT + timedelta(minutes=10)


def _watch(at):
    done = watch_orders(stores=get_stores(), at=at)
    assert not done.refused
    return {verdict.code for verdict in done.found.values()}


def _tell(number, why, state):
    row = Order.objects.get(number=number)
    assert (row.state, row.why) == (state, why)


def test_all_is_well_and_nothing_is_found():
    """Orders that wait in time, and delivered ones, are left alone, round after round."""
    shop = make_shop()
    order(shop, contact="a@example.invalid")
    pay(order(shop))
    hand = order(make_shop(stock=0, offer=BY_HAND, merchant=shop.merchant))
    pay(hand)
    for seconds in (1, 12, 60):
        assert _watch(AT + timedelta(minutes=1, seconds=seconds)) == set()
    assert not Finding.objects.exists()


def test_a_placed_order_beyond_its_reservation_is_expired():
    """What the expiry overlooked is found ten seconds later."""
    placed = order(make_shop(stock=1))
    assert _watch(AT + timedelta(minutes=15, seconds=11)) == {"past_reservation"}
    _tell(placed.number, "not_paid_in_time", "expired")
    assert _watch(AT + timedelta(minutes=16)) == set()


def test_goods_by_hand_late_then_refunded():
    """Past the promise the order says so; past the grace the money goes back by itself."""
    placed = order(make_shop(stock=0, offer=BY_HAND))
    pay(placed)
    assert _watch(DUE + timedelta(seconds=30)) == {"promise_passed"}
    _tell(placed.number, "late_merchant", "paid")
    assert _watch(DUE + timedelta(minutes=31)) == {"promise_broken"}
    _tell(placed.number, "not_delivered_in_time", "refunding")
    assert Refund.objects.get().amount_minor == placed.total.minor
    assert not [one for one in check_ledger().differences if one.code != "guard"]


def test_goods_by_hand_in_time_and_late():
    """Delivered in time all stays held; delivered late five per cent go back."""
    shop = make_shop(stock=0, offer=BY_HAND)
    intime, late = order(shop), order(shop, contact="b@example.invalid")
    for placed in (intime, late):
        pay(placed)

    def deliver(placed, at, texts=("账号 a，密码 b",)):
        return deliver_by_hand(
            stores=get_stores(),
            order_id=get_order(placed).id,
            merchant_id=shop.merchant.id,
            texts=texts,
            by=shop.merchant.id,
            at=at,
        )

    assert deliver(intime, AT + timedelta(minutes=5))
    assert not deliver(intime, AT + timedelta(minutes=5))
    assert not Refund.objects.exists()
    assert deliver(late, DUE + timedelta(minutes=5))
    assert Refund.objects.get().amount_minor == 490
    _tell(late.number, "delivered_late", "delivered")
    (handed,) = read_handed(stores=get_stores(), order_id=get_order(late).id, at=DUE)
    assert handed.text == "账号 a，密码 b"


def _run(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_a_delivered_order_without_its_secret_is_made_whole():
    """A claim that was lost is found with the payment and allocated anew; with an empty shelf the
    money goes back."""
    shop = make_shop(stock=2)
    whole, lost = order(shop), order(shop, contact="b@example.invalid")
    for placed in (whole, lost):
        pay(placed)
    its = get_units(SubjectRef("order", get_order(whole).id))[0].unit
    _run("ALTER TABLE vault_claim DISABLE TRIGGER vault_claim_kept")
    _run("DELETE FROM vault_claim")
    _run("ALTER TABLE vault_claim ENABLE TRIGGER vault_claim_kept")
    _run("UPDATE vault_unit SET state = 'available' WHERE id = %s", its)
    assert _watch(AT + timedelta(minutes=1, seconds=5)) == set()
    assert _watch(AT + timedelta(minutes=1, seconds=30)) == {"secrets_missing"}
    states = sorted(Order.objects.values_list("state", flat=True))
    assert states == ["delivered", "refunding"]
    assert _watch(AT + timedelta(minutes=2)) == set()
    assert not any(b"order.replaced" in bytes(one.entry) for one in LogPending.objects.all())


def test_a_delivered_order_that_gets_another_secret_says_so_in_the_log():
    """Its own secret is not there any more and another one is: the leaf names the one it has."""
    shop = make_shop(stock=2)
    placed = order(shop)
    pay(placed)
    _run("ALTER TABLE vault_claim DISABLE TRIGGER vault_claim_kept")
    _run("DELETE FROM vault_claim")
    _run("ALTER TABLE vault_claim ENABLE TRIGGER vault_claim_kept")
    assert _watch(AT + timedelta(minutes=1, seconds=30)) == {"secrets_missing"}
    row = Order.objects.get()
    (unit,) = get_units(SubjectRef("order", row.id))
    leaves = LogPending.objects.filter(subject=row.log_subject).order_by("seq")
    last = parse_leaf(bytes(leaves.last().entry))
    assert (last.type, last.data["units"]) == ("order.replaced", [unit.commitment.hex()])


def test_money_of_which_the_order_does_not_know_goes_back():
    """A credit beside an order that still waits for money is found, held and refunded."""
    placed = order(make_shop(stock=1))
    _run(
        "UPDATE payments_intent SET trade_no = 'T1', credited_at = %s WHERE out_trade_no = %s",
        AT,
        placed.number,
    )
    _run(
        "INSERT INTO payments_credit"
        " (gateway, trade_no, intent_id, amount_minor, currency, surplus, at)"
        " SELECT 'sandbox', 'T1', id, amount_minor, currency, false, %s FROM payments_intent",
        AT,
    )
    assert _watch(AT + timedelta(seconds=25)) == {"payment_unknown"}
    _tell(placed.number, "payment_unknown", "refunding")
    assert Refund.objects.get().amount_minor == placed.total.minor
    assert not [one for one in check_ledger().differences if one.code != "guard"]


def test_a_refund_that_is_stuck_is_told_and_called_out():
    """The order says that a person looks after its refund; the finding stays open."""
    placed = order(make_shop(stock=0, offer=BY_HAND))
    pay(placed)
    _watch(DUE + timedelta(minutes=31))
    assert _watch(DUE + timedelta(hours=3)) == {"refund_slow"}
    _tell(placed.number, "refund_waits_for_service", "refunding")
    Refund.objects.update(state="stuck", next_try_at=None)
    assert _watch(DUE + timedelta(hours=4)) == {"refund_stuck"}
    _tell(placed.number, "refund_waits_for_person", "refunding")
    assert Finding.objects.get(code="refund_stuck").closed_at is None


def test_a_confirmed_refund_closes_what_was_found():
    """Slow, then stuck, then paid out: the next round closes both findings, and only those of this
    order."""
    shop = make_shop(stock=0, offer=BY_HAND)
    first, other = order(shop), order(shop, contact="other@example.invalid")
    pay(first)
    pay(other)
    _watch(DUE + timedelta(minutes=31))
    _watch(DUE + timedelta(hours=3))
    mine = Refund.objects.get(credit__intent__out_trade_no=first.number)
    Refund.objects.filter(id=mine.id).update(state="stuck", next_try_at=None)
    _watch(DUE + timedelta(hours=4))
    found = Finding.objects.filter(closed_at=None)
    assert {(one.order.number, one.code) for one in found} == {
        (first.number, "refund_stuck"),
        (other.number, "refund_slow"),
    }
    at = DUE + timedelta(hours=5)
    Refund.objects.filter(id=mine.id).update(state="confirmed", confirmed_at=at)
    mine.refresh_from_db()
    with transaction.atomic():
        refund_confirmed(stores=get_stores(), refund=mine, at=at)
    assert _watch(at) == {"refund_slow"}
    assert [one.order.number for one in Finding.objects.filter(closed_at=None)] == [other.number]


def test_a_top_up_without_a_result_ends():
    """Unknown is told at once; a day past the promise the buyer gets his money, and a late success
    calls a person without moving money."""
    with running_supplier() as fake:
        placed = order_top_up(supplied_shop(fake))
        pay(placed)
        fake.moods = ["silent"]
        work(AT + timedelta(minutes=2))
        assert _watch(AT + timedelta(minutes=3)) == set()
        assert get_order(placed).why == "top_up_unknown"
        assert _watch(DUE + timedelta(hours=24, minutes=1)) == {"top_up_too_long"}
        _tell(placed.number, "top_up_too_long", "refunding")
        next(iter(fake.orders.values()))["state"] = 1
        work(DUE + timedelta(hours=25))
        assert "supplier_doubt" in _watch(DUE + timedelta(hours=25, minutes=1)) | set(
            Finding.objects.filter(closed_at=None).values_list("code", flat=True)
        )
    _tell(placed.number, get_order(placed).why, "refunding")
    assert Refund.objects.count() == 1


def test_a_supplier_listing_without_supplier_does_not_hang():
    """It says so at once and goes back after the grace."""
    fake = FakeSupplier("http://127.0.0.1:9")
    placed = order(supplied_shop(fake), answers={"手机号": "1"})
    Supply.objects.all().delete()
    pay(placed)
    assert _watch(AT + timedelta(minutes=2)) == {"no_supplier"}
    _tell(placed.number, "top_up_no_supplier", "paid")
    assert _watch(DUE + timedelta(minutes=31)) == {"no_supplier"}
    assert get_order(placed).state == "refunding"


def _answer(order_id, told, at):
    return answer_risk_question(
        stores=get_stores(), order_id=order_id, told_by_somebody=told, at=at
    )


def test_a_first_high_value_order_waits_for_an_answer():
    """No secret before the answer and the time after it; then it comes by itself."""
    shop = make_shop(stock=10)
    placed = order(shop, quantity=6)
    pay(placed)
    _tell(placed.number, "asks_first_high_value", "paid")
    assert _watch(AT + timedelta(hours=1)) == set()
    asked = get_order(placed).id
    at = AT + timedelta(hours=2)
    assert answer_risk_question(stores=get_stores(), order_id=asked, told_by_somebody=False, at=at)
    assert not answer_risk_question(
        stores=get_stores(), order_id=asked, told_by_somebody=True, at=at
    )
    _tell(placed.number, "delivery_delayed", "paid")
    assert _watch(at + timedelta(minutes=119)) == set()
    assert _watch(at + timedelta(minutes=121)) == {"not_delivered"}
    _tell(placed.number, "delivered", "delivered")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM vault_claim WHERE state = 'allocated'")
        assert cursor.fetchone() == (6,)
    assert not Refund.objects.exists()


def test_told_by_somebody_withdrawn_or_unanswered_goes_back():
    """Yes, a change of mind and silence all end with the money on its way back, each with its
    reason."""
    shop = make_shop(stock=30)
    placed = [order(shop, quantity=6, contact=f"b{n}@example.invalid") for n in range(3)]
    for one in placed:
        pay(one)
    yes, no, silent = (get_order(one).id for one in placed)
    later = AT + timedelta(hours=1)
    assert _answer(yes, True, later)
    assert _answer(no, False, later)
    assert withdraw_delayed(stores=get_stores(), order_id=no, at=later)
    assert _watch(AT + timedelta(hours=24, minutes=2)) == {"risk_unanswered", "refund_slow"}
    codes = dict(Refund.objects.values_list("credit__intent__owner_id", "reason"))
    expected = ["scam_suspected", "buyer_withdrew", "risk_unanswered"]
    assert [codes[n] for n in (yes, no, silent)] == expected
    assert Refund.objects.count() == 3 and RiskAnswer.objects.count() == 2


def test_late_payment_does_not_shake_the_question_off():
    """An order that expired and is paid late still waits for its answer."""
    shop = make_shop(stock=10)
    placed = order(shop, quantity=6)
    _watch(AT + timedelta(minutes=16))
    pay(placed, after=timedelta(hours=1))
    _tell(placed.number, "asks_first_high_value", "paid")


def test_who_completed_one_as_large_is_not_asked():
    """The second high-value order of a known buyer is delivered at once, that of another is not."""
    shop = make_shop(stock=30)
    first = order(shop, quantity=6)
    pay(first)
    _run(
        "UPDATE market_order SET state = 'delivered', delivered_at = now() WHERE number = %s",
        first.number,
    )
    _run("UPDATE market_order SET state = 'completed' WHERE number = %s", first.number)
    again, other = order(shop, quantity=6), order(shop, quantity=6, contact="o@example.invalid")
    for one in (again, other):
        pay(one)
    assert get_order(again).state == "delivered"
    assert get_order(other).state == "paid"


def test_too_many_orders_in_an_hour_are_asked_about():
    """The eleventh paid order of fifty yuan or more makes the next ones wait; others' do not."""
    shop = make_shop(stock=40)
    for _ in range(11):
        pay(order(shop))
    assert _watch(AT + timedelta(minutes=2)) == set()
    assert BuyerPace.objects.get().watched_until is not None
    mine, other = (
        order(shop, at=AT + timedelta(minutes=3)),
        order(shop, contact="o@example.invalid"),
    )
    for one in (mine, other):
        pay(one, after=timedelta(minutes=4))
    _tell(mine.number, "asks_velocity", "paid")
    _tell(other.number, "delivered", "delivered")


def test_every_reason_has_its_words():
    """Each code that the market writes has a sentence; an unknown one has one too."""
    import re
    from pathlib import Path

    import gongdao.market

    room = Path(gongdao.market.__file__).parent
    text = "\n".join(p.read_text("utf-8") for p in room.rglob("*.py") if p.name != "words.py")
    written = set(re.findall(r'why="([a-z_]+)"', text)) | set(
        re.findall(r'\.why = "([a-z_]+)"', text)
    )
    assert written >= {"top_up_failed", "scam_suspected"}
    assert not written - set(WHY)
    assert str(why_words("no_such_code"))
