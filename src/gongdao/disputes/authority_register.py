"""What is asked of the register of requests by authorities: which stand, of which orders, what
their parties may know, and the counts for everybody. Nothing here writes."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncYear

from gongdao.core.clock import BEIJING, beijing
from gongdao.core.envelope import open_sealed
from gongdao.core.errors import KeyGone
from gongdao.core.keys import get_key
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.disputes.authority_models import AuthorityRequest, AuthoritySubject
from gongdao.disputes.authority_states import Asks, RequestState, Tell
from gongdao.disputes.clocks import StopReason
from gongdao.disputes.learning import Counted
from gongdao.rules.dispute_queries import dispute_stop

LONGEST_KEPT = timedelta(days=366)
"""How long one request has records kept; our own limit. A further one needs a further paper."""
_COUNTED = (RequestState.CONFIRMED, RequestState.ENDED)


@dataclass(frozen=True)
class Said:
    """What a request says, in the words of who entered it."""

    authority: str
    basis: str
    asked: str
    paper_no: str


@dataclass(frozen=True)
class ToldRequest:
    """A request as a party to one of its orders may know it; ``who`` is empty unless the authority
    lets its name be told, ``ended_at`` the moment from which it holds nothing any more."""

    number: str
    asks: Asks
    who: str
    dated_on: date
    until: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class YearOfRequests:
    """Requests that were confirmed in one year (its first day, in Beijing), by what they ask."""

    year: date
    asked: tuple[tuple[Asks, Counted], ...]
    refused: Counted


def subject_of(request_id: UUID) -> SubjectRef:
    """What the paper and the sealed words of a request belong to."""
    return SubjectRef("authority", request_id)


def longest(asks: Asks, *, at: datetime) -> timedelta | None:
    """How long one request can hold or keep, counted from when it is entered; None where it asks
    for neither. That of a hold is published (``dispute_stop/legal_hold``)."""
    if asks is Asks.HOLD:
        rule = dispute_stop(StopReason.LEGAL_HOLD.value, beijing(at).date())
        return timedelta(hours=rule.hours)
    return LONGEST_KEPT if asks is Asks.KEEP else None


def standing(at: datetime) -> Q:
    """Requests that were confirmed and are not over."""
    return Q(state=RequestState.CONFIRMED) & (Q(until__isnull=True) | Q(until__gt=at))


def over(at: datetime) -> Q:
    """Requests that held once and are over: ended, or their time has passed."""
    return Q(state=RequestState.ENDED) | Q(state=RequestState.CONFIRMED, until__lte=at)


def find_hold(*, number: str, order_id: UUID, at: datetime) -> AuthorityRequest | None:
    """The standing request of this number in the register that holds the disputes of the order,
    locked against its end; None where there is none."""
    rows = AuthorityRequest.objects.select_for_update(of=("self",)).filter(
        standing(at), number=number.strip().upper(), asks=Asks.HOLD
    )
    return rows.filter(id__in=_naming([order_id])).first()


def holds_of(*, order_id: UUID, at: datetime) -> list[AuthorityRequest]:
    """The standing requests that hold the disputes of an order, the one that ends last first."""
    rows = AuthorityRequest.objects.filter(standing(at), asks=Asks.HOLD)
    return list(rows.filter(id__in=_naming([order_id])).order_by("-until", "id"))


def find_kept(*, at: datetime) -> set[UUID]:
    """The orders that standing requests name, whatever these ask: nothing goes that belongs to
    their disputes (every step of the daily job that destroys such things is given them)."""
    rows = AuthoritySubject.objects.filter(
        request__in=AuthorityRequest.objects.filter(standing(at))
    )
    return set(rows.values_list("order_id", flat=True))


def is_secret(number: str) -> bool:
    """Whether a request is one of which the parties may be told nothing."""
    return AuthorityRequest.objects.filter(number=number, tell=Tell.NOTHING).exists()


def _naming(orders: Collection[UUID]) -> QuerySet[AuthoritySubject, UUID]:
    return AuthoritySubject.objects.filter(order_id__in=orders).values_list("request_id", flat=True)


def read_said(*, stores: Stores, row: AuthorityRequest) -> Said | None:
    """The sealed words of a request; None where its key was destroyed at the end of its time."""
    subject = subject_of(row.id)
    try:
        key = get_key(stores=stores, subject=subject)
    except KeyGone:
        return None
    return Said(**json.loads(open_sealed(key, bytes(row.sealed), subject.aad("said"))))


def told_requests(*, stores: Stores, order_id: UUID, at: datetime) -> list[ToldRequest]:
    """The confirmed requests of an order that its parties may know of, the newest first."""
    rows = AuthorityRequest.objects.filter(state__in=_COUNTED, id__in=_naming([order_id]))
    rows = rows.exclude(tell=Tell.NOTHING).order_by("-entered_at", "-id")
    return [_told(stores, row, at) for row in rows]


def _told(stores: Stores, row: AuthorityRequest, at: datetime) -> ToldRequest:
    said = read_said(stores=stores, row=row) if row.tell == Tell.WHO else None
    ended = row.ended_at or (row.until if row.until and row.until <= at else None)
    return ToldRequest(
        number=row.number,
        asks=Asks(row.asks),
        who=said.authority if said else "",
        dated_on=row.dated_on,
        until=row.until,
        ended_at=ended,
    )


def count_by_year(at: datetime) -> tuple[YearOfRequests, ...]:
    """How many requests were confirmed in each year up to ``at``, and how many refused, the newest
    year first. Small counts are no numbers, and nobody is named."""
    rows = (
        AuthorityRequest.objects.filter(checked_at__lte=at)
        .annotate(year=TruncYear("checked_at", tzinfo=BEIJING))
        .values_list("year", "asks", "state")
        .annotate(count=Count("id"))
    )
    years: dict[date, dict[str, int]] = {}
    for year, asks, state, count in rows:
        kept = years.setdefault(year.date(), {})
        name = RequestState.REFUSED.value if state == RequestState.REFUSED else asks
        kept[name] = kept.get(name, 0) + count
    return tuple(_year(year, years[year]) for year in sorted(years, reverse=True))


def _year(year: date, counts: dict[str, int]) -> YearOfRequests:
    asked = tuple((asks, Counted.of(counts.get(asks.value, 0))) for asks in Asks)
    return YearOfRequests(year, asked, Counted.of(counts.get(RequestState.REFUSED.value, 0)))
