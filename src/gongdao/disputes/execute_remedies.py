"""Carry out what was decided or agreed: money back, another secret. Any number of times, once.

A remedy is steps, each a row. Planning them and the first try belong to the transaction of the
verdict; what waits (for cover, for a payment service) is looked at again by `execute_remedies`. A
step asks for its refund and moves the ledger in one transaction, so that a crash leaves it planned
or asked and never half done. Money is drawn from what is held for the order, then from the
merchant's deposit, then from the platform's guarantee; what the platform has to bear, from its
guarantee.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, Sum

from gongdao.core.errors import ClaimBusy, NotEnoughMoney, StockShort
from gongdao.core.ids import new_id
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.disputes.clocks import StopReason
from gongdao.disputes.correct_money import CORRECTIONS, bring_back, paid_so_far, plan_cost
from gongdao.disputes.decide_liability import Party
from gongdao.disputes.decide_liability import Remedy as Kind
from gongdao.disputes.each_case import each_case
from gongdao.disputes.events import Docket, is_held
from gongdao.disputes.hold_money import release_rest, unfence_money
from gongdao.disputes.limit_money import most_of_case, refunded_of, replaced_in
from gongdao.disputes.models import Case, Remedy
from gongdao.disputes.order_money import read_money
from gongdao.disputes.states import Deed, Step
from gongdao.disputes.table_rows import insert_rows, read_rows, update_row
from gongdao.disputes.verdict_file import Result, VerdictFile, in_money
from gongdao.disputes.verdict_json import read_verdict
from gongdao.ledger.accounts import Account, AccountKind
from gongdao.ledger.debts import DebtAccounts
from gongdao.ledger.holds import Hold
from gongdao.ledger.pay_for_merchant import pay_for_merchant
from gongdao.ledger.post_transfers import post_transfer
from gongdao.ledger.queries import find_spendable
from gongdao.ledger.settle_hold import Part, draw_hold
from gongdao.ledger.transfers import Ground, TransferKind
from gongdao.market.accounts import merchant_account, platform_account
from gongdao.market.charge_back_notice import is_in_doubt
from gongdao.market.models import Order
from gongdao.market.shown import find_shown
from gongdao.market.states import TRANSITIONS, OrderState
from gongdao.payments.models import Refund
from gongdao.payments.request_refund import request_refund
from gongdao.vault.queries import get_units
from gongdao.vault.replace_unit import replace_unit
from gongdao.vault.run_sql import run_prepared

REFUNDS = {"refund": TransferKind.REFUND, "compensation": TransferKind.COMPENSATION}
"""Steps that pay money, and what the ledger calls it."""
_SOON, _LATEST = timedelta(seconds=5), timedelta(minutes=10)
CHARGE_BACK_TOLD = "charge_back_told"
"""Why a step waits: the payment may be charged back, and nobody has looked yet."""
_MOVE_ORDER = "UPDATE market_order SET state = %(state)s, why = %(why)s WHERE id = %(id)s"
WHY = "by_verdict"
"""Why an order is being refunded, as the pages' code."""


@dataclass(frozen=True)
class Due:
    """What is to be done: ``kind`` refund, compensation or replacement; minor units that the
    ``merchant`` and the ``platform`` bear."""

    kind: str
    merchant: int = 0
    platform: int = 0

    @property
    def minor(self) -> int:
        """Both together."""
        return self.merchant + self.platform

    def less(self, paid: int) -> Due:
        """What of it is still to be done after ``paid``, which counts for the merchant first."""
        his = min(self.merchant, paid)
        ours = min(self.platform, paid - his)
        return replace(self, merchant=self.merchant - his, platform=self.platform - ours)


def due_of(result: Result) -> Due:
    """What has to be done, and who bears it first."""
    if result.remedy is Kind.REPLACEMENT:
        return Due("replacement")
    kind = "compensation" if result.remedy is Kind.COMPENSATION else "refund"
    platform = sum(part.minor for part in result.parts if part.bearer is Party.PLATFORM)
    return Due(kind, merchant=result.amount_minor - platform, platform=platform)


def still_due(docket: Docket, due: Due) -> Due:
    """What of ``due``, which is all that the case is to give, it has not given yet: in money, or
    for a refund in other secrets. Which pieces are replaced already a replacement sees itself."""
    if due.kind == "refund":
        most = most_of_case(case=docket.case, order=docket.order, at=docket.at)
        due = due.less(max(0, due.minor - most))
    return due.less(paid_so_far(docket.case))


def left_to_return(order: Order) -> int:
    """How many minor units of the order's payment have not been asked back yet, nor taken back by
    the payment service."""
    money = read_money(order.id)
    return money.left if money else 0


