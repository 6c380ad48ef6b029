"""The merchant leaves: what that means, what is still open, when the deposit goes back, and what he
takes with him."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.front.clock import now
from gongdao.front.find_claims import find_claims
from gongdao.front.stores import get_stores
from gongdao.front.web.downloads import file_answer
from gongdao.front.web.pages.desk_access import Desk, desk_page, needs_second_factor, show
from gongdao.market.close_merchant import begin_closing, find_open
from gongdao.market.closed_stock import count_unsold, find_last_day, take_back
from gongdao.market.models import MerchantClosing
from gongdao.market.staff import LONGEST_REASON


class CloseForm(forms.Form):
    """Why, and that it is meant."""

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.fields["reason"] = forms.CharField(
            label=_("为什么退出"),
            max_length=LONGEST_REASON,
            widget=forms.Textarea(attrs={"rows": 2}),
            help_text=_("只有平台看得到；公开日志里只有摘要。"),
        )
        self.fields["sure"] = forms.BooleanField(label=_("我知道退出后不能再恢复"))
        for field in self.fields.values():
            field.error_messages["required"] = _("请填写这一项。")


@require_http_methods(["GET", "POST"])
@desk_page
@needs_second_factor
def close(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Say what leaving means and what is open; then begin it."""
    form = CloseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            begun = begin_closing(
                stores=get_stores(),
                merchant_id=desk.merchant.id,
                wanted_by="merchant",
                by=desk.user_id,
                reason=form.cleaned_data["reason"],
                at=now(),
            )
            if begun:
                desk.note("merchant.closing", "merchant", desk.merchant.id)
        messages.success(request, _("开始退出。商品都下架了；没有未了的事以后，保证金自动退回。"))
        return redirect("desk_close")
    at, merchant_id = now(), desk.merchant.id
    closing = MerchantClosing.objects.filter(merchant_id=merchant_id).first()
    ended_at = closing.ended_at if closing else None
    return show(
        request,
        desk,
        "desk_close",
        "money",
        status=422 if form.errors else 200,
        form=form,
        closing=closing,
        unsold=count_unsold(merchant_id) if ended_at else 0,
        unsold_until=find_last_day(ended_at) if ended_at else None,
        open=find_open(merchant_id=merchant_id, claims=find_claims(merchant_id), at=at),
    )


@require_POST
@desk_page
@needs_second_factor
def unsold(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """The secrets that nobody bought, as text: what the goods were called and each field, between
    tabs. That they were handed out is on record here and in the vault."""
    try:
        rows = take_back(
            stores=get_stores(), merchant_id=desk.merchant.id, by=desk.user_id, at=now()
        )
    except InputError as error:
        messages.warning(request, error.reason)
        return redirect("desk_close")
    desk.note("stock.taken_back", "merchant", desk.merchant.id)
    chunks = ("\t".join(row).encode() + b"\r\n" for row in rows)
    name = f"unsold-{now():%Y%m%d}.txt"
    return file_answer(chunks, name=name, media_type="text/plain; charset=utf-8")


urlpatterns = [
    path("", close, name="desk_close"),
    path("unsold/", unsold, name="desk_unsold"),
]
