"""What the payment services know of a time that this database lost: asked after a restore."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gongdao.core.clock import beijing
from gongdao.payments.decide_callback import has_sound_numbers
from gongdao.payments.models import Intent
from gongdao.payments.port import Gateway, GatewayError, Report, Told
from gongdao.payments.reconcile import GIVEN_UP

_MOST_DAYS = 92


@dataclass(frozen=True)
class SaidPaid:
    """A payment as the service ``gateway`` tells it."""

    gateway: str
    report: Report


@dataclass
class SaidSince:
    """``known``: paid intents of this database that it holds for unpaid. ``strange``: payments for
    which it has no intent. ``unasked``: intents of services that are switched off here, by number.
    ``silent``: services in use that hand out no books, so that nobody knows what else was paid."""

    known: list[SaidPaid] = field(default_factory=list)
    strange: list[SaidPaid] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)


def ask_since(
    *, gateways: Mapping[str, Gateway], since: datetime, until: datetime, at: datetime
) -> SaidSince:
    """Ask for every intent that was begun before ``until`` (when the backup was restored) and is
    unpaid here, and read the books of each day from ``since`` (when it was made) on.

    Not inside a transaction: services answer slowly. Raise GatewayError where one does not answer:
    then nothing is known, and it is asked again later.
    """
    said = SaidSince()
    waiting = Intent.objects.filter(
        owner_kind="order", trade_no="", created_at__gte=since - GIVEN_UP, created_at__lt=until
    ).order_by("created_at")
    for name, number in list(waiting.values_list("gateway", "out_trade_no")):
        if name not in gateways:
            said.unasked.append(number)
            continue
        report = gateways[name].query(number, at)
        if report is not None and _is_paid(report) and report.out_trade_no == number:
            said.known.append(SaidPaid(name, report))
    used = Intent.objects.filter(created_at__gte=since - GIVEN_UP).values_list("gateway", flat=True)
    said.silent = set(used.distinct()) - set(gateways)
    for name, gateway in gateways.items():
        _read_books(name, gateway, since, at, said)
    return said


def _read_books(
    name: str, gateway: Gateway, since: datetime, at: datetime, said: SaidSince
) -> None:
    day, last = beijing(since).date(), beijing(at).date()
    if (last - day).days > _MOST_DAYS:
        raise GatewayError("too_long_ago")
    while day <= last:
        bill = gateway.list_paid(day, at)
        if bill is None:
            said.silent.add(name)
            return
        there = [one for one in bill if _is_paid(one)]
        ours = Intent.objects.filter(out_trade_no__in=[one.out_trade_no for one in there])
        known = set(ours.exclude(owner_kind="lost").values_list("out_trade_no", flat=True))
        said.strange += [SaidPaid(name, one) for one in there if one.out_trade_no not in known]
        day += timedelta(days=1)


def _is_paid(report: Report) -> bool:
    return report.told is Told.PAID and has_sound_numbers(report)
