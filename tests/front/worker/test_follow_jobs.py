"""Reminders through real servers that are late, silent, broken or refuse; two workers at once; a
worker that dies between asking and hearing."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.db import connection
from tests.casework.online.follow_kit import (
    BEGUN,
    COMPLAINT,
    Box,
    Clock,
    add_confirmed,
    begin,
    stop_clock,
)
from tests.evidence.dossier_kit import at

from gongdao.casework.follow.messenger_port import MessageDelayed, Receipt
from gongdao.casework.follow.plan_reminders import fit_daytime
from gongdao.casework.follow.results import Result, SaidResult
from gongdao.casework.online import reminders
from gongdao.casework.online.follow_case import follow_case
from gongdao.casework.online.models import Reminder
from gongdao.casework.online.open_case import OpenCase
from gongdao.casework.online.outcomes import say_result
from gongdao.casework.online.prepare_reminder import prepare_reminder
from gongdao.casework.online.reminders import BACK_OFF, LEASE, claim_reminder, settle_reminder
from gongdao.core.envelope import MasterKeys
from gongdao.core.language import Phrase
from gongdao.core.stores import Stores
from gongdao.front.stores import get_stores
from gongdao.front.worker import follow_tasks
from gongdao.front.worker.follow_tasks import (
    ask_to_follow,
    follow_batch,
    follow_every_case,
    follow_new_rules,
    follow_one,
    send_due,
)
from gongdao.front.worker.messengers.apprise_messenger import AppriseMessenger
from gongdao.front.worker.messengers.mail import MailMessenger, MailServer

pytestmark = pytest.mark.django_db(transaction=True)
DUE = at("11-20 09:00:30")
"""When the reminder "the other side's time is up" is due, half a minute past nine."""
KEY = "aBcDeFgHiJkLmNoP"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """It is the morning after the authority's time ran out."""
    return stop_clock(monkeypatch, DUE)


