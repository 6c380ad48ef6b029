"""Jobs that keep orders true, every few seconds: what lapsed is given back, what is due released,
paid orders go to their suppliers, the watchdog looks, buyers are told.

Each is a periodic job: of all workers one gets each turn, a turn that a dead worker took with it is
followed by the next one, and no turn waits for one that is still under way. All of them may run
several times at once. They have queues of their own, so that a minute full of reminders cannot keep
an order waiting; what talks to others stands apart from what talks to the database alone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from procrastinate.contrib.django import app

from gongdao.casework.follow.messenger_port import (
    Message,
    MessageDelayed,
    MessageRefused,
    Messenger,
)
from gongdao.core.errors import GongdaoError, InputError
from gongdao.core.language import Phrase
from gongdao.front.clock import now
from gongdao.front.stores import get_settings, get_stores
from gongdao.front.worker.messengers.address_kinds import ADDRESS_KINDS, check_address
from gongdao.front.worker.messengers.choose import make_messengers
from gongdao.market.expire_orders import expire_orders
from gongdao.market.notices import (
    LEAVES,
    ClaimedNotice,
    Contact,
    claim_notice,
    find_contact,
    plan_notices,
    settle_notice,
)
from gongdao.market.notices_merchant import find_addressee
from gongdao.market.notices_words import merchant_text, notice_text
from gongdao.market.release_orders import release_due
from gongdao.market.suppliers.keep_supplier import open_supplier, wire_to
from gongdao.market.suppliers.port import Supplier, SupplierWord
from gongdao.market.top_up import Claimed, begin_top_ups, claim_top_up, settle_claim
from gongdao.market.watch_orders import watch_orders
from gongdao.vault.reserve import release_reservations

log = logging.getLogger("gongdao.market")
MARKET, CALLS = "market", "calls"
AT_ONCE = 4
"""How many talks with suppliers or mailboxes go on at the same time."""
_WORK_FOR_S = 20
_MOST_ROUNDS = 20
_FULL = 200


@app.periodic(cron="* * * * * */5")
@app.task(name="keep_orders", queue=MARKET, queueing_lock="keep_orders")
def keep_orders(timestamp: int) -> None:
    """Give back what lapsed, release what is due, begin top-ups, and let the watchdog look. One
    part that fails keeps none of the others from its turn."""
    for part in (_expire, _release_lapsed, _release_due, _begin, watch):
        try:
            part()
        except GongdaoError as error:
            log.error("%s: %s", part.__name__.strip("_"), error.code)


def _until_done(step: Callable[[], int], full: int) -> None:
    """Go on while a step had its hands full, for a bounded time."""
    for _ in range(_MOST_ROUNDS):
        if step() < full:
            return


def _expire() -> None:
    _until_done(lambda: expire_orders(stores=get_stores(), at=now(), most=_FULL), _FULL)


def _release_lapsed() -> None:
    _until_done(lambda: len(release_reservations(at=now(), most=_FULL)), 1)


def _release_due() -> None:
    _until_done(lambda: release_due(stores=get_stores(), at=now(), most=_FULL), _FULL)


def _begin() -> None:
    _until_done(lambda: begin_top_ups(stores=get_stores(), at=now(), most=_FULL), _FULL)


def watch() -> None:
    """One round of the watchdog; what it found is said to the operator."""
    done = watch_orders(stores=get_stores(), at=now())
    for order_id, verdict in done.found.items():
        log.warning("order %s: %s, %s", order_id, verdict.code, verdict.deed)
    for order_id, code in done.refused.items():
        log.error("order %s does not let the watchdog act: %s", order_id, code)


@app.periodic(cron="* * * * * */5")
@app.task(name="ask_suppliers", queue=CALLS, queueing_lock="ask_suppliers")
def ask_suppliers(timestamp: int) -> None:
    """Ask suppliers for top-ups, and what became of them, where that is due."""
    run_top_ups(open_one=_open_supplier)


def _open_supplier(claim: Claimed) -> Supplier:
    row = claim.supplier
    return open_supplier(stores=get_stores(), row=row, wire=wire_to(row), at=now())


def run_top_ups(*, open_one: Callable[[Claimed], Supplier]) -> int:
    """Claim, talk, settle, ``AT_ONCE`` at a time, until nothing is due; how many talks there were.
    The talks run in threads that touch no database."""
    talks, end = 0, time.monotonic() + _WORK_FOR_S
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="supplier") as pool:
        while time.monotonic() < end:
            claims = _claim_top_ups()
            if not claims:
                break
            pairs = [(claim, open_one(claim)) for claim in claims]
            for claim, word in zip(claims, pool.map(lambda pair: _talk(*pair), pairs), strict=True):
                settle_claim(stores=get_stores(), claim=claim, word=word, at=now())
            talks += len(claims)
    return talks


def _claim_top_ups() -> list[Claimed]:
    found = list[Claimed]()
    root = get_settings().public_url
    while len(found) < AT_ONCE and (
        claim := claim_top_up(stores=get_stores(), root=root, at=now())
    ):
        found.append(claim)
    return found


def _talk(claim: Claimed, supplier: Supplier) -> SupplierWord:
    return supplier.ask(claim.ask, now()) if claim.asks else supplier.look(claim.ask, now())


@app.periodic(cron="* * * * * */10")
@app.task(name="tell_buyers", queue=CALLS, queueing_lock="tell_buyers")
def tell_buyers(timestamp: int) -> None:
    """Plan notices for what the public log has taken in since, and send those that are due."""
    messengers = _messengers()
    _until_done(lambda: _plan(messengers), LEAVES)
    send_notices(messengers=messengers)


def _plan(messengers: Mapping[str, Messenger]) -> int:
    done = plan_notices(
        stores=get_stores(), read=read_contact, channels=messengers.keys(), at=now()
    )
    return done.leaves


@cache
def _messengers() -> Mapping[str, Messenger]:
    return make_messengers(get_settings())


def reachable() -> Collection[str]:
    """The channels through which this installation can tell anybody anything."""
    return _messengers().keys()


def read_contact(text: str) -> Contact | None:
    """What a buyer entered as his contact: a mail address, or ``kind:value`` (``bark:KEY``,
    ``telegram:TOKEN CHAT``) with the fields of that kind in their order, blanks between; None where
    it is neither."""
    kind, colon, rest = text.strip().partition(":")
    if not colon:
        kind, rest = "mail", text.strip()
    known = ADDRESS_KINDS.get(kind)
    values = rest.split()
    if known is None or not 0 < len(values) <= len(known.fields):
        return None
    names = [field.code for field in known.fields]
    bark = get_settings().bark_hosts
    try:
        given = dict(zip(names, values, strict=False))
        return Contact(kind, check_address(kind, given, bark_hosts=bark))
    except InputError:
        return None


def send_notices(*, messengers: Mapping[str, Messenger]) -> dict[str, int]:
    """Send every notice that is due, for a bounded time; how they went, by state."""
    counts: dict[str, int] = {}
    end = time.monotonic() + _WORK_FOR_S
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="notice") as pool:
        while time.monotonic() < end and (claims := _claim_notices()):
            ready = [(claim, _message(claim)) for claim in claims]
            answers = pool.map(lambda pair: _send(messengers, pair[1]), ready)
            for claim, (problem, again) in zip(claims, answers, strict=True):
                state = settle_notice(claim=claim, problem=problem, again=again, at=now())
                counts[state] = counts.get(state, 0) + 1
    return counts


def _claim_notices() -> list[ClaimedNotice]:
    found = list[ClaimedNotice]()
    while len(found) < AT_ONCE and (claim := claim_notice(at=now())):
        found.append(claim)
    return found


def _message(claim: ClaimedNotice) -> Message | None:
    if claim.order is None:
        return _merchant_message(claim)
    contact = find_contact(stores=get_stores(), order=claim.order, read=read_contact, at=now())
    if contact is None:
        return None
    number = claim.order.number
    link = f"{get_settings().public_url}/orders/{number}/"
    text = notice_text(event=claim.event, number=number, link=link)
    return Message(contact.channel, contact.address, text.title, text.body, f"notice/{claim.id}")


def _merchant_message(claim: ClaimedNotice) -> Message | None:
    assert claim.merchant is not None  # a notice is for a buyer or for a merchant
    merchant = claim.merchant
    contact = find_addressee(
        stores=get_stores(), merchant=merchant, event=claim.event, read=read_contact
    )
    if contact is None:
        return None
    link = f"{get_settings().public_url}/desk/"
    text = merchant_text(event=claim.event, name=merchant.display_name, link=link)
    return Message(contact.channel, contact.address, text.title, text.body, f"notice/{claim.id}")


def _send(messengers: Mapping[str, Messenger], message: Message | None) -> tuple[str, bool]:
    """Why a message was not taken (empty where it was), and whether trying again may help."""
    if message is None:
        return "no_address", False
    messenger = messengers.get(message.channel)
    if messenger is None:
        return "no_messenger", True
    try:
        messenger.send(message)
    except MessageRefused as error:
        return _code(error.why), False
    except MessageDelayed as error:
        return _code(error.why), True
    return "", False


def _code(why: str | Phrase) -> str:
    return why.message if isinstance(why, Phrase) else why
