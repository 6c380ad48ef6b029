"""What was learned of upheld cases, as everybody may read it (B15): causes by month, what the
platform changed, what that changed. Nobody is named, and small counts are no numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count
from django.db.models.functions import TruncMonth

from gongdao.core.clock import BEIJING, beijing
from gongdao.disputes.learning_models import CauseAnswer, CauseEffect, RootCause

FEWEST = 5
"""Smaller counts are not told: a few cases could be somebody's."""
MOST_MONTHS = 24
MOST_ANSWERS = 100


@dataclass(frozen=True)
class Counted:
    """A count as it is published; ``number`` None for one below ``FEWEST``."""

    number: int | None

    @classmethod
    def of(cls, count: int) -> Counted:
        """``count``, or that it is small."""
        return cls(count if count >= FEWEST else None)


@dataclass(frozen=True)
class MonthOfCauses:
    """The causes that were found in one month (its first day, in Beijing), each with its count."""

    month: date
    causes: tuple[tuple[str, Counted], ...]


@dataclass(frozen=True)
class Effect:
    """Upheld cases of the same cause and reason, and paid orders: in ``days`` before an answer and
    as many after it."""

    days: int
    cases_before: Counted
    orders_before: Counted
    cases_after: Counted
    orders_after: Counted


@dataclass(frozen=True)
class PublicAnswer:
    """What the platform changed because of a cause, since when, and what was measured of it."""

    cause: str
    reason: str
    what: str
    on: date
    effects: tuple[Effect, ...]


def causes_by_month(at: datetime) -> tuple[MonthOfCauses, ...]:
    """The newest months up to ``at`` in which causes were found, the newest first."""
    rows = (
        RootCause.objects.filter(at__lte=at)
        .annotate(month=TruncMonth("at", tzinfo=BEIJING))
        .values_list("month", "cause")
        .annotate(count=Count("case_id"))
        .order_by("-month", "-count", "cause")
    )
    months: dict[date, list[tuple[str, Counted]]] = {}
    for month, cause, count in rows:
        months.setdefault(month.date(), []).append((cause, Counted.of(count)))
    newest = list(months.items())[:MOST_MONTHS]
    return tuple(MonthOfCauses(month, _in_order(causes)) for month, causes in newest)


def _in_order(causes: Sequence[tuple[str, Counted]]) -> tuple[tuple[str, Counted], ...]:
    """The largest first; the order of small ones tells nothing of their size."""
    return tuple(sorted(causes, key=lambda one: (-(one[1].number or 0), one[0])))


def public_answers(at: datetime) -> tuple[PublicAnswer, ...]:
    """The newest things that were changed up to ``at``, the newest first."""
    rows = CauseAnswer.objects.filter(at__lte=at).select_related("cause__case")
    newest = rows.prefetch_related("effects").order_by("-at", "-id")[:MOST_ANSWERS]
    return tuple(
        PublicAnswer(
            cause=row.cause.cause,
            reason=row.cause.case.reason,
            what=row.what,
            on=beijing(row.at).date(),
            effects=tuple(_effect(one) for one in row.effects.all() if one.at <= at),
        )
        for row in newest
    )


def _effect(row: CauseEffect) -> Effect:
    return Effect(
        row.days,
        Counted.of(row.cases_before),
        Counted.of(row.orders_before),
        Counted.of(row.cases_after),
        Counted.of(row.orders_after),
    )
