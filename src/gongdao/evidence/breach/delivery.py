"""Reasons about delivery: late, not at all, in part, cancelled, top-up not credited. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from gongdao.core.clock import say_minute, say_second
from gongdao.core.codes import Kind, Proof, Speaker
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.evidence.breach.term import term_short
from gongdao.evidence.chat_lines.label import Label
from gongdao.evidence.dossier import (
    Dossier,
    Seen,
    captured_at,
    quotable,
    time_of,
)
from gongdao.evidence.finding import Finding, Judged, strongest
from gongdao.evidence.promise import read_promise
from gongdao.evidence.refuted import credits_seen, delivered_at, face_value_of, quantity_of

_UNDELIVERED = re.compile(
    r"待发货|未发货|处理中|充值中|待处理|排队|发货中|等待发货|待充值|待提卡|卡单"
)
_CANCELLED = re.compile(r"取消|关闭|作废")
_CANCELLED_LINE = re.compile(
    r"(?:已被?|被|系统|商家|卖家|店铺)(?:强制)?(?:取消|关闭)|(?:交易|订单)(?:已)?(?:关闭|取消)$"
)
_BY_BUYER = re.compile(
    r"买家(?:主动)?取消|您(?:已)?取消|用户(?:主动)?取消|我取消|本人取消|超时未(?:支付|付款)|未(?:支付|付款)"
)
_LEAST_LATE = timedelta(minutes=1)
_SHORT = re.compile(r"少[发了给]|只(?:收到|有|发)|漏发|不够|缺|(?:还)?差\s*\d")


def quote_of(dossier: Dossier, *labels: Label, code: str) -> tuple[Finding, ...]:
    """Findings for what the seller's side said under ``labels``, merchant before platform."""
    lines = [line for line in dossier.labelled(*labels) if line.by_seller_side]
    lines.sort(key=lambda line: line.message.speaker is not Speaker.MERCHANT)
    return tuple(
        Finding(
            code,
            Phrase("对方说：“{quote}”", quote=quotable(dossier, line.message.text)),
            (line.exhibit,),
        )
        for line in lines[:2]
    )


def due_at(dossier: Dossier) -> datetime | None:
    """When delivery was due by the promise: payment (else order) time plus the promised time."""
    order = dossier.statement.order
    start = order.paid_at or order.ordered_at
    promise = read_promise(promise_text(dossier))
    if start is None or promise.within is None:
        return None
    return start + promise.within


def promise_text(dossier: Dossier) -> str:
    """The promise as stated, else as the listing shows it."""
    stated = dossier.statement.order.promise
    seen = dossier.first("promise", Kind.LISTING_PAGE)
    return stated or (seen.value if seen else "")


def late_by(dossier: Dossier) -> timedelta | None:
    """How much later than promised it came; None where nothing came or no promise is known."""
    due, came = due_at(dossier), delivered_at(dossier)
    return came - due if due and came and came - due >= _LEAST_LATE else None


def late_delivery(dossier: Dossier) -> Judged:
    """Promise + payment time against the delivery time on the order page."""
    late = late_by(dossier)
    page = dossier.first("delivered_at", Kind.ORDER_PAGE, Kind.CARD_PAGE)
    listing = dossier.first("promise", Kind.LISTING_PAGE)
    found: list[Finding] = []
    if late is not None:
        exhibits = tuple(s.exhibit.path for s in (listing, page) if s)
        minutes = round(late.total_seconds() / 60)
        came, due = delivered_at(dossier), due_at(dossier)
        if came and due:
            found.append(
                Finding(
                    "delivered_late",
                    Phrase(
                        "承诺“{promise}”，应于 {due} 前交付，实际 {came} 交付，晚了 {minutes} 分钟",
                        promise=promise_text(dossier),
                        due=say_minute(due),
                        came=say_minute(came),
                        minutes=minutes,
                    ),
                    exhibits,
                    Proof.PROVEN if page and listing else Proof.WEAK,
                )
            )
    found += quote_of(dossier, Label.ADMISSION_NOT_DELIVERED, code="admitted_not_delivered")
    if delivered_at(dossier) is None:
        found += [f for f in not_delivered(dossier).carries if f.code == "order_page_undelivered"]
    weakens = [] if listing else [Phrase("没有写着发货承诺的商品页")]
    if not page:
        weakens.append(Phrase("没有显示交付时间的订单页"))
    return Judged(strongest(tuple(found)), tuple(found), tuple(weakens))


