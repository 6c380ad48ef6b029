"""The facts of a case as sentences, each with its exhibits, in the order in which they happened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gongdao.channels.letters.conduct import conduct_facts
from gongdao.channels.letters.fact import Fact, Wording
from gongdao.channels.letters.matter import Matter, say_sum, say_times
from gongdao.channels.letters.names import PAYMENTS
from gongdao.channels.shorten import clip, clip_clauses
from gongdao.core.clock import say_chinese
from gongdao.core.codes import Kind, Payment, Proof, Reason, Speaker
from gongdao.evidence.breach.delivery import late_by, promise_text
from gongdao.evidence.dossier import Seen, money_of, refund_rows, time_of
from gongdao.evidence.finding import Finding
from gongdao.evidence.price_check import check_price
from gongdao.evidence.reading import Exhibit
from gongdao.evidence.refuted import delivered_at

_ELSEWHERE = frozenset(
    {
        "admitted_not_delivered",
        "admitted_bad_secret",
        "admitted_fault",
        "refund_refused",
        "promised_to_deliver",
        "identity_refused",
        "listing_said",
        "promise_shown",
    }
)
"""Findings that other sentences say."""
_LONGEST, _LONGEST_FINDING = 5000, 400
_NO_CASH = re.compile(
    r"余额[^。]{0,10}(?:提不了|不[能可]提|无法提|不支持提)|不[能可]提现|提不了现|无法提现"
)
_OWN_WORDS = {
    "buyer_says_undelivered": "{who}当时即说明没有收到或没有到账",
    "buyer_says_short": "{who}当时即说明数量不足",
    "minor_document": "相关材料说明了下单人的年龄或监护关系",
}


_MISSING = {
    Reason.NOT_DELIVERED: "至今没有收到所购商品",
    Reason.TOPUP_NOT_CREDITED: "所购充值至今没有到账",
}
_WEIGHTS = {Reason.REFUND_REFUSED: 64, Reason.LATE_DELIVERY: 86, Reason.IDENTITY_WITHHELD: 64}
"""What goes before what where room is short; all others weigh 95."""


def facts_of(m: Matter) -> tuple[Fact, ...]:
    """Every fact, from the listing to the silence; without repeats."""
    if "facts" not in m.memo:
        m.memo["facts"] = _collect(m)
    found: tuple[Fact, ...] = m.memo["facts"]
    return found


def _collect(m: Matter) -> tuple[Fact, ...]:
    found = [*_listing(m), *_order(m), *_payment(m), *_delivery(m), *_breach(m)]
    after = [*_refunded(m), *conduct_facts(m)]
    found += sorted(after, key=lambda f: (f.at or m.dossier.as_of).timestamp())
    return tuple({fact.body: fact for fact in found}.values())


def _listing(m: Matter) -> Iterator[Fact]:
    exhibit = _listing_of_order(m)
    promise = m.lawful(promise_text(m.dossier))
    if exhibit is None:
        if promise:
            yield _promise(m, promise)
        return
    fields = {name: Seen(exhibit, field) for name, field in exhibit.fields.items()}
    page = "商品页截图（经标注，非原图）" if exhibit.altered else "商品页"
    seller = f"{m.shop}出售{m.product}" if m.product else f"{m.shop}出售的商品"
    parts = [f"{page}显示：{seller}"]
    price, listed = money_of(fields.get("price")), money_of(fields.get("listed_price"))
    if price:
        parts.append(f"售价{price}元")
    face = money_of(fields.get("face_value"))
    if listed and listed not in (price, face) and check_price(m.dossier):
        parts.append(f"划线价{listed}元")
    if face:
        parts.append(f"面值{str(face).removesuffix('.00')}元")
    page_text = _bare("".join(line.text for line in exhibit.lines))
    shown = m.lawful(fields["promise"].value) if "promise" in fields else ""
    if not shown and promise and _bare(promise) in page_text:
        shown = promise
    short = ""
    if shown:
        parts.append(f"并写明{m.quote(shown)}")
        short = f"页面承诺{m.quote(_stated_part(m, shown), 30)}"
    yield Fact(m, "listing", Wording("，".join(parts), short), (exhibit.path,), 78)
    if promise and not shown:
        yield _promise(m, promise)


def _promise(m: Matter, promise: str) -> Fact:
    """The promise without a page: from the merchant's own line, else the buyer's word."""
    for line in m.dossier.lines_of(Speaker.MERCHANT):
        if _bare(promise) in _bare(line.message.text) and m.quotable(line.message.text):
            quote = m.quote(line.message.text)
            told = Wording(
                f"{m.said(line)}在聊天中承诺：{quote}", f"商家承诺{m.quote(promise, 40)}"
            )
            return Fact(m, "promise", told, (line.exhibit,), 78)
    return Fact(m, "promise", Wording(f"下单前对方承诺{m.quote(promise)}"), (), 78)


def _bare(text: str) -> str:
    return re.sub(r"[\W_]", "", text).lower()


def _stated_part(m: Matter, shown: str) -> str:
    """The part of the page's promise that the buyer relies on, where the page has it."""
    stated = m.dossier.statement.order.promise
    if stated and m.quotable(stated) and _bare(stated) in _bare(shown):
        return stated
    return shown


