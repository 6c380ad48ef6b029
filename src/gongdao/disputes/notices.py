"""Tell a side that it is its move, and know whether it was told: silence counts only then.

Planned with the step that makes it somebody's move, sent by a worker, settled as accepted by the
next hop or failed. Looking at the case counts as being told. What is sent names the order's number
and where to look, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from gongdao.core.clock import say_minute
from gongdao.core.language import Phrase, language, mark
from gongdao.disputes.models import Case, Event, Notice
from gongdao.disputes.states import STEPS, Mover, Step
from gongdao.market.models import MerchantMember, Order
from gongdao.market.notice_queue import settle_taken, take_due
from gongdao.rules.at import at as rule_at
from gongdao.rules.dispute_kinds import AbuseRule

ESCALATED = "escalated"
"""The platform itself was silent: management has the case, the buyer can go outside."""
APPEAL_ESCALATED = "appeal_escalated"
"""The same in an appeal of the merchant's, for both."""
LIMITED = "limited"
"""A published limit begins to hold for this side."""
LIFTED = "limit_lifted"
"""A limit that began for this side rested on a wrong count, and is taken back."""
STOPPED = "clock_stopped"
"""The case's clock stands still, until a time that is named."""
RESUMED = "clock_resumed"
"""It runs on; the side whose move it is has what was left of its time."""


@dataclass(frozen=True)
class ClaimedNotice:
    """A notice that this worker has to send now, and nobody else."""

    id: UUID
    case: Case
    order: Order
    side: Mover
    event: str
    tries: int
    move: int = 0


def is_told(case: Case) -> bool:
    """Whether a confirmed notice reached who is to move, in this move of his; where his clock stood
    still, that it runs on. Of the platform's own moves nobody is told."""
    if case.mover not in (Mover.BUYER, Mover.MERCHANT):
        return False
    since = case.clock_started_at
    if case.stood:
        resumed = Event.objects.filter(case=case, kind="resumed", at__gte=since)
        since = resumed.order_by("-number").values_list("at", flat=True).first() or since
    rows = Notice.objects.filter(case=case, side=case.mover, made_at__gte=since)
    rows = rows.exclude(event__in=(STOPPED, LIFTED))
    return rows.filter(Q(state="accepted") | Q(seen_at__isnull=False)).exists()


def note_seen(*, case_id: UUID, side: Mover, at: datetime) -> int:
    """A side looked at its case: what it was to be told, it knows. How many notices it settles."""
    rows = Notice.objects.filter(case_id=case_id, side=side.value, seen_at__isnull=True)
    return rows.update(seen_at=at)


def claim_notice(*, at: datetime) -> ClaimedNotice | None:
    """The notice that is due longest, taken for the time of a lease."""
    row = take_due(Notice.objects.select_related("case__order"), at=at)
    if row is None:
        return None
    side = Mover(row.side)
    return ClaimedNotice(row.id, row.case, row.case.order, side, row.event, row.tries, row.move)


def settle_notice(*, claim: ClaimedNotice, problem: str, again: bool, at: datetime) -> str:
    """Write what became of a notice, and give the state it has now: see `settle_taken`."""
    rows = Notice.objects.all()
    return settle_taken(rows, id_=claim.id, tries=claim.tries, problem=problem, again=again, at=at)


def merchant_addresses(merchant_id: UUID) -> list[str]:
    """The mail addresses of those who act for a merchant, who joined first first."""
    rows = MerchantMember.objects.filter(merchant_id=merchant_id, user__is_active=True)
    return list(rows.order_by("added_at").values_list("user__email", flat=True))


