"""Appeal: to a person, who did not decide before. Against an automatic decision the wish alone
suffices; against a person's it takes new evidence, or an error that is named."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from gongdao.core.errors import DisputeRefused, NotYourMove
from gongdao.core.language import Phrase
from gongdao.core.stores import Stores
from gongdao.disputes.clocks import appeal_until
from gongdao.disputes.events import Docket, Party
from gongdao.disputes.hand_over import count_hand_over
from gongdao.disputes.hold_money import fence_money
from gongdao.disputes.locks import lock_case
from gongdao.disputes.models import Case, Proposal, Verdict
from gongdao.disputes.say import NewFile, add_post
from gongdao.disputes.states import Deed, Forum, Outcome
from gongdao.disputes.stop_clock import hold_if_asked


class Ground(StrEnum):
    """What an appeal rests on."""

    REQUEST = "request"
    """A machine decided; a person shall look."""
    NEW_EVIDENCE = "new_evidence"
    NAMED_ERROR = "named_error"


def appeal(
    *,
    stores: Stores,
    case_id: UUID,
    by: Party,
    ground: Ground,
    words: str,
    files: Sequence[NewFile] = (),
    at: datetime,
) -> Case:
    """Open a closed case again, before a person. Once for each side and verdict.

    Raise NotYourMove where the case is open, DisputeRefused where the time is over, another case of
    the order is open, the ground does not carry it, or this side appealed against this verdict
    before.
    """
    with transaction.atomic():
        case, order = lock_case(case_id)
        if case.state != "closed" or case.closed_at is None:
            raise NotYourMove
        last = Verdict.objects.filter(case=case).order_by("-number").first()
        _check(case, last, by, ground, files, at)
        docket = Docket(stores, case, order, at)
        before = Forum(case.forum)
        case.ending, case.owner_id = case.outcome, None
        Proposal.objects.filter(case=case).delete()  # who decides now begins anew
        number = last.number if last else 0
        docket.note("appealed", by, ground=ground.value, verdict=number)
        docket.move(Deed.APPEAL, by)
        count_hand_over(docket, before=before, reason="appeal")
        add_post(docket=docket, by=by, words=words, files=files)
        hold_if_asked(docket)
        fence_money(case=case, order=order, at=at)
        docket.write()
    return case


def appeal_ends(case: Case) -> datetime:
    """By when a closed case may be appealed: counted from its end, or from that of another case of
    the order that came within this time, since an order has one open case at most."""
    assert case.closed_at is not None
    until = appeal_until(closed_at=case.closed_at, on=case.rules_on)
    others = Case.objects.filter(order_id=case.order_id, opened_at__lte=until)
    last = others.aggregate(last=Max("closed_at"))["last"]
    return appeal_until(closed_at=last, on=case.rules_on)


def _check(
    case: Case,
    last: Verdict | None,
    by: Party,
    ground: Ground,
    files: Sequence[NewFile],
    at: datetime,
) -> None:
    if at > appeal_ends(case):
        raise DisputeRefused(
            Phrase("申诉的时间已经过了。您仍然可以向外部渠道投诉、举报或起诉，卷宗可以下载。")
        )
    if Case.objects.filter(order_id=case.order_id, state="open").exists():
        raise DisputeRefused(
            Phrase("这一单的另一个案件还在处理：等它结束再申诉，等待的时间不算进申诉期限。")
        )
    if case.outcome in (Outcome.SETTLED.value, Outcome.WITHDRAWN.value):
        raise DisputeRefused(Phrase("这个案件是双方说定或撤回的，没有裁决可以申诉；可以重新投诉。"))
    number = last.number if last else 0
    earlier = case.events.filter(kind="appealed", by=by.side.value, data__verdict=number)
    if earlier.exists():
        raise DisputeRefused(Phrase("您对这个结果已经申诉过一次。"))
    if last is None or last.automatic:
        return
    if ground is Ground.REQUEST or (ground is Ground.NEW_EVIDENCE and not files):
        raise DisputeRefused(Phrase("对人工裁决申诉，要有新证据，或指出具体的错误。"))
