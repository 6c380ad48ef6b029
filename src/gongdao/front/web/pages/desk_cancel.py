"""The merchant cancels an order that he cannot fulfil: the page asks why, and says what follows."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.market_words import CANCEL_NAMES
from gongdao.front.web.pages.desk_access import Desk, desk_page, show
from gongdao.market.cancel_order import can_cancel, cancel_order, find_cancel
from gongdao.market.models import Order
from gongdao.market.states import CancelReason
from gongdao.market.thread import LONGEST_POST


class CancelForm(forms.Form):
    """Why, and what the buyer is told."""

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        names = [(code.value, translated(name)) for code, name in CANCEL_NAMES.items()]
        self.fields["reason"] = forms.ChoiceField(
            label=_("为什么办不了"),
            choices=names,
            widget=forms.RadioSelect,
            help_text=_("写进公开日志的只有这一项。"),
        )
        self.fields["words"] = forms.CharField(
            label=_("跟买家说明"),
            max_length=LONGEST_POST,
            widget=forms.Textarea(attrs={"rows": 4}),
            help_text=_("买家在订单的消息里看到。请不要让他到平台外买。"),
        )
        for field in self.fields.values():
            field.error_messages["required"] = _("请填写这一项。")


def name_cancel(order: Order) -> str:
    """Why the merchant cancelled the order, in words; empty where he did not."""
    row = find_cancel(order.id)
    return translated(CANCEL_NAMES[CancelReason(row.reason)]) if row else ""


@require_http_methods(["GET", "POST"])
@desk_page
def cancel(request: HttpRequest, desk: Desk, number: str) -> HttpResponseBase:
    """Ask why, and say what follows; then cancel."""
    row = desk.order(number)
    if request.method == "GET":
        if not can_cancel(row):
            return _too_late(request, row)
        return show(request, desk, "desk_cancel", "orders", order=row, form=CancelForm())
    form = CancelForm(request.POST)
    if form.is_valid():
        try:
            done = cancel_order(
                stores=get_stores(),
                order_id=row.id,
                merchant_id=desk.merchant.id,
                reason=CancelReason(form.cleaned_data["reason"]),
                words=form.cleaned_data["words"],
                by=desk.user_id,
                at=now(),
            )
        except InputError as error:
            field = "reason" if error.place.field == "reason" else "words"
            form.add_error(field, f"{error.reason}{error.hint or ''}")
        else:
            return _done(request, desk, row) if done else _too_late(request, row)
    return show(request, desk, "desk_cancel", "orders", status=422, order=row, form=form)


def _done(request: HttpRequest, desk: Desk, row: Order) -> HttpResponseBase:
    desk.note("order.cancelled", "order", row.id)
    messages.success(request, _("取消了，钱正在原路退给买家，也告诉他了。"))
    return redirect("desk_order", number=row.number)


def _too_late(request: HttpRequest, row: Order) -> HttpResponseBase:
    messages.warning(request, _("这一单现在不能取消：没有付款、已经发货、正在充值，或钱已在退回。"))
    return redirect("desk_order", number=row.number)
