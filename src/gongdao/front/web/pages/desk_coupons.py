"""Coupons at the merchant's desk: make one, see what is left of each, switch it off and on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from gongdao.core.clock import BEIJING
from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.forms import MoneyField
from gongdao.front.web.pages.desk_access import Desk, desk_page, show
from gongdao.market.coupons import (
    LONGEST_CODE,
    NewCoupon,
    list_coupons,
    make_coupon,
    read_terms,
    switch_coupon,
)
from gongdao.market.decide_coupon import MOST_PERCENT, CouponKind, CouponTerms
from gongdao.market.models import Coupon, ListingVersion
from gongdao.market.refusals import PriceUnderReview
from gongdao.market.review_coupon import ask_coupon_review

_PER_PAGE = 20
_MOST = 1_000_000
_MOST_LISTINGS = 200
_NUMBERS = ("percent", "uses_left", "per_buyer")


class CouponForm(forms.Form):
    """A new coupon: a share or an amount, and its limits."""

    name = forms.CharField(max_length=64)
    code = forms.CharField(max_length=LONGEST_CODE, required=False)
    percent = forms.IntegerField(min_value=1, max_value=MOST_PERCENT, required=False)
    fixed = MoneyField(required=False)
    minimum = MoneyField(required=False)
    uses_left = forms.IntegerField(min_value=1, max_value=_MOST, required=False)
    per_buyer = forms.IntegerField(min_value=1, max_value=_MOST, required=False)
    last_day = forms.DateField(required=False)
    listings = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple())

    def __init__(self, goods: list[tuple[str, str]], data: Any = None) -> None:
        super().__init__(data)
        for name, label, hint in (
            ("name", _("名称"), _("只有您看得到。")),
            ("code", _("优惠码"), _("不填就由系统抽一个，不容易被猜到。")),
            ("percent", _("减百分之几"), _("和“减多少元”填一个。")),
            ("fixed", _("减多少元"), ""),
            ("minimum", _("满多少元可用"), ""),
            ("uses_left", _("一共能用几次"), ""),
            ("per_buyer", _("每人能用几次"), ""),
            ("last_day", _("最后一天"), _("写成 2026-12-31 这样。")),
            ("listings", _("用于哪些商品"), _("一个也不选，就用于全部商品。")),
        ):
            self.fields[name].label, self.fields[name].help_text = label, hint
            self.fields[name].widget.attrs["autocomplete"] = "off"
            self.fields[name].error_messages["required"] = _("请填写这一项。")
        for name in _NUMBERS:
            self.fields[name].error_messages["invalid"] = _("请写一个整数。")
            self.fields[name].widget.attrs["inputmode"] = "numeric"
        self.fields["last_day"].error_messages["invalid"] = _("写成 2026-12-31 这样。")
        chosen: Any = self.fields["listings"]
        chosen.choices = goods
        chosen.error_messages["invalid_choice"] = _("有的商品不是这个商家的。")

    def terms(self) -> CouponTerms:
        """What was entered, with both a share and an amount where both were."""
        given = self.cleaned_data
        day, fixed = given["last_day"], given["fixed"]
        ends = datetime.combine(day + timedelta(days=1), time(), BEIJING) if day else None
        listings = frozenset(UUID(one) for one in given["listings"])
        return CouponTerms(
            kind=CouponKind.FIXED if fixed else CouponKind.PERCENT,
            percent=given["percent"],
            fixed=fixed or None,
            minimum=given["minimum"] or Money(0),
            on=True,
            uses_left=given["uses_left"],
            per_buyer=given["per_buyer"],
            starts_at=None,
            ends_at=ends,
            listings=listings or None,
        )


@require_http_methods(["GET", "POST"])
@desk_page
def coupons(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """The coupons, and the form for another one. Its code is shown once, here, and kept nowhere."""
    form = CouponForm(_goods(desk), request.POST if request.method == "POST" else None)
    if request.method == "GET":
        return _show(request, desk, form)
    if not form.is_valid():
        return _show(request, desk, form, status=422)
    wanted = NewCoupon(form.cleaned_data["name"], form.terms(), form.cleaned_data["code"])
    try:
        row, code = make_coupon(
            stores=get_stores(), merchant_id=desk.merchant.id, wanted=wanted, at=now()
        )
    except InputError as error:
        field = error.place.field
        form.add_error(field if field in form.fields else None, error.reason)
        return _show(request, desk, form, status=422)
    except PriceUnderReview as error:
        _ask(desk, wanted.terms)
        form.add_error("fixed" if wanted.terms.fixed else "percent", str(error))
        return _show(request, desk, form, status=422)
    desk.note("coupon.made", "coupon", row.id)
    return _show(request, desk, CouponForm(_goods(desk)), code=code)


@require_POST
@desk_page
def switch(request: HttpRequest, desk: Desk, coupon_id: UUID) -> HttpResponseBase:
    """Let a coupon hold no more, or again; one of another merchant is none."""
    on, own = request.POST.get("on") == "yes", desk.merchant.id
    try:
        if not switch_coupon(merchant_id=own, coupon_id=coupon_id, on=on, at=now()):
            raise Http404
    except InputError as error:
        messages.error(request, str(error.reason))
        return redirect("desk_coupons")
    except PriceUnderReview as error:
        _ask(desk, replace(read_terms(Coupon.objects.get(id=coupon_id)), on=True))
        messages.info(request, str(error))
        return redirect("desk_coupons")
    desk.note("coupon.on" if on else "coupon.off", "coupon", coupon_id)
    messages.success(request, _("优惠券已启用。") if on else _("优惠券已停用。"))
    return redirect("desk_coupons")


def _ask(desk: Desk, terms: CouponTerms) -> None:
    for listing in ask_coupon_review(merchant_id=desk.merchant.id, terms=terms, at=now()):
        desk.note("listing.asked", "listing", listing)


def _goods(desk: Desk) -> list[tuple[str, str]]:
    """Listings of this merchant that were published, newest first, each as it is called now."""
    rows = (
        ListingVersion.objects.filter(listing__merchant=desk.merchant)
        .order_by("listing_id", "-number")
        .distinct("listing_id")
        .values_list("listing_id", "content__title")[:_MOST_LISTINGS]
    )
    return [(str(listing), title) for listing, title in rows]


def _show(
    request: HttpRequest, desk: Desk, form: CouponForm, *, code: str = "", status: int = 200
) -> HttpResponseBase:
    rows = list_coupons(merchant_id=desk.merchant.id)
    page = Paginator(rows, _PER_PAGE).get_page(request.GET.get("page"))
    return show(
        request,
        desk,
        "desk_coupons",
        "coupons",
        status=status,
        form=form,
        code=code,
        page=page,
        lines=[_line(row) for row in page.object_list],
    )


def _line(row: Coupon) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "percent": row.percent,
        "off": None if row.off_minor is None else Money(row.off_minor, row.currency),
        "minimum": Money(row.minimum_minor, row.currency) if row.minimum_minor else None,
        "uses": row.uses,
        "left": row.uses_left,
        "per_buyer": row.per_buyer,
        "ends_at": row.ends_at,
        "on": row.on,
    }


urlpatterns = [
    path("", coupons, name="desk_coupons"),
    path("<uuid:coupon_id>/", switch, name="desk_coupon_switch"),
]