def _listing_of_order(m: Matter) -> Exhibit | None:
    listings = m.dossier.of(Kind.LISTING_PAGE)
    for seen in m.dossier.seen("price", Kind.LISTING_PAGE):
        if m.paid.amount and money_of(seen) == m.paid.amount:
            return seen.exhibit
    return listings[-1] if listings else None


def _order(m: Matter) -> Iterator[Fact]:
    if not m.order_no:
        return
    where = f"在{m.platform}" if m.platform else ""
    what = f"购买{m.product}，" if m.product else "下单，"
    body = f"{m.who}{where}{what}订单号{m.order_no}"
    yield Fact(m, "order", Wording(body, f"订单号{m.order_no}"), m.order_exhibits, 60)


def _payment(m: Matter) -> Iterator[Fact]:
    paid = m.paid
    if paid.amount is None and paid.at is None:
        return
    order = m.dossier.statement.order
    means = PAYMENTS.get(order.payment, "") if order.payment else ""
    when = f"{say_chinese(paid.at)}，" if paid.at else ""
    amount = say_sum(paid.amount) if paid.amount else "款项"
    amount += "" if paid.amount_shown or not paid.exhibits else "（金额据买家陈述）"
    amount += "" if paid.at_shown or not paid.exhibits else "（时间据买家陈述）"
    source = "付款凭证（转存件，非原图）显示，" if paid.altered else ""
    flow = "流水号" if order.payment is Payment.BALANCE else "支付流水号"
    tail = f"，{flow}{paid.transaction_no}" if paid.transaction_no else ""
    body = f"{source}{when}{m.who}{means}付款{amount}{tail}"
    number = f"订单{m.order_no}" if m.order_no else "本单"
    short = f"{when}{m.who}为{number}付款{amount}"
    paths = paid.exhibits
    yield Fact(m, "payment", Wording(body, short, body.replace(tail, "")), paths, 100)
    if m.closure.respondent.paid_to_person:
        shown = tuple(s.exhibit.path for s in m.dossier.seen("to_person") if s.value == "true")
        yield Fact(m, "paid_to_person", Wording("收款的是个人账户"), shown, 66)


def _refunded(m: Matter) -> Iterator[Fact]:
    balance = m.dossier.statement.order.payment is Payment.BALANCE
    for exhibit, row in refund_rows(m.dossier)[:2]:
        when = f"{say_chinese(row.at)}，" if row.at else ""
        amount = f"{abs(row.amount.minor) // 100}.{abs(row.amount.minor) % 100:02d}元"
        to = "退回平台余额" if balance else "退回"
        told = Wording(f"{when}账单显示{amount}{to}", f"{amount}已{to}")
        yield Fact(m, "refunded", told, (exhibit.path,), 82, row.at)
    if balance:
        yield from _locked(m)


def _locked(m: Matter) -> Iterator[Fact]:
    """That a balance cannot be withdrawn, in the other side's own words."""
    for line in m.dossier.said:
        text = line.message.text
        if line.by_seller_side and _NO_CASH.search(text) and m.quotable(text):
            short = f"商家称{m.quote(text, 40)}"
            told = Wording(f"{m.said(line)}就余额提现答复：{m.quote(text)}", short)
            yield Fact(m, "balance_locked", told, (line.exhibit,), 76, line.message.at)
            return


def _delivery(m: Matter) -> Iterator[Fact]:
    late = m.closure.breaches.get(Reason.LATE_DELIVERY)
    if late and any(f.code == "delivered_late" for f in late.carries):
        return
    seen = m.dossier.first("delivered_at", Kind.ORDER_PAGE, Kind.CARD_PAGE)
    at = time_of(seen)
    if seen and at:
        told = Wording(f"订单显示的交付时间为{say_chinese(at)}")
        yield Fact(m, "delivered", told, (seen.exhibit.path,), 45)


