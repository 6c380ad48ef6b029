"""What a merchant lost by a decision and does not have to bear is made good: in an appeal of his
that was right, and where his secrets were given for what the platform has to bear.

The refund stays with the buyer, who got it in good faith; nothing that was written is changed. The
platform decided wrongly, so that a new transfer (``correction``) brings the merchant what he lost,
from its guarantee and then its reserve. What was decided and not paid yet is not paid any more. The
steps are steps of the case like any other: where nothing covers them they wait and are tried again.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Max, Sum

from gongdao.core.errors import NotEnoughMoney
from gongdao.core.ids import new_id
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.disputes.decide_liability import Part, Party, share_out
from gongdao.disputes.events import Docket
from gongdao.disputes.models import Case, Remedy
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.post_transfers import post_transfer
from gongdao.ledger.queries import find_spendable
from gongdao.ledger.settle_debt import collect_debt
from gongdao.ledger.transfers import TransferKind
from gongdao.market.accounts import merchant_account, platform_account
from gongdao.market.release_orders import fee_of
from gongdao.rules.dispute_kinds import Share

CORRECTIONS = {
    "correction_deposit": AccountKind.MERCHANT_DEPOSIT,
    "correction": AccountKind.MERCHANT_FREE,
    "replacement_cost": AccountKind.MERCHANT_FREE,
}
"""Steps that make good what a decision took, or what the merchant gave in the platform's place, and
where they bring it."""
_SOURCES = (AccountKind.PLATFORM_GUARANTEE, AccountKind.PLATFORM_RESERVE)
_PAYS = ("refund", "compensation")


def paid_so_far(case: Case) -> int:
    """What this case brought the buyer, or is to bring him, in minor units."""
    rows = Remedy.objects.filter(case=case, kind__in=_PAYS).exclude(state="failed")
    return int(rows.aggregate(all=Sum("amount_minor"))["all"] or 0)


def stop_unpaid(docket: Docket) -> None:
    """Steps of a verdict under appeal that nobody was asked for yet are not carried out."""
    rows = Remedy.objects.filter(case=docket.case, kind__in=_PAYS, state="planned")
    rows.update(state="failed", problem="overturned", ended_at=docket.at, next_try_at=None)


def plan_correction(*, docket: Docket, basis: str, bears: int) -> list[Remedy]:
    """Steps that bring the merchant what was drawn from him in this case beyond what he still
    ``bears``, less what an earlier appeal brought him: what was paid for him and he owes or paid
    back since, then his deposit; of sales money what he would have got after the fee."""
    case = docket.case
    taken = {"held": 0, "deposit": 0, "guarantee": 0}
    paid = Remedy.objects.filter(case=case, kind__in=_PAYS)
    for bearer, drawn in paid.values_list("bearer", "drawn"):
        for name in taken:
            if name != "guarantee" or bearer == "merchant":
                taken[name] += drawn.get(name, 0)
    back = {kind: _made_good(case, kind) for kind in CORRECTIONS}
    over = max(sum(taken.values()) - bears, 0)
    debt = min(taken["guarantee"], over)
    deposit = min(taken["deposit"], over - debt)
    free = Money(over - debt - deposit, case.currency)
    fee = fee_of(free, placed_at=docket.order.placed_at)
    wanted = {"correction_deposit": deposit, "correction": debt + (free - fee).minor}
    rows = Remedy.objects.filter(case=case, basis=basis)
    place = rows.aggregate(last=Max("place"))["last"] or 0
    steps = []
    for kind, minor in wanted.items():
        if minor <= back[kind]:
            continue
        place += 1
        steps.append(
            Remedy.objects.create(
                id=new_id(docket.at),
                case=case,
                basis=basis,
                place=place,
                kind=kind,
                amount_minor=minor - back[kind],
                currency=case.currency,
                bearer="platform",
                next_try_at=docket.at,
                planned_at=docket.at,
            )
        )
    return steps


def plan_cost(*, docket: Docket, step: Remedy, parts: Iterable[Part], units: int) -> list[Remedy]:
    """After ``units`` secrets off the merchant's shelf were given by ``step``: a step that pays him
    what of their price the platform bears (``parts``), less the fee, as their sale would have; none
    where it bears nothing."""
    order = docket.order
    shares = [Share(part.party.value, part.percent) for part in parts]
    cost = share_out(shares, order.total_minor * units // order.quantity)
    ours = sum(part.minor for part in cost if part.bearer is Party.PLATFORM)
    due = Money(ours, order.currency)
    due -= fee_of(due, placed_at=order.placed_at)
    if not due.minor:
        return []
    row = Remedy.objects.create(
        id=new_id(docket.at),
        case=docket.case,
        basis=step.basis,
        place=step.place + 1,
        kind="replacement_cost",
        amount_minor=due.minor,
        currency=order.currency,
        bearer=Party.PLATFORM.value,
        next_try_at=docket.at,
        planned_at=docket.at,
    )
    return [row]


def _made_good(case: Case, kind: str) -> int:
    rows = Remedy.objects.filter(case=case, kind=kind).exclude(state="failed")
    return int(rows.aggregate(all=Sum("amount_minor"))["all"] or 0)


def bring_back(docket: Docket, step: Remedy) -> None:
    """Carry one such step out; raise NotEnoughMoney where guarantee and reserve do not reach. What
    he still owes is paid out of it at once, so that a debt of an overturned verdict is gone."""
    left, drawn = step.amount_minor, dict[str, int]()
    for kind in _SOURCES:
        there = find_spendable(platform_account(kind, step.currency)).minor
        if part := min(there, left):
            drawn[kind.value] = part
            left -= part
    if left:
        raise NotEnoughMoney
    target = merchant_account(CORRECTIONS[step.kind], docket.order.merchant_id, step.currency)
    for name, minor in drawn.items():
        post_transfer(
            source=platform_account(AccountKind(name), step.currency),
            target=target,
            amount=Money(minor, step.currency),
            kind=TransferKind.CORRECTION,
            about=SubjectRef("remedy", step.id),
            reference=name,
            at=docket.at,
        )
    collect_debt(merchant=target.owner, currency=step.currency, at=docket.at)
    step.state, step.asked_at, step.ended_at = "done", docket.at, docket.at
    step.next_try_at, step.problem, step.drawn = None, "", drawn
    step.save()
    docket.note("executed", step=step.place, basis=step.basis, corrected_minor=step.amount_minor)
