"""The sandbox's pay page: pays, fails, pays late, twice, wrongly, or tells of it five times."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from urllib.parse import urlsplit

from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_http_methods

from gongdao.core.ids import new_number
from gongdao.core.language import mark, translated
from gongdao.core.money import Money
from gongdao.front.api.pay import answer_callback
from gongdao.front.clock import now
from gongdao.front.gateways import make_sandbox
from gongdao.front.stores import get_settings
from gongdao.front.worker.sandbox_tasks import pay_later
from gongdao.payments.gateways.sandbox import Sandbox
from gongdao.payments.port import BadCallback, Callback, Report, Told
from gongdao.payments.sandbox_book import keep_payment

Said = list[tuple[int, str]]
"""How our own callback address answered: status and body, one for each callback."""
TIMES = 5
ACTS: dict[str, tuple[str, str]] = {
    "pay": (mark("付款"), mark("正常付款，通知一次。")),
    "fail": (mark("付款失败"), mark("没有付成，只通知“未付款”。")),
    "late": (mark("迟付"), mark("20 分钟后才付，那时订单多半已过期。要有后台任务在跑。")),
    "lost": (mark("付款但丢通知"), mark("付了，但不通知：约一分钟后由主动查询找回。")),
    "wrong": (mark("付错金额"), mark("少付一分钱，通知里写的就是这个金额。")),
    "twice": (mark("付两次"), mark("付两笔，各通知一次：第二笔要退。")),
    "repeat": (mark("重复通知"), mark("付一次，同一条通知五个一起来：只能入账一次。")),
}


@require_http_methods(["GET", "POST"])
def sandbox(request: HttpRequest) -> HttpResponse:
    """Show what can be done with an order of a signed link, and do it."""
    if not get_settings().sandbox:
        raise Http404
    service = make_sandbox()
    try:
        number, amount, back = service.read_link(request.GET.dict())
    except BadCallback:
        raise Http404 from None
    act = request.POST.get("act", "")
    said = _DEEDS[act](service, number, amount) if act in _DEEDS else None
    context = {
        "number": number,
        "amount": amount,
        "back": back if _is_ours(back) else "",
        "acts": [(name, *map(translated, words)) for name, words in ACTS.items()],
        "done": translated(ACTS[act][0]) if said is not None else "",
        "said": said or [],
    }
    return render(request, "pages/sandbox.html", context)


def _is_ours(address: str) -> bool:
    return urlsplit(address).netloc == urlsplit(get_settings().public_url).netloc


def _report(number: str, amount: Money, told: Told = Told.PAID) -> Report:
    return Report(number, f"S{new_number()}", told, amount, "sandbox", now())


def _call(service: Sandbox, *reports: Report) -> Said:
    """Tell of ``reports`` one after the other."""
    said = []
    for report in reports:
        fields = service.sign_callback(report)
        digest = sha256(repr(sorted(fields.items())).encode()).digest()
        status, body = answer_callback(service, Callback({}, fields), digest)
        said.append((int(status), body.decode()))
    return said


def _pay(service: Sandbox, number: str, amount: Money) -> Said:
    report = _report(number, amount)
    keep_payment(report, now())
    return _call(service, report)


def _fail(service: Sandbox, number: str, amount: Money) -> Said:
    return _call(service, _report(number, amount, Told.UNPAID))


def _late(service: Sandbox, number: str, amount: Money) -> Said:
    pay_later(out_trade_no=number, amount=amount)
    return []


def _lost(service: Sandbox, number: str, amount: Money) -> Said:
    keep_payment(_report(number, amount), now())
    return []


def _wrong(service: Sandbox, number: str, amount: Money) -> Said:
    other = Money(amount.minor - 1 or 2, amount.currency)
    return _pay(service, number, other)


def _twice(service: Sandbox, number: str, amount: Money) -> Said:
    return _pay(service, number, amount) + _pay(service, number, amount)


def _repeat(service: Sandbox, number: str, amount: Money) -> Said:
    """The same callback from threads of their own, each with its own database connection."""
    report = _report(number, amount)
    keep_payment(report, now())

    def once(_turn: int) -> Said:
        with closing(connection):
            return _call(service, report)

    with ThreadPoolExecutor(TIMES) as threads:
        return [one for said in threads.map(once, range(TIMES)) for one in said]


_DEEDS: dict[str, Callable[[Sandbox, str, Money], Said]] = {
    "pay": _pay,
    "fail": _fail,
    "late": _late,
    "lost": _lost,
    "wrong": _wrong,
    "twice": _twice,
    "repeat": _repeat,
}

urlpatterns = [path("", sandbox, name="sandbox")]
