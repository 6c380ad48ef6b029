"""A person decides: with the facts he found shown, reasons and a basis, and never about himself.

Over a published limit a second person has to come to the same. What is weighed becomes facts with a
person as source, so that the verdict file shows what was believed and what the rules make of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from gongdao.core.errors import InputError, NotKnown, NotYourMove
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.disputes.case_keys import CaseKeys, case_keys
from gongdao.disputes.correct_money import plan_correction, stop_unpaid
from gongdao.disputes.decide_liability import Remedy
from gongdao.disputes.events import Docket, Party
from gongdao.disputes.execute_remedies import due_of, try_steps
from gongdao.disputes.facts import BadFacts, Fact, FactName, Facts, Source, Value
from gongdao.disputes.hand_over import check_impartial, count_hand_over
from gongdao.disputes.judge import Deciders, facts_of, put_down, stand
from gongdao.disputes.limit_money import REFUNDS, check_price, check_replacement
from gongdao.disputes.limits import second_arbiter_limit
from gongdao.disputes.locks import lock_case
from gongdao.disputes.may_replace import claimed_places
from gongdao.disputes.models import Proposal, Verdict
from gongdao.disputes.queries import appellant_of, find_proposal
from gongdao.disputes.say import overtake_offers
from gongdao.disputes.states import Deed, Forum, Mover, Outcome, Step
from gongdao.disputes.verdict_file import BadVerdict, Basis, Decision, VerdictFile
from gongdao.rules.at import at as rule_at
from gongdao.rules.dispute_kinds import Share

FEWEST_SIGNS = 20
"""Reasons shorter than this explain nothing."""
_DECIDES = (Step.ARBITER, Step.MANAGEMENT, Step.APPEAL_ARBITER)
_SECONDS = (Step.SECOND_ARBITER, Step.APPEAL_SECOND)


@dataclass(frozen=True)
class Ruling:
    """What a person decides. ``shares`` by party, per cent, together 100 (empty without a remedy);
    ``weighed`` the facts that he found shown or not; ``rules`` the refs that he goes by."""

    remedy: Remedy
    minor: int
    shares: Mapping[str, int]
    reasons: str
    rules: Sequence[str]
    weighed: Mapping[FactName, Value] = field(default_factory=dict)
    units: int = 0


def give_verdict(
    *, stores: Stores, case_id: UUID, by: UUID, ruling: Ruling, at: datetime
) -> Verdict | None:
    """Decide a case that waits for a person; None where the amount asks for a second person first.
    The second one decides with the same verb: the same result stands, another one begins anew.

    Raise NotYourMove where it is not his case or waits for somebody else, ConflictOfInterest,
    InputError for an answer without facts, reasons and basis.
    """
    with transaction.atomic():
        case, order = lock_case(case_id)
        step = Step(case.step)
        if step not in (*_DECIDES, *_SECONDS):
            raise NotYourMove
        check_impartial(case=case, order=order, user_id=by)
        docket = Docket(stores, case, order, at)
        facts = facts_of(docket).with_facts(_facts(ruling, by, at))
        first = find_proposal(case)
        if first is None and case.owner_id not in (None, by):
            raise NotYourMove
        if first is not None and first.by_id == by:
            raise NotYourMove
        file = _put_down(docket, facts, ruling, by, first)
        if _needs_second(docket, file, ruling, first):
            _propose(docket, ruling, by, first)
            docket.write()
            return None
        row = _let_stand(docket, file, ruling, by, first)
        docket.write()
    return row


def _facts(ruling: Ruling, by: UUID, at: datetime) -> list[Fact]:
    try:
        return [
            Fact(name, value, Source.PERSON, at, (f"arbiter:{by}",))
            for name, value in ruling.weighed.items()
        ]
    except BadFacts as error:
        raise InputError(
            _("这条事实不能由人认定：{why}").format(why=error), field="facts"
        ) from None


def _put_down(
    docket: Docket, facts: Facts, ruling: Ruling, by: UUID, first: Proposal | None
) -> VerdictFile:
    if len(ruling.reasons.strip()) < FEWEST_SIGNS:
        raise InputError(_("请写明认定的事实和理由。"), field="reasons")
    replaces = ruling.remedy is Remedy.REPLACEMENT
    places = claimed_places(case=docket.case, order=docket.order) if replaces else ()
    if replaces and not places:
        raise InputError(_("没有说明是哪几件有问题，不能补发，请选退款。"), field="remedy")
    if replaces:
        check_replacement(case=docket.case, order=docket.order, at=docket.at)
    if ruling.remedy in REFUNDS:
        # All of it is what the pieces of the case cost; a stated sum beyond that is refused.
        minor = 0 if ruling.remedy is Remedy.REFUND_FULL else ruling.minor
        check_price(case=docket.case, order=docket.order, minor=minor, at=docket.at)
    if not ruling.rules:
        raise InputError(_("请写明依据的规则。"), field="rules")
    for ref in ruling.rules:
        try:
            rule_at(ref.partition("@")[0], on=docket.case.rules_on)
        except NotKnown:
            raise InputError(_("没有这条规则：{ref}").format(ref=ref), field="rules") from None
    deciders = [str(one) for one in ([first.by_id] if first else []) + [by]]
    decision = Decision(
        remedy=ruling.remedy,
        amount_minor=ruling.minor,
        shares=tuple(Share(party, percent) for party, percent in ruling.shares.items()),
        reasons=ruling.reasons.strip(),
        by=tuple(deciders),
        rules=tuple(ruling.rules),
        units=len(places) or ruling.units,
        places=places,
    )
    try:
        return put_down(docket, facts=facts, basis=Basis.PERSON, decision=decision)
    except BadVerdict as error:
        raise InputError(_("裁决不完整：{why}").format(why=error), field="verdict") from None


def _needs_second(
    docket: Docket, file: VerdictFile, ruling: Ruling, first: Proposal | None
) -> bool:
    """Whether somebody else has to come to the same: what is claimed, or given where it
    is more."""
    if first is not None:
        return _said(docket, first) != _plain(ruling)
    at_stake = max(docket.case.amount_minor, file.result.amount_minor)
    return Money(at_stake, docket.case.currency) > second_arbiter_limit(docket.case.rules_on)


def _plain(ruling: Ruling) -> dict[str, Any]:
    return {
        "remedy": ruling.remedy.value,
        "minor": ruling.minor,
        "shares": dict(sorted(ruling.shares.items())),
        "units": ruling.units,
    }


def _keys(docket: Docket) -> CaseKeys:
    return case_keys(stores=docket.stores, case=docket.case, at=docket.at)


def _said(docket: Docket, first: Proposal) -> dict[str, Any]:
    text = _keys(docket).read_words(docket.case.id, first.sealed)
    plain: dict[str, Any] = json.loads(text)
    plain.pop("reasons")
    return plain


def _propose(docket: Docket, ruling: Ruling, by: UUID, first: Proposal | None) -> None:
    """Keep what the first person came to, and ask for a second; a second who comes to something
    else is the first of a new pair, and the clock runs on."""
    case, acting = docket.case, Party(Mover.PLATFORM, by)
    before = Forum(case.forum)
    deed = Deed.HAND_OVER if first else Deed.NEEDS_SECOND
    text = json.dumps({**_plain(ruling), "reasons": ruling.reasons})
    sealed = _keys(docket).seal_words(case.id, text)
    docket.move(deed, acting)
    case.owner_id = by
    reason = "second_disagrees" if first else "second_person"
    count_hand_over(docket, before=before, reason=reason, from_owner=by, by=acting)
    Proposal.objects.update_or_create(
        case=case, defaults={"by_id": by, "sealed": sealed, "at": docket.at}
    )


def _let_stand(
    docket: Docket, file: VerdictFile, ruling: Ruling, by: UUID, first: Proposal | None
) -> Verdict:
    case = docket.case
    before, appellant = case.ending, appellant_of(case)
    his = appellant == Mover.MERCHANT.value
    sealed = _keys(docket).seal_words(case.id, ruling.reasons)
    deciders = Deciders(first.by_id if first else by, by if first else None, sealed)
    case.owner_id = case.owner_id or by
    overtake_offers(docket, Party(Mover.PLATFORM, by), "overtaken")
    granted = file.result.remedy is not Remedy.NONE
    deed = Deed.DECIDE_UPHELD if granted else Deed.DECIDE_REFUSED
    if his:
        stop_unpaid(docket)
    row = stand(docket, file, deed, Party(Mover.PLATFORM, by), deciders)
    if his:
        basis, bears = f"verdict:{row.number}", due_of(file.result).merchant
        try_steps(docket, plan_correction(docket=docket, basis=basis, bears=bears))
    if not granted and before and appellant == Mover.BUYER.value:
        # An appeal of the buyer's in vain leaves what he was given before as it was.
        case.ending = case.outcome = before
    elif appellant and not granted:
        case.ending = case.outcome = Outcome.REFUSED.value
    Proposal.objects.filter(case=case).delete()
    if case.state == "closed" and not granted:
        docket.note("closed", outcome=case.outcome)
    return row