def not_delivered(dossier: Dossier) -> Judged:
    """An order page still without delivery after the promise, an admission, or only the word."""
    found = list(quote_of(dossier, Label.ADMISSION_NOT_DELIVERED, code="admitted_not_delivered"))
    for seen in dossier.seen("status", Kind.ORDER_PAGE, Kind.COMPLAINT_RECEIPT):
        if _UNDELIVERED.search(seen.value) and seen.exhibit.kind is Kind.ORDER_PAGE:
            taken, due = captured_at(seen.exhibit, dossier), due_at(dossier)
            late = due is None or taken is None or taken > due
            found.append(
                Finding(
                    "order_page_undelivered",
                    Phrase("订单页显示“{status}”，没有交付时间", status=seen.value),
                    (seen.exhibit.path,),
                    Proof.PROVEN if late else Proof.WEAK,
                )
            )
    if dossier.of(Kind.CARRIER_BILL, Kind.BALANCE_PAGE):
        found += [
            f for f in topup_not_credited(dossier).carries if f.code == "carrier_shows_no_credit"
        ]
    promised = quote_of(dossier, Label.PROMISE_REDELIVER, code="promised_to_deliver")
    found += [Finding(f.code, f.says, f.exhibits, Proof.WEAK) for f in promised[:1]]
    found += _buyer_said(dossier)
    weakens = []
    if not any(f.proof is Proof.PROVEN for f in found):
        weakens.append(Phrase("没有订单页显示“未发货”，对方也没有明确承认没有发"))
    return Judged(strongest(tuple(found)), tuple(found), tuple(weakens))


def _buyer_said(dossier: Dossier) -> list[Finding]:
    """What the buyer said then about nothing having come; alone it is only a word."""
    said = dossier.labelled(Label.STATES_NOT_DELIVERED, by=Speaker.BUYER)
    return [
        Finding(
            "buyer_says_undelivered",
            Phrase("买家当时就说没有收到：“{quote}”", quote=quotable(dossier, line.message.text)),
            (line.exhibit,),
            Proof.WEAK,
        )
        for line in said[:1]
    ]


def partly_delivered(dossier: Dossier) -> Judged:
    """Fewer secrets than ordered: the pages' counts, or an admission."""
    found = list(quote_of(dossier, Label.ADMISSION_NOT_DELIVERED, code="admitted_not_delivered"))
    found += _fewer_secrets(dossier)
    found += _credited_short(dossier)
    found += term_short(dossier)
    for seen in dossier.seen("status", Kind.ORDER_PAGE):
        if re.search(r"部分", seen.value):
            found.append(
                Finding(
                    "page_says_partly",
                    Phrase("订单页显示“{s}”", s=seen.value),
                    (seen.exhibit.path,),
                )
            )
    said = [line for line in dossier.lines_of(Speaker.BUYER) if _SHORT.search(line.message.text)]
    if said:
        found.append(
            Finding(
                "buyer_says_short",
                Phrase(
                    "买家当时就说少了：“{quote}”", quote=quotable(dossier, said[0].message.text)
                ),
                (said[0].exhibit,),
                Proof.WEAK,
            )
        )
    return Judged(strongest(tuple(found)), tuple(found))


def _fewer_secrets(dossier: Dossier) -> list[Finding]:
    """Fewer different secrets on all card pages together than pieces bought."""
    ordered = quantity_of(dossier)
    pages = dossier.of(Kind.CARD_PAGE)
    secrets = {
        re.sub(r"[\s\-]", "", field.value).upper()
        for page in pages
        for name, field in page.fields.items()
        if re.fullmatch(r"secret(?:_\d+)?", name)
    }
    shown = [int(s.value) for s in dossier.seen("quantity", Kind.CARD_PAGE) if s.value.isdigit()]
    count = max([len(secrets), *shown])
    if not ordered or not count or count >= ordered:
        return []
    says = Phrase("买 {ordered} 份，提卡页只有 {count} 份", ordered=ordered, count=count)
    return [Finding("fewer_secrets", says, tuple(page.path for page in pages))]


