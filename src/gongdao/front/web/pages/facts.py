"""What the buyer says: the order, himself, what he wants, whom he pressed. One thing per page."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gongdao.casework.online.models import Case
from gongdao.casework.online.open_case import OpenCase, open_row
from gongdao.casework.online.prefill import suggested_claim
from gongdao.casework.online.stale import readings_with_rows
from gongdao.casework.online.state_facts import add_contact, remove_contact, state_facts
from gongdao.casework.words import DEMAND_NAMES, OUTCOME_NAMES, PARTY_NAMES, REASON_NAMES
from gongdao.core.errors import KeyGone, StaleCase
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.evidence.statement import Contact, Statement
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.access import case_page
from gongdao.front.web.case_forms import (
    BuyerForm,
    ClaimForm,
    ContactForm,
    FactsForm,
    OrderForm,
    ReasonsForm,
    hidden,
    seen_of,
)
from gongdao.front.web.fact_sources import source_of
from gongdao.front.web.fact_words import CATEGORY_NAMES, MEANS_NAMES, PAYMENT_NAMES, name_fact
from gongdao.front.web.file_cards import path_links
from gongdao.front.web.forms import text_of
from gongdao.front.web.report import SeenCase, report_of
from gongdao.front.web.templatetags.values import money, when
from gongdao.front.worker.tasks import ask_for_reading

_TRIES = 5
_CODE_NAMES: dict[str, Any] = {
    "order.category": CATEGORY_NAMES,
    "order.payment": PAYMENT_NAMES,
    "claim.demand": DEMAND_NAMES,
}
_MONEY = frozenset({"order.paid", "order.face_value", "order.listed_price", "claim.amount"})
_TIMES = frozenset({"order.ordered_at", "order.paid_at", "order.delivered_at"})


@require_safe
@case_page
def facts(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """All facts with where they come from, and the way to each form."""
    seen = report_of(case)
    chips = path_links(seen)
    sections = [
        _section(seen, chips, form, title, name)
        for form, title, name in (
            (OrderForm, _("订单"), "facts_order"),
            (ClaimForm, _("问题和要求"), "facts_claim"),
            (BuyerForm, _("您自己"), "facts_buyer"),
        )
    ]
    context = seen.context("facts", sections=sections, contacts=_contacts(case))
    return render(request, "pages/facts.html", context)


def _section(
    seen: SeenCase, chips: dict[str, Any], form: type[FactsForm], title: str, name: str
) -> dict[str, Any]:
    content = seen.assembled.case.content
    rows = []
    for field in form.facts():
        fact = f"{form.section}.{field}"
        source = source_of(
            fact, statement=content.statement, touched=content.touched, report=seen.report
        )
        rows.append(
            {
                "name": name_fact(fact),
                "value": _shown(fact, content.statement),
                "source": source.says if source else "",
                "chip": chips.get(source.path) if source else None,
            }
        )
    unknown = _("、").join(str(row["name"]) for row in rows if not row["value"])
    rows = [row for row in rows if row["value"]]
    return {
        "title": title,
        "rows": rows,
        "unknown": unknown,
        "href": reverse(name, args=[content.link]),
    }


def _shown(fact: str, statement: Statement) -> object:
    """A fact as people read it; empty where it is unknown."""
    section, _dot, name = fact.partition(".")
    value = getattr(getattr(statement, section), name)
    if value is None or value == "":
        return ""
    if fact in _CODE_NAMES:
        return translated(_CODE_NAMES[fact][value])
    if fact in _MONEY:
        return money(value)
    if fact in _TIMES:
        return when(value)
    if fact == "claim.reasons":
        return _("、").join(translated(REASON_NAMES[reason]) for reason in value)
    if fact == "claim.also":
        rows = (f"{translated(DEMAND_NAMES[r.demand])} {money(r.amount)}".strip() for r in value)
        return _("、").join(rows)
    yes_no = {
        "buyer.own_use": (_("自己或家人用"), _("转卖或经营用")),
        "buyer.adult": (_("已满 18 岁"), _("未满 18 岁")),
        "claim.suspect_fraud": (_("是"), _("不是")),
    }
    return yes_no[fact][0 if value else 1] if fact in yes_no else value


def _contacts(case: OpenCase) -> list[dict[str, Any]]:
    return [
        {
            "at": one.at,
            "party": translated(PARTY_NAMES[one.party]),
            "by": translated(MEANS_NAMES[one.by]),
            "outcome": translated(OUTCOME_NAMES[one.outcome]),
            "note": one.note,
            "key": contact_key(one),
        }
        for one in case.content.statement.contacts
    ]


def contact_key(contact: Contact) -> str:
    """By which the page names a contact: moment, whom, how and what came of it."""
    return "|".join((text_of(contact.at), contact.party, contact.by, contact.outcome))


def edit_section(
    request: HttpRequest, case: OpenCase, form_class: type[FactsForm], *, then: str, title: str
) -> HttpResponse:
    """Show one section as a form, and save what the buyer changed in it. What he did not change
    is left to what was changed elsewhere; where both changed the same, he is shown it."""
    if request.method != "POST":
        form = form_class.filled(case.content.statement, case.row.version)
        return _show(request, case, form, title)
    form = form_class(request.POST)
    if not form.is_valid():
        return _show(request, case, form, title, status=422)
    changes = form.changes()
    version = form.cleaned_data["version"]
    seen = seen_of(form.cleaned_data["seen"])
    for _attempt in range(_TRIES):
        if not changes:
            return redirect(then, link=case.content.link)
        try:
            state_facts(
                stores=get_stores(),
                case=case,
                values=changes,
                version=version,
                ask=ask_for_reading,
                at=now(),
            )
        except StaleCase as error:
            case = _again(case)
            conflicts = find_conflicts(form_class, case.content.statement, changes, seen)
            if conflicts:
                again = _with_hidden(request, form_class, case, changes)
                return _show(
                    request, case, again, title, status=409, conflicts=conflicts, why=str(error)
                )
            version = case.row.version
            continue
        messages.success(request, _("已保存。"))
        return redirect(then, link=case.content.link)
    raise StaleCase


def find_conflicts(
    form_class: type[FactsForm], statement: Statement, changes: dict[str, Any], seen: dict[str, str]
) -> list[dict[str, object]]:
    """What the buyer changed and was changed to something else elsewhere since the page was
    shown: name and the other value."""
    current = form_class.shown(statement)
    return [
        {"name": name_fact(fact), "value": _shown(fact, statement) or _("（空）")}
        for fact, value in changes.items()
        if current[_last(fact)] not in (seen.get(_last(fact), ""), text_of(value))
    ]


def _last(fact: str) -> str:
    return fact.partition(".")[2]


def _again(case: OpenCase) -> OpenCase:
    row = Case.objects.filter(id=case.row.id).first()
    if row is None:
        raise KeyGone
    return open_row(stores=get_stores(), row=row)


def _with_hidden(
    request: HttpRequest, form_class: type[FactsForm], case: OpenCase, changed: Collection[str]
) -> FactsForm:
    """The form as it was sent, made from the case as it is now: sent again, it goes through. A
    field that the buyer did not change holds what is known by now, or it would count as changed."""
    data = request.POST.copy()
    shown = form_class.shown(case.content.statement)
    for name, value in hidden(shown, case.row.version).items():
        data[name] = value
    for name, value in form_class.initial_of(shown).items():
        fact = "also" if name.startswith("also") else name
        if f"{form_class.section}.{fact}" not in changed:
            data.setlist(name, value if isinstance(value, list) else [value])
    return form_class(data)


def _show(
    request: HttpRequest,
    case: OpenCase,
    form: FactsForm,
    title: str,
    *,
    status: int = 200,
    conflicts: list[dict[str, object]] | None = None,
    why: str = "",
) -> HttpResponse:
    """The form. No report is made: this must stay quick while files are being read."""
    context = {
        "case": case.row,
        "link": case.content.link,
        "here": "facts",
        "form": form,
        "title": title,
        "conflicts": conflicts or [],
        "why": why,
        "suggested": _suggested(case) if isinstance(form, ClaimForm) else "",
    }
    return render(request, "pages/facts_form.html", context, status=status)


def _suggested(case: OpenCase) -> str:
    """The reasons that the files suggest, by name, whatever the buyer chose."""
    readings = [file.read for file in readings_with_rows(case) if file.read]
    claim = suggested_claim(case.content, readings=readings, as_of=now())
    return _("、").join(translated(REASON_NAMES[reason]) for reason in claim.reasons)


@require_http_methods(["GET", "HEAD", "POST"])
@case_page
def order(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """The order."""
    return edit_section(request, case, OrderForm, then="facts", title=_("订单"))


@require_http_methods(["GET", "HEAD", "POST"])
@case_page
def buyer(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """Who bought."""
    return edit_section(request, case, BuyerForm, then="facts", title=_("您自己"))


@require_http_methods(["GET", "HEAD", "POST"])
@case_page
def claim(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """What went wrong, what the buyer wants."""
    return edit_section(request, case, ClaimForm, then="facts", title=_("问题和要求"))


@require_http_methods(["GET", "HEAD", "POST"])
@case_page
def reasons(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """What went wrong, from the first page of the case: sent, it is answered, changed or not."""
    if request.method == "POST":
        form = ReasonsForm(request.POST)
        if form.is_valid() and not form.changes():
            values = {"claim.reasons": form.cleaned_data["reasons"]}
            state_facts(
                stores=get_stores(),
                case=case,
                values=values,
                version=None,
                ask=ask_for_reading,
                at=now(),
            )
            return redirect("case", link=case.content.link)
    return edit_section(request, case, ReasonsForm, then="case", title=_("您遇到的是哪一种？"))


@require_http_methods(["GET", "HEAD", "POST"])
@case_page
def contacts(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """Whom the buyer pressed: the list, and one more."""
    form = ContactForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        add_contact(stores=get_stores(), case=case, contact=form.contact(), at=now())
        messages.success(request, _("已保存。"))
        return redirect("facts_contacts", link=case.content.link)
    context = {
        "case": case.row,
        "link": case.content.link,
        "here": "facts",
        "form": form,
        "contacts": _contacts(case),
    }
    status = 422 if form.is_bound else 200
    return render(request, "pages/facts_contacts.html", context, status=status)


@require_POST
@case_page
def drop_contact(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """Take a contact back; the one that the page named, and no other."""
    key = request.POST.get("contact", "")
    for one in case.content.statement.contacts:
        if contact_key(one) == key:
            remove_contact(stores=get_stores(), case=case, contact=one, at=now())
            messages.success(request, _("已去掉。"))
    return redirect("facts_contacts", link=case.content.link)


urlpatterns = [
    path("", facts, name="facts"),
    path("order/", order, name="facts_order"),
    path("buyer/", buyer, name="facts_buyer"),
    path("claim/", claim, name="facts_claim"),
    path("reasons/", reasons, name="facts_reasons"),
    path("contacts/", contacts, name="facts_contacts"),
    path("contacts/remove/", drop_contact, name="facts_contact_remove"),
]
