"""Requests of authorities: entered by one, confirmed by another, only then holding, for a time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from tests.disputes.authority_kit import WHO, actor, confirm, end, enter, hold, new_request
from tests.disputes.disputes_kit import (
    HOUR,
    LATE,
    complain,
    delivered,
    make_shop,
    member,
    person,
    run,
)

from gongdao.core.errors import ConflictOfInterest, DisputeRefused, InputError, NotYourMove
from gongdao.disputes.authority_register import (
    count_by_year,
    find_kept,
    holds_of,
    read_said,
    told_requests,
)
from gongdao.disputes.authority_requests import (
    confirm_request,
    end_request,
    enter_request,
    refuse_request,
)
from gongdao.disputes.authority_states import Asks, RequestState, Tell
from gongdao.disputes.clocks import StopReason
from gongdao.disputes.fire_clocks import fire_due_clocks
from gongdao.disputes.hand_over import take_case
from gongdao.disputes.learning import Counted
from gongdao.disputes.models import AuthorityRequest, Notice
from gongdao.disputes.states import ReasonCode
from gongdao.disputes.stop_clock import Stop, stop_clock
from gongdao.front.stores import get_stores
from gongdao.market.vetting_models import StaffDeed

pytestmark = pytest.mark.django_db(transaction=True)
USED = ReasonCode.ALREADY_USED


def disputed(shop=None):
    """A case that waits for its merchant."""
    return complain(delivered(shop), USED)


def test_only_a_confirmed_request_holds():
    """Entered it does nothing; the second person's word stops the clock of its order's case at
    once, as an event with its number and a notice to both, until the day it names."""
    case = disputed()
    row = enter(case, hours=100)
    case.refresh_from_db()
    assert case.clock_stopped_at is None and holds_of(order_id=case.order_id, at=LATE) == []
    assert confirm(row) == 1
    case.refresh_from_db()
    assert case.clock_stop_until == LATE + 100 * HOUR
    event = case.events.order_by("-number").first()
    assert (event.kind, event.data["request"], len(event.leaf_hash)) == ("stopped", row.number, 32)
    told = Notice.objects.filter(case=case, event="clock_stopped").values_list("side", flat=True)
    assert sorted(told) == ["buyer", "merchant"]
    assert "公调" not in str(list(case.events.values_list("data", flat=True)))
    assert fire_due_clocks(stores=get_stores(), at=LATE + 99 * HOUR).count == 0
    assert fire_due_clocks(stores=get_stores(), at=LATE + 100 * HOUR).deeds == {"resumed": 1}
    assert holds_of(order_id=case.order_id, at=LATE + 100 * HOUR) == []


def test_two_people_and_neither_a_party():
    """Who entered it does not confirm it, nor who never opened the paper, nor who acts for the
    merchant; nor may such a one enter it, and each deed is in the record."""
    shop = make_shop()
    case = disputed(shop)
    clerk = member(shop, "clerk").email.split("@")[0]
    with pytest.raises(ConflictOfInterest):
        enter(case, by=clerk)
    row = enter(case)
    given = {"stores": get_stores(), "request_id": row.id, "reason": "属实", "at": LATE}
    for who, error in (("olga", NotYourMove), ("petra", InputError), (clerk, ConflictOfInterest)):
        with pytest.raises(error):
            confirm_request(**given, by=actor(who))
    confirm(row)
    with pytest.raises(NotYourMove):
        confirm_request(**given, by=actor("petra"))
    deeds = list(StaffDeed.objects.filter(about_kind="request").order_by("id"))
    assert [one.deed for one in deeds] == ["request.enter", "request.look", "request.confirm"]
    assert [one.who for one in deeds] == [person("olga").id, *[person("petra").id] * 2]


def test_a_stop_by_hand_names_a_request_of_its_order():
    """A request about another order, one that was refused and one that is over stop nothing; one
    that stands stopped a case that was opened later, for as long as its paper says."""
    shop = make_shop(stock=3)
    case, other = disputed(shop), disputed(shop)
    anna, stores = person("anna").id, get_stores()
    take_case(stores=stores, case_id=case.id, user_id=anna, at=LATE)
    foreign = hold(other)
    refused = enter(case, paper_no="公调 18")
    refuse_request(request_id=looked(refused), reason="没有公章", by=actor("petra"), at=LATE)
    late = delivered(shop)
    ready = confirmed(late.number, paper_no="公调 19", hours=10)
    for number in (foreign, refused.number, ready.number):
        with pytest.raises(InputError):
            by_hand(case, anna, number, LATE)
    new = complain(late, USED)
    assert (new.clock_stop_reference, new.clock_stop_until) == (ready.number, LATE + 10 * HOUR)
    take_case(stores=stores, case_id=new.id, user_id=anna, at=LATE)
    fire_due_clocks(stores=stores, at=LATE + 10 * HOUR)
    with pytest.raises(InputError):
        by_hand(new, anna, ready.number, LATE + 10 * HOUR)


def looked(row):
    """The id of a request whose paper the second person opened."""
    StaffDeed.objects.create(
        at=LATE,
        who=person("petra").id,
        who_mail="",
        deed="request.look",
        about_kind="request",
        about_id=str(row.id),
    )
    return row.id


def confirmed(*numbers, **changed):
    """A confirmed request about orders without a case."""
    request = new_request(*numbers, **changed)
    row = enter_request(stores=get_stores(), request=request, by=actor("olga"), at=LATE)
    confirm(row)
    return row


def by_hand(case, owner, number, at):
    """Its owner lets the clock stand still for a request."""
    stop = Stop(StopReason.LEGAL_HOLD, "有关机关要求不动。", reference=number)
    stop_clock(stores=get_stores(), case_id=case.id, by=owner, stop=stop, at=at)


def test_what_stood_still_for_another_reason_is_held_at_once():
    """A clock that stands still when the request is confirmed is not overlooked: its first stop
    ends, with the hours that it took, and the hold begins."""
    case, anna = disputed(), person("anna").id
    take_case(stores=get_stores(), case_id=case.id, user_id=anna, at=LATE)
    stop = Stop(StopReason.OUTAGE, "断网。", hours=5)
    stop_clock(stores=get_stores(), case_id=case.id, by=anna, stop=stop, at=LATE)
    row = enter(case)
    confirm_later = {"stores": get_stores(), "request_id": looked(row), "reason": "属实"}
    assert confirm_request(**confirm_later, by=actor("petra"), at=LATE + 2 * HOUR) == 1
    case.refresh_from_db()
    assert (case.clock_stop_reason, case.clock_stop_reference) == ("legal_hold", row.number)
    assert case.clock_stop_until == row.until and case.stood == {"outage:": 2 * 3600}


def test_a_hold_ends_with_its_request_and_only_a_new_paper_holds_longer():
    """Taken back, the clock runs on at once; the same paper is not entered twice, however it is
    spelt, and what was refused may be."""
    case = disputed()
    due = case.clock_due_at
    row = enter(case)
    confirm(row)
    with pytest.raises(InputError, match="登记过"):
        enter(case, paper_no=" 公调 〔2026〕17号 ")
    over = {"stores": get_stores(), "request_id": row.id, "by": actor("petra")}
    with pytest.raises(InputError):
        end_request(**over, reason=" ", at=LATE + HOUR)
    assert end(row, at=LATE + HOUR) == 1
    with pytest.raises(NotYourMove):
        end_request(**over, reason="再来一次", at=LATE + HOUR)
    case.refresh_from_db()
    assert case.clock_stopped_at is None and case.clock_due_at == due + HOUR
    second = enter(case, paper_no="公调 18")
    refuse_request(request_id=looked(second), reason="没有公章", by=actor("petra"), at=LATE)
    assert enter(case, paper_no="公调 18").state == RequestState.ENTERED


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"hours": 721}, "until"),
        ({"until": None}, "until"),
        ({"asks": Asks.KEEP, "hours": 24 * 367}, "until"),
        ({"orders": ()}, "orders"),
        ({"orders": ("AAAA1111BBBB",)}, "orders"),
        ({"authority": " "}, "authority"),
        ({"name": "a.txt", "paper": "text"}, "paper"),
    ],
)
def test_what_is_missing_or_too_long_is_said(changed, field):
    """More time than one request can have, no order or an unknown one, nobody who asks, or a file
    that is no paper is refused at its field, and nothing is kept."""
    case = disputed()
    if changed.get("paper") == "text":
        from io import BytesIO

        changed = changed | {"paper": BytesIO("没有文书".encode())}
    orders = changed.get("orders", (case.order.number,))
    request = new_request(*orders, **{k: v for k, v in changed.items() if k != "orders"})
    with pytest.raises(InputError) as raised:
        enter_request(stores=get_stores(), request=request, by=actor("olga"), at=LATE)
    assert raised.value.place.field == field and not AuthorityRequest.objects.exists()


def test_the_time_can_pass_before_anybody_confirms():
    """A request whose time is over is not confirmed any more."""
    row = enter(disputed(), hours=1)
    with pytest.raises(DisputeRefused):
        confirm(row, at=LATE + HOUR)


@pytest.mark.parametrize(("tell", "who"), [(Tell.NOTHING, None), (Tell.ASKED, ""), (Tell.WHO, WHO)])
def test_parties_are_told_what_the_authority_allows(tell, who):
    """Nothing, that one asked, or also which one; never before it is confirmed, and what is sealed
    stands in no column."""
    case = disputed()
    row = enter(case, tell=tell)
    told = {"stores": get_stores(), "order_id": case.order_id, "at": LATE}
    assert told_requests(**told) == []
    confirm(row)
    found = told_requests(**told)
    assert [one.who for one in found] == ([] if who is None else [who])
    row.refresh_from_db()
    assert WHO.encode() not in bytes(row.sealed)
    assert read_said(stores=get_stores(), row=row).authority == WHO


def test_counts_are_published_by_year_and_small_ones_are_none():
    """Six that hold and one that was refused: the six are told, the one is "few"."""
    order = delivered().number
    for n in range(6):
        confirmed(order, paper_no=f"公调 {n}")
    refused = enter_request(
        stores=get_stores(),
        request=new_request(order, paper_no="公调 9"),
        by=actor("olga"),
        at=LATE,
    )
    refuse_request(request_id=looked(refused), reason="没有公章", by=actor("petra"), at=LATE)
    (year,) = count_by_year(LATE)
    assert dict(year.asked) == {
        Asks.HOLD: Counted(6),
        Asks.KEEP: Counted(None),
        Asks.INFORMATION: Counted(None),
    }
    assert year.refused == Counted(None) and count_by_year(LATE - timedelta(days=1)) == ()


def test_keeping_is_no_hold():
    """A request to keep stops no clock, and names its order as one of which nothing goes."""
    case = disputed()
    row = enter(case, asks=Asks.KEEP, hours=24 * 300)
    assert confirm(row) == 0
    assert find_kept(at=LATE) == {case.order_id}
    assert find_kept(at=row.until) == set()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM authority_request",
        "DELETE FROM authority_subject",
        "UPDATE authority_request SET until = until + interval '1 day'",
        "UPDATE authority_request SET state = 'entered', checked_by_id = NULL, checked_at = NULL",
        "INSERT INTO authority_subject (request_id, order_id)"
        " SELECT r.id, o.id FROM authority_request r, market_order o",
    ],
)
def test_the_database_keeps_the_register(statement):
    """Nothing is deleted, no time grows, no check is undone, and no order is added afterwards."""
    shop = make_shop(stock=2)
    case = disputed(shop)
    hold(case)
    delivered(shop)
    with pytest.raises(DatabaseError), transaction.atomic():
        run(statement)
