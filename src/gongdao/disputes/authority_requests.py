"""The register of requests by authorities (F4): one person enters what an authority asks, with its
paper; a second, who read the paper, confirms or refuses it. Nothing holds before that.

A confirmed hold lets the clocks of its orders' open cases stand still at once, whatever they did
before, and those of cases that are opened or appealed while it stands. It ends with its time, or
when the authority takes it back: two people say so, neither of them the owner of such a case. A
longer one is a further request, with a further paper. Who is a party to one of the orders does none
of this. Every deed is recorded.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import BinaryIO
from uuid import UUID

from django.db import IntegrityError, transaction

from gongdao.core.envelope import derive, seal
from gongdao.core.errors import ConflictOfInterest, DisputeRefused, InputError, NotYourMove
from gongdao.core.ids import new_id, new_number
from gongdao.core.keys import get_key, make_key
from gongdao.core.language import Phrase
from gongdao.core.language import gettext as _
from gongdao.core.stores import Stores
from gongdao.disputes.authority_models import AuthorityRequest, AuthoritySubject
from gongdao.disputes.authority_register import Said, longest, subject_of
from gongdao.disputes.authority_states import TRANSITIONS, Asks, RequestState, Tell
from gongdao.disputes.events import Docket, Party, is_held
from gongdao.disputes.locks import lock_case, lock_order
from gongdao.disputes.models import Case
from gongdao.disputes.states import Mover
from gongdao.disputes.stop_clock import hold_clock, let_run
from gongdao.evidence import sniff as media
from gongdao.evidence.kept.keep_original import keep_original
from gongdao.evidence.kept.models import Original
from gongdao.evidence.kept.open_original import Purpose, Who, open_original
from gongdao.market.market_key import market_key
from gongdao.market.models import MerchantMember, Order
from gongdao.market.staff import Actor, check_reason, note_deed
from gongdao.market.vetting_models import StaffDeed

LONGEST_WORDS = 1000
MOST_ORDERS = 50
LARGEST_PAPER = 20 * 1024 * 1024
_TAKEN = frozenset({media.PDF, media.PNG, media.JPEG})
_LOOK = "request.look"
_ASKED_TO_END = "request.ask_end"


@dataclass(frozen=True)
class NewRequest:
    """What is entered: ``orders`` by their numbers; ``paper`` can be read twice; ``until`` is for
    what holds or keeps."""

    said: Said
    asks: Asks
    tell: Tell
    dated_on: date
    until: datetime | None
    orders: Sequence[str]
    name: str
    paper: BinaryIO = field(repr=False)


def enter_request(
    *, stores: Stores, request: NewRequest, by: Actor, at: datetime
) -> AuthorityRequest:
    """Write down what an authority asks. It does nothing until a second person confirms it.

    Raise InputError for what is missing, unknown, or longer than one request can hold, also for a
    paper that carries a request already; ConflictOfInterest for a party to one of the orders.
    """
    assert by.id is not None
    until = _check(request, at)
    orders = _find_orders(request)
    _check_impartial(orders, by.id)
    row_id = new_id(at)
    subject = subject_of(row_id)
    with transaction.atomic():
        key = make_key(stores=stores, subject=subject, at=at)
        kept = keep_original(
            stores=stores,
            key=key,
            subject=subject,
            name=request.name[-100:],
            source=request.paper,
            at=at,
            max_bytes=LARGEST_PAPER,
        )
        row = AuthorityRequest(
            id=row_id,
            number=new_number(),
            asks=request.asks,
            tell=request.tell,
            state=RequestState.ENTERED,
            sealed=seal(key, json.dumps(asdict(request.said)).encode(), subject.aad("said")),
            paper_digest=_digest_of(stores, request.said, at),
            original_id=kept.row.id,
            dated_on=request.dated_on,
            until=until,
            entered_by_id=by.id,
            entered_at=at,
        )
        _insert(row)
        named = [AuthoritySubject(request=row, order=order) for order in orders]
        AuthoritySubject.objects.bulk_create(named)
        note_deed(by=by, deed="request.enter", about=_about(row), at=at)
    return row


def _insert(row: AuthorityRequest) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise InputError(
            _("这份文书已经登记过。要延长，要有新的文书。"), field="paper_no"
        ) from None


def _check(request: NewRequest, at: datetime) -> datetime | None:
    """Until when it asks, as it is kept."""
    for name, text in asdict(request.said).items():
        if not text.strip() or "\0" in text:
            raise InputError(_("请填写这一项。"), field=name)
        if len(text) > LONGEST_WORDS:
            raise InputError(_("最多 {most} 个字。").format(most=LONGEST_WORDS), field=name)
    _check_paper(request)
    most = longest(request.asks, at=at)
    if most is None:
        return None
    if request.until is None or not at < request.until <= at + most:
        days = most.days
        raise InputError(_("到什么时候要写，最长 {days} 天。").format(days=days), field="until")
    return request.until


def _check_paper(request: NewRequest) -> None:
    data = request.paper.read(LARGEST_PAPER + 1)
    request.paper.seek(0)
    if not data or len(data) > LARGEST_PAPER:
        raise InputError(_("文书的文件是空的，或超过 20 MB。"), field="paper")
    try:
        kind = media.sniff(data, request.name)
    except InputError as error:
        raise InputError(error.reason, field="paper", hint=error.hint) from None
    if kind not in _TAKEN:
        raise InputError(_("文书要是 PDF 或图片。"), field="paper")


def _find_orders(request: NewRequest) -> list[Order]:
    numbers = sorted({one.strip().upper() for one in request.orders if one.strip()})
    if len(numbers) > MOST_ORDERS:
        raise InputError(_("一次最多 {most} 个订单。").format(most=MOST_ORDERS), field="orders")
    if not numbers and request.asks is not Asks.INFORMATION:
        raise InputError(_("请写明是哪些订单。"), field="orders")
    found = list(Order.objects.filter(number__in=numbers).order_by("id"))
    if missing := sorted(set(numbers) - {one.number for one in found}):
        raise InputError(_("没有这个订单：{number}").format(number=missing[0]), field="orders")
    return found


def _digest_of(stores: Stores, said: Said, at: datetime) -> bytes:
    """A paper, however its number was spaced and capitalised."""
    plain = "\n".join("".join(one.split()).lower() for one in (said.authority, said.paper_no))
    key = derive(market_key(stores, at), "authority paper")
    return hmac.digest(key, plain.encode(), "sha256")


def _check_impartial(orders: Sequence[Order], user_id: UUID) -> None:
    """Raise ConflictOfInterest for a buyer or a merchant's member of one of the orders."""
    merchants = {one.merchant_id for one in orders}
    members = MerchantMember.objects.filter(merchant_id__in=merchants, user_id=user_id)
    if any(one.buyer_id == user_id for one in orders) or members.exists():
        raise ConflictOfInterest


