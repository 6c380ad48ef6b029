"""Jobs that keep disputes moving, every few seconds: clocks that have run out, remedies that wait,
notices that are due. All of them may run several times at once."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from procrastinate.contrib.django import app

from gongdao.casework.follow.messenger_port import (
    Message,
    MessageDelayed,
    MessageRefused,
    Messenger,
)
from gongdao.core.errors import GongdaoError
from gongdao.core.language import Phrase
from gongdao.disputes.execute_remedies import execute_remedies
from gongdao.disputes.fire_clocks import fire_due_clocks, follow_orders
from gongdao.disputes.hold_ground import end_grounds
from gongdao.disputes.notices import (
    ClaimedNotice,
    claim_notice,
    dispute_text,
    merchant_addresses,
    settle_notice,
)
from gongdao.disputes.release_waiting import release_waiting
from gongdao.disputes.states import Mover
from gongdao.front.clock import now
from gongdao.front.stores import get_settings, get_stores
from gongdao.front.worker.market_tasks import read_contact
from gongdao.front.worker.messengers.choose import make_messengers
from gongdao.market.notices import find_contact

log = logging.getLogger("gongdao.disputes")
DISPUTES, CALLS = "market", "calls"
AT_ONCE = 4
_FULL = 200
_MOST_ROUNDS = 20
_WORK_FOR_S = 20


@app.periodic(cron="* * * * * */5")
@app.task(name="fire_dispute_clocks", queue=DISPUTES, queueing_lock="fire_dispute_clocks")
def fire_dispute_clocks(timestamp: int) -> None:
    """Follow orders that moved meanwhile, then let clocks that have run out do what they say."""
    for part in (_follow, _fire, _end_grounds):
        try:
            part()
        except GongdaoError as error:
            log.error("%s: %s", part.__name__.strip("_"), error.code)


def _follow() -> None:
    follow_orders(stores=get_stores(), at=now(), most=_FULL)


def _fire() -> None:
    for _ in range(_MOST_ROUNDS):
        fired = fire_due_clocks(stores=get_stores(), at=now(), most=_FULL)
        for deed, count in fired.deeds.items():
            log.info("dispute clocks: %s cases, %s", count, deed)
        for case_id, code in fired.refused.items():
            log.error("dispute clocks: case %s refuses: %s", case_id, code)
        if fired.count < _FULL:
            return


def _end_grounds() -> None:
    end_grounds(at=now())


@app.periodic(cron="* * * * * */5")
@app.task(name="execute_dispute_remedies", queue=DISPUTES, queueing_lock="execute_dispute_remedies")
def execute_dispute_remedies(timestamp: int) -> None:
    """Go on with remedies that wait for cover or for a payment service, and with money that waited
    for somebody to look at a chargeback."""
    execute_remedies(stores=get_stores(), at=now(), most=_FULL)
    release_waiting(at=now())


@app.periodic(cron="* * * * * */10")
@app.task(name="tell_dispute_parties", queue=CALLS, queueing_lock="tell_dispute_parties")
def tell_dispute_parties(timestamp: int) -> None:
    """Send the notices that are due."""
    send_dispute_notices(messengers=make_messengers(get_settings()))


def send_dispute_notices(*, messengers: Mapping[str, Messenger]) -> dict[str, int]:
    """Send every notice that is due, for a bounded time; how they went, by state."""
    counts: dict[str, int] = {}
    end = time.monotonic() + _WORK_FOR_S
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="dispute") as pool:
        while time.monotonic() < end and (claims := _claim()):
            ready = [(claim, _messages(claim)) for claim in claims]
            answers = pool.map(lambda pair: _send(messengers, pair[1]), ready)
            for claim, (problem, again) in zip(claims, answers, strict=True):
                state = settle_notice(claim=claim, problem=problem, again=again, at=now())
                counts[state] = counts.get(state, 0) + 1
    return counts


def _claim() -> list[ClaimedNotice]:
    found = list[ClaimedNotice]()
    while len(found) < AT_ONCE and (claim := claim_notice(at=now())):
        found.append(claim)
    return found


def _messages(claim: ClaimedNotice) -> list[Message]:
    root, number = get_settings().public_url, claim.order.number
    if claim.side is Mover.MERCHANT:
        link = f"{root}/desk/disputes/{claim.case.id}/"
        contacts = [read_contact(one) for one in merchant_addresses(claim.case.merchant_id)]
    else:
        link = f"{root}/orders/{number}/"
        found = find_contact(stores=get_stores(), order=claim.order, read=read_contact, at=now())
        contacts = [found]
    title, body = dispute_text(claim=claim, link=link)
    return [
        Message(one.channel, one.address, title, body, f"dispute/{claim.id}/{place}")
        for place, one in enumerate(contacts, 1)
        if one is not None
    ]


def _send(messengers: Mapping[str, Messenger], messages: list[Message]) -> tuple[str, bool]:
    """Why no message was taken (empty where one was), and whether trying again may help."""
    problem, again = "no_address", False
    for message in messages:
        messenger = messengers.get(message.channel)
        if messenger is None:
            problem, again = "no_messenger", True
            continue
        try:
            messenger.send(message)
        except MessageRefused as error:
            problem = _code(error.why)
        except MessageDelayed as error:
            problem, again = _code(error.why), True
        else:
            return "", False
    return problem, again


def _code(why: str | Phrase) -> str:
    return why.message if isinstance(why, Phrase) else why
