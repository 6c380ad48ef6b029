"""Disputes on the operator's desk: the queue by deadline, and one case with all of it side by side:
facts and who recorded them, the rules that hold and that would, both parties' words, the log."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gongdao.core.errors import GongdaoError
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.core.money import Money
from gongdao.disputes.decide_liability import Finding, RowState, decide
from gongdao.disputes.events import Docket, Party
from gongdao.disputes.explain import find_row, say_condition, say_row
from gongdao.disputes.facts import FactName, Facts
from gongdao.disputes.give_verdict import give_verdict
from gongdao.disputes.hand_over import ask_party, hand_over, take_case
from gongdao.disputes.judge import facts_of
from gongdao.disputes.may_replace import may_replace
from gongdao.disputes.models import Case, RootCause
from gongdao.disputes.queries import (
    cases_of_platform,
    cases_that_need_a_person,
    cases_that_stand_still,
    find_proposal,
)
from gongdao.disputes.root_cause import UPHELD, Cause, record_cause
from gongdao.disputes.states import Mover, Step
from gongdao.disputes.stop_clock import resume_clock, stop_clock
from gongdao.front.stores import get_stores
from gongdao.front.web.dispute_desk import (
    GIVEN_BECAUSE,
    closure_of,
    colleagues,
    hand_over_rows,
    hold_rows,
    log_rows,
    read_stop,
    reasons_to_give,
    stop_rows,
    stop_words,
)
from gongdao.front.web.dispute_files import send_exhibit, send_verdict
from gongdao.front.web.dispute_ruling import RulingForm, weighable
from gongdao.front.web.dispute_view import (
    fact_rows,
    make_case_sight,
    make_lines,
    named,
)
from gongdao.front.web.dispute_words import CAUSES, said
from gongdao.front.web.operator_access import Desk, desk_page
from gongdao.front.web.operator_view import page_of, say_error, searched
from gongdao.market.offer import Delivery
from gongdao.market.shown import find_shown
from gongdao.market.states import Role
from gongdao.rules.at import find_at
from gongdao.rules.dispute_kinds import Liability
from gongdao.rules.dispute_queries import liability
from gongdao.rules.model import Article

_DECIDING = frozenset(
    {Step.ARBITER, Step.SECOND_ARBITER, Step.MANAGEMENT, Step.APPEAL_ARBITER, Step.APPEAL_SECOND}
)


@require_safe
@desk_page(Role.ARBITER)
def queue(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """What waits for a person first, by deadline; one's own; the closed; or one order's."""
    show, text = request.GET.get("show", ""), searched(request)
    rows = _listed(show, desk)
    if text:
        rows = rows.filter(order__number__iexact=text)
    page = page_of(request, rows)
    cases = list(page.object_list)
    lines = make_lines(cases, Mover.PLATFORM, desk.at)
    if show == "stopped":
        words = stop_words(cases, desk.at)
        lines = [{**line, "stop_words": words.get(line["id"], "")} for line in lines]
    context = {
        "page": page,
        "lines": lines,
        "show": show,
        "q": text,
        "here": "operator",
        "part": "disputes",
    }
    return render(request, "pages/operator_disputes.html", context)


def _listed(show: str, desk: Desk) -> QuerySet[Case]:
    if show == "closed":
        closed = Case.objects.select_related("order", "owner").filter(state="closed")
        return closed.order_by("-closed_at", "-id")
    if show == "stuck":
        return cases_that_need_a_person()
    if show == "stopped":
        return cases_that_stand_still()
    if show == "mine":
        return cases_of_platform(owner_id=desk.user)
    rows = cases_of_platform()
    return rows if show == "all" else rows.filter(mover=Mover.PLATFORM.value)


def _find(case_id: UUID) -> Case:
    found = Case.objects.select_related("order", "owner").filter(id=case_id).first()
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "POST"])
@desk_page(Role.ARBITER)
def case(request: HttpRequest, desk: Desk, case_id: UUID) -> HttpResponseBase:
    """One case; a sent answer decides it, or waits for a second person."""
    row = _find(case_id)
    order, facts = row.order, _facts(row, desk.at)
    table = liability(row.reason, row.rules_on)
    finding = decide(facts=facts, table=table)
    offer = find_shown(order.listing_id, order.listing_version).offer
    names = weighable(sorted({*finding.missing, *finding.untrusted, *_asked_of(table)}))
    form = RulingForm(
        request.POST if request.method == "POST" else None,
        most=Money(order.total_minor, order.currency),
        weighable=names,
        rules=_bases(table, row.rules_on),
        replaceable=offer.delivery is Delivery.SECRET and may_replace(case=row, order=order),
    )
    sent = request.method == "POST" and form.is_valid()
    if sent and _decide(request, desk, row, form, order.quantity):
        return redirect("operator_dispute", case_id=row.id)
    here, holds = reverse("operator_dispute", args=[row.id]), hold_rows(row, desk.at)
    context = {
        "case": make_case_sight(stores=get_stores(), case=row, side=Mover.PLATFORM, at=desk.at),
        "order": order,
        "title": offer.title,
        "facts": _fact_groups(facts, _asked_of(table), row.currency),
        "rules": _rule_rows(table, finding, facts),
        "table": {"name": named(table), "ref": table.ref},
        "form": form if Step(row.step) in _DECIDING else None,
        "second": find_proposal(row) is not None,
        "own": row.owner_id == desk.user,
        "owner": row.owner.email if row.owner else "",
        "passed": hand_over_rows(row),
        "colleagues": colleagues(row, desk.user) if row.owner_id == desk.user else [],
        "why_given": reasons_to_give(),
        "check": closure_of(row, desk.at),
        "leaves": log_rows(row),
        "causes": _causes(row),
        "stops": stop_rows(row, bool(holds)) if row.owner_id == desk.user else [],
        "holds": holds,
        "file_url": f"{here}files/",
        "verdict_url": f"{here}verdicts/",
        "here": "operator",
        "part": "disputes",
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "pages/operator_dispute.html", context, status=status)


def _facts(row: Case, at: datetime) -> Facts:
    return facts_of(Docket(get_stores(), row, row.order, at))


def _asked_of(table: Liability) -> set[FactName]:
    """Every fact that the table asks for: the person may have found any of them."""
    return {FactName(one.fact) for line in table.rows for one in line.when}


def _fact_groups(facts: Facts, asked: set[FactName], currency: str) -> dict[str, Any]:
    """The facts that the table asks for, and behind them all others."""
    asked_too = Facts(tuple(one for one in facts.items if one.name in asked))
    others = Facts(tuple(one for one in facts.items if one.name not in asked))
    return {"asked": fact_rows(asked_too, currency), "others": fact_rows(others, currency)}


def _bases(table: Liability, on: date) -> list[tuple[str, str]]:
    """What an answer can rest on: the table of the reason, and the entries that it is based on."""
    rests = [(table.ref, named(table))]
    return rests + [(ref, _cited(ref, on)) for ref in table.basis]


def _cited(ref: str, on: date) -> str:
    """An entry as people cite it; what has no name by its reference."""
    entry = find_at(ref, on=on)
    return entry.cite if isinstance(entry, Article) else ref


def _rule_rows(table: Liability, finding: Finding, facts: Facts) -> list[dict[str, Any]]:
    """Each row of the table: whether it holds, would hold, or cannot; and its conditions."""
    names = {
        RowState.FIRED: ("proven", _("成立")),
        RowState.UNKNOWN: ("open", _("还缺事实")),
        RowState.FALSE: ("absent", _("不成立")),
    }
    found = []
    for one in finding.trace:
        row = find_row(table, one.code)
        shape, word = names[one.state]
        conditions = [say_condition(cond, facts) for cond in (row.when if row else ())]
        found.append(
            {
                "shape": shape,
                "word": word,
                "says": say_row(table, one.code),
                "conditions": conditions,
                "fired": one.state is RowState.FIRED,
            }
        )
    return found


def _causes(row: Case) -> dict[str, Any] | None:
    """The root cause of an upheld case, or the form for it."""
    if row.state != "closed" or row.outcome not in UPHELD:
        return None
    there = RootCause.objects.filter(case=row).first()
    choices = [(one.value, translated(CAUSES[one])) for one in Cause]
    return {"choices": choices, "there": there, "name": said(CAUSES, there.cause) if there else ""}


def _decide(request: HttpRequest, desk: Desk, row: Case, form: RulingForm, quantity: int) -> bool:
    try:
        done = give_verdict(
            stores=get_stores(),
            case_id=row.id,
            by=desk.user,
            ruling=form.ruling(quantity),
            at=desk.at,
        )
    except GongdaoError as error:
        messages.error(request, say_error(error))
        return False
    if done is None:
        messages.info(request, _("金额超过了一个人能定的上限：已请第二位裁决人来看。"))
    else:
        messages.success(request, _("裁决了，正在执行。"))
    return True


@require_safe
@desk_page(Role.ARBITER)
def closure(request: HttpRequest, desk: Desk, case_id: UUID) -> HttpResponseBase:
    """How far the platform's records and the buyer's own evidence close the case."""
    row = _find(case_id)
    context = {
        "row": row,
        "check": closure_of(row, desk.at),
        "here": "operator",
        "part": "disputes",
    }
    return render(request, "pages/operator_closure.html", context)


@require_POST
@desk_page(Role.ARBITER)
def step(request: HttpRequest, desk: Desk, case_id: UUID) -> HttpResponseBase:
    """One step about a case that does not decide it: take it, hand it over, ask, stop the clock,
    write down the root cause."""
    row, deed, me = _find(case_id), request.POST.get("deed", ""), desk.user
    words = request.POST.get("words", "")
    more: dict[str, Any] = {"stores": get_stores(), "case_id": row.id, "at": desk.at}
    try:
        if deed == "take":
            take_case(**more, user_id=me)
        elif deed == "return":
            hand_over(**more, by=me, to=None, reason="returned", words=words)
        elif deed == "give":
            _give(row, me, request.POST, desk.at)
        elif deed in ("ask_buyer", "ask_merchant"):
            whom = Mover.BUYER if deed == "ask_buyer" else Mover.MERCHANT
            ask_party(**more, by=me, whom=whom, words=words)
        elif deed == "stop":
            stop_clock(**more, by=me, stop=read_stop(request.POST, words))
        elif deed == "resume":
            resume_clock(**more, by=me)
        elif deed == "cause":
            record_cause(**more, cause=Cause(request.POST.get("cause", "")), note=words, by=me)
        else:
            raise Http404
    except ValueError:
        raise Http404 from None
    except GongdaoError as error:
        messages.error(request, say_error(error))
    else:
        messages.success(request, _("做了，记在案件里。"))
    return redirect("operator_dispute", case_id=row.id)


def _give(row: Case, me: UUID, post: QueryDict, at: datetime) -> None:
    """Hand over to the colleague who is chosen; ValueError for anybody else, or for no reason."""
    to, reason = post.get("to", ""), post.get("reason", "")
    if to not in dict(colleagues(row, me)) or reason not in GIVEN_BECAUSE:
        raise ValueError("nobody, or nothing, that the form offers")
    words = post.get("words", "")
    hand_over(
        stores=get_stores(), case_id=row.id, by=me, to=UUID(to), reason=reason, words=words, at=at
    )


@require_safe
@desk_page(Role.ARBITER)
def exhibit(request: HttpRequest, desk: Desk, case_id: UUID, exhibit_id: UUID) -> HttpResponse:
    """A file of the case, as it came."""
    by = Party(Mover.PLATFORM, desk.user)
    return send_exhibit(case=_find(case_id), exhibit_id=exhibit_id, by=by)


@require_safe
@desk_page(Role.ARBITER)
def verdict(request: HttpRequest, desk: Desk, case_id: UUID, place: int) -> HttpResponse:
    """The verdict file."""
    return send_verdict(case=_find(case_id), number=place)


urlpatterns = [
    path("disputes/", queue, name="operator_disputes"),
    path("disputes/<uuid:case_id>/", case, name="operator_dispute"),
    path("disputes/<uuid:case_id>/closure/", closure, name="operator_closure"),
    path("disputes/<uuid:case_id>/step/", step, name="operator_dispute_step"),
    path("disputes/<uuid:case_id>/files/<uuid:exhibit_id>/", exhibit, name="operator_exhibit"),
    path("disputes/<uuid:case_id>/verdicts/<int:place>/", verdict, name="operator_verdict"),
]
