"""Who of the platform answers for a case. Every hand-over is counted, from whom to whom and why; it
wins nobody time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.core.errors import ConflictOfInterest, DisputeRefused, InputError, NotYourMove
from gongdao.core.language import Phrase
from gongdao.core.language import gettext as _
from gongdao.core.stores import Stores
from gongdao.disputes.events import Docket, Party
from gongdao.disputes.locks import lock_case
from gongdao.disputes.models import Case, HandOver, Verdict
from gongdao.disputes.queries import appellant_of
from gongdao.disputes.say import add_post
from gongdao.disputes.states import Deed, Forum, Mover
from gongdao.disputes.table_rows import insert_rows
from gongdao.market.models import MerchantMember, Order


def check_impartial(*, case: Case, order: Order, user_id: UUID) -> None:
    """Raise ConflictOfInterest where the user is the buyer, acts for the merchant, or decided this
    case before and it is under appeal, wherever that waits."""
    member = MerchantMember.objects.filter(merchant_id=case.merchant_id, user_id=user_id)
    if order.buyer_id == user_id or member.exists():
        raise ConflictOfInterest
    before = Verdict.objects.filter(case=case, decided_by_id=user_id)
    second = Verdict.objects.filter(case=case, seconded_by_id=user_id)
    if appellant_of(case) and (before.exists() or second.exists()):
        raise ConflictOfInterest


def take_case(*, stores: Stores, case_id: UUID, user_id: UUID, at: datetime) -> Case:
    """A person of the platform takes a case that nobody has; his own again changes nothing. Raise
    DisputeRefused where another has it, NotYourMove where it is closed, ConflictOfInterest."""
    with transaction.atomic():
        case, order = lock_case(case_id)
        check_impartial(case=case, order=order, user_id=user_id)
        if case.owner_id == user_id:
            return case
        if case.state != "open":
            raise NotYourMove
        if case.owner_id is not None:
            raise DisputeRefused(Phrase("这个案件已经由别人负责；要换人请走移交。"))
        docket = Docket(stores, case, order, at)
        _pass_on(docket, to=user_id, reason="taken", words="", by=user_id)
        docket.write()
    return case


def hand_over(
    *,
    stores: Stores,
    case_id: UUID,
    by: UUID,
    to: UUID | None,
    reason: str,
    words: str,
    at: datetime,
) -> Case:
    """Its owner gives a case to another person, or back to the desk (None), and says why. The clock
    runs on. Raise NotYourMove where it is not his or no person has it to decide, InputError
    without words, ConflictOfInterest for whom it goes to."""
    if not words.strip():
        raise InputError(_("请写明为什么移交。"), field="words")
    with transaction.atomic():
        case, order = lock_case(case_id)
        if case.owner_id != by:
            raise NotYourMove
        if to is not None:
            check_impartial(case=case, order=order, user_id=to)
        docket = Docket(stores, case, order, at)
        docket.move(Deed.HAND_OVER, Party(Mover.PLATFORM, by))
        _pass_on(docket, to=to, reason=reason, words=words, by=by)
        docket.write()
    return case


def _pass_on(docket: Docket, *, to: UUID | None, reason: str, words: str, by: UUID) -> None:
    forum, owner = Forum(docket.case.forum), docket.case.owner_id
    docket.case.owner_id = to
    count_hand_over(
        docket, before=forum, reason=reason, from_owner=owner, by=Party(Mover.PLATFORM, by)
    )
    if words.strip():
        add_post(docket=docket, by=Party(Mover.PLATFORM, by), words=words, files=())


def count_hand_over(
    docket: Docket,
    *,
    before: Forum,
    reason: str,
    from_owner: UUID | None = None,
    by: Party | None = None,
) -> None:
    """Write that a case went on: from which forum and person to which it stands now, and why."""
    case = docket.case
    case.handovers += 1
    acting = by or Party(Mover.PLATFORM)
    docket.note("handed_over", acting, reason=reason, before=before.value, forum=case.forum)
    docket.keep()
    row = HandOver(
        case=case,
        number=case.handovers,
        from_forum=before.value,
        to_forum=case.forum,
        from_owner=from_owner,
        to_owner=case.owner_id,
        reason=reason,
        at=docket.at,
    )
    insert_rows([row])


def ask_party(
    *, stores: Stores, case_id: UUID, by: UUID, whom: Mover, words: str, at: datetime
) -> Case:
    """Its owner asks the buyer or the merchant for evidence: it is that side's move, with a clock
    of its own; without an answer he decides on what is there. Raise NotYourMove, InputError."""
    if whom not in (Mover.BUYER, Mover.MERCHANT):
        raise ValueError(f"{whom} cannot be asked")
    with transaction.atomic():
        case, order = lock_case(case_id)
        if case.owner_id != by:
            raise NotYourMove
        docket = Docket(stores, case, order, at)
        acting = Party(Mover.PLATFORM, by)
        deed = Deed.ASK_BUYER if whom is Mover.BUYER else Deed.ASK_MERCHANT
        docket.move(deed, acting)
        add_post(docket=docket, by=acting, words=words, files=())
        docket.write()
    return case
