"""Where merchants have their goods from: suppliers added, vouched for, switched off and on.

Only the platform adds one: a merchant who named any server as his supplier could have it say that
he delivered.
"""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.front.stores import get_settings, get_stores
from gongdao.front.web.operator_access import Desk, desk_page
from gongdao.front.web.operator_view import do_deed, page_of, say_error, searched
from gongdao.front.web.supply_forms import SupplierForm
from gongdao.market.models import Merchant, Supplier
from gongdao.market.staff import check_reason, note_deed
from gongdao.market.states import Role
from gongdao.market.suppliers.keep_supplier import add_supplier
from gongdao.market.switch_supplier import switch_supplier, vouch_for_supplier


@require_safe
@desk_page()
def suppliers(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """All of them, by merchant."""
    rows = Supplier.objects.select_related("merchant").order_by("merchant__display_name", "name")
    if text := searched(request):
        rows = rows.filter(merchant__display_name__icontains=text)
    context = {
        "page": page_of(request, rows),
        "q": text,
        "may": desk.may(Role.OPERATOR),
        "here": "operator",
        "part": "suppliers",
    }
    return render(request, "pages/operator_suppliers.html", context)


@require_http_methods(["GET", "POST"])
@desk_page(Role.OPERATOR)
def new(request: HttpRequest, desk: Desk, merchant_id: UUID) -> HttpResponseBase:
    """Add a supplier of a merchant, with a reason; his key is sealed and never shown again."""
    merchant = Merchant.objects.filter(id=merchant_id).first()
    if merchant is None:
        raise Http404
    form = SupplierForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            _add(merchant, form, desk)
        except InputError as error:
            name = error.place.field or ""
            form.add_error(name if name in form.fields else None, say_error(error))
        else:
            messages.success(request, _("上游接好了。商家可以在商品里选它。"))
            return redirect("operator_suppliers")
    context = {"form": form, "merchant": merchant, "here": "operator", "part": "suppliers"}
    status = 422 if form.errors else 200
    return render(request, "pages/operator_supplier_new.html", context, status=status)


@transaction.atomic
def _add(merchant: Merchant, form: SupplierForm, desk: Desk) -> None:
    reason = form.cleaned_data["reason"]
    check_reason(reason)
    row = add_supplier(
        stores=get_stores(),
        merchant_id=merchant.id,
        place=form.place(),
        at=desk.at,
        local=get_settings().sandbox,
    )
    about = ("supplier", str(row.id))
    note_deed(by=desk.by, deed="supplier.add", about=about, reason=reason, at=desk.at)
    if row.vouched:
        note_deed(by=desk.by, deed="supplier.vouch", about=about, reason=reason, at=desk.at)


@require_POST
@desk_page(Role.OPERATOR)
def switch(request: HttpRequest, desk: Desk, supplier_id: UUID) -> HttpResponseBase:
    """Switch a supplier on or off, with a reason."""
    on, reason = request.POST.get("on") == "yes", request.POST.get("reason", "")
    _check_known(supplier_id)

    def deed() -> bool:
        check_reason(reason)
        return switch_supplier(supplier_id=supplier_id, on=on)

    return do_deed(
        request,
        desk,
        deed,
        code="supplier.on" if on else "supplier.off",
        about=("supplier", str(supplier_id)),
        done=_("已启用。") if on else _("已停用；已经交给它的，照旧查到有结果为止。"),
        back="operator_suppliers",
        reason=reason,
    )


@require_POST
@desk_page(Role.OPERATOR)
def vouch(request: HttpRequest, desk: Desk, supplier_id: UUID) -> HttpResponseBase:
    """Vouch for a supplier, or no longer, with a reason."""
    vouched, reason = request.POST.get("vouched") == "yes", request.POST.get("reason", "")
    _check_known(supplier_id)

    def deed() -> bool:
        check_reason(reason)
        return vouch_for_supplier(supplier_id=supplier_id, vouched=vouched)

    return do_deed(
        request,
        desk,
        deed,
        code="supplier.vouch" if vouched else "supplier.doubt",
        about=("supplier", str(supplier_id)),
        done=_("记为核实过。") if vouched else _("以后它说的话只算商家自己说的。"),
        back="operator_suppliers",
        reason=reason,
    )


def _check_known(supplier_id: UUID) -> None:
    if not Supplier.objects.filter(id=supplier_id).exists():
        raise Http404


urlpatterns = [
    path("suppliers/", suppliers, name="operator_suppliers"),
    path("suppliers/new/<uuid:merchant_id>/", new, name="operator_supplier_new"),
    path("suppliers/<uuid:supplier_id>/", switch, name="operator_supplier_switch"),
    path("suppliers/<uuid:supplier_id>/vouch/", vouch, name="operator_supplier_vouch"),
]