def open_paper(
    *, stores: Stores, request_id: UUID, reason: str, by: Actor, at: datetime
) -> Iterator[bytes]:
    """The paper of a request, for one of the staff who says why he looks; the look is recorded
    first. Raise InputError for no such request or no reason, ConflictOfInterest, KeyGone."""
    with transaction.atomic():
        row = _find(request_id)
        _check_impartial(_orders_of(row), _who(by))
        text = check_reason(reason)
        key = get_key(stores=stores, subject=subject_of(row.id))
        note_deed(by=by, deed=_LOOK, about=_about(row), reason=text, at=at)
        original = Original.objects.get(id=row.original_id)
        return open_original(
            stores=stores, key=key, row=original, who=Who.STAFF, purpose=Purpose.VIEW, at=at
        )


def confirm_request(
    *, stores: Stores, request_id: UUID, reason: str, by: Actor, at: datetime
) -> int:
    """A second person found the paper to say what was entered: from now on it holds. How many open
    cases it let stand still, those that another request holds as long not counted.

    Raise NotYourMove for who entered it, or where it was checked before; InputError without a
    reason, or for who has not opened the paper; ConflictOfInterest; DisputeRefused where the time
    that it asks for has passed.
    """
    with transaction.atomic():
        cases = _lock_cases(request_id)
        row = _check_step(request_id, RequestState.CONFIRMED, by)
        if row.until is not None and row.until <= at:
            raise DisputeRefused(Phrase("它要求的时间已经过了，不能再确认。"))
        _settle(row, RequestState.CONFIRMED, reason, by, at)
        if row.asks != Asks.HOLD:
            return 0
        dockets = [Docket(stores, case, order, at) for case, order in cases]
        held = [one for one in dockets if hold_clock(one, row, Party(Mover.PLATFORM, by.id))]
        for docket in held:
            docket.write()
    return len(held)


def refuse_request(*, request_id: UUID, reason: str, by: Actor, at: datetime) -> None:
    """A second person found that the paper does not say so, or is none; raises as
    ``confirm_request`` does."""
    with transaction.atomic():
        row = _check_step(request_id, RequestState.REFUSED, by)
        _settle(row, RequestState.REFUSED, reason, by, at)