_MOVE = mark("公道：订单 {number} 的争议等您处理")
_UP = mark("公道：订单 {number} 的争议已转平台管理层")
_LIMIT = mark("公道：按公布的规则，有一条限制从现在起对您生效（订单 {number}）")
_LIMIT_OFF = mark("公道：一条限制取消了（订单 {number}）")
_LIMIT_OFF_BODY = mark(
    "重新数过，限制开始时被发行方记录推翻的投诉没有达到公布的次数。这条限制已经取消，您不用做什么。"
)
_CLOCK = mark("公道：订单 {number} 的争议计时有变化")
_STOPPED_BODY = mark("这个争议的计时停下了，最晚到 {until} 自动继续，剩下的时间一分不少。")
_RESUMED_BODY = mark("这个争议的计时继续了。{waits_for}，最晚到 {due}。")
_MOVED_ON = mark("这个争议的计时停过，案件后来又有了新的进展。")
_APPEAL = mark("到 {until} 自动结束。在争议页可以申诉，由没有参与的人答复。")
_UP_BODY = mark(
    "平台没有按时答复，已自动升级。您可以下载现成的卷宗，同时向外部渠道投诉；这边照常处理。"
)
_APPEAL_UP_BODY = mark(
    "平台没有按时答复商家的申诉，已自动升级到管理层。管理层到期也没有答复的，商家的申诉成立："
    "由平台出钱补给商家，买家已经得到的不收回。"
)
_TITLES = {
    ESCALATED: _UP,
    APPEAL_ESCALATED: _UP,
    LIMITED: _LIMIT,
    LIFTED: _LIMIT_OFF,
    STOPPED: _CLOCK,
    RESUMED: _CLOCK,
}
"""Of notices that are about something else than a move."""


def dispute_text(*, claim: ClaimedNotice, link: str) -> tuple[str, str]:
    """Title and text of what is sent, in the language in use; ``link`` leads to the case."""
    where = Phrase("请到这里查看：{link}", link=link)
    bodies = {
        ESCALATED: _UP_BODY,
        APPEAL_ESCALATED: _APPEAL_UP_BODY,
        LIFTED: _LIMIT_OFF_BODY,
    }
    said = [str(Phrase.named(bodies[claim.event]))] if claim.event in bodies else []
    if claim.event in (STOPPED, RESUMED):
        said.append(_clock_text(claim))
    elif claim.event not in _TITLES:
        said = [str(Phrase.named(STEPS[Step(claim.event)].waits_for))]
    body = "\n".join([*said, *_limits(claim)])
    title = _TITLES.get(claim.event, _MOVE)
    return str(Phrase.named(title, number=claim.order.number)), f"{body}\n{where}"


def _clock_text(claim: ClaimedNotice) -> str:
    """What the clock does, as it stands when the notice is sent; a case that went on meanwhile says
    only that, and the page tells the rest."""
    case, step = claim.case, Step(claim.case.step)
    if claim.event == STOPPED and case.clock_stop_until is not None:
        return str(Phrase.named(_STOPPED_BODY, until=say_minute(case.clock_stop_until)))
    if claim.event == RESUMED and case.clock_due_at is not None and case.clock_stopped_at is None:
        waits_for = Phrase.named(STEPS[step].waits_for)
        due = say_minute(case.clock_due_at)
        return str(Phrase.named(_RESUMED_BODY, waits_for=waits_for, due=due))
    return str(Phrase.named(_MOVED_ON))


def _limits(claim: ClaimedNotice) -> Iterator[str]:
    """Each limit that began with this move for this side: its ground, its end, how to appeal."""
    rows = Event.objects.filter(case_id=claim.case.id, number__lte=claim.move)
    last = rows.filter(number=claim.move).values("at")
    for row in rows.filter(kind="limited", at__in=last, data__begins=True).order_by("number"):
        rule = rule_at(row.data["rule"].partition("@")[0], on=claim.case.rules_on)
        if isinstance(rule, AbuseRule) and rule.who in (claim.side.value, "both"):
            until = say_minute(datetime.fromisoformat(row.data["until"]))
            yield rule.says_en if language() == "en" else rule.says
            yield str(Phrase.named(_APPEAL, until=until))
