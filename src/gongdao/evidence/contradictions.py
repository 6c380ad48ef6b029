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
    PaymentSeen,
    Seen,
    agrees,
    money_of,
    payments_of,
    same_number,
    same_shape,
    time_of,
)
from gongdao.evidence.finding import Contradiction
from gongdao.evidence.reading import Basis
from gongdao.evidence.refuted import find_refutations, quantity_of
from gongdao.evidence.small_print import find_taken_back

_CLOCK_SLACK = timedelta(seconds=120)
"""Order page, payment service and phone run on different clocks; two minutes are no lie."""

_OWN_NUMBER = (Kind.ORDER_PAGE, Kind.CARD_PAGE)


def find_contradictions(dossier: Dossier) -> tuple[Contradiction, ...]:
    """Every contradiction, statement against exhibits first, then evidence against the claim."""
    found = [
        *_payments(dossier),
        *_order_pages(dossier),
        *_order_numbers(dossier),
        *_deliveries(dossier),
        *_merchants(dossier),
        *find_taken_back(dossier),
        *find_refutations(dossier),
    ]
    return tuple(dict.fromkeys(found))


def _payments(dossier: Dossier) -> Iterator[Contradiction]:
    order = dossier.statement.order
    payments = payments_of(dossier)
    together = _add_up(payments, order.paid)
    exact = any(_is_exact(seen, dossier) for seen in payments)
    for seen in payments:
        path = seen.exhibit.path
        if together and len(payments) > 1 and seen.amount != order.paid:
            continue
        if exact and not _is_exact(seen, dossier) and not _of_order(seen, dossier):
            continue
        if order.paid and seen.amount and not _pays(dossier, seen.amount):
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


def _is_exact(seen: PaymentSeen, dossier: Dossier) -> bool:
    """Whether amount and time are as stated."""
    order = dossier.statement.order
    if seen.amount is None or seen.amount != order.paid or not seen.at or not order.paid_at:
        return False
    slack = _CLOCK_SLACK if seen.to_the_minute else timedelta(days=1)
    return abs(seen.at - order.paid_at) <= slack


def _of_order(seen: PaymentSeen, dossier: Dossier) -> bool:
    stated = dossier.statement.order.order_no
    return bool(stated) and same_number(seen.order_no, stated)


def _add_up(payments: tuple[PaymentSeen, ...], paid: Money | None) -> bool:
    """Whether several different payments make up the amount stated."""
    if paid is None or any(seen.amount is None for seen in payments):
        return False
    amounts = {
        seen.transaction_no or f"{seen.exhibit.path} {seen.at}": seen.amount.minor
        for seen in payments
        if seen.amount
    }
    return len(amounts) > 1 and sum(amounts.values()) == paid.minor


def _pays(dossier: Dossier, amount: Money) -> bool:
    """Whether ``amount`` is what was paid: the same, or unit price against total."""
    paid, count = dossier.statement.order.paid, quantity_of(dossier)
    if paid is None or amount.minor == paid.minor:
        return True
    if not count or count < 2:
        return False
    return amount.minor * count == paid.minor or paid.minor * count == amount.minor


def _order_pages(dossier: Dossier) -> Iterator[Contradiction]:
    order = dossier.statement.order
    for page in dossier.seen("amount", Kind.ORDER_PAGE):
        amount = money_of(page)
        if order.paid and amount and not _pays(dossier, amount):
            yield Contradiction("paid_amount", str(order.paid), page.exhibit.path, str(amount))
    for page in dossier.seen("paid_at", Kind.ORDER_PAGE):
        at = time_of(page)
        if at and order.paid_at and abs(at - order.paid_at) > _CLOCK_SLACK:
            yield Contradiction(
                "paid_at", beijing(order.paid_at).isoformat(), page.exhibit.path, say_second(at)
            )


def _order_numbers(dossier: Dossier) -> Iterator[Contradiction]:
    stated = dossier.statement.order.order_no
    if not stated:
        return
    for seen in dossier.seen("order_no"):
        if agrees(seen.field, stated):
            continue
        if seen.exhibit.kind in _OWN_NUMBER or same_shape(seen.value, stated):
            yield Contradiction("order_no", stated, seen.exhibit.path, seen.value)


def _deliveries(dossier: Dossier) -> Iterator[Contradiction]:
    stated = dossier.statement.order.delivered_at
    pages = [(seen, at) for seen in dossier.seen("delivered_at", *_OWN_NUMBER) if _has_clock(seen)
             and (at := time_of(seen))]  # fmt: skip
    if stated is None or any(abs(at - stated) <= _CLOCK_SLACK for _, at in pages):
        # A second page with another time shows a second delivery (a replacement), no lie.
        return
    for seen, at in pages:
        yield Contradiction(
            "delivered_at", beijing(stated).isoformat(), seen.exhibit.path, say_second(at)
        )


def _has_clock(seen: Seen) -> bool:
    at = time_of(seen)
    return at is not None and not seen.value.endswith("00:00:00")


def _merchants(dossier: Dossier) -> Iterator[Contradiction]:
    """A page of this order under another shop's name. Where one page shows the stated shop, the
    others are pages of other shops, kept for comparison."""
    order = dossier.statement.order
    if not order.merchant:
        return
    pages = dossier.seen("merchant", Kind.LISTING_PAGE, Kind.ORDER_PAGE)
    for kind in (Kind.ORDER_PAGE, Kind.LISTING_PAGE):
        shown = [seen for seen in pages if seen.exhibit.kind is kind]
        if any(_same_name(order.merchant, seen) for seen in shown):
            continue
        for seen in shown:
            if not (order.platform and _strip(seen.value) == _strip(order.platform)):
                yield Contradiction("merchant_name", order.merchant, seen.exhibit.path, seen.value)


_SHOP_WORDS = re.compile(
    r"[\s（）()【】\[\]·.・,，:：\-—_>›]|官方|旗舰|专营|专卖|自营|直营|企业|授权|正品|店铺|网店|的店|小店$|店$|铺$"
)


def _strip(name: str) -> str:
    return _SHOP_WORDS.sub("", name).casefold()


def _same_name(stated: str, seen: Seen) -> bool:
    """Whether two shop names are one: apart from usual additions, one within the other, or signs
    that recognition lost or took for a look-alike."""
    a, b = _strip(stated), _strip(seen.value)
    if not a or not b or a in b or b in a:
        return True
    if seen.field.basis is not Basis.OCR:
        return False
    if len(a) == len(b):
        wrong = sum(x != y for x, y in zip(a, b, strict=True))
        return wrong == 1 and len(a) >= 4 and seen.field.confidence < 0.93
    short, long = sorted((a, b), key=len)
    signs = iter(long)
    return len(long) - len(short) == 1 and len(short) >= 3 and all(s in signs for s in short)
