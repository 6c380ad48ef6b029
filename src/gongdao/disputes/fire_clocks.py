"""Clocks that have run out do what was said beforehand, by themselves; the case is judged again
first. Several workers may do this at once: each takes what nobody else holds.

Silence counts against a buyer or a merchant only after confirmed notice; otherwise a person
decides. The platform's own silence always counts: it takes the case to management, and after that
to its own purse.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection

from gongdao.core.errors import DisputeRefused
from gongdao.core.language import Phrase
from gongdao.core.stores import Stores
from gongdao.disputes.clocks import deed_of_silence, is_due
from gongdao.disputes.correct_money import plan_correction, stop_unpaid
from gongdao.disputes.decide_abuse import Measure
from gongdao.disputes.each_case import Round, each_case
from gongdao.disputes.events import NOBODY, Docket, Party, clock_of
from gongdao.disputes.execute_remedies import carry_out, try_steps
from gongdao.disputes.facts import Fact, FactName, Source
from gongdao.disputes.hand_over import count_hand_over
from gongdao.disputes.hold_money import fence_money, unfence_money
from gongdao.disputes.judge import (
    end_without,
    facts_of,
    follow_excuse,
    follow_rules,
    put_down,
    stand,
)
from gongdao.disputes.merchant_record import read_records
from gongdao.disputes.models import Case
from gongdao.disputes.note_limits import measures_of_buyer
from gongdao.disputes.notices import APPEAL_ESCALATED, ESCALATED, is_told
from gongdao.disputes.queries import appellant_of
from gongdao.disputes.say import overtake_offers
from gongdao.disputes.states import Deed, Forum, Mover, Outcome, Silence, Step, next_step
from gongdao.disputes.stop_clock import resume_due_clocks
from gongdao.disputes.verdict_file import BadVerdict, Basis, VerdictFile
from gongdao.market.models import Order
from gongdao.market.states import OrderState

_DUE = """
SELECT id, merchant_id FROM dispute_case
WHERE state = 'open' AND clock_stopped_at IS NULL AND clock_due_at <= %s
ORDER BY clock_due_at LIMIT %s
"""
"""Index dispute_case_due."""
_MOVED = """
SELECT c.id FROM dispute_case c JOIN market_order o ON o.id = c.order_id
WHERE c.state = 'open' AND NOT c.fenced AND c.step NOT IN ('executing', 'execution_late')
  AND o.state IN ('delivered', 'refunding', 'refunded')
  AND NOT EXISTS (SELECT FROM dispute_event e WHERE e.case_id = c.id
    AND e.kind = 'appealed' AND (e.by = 'merchant' OR o.state <> 'delivered')
    AND NOT EXISTS (SELECT FROM dispute_verdict v WHERE v.case_id = c.id AND v.event > e.number))
UNION ALL
SELECT c.id FROM market_order o JOIN dispute_case c ON c.order_id = o.id
WHERE o.state = 'refunding' AND c.state = 'open' AND c.fenced
LIMIT %s
"""
"""Cases whose order moved under them: its money went back, or it was delivered meanwhile; but those
whose order is refunded and waits for a person in an appeal, be it of the merchant, who says that it
should not have gone back, or of the buyer. Indexes dispute_case_unfenced, market_order_open,
dispute_case_one_open."""
_AS_BUYER = Party(Mover.BUYER)
_GRANTED = (Deed.ACCEPT_CLAIM, Deed.JUDGED_UPHELD, Deed.DECIDE_UPHELD)


def fire_due_clocks(*, stores: Stores, at: datetime, most: int = 200) -> Round:
    """Let every clock that has run out do what it says; those whose stop is over run on first."""
    resumed = resume_due_clocks(stores=stores, at=at, most=most)
    due = _find(_DUE, at, most)
    records = read_records({merchant for _case, merchant in due}, at) if due else {}

    def fire(case: Case, order: Order) -> str:
        if case.state != "open" or not is_due(clock_of(case), at):
            return ""
        docket = Docket(stores, case, order, at, records=records)
        deed = _fire(docket)
        fence_money(case=case, order=order, at=at)
        docket.write()
        return deed

    return resumed + each_case([case for case, _merchant in due], fire)


def follow_orders(*, stores: Stores, at: datetime, most: int = 200) -> int:
    """Cases whose order moved meanwhile: money that the market gave back ends them, goods that
    were delivered have their money kept. How many were looked at."""

    def follow(case: Case, order: Order) -> str:
        if case.state != "open":
            return ""
        docket = Docket(stores, case, order, at)
        _settle_returned(docket)
        fence_money(case=case, order=order, at=at)
        docket.write()
        return "followed"

    found = _find(_MOVED, most)
    each_case([case for (case,) in found], follow)
    return len(found)


def _find(statement: str, *values: datetime | int) -> list[tuple[UUID, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _fire(docket: Docket) -> str:
    last = clock_of(docket.case).silence is Silence.PLATFORM_PAYS
    if _settle_returned(docket, unanswered=last):
        return "returned"
    if follow_rules(docket):
        return "judged"
    case = docket.case
    if Step(case.step) is Step.MERCHANT_PROOF and follow_excuse(docket):
        return "shown"
    clock = clock_of(case)
    told = is_told(case)
    deed = deed_of_silence(clock, notice_confirmed=told)
    silent = Party(clock.who)
    case.late = {**case.late, clock.who.value: case.late.get(clock.who.value, 0) + 1}
    docket.note("lapsed", silent, silence=clock.silence.value, told=told, step=case.step)
    if Step(case.step) is Step.MERCHANT_PROOF:
        newest = case.excuses.order_by("-at", "-id").values_list("excuse", flat=True).first()
        docket.note("excused", silent, excuse=newest, fell=True)
    if clock.silence is Silence.CLAIM_STANDS and _person_first(docket):
        deed = Deed.SILENCE_UNTOLD
    if deed is Deed.SILENCE and clock.silence in (Silence.CLAIM_STANDS, Silence.PLATFORM_PAYS):
        if _grant(docket, clock.silence, told):
            return clock.silence.value
        deed = Deed.SILENCE_UNTOLD
    if clock.silence is Silence.BECOMES_COMPLAINT:
        follow_rules(docket, by=_AS_BUYER)  # his question is a complaint from here on
        count_hand_over(docket, before=Forum.TALK, reason="silence")
        return deed.value
    if clock.silence is Silence.LAPSES and deed is Deed.SILENCE:
        _lapse(docket, deed)
        return Outcome.LAPSED.value
    before, owner = Forum(case.forum), case.owner_id
    after = docket.move(deed)
    if after is Step.MANAGEMENT:
        case.owner_id = None  # whoever was silent may be ill or gone: anybody may take it now
    if Forum(case.forum) is not before or after in (Step.ARBITER, Step.MANAGEMENT):
        count_hand_over(docket, before=before, reason="silence", from_owner=owner)
    if after is Step.MANAGEMENT:
        _tell_up(docket)
    return deed.value


def _tell_up(docket: Docket) -> None:
    """Management has it because nobody of the platform answered: the buyer hears it at once, and
    what follows in the merchant's appeal both."""
    if appellant_of(docket.case) == Mover.MERCHANT.value:
        docket.tell_of((Mover.BUYER, Mover.MERCHANT), APPEAL_ESCALATED)
    else:
        docket.tell_of((Mover.BUYER,), ESCALATED)


