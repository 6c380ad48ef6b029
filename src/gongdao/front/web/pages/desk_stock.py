"""A merchant's secrets: put on the shelf from a file or a pasted text after a look at every line,
batches, and a batch taken down. No page here ever shows a secret."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gongdao.core.errors import GongdaoError, InputError, StockRefused, WrongStockState
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.downloads import file_answer
from gongdao.front.web.pages.desk_access import Desk, desk_page, show
from gongdao.front.web.pages.desk_stock_form import IntakeForm, ShelfForm
from gongdao.front.web.pages.desk_words import (
    BATCH_SOURCES,
    BATCH_STATES,
    INTAKE_SHAPES,
    INTAKE_STATES,
    UNIT_STATES,
)
from gongdao.front.worker.desk_tasks import ask_for_intake
from gongdao.ledger.csv_lines import csv_lines
from gongdao.market.desk_models import StockIntake
from gongdao.market.desk_states import RUNNING, IntakeState
from gongdao.market.draft_listing import open_shelf, title_of
from gongdao.market.members import find_batch
from gongdao.market.models import Listing
from gongdao.market.take_stock import (
    HandedIn,
    begin_import,
    find_stray,
    give_up_intake,
    hand_in,
    read_refused,
)
from gongdao.vault.discard_import import discard_import
from gongdao.vault.make_sku import get_shelf
from gongdao.vault.models import Batch
from gongdao.vault.queries import count_available, count_batch, last_checked
from gongdao.vault.refusals import Reason, Refusal
from gongdao.vault.states import BatchState, SourceKind, UnitState
from gongdao.vault.withdraw_batch import withdraw_batch

_PER_PAGE = 20
_SHOWN = 100
"""Refused lines on the page; the file has all of them."""
_COUNTED = 100_000


@require_safe
@desk_page
def stock(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Every listing that can hold secrets, with what is left."""
    rows = Listing.objects.filter(merchant=desk.merchant).select_related("draft")
    page = Paginator(rows.order_by("-created_at", "-id"), _PER_PAGE).get_page(
        request.GET.get("page")
    )
    found = list(page.object_list)
    skus = [one.sku_id for one in found if one.sku_id]
    counted = count_available(skus, most=_COUNTED) if skus else {}
    running = set(
        StockIntake.objects.filter(listing__in=found, state__in=list(RUNNING)).values_list(
            "listing_id", flat=True
        )
    )
    lines = [
        {
            "id": one.id,
            "title": title_of(one) or _("还没有标题"),
            "shelf": one.sku_id is not None,
            "left": counted.get(one.sku_id, 0) if one.sku_id else 0,
            "running": one.id in running,
        }
        for one in found
    ]
    return show(request, desk, "desk_stock", "stock", page=page, lines=lines)


@require_http_methods(["GET", "POST"])
@desk_page
def shelf(request: HttpRequest, desk: Desk, listing_id: UUID) -> HttpResponseBase:
    """One listing's secrets: what they look like, the list that is under way, and the batches."""
    row = desk.listing(listing_id)
    if row.sku_id is None:
        return _make_shelf(request, desk, row)
    if request.method == "GET":
        return _show_shelf(request, desk, row, IntakeForm())
    form = IntakeForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show_shelf(request, desk, row, form, status=422)
    given = HandedIn(
        data=form.data_given(),
        name=form.name_given(),
        source=SourceKind(form.cleaned_data["source"]),
        supplier=form.cleaned_data["supplier"],
    )
    try:
        intake = hand_in(stores=get_stores(), listing=row, given=given, by=desk.user_id, at=now())
    except InputError as error:
        form.add_error("file", str(error.reason))
        return _show_shelf(request, desk, row, form, status=422)
    desk.note("stock.handed_in", "listing", row.id)
    ask_for_intake(intake.id)
    return redirect("desk_intake", listing_id=row.id, intake_id=intake.id)


def _make_shelf(request: HttpRequest, desk: Desk, row: Listing) -> HttpResponseBase:
    form = ShelfForm(request.POST or None)
    title = title_of(row)
    if request.method == "GET" or not form.is_valid():
        status = 200 if request.method == "GET" else 422
        return show(
            request, desk, "desk_shelf", "stock", status=status, listing=row, title=title, form=form
        )
    try:
        open_shelf(listing=row, rules=form.rules(), uses=form.cleaned_data["uses"], at=now())
    except InputError as error:
        form.add_error(None, str(error.reason))
        return show(
            request, desk, "desk_shelf", "stock", status=422, listing=row, title=title, form=form
        )
    desk.note("stock.shelf_made", "listing", row.id)
    messages.success(request, _("库位建好了，可以导入卡密。"))
    return redirect("desk_shelf", listing_id=row.id)