def plan_remedy(*, docket: Docket, basis: str, due: Due) -> list[Remedy]:
    """Write the steps of what ``basis`` (``verdict:1``, ``offer:2``) gives, cut to what can still
    be returned; the same basis again finds its steps. Who has all his money back (by his bank, say)
    gets no replacement on top."""
    case = docket.case
    there = docket.steps.get(basis) or ([] if docket.begins else _planned(case, basis))
    if there:
        return there
    wanted: list[tuple[str, int, str]] = []
    money = docket.see_money()
    left = money.left if money else 0
    if due.kind == "replacement" and left:
        wanted.append(("replacement", 0, "merchant"))
    for bearer, minor in (("merchant", due.merchant), ("platform", due.platform)):
        minor = min(minor, left)
        left -= minor
        if minor and due.kind != "replacement":
            wanted.append((due.kind, minor, bearer))
    steps = [
        Remedy(
            id=new_id(docket.at),
            case=case,
            basis=basis,
            place=place,
            kind=kind,
            amount_minor=minor,
            currency=case.currency,
            bearer=bearer,
            next_try_at=docket.at,
            planned_at=docket.at,
        )
        for place, (kind, minor, bearer) in enumerate(wanted, 1)
    ]
    insert_rows(steps)
    docket.steps[basis] = steps
    return steps


def _planned(case: Case, basis: str) -> list[Remedy]:
    return list(Remedy.objects.filter(case=case, basis=basis).order_by("place"))


def _waiting(docket: Docket) -> list[Remedy]:
    """The steps of the case that wait, in the order in which they were planned."""
    if docket.begins:
        return [one for steps in docket.steps.values() for one in steps]
    where = """WHERE case_id = %(case)s AND state IN ('planned', 'asked')
      ORDER BY planned_at, basis, place"""
    return read_rows(Remedy, where, {"case": docket.case.id})


def carry_out(*, docket: Docket) -> bool:
    """Try every step of the case that waits; the case ends when none does. Whether it ended.

    While a payment service says that the buyer's bank takes the payment back, every step waits:
    neither money nor goods on top of that; while an authority holds the case, nothing is tried. The
    caller holds case and order locked and writes the docket."""
    if is_held(docket.case, docket.at):
        return False
    if docket.case.fenced:
        unfence_money(case=docket.case, order=docket.order, at=docket.at)
        docket.money = None
    steps = _waiting(docket)
    if steps and _is_in_doubt(docket):
        for step in steps:
            _later(step, CHARGE_BACK_TOLD, docket.at)
        docket.case.needs_person = CHARGE_BACK_TOLD
        return False
    for step in list(steps):
        if step.state == "asked":
            _look(docket, step)
        else:
            steps += _try(docket, step)
    waits = [one for one in steps if one.state in ("planned", "asked")]
    docket.case.needs_person = next((one.problem for one in waits if one.problem), "")
    if waits or Step(docket.case.step) not in (Step.EXECUTING, Step.EXECUTION_LATE):
        return False
    paid, count = _done(docket)
    docket.note("closed", outcome=docket.case.ending, paid_minor=paid, steps=count)
    docket.move(Deed.EXECUTED)
    release_rest(case=docket.case, order=docket.order, at=docket.at)
    docket.money = None
    return True


def _is_in_doubt(docket: Docket) -> bool:
    money = docket.see_money()
    return is_in_doubt(docket.order.id) if money is None else money.in_doubt


def try_steps(docket: Docket, steps: list[Remedy]) -> None:
    """Try steps that were planned after the case was carried out; a case that needs a person for
    one of them says so."""
    for step in steps:
        _try(docket, step)
    problem = next((one.problem for one in steps if one.problem), "")
    docket.case.needs_person = docket.case.needs_person or problem


def _done(docket: Docket) -> tuple[int, int]:
    rows = Remedy.objects.filter(case=docket.case, state="done")
    paid = rows.filter(kind__in=list(REFUNDS)).aggregate(all=Sum("amount_minor"))["all"]
    return int(paid or 0), rows.count()


def _try(docket: Docket, step: Remedy) -> list[Remedy]:
    """Try a step; further steps that took its place or follow from it, tried as well."""
    step.tries += 1
    more: list[Remedy] = []
    try:
        with transaction.atomic():
            if step.kind in CORRECTIONS:
                bring_back(docket, step)
            elif step.kind == "replacement":
                more = _replace(docket, step)
            else:
                _refund(docket, step)
    except NotEnoughMoney:
        _later(step, "no_cover", docket.at)
    except ClaimBusy:
        _later(step, "busy", docket.at)
    except StockShort:
        return _refund_instead(docket, step, "out_of_stock")
    except _PaidBefore:
        return _refund_instead(docket, step, "paid_before")
    except _ReplacedBefore:
        _give_up(step, "replaced_before", docket.at)
    for one in more:
        _try(docket, one)
    return more


