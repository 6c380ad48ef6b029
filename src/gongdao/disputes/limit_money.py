"""How much a case can bring in money: of named pieces no more than their price, all cases of the
order together, whoever decides. What was paid and did not go back otherwise bounds it anyway. And
whether their worth may still be given in other secrets."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db.models import Sum

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.disputes.collect_facts import read_left
from gongdao.disputes.decide_liability import Remedy as Kind
from gongdao.disputes.may_replace import claimed_places
from gongdao.disputes.models import Case, Remedy
from gongdao.disputes.verdict_file import Decision
from gongdao.disputes.verdict_json import read_verdict
from gongdao.market.models import Order

REFUNDS = frozenset({Kind.REFUND_FULL, Kind.REFUND_PART})
"""What pays the price back; a compensation is beside it."""


def most_of_case(*, case: Case, order: Order, at: datetime) -> int:
    """At most how many minor units the refunds of ``case`` come to: what other cases left of the
    price of the pieces that it names, or of all, but for those that it gave in other secrets."""
    replaced = replaced_in(case=case, order=order)
    places = tuple(place for place in case.places if place not in replaced)
    if not case.places:
        return max(0, order.total_minor - len(replaced) * -(-order.total_minor // order.quantity))
    left = read_left(order=order, places=places, case_id=case.id, at=at) if places else 0
    return min(left, order.total_minor)


def check_price(*, case: Case, order: Order, minor: int, at: datetime) -> int:
    """The same; raise InputError where a refund of ``minor`` is more, or nothing is left."""
    check_not_replaced(case=case, order=order)
    most = most_of_case(case=case, order=order, at=at)
    if minor > most or not most:
        left = Money(most, case.currency)
        words = _("这个案件说的几件，价款最多还能退 {most}。").format(most=left)
        raise InputError(words, field="amount")
    return most


def within_price(*, decision: Decision, case: Case, order: Order, at: datetime) -> Decision:
    """What persons decided or the parties agreed, cut to that."""
    if decision.remedy not in REFUNDS:
        return decision
    most = most_of_case(case=case, order=order, at=at)
    return replace(decision, amount_minor=min(decision.amount_minor, most))


def check_replacement(*, case: Case, order: Order, at: datetime) -> None:
    """Raise InputError where money or another secret was given for the pieces of the case: what
    they are worth is given once, in one or the other."""
    check_not_replaced(case=case, order=order)
    if refunded_of(case=case, order=order, at=at):
        raise InputError(
            _("这几件已经退过款，不能再补发；请改为退款，已经退的会扣掉。"), field="remedy"
        )


def check_not_replaced(*, case: Case, order: Order) -> None:
    """Raise InputError where this case gave another secret for each of its pieces: that one of them
    is bad too is another complaint."""
    places = claimed_places(case=case, order=order)
    if places and replaced_in(case=case, order=order).issuperset(places):
        raise InputError(
            _("这几件在这个案件里已经补发过，不再退款或补发；新的卡密也有问题的，请买家另外投诉。"),
            field="remedy",
        )


def replaced_in(*, case: Case, order: Order) -> frozenset[int]:
    """The pieces for which this case gave other secrets."""
    done = Remedy.objects.filter(case=case, kind="replacement", state="done")
    found = set[int]()
    for basis in done.values_list("basis", flat=True):
        row = case.verdicts.get(number=int(basis.partition(":")[2]))
        places = read_verdict(row.file.encode()).result.places
        found.update(places or range(1, order.quantity + 1))
    return frozenset(found)


def refunded_of(*, case: Case, order: Order, at: datetime, places: tuple[int, ...] = ()) -> int:
    """How many minor units this case gave back (or is to), and others of the price of the pieces
    that it is about."""
    rows = Remedy.objects.filter(case=case, kind="refund").exclude(state="failed")
    own = int(rows.aggregate(all=Sum("amount_minor"))["all"] or 0)
    places = places or claimed_places(case=case, order=order)
    left = read_left(order=order, places=places, case_id=case.id, at=at)
    return own + len(places) * -(-order.total_minor // order.quantity) - left