def _show_shelf(
    request: HttpRequest, desk: Desk, row: Listing, form: IntakeForm, *, status: int = 200
) -> HttpResponseBase:
    assert row.sku_id is not None
    known = get_shelf(row.sku_id)
    batches = Batch.objects.filter(sku_id=row.sku_id).order_by("-began_at", "-id")
    page = Paginator(batches, _PER_PAGE).get_page(request.GET.get("page"))
    intakes = StockIntake.objects.filter(listing=row).defer("refused").order_by("-made_at")
    recent = [_intake_line(one) for one in intakes[:5]]
    return show(
        request,
        desk,
        "desk_shelf_stock",
        "stock",
        status=status,
        listing=row,
        title=title_of(row),
        form=form,
        fields="、".join(one.name for one in known.rules.fields),
        uses=known.uses_allowed,
        left=count_available([row.sku_id], most=_COUNTED).get(row.sku_id, 0),
        page=page,
        batches=[_batch_line(one) for one in page.object_list],
        intakes=recent,
        running=next((one for one in recent if one["running"]), None),
        stray=find_stray(listing=row),
    )


def _batch_line(row: Batch) -> dict[str, Any]:
    return {
        "id": row.id,
        "state": translated(BATCH_STATES[BatchState(row.state)]),
        "source": translated(BATCH_SOURCES[SourceKind(row.source_kind)]),
        "secrets": row.secrets,
        "at": row.imported_at or row.began_at,
    }


def _intake_line(row: StockIntake) -> dict[str, Any]:
    state = IntakeState(row.state)
    return {
        "id": row.id,
        "state": translated(INTAKE_STATES[state]),
        "shape": INTAKE_SHAPES[state],
        "running": state in RUNNING,
        "at": row.made_at,
        "accepted": row.accepted,
        "refused": sum(row.reasons.values()),
    }


def _find_intake(desk: Desk, listing_id: UUID, intake_id: UUID) -> StockIntake:
    row = desk.listing(listing_id)
    found = StockIntake.objects.filter(id=intake_id, listing=row).first()
    if found is None:
        raise Http404
    return found


@require_safe
@desk_page
def intake(request: HttpRequest, desk: Desk, listing_id: UUID, intake_id: UUID) -> HttpResponseBase:
    """What became, or would become, of each line of a list; how far a job has come."""
    row = _find_intake(desk, listing_id, intake_id)
    state = IntakeState(row.state)
    reasons = [
        {"why": str(Refusal(0, Reason(code))), "count": count}
        for code, count in sorted(row.reasons.items(), key=lambda one: -one[1])
    ]
    return show(
        request,
        desk,
        "desk_intake",
        "stock",
        listing=row.listing,
        intake=row,
        line=_intake_line(row),
        state=state.value,
        works=state in (IntakeState.LOOKING, IntakeState.IMPORTING),
        title=title_of(row.listing),
        reasons=reasons,
        refused_all=sum(row.reasons.values()),
        refused=[
            {"number": one.number, "why": str(one), "same_as": one.same_as}
            for one in islice(read_refused(row), _SHOWN)
        ],
    )


@require_safe
@desk_page
def refused(
    request: HttpRequest, desk: Desk, listing_id: UUID, intake_id: UUID
) -> HttpResponseBase:
    """Every refused line with its reason, as CSV; what stood there is not in it."""
    row = _find_intake(desk, listing_id, intake_id)
    chunks = (line.encode() for line in csv_lines(_refused_rows(row)))
    return file_answer(
        chunks, name=f"refused-{row.id.hex[-8:]}.csv", media_type="text/csv; charset=utf-8"
    )


def _refused_rows(row: StockIntake) -> Iterator[list[str]]:
    yield [_("行号"), _("代码"), _("原因"), _("与哪一行重复")]
    for one in read_refused(row):
        yield [str(one.number), one.reason.value, str(one), str(one.same_as or "")]


@require_POST
@desk_page
def go_on(request: HttpRequest, desk: Desk, listing_id: UUID, intake_id: UUID) -> HttpResponseBase:
    """Put on the shelf what was looked through; or let a job that died take it up again."""
    row = _find_intake(desk, listing_id, intake_id)
    if begin_import(intake_id=row.id):
        desk.note("stock.import_begun", "intake", row.id)
    if row.state in RUNNING:
        ask_for_intake(row.id)
    return redirect("desk_intake", listing_id=listing_id, intake_id=row.id)