def end_request(
    *, stores: Stores, request_id: UUID, reason: str, by: Actor, at: datetime
) -> int | None:
    """The authority took it back, or has its answer: it holds nothing any more, and the clocks that
    stood still for it run on, unless another request holds them. How many did; None where a
    second person has to say so first: what holds goes before its time only by two people's word.

    Raise NotYourMove where it does not stand, InputError without a reason, ConflictOfInterest for a
    party, and for who would decide a case that it holds.
    """
    with transaction.atomic():
        cases = _lock_cases(request_id)
        row = _find(request_id)
        _check_impartial(_orders_of(row), _who(by))
        if RequestState.ENDED not in TRANSITIONS[RequestState(row.state)]:
            raise NotYourMove
        if row.asks == Asks.HOLD and not _may_end(row, cases, reason, by, at):
            return None
        row.state, row.ended_by_id, row.ended_at = RequestState.ENDED, by.id, at
        row.save(update_fields=["state", "ended_by", "ended_at"])
        note_deed(by=by, deed="request.end", about=_about(row), reason=check_reason(reason), at=at)
        dockets = [
            Docket(stores, case, order, at)
            for case, order in cases
            if case.clock_stop_reference == row.number and case.clock_stop_until is not None
        ]
        for docket in dockets:
            let_run(docket, Party(Mover.PLATFORM, by.id))
            docket.write()
    return sum(not is_held(one.case, at) for one in dockets)


def _may_end(
    row: AuthorityRequest,
    cases: Sequence[tuple[Case, Order]],
    reason: str,
    by: Actor,
    at: datetime,
) -> bool:
    """Whether what holds ends with this word; else the word is kept for the second person."""
    if any(case.owner_id == by.id for case, _order in cases):
        raise ConflictOfInterest
    before = StaffDeed.objects.filter(
        deed=_ASKED_TO_END, about_kind="request", about_id=str(row.id)
    ).exclude(who=by.id)
    if before.exists() or (row.until is not None and row.until <= at):
        return True
    note_deed(by=by, deed=_ASKED_TO_END, about=_about(row), reason=check_reason(reason), at=at)
    return False


def _lock_cases(request_id: UUID) -> list[tuple[Case, Order]]:
    """The open cases of the request's orders. Order after order is locked, with a case or without,
    so that none is opened or appealed meanwhile that does not know of it; the request comes after
    them (``locks``)."""
    named = AuthoritySubject.objects.filter(request_id=request_id).order_by("order_id")
    found = []
    for order_id in named.values_list("order_id", flat=True):
        lock_order(order_id)
        rows = Case.objects.filter(order_id=order_id, state="open").values_list("id", flat=True)
        found += [lock_case(one) for one in rows]
    return found


def _check_step(request_id: UUID, to: RequestState, by: Actor) -> AuthorityRequest:
    """The request, locked, where ``by`` can check it."""
    row = _find(request_id)
    _check_impartial(_orders_of(row), _who(by))
    if to not in TRANSITIONS[RequestState(row.state)] or row.entered_by_id == by.id:
        raise NotYourMove
    looks = StaffDeed.objects.filter(
        deed=_LOOK, about_kind="request", about_id=str(row.id), who=by.id
    )
    if not looks.exists():
        raise InputError(_("先打开看过文书，再作决定。"), field="paper")
    return row


def _settle(row: AuthorityRequest, to: RequestState, reason: str, by: Actor, at: datetime) -> None:
    row.state, row.checked_by_id, row.checked_at = to, by.id, at
    row.save(update_fields=["state", "checked_by", "checked_at"])
    deed = "request.confirm" if to is RequestState.CONFIRMED else "request.refuse"
    note_deed(by=by, deed=deed, about=_about(row), reason=check_reason(reason), at=at)


def _find(request_id: UUID) -> AuthorityRequest:
    row = AuthorityRequest.objects.select_for_update().filter(id=request_id).first()
    if row is None:
        raise InputError(_("登记册里没有这一件。"), field="request")
    return row


def _orders_of(row: AuthorityRequest) -> list[Order]:
    named = AuthoritySubject.objects.filter(request=row).values("order_id")
    return list(Order.objects.filter(id__in=named))


def _who(by: Actor) -> UUID:
    assert by.id is not None
    return by.id


def _about(row: AuthorityRequest) -> tuple[str, str]:
    return ("request", str(row.id))