def _breach(m: Matter) -> Iterator[Fact]:
    said: set[str] = set()
    for number, (reason, judged) in enumerate(m.closure.breaches.items()):
        weight = _WEIGHTS.get(reason, 95) - number
        for finding in judged.carries:
            fact = _finding(m, finding, weight)
            if fact and fact.body not in said:
                said.add(fact.body)
                yield fact
                weight -= 2
    yield from _still_missing(m)
    yield from _against(m)


def _still_missing(m: Matter) -> Iterator[Fact]:
    """What nobody can prove but the buyer has to say: nothing has come."""
    for reason, told in _MISSING.items():
        judged = m.closure.breaches.get(reason)
        if judged and judged.proof is not Proof.PROVEN and not m.refuted:
            yield Fact(m, "still_missing", Wording(told), (), 90)
            return


def _finding(m: Matter, finding: Finding, weight: int) -> Fact | None:
    if finding.code in _ELSEWHERE or (finding.code == "refusal_noted" and m.evasions):
        return None
    if finding.code in _OWN_WORDS:
        told = _OWN_WORDS[finding.code].format(who=m.who)
        return Fact(m, finding.code, Wording(told), finding.exhibits, 40)
    told = clip(say_times(m.clean(finding.says.zh()[:_LONGEST])), _LONGEST_FINDING)
    told = told.rstrip("。").replace("对方拒绝（买家记录）", "对方拒绝处理")
    told = told.replace("平台没有给出卖家身份（买家记录）", "平台没有提供卖家身份")
    if finding.code == "price_not_supported":
        told = re.sub(
            r"此前七日最低成交价([\d.]+)元（共?(\d+)笔(?:成交记录)?）",
            r"此前七日内\2笔成交的最低价\1元",
            told.replace("被比较价", "划线价"),
        )
    told = re.sub(r"“([^”]*)”", lambda q: f"“{clip_clauses(m.lawful(q[1]), 90)}”", told)
    if "“”" in told or not m.quotable(told):
        return None
    short = ""
    if finding.code == "delivered_late":
        told, short = f"商家{told}", _late(m)
    if finding.code.startswith("issuer_says") and "“" in told:
        inner = told[told.index("“") + 1 : told.rindex("”")]
        inner = re.sub(r"^您好[，,！!]|\s*(（卡号略）)\s*", r"\1", inner)
        told = told[: told.index("“")] + m.quote(inner, 90)
        short = told[: told.index("“")] + m.quote(inner, 40)
    if finding.code == "issuer_says_used_before":
        told = told.replace("发行方记录：", "发行方记录显示，该卡密于")
    if finding.code == "value_short":
        told = re.sub(r"^应为面值", "约定面值", told)
    if finding.code == "carrier_shows_no_credit":
        told = told.replace("记录里，", "记录显示，")
    told = re.sub(r"^(\d{4}年\d+月\d+日\d\d:\d\d)(?=兑换|账单|对方|平台)", "\\1，", told)
    weak = finding.proof is Proof.WEAK
    return Fact(m, finding.code, Wording(told, short), finding.exhibits, weight - 20 * weak)


def _late(m: Matter) -> str:
    late, came = late_by(m.dossier), delivered_at(m.dossier)
    if late is None or came is None:
        return ""
    minutes = round(late.total_seconds() / 60)
    promise = m.lawful(promise_text(m.dossier))
    return f"承诺{m.quote(promise, 24)}，实际{say_chinese(came)}交付，晚{minutes}分钟"


@dataclass(frozen=True)
class _Refutation:
    what: str
    says: str


_REFUTATIONS = (
    _Refutation("claim_vs_issuer", "发行方或运营商的记录显示{value}"),
    _Refutation("claim_vs_redemption", "本人保存的画面显示{value}"),
)


def _against(m: Matter) -> Iterator[Fact]:
    """What speaks against the claim is said too: a letter that hides it is worth nothing."""
    for found in m.closure.refuted:
        for refutation in _REFUTATIONS:
            if refutation.what == found.what and m.quotable(found.exhibit_value):
                value = m.quote(say_times(found.exhibit_value))
                told = Wording(refutation.says.format(value=value))
                yield Fact(m, found.what, told, (found.exhibit,), 96)
