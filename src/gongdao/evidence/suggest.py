"""The next step that helps most [C3]: what to get, why, how, and the sentence to send. Pure.

Nothing is suggested that adds nothing: each suggestion names the element it lifts, and the list
is ordered by how much that element matters to the case now.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gongdao.core.clock import say_chinese
from gongdao.core.codes import (
    Admission,
    Category,
    Element,
    Kind,
    Outcome,
    Party,
    Proof,
    Reason,
    Speaker,
)
from gongdao.core.language import Phrase
from gongdao.evidence.closure import Closure
from gongdao.evidence.dossier import Dossier, payments_of

_NEEDS_ISSUER = frozenset(
    {
        Reason.ALREADY_REDEEMED,
        Reason.TEST_CARD_SOLD_AS_REAL,
        Reason.RECLAIMED_OR_BANNED,
        Reason.DUPLICATE_SECRET,
        Reason.WRONG_DENOMINATION,
        Reason.MISDESCRIBED,
    }
)
_NEEDS_TEST = frozenset(
    {
        Reason.INVALID_SECRET,
        Reason.ALREADY_REDEEMED,
        Reason.REGION_MISMATCH,
        Reason.TEST_CARD_SOLD_AS_REAL,
    }
)
_ABOUT_TERMS = frozenset(
    {
        Reason.CANCELLED_BY_MERCHANT,
        Reason.REFUND_REFUSED,
        Reason.HOURS_MISREPRESENTED,
        Reason.REGION_MISMATCH,
    }
)
_ABOUT_LISTING = frozenset(
    {
        Reason.FAKE_DISCOUNT,
        Reason.HOURS_MISREPRESENTED,
        Reason.MISDESCRIBED,
        Reason.REGION_MISMATCH,
        Reason.WRONG_DENOMINATION,
    }
)

ABOUT_PERSONS = frozenset({Reason.BOUGHT_BY_MINOR, Reason.IDENTITY_WITHHELD, Reason.REFUND_REFUSED})
"""Reasons about who bought or sold: no answer of the merchant about the goods decides them."""


@dataclass(frozen=True)
class Suggestion:
    """One thing to get. ``weight`` orders (larger first); ``say`` is the Chinese sentence to send
    where asking somebody is the way, else empty."""

    code: str
    why: Phrase
    how: Phrase
    say: str
    weight: int


def suggest(dossier: Dossier, closure: Closure) -> tuple[Suggestion, ...]:
    """What to get next, most useful first; empty where the evidence closes."""
    if closure.refuted:
        return ()
    found = [
        *_mend(closure),
        *_order(dossier, closure),
        *_payment(dossier, closure),
        *_breach(dossier, closure),
        *_identity(dossier, closure),
        *_admission(dossier, closure),
        *_terms(dossier, closure),
    ]
    best: dict[str, Suggestion] = {}
    for one in sorted(found, key=lambda s: -s.weight):
        best.setdefault(one.code, one)
    return tuple(best.values())


def _mend(closure: Closure) -> Iterator[Suggestion]:
    if closure.to_mend:
        yield Suggestion(
            "correct_case",
            Phrase("陈述与证据不一致，对方会抓住这一点"),
            Phrase("对照凭证改 case.toml；如果是识别错了，用 gongdao case correct 改读数"),
            "",
            90,
        )


def _order(dossier: Dossier, closure: Closure) -> Iterator[Suggestion]:
    order = dossier.statement.order
    number = order.order_no or "（订单号）"
    contract = closure.elements[Element.CONTRACT]
    has_page = bool(dossier.of(Kind.ORDER_PAGE))
    if contract.proof is not Proof.PROVEN and not has_page:
        yield Suggestion(
            Kind.ORDER_PAGE.value,
            Phrase("还没有证据显示订单号、商品和状态"),
            Phrase("登录网站，打开“我的订单”，把订单详情整页截图，让订单号、时间、状态都看得见"),
            f"请提供订单 {number} 的订单详情页面，包括下单时间、付款时间和发货状态。",
            80,
        )
    elif not has_page and closure.contradictions:
        yield Suggestion(
            Kind.ORDER_PAGE.value,
            Phrase("订单页能说明以哪个金额和时间为准"),
            Phrase("打开订单详情整页截图"),
            "",
            85,
        )
    listings = dossier.of(Kind.LISTING_PAGE)
    altered = [e for e in listings if e.altered]
    if not listings and _listing_helps(dossier):
        yield Suggestion(
            Kind.LISTING_PAGE.value,
            Phrase("没有商品页，说不清当时承诺了什么、卖多少钱"),
            Phrase("现在就去截商品页；页面已改的，从浏览记录、聊天里的商品链接或订单快照里找"),
            f"请提供订单 {number} 下单时的商品页面或订单快照。",
            75,
        )
    elif altered and len(altered) == len(listings):
        yield Suggestion(
            "original_listing",
            Phrase("商品页不是原图，对方可以不认"),
            Phrase("在手机相册的“截屏”或“最近删除”里找原图；没有就重新截一张商品页，两张都留着"),
            "",
            72,
        )


def _listing_helps(dossier: Dossier) -> bool:
    reasons = frozenset(dossier.statement.claim.reasons)
    return not reasons or bool(reasons - {Reason.BOUGHT_BY_MINOR})


def _payment(dossier: Dossier, closure: Closure) -> Iterator[Suggestion]:
    payments = payments_of(dossier)
    altered = [p for p in payments if p.exhibit.altered]
    if payments and len(altered) == len(payments):
        yield Suggestion(
            "original_receipt",
            Phrase("付款凭证不是原图"),
            Phrase("到支付宝或微信的账单里找到这笔付款，重新截原图，或导出账单"),
            "",
            70,
        )
    elif not payments:
        yield Suggestion(
            Kind.PAYMENT_RECEIPT.value,
            Phrase("没有付款凭证，证明不了付了多少、付给谁"),
            Phrase("在支付宝、微信或银行的账单里打开这笔付款，截下编号、金额、时间和收款方全称"),
            "",
            88,
        )


def _breach(dossier: Dossier, closure: Closure) -> Iterator[Suggestion]:
    reasons = frozenset(dossier.statement.claim.reasons)
    shown = {r for r, j in closure.breaches.items() if j.proof is Proof.PROVEN}
    open_reasons = reasons - shown
    if open_reasons & _NEEDS_TEST and not dossier.of(
        Kind.REDEMPTION_FAILURE, Kind.REDEMPTION_RECORDING
    ):
        yield Suggestion(
            Kind.REDEMPTION_FAILURE.value,
            Phrase("没有兑换失败的画面"),
            Phrase("打开录屏，从提卡页开始，不剪断，输入卡密直到出现提示，保留时间"),
            "",
            86,
        )
    if open_reasons & _NEEDS_ISSUER and not dossier.of(Kind.ISSUER_STATEMENT):
        yield Suggestion(
            Kind.ISSUER_STATEMENT.value,
            Phrase("发行方的记录最能说明卡是什么时候、被谁用掉的"),
            Phrase(
                "联系卡的发行方客服，报卡号，请其书面答复使用时间、充入账号（可打码）和卡的性质"
            ),
            "您好，请查询这张卡的状态：是否已使用、使用时间、充入的账号（可隐去部分），以及是否为测试卡。",
            84,
        )
    yield from _breach_by_pages(dossier, open_reasons)
    yield from _breach_by_records(dossier, open_reasons)


def _breach_by_pages(dossier: Dossier, open_reasons: frozenset[Reason]) -> Iterator[Suggestion]:
    """Card page, account page, papers of age: what else shows the breach."""
    tested = bool(dossier.of(Kind.REDEMPTION_FAILURE, Kind.REDEMPTION_RECORDING))
    about_cards = open_reasons & (_NEEDS_TEST | {Reason.DUPLICATE_SECRET, Reason.PARTLY_DELIVERED})
    if about_cards and not dossier.of(Kind.CARD_PAGE):
        first = Reason.PARTLY_DELIVERED in open_reasons or tested
        yield Suggestion(
            Kind.CARD_PAGE.value,
            Phrase("没有提卡页，说不清收到的是哪几张卡、什么时候收到的"),
            Phrase("打开订单里的提卡页整页截图，订单号、卡号和发放时间都要看得见"),
            "",
            79 if first else 55,
        )
    if Reason.RECLAIMED_OR_BANNED in open_reasons and not dossier.of(Kind.BALANCE_PAGE):
        yield Suggestion(
            Kind.BALANCE_PAGE.value,
            Phrase("没有账户页面，证明不了被追回或封禁"),
            Phrase("打开账户的余额明细或封禁通知，整页截图，时间和原因要看得见"),
            "",
            82,
        )
    if Reason.BOUGHT_BY_MINOR in open_reasons:
        yield Suggestion(
            Kind.OTHER.value,
            Phrase("没有证明年龄和监护关系的材料"),
            Phrase(
                "准备户口簿或出生证明（只给需要核对的单位看），以及能说明是谁在操作的登录、支付记录"
            ),
            "",
            84,
        )


def _breach_by_records(dossier: Dossier, open_reasons: frozenset[Reason]) -> Iterator[Suggestion]:
    """Records that show delivery, credit or price."""
    order = dossier.statement.order
    if Reason.TOPUP_NOT_CREDITED in open_reasons and not dossier.of(
        Kind.CARRIER_BILL, Kind.BALANCE_PAGE
    ):
        phone = order.category is Category.PHONE_TOPUP
        yield Suggestion(
            Kind.CARRIER_BILL.value if phone else Kind.BALANCE_PAGE.value,
            Phrase("没有到账记录，证明不了没有到账"),
            Phrase("在运营商营业厅 App 或账户里打开充值记录，截下付款那天以后的全部入账"),
            "",
            86,
        )
    if Reason.FAKE_DISCOUNT in open_reasons:
        yield Suggestion(
            Kind.LISTING_PAGE.value,
            Phrase("被比较价成不成立，要看此前七日的成交价"),
            Phrase(
                "把商品页的最近成交记录截下来或抄成 deals.csv（成交时间、商品、成交价），"
                "连同更早的商品页截图"
            ),
            "请说明划线价在此前七日内的成交记录。",
            78,
        )
    if open_reasons & _ABOUT_LISTING and not dossier.of(Kind.LISTING_PAGE):
        yield Suggestion(
            Kind.LISTING_PAGE.value,
            Phrase("与宣传不符，要先有当时的商品页"),
            Phrase("截商品页，或从浏览记录、订单快照里找"),
            "",
            83,
        )
    not_delivered = {Reason.NOT_DELIVERED, Reason.PARTLY_DELIVERED, Reason.LATE_DELIVERY}
    if open_reasons & not_delivered and not dossier.of(Kind.ORDER_PAGE):
        yield Suggestion(
            Kind.ORDER_PAGE.value,
            Phrase("订单页的状态和发货时间能说明有没有发、什么时候发"),
            Phrase("打开订单详情整页截图"),
            f"请提供订单 {order.order_no} 的发货记录。",
            82,
        )


def _identity(dossier: Dossier, closure: Closure) -> Iterator[Suggestion]:
    proof = closure.elements[Element.RESPONDENT_IDENTITY].proof
    if proof is Proof.PROVEN:
        return
    licence = dossier.of(Kind.MERCHANT_LICENCE)
    asked = any(
        c.party in (Party.PLATFORM, Party.MANAGEMENT)
        and c.outcome in (Outcome.SHIFTED, Outcome.REFUSED, Outcome.REJECTED)
        for c in dossier.statement.contacts
    )
    number = dossier.statement.order.order_no
    if not licence:
        yield Suggestion(
            Kind.MERCHANT_LICENCE.value,
            Phrase("还不知道对方的登记名称和统一社会信用代码，市场监管和法院都要它"),
            Phrase(
                "店铺页或网页底部找“营业执照”“资质信息”，整页截图；付款账单里的收款方全称也有用"
            ),
            "请提供贵店营业执照上的名称和统一社会信用代码。",
            60 if proof is Proof.WEAK else 40,
        )
    if (
        proof is Proof.MISSING
        or asked
        or licence
        or Reason.IDENTITY_WITHHELD in dossier.statement.claim.reasons
    ):
        yield Suggestion(
            "merchant_identity_from_platform",
            Phrase("平台应当能给出卖家的真实名称、地址和有效联系方式"),
            Phrase("用 letters 里写好的函件向平台提出，并注明答复日期"),
            f"请提供订单 {number} 卖家的真实名称、地址和有效联系方式。",
            68 if proof is Proof.MISSING else 62 if licence else 45,
        )


def _admission(dossier: Dossier, closure: Closure) -> Iterator[Suggestion]:
    if closure.admission is Admission.EXPLICIT or not dossier.of(Kind.CHAT):
        return
    if frozenset(dossier.statement.claim.reasons) <= ABOUT_PERSONS:
        return
    breach = closure.elements[Element.BREACH].proof
    if closure.admission is Admission.DENIED or _blocked(dossier):
        return
    if closure.admission is Admission.NONE and breach is Proof.PROVEN:
        return
    yield Suggestion(
        "clear_admission",
        Phrase("对方只说了含糊的话（如“稍等”“在处理”），算不上承认"),
        Phrase("发一句只能用“是”或“否”回答的话，并截下答复；不答复也截下来"),
        question_to_merchant(dossier),
        50,
    )


def _blocked(dossier: Dossier) -> bool:
    """Whether the other side has shut the talk, so that asking again adds nothing."""
    return any(
        re.search(r"拒收|拉黑|不是.{0,4}好友|开启了.{0,4}验证|已注销", line.message.text)
        for line in dossier.lines_of(Speaker.SYSTEM)
    )


def question_to_merchant(dossier: Dossier) -> str:
    """The sentence to which the merchant can only answer yes or no, and with what."""
    order = dossier.statement.order
    reasons = dossier.statement.claim.reasons
    head = f"订单 {order.order_no}" if order.order_no else "我的订单"
    if order.paid_at:
        head += f"（{say_chinese(order.paid_at)}付款）"
    if Reason.TOPUP_NOT_CREDITED in reasons:
        return f"{head}是否已经充值成功？请回答“是”或“否”；如已充值，请给出充值时间和流水号。"
    if {Reason.NOT_DELIVERED, Reason.PARTLY_DELIVERED, Reason.LATE_DELIVERY} & set(reasons):
        return f"{head}是否已经足额发货？请回答“是”或“否”；如已发货，请给出发货时间和发送记录。"
    if Reason.CANCELLED_BY_MERCHANT in reasons:
        return f"{head}是否由贵店取消？请回答“是”或“否”，并说明取消原因和依据。"
    if Reason.FAKE_DISCOUNT in reasons:
        return "页面的划线价在此前七日内是否有成交？请回答“是”或“否”；如有，请给出成交时间。"
    return (
        f"{head}所发卡密是否有问题？请回答“是”或“否”；"
        "如认为没有问题，请提供该卡的首次使用时间和来源证明。"
    )


def _terms(dossier: Dossier, closure: Closure) -> Iterator[Suggestion]:
    reasons = frozenset(dossier.statement.claim.reasons)
    closed = all(judged.proof is Proof.PROVEN for judged in closure.elements.values())
    if reasons & _ABOUT_TERMS and not closed and not dossier.of(Kind.SERVICE_TERMS):
        yield Suggestion(
            Kind.SERVICE_TERMS.value,
            Phrase("平台自己的规则可以直接引用条号"),
            Phrase("在网站底部或下单页找“用户协议”“售后规则”，另存为网页或截图"),
            "请告知本单适用的平台规则条款编号和全文。",
            30,
        )


def before_buying(dossier: Dossier) -> tuple[Suggestion, ...]:
    """What to save first, before an order exists [C12]."""
    have = {e.kind for e in dossier.exhibits}
    wanted = (
        (Kind.LISTING_PAGE, Phrase("写着价格、承诺和说明的商品页整页截图（含小字和网址）"), 90),
        (Kind.MERCHANT_LICENCE, Phrase("店铺的营业执照或资质信息页"), 80),
        (Kind.SERVICE_TERMS, Phrase("平台的用户协议和售后规则页"), 70),
        (Kind.MERCHANT_AUTHORIZATION, Phrase("商家的品牌授权或进货证明页，有的话"), 40),
    )
    return tuple(
        Suggestion(
            kind.value,
            Phrase("下单之后页面可能改动，先存下来"),
            how,
            "",
            weight,
        )
        for kind, how, weight in wanted
        if kind not in have
    )