@require_POST
@desk_page
def give_up(
    request: HttpRequest, desk: Desk, listing_id: UUID, intake_id: UUID
) -> HttpResponseBase:
    """Give a list up: nothing of it stays."""
    row = _find_intake(desk, listing_id, intake_id)
    if row.state in RUNNING:
        try:
            gone = give_up_intake(intake_id=row.id, at=now())
        except StockRefused as error:
            messages.warning(request, str(error))
            return redirect("desk_shelf", listing_id=listing_id)
        desk.note("stock.given_up", "intake", row.id)
        said = (
            _("放弃了，什么都没有留下。")
            if gone
            else _("已经全部上架，放弃不了；要撤请撤下那个批次。")
        )
        messages.info(request, said)
    return redirect("desk_shelf", listing_id=listing_id)


@require_POST
@desk_page
def drop_stray(
    request: HttpRequest, desk: Desk, listing_id: UUID, batch_id: UUID
) -> HttpResponseBase:
    """Give up an import that was begun elsewhere and has not ended."""
    row = desk.listing(listing_id)
    batch = find_batch(sku_id=row.sku_id, batch_id=batch_id)
    if batch is None:
        raise Http404
    try:
        count = discard_import(batch=batch.id)
    except WrongStockState:
        messages.info(request, _("它已经做完了。"))
    except StockRefused as error:
        messages.warning(request, str(error))
    else:
        desk.note("stock.given_up", "batch", batch.id)
        messages.success(request, _("放弃了：{n} 条卡密已移除，可以重新导入。").format(n=count))
    return redirect("desk_shelf", listing_id=row.id)


@require_http_methods(["GET", "POST"])
@desk_page
def batch(request: HttpRequest, desk: Desk, listing_id: UUID, batch_id: UUID) -> HttpResponseBase:
    """One batch: how many are left; take down what is left, after a confirmation."""
    row = desk.listing(listing_id)
    found = find_batch(sku_id=row.sku_id, batch_id=batch_id)
    if found is None:
        raise Http404
    problem = ""
    if request.method == "POST":
        reason = " ".join(request.POST.get("reason", "").split())[:200]
        if reason and request.POST.get("confirmed") == "yes":
            return _withdraw(request, desk, row, found, reason)
        problem = _("请写明为什么撤下。") if not reason else _("请勾选确认。")
    counted = count_batch(found.id)
    return show(
        request,
        desk,
        "desk_batch",
        "stock",
        status=422 if problem else 200,
        listing=row,
        batch=found,
        line=_batch_line(found),
        units=[
            {"name": translated(UNIT_STATES[state]), "value": counted.get(state, 0)}
            for state in UnitState
        ],
        can_withdraw=found.state in (BatchState.LIVE, BatchState.QUARANTINED),
        root=bytes(found.root).hex() if found.root else "",
        checked=last_checked(found.id),
        reason=request.POST.get("reason", "")[:200],
        problem=problem,
        title=title_of(row),
    )


def _withdraw(
    request: HttpRequest, desk: Desk, row: Listing, found: Batch, reason: str
) -> HttpResponseBase:
    may_return = request.POST.get("may_return") == "yes"
    try:
        done = withdraw_batch(
            stores=get_stores(), batch=found.id, reason=reason, may_return=may_return, at=now()
        )
    except GongdaoError as error:
        messages.warning(request, str(error))
    else:
        desk.note("stock.withdrawn", "batch", found.id)
        messages.success(
            request,
            _("撤下了 {n} 份；卖出去的不受影响，{lapsed} 个没付款的预留失效。").format(
                n=done.units, lapsed=len(done.lapsed)
            ),
        )
    return redirect("desk_batch", listing_id=row.id, batch_id=found.id)


_SHELF = "<uuid:listing_id>/"
_INTAKE = f"{_SHELF}lists/<uuid:intake_id>/"
_BATCH = f"{_SHELF}batches/<uuid:batch_id>/"
urlpatterns = [
    path("", stock, name="desk_stock"),
    path(_SHELF, shelf, name="desk_shelf"),
    path(_INTAKE, intake, name="desk_intake"),
    path(f"{_INTAKE}refused.csv", refused, name="desk_refused"),
    path(f"{_INTAKE}go-on/", go_on, name="desk_intake_go_on"),
    path(f"{_INTAKE}give-up/", give_up, name="desk_intake_give_up"),
    path(_BATCH, batch, name="desk_batch"),
    path(f"{_BATCH}drop/", drop_stray, name="desk_drop_stray"),
]