def _later(step: Remedy, problem: str, at: datetime) -> None:
    step.problem = problem
    step.next_try_at = at + min(_SOON * 2 ** min(step.tries, 8), _LATEST)
    step.save(update_fields=["problem", "tries", "next_try_at"])


def _refund(docket: Docket, step: Remedy) -> None:
    """Draw the step's money and ask the payment service for its refund; raise NotEnoughMoney."""
    order, amount = docket.order, Money(step.amount_minor, step.currency)
    money = docket.see_money()
    if money is None:
        raise NotEnoughMoney
    hold = money.sale
    drawn = _find_cover(order, step, amount, hold)
    docket.money = None
    refund = request_refund(credit_id=money.credit_id, amount=amount, reason=WHY, at=docket.at)
    _draw(docket, step, drawn, refund, hold)
    step.drawn, step.refund_no = drawn, refund.refund_no
    step.state, step.asked_at, step.problem = "asked", docket.at, ""
    step.next_try_at = docket.at + _SOON
    update_row(step)
    held = hold.left.minor if hold else 0
    if held == drawn.get("held", 0) and money.left <= amount.minor:
        _tell_order(docket)


def _find_cover(order: Order, step: Remedy, amount: Money, hold: Hold | None) -> dict[str, int]:
    """Where the money comes from, by source, each as far as it reaches; raise NotEnoughMoney.

    The merchant's part: held, deposit, guarantee. The platform's: its guarantee; of undelivered
    goods what is held first, since that was never the merchant's, whoever is at fault."""
    drawn, left = dict[str, int](), amount.minor
    takes_held = step.bearer != "platform" or order.state == OrderState.PAID
    sources = ["held"] if takes_held else []
    sources += ["deposit", "guarantee"] if step.bearer != "platform" else ["guarantee"]
    for name in sources:
        if not left:
            break
        if name == "held":
            there = hold.left.minor if hold else 0
        else:
            there = find_spendable(_account(name, order, amount.currency)).minor
        part = min(there, left)
        if part:
            drawn[name] = part
            left -= part
    if left:
        raise NotEnoughMoney
    return drawn


def _draw(
    docket: Docket,
    step: Remedy,
    drawn: Mapping[str, int],
    refund: Refund,
    hold: Hold | None,
) -> None:
    """Move the money. What the guarantee pays for the merchant he owes from then on, and his
    balances are locked together first, before the deposit alone would be."""
    order, kind = docket.order, REFUNDS[step.kind]
    merchant = SubjectRef("merchant", order.merchant_id)
    if "guarantee" in drawn and step.bearer == "merchant":
        DebtAccounts(merchant, step.currency).lock(docket.at)
    back = platform_account(AccountKind.BUYER_REFUND, step.currency)
    for name, minor in drawn.items():
        amount = Money(minor, step.currency)
        if name == "held":
            assert hold is not None
            draw_hold(
                hold=hold,
                parts=[Part(back, amount, kind)],
                ground=Ground.VERDICT,
                reference=refund.refund_no,
                at=docket.at,
            )
            continue
        if name == "guarantee" and step.bearer == "merchant":
            pay_for_merchant(
                merchant=merchant,
                target=back,
                amount=amount,
                kind=kind,
                about=SubjectRef("remedy", step.id),
                reference=f"{name}:{refund.refund_no}",
                at=docket.at,
            )
            continue
        post_transfer(
            source=_account(name, order, step.currency),
            target=back,
            amount=amount,
            kind=kind,
            about=SubjectRef("remedy", step.id),
            reference=f"{name}:{refund.refund_no}",
            at=docket.at,
        )


def _account(name: str, order: Order, currency: str) -> Account:
    if name == "deposit":
        return merchant_account(AccountKind.MERCHANT_DEPOSIT, order.merchant_id, currency)
    return platform_account(AccountKind.PLATFORM_GUARANTEE, currency)


def _tell_order(docket: Docket) -> None:
    """Nothing is left of the order's money: the order itself is being refunded, also where what
    was held of it went to the merchant before."""
    order = docket.order
    if order.state == OrderState.REFUNDED:
        return
    if OrderState.REFUNDING not in TRANSITIONS[OrderState(order.state)]:
        return
    order.why = "not_delivered_in_time" if order.state == OrderState.PAID else WHY
    order.state = OrderState.REFUNDING
    run_prepared(_MOVE_ORDER, {"id": order.id, "state": str(order.state), "why": order.why})
    docket.tell_order("order.refund_requested")


