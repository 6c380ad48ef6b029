"""Read the services' books, each day once: they tell of what nobody asks for.

Of payments of orders given up, of a second payment of one order, of money for no order; and of what
was done behind our back: another amount, a refund made in the service's own console, one that came
back after it was confirmed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta

from django.db.models import Min, QuerySet

from gongdao.core.clock import BEIJING, beijing
from gongdao.core.money import Money
from gongdao.payments.decide_callback import has_sound_numbers
from gongdao.payments.missing_refunds import NOT_IN_BOOKS, find_missing
from gongdao.payments.models import BillDay, Credit, Intent, Refund
from gongdao.payments.port import BilledRefund, Gateway, GatewayError
from gongdao.payments.reconcile import Round, TakeReport, credit_found

DAYS = 30
"""How long a day that could not be read is tried again."""
TOO_LONG = timedelta(days=3)
"""After that a person has to see that a day is not read; until then, books with nothing in them may
be books that are not ready."""
DIFFERS = "bill_differs"
_ENOUGH = 3
"""So many days in a row that cannot be read end a service's turn."""
NoteDiffers = Callable[[Credit], None]
"""Called where the books say something else of a payment than we do."""
NoteMissing = Callable[[Refund], None]
"""Called where the books say nothing of a refund that we hold for paid out."""


def read_bills(
    *,
    gateways: Mapping[str, Gateway],
    take: TakeReport,
    differs: NoteDiffers,
    missing: NoteMissing,
    at: datetime,
) -> Round:
    """Read every day of the last `DAYS` that was not read, today's excepted, the newest first, of
    every service through which anybody was asked to pay by then. A day that cannot be read is tried
    again in the next round and keeps no other waiting."""
    done = Round()
    for name, gateway in gateways.items():
        failed = 0
        for day in _unread(name, at):
            try:
                problem = read_day(
                    gateway=gateway,
                    take=take,
                    differs=differs,
                    missing=missing,
                    day=day,
                    at=at,
                    into=done,
                )
            except GatewayError as error:
                done.problems[name] = error.problem
                _keep(name, day, None, error.problem)
                failed += 1
                if failed == _ENOUGH:
                    break
                continue
            failed = 0
            if problem is not None:
                _keep(name, day, at, problem)
    return done


def find_unread(at: datetime) -> QuerySet[BillDay]:
    """Days that could not be read for too long, and still might be."""
    today = beijing(at).date()
    rows = BillDay.objects.filter(
        read_at=None, day__lt=today - TOO_LONG, day__gte=today - timedelta(days=DAYS)
    )
    return rows.order_by("day", "gateway")


def read_day(
    *,
    gateway: Gateway,
    take: TakeReport,
    differs: NoteDiffers,
    missing: NoteMissing,
    day: date,
    at: datetime,
    into: Round,
) -> str | None:
    """Go through one day of a service's books; what is wrong in them as a code, empty where
    nothing is, None where the service hands out none (yet). Raise GatewayError where they cannot be
    read."""
    bill = gateway.list_paid(day, at)
    if bill is None:
        return None
    listed = gateway.list_refunded(day, at)
    refunds = listed or ()
    if not bill and not refunds and _is_late(gateway.name, day, at):
        return None
    problem, wrong = "", list[Credit]()
    for report in bill:
        into.looked += 1
        if not has_sound_numbers(report):
            problem = "bad_number"
            continue
        credit = _find(gateway, report.trade_no)
        if credit is None:
            credit_found(report, gateway, "bill", take, into)
        elif report.amount != Money(credit.amount_minor, credit.currency):
            wrong.append(credit)
    for refund in refunds:
        credit = _find(gateway, refund.trade_no)
        if credit is not None and not _is_ours(refund, credit):
            wrong.append(credit)
    gone = [] if listed is None else find_missing(gateway=gateway, day=day, listed=listed, at=at)
    if gone and not refunds and beijing(at).date() - day <= TOO_LONG:
        return None  # the list of refunds may not be ready
    for credit in wrong:
        differs(credit)
    for one in gone:
        missing(one)
    problem = (DIFFERS if wrong else "") or (NOT_IN_BOOKS if gone else "") or problem
    if problem:
        into.problems[gateway.name] = problem
    return problem


def _is_late(name: str, day: date, at: datetime) -> bool:
    """Whether books of ``day`` with nothing in them are not to be believed yet: somebody was asked
    to pay on it or on the day before, and it is not `TOO_LONG` ago. Raise GatewayError where it is,
    and a payment of that day is credited here: such books are never complete."""
    first = datetime.combine(day, time.min, BEIJING)
    last = first + timedelta(days=1)
    if beijing(at).date() - day <= TOO_LONG:
        asked = Intent.objects.filter(gateway=name, created_at__gte=first - timedelta(days=1))
        return asked.filter(created_at__lt=last).exists()
    paid = Credit.objects.filter(gateway=name, at__gte=first, at__lt=last)
    if paid.filter(intent__created_at__gte=first).exists():
        raise GatewayError("bill_empty")
    return False


def _unread(name: str, at: datetime) -> list[date]:
    today = beijing(at).date()
    begun = Intent.objects.filter(gateway=name).aggregate(first=Min("created_at"))["first"]
    if begun is None:
        return []
    first = max(beijing(begun).date(), today - timedelta(days=DAYS))
    days = [today - timedelta(days=n) for n in range(1, (today - first).days + 1)]
    read = BillDay.objects.filter(gateway=name, day__in=days).exclude(read_at=None)
    return sorted(set(days) - set(read.values_list("day", flat=True)), reverse=True)


def _keep(name: str, day: date, read_at: datetime | None, problem: str) -> None:
    BillDay.objects.update_or_create(
        gateway=name, day=day, defaults={"read_at": read_at, "problem": problem}
    )


def _find(gateway: Gateway, trade_no: str) -> Credit | None:
    if "\0" in trade_no:
        return None
    rows = Credit.objects.select_related("intent")
    return rows.filter(gateway=gateway.name, trade_no=trade_no).first()


def _is_ours(refund: BilledRefund, credit: Credit) -> bool:
    """Whether we asked for this very refund; begun anew it has a number behind ours."""
    number, _, again = refund.refund_no.partition("-")
    if refund.amount.currency != credit.currency or not (again == "" or again.isdecimal()):
        return False
    asked = credit.refunds.filter(amount_minor=refund.amount.minor)
    return number in set(asked.values_list("refund_no", flat=True))