@pytest.fixture(autouse=True)
def no_jobs(db: None) -> None:
    """The queue is not emptied between tests by itself."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


def waiting(kind: str = "mail", fields: dict[str, str] | None = None) -> OpenCase:
    """A case with one address and one reminder that is due."""
    case = begin(COMPLAINT)
    add_confirmed(case, kind, fields, as_of=BEGUN)
    follow_case(stores=get_stores(), case_id=case.row.id, at=at("11-12 10:00:00"))
    return case


def due_row(case: OpenCase) -> Reminder:
    """The reminder that is due."""
    return Reminder.objects.get(case_id=case.row.id, key__contains="/passed/regulator")


@dataclass
class Mailbox:
    """A mail server: what it says, how long it takes, what it took."""

    data: str = "250 OK"
    rcpt: str = "250 OK"
    wait_s: float = 0
    drop: bool = False
    took: list[bytes] = field(default_factory=list)

    async def handle_RCPT(self, _server: Any, _s: Any, envelope: Any, to: str, _o: Any) -> str:
        """Answer for a recipient."""
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(to)
        return self.rcpt

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        """Take a mail."""
        time.sleep(self.wait_s)
        if self.data.startswith("250"):
            self.took.append(envelope.content)
        if self.drop:
            server.transport.abort()
        return self.data

    @property
    def ids(self) -> list[str]:
        """The Message-ID of each mail that was taken."""
        return [str(message_from_bytes(raw)["Message-ID"]) for raw in self.took]


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, MailMessenger]]:
    """A real SMTP server on this machine, and a messenger that speaks to it."""
    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    server = MailServer("smtp", "127.0.0.1", port, "notice@gongdao.example")
    yield box, MailMessenger(server, limit_s=1)
    controller.stop()


def send(**messengers: Any) -> dict[str, int]:
    """One round of the worker."""
    return send_due(messengers=messengers).counts


def test_a_reminder_goes_out_once(clock: Clock, mailbox: tuple[Mailbox, MailMessenger]):
    """At nine it is sent with a link to the case and one to stop; the next rounds send nothing."""
    box, mail = mailbox
    case = waiting()
    clock.at = at("11-20 08:59:59")
    assert send(mail=mail) == {}
    clock.at = DUE
    assert send(mail=mail) == {"sent": 1}
    [raw] = box.took
    body = message_from_bytes(raw, policy=default).get_content()
    assert f"/c/{case.content.link}/follow/" in body and "/c/-/follow/stop/" in body
    for secret in ("示例", "98", "12315", COMPLAINT.number):
        assert secret not in re.sub(r"https?://\S+", "", body)
    row = due_row(case)
    assert (row.state, row.sent_at, row.attempts) == ("sent", DUE, 1)
    for _minute in range(3):
        clock.go(minutes=1)
        assert send(mail=mail) == {}
    follow_one(str(case.row.id))
    assert send(mail=mail) == {} and len(box.took) == 1


def test_at_night_it_waits_for_the_morning(clock: Clock):
    """What became due late is not sent at ten in the evening."""
    case, box = waiting(), Box()
    clock.at = at("11-20 22:00:00")
    assert send(mail=box) == {}
    assert due_row(case).state == "pending"
    clock.at = at("11-21 09:00:00")
    assert send(mail=box) == {"sent": 1}


def test_what_no_longer_belongs_is_dropped_at_the_last_moment(clock: Clock):
    """A case that was closed a second ago, before any job followed it, sends nothing."""
    case, box = waiting(), Box()
    said = SaidResult(Result.REFUNDED, DUE, closes=True)
    say_result(case=case, said=said, after=None, at=DUE)
    assert send(mail=box) == {} and not box.took
    assert due_row(case).state == "cancelled"


@pytest.mark.parametrize("data", ["451 later", "554 no"])
def test_a_server_that_does_not_take_it(
    clock: Clock, mailbox: tuple[Mailbox, MailMessenger], data: str
):
    """A passing trouble is tried again with growing waits; a refusal ends with its reason."""
    box, mail = mailbox
    case = waiting()
    box.data = data
    if data.startswith("5"):
        assert send(mail=mail) == {"failed": 1}
        row = due_row(case)
        assert row.state == "failed" and row.problem == "邮件服务器不收这封信（{code}）|554"
        clock.go(days=1)
        assert send(mail=mail) == {}
        return
    for number, wait in enumerate(BACK_OFF[:4], 1):
        assert send(mail=mail) == {"pending": 1}
        row = due_row(case)
        assert (row.attempts, row.next_try) == (number, clock.at + wait)
        clock.at = row.next_try - timedelta(seconds=1)
        assert send(mail=mail) == {}
        clock.at = row.next_try
    box.data = "250 OK"
    assert send(mail=mail) == {"sent": 1} and len(box.took) == 1
    assert due_row(case).problem == ""


def test_after_the_last_try_it_is_given_up(clock: Clock):
    """Six tries over fifteen hours and a night; then the page says why."""
    case = waiting()
    box = Box(error=MessageDelayed(Phrase("邮件服务器太慢，没有答复")))
    rounds = 0
    while due_row(case).state == "pending":
        clock.at = max(clock.at, due_row(case).next_try)
        if not send(mail=box):
            clock.at = fit_daytime(clock.at)
            continue
        rounds += 1
    row = due_row(case)
    assert rounds == len(BACK_OFF) + 1 and row.state == "failed"
    assert row.problem == "邮件服务器太慢，没有答复"


def test_a_silent_server_holds_up_no_other(clock: Clock, mailbox: tuple[Mailbox, MailMessenger]):
    """The mail waits for its second try, the other address gets its message in the same round."""
    box, mail = mailbox
    box.wait_s = 1.5
    case, push = waiting(), Box()
    add_confirmed(case, "bark", {"key": KEY}, as_of=BEGUN)
    follow_one(str(case.row.id))
    assert send(mail=mail, bark=push) == {"pending": 1, "sent": 1}
    assert len(push.took) == 1


def test_a_server_that_took_it_and_broke_off_gets_the_same_id(
    clock: Clock, mailbox: tuple[Mailbox, MailMessenger]
):
    """Nobody said that it arrived, so it goes again; by its Message-ID the mailbox can tell."""
    box, mail = mailbox
    waiting()
    box.drop = True
    assert send(mail=mail) == {"pending": 1}
    box.drop = False
    clock.go(minutes=1)
    assert send(mail=mail) == {"sent": 1}
    assert len(box.ids) == 2 and len(set(box.ids)) == 1


@pytest.fixture
def bark() -> Iterator[tuple[list[str], Callable[[bytes], None], AppriseMessenger]]:
    """A Bark server: its requests, how to choose its answer, a messenger for it."""
    seen, answer = list[str](), [b'{"code":200,"message":"success"}']

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            seen.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer[0])))
            self.end_headers()
            self.wfile.write(answer[0])

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    host = f"http://127.0.0.1:{http.server_address[1]}"
    yield seen, lambda body: answer.__setitem__(0, body), AppriseMessenger(bark_hosts=(host,))
    http.shutdown()
    thread.join()
    http.server_close()


def test_a_refused_key_fails_and_the_other_address_is_still_tried(clock: Clock, bark):
    """The phone's key was revoked: it fails with the reason, the mail goes out."""
    seen, answer, messenger = bark
    answer(b'{"code":400,"message":"failed to get device token"}')
    host = messenger._bark_hosts[0]
    case, mail = waiting("bark", {"key": KEY, "server": host}), Box()
    add_confirmed(case, as_of=BEGUN)
    follow_one(str(case.row.id))
    assert send(mail=mail, bark=messenger) == {"failed": 1, "sent": 1}
    assert len(seen) == 1 and len(mail.took) == 1
    failed = Reminder.objects.get(case_id=case.row.id, state="failed")
    assert failed.problem == "服务不认这个地址或密钥（{code}）|400"
    clock.go(minutes=10)
    assert send(mail=mail, bark=messenger) == {}


def test_without_its_messenger_it_waits(clock: Clock):
    """A server that can send no mail any more says so and tries again later."""
    case = waiting()
    assert send(bark=Box()) == {"pending": 1}
    assert due_row(case).problem == reminders.NOT_NOW


