"""Admit a merchant: his contact first, by a code; then everything that he shows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from gongdao.core.attempts import Limit, count_attempt
from gongdao.core.errors import GongdaoError, InputError
from gongdao.core.language import gettext as _
from gongdao.front.stores import get_stores
from gongdao.front.web.operator_access import Desk, desk_page
from gongdao.front.web.operator_forms import AdmitForm, CodeForm, ContactForm
from gongdao.front.web.operator_mail import check_mail, send_code
from gongdao.front.web.operator_view import say_error
from gongdao.market.admit_merchant import admit_merchant
from gongdao.market.prove_contact import begin_proof, prove_contact, read_proof
from gongdao.market.staff import note_deed
from gongdao.market.states import Role

_CODES = Limit("operator-code", 20, timedelta(hours=1))
"""Codes that one person may send: they go to strangers."""


@require_http_methods(["GET", "POST"])
@desk_page(Role.REVIEWER)
def contact(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Where the merchant can be reached: a code is sent there."""
    form = ContactForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            return _send(request, desk, form.cleaned_data["contact"])
        except GongdaoError as error:
            form.add_error("contact", say_error(error))
    return _show(request, form, "contact", status=422 if form.errors else 200)


def _send(request: HttpRequest, desk: Desk, given: str) -> HttpResponseBase:
    mail = check_mail(given)
    assert desk.by.id is not None
    count_attempt(stores=get_stores(), limit=_CODES, who=str(desk.by.id), at=desk.at)
    with transaction.atomic():
        begun = begin_proof(stores=get_stores(), contact=mail, by=desk.by.id, at=desk.at)
        note_deed(by=desk.by, deed="contact.send", about=("contact", str(begun.id)), at=desk.at)
    send_code(to=mail, begun=begun)
    messages.success(request, _("验证码已发出。"))
    return redirect("operator_admit", proof_id=begun.id)


@require_http_methods(["GET", "POST"])
@desk_page(Role.REVIEWER)
def admit(request: HttpRequest, desk: Desk, proof_id: UUID) -> HttpResponseBase:
    """The code; once it came back, the form."""
    try:
        mail, proven_at = read_proof(stores=get_stores(), proof_id=proof_id, at=desk.at)
    except InputError:
        raise Http404 from None
    more = {"mail": mail}
    if proven_at is None:
        return _code(request, desk, proof_id, more)
    posted = request.method == "POST"
    form = AdmitForm(request.POST, request.FILES) if posted else AdmitForm()
    if posted and form.is_valid():
        try:
            merchant = admit_merchant(
                stores=get_stores(),
                application=form.application(proof_id),
                reason=form.cleaned_data["reason"],
                by=desk.by,
                at=desk.at,
            )
        except InputError as error:
            _blame(form, error)
        else:
            messages.success(request, _("已批准入驻。接着登记保证金、邀请成员。"))
            return redirect("operator_merchant", merchant_id=merchant.id)
    return _show(request, form, "details", status=422 if form.errors else 200, **more)


def _code(
    request: HttpRequest, desk: Desk, proof_id: UUID, more: dict[str, Any]
) -> HttpResponseBase:
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        code = form.cleaned_data["code"]
        try:
            prove_contact(stores=get_stores(), proof_id=proof_id, code=code, at=desk.at)
            return redirect("operator_admit", proof_id=proof_id)
        except InputError as error:
            form.add_error("code", say_error(error))
    return _show(request, form, "code", status=422 if form.errors else 200, **more)


_PLACES = {"papers": "proof_1"}


def _blame(form: AdmitForm, error: InputError) -> None:
    """Put an error of the verb at the field it is about."""
    name = _PLACES.get(error.place.field or "", error.place.field or "")
    form.add_error(name if name in form.fields else None, error.reason)


def _show(
    request: HttpRequest, form: Any, step: str, *, status: int, **more: Any
) -> HttpResponseBase:
    context = {"form": form, "step": step, "here": "operator", "part": "merchants", **more}
    return render(request, "pages/operator_admit.html", context, status=status)


urlpatterns = [
    path("merchants/new/", contact, name="operator_contact"),
    path("merchants/new/<uuid:proof_id>/", admit, name="operator_admit"),
]
