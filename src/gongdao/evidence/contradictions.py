"""Where statement and evidence disagree [C4]. Pure.

Only what an exhibit clearly shows counts: a receipt that carries another service's number, or a
page without a clock, contradicts nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from gongdao.core.clock import beijing, say_second
from gongdao.core.codes import Kind
from gongdao.core.money import Money
from gongdao.evidence.dossier import (
    Dossier,
    money_of,
    payments_of,
    same_number,
    same_shape,
    time_of,
)
from gongdao.evidence.finding import Contradiction
from gongdao.evidence.promise import read_promise
from gongdao.evidence.refuted import find_refutations

_CLOCK_SLACK = timedelta(seconds=120)
"""Order page, payment service and phone run on different clocks; two minutes are no lie."""

_OWN_NUMBER = (Kind.ORDER_PAGE, Kind.CARD_PAGE)


def find_contradictions(dossier: Dossier) -> tuple[Contradiction, ...]:
    """Every contradiction, statement against exhibits first, then evidence against the claim."""
    found = [
        *_payments(dossier),
        *_order_numbers(dossier),
        *_deliveries(dossier),
        *_merchants(dossier),
        *_small_print(dossier),
        *find_refutations(dossier),
    ]
    return tuple(dict.fromkeys(found))


def _payments(dossier: Dossier) -> Iterator[Contradiction]:
    order = dossier.statement.order
    for seen in payments_of(dossier):
        path = seen.exhibit.path
        if order.paid and seen.amount and not _pays(seen.amount, order.paid):
            yield Contradiction("paid_amount", str(order.paid), path, str(seen.amount))
        if seen.at is None or not seen.to_the_minute:
            continue
        value = say_second(seen.at)
        if order.paid_at and abs(seen.at - order.paid_at) > _CLOCK_SLACK:
            yield Contradiction("paid_at", beijing(order.paid_at).isoformat(), path, value)
        if order.ordered_at and seen.at < order.ordered_at - _CLOCK_SLACK:
            yield Contradiction(
                "receipt_before_order", beijing(order.ordered_at).isoformat(), path, value
            )
    for page in dossier.seen("amount", Kind.ORDER_PAGE):
        amount = money_of(page)
        if order.paid and amount and amount != order.paid and not _is_unit_price(dossier, amount):
            yield Contradiction("paid_amount", str(order.paid), page.exhibit.path, str(amount))
    for page in dossier.seen("paid_at", Kind.ORDER_PAGE):
        at = time_of(page)
        if at and order.paid_at and abs(at - order.paid_at) > _CLOCK_SLACK:
            yield Contradiction(
                "paid_at", beijing(order.paid_at).isoformat(), page.exhibit.path, say_second(at)
            )


def _pays(amount: Money, paid: Money) -> bool:
    return amount.minor == paid.minor


def _is_unit_price(dossier: Dossier, amount: Money) -> bool:
    order = dossier.statement.order
    count = order.quantity or _quantity_in(order.product)
    return bool(order.paid and count and amount.minor * count == order.paid.minor)


def _quantity_in(product: str) -> int | None:
    match = re.search(r"[×xX*]\s*(\d{1,4})\s*(?:张|个|份)?\s*$", product)
    return int(match.group(1)) if match else None


def _order_numbers(dossier: Dossier) -> Iterator[Contradiction]:
    stated = dossier.statement.order.order_no
    if not stated:
        return
    for seen in dossier.seen("order_no"):
        if same_number(seen.value, stated) or seen.value in stated:
            continue
        if seen.exhibit.kind in _OWN_NUMBER or same_shape(seen.value, stated):
            yield Contradiction("order_no", stated, seen.exhibit.path, seen.value)


def _deliveries(dossier: Dossier) -> Iterator[Contradiction]:
    stated = dossier.statement.order.delivered_at
    for seen in dossier.seen("delivered_at", *_OWN_NUMBER):
        at = time_of(seen)
        if stated and at and abs(at - stated) > _CLOCK_SLACK:
            yield Contradiction(
                "delivered_at", beijing(stated).isoformat(), seen.exhibit.path, say_second(at)
            )


def _merchants(dossier: Dossier) -> Iterator[Contradiction]:
    stated = dossier.statement.order.merchant
    if not stated:
        return
    for seen in dossier.seen("merchant", Kind.LISTING_PAGE, Kind.ORDER_PAGE):
        if not _same_name(stated, seen.value):
            yield Contradiction("merchant_name", stated, seen.exhibit.path, seen.value)


def _same_name(a: str, b: str) -> bool:
    x, y = (re.sub(r"[\s（）()·\-]|官方|旗舰店|专营店|店铺", "", name) for name in (a, b))
    if not x or not y or x in y or y in x:
        return True
    return len(set(x) & set(y)) / max(len(set(x)), len(set(y))) >= 0.6


_HOURS_ONLY = re.compile(
    r"工作日|服务时间|充值时间|营业时间|发货时间|客服时间|\d{1,2}\s*[:：点]\s*\d{0,2}\s*[-—~～至到]"
)
_OPPOSITES: tuple[tuple[str, str], ...] = (
    (r"全国通用|全网通用|三网|不限地区|全区|任意", r"(?:仅限|只限|限于|不支持|不含|除外).{0,12}(?:地区|省|区服|国服|移动|联通|电信|海外)"),
    (r"足额|全额到账|面值.{0,6}元", r"实际到账.{0,8}(?:折|为准|[89]\d%)|扣除.{0,6}手续费|以实际到账"),
    (r"永久|终身", r"有效期|到期|(?:\d+|[一两三六])\s*(?:天|个月|月|年)(?:内|后)?(?:有效|失效)"),
    (r"正式卡|全新|未使用|正品", r"体验卡|测试卡|试用|非正式|二手|回收"),
    (r"不到.{0,2}退|充不上.{0,3}退|失效.{0,3}(?:包退|包赔)|包退|假一赔", r"一经.{0,4}概不(?:退|负责)|不退不换|概不退换|不支持退款"),
)


def _small_print(dossier: Dossier) -> Iterator[Contradiction]:
    """A promise that the same page's small print takes back."""
    stated = dossier.statement.order.promise
    for exhibit in dossier.of(Kind.LISTING_PAGE, Kind.SERVICE_TERMS):
        shown = exhibit.fields["promise"].value if "promise" in exhibit.fields else ""
        promise = read_promise(f"{stated}；{shown}")
        hours = exhibit.fields["service_hours"].value if "service_hours" in exhibit.fields else ""
        if not hours and "small_print" in exhibit.fields:
            hours = _restricting_hours(exhibit.fields["small_print"].value)
        instant = promise.within == timedelta(0) or (
            promise.within is not None and promise.within <= timedelta(hours=2)
        )
        if hours and not _round_the_clock(hours) and (promise.all_day or instant):
            yield Contradiction(
                "promise_vs_small_print", stated or shown, exhibit.path, hours
            )
            continue
        small = exhibit.fields["small_print"].value if "small_print" in exhibit.fields else ""
        taken_back = _taken_back(stated or shown, small)
        if taken_back:
            yield Contradiction("promise_vs_small_print", stated or shown, exhibit.path, taken_back)


def _restricting_hours(small_print: str) -> str:
    for clause in re.split(r"[。；;\n]", small_print):
        match = re.search(
            r"(?:工作日|周[一二三四五六日]至周[一二三四五六日]|每[天日])?\s*"
            r"\d{1,2}[:：点]\d{0,2}\s*[-—~～至到]\s*\d{1,2}[:：点]\d{0,2}",
            clause,
        )
        if match and _HOURS_ONLY.search(clause):
            return match.group(0).strip()
    return ""


def _round_the_clock(hours: str) -> bool:
    return bool(re.search(r"24\s*小时|全天|0?0[:：]00\s*[-—~～至到]\s*2[34][:：]", hours))


def _taken_back(promise: str, small_print: str) -> str:
    """The clause of the small print that takes back what ``promise`` gives, or nothing. A
    no-refund clause is a term about remedies and contradicts only a promised refund."""
    for gives, takes in _OPPOSITES:
        if not re.search(gives, promise):
            continue
        for clause in re.split(r"[。；;\n]", small_print):
            if re.search(takes, clause):
                return clause.strip()
    return ""
