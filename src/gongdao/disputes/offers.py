"""Offers: objects with a history, answered once. What is agreed is carried out like a verdict.

An offer stands until it is answered or another takes its place; whoever accepts names the offer
that he read, so that he cannot accept another one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.core.errors import InputError, NotYourMove
from gongdao.core.ids import new_id
from gongdao.core.language import gettext as _
from gongdao.core.stores import Stores
from gongdao.disputes.case_keys import case_keys
from gongdao.disputes.decide_liability import Remedy
from gongdao.disputes.events import NOBODY, Docket, Party
from gongdao.disputes.hold_money import fence_money
from gongdao.disputes.judge import facts_of, put_down, stand
from gongdao.disputes.limit_money import REFUNDS, check_not_replaced, check_price, check_replacement
from gongdao.disputes.locks import lock_case
from gongdao.disputes.may_replace import claimed_places, may_replace
from gongdao.disputes.models import Case, Offer, OfferAnswer
from gongdao.disputes.queries import appellant_of
from gongdao.disputes.say import overtake_offers
from gongdao.disputes.states import STEPS, Deed, Mover, Step, next_step
from gongdao.disputes.verdict_file import Basis, Decision
from gongdao.market.models import Order
from gongdao.rules.dispute_kinds import Share

_OFFERED = frozenset(set(Remedy) - {Remedy.NONE})


@dataclass(frozen=True)
class Terms:
    """What is offered: a remedy, and minor units (none for a replacement)."""

    remedy: Remedy
    minor: int = 0
    words: str = ""


def offer(*, stores: Stores, case_id: UUID, by: Party, terms: Terms, at: datetime) -> UUID:
    """Offer to end the case like this; an offer that waits is overtaken. The offer's id.

    Raise NotYourMove, or InputError for an amount that is nothing or more than was paid.
    """
    with transaction.atomic():
        case, order = lock_case(case_id)
        _check(terms, order.total_minor)
        terms = _within_price(terms, case, order, at)
        if terms.remedy is Remedy.REPLACEMENT and not may_replace(case=case, order=order):
            raise InputError(_("没有说明是哪几件有问题，不能补发，请选退款。"), field="remedy")
        if terms.remedy is Remedy.REPLACEMENT:
            check_replacement(case=case, order=order, at=at)
        docket = Docket(stores, case, order, at)
        deed = Deed.COUNTER_OFFER if by.side is Mover.BUYER else Deed.OFFER
        docket.move(deed, by)
        overtake_offers(docket, by, "overtaken")
        number, row_id = case.offers.count() + 1, new_id(at)
        keys = case_keys(stores=stores, case=case, at=at)
        docket.note(
            "offered", by, offer=number, remedy=terms.remedy.value, offered_minor=terms.minor
        )
        docket.keep()
        Offer.objects.create(
            id=row_id,
            case=case,
            number=number,
            by=by.side.value,
            by_id=by.id,
            remedy=terms.remedy.value,
            original_minor=order.total_minor,
            disputed_minor=case.amount_minor,
            offered_minor=terms.minor,
            currency=case.currency,
            sealed=keys.seal_words(row_id, terms.words),
            at=at,
        )
        fence_money(case=case, order=order, at=at)
        docket.write()
    return row_id


def _check(terms: Terms, most: int) -> None:
    if terms.remedy not in _OFFERED:
        raise InputError(_("请选择退款、补发或补偿。"), field="remedy")
    if terms.remedy is not Remedy.REPLACEMENT and not 0 < terms.minor <= most:
        raise InputError(_("金额要大于零，也不能超过付款的金额。"), field="amount")


def _within_price(terms: Terms, case: Case, order: Order, at: datetime) -> Terms:
    """All of it is what the pieces of the case cost; a stated sum beyond that is refused."""
    if terms.remedy not in REFUNDS:
        return terms
    whole = terms.remedy is Remedy.REFUND_FULL
    most = check_price(case=case, order=order, minor=0 if whole else terms.minor, at=at)
    return replace(terms, minor=min(terms.minor, most))


def accept_offer(*, stores: Stores, case_id: UUID, offer_id: UUID, by: Party, at: datetime) -> bool:
    """Accept the offer that waits, and carry it out; False where the same side accepted it before.

    Raise NotYourMove where it is not the offer that waits, or not for ``by`` to answer.
    """
    with transaction.atomic():
        case, order = lock_case(case_id)
        there = OfferAnswer.objects.filter(offer_id=offer_id, offer__case=case).first()
        if there is not None and (there.answer, there.by) == ("accepted", by.side.value):
            return False
        row = _waiting(case, offer_id, by)
        docket = Docket(stores, case, order, at)
        docket.note(
            "answered", by, offer=row.number, answer="accepted", final_minor=row.offered_minor
        )
        OfferAnswer.objects.create(
            offer=row,
            answer="accepted",
            by=by.side.value,
            by_id=by.id,
            final_minor=row.offered_minor,
            at=at,
        )
        terms = Terms(Remedy(row.remedy), row.offered_minor)
        _agree(docket, terms, Deed.ACCEPT_OFFER)
        docket.write()
    return True


def decline_offer(
    *, stores: Stores, case_id: UUID, offer_id: UUID, by: Party, at: datetime
) -> None:
    """Say no to the offer that waits: a person of the platform decides. Raise NotYourMove."""
    with transaction.atomic():
        case, order = lock_case(case_id)
        row = _waiting(case, offer_id, by)
        docket = Docket(stores, case, order, at)
        docket.note("answered", by, offer=row.number, answer="declined")
        OfferAnswer.objects.create(
            offer=row, answer="declined", by=by.side.value, by_id=by.id, at=at
        )
        docket.move(Deed.DECLINE_OFFER, by)
        fence_money(case=case, order=order, at=at)
        docket.write()


def _waiting(case: Case, offer_id: UUID, by: Party) -> Offer:
    step = STEPS.get(Step(case.step))
    row = Offer.objects.filter(id=offer_id, case=case, answer__isnull=True).first()
    if row is None or row.by == by.side.value or step is None or step.mover is not by.side:
        raise NotYourMove
    return row


def accept_claim(*, stores: Stores, case_id: UUID, by: Party, at: datetime) -> None:
    """The merchant grants what was claimed, with one tap: it is carried out at once. Of a claim
    to a part of the price, with no piece named, the money goes back, whatever was wanted. Raise
    NotYourMove where the case is decided or closed already, or waits in his own appeal (which
    he can take back), InputError where it gave other secrets for all of it."""
    with transaction.atomic():
        case, order = lock_case(case_id)
        if appellant_of(case) == by.side.value:
            raise NotYourMove
        if next_step(step=Step(case.step), deed=Deed.ACCEPT_CLAIM) is None:
            raise NotYourMove
        check_not_replaced(case=case, order=order)
        docket = Docket(stores, case, order, at)
        overtake_offers(docket, by, "overtaken")
        docket.note("answered", by, answer="claim_accepted")
        replaced = case.wanted == "replacement" and may_replace(case=case, order=order)
        remedy = Remedy.REPLACEMENT if replaced else Remedy.REFUND_FULL
        terms = Terms(remedy, 0 if replaced else case.amount_minor)
        _agree(docket, terms, Deed.ACCEPT_CLAIM, by)
        docket.write()


def _agree(docket: Docket, terms: Terms, deed: Deed, by: Party = NOBODY) -> None:
    replaces = terms.remedy is Remedy.REPLACEMENT
    places = claimed_places(case=docket.case, order=docket.order) if replaces else ()
    decision = Decision(
        remedy=terms.remedy,
        amount_minor=terms.minor,
        shares=(Share("merchant", 100),),
        reasons="",
        by=("buyer", "merchant"),
        units=len(places),
        places=places,
    )
    facts = facts_of(docket)
    file = put_down(docket, facts=facts, basis=Basis.AGREEMENT, decision=decision)
    stand(docket, file, deed, by)