def _credited_short(dossier: Dossier) -> list[Finding]:
    """A credit after the payment that is less than what was bought."""
    face, paid_at = face_value_of(dossier), dossier.statement.order.paid_at
    if face is None or paid_at is None:
        return []
    due = face.minor * (quantity_of(dossier) or 1)
    return [
        Finding(
            "credited_short",
            Phrase("付款之后到账 {got} 元，应到 {due} 元", got=got, due=Money(due)),
            (seen.exhibit.path,),
        )
        for seen, got, at in credits_seen(dossier)
        if at and at >= paid_at - timedelta(minutes=2) and got.minor < due
    ]


def cancelled_by_merchant(dossier: Dossier) -> Judged:
    """An order page that shows the merchant's cancelling, or the merchant saying so."""
    found: list[Finding] = []
    for exhibit in dossier.of(Kind.ORDER_PAGE):
        texts = [
            exhibit.fields[n].value for n in ("status", "cancel_reason") if n in exhibit.fields
        ]
        lines = [line.text for line in exhibit.lines[:12]]
        page = " ".join((*texts, *lines))
        shown = "cancelled_at" in exhibit.fields or bool(_CANCELLED.search(" ".join(texts)))
        shown = shown or any(_CANCELLED_LINE.search(line) for line in lines)
        if not shown or _BY_BUYER.search(page):
            continue
        at = time_of(_seen(exhibit, "cancelled_at", dossier))
        reason = exhibit.fields["cancel_reason"].value if "cancel_reason" in exhibit.fields else ""
        when = say_second(at) if at else ""
        by_merchant = bool(re.search(r"商家|卖家|店铺|系统", page))
        found.append(
            Finding(
                "page_cancelled",
                Phrase(
                    "订单页显示订单已被取消（{detail}）",
                    detail="，".join(x for x in (when, reason) if x) or Phrase("已取消"),
                ),
                (exhibit.path,),
                Proof.PROVEN if by_merchant else Proof.WEAK,
            )
        )
    found += quote_of(dossier, Label.ADMISSION_OTHER_FAULT, code="admitted_fault")
    return Judged(strongest(tuple(found)), tuple(found))


def _seen(exhibit: object, name: str, dossier: Dossier) -> Seen | None:
    return next((s for s in dossier.seen(name) if s.exhibit is exhibit), None)


def topup_not_credited(dossier: Dossier) -> Judged:
    """A carrier or balance record, asked after the payment, without the credit."""
    found = list(quote_of(dossier, Label.ADMISSION_NOT_DELIVERED, code="admitted_not_delivered"))
    paid_at = dossier.statement.order.paid_at
    credited_after = any(
        at is None or paid_at is None or at >= paid_at - timedelta(minutes=2)
        for _, _, at in credits_seen(dossier)
    )
    weakens = []
    for exhibit in dossier.of(Kind.CARRIER_BILL, Kind.BALANCE_PAGE):
        asked = time_of(_seen(exhibit, "queried_at", dossier)) or captured_at(exhibit, dossier)
        if credited_after:
            weakens.append(Phrase("{file} 里有一笔付款之后的入账", file=exhibit.path))
            found += [f for f in _credited_short(dossier) if exhibit.path in f.exhibits]
            continue
        late = asked is None or paid_at is None or asked > paid_at + timedelta(minutes=30)
        found.append(
            Finding(
                "carrier_shows_no_credit",
                Phrase(
                    "{asked} 查询的运营商或账户记录里，付款之后没有这笔到账",
                    asked=say_minute(asked) if asked else Phrase("事后"),
                ),
                (exhibit.path,),
                Proof.PROVEN if late else Proof.WEAK,
            )
        )
    found += _buyer_said(dossier)
    if not dossier.of(Kind.CARRIER_BILL, Kind.BALANCE_PAGE):
        weakens.append(Phrase("没有运营商或账户的到账记录"))
    return Judged(strongest(tuple(found)), tuple(found), tuple(weakens))