def _look(docket: Docket, step: Remedy) -> None:
    """What became of the refund that was asked for."""
    refund = Refund.objects.get(refund_no=step.refund_no)
    if refund.state == "confirmed":
        step.state, step.ended_at, step.next_try_at = "done", refund.confirmed_at, None
        step.problem = ""
        step.save(update_fields=["state", "ended_at", "next_try_at", "problem"])
        docket.note("executed", step=step.place, basis=step.basis, paid_minor=step.amount_minor)
        return
    waited = docket.at - (step.asked_at or docket.at)
    step.problem = "refund_stuck" if refund.state == "stuck" else ""
    step.next_try_at = docket.at + min(max(_SOON, waited / 4), _LATEST)
    step.save(update_fields=["problem", "next_try_at"])


def _replace(docket: Docket, step: Remedy) -> list[Remedy]:
    """Other secrets in the place of those that the verdict names, or of all of the order's, but of
    those that the case replaced before; its protection begins anew. The order's own chain in the
    log names them, as it named the first. Raise StockShort where that cannot be. What of it the
    platform bears it pays the merchant: the step for that."""
    order = docket.order
    if order.state not in (OrderState.DELIVERED, OrderState.COMPLETED):
        raise StockShort
    result = _verdict_of(docket, step).result
    places = _not_replaced(docket, result.places)
    if refunded_of(case=docket.case, order=order, at=docket.at, places=places):
        raise _PaidBefore
    claim = SubjectRef("order", order.id)
    bad = [one for one in get_units(claim) if not places or one.place in places]
    units = [replace_unit(claim=claim, unit=one.unit, at=docket.at) for one in bad]
    if not units or len(units) < len(places):
        raise StockShort
    hours = find_shown(order.listing_id, order.listing_version).offer.protect_hours
    order.protected_until = docket.at + timedelta(hours=hours)
    order.save(update_fields=["protected_until"])
    docket.tell_replaced([one.commitment for one in units])
    step.state, step.asked_at, step.ended_at = "done", docket.at, docket.at
    step.next_try_at, step.problem = None, ""
    step.drawn = {"units": len(units)}
    step.save()
    docket.note(
        "executed", step=step.place, basis=step.basis, units=[one.commitment.hex() for one in units]
    )
    return plan_cost(docket=docket, step=step, parts=result.parts, units=len(units))


def _not_replaced(docket: Docket, places: tuple[int, ...]) -> tuple[int, ...]:
    """Those of ``places`` (none: all) that the case has not replaced; raise _ReplacedBefore where
    it replaced all of them."""
    given = replaced_in(case=docket.case, order=docket.order)
    if not given:
        return places
    every = places or range(1, docket.order.quantity + 1)
    left = tuple(place for place in every if place not in given)
    if not left:
        raise _ReplacedBefore
    return left


class _PaidBefore(Exception):
    """Money was given for the pieces that are to be replaced."""


class _ReplacedBefore(Exception):
    """The case gave other secrets for the pieces already."""


def _give_up(step: Remedy, why: str, at: datetime) -> None:
    step.state, step.ended_at, step.next_try_at = "failed", at, None
    step.problem = why
    step.save()


def _refund_instead(docket: Docket, step: Remedy, why: str) -> list[Remedy]:
    """There is nothing to replace with, or it was paid for: the money that its verdict then gives
    goes back instead, less what went back before, borne as the verdict says."""
    _give_up(step, why, docket.at)
    case = docket.case
    most = most_of_case(case=case, order=docket.order, at=docket.at)
    due = due_of(in_money(_verdict_of(docket, step), min(case.amount_minor, most)))
    basis, due = f"{step.basis}:money", still_due(docket, due)
    instead = plan_remedy(docket=docket, basis=basis, due=due)
    for one in instead:
        _try(docket, one)
    return instead


def _verdict_of(docket: Docket, step: Remedy) -> VerdictFile:
    """The verdict that the step carries out."""
    number = int(step.basis.partition(":")[2])
    return read_verdict(docket.case.verdicts.get(number=number).file.encode())


def execute_remedies(*, stores: Stores, at: datetime, most: int = 200) -> int:
    """Go on with remedies that wait, each case in a transaction of its own; how many cases ended.
    Several workers may do this at once."""

    def execute(case: Case, order: Order) -> str:
        docket = Docket(stores, case, order, at)
        ended = carry_out(docket=docket)
        docket.write()
        return "ended" if ended else "waits"

    return each_case(_due_cases(at, most), execute).deeds["ended"]


def _due_cases(at: datetime, most: int) -> list[UUID]:
    held = Q(case__clock_stop_reason=StopReason.LEGAL_HOLD.value, case__clock_stop_until__gt=at)
    rows = Remedy.objects.filter(~held, next_try_at__lte=at).order_by("next_try_at")
    return list(dict.fromkeys(rows.values_list("case_id", flat=True)[:most]))