def test_a_worker_that_dies_leaves_one_more_try_under_the_same_id(clock: Clock):
    """Between asking and hearing: sent again once after the lease, then given up as unknown."""
    case, box = waiting(), Box()
    claim = claim_reminder(at=clock.at)
    assert claim is not None and due_row(case).state == "requested"
    assert send(mail=box) == {}
    clock.at += LEASE
    assert send(mail=box) == {"sent": 1}
    assert box.took[0].message_id == str(due_row(case).id)
    state = settle_reminder(claim=claim, answer=Receipt("mail", "x"), at=clock.at)
    assert state == "sent" and due_row(case).attempts == 2


def test_a_worker_that_dies_twice_stops_trying(clock: Clock):
    """What may have arrived twice is not sent a third time; the page says that nobody knows."""
    case, box = waiting(), Box()
    for _crash in range(2):
        assert claim_reminder(at=clock.at) is not None
        clock.at += LEASE
    assert send(mail=box) == {} and not box.took
    row = due_row(case)
    assert (row.state, row.problem) == ("failed", reminders.BROKEN_TWICE)


def race(workers: int = 2) -> list[str]:
    """Several workers take what is due at the same moment: the ids that they were given."""
    ready, taken = threading.Barrier(workers), list[str]()

    def work() -> None:
        try:
            ready.wait()
            while (claim := claim_reminder(at=DUE)) is not None:
                taken.append(str(claim.id))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return taken


def test_two_workers_never_take_the_same(clock: Clock):
    """Twenty reminders, four workers: each is taken once."""
    for _n in range(20):
        waiting()
    taken = race(4)
    assert len(taken) == len(set(taken)) == 20


def test_control_without_the_lock_two_workers_take_the_same(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    """With the guard removed the same race doubles, so the test above can fail."""
    for _n in range(4):
        waiting()
    both = threading.Barrier(2)

    def unguarded(at_: Any) -> Reminder | None:
        states = ["pending", "requested"]
        due = Reminder.objects.filter(state__in=states, next_try__lte=at_)
        row = due.order_by("next_try", "id").first()
        if row is not None:
            both.wait(timeout=5)
        return row

    monkeypatch.setattr(reminders, "lock_due", unguarded)
    taken = race(2)
    assert len(taken) == 8 and len(set(taken)) == 4


def test_two_workers_follow_one_case_at_once(clock: Clock):
    """Rows are made once, whoever comes first."""
    case = begin(COMPLAINT)
    add_confirmed(case, as_of=BEGUN)
    ready = threading.Barrier(3)

    def work() -> None:
        try:
            ready.wait()
            follow_one(str(case.row.id))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    keys = list(Reminder.objects.values_list("key", flat=True))
    assert keys and len(keys) == len(set(keys))


def jobs(name: str) -> list[dict[str, Any]]:
    """The jobs of one name that wait."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args FROM procrastinate_jobs WHERE task_name = %s AND status = 'todo'", [name]
        )
        return [json.loads(row[0]) for row in cursor.fetchall()]


def test_asking_twice_is_one_job():
    """However often a case changes, one job waits for it."""
    case = begin()
    for _time in range(3):
        ask_to_follow(case.row.id)
    assert jobs("follow_case") == [{"case_id": str(case.row.id)}]


def test_every_open_case_is_followed_in_the_morning(monkeypatch: pytest.MonkeyPatch):
    """In batches, each of which asks for the next one."""
    monkeypatch.setattr(follow_tasks, "BATCH", 2)
    cases = [begin(as_of=BEGUN + timedelta(minutes=n)) for n in range(3)]
    follow_every_case(0)
    assert jobs("follow_batch") == [{"after": None}]
    follow_batch(None)
    assert len(jobs("follow_case")) == 2
    assert {"after": str(cases[1].row.id)} in jobs("follow_batch")
    follow_batch(str(cases[1].row.id))
    assert {job["case_id"] for job in jobs("follow_case")} == {str(c.row.id) for c in cases}


def test_new_rule_data_asks_for_the_cases_counted_with_old(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    """Nothing on most days; after a change every case with a running deadline, once."""
    case = waiting()
    follow_new_rules(0)
    assert jobs("follow_case") == []
    monkeypatch.setattr(follow_tasks, "digest_rules", lambda: "0" * 64)
    follow_new_rules(0)
    assert jobs("follow_case") == [{"case_id": str(case.row.id)}]


def test_one_broken_case_does_not_stop_the_others(clock: Clock, monkeypatch: pytest.MonkeyPatch):
    """Its key does not open: it is tried again later, the other's reminder goes out."""
    broken, case, box = waiting(), waiting(), Box()
    right = get_stores()
    wrong = Stores(MasterKeys((bytes(range(32)),)), right.blobs)

    def prepare(**given: Any) -> Any:
        mine = given["claim"].case_id == broken.row.id
        return prepare_reminder(**{**given, "stores": wrong if mine else right})

    monkeypatch.setattr(follow_tasks, "prepare_reminder", prepare)
    assert send(mail=box)["sent"] == 1 and len(box.took) == 1
    assert due_row(case).state == "sent" and due_row(broken).state == "pending"
