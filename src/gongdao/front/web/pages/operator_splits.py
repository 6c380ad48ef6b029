"""Splits (分账) on the operator's desk: what services were asked to hand out, and what became of
it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from gongdao.core.clock import BEIJING, beijing
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.front.gateways import get_gateways
from gongdao.front.split_csv import split_csv
from gongdao.front.stores import get_stores
from gongdao.front.web.downloads import file_answer
from gongdao.front.web.market_words import gateway_name
from gongdao.front.web.operator_access import Desk, desk_page, factor_context, fresh_factor_page
from gongdao.front.web.operator_view import do_deed, page_of, searched
from gongdao.front.web.split_words import SPLIT_SHAPES, SPLIT_STATES, split_problem, split_state
from gongdao.market.limits import share_limit
from gongdao.market.models import Merchant
from gongdao.market.pass_shares import ShownShares, find_waiting_shares, pass_shares
from gongdao.market.push_split import drop_split, push_split
from gongdao.market.staff import note_deed
from gongdao.market.states import Role
from gongdao.payments.ask_split import find_splitter
from gongdao.payments.models import Split

_LONGEST = timedelta(days=366)


@require_safe
@desk_page(Role.FINANCE)
def splits(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Every split, the newest first; found by order, trade number or merchant."""
    return _show(request, desk)


def _show(
    request: HttpRequest, desk: Desk, *, problem: str = "", status: int = 200
) -> HttpResponseBase:
    text, state = searched(request), request.GET.get("state", "")
    rows = Split.objects.select_related("credit__intent").order_by(
        "-planned_at", "-credit_id", "-part", "-id"
    )
    if state in SPLIT_STATES:
        rows = rows.filter(state=state)
    if text:
        named = Merchant.objects.filter(display_name__icontains=text).values_list("id", flat=True)
        rows = (
            rows.filter(credit__intent__out_trade_no=text.upper())
            | rows.filter(credit__trade_no=text)
            | rows.filter(owner_kind="merchant", owner_id__in=list(named[:50]))
        )
    page = page_of(request, rows)
    today = beijing(desk.at).date()
    context = {
        **factor_context(request, "operator_splits"),
        "page": page,
        "splits": _sights(list(page.object_list)),
        "states": [(code, split_state(code)) for code in SPLIT_STATES],
        "state": state,
        "q": text,
        "passing": _passing(desk),
        "limit": share_limit(today),
        "services": [
            {"name": gateway_name(one.name), "splits": bool(find_splitter(one, one.account))}
            for one in get_gateways().values()
        ],
        "begin": (today - timedelta(days=30)).isoformat(),
        "until": today.isoformat(),
        "problem": problem,
        "here": "operator",
        "part": "ledger",
    }
    return render(request, "pages/operator_splits.html", context, status=status)


def _passing(desk: Desk) -> list[dict[str, Any]]:
    """Shares that wait for a second person, with the account that they would arrive at."""
    rows = find_waiting_shares(stores=get_stores(), at=desk.at)
    names = dict(
        Merchant.objects.filter(id__in={one.merchant_id for one in rows}).values_list(
            "id", "display_name"
        )
    )
    return [
        {
            "row": one,
            "merchant": names.get(one.merchant_id, ""),
            "service": gateway_name(one.gateway),
            "number": f"…{one.receiver.number[-4:]}" if one.receiver else "",
            "newest": one.newest.isoformat(),
            "mine": one.receiver is not None and one.receiver.verified_by == desk.by.id,
        }
        for one in rows
    ]


def _sights(rows: list[Split]) -> list[dict[str, Any]]:
    ids = {row.owner_id for row in rows if row.part == "share"}
    names = dict(Merchant.objects.filter(id__in=ids).values_list("id", "display_name"))
    return [
        {
            "row": row,
            "merchant": names.get(row.owner_id, ""),
            "order": row.credit.intent.out_trade_no,
            "service": gateway_name(row.credit.gateway),
            "amount": Money(row.amount_minor or row.released_minor, row.credit.currency),
            "state": split_state(row.state, row.part),
            "shape": SPLIT_SHAPES[row.state],
            "problem": split_problem(row.problem),
            "can_push": row.state in ("waiting", "refused", "skipped", "stuck"),
            "can_drop": row.state in ("waiting", "refused"),
        }
        for row in rows
    ]


@require_POST
@desk_page(Role.FINANCE)
@fresh_factor_page("operator_splits")
def step(request: HttpRequest, desk: Desk, split_id: UUID) -> HttpResponseBase:
    """Try one again, or let it go another way."""
    name = request.POST.get("step", "")
    if name not in ("push", "drop"):
        raise Http404

    def deed() -> bool:
        if name == "push":
            return push_split(split_id=split_id, by=desk.by, at=desk.at)
        said = request.POST.get("said", "")
        return drop_split(split_id=split_id, by=desk.by, reason=said, at=desk.at)

    return do_deed(
        request,
        desk,
        deed,
        code="",  # the deeds note themselves
        about=("split", str(split_id)),
        done=_("已记下。"),
        back="operator_splits",
    )


@require_POST
@desk_page(Role.FINANCE)
@fresh_factor_page("operator_splits")
def let_go(request: HttpRequest, desk: Desk, merchant_id: UUID) -> HttpResponseBase:
    """Let shares over the limit of a day go, as they were shown."""
    shown = _shown(request, merchant_id)
    if shown is None:
        raise Http404

    def deed() -> bool:
        return pass_shares(stores=get_stores(), shown=shown, by=desk.by, at=desk.at) > 0

    return do_deed(
        request,
        desk,
        deed,
        code="",  # the deed notes itself
        about=("merchant", str(merchant_id)),
        done=_("放行了，这些分账会接着办。"),
        back="operator_splits",
    )


def _shown(request: HttpRequest, merchant_id: UUID) -> ShownShares | None:
    """What stood on the page that was posted; None for what the page does not post."""
    given = request.POST
    try:
        newest = datetime.fromisoformat(given.get("newest", ""))
        shown = ShownShares(
            merchant_id,
            given.get("gateway", "")[:16].replace("\0", ""),
            UUID(given.get("receiver", "")),
            newest,
            int(given.get("count", "")),
            Money(int(given.get("total", "")), given.get("currency", "")[:3].replace("\0", "")),
        )
    except ValueError:
        return None
    return None if newest.tzinfo is None else shown


@require_safe
@desk_page(Role.FINANCE)
def listed(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """The splits planned between two days, both included, as CSV; the download is noted."""
    first, last = _day(request.GET.get("begin", "")), _day(request.GET.get("until", ""))
    if first is None or last is None or not first <= last <= first + _LONGEST:
        said = _("选两个日期，先早后晚，相隔最多一年。")
        return _show(request, desk, problem=said, status=422)
    note_deed(by=desk.by, deed="split.list", about=("split", f"{first}/{last}"), at=desk.at)
    lines = split_csv(
        begin=datetime.combine(first, time(0), BEIJING),
        until=datetime.combine(last + timedelta(days=1), time(0), BEIJING),
    )
    # Read at once: a transaction is open while it is read.
    whole = "".join(lines).encode()
    name = f"splits-{first:%Y%m%d}-{last:%Y%m%d}.csv"
    return file_answer([whole], name=name, media_type="text/csv; charset=utf-8")


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2199 else None


urlpatterns = [
    path("splits/", splits, name="operator_splits"),
    path("splits/list.csv", listed, name="operator_splits_list"),
    path("splits/let-go/<uuid:merchant_id>/", let_go, name="operator_splits_let_go"),
    path("splits/<uuid:split_id>/", step, name="operator_split_step"),
]
