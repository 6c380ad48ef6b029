"""What only the arbiter's desk shows of a case: who had it, where each step lies in the public log,
how far records and the buyer's files close it, and what may be done with its clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.http import QueryDict

from gongdao.core.clock import say_minute
from gongdao.core.language import gettext as _
from gongdao.core.language import mark
from gongdao.core.models import User
from gongdao.disputes.authority_register import holds_of
from gongdao.disputes.case_keys import case_keys
from gongdao.disputes.clocks import StopReason
from gongdao.disputes.models import Case, Post
from gongdao.disputes.states import Deed as CaseDeed
from gongdao.disputes.states import Mover, Step, next_step
from gongdao.disputes.stop_clock import Stop, find_stops
from gongdao.front.dispute_closure import check_dispute
from gongdao.front.scratch import own_scratch
from gongdao.front.stores import get_stores
from gongdao.front.web.dispute_view import named
from gongdao.front.web.dispute_words import FORUMS, said
from gongdao.front.web.log_view import title_of
from gongdao.front.web.standing_view import CONFLICT_NAMES
from gongdao.market.staff import list_staff
from gongdao.market.states import Role

GIVEN_BECAUSE = {
    "absent": mark("我不在，赶不上时限"),
    "knows_more": mark("对方更熟悉这类案件"),
    "conflict": mark("我和一方有关系"),
    "other": mark("别的原因"),
}
"""Why a person gives a case to another."""
_PASSED_BECAUSE = {
    **GIVEN_BECAUSE,
    "taken": mark("自己接手"),
    "returned": mark("交回"),
    "silence": mark("时间到了"),
    "appeal": mark("申诉"),
    "second_person": mark("要第二位裁决人"),
    "second_disagrees": mark("第二位裁决人的结论不同"),
}


def log_rows(row: Case) -> list[dict[str, Any]]:
    """Every step as it lies in the public log: what it is called there, and its leaf's hash, by
    which its page and its receipt are found."""
    return [
        {
            "number": one.number,
            "kind": title_of(f"dispute.{one.kind}"),
            "hash": bytes(one.leaf_hash).hex(),
            "at": one.at,
        }
        for one in row.events.order_by("number")
    ]


def hand_over_rows(row: Case) -> list[dict[str, Any]]:
    """From whom to whom the case went, through which forums, and why."""
    rows = list(row.hand_overs.order_by("number"))
    people = {one for each in rows for one in (each.from_owner, each.to_owner) if one}
    mails = dict(User.objects.filter(id__in=people).values_list("id", "email"))
    nobody = _("没有人")
    return [
        {
            "at": one.at,
            "from": mails.get(one.from_owner, nobody) if one.from_owner else nobody,
            "to": mails.get(one.to_owner, nobody) if one.to_owner else nobody,
            "from_forum": said(FORUMS, one.from_forum),
            "to_forum": said(FORUMS, one.to_forum) if one.to_forum != one.from_forum else "",
            "why": said(_PASSED_BECAUSE, one.reason),
        }
        for one in rows
    ]


def colleagues(row: Case, me: UUID) -> list[tuple[str, str]]:
    """To whom its owner can give the case: everybody else who decides disputes; nobody where it
    does not wait for a person."""
    if next_step(step=Step(row.step), deed=CaseDeed.HAND_OVER) is None:
        return []
    return [
        (str(one.user_id), one.mail)
        for one in list_staff()
        if Role.ARBITER in one.roles and one.user_id != me
    ]


def reasons_to_give() -> list[tuple[str, str]]:
    """Why a case is given to another person, for a choice."""
    return [(code, said(GIVEN_BECAUSE, code)) for code in GIVEN_BECAUSE]


def stop_rows(row: Case, holds: bool) -> list[dict[str, Any]]:
    """For what the clock may be stopped, and for how many hours yet; for what an authority asks
    only where ``holds`` says that one does."""
    found = find_stops(row) if row.state == "open" else []
    return [
        {
            "code": one.reason.value,
            "name": named(one),
            "hours": -(-one.left // timedelta(hours=1)),
            "reference": one.reference,
        }
        for one in found
        if one.left and (holds or not one.reference)
    ]


def stop_words(cases: Sequence[Case], at: datetime) -> dict[UUID, str]:
    """What their owners wrote for both sides when they let the clocks of ``cases`` stand still, by
    case; nothing for one that an authority's request stopped by itself."""
    rows = Post.objects.filter(
        case__in=cases, by=Mover.PLATFORM.value, at=F("case__clock_stopped_at")
    ).order_by("id")
    by_id, stores = {one.id: one for one in cases}, get_stores()
    return {
        row.case_id: case_keys(stores=stores, case=by_id[row.case_id], at=at).read_words(
            row.id, row.sealed
        )
        for row in rows
    }


def hold_rows(row: Case, at: datetime) -> list[dict[str, Any]]:
    """The requests of authorities that its clock can be stopped for: confirmed, and not over."""
    if row.state != "open":
        return []
    rows = holds_of(order_id=row.order_id, at=at)
    return [{"number": one.number, "until": one.until} for one in rows]


def read_stop(post: QueryDict, words: str) -> Stop:
    """What the form says; hours that are no number are none that can be. Raise ValueError for a
    reason that is none."""
    hours = post.get("hours", "").strip()
    return Stop(
        reason=StopReason(post.get("reason", "")),
        words=words,
        hours=(int(hours) if hours.isascii() and hours.isdigit() else 0) if hours else None,
        reference=post.get("reference", ""),
    )


def _moment(value: object) -> str:
    """A value of the report as people write it: its times are ISO 8601."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return str(value) if at.tzinfo is None else say_minute(at)


def closure_of(row: Case, at: datetime) -> dict[str, Any]:
    """How far the platform's records and the buyer's own files close the case."""
    check = check_dispute(
        stores=get_stores(),
        case=row,
        site=settings.GONGDAO.public_url,
        scratch=own_scratch(),
        at=at,
    )
    against = [
        {
            "name": said(CONFLICT_NAMES, one["what"]),
            "case": _moment(one["case"]),
            "exhibit": one["exhibit"],
            "exhibit_value": _moment(one["exhibit_value"]),
        }
        for one in check.contradictions
    ]
    return {
        "report": check.report,
        "contradictions": against,
        "altered": check.altered,
        "being_read": check.being_read,
        "unread": check.unread,
    }
