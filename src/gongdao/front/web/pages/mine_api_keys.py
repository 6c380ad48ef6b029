"""The keys of the interface that belong to a signed-in account: made, listed, revoked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.core.language import mark, translated
from gongdao.front.clock import now
from gongdao.front.web.fresh_factor import ask_for_factor, factor_link, has_fresh_factor
from gongdao.front.web.market_access import private
from gongdao.market.api_keys import (
    LONGEST_NAME,
    OF_MERCHANTS,
    Scope,
    make_api_key,
    revoke_api_key,
)
from gongdao.market.members import find_merchants
from gongdao.market.models import ApiKey

SCOPE_NAMES: dict[Scope, str] = {
    Scope.BUYER: mark("以这个账号下单，查自己的订单"),
    Scope.LISTINGS: mark("商家：商品"),
    Scope.STOCK: mark("商家：库存"),
    Scope.ORDERS: mark("商家：看订单"),
    Scope.DELIVER: mark("商家：发货和取消订单"),
    Scope.BALANCE: mark("商家：看余额"),
}
_DAYS = (30, 90, 365)
_MOST_SHOWN = 100
_MOST_KEYS = 20
"""Keys of one account that hold at the same time."""


class KeyForm(forms.Form):
    """What the key is called, what it opens, and until when."""

    def __init__(self, user_id: UUID, data: Any = None) -> None:
        super().__init__(data)
        shops = find_merchants(user_id)
        scopes = [one for one in Scope if shops or one not in OF_MERCHANTS]
        add = self.fields
        add["name"] = forms.CharField(
            label=_("名字"),
            max_length=LONGEST_NAME,
            help_text=_("给自己认的，比如哪台服务器在用。"),
        )
        add["scopes"] = forms.MultipleChoiceField(
            label=_("能做什么"),
            choices=[(one.value, translated(SCOPE_NAMES[one])) for one in scopes],
            widget=forms.CheckboxSelectMultiple,
            help_text=_("只给用得到的。密钥不能付款，也不能再做密钥。"),
        )
        if shops:
            add["merchant"] = forms.ChoiceField(
                label=_("替哪个商家"), choices=[(str(one.id), one.display_name) for one in shops]
            )
        days = [(str(n), _("{n} 天").format(n=n)) for n in _DAYS]
        add["days"] = forms.ChoiceField(label=_("多久后失效"), choices=days)
        for field in add.values():
            field.error_messages["required"] = _("请填写这一项。")


@login_required
@require_http_methods(["GET", "POST"])
def keys(request: HttpRequest) -> HttpResponseBase:
    """The account's keys; a new one is shown in this one answer and never again."""
    user_id: UUID | None = request.user.pk
    if user_id is None:
        raise Http404
    if request.method == "GET":
        return _show(request, user_id, KeyForm(user_id))
    if not has_fresh_factor(request):
        return ask_for_factor(request, "account_keys")
    form = KeyForm(user_id, request.POST)
    if not form.is_valid():
        return _show(request, user_id, form, status=422)
    try:
        text = _make(user_id, form.cleaned_data)
    except InputError as error:
        form.add_error(None, str(error.reason))
        return _show(request, user_id, form, status=422)
    return _show(request, user_id, KeyForm(user_id), made=text)


def _make(user_id: UUID, given: dict[str, Any]) -> str:
    at = now()
    held = ApiKey.objects.filter(user_id=user_id, revoked_at__isnull=True).exclude(ends_at__lt=at)
    if held.count() >= _MOST_KEYS:
        raise InputError(_("最多 {n} 个，先停用不用的。").format(n=_MOST_KEYS))
    merchant = given.get("merchant")
    _row, text = make_api_key(
        user_id=user_id,
        merchant_id=UUID(merchant) if merchant else None,
        name=given["name"],
        scopes=[Scope(one) for one in given["scopes"]],
        at=at,
        ends_at=at + timedelta(days=int(given["days"])),
    )
    return text


def _show(
    request: HttpRequest, user_id: UUID, form: KeyForm, *, made: str = "", status: int = 200
) -> HttpResponseBase:
    at = now()
    rows = ApiKey.objects.filter(user_id=user_id).select_related("merchant")
    context = {
        "form": form,
        "made": made,
        "fresh": has_fresh_factor(request),
        "factor": factor_link("account_keys"),
        "keys": [_line(one, at) for one in rows.order_by("-made_at", "-id")[:_MOST_SHOWN]],
        "here": "cases",
    }
    return private(render(request, "pages/mine_api_keys.html", context, status=status))


def _line(row: ApiKey, at: datetime) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "merchant": row.merchant.display_name if row.merchant else "",
        "scopes": [translated(SCOPE_NAMES[Scope(one)]) for one in row.scopes.split()],
        "made_at": row.made_at,
        "used_at": row.used_at,
        "ends_at": row.ends_at,
        "revoked_at": row.revoked_at,
        "over": row.ends_at is not None and row.ends_at <= at,
    }


@login_required
@require_POST
def revoke(request: HttpRequest, key_id: UUID) -> HttpResponseBase:
    """End a key at once; it needs no second factor, so that nothing delays it."""
    if revoke_api_key(key_id=key_id, user_id=request.user.pk, at=now()):
        messages.success(request, _("停用了，用它的程序马上进不来。"))
    return redirect("account_keys")


urlpatterns = [
    path("", keys, name="account_keys"),
    path("<uuid:key_id>/revoke/", revoke, name="account_key_revoke"),
]
