"""The job that tells the sides of a dispute: sent once, tried again when a messenger is down, given
up in the end, and never twice where a worker dies in between."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.disputes.disputes_kit import LATE, complain, delivered, make_shop, member

from gongdao.casework.follow.messenger_port import Message, MessageDelayed, MessageRefused
from gongdao.disputes.models import Notice
from gongdao.disputes.notices import claim_notice, is_told
from gongdao.disputes.states import ReasonCode
from gongdao.front.worker import dispute_tasks
from gongdao.front.worker.dispute_tasks import send_dispute_notices
from gongdao.market.notice_queue import BACK_OFF, LEASE

pytestmark = pytest.mark.django_db(transaction=True)
USED = ReasonCode.ALREADY_USED
WORDS = "打开就提示已被使用。"


class Fake:
    """A messenger that keeps what it took; ``fails`` are the errors of its next tries."""

    def __init__(self, *fails: Exception) -> None:
        self.took: list[Message] = []
        self.fails = list(fails)

    def send(self, message: Message) -> None:
        """Take it, or fail as told."""
        if self.fails:
            raise self.fails.pop(0)
        self.took.append(message)


@pytest.fixture
def clock(monkeypatch):
    """The worker's clock, to be set forward."""
    at = [LATE]
    monkeypatch.setattr(dispute_tasks, "now", lambda: at[0])
    return at


@pytest.fixture
def case():
    """A case that waits for a merchant with one member."""
    shop = make_shop()
    member(shop)
    return complain(delivered(shop), USED, words=WORDS)


def send(fake):
    """One round of the job."""
    return send_dispute_notices(messengers={"mail": fake})


def test_the_merchant_is_told_once(case, clock):
    """The mail names the order and where to look, nothing of what was said; the next rounds send
    nothing, and his silence counts from here on."""
    fake = Fake()
    assert not is_told(case) and send(fake) == {"accepted": 1} and is_told(case)
    [message] = fake.took
    assert case.order.number in message.title and f"/desk/disputes/{case.id}/" in message.body
    assert WORDS not in message.body and WORDS not in message.title
    for _round in range(3):
        clock[0] += timedelta(days=1)
        assert send(fake) == {}
    assert len(fake.took) == 1


def test_a_messenger_that_is_down_is_tried_again(case, clock):
    """Not before its time, each time later; then it is told, once."""
    fake = Fake(MessageDelayed("down"), MessageDelayed("down"))
    assert send(fake) == {"planned": 1} and send(fake) == {}
    notice = Notice.objects.get(case=case)
    assert (notice.tries, notice.problem, notice.next_try_at) == (1, "down", LATE + BACK_OFF[0])
    clock[0] += BACK_OFF[0]
    assert send(fake) == {"planned": 1} and send(fake) == {}
    clock[0] += BACK_OFF[1]
    assert send(fake) == {"accepted": 1} and len(fake.took) == 1
    notice.refresh_from_db()
    assert (notice.state, notice.tries, notice.next_try_at) == ("accepted", 3, None)


def test_it_is_given_up_and_silence_does_not_count(case, clock):
    """Down for good: after the last try it is failed, and nobody was told."""
    fake = Fake(*[MessageDelayed("down")] * 9)
    for wait in (timedelta(0), *BACK_OFF):
        clock[0] += wait
        send(fake)
    notice = Notice.objects.get(case=case)
    assert (notice.state, notice.tries) == ("failed", len(BACK_OFF) + 1)
    clock[0] += timedelta(days=2)
    assert send(fake) == {} and not fake.took and not is_told(case)


def test_a_refused_address_is_not_tried_again(case, clock):
    """An address that does not exist ends it at once."""
    fake = Fake(MessageRefused("no such user"))
    assert send(fake) == {"failed": 1}
    clock[0] += timedelta(days=1)
    assert send(fake) == {} and Notice.objects.get().problem == "no such user"


def test_a_second_member_is_told_where_the_first_cannot_be(clock):
    """One address, whichever is asked first, refuses; the other takes it, and the side is told."""
    shop = make_shop()
    member(shop, "first")
    member(shop, "second")
    case = complain(delivered(shop), USED)
    fake = Fake(MessageRefused("no such user"))
    assert send(fake) == {"accepted": 1}
    assert len(fake.took) == 1 and not fake.fails and is_told(case)


def test_a_worker_that_dies_while_sending_sends_once_more_at_most(case, clock):
    """Claimed and never settled: left alone for its lease, sent once more under the same key, by
    which the messenger can tell it; dying again gives it up."""
    assert claim_notice(at=clock[0]) is not None
    fake = Fake()
    assert send(fake) == {} and not fake.took
    clock[0] += LEASE
    again = claim_notice(at=clock[0])
    assert again is not None and again.tries == 2
    clock[0] += LEASE
    assert send(fake) == {} and not fake.took
    assert Notice.objects.get().state == "failed"


def test_two_workers_take_different_notices(clock):
    """What one has claimed the other does not get."""
    shop = make_shop()
    member(shop)
    for _number in range(2):
        complain(delivered(shop), USED)
    first, second = claim_notice(at=clock[0]), claim_notice(at=clock[0])
    assert first is not None and second is not None and first.id != second.id
    assert claim_notice(at=clock[0]) is None


def test_the_buyer_is_told_at_the_contact_of_his_order(clock):
    """His address is read from the sealed order, and the link leads to the order."""
    from tests.disputes.disputes_kit import MERCHANT

    from gongdao.disputes.decide_liability import Remedy
    from gongdao.disputes.offers import Terms, offer
    from gongdao.front.stores import get_stores

    shop = make_shop()
    case = complain(delivered(shop, contact="me@example.invalid"), USED)
    terms = Terms(Remedy.REFUND_PART, 100)
    offer(stores=get_stores(), case_id=case.id, by=MERCHANT, terms=terms, at=LATE)
    fake = Fake()
    send(fake)
    [message] = [one for one in fake.took if one.address["to"] == "me@example.invalid"]
    assert f"/orders/{case.order.number}/" in message.body
