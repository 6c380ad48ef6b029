"""Reminders of a case, one row per reminder and address: planned, claimed, sent, or given up.

A row is claimed with its state ``requested``, committed, and only then sent: a crash in between
leaves a row of which nobody knows whether it went out. Such a row is sent once more under the same
id, by which a mailbox drops the double; broken off again, it is given up. Two workers never claim
the same row: its lock is skipped, and what was claimed is not due again before ``LEASE``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from gongdao.casework.follow.messenger_port import (
    Message,
    MessageDelayed,
    MessageRefused,
    Receipt,
)
from gongdao.casework.follow.plan_reminders import (
    LATE,
    LINK,
    PlannedReminder,
    fit_daytime,
)
from gongdao.casework.online.addresses import KeptAddress
from gongdao.casework.online.models import Reminder, ReminderState
from gongdao.core.ids import new_id
from gongdao.core.language import Bilingual, Phrase, mark

BACK_OFF = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 720))
"""How long to wait after each try that may be repeated; then it is given up."""
LEASE = timedelta(minutes=5)
"""How long a claimed row is left alone; longer than any messenger may take."""
INTERRUPTED = mark("发送时中断了，再发一次")
BROKEN_TWICE = mark("发送时两次中断，不知道有没有送到，不再发")
NOT_NOW = mark("这台服务器现在不能用这种方式发提醒")
_LONGEST_PROBLEM = 80
_ENDED = (ReminderState.SENT, ReminderState.FAILED)


@dataclass(frozen=True)
class Claimed:
    """A reminder that this worker has to send now, and nobody else."""

    id: UUID
    case_id: UUID
    address_id: UUID
    key: str
    due: datetime
    attempt: int

    @property
    def planned_key(self) -> str:
        """The key of the planned reminder, without the address."""
        return self.key.partition("/")[2]


@dataclass(frozen=True)
class KeptReminder:
    """A reminder of one address, for the page: ``problem`` is why it did not go out."""

    address_id: UUID
    key: str
    kind: str
    due: datetime
    state: str
    attempts: int
    next_try: datetime
    sent_at: datetime | None
    problem: Phrase | None


def row_key(address_id: UUID, planned_key: str) -> str:
    """The key of the row of one reminder to one address."""
    return f"{address_id.hex}/{planned_key}"


def keep_reminders(
    *,
    case_id: UUID,
    planned: Sequence[PlannedReminder],
    addresses: Iterable[KeptAddress],
    at: datetime,
) -> None:
    """Bring the rows up to ``planned``, for every address. The caller holds the case's lock.

    New ones are added, none that would be more than a day late, came before its address, or is for
    a morning on which one of its kind went out already; those that no longer belong to the case are
    cancelled, cancelled ones that do come back, a moved one moves. What was sent, failed, or is
    being sent or tried again stays as it is.
    """
    wanted = {
        row_key(address.id, one.key): one
        for address in addresses
        for one in planned
        if one.at >= (address.confirmed_at or at)
    }
    rows = {row.key: row for row in Reminder.objects.filter(case_id=case_id)}
    wanted = _not_gone_out(wanted, rows)
    fresh = [
        _row(case_id, key, one, at)
        for key, one in wanted.items()
        if key not in rows and one.at >= at - LATE
    ]
    Reminder.objects.bulk_create(fresh, ignore_conflicts=True)
    gone = [
        row.id
        for row in rows.values()
        if row.state == ReminderState.PENDING and row.key not in wanted
    ]
    if gone:
        pending = Reminder.objects.filter(id__in=gone, state=ReminderState.PENDING)
        pending.update(state=ReminderState.CANCELLED)
    for key, one in wanted.items():
        if key in rows:
            _move(rows[key], one, at)


def _not_gone_out(
    wanted: dict[str, PlannedReminder], rows: dict[str, Reminder]
) -> dict[str, PlannedReminder]:
    """``wanted`` without those for whose morning one of their kind went out under another key, as
    when the first of two deadlines was met after the message that spoke of both. One that is being
    sent and is not wanted any more is about to be dropped: it does not count."""
    went = {
        _morning_of(row.key, row.due)
        for row in rows.values()
        if row.state in _ENDED or (row.state == ReminderState.REQUESTED and row.key in wanted)
    }
    return {
        key: one
        for key, one in wanted.items()
        if key in rows or _morning_of(key, one.at) not in went
    }


def _morning_of(row_key: str, due: datetime) -> tuple[str, str, datetime]:
    """The address, the kind and the time: for all of these one message is sent."""
    address, _slash, planned_key = row_key.partition("/")
    return address, planned_key.partition("/")[0], due


def claim_reminder(*, at: datetime) -> Claimed | None:
    """Take the next reminder that is due, for ``LEASE``; None where nothing is, or at night."""
    if fit_daytime(at) > at:
        return None
    while True:
        with transaction.atomic():
            row = lock_due(at)
            if row is None:
                return None
            if not _broken_again(row):
                row.state, row.next_try = ReminderState.REQUESTED, at + LEASE
                row.attempts += 1
                row.save(update_fields=["state", "next_try", "attempts", "problem"])
                return _claimed(row)


def lock_due(at: datetime) -> Reminder | None:
    """The next row that is due, locked; those that another worker has locked are passed over."""
    due = Reminder.objects.filter(
        state__in=[ReminderState.PENDING, ReminderState.REQUESTED], next_try__lte=at
    )
    return due.select_for_update(skip_locked=True).order_by("next_try", "id").first()


def settle_reminder(
    *, claim: Claimed, answer: Receipt | MessageRefused | MessageDelayed, at: datetime
) -> str:
    """Note what became of sending it: sent, failed, or to be tried again later. Returns the state
    it has now; what was claimed by another worker meanwhile is left to that one."""
    rows = _mine(claim)
    if isinstance(answer, Receipt):
        rows.update(state=ReminderState.SENT, sent_at=at, problem="")
        return ReminderState.SENT
    problem = _pack(answer.why)
    if isinstance(answer, MessageRefused) or claim.attempt > len(BACK_OFF):
        rows.update(state=ReminderState.FAILED, problem=problem)
        return ReminderState.FAILED
    again = at + BACK_OFF[claim.attempt - 1]
    rows.update(state=ReminderState.PENDING, next_try=again, problem=problem)
    return ReminderState.PENDING


def drop_reminder(*, claim: Claimed) -> None:
    """It no longer belongs to the case."""
    _mine(claim).update(state=ReminderState.CANCELLED)


def put_off(*, claim: Claimed, due: datetime) -> None:
    """Its time has moved to ``due`` since it was planned; it was not sent."""
    _mine(claim).update(state=ReminderState.PENDING, due=due, next_try=due, attempts=0)


def reminders_of(case_id: UUID) -> list[KeptReminder]:
    """Every reminder of the case that was not cancelled, the latest first; one query."""
    rows = Reminder.objects.filter(case_id=case_id).exclude(state=ReminderState.CANCELLED)
    return [
        KeptReminder(
            address_id=UUID(row.key.partition("/")[0]),
            key=row.key.partition("/")[2],
            kind=row.kind,
            due=row.due,
            state=row.state,
            attempts=row.attempts,
            next_try=row.next_try,
            sent_at=row.sent_at,
            problem=_unpack(row.problem),
        )
        for row in rows.order_by("-due", "key")
    ]


def say_words(planned: PlannedReminder, *, language: str, link: str) -> tuple[str, str]:
    """Title and body of a reminder in ``language``, whatever language is in use."""
    texts = [Bilingual.of(phrase) for phrase in (planned.title, planned.body)]
    title, body = (text.english if language == "en" else text.chinese for text in texts)
    return title, body.replace(LINK, link)


def message_of(
    *, claim: Claimed, address: KeptAddress, words: tuple[str, str], stop: str
) -> Message:
    """What is handed to the messenger; the same id for every try."""
    title, body = words
    return Message(address.kind, address.fields, title, body, str(claim.id), stop)


def _row(case_id: UUID, key: str, one: PlannedReminder, at: datetime) -> Reminder:
    return Reminder(
        id=new_id(at), case_id=case_id, key=key, kind=one.why.value, due=one.at, next_try=one.at
    )


def _move(row: Reminder, one: PlannedReminder, at: datetime) -> None:
    """Only what nobody has tried to send moves; the state is asked again while it is written."""
    if row.state == ReminderState.CANCELLED and one.at >= at - LATE:
        Reminder.objects.filter(id=row.id, state=ReminderState.CANCELLED).update(
            state=ReminderState.PENDING, due=one.at, next_try=one.at, attempts=0, problem=""
        )
    elif row.state == ReminderState.PENDING and row.attempts == 0 and row.due != one.at:
        Reminder.objects.filter(id=row.id, state=ReminderState.PENDING, attempts=0).update(
            due=one.at, next_try=one.at
        )


def _broken_again(row: Reminder) -> bool:
    """Mark a row that was claimed and never settled; True where that happened twice: given up."""
    if row.state != ReminderState.REQUESTED:
        row.problem = ""
        return False
    if row.problem == INTERRUPTED:
        row.state, row.problem = ReminderState.FAILED, BROKEN_TWICE
        row.save(update_fields=["state", "problem"])
        return True
    row.problem = INTERRUPTED
    return False


def _claimed(row: Reminder) -> Claimed:
    address_id = UUID(row.key.partition("/")[0])
    return Claimed(row.id, row.case_id, address_id, row.key, row.due, row.attempts)


def _mine(claim: Claimed) -> QuerySet[Reminder]:
    return Reminder.objects.filter(
        id=claim.id, state=ReminderState.REQUESTED, attempts=claim.attempt
    )


def _pack(why: str | Phrase) -> str:
    """A reason as it is stored: the message id, and the number in it."""
    if not isinstance(why, Phrase):
        return why[:_LONGEST_PROBLEM]
    number = why.values.get("code")
    return why.message if number is None else f"{why.message}|{number}"[:_LONGEST_PROBLEM]


def _unpack(problem: str) -> Phrase | None:
    message, _bar, number = problem.partition("|")
    return Phrase.named(message, code=number) if message else None