def _person_first(docket: Docket) -> bool:
    """Whether a limit on the buyer has a person look before silence grants his claim. Complaints
    that begin under one are with a person already; an offer can lead away from there."""
    step, case = Step(docket.case.step), docket.case
    if step is Step.MERCHANT_ANSWER:
        return False
    return Measure.PERSON_FIRST in measures_of_buyer(case, docket.at)


def _settle_returned(docket: Docket, *, unanswered: bool = False) -> bool:
    """Where all of the payment is on its way back already, the claim is met: say so and end. An
    appeal waits for the person whom it asked for: the buyer's until nobody answered it
    (``unanswered``), the merchant's, who appeals because it went back, in any event."""
    case, order = docket.case, docket.order
    if Step(case.step) in (Step.EXECUTING, Step.EXECUTION_LATE):
        return False
    if order.state == OrderState.REFUNDING and case.fenced:
        # The market sends all of it back: what is fenced has to be where its refund is drawn from.
        unfence_money(case=case, order=order, at=docket.at)
        docket.money = None
        docket.keep()
    if not _is_back(docket):
        return False
    appellant = appellant_of(case)
    if appellant == Mover.MERCHANT.value or (appellant and not unanswered):
        return False
    deed = next((d for d in _GRANTED if next_step(step=Step(case.step), deed=d)), None)
    if deed is None:
        return False
    case.ending = Outcome.UPHELD.value
    docket.note("answered", NOBODY, answer="returned_already", why=order.why)
    docket.move(deed)
    docket.keep()
    overtake_offers(docket, NOBODY, "overtaken")
    carry_out(docket=docket)
    return True


def _is_back(docket: Docket) -> bool:
    """Whether the buyer has all of it back, by the market or by his bank; goods that a bank paid
    back stay delivered."""
    back = docket.order.state in (OrderState.REFUNDING, OrderState.REFUNDED)
    money = docket.see_money()
    if money is None:
        return back
    return (back or money.taken > 0) and not money.left


def _grant(docket: Docket, silence: Silence, told: bool) -> bool:
    """What silence grants, by its published table: the claim as made, or in the merchant's appeal
    that appeal; False where the table does not decide alone."""
    who = "merchant" if silence is Silence.CLAIM_STANDS else "management"
    at = docket.at
    said = [
        Fact(FactName.SILENT, who, Source.PLATFORM, at, (f"event:{docket.case.moves}",)),
        Fact(FactName.NOTICE_CONFIRMED, told, Source.PLATFORM, at),
        Fact(FactName.APPELLANT, appellant_of(docket.case) or "none", Source.PLATFORM, at),
    ]
    try:
        facts = facts_of(docket).with_facts(said)
        file = put_down(docket, facts=facts, basis=Basis.SILENCE)
    except BadVerdict:
        if silence is Silence.PLATFORM_PAYS:  # there is nobody left whom it could go to
            raise DisputeRefused(Phrase("管理层没有答复，但现有的记录不能自动裁决。")) from None
        return False
    overtake_offers(docket, NOBODY, "lapsed")
    if appellant_of(docket.case) == Mover.MERCHANT.value:
        _grant_appeal(docket, file)
    else:
        stand(docket, file, Deed.SILENCE)
    return True


def _grant_appeal(docket: Docket, file: VerdictFile) -> None:
    """The merchant's appeal stands because management was silent: what was decided and not paid is
    not paid, and what was taken from him is made good; the buyer keeps what he has."""
    stop_unpaid(docket)
    row = stand(docket, file, Deed.JUDGED_REFUSED)
    try_steps(docket, plan_correction(docket=docket, basis=f"verdict:{row.number}", bears=0))
    docket.note("closed", outcome=docket.case.outcome)


def _lapse(docket: Docket, deed: Deed) -> None:
    overtake_offers(docket, NOBODY, "lapsed")
    docket.case.ending = Outcome.LAPSED.value
    docket.move(deed)
    docket.keep()
    end_without(docket)
    docket.note("closed", outcome=docket.case.outcome)
