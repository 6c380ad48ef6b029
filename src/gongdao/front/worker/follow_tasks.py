"""Jobs that follow cases: deadlines counted anew, reminders sent. Each may run any number of times.

Every case is followed when something of it changed, every morning at 08:00 Beijing time, and once
after the rule data changed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from uuid import UUID

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from gongdao.casework.follow.messenger_port import (
    Message,
    MessageDelayed,
    MessageRefused,
    Messenger,
    Receipt,
)
from gongdao.casework.online.deadlines import behind
from gongdao.casework.online.follow_case import follow_case, open_cases_after
from gongdao.casework.online.prepare_reminder import prepare_reminder
from gongdao.casework.online.reminders import (
    NOT_NOW,
    Claimed,
    claim_reminder,
    settle_reminder,
)
from gongdao.core.errors import GongdaoError
from gongdao.core.language import Phrase
from gongdao.front.clock import now
from gongdao.front.stores import get_settings, get_stores
from gongdao.front.web.links import page_links
from gongdao.front.worker.messengers.choose import make_messengers
from gongdao.rules.check import digest_rules

log = logging.getLogger("gongdao.worker")
QUEUE = "quick"
AT_ONCE = 4
"""How many messages are on their way at the same time: one silent server holds up no other."""
BATCH = 200
_WORK_FOR_S = 40


def ask_to_follow(case_id: UUID) -> None:
    """Ask for the case to be followed, in the caller's transaction: after every change of its
    filings, statement, readings, addresses or outcome. At most one job waits for a case."""
    job = follow_one.configure(queueing_lock=f"follow/{case_id}")
    with suppress(AlreadyEnqueued), transaction.atomic():  # its own savepoint
        job.defer(case_id=str(case_id))


@app.task(name="follow_case", queue=QUEUE)
def follow_one(case_id: str) -> None:
    """Follow one case."""
    follow_case(stores=get_stores(), case_id=UUID(case_id), at=now())


@app.periodic(cron="0 0 * * *")  # midnight in UTC is 08:00 in Beijing
@app.task(name="follow_every_case", queue=QUEUE, queueing_lock="follow_every_case")
def follow_every_case(timestamp: int) -> None:
    """Begin to go over all open cases."""
    follow_batch.defer(after=None)


@app.task(name="follow_batch", queue=QUEUE)
def follow_batch(after: str | None) -> None:
    """Ask for the next cases to be followed, then for the batch behind them."""
    cases = open_cases_after(UUID(after) if after else None, most=BATCH)
    with transaction.atomic():
        for case_id in cases:
            ask_to_follow(case_id)
        if len(cases) == BATCH:
            follow_batch.configure(priority=-1).defer(after=str(cases[-1]))


@app.periodic(cron="*/10 * * * *")
@app.task(name="follow_new_rules", queue=QUEUE, queueing_lock="follow_new_rules")
def follow_new_rules(timestamp: int) -> None:
    """Ask for cases that were counted with other rule data; nothing to do on most days."""
    for case_id in behind(rules=digest_rules(), most=BATCH):
        ask_to_follow(case_id)


@app.periodic(cron="* * * * *")
@app.task(name="send_reminders", queue=QUEUE, queueing_lock="send_reminders")
def send_reminders(timestamp: int) -> None:
    """Send what is due; what is left over is for the next minute."""
    send_due(messengers=_messengers())


@cache
def _messengers() -> Mapping[str, Messenger]:
    return make_messengers(get_settings())


@dataclass
class Sent:
    """How a round went, by state."""

    counts: dict[str, int] = field(default_factory=dict)

    def count(self, state: str) -> None:
        """One more."""
        self.counts[state] = self.counts.get(state, 0) + 1


def send_due(*, messengers: Mapping[str, Messenger]) -> Sent:
    """Send every reminder that is due now, ``AT_ONCE`` at a time, for less than a minute."""
    sent, end = Sent(), time.monotonic() + _WORK_FOR_S
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="reminder") as pool:
        while time.monotonic() < end:
            claims = _claim(AT_ONCE)
            if not claims:
                break
            ready = [(c, m) for c in claims if (m := _prepare(c)) is not None]
            answers = pool.map(lambda pair: _send(messengers, pair[1]), ready)
            for (claim, _message), answer in zip(ready, answers, strict=True):
                state = settle_reminder(claim=claim, answer=answer, at=now())
                sent.count(state)
    if sent.counts:
        log.info("reminders: %s", ", ".join(f"{n} {s}" for s, n in sorted(sent.counts.items())))
    return sent


def _claim(most: int) -> list[Claimed]:
    found = list[Claimed]()
    while len(found) < most and (claim := claim_reminder(at=now())) is not None:
        found.append(claim)
    return found


def _prepare(claim: Claimed) -> Message | None:
    """The message of a claim. A case that cannot be judged now is tried again later; the others
    go on."""
    try:
        return prepare_reminder(stores=get_stores(), claim=claim, links=page_links(), at=now())
    except GongdaoError as error:
        log.error("the reminder %s cannot be made: %s", claim.id, error.code)
        settle_reminder(claim=claim, answer=MessageDelayed(Phrase.named(NOT_NOW)), at=now())
        return None


def _send(
    messengers: Mapping[str, Messenger], message: Message
) -> Receipt | MessageRefused | MessageDelayed:
    messenger = messengers.get(message.channel)
    if messenger is None:
        return MessageDelayed(Phrase.named(NOT_NOW))
    try:
        return messenger.send(message)
    except (MessageRefused, MessageDelayed) as answer:
        return answer
