"""The closure check [C3]: does the evidence close? Pure.

Six elements, each proven / weak / missing / contradicted (admission: explicit / ambiguous /
denied / none), with the exhibits behind it and what weakens it; three stages, each complete /
partial / missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from gongdao.core.clock import say_second
from gongdao.core.codes import (
    Admission,
    Element,
    Kind,
    Party,
    Proof,
    Reason,
    Speaker,
    Stage,
)
from gongdao.core.language import Phrase
from gongdao.evidence.breach.judge import judge_breach
from gongdao.evidence.breach.secret import is_tied
from gongdao.evidence.chat_lines.label import ADMISSIONS, Label
from gongdao.evidence.chat_lines.label_lines import LONGEST
from gongdao.evidence.contradictions import find_contradictions
from gongdao.evidence.dossier import (
    Dossier,
    PaymentSeen,
    SaidLine,
    agrees,
    carries_number,
    payments_of,
    quotable,
    since_payment,
)
from gongdao.evidence.evasions import excuses
from gongdao.evidence.finding import Contradiction, Finding, Judged, strongest
from gongdao.evidence.respondent import Respondent, find_respondent

_SECONDARY = frozenset({Reason.REFUND_REFUSED, Reason.IDENTITY_WITHHELD})
_REFUTING = frozenset({"claim_vs_issuer", "claim_vs_redemption"})
_TESTS = (
    Kind.REDEMPTION_FAILURE,
    Kind.REDEMPTION_RECORDING,
    Kind.ISSUER_STATEMENT,
    Kind.CARRIER_BILL,
    Kind.BALANCE_PAGE,
)
_DEMANDS = (Label.DEMAND_REFUND, Label.DEMAND_REDELIVER)


@dataclass(frozen=True)
class StageJudged:
    """``complete``, ``partial`` or ``missing``, with what is there and what is not."""

    state: str
    has: tuple[str, ...]
    lacks: tuple[Phrase, ...]


@dataclass(frozen=True)
class Closure:
    """The answer of the closure check."""

    stages: Mapping[Stage, StageJudged]
    elements: Mapping[Element, Judged]
    admission: Admission
    admission_line: SaidLine | None
    breaches: Mapping[Reason, Judged]
    contradictions: tuple[Contradiction, ...]
    respondent: Respondent

    @property
    def refuted(self) -> tuple[Contradiction, ...]:
        """Evidence that speaks against the claim itself."""
        return tuple(c for c in self.contradictions if c.what in _REFUTING)

    @property
    def to_mend(self) -> tuple[Contradiction, ...]:
        """Contradictions of the statement, to be mended before anything is filed."""
        return tuple(
            c for c in self.contradictions if c.what not in _REFUTING | {"promise_vs_small_print"}
        )


def check_closure(dossier: Dossier) -> Closure:
    """Judge all stages and elements of ``dossier``."""
    contradictions = find_contradictions(dossier)
    breaches = judge_breach(dossier, contradictions)
    admission, line = judge_admission(dossier)
    respondent = find_respondent(dossier)
    elements = {
        Element.CONTRACT: _contract(dossier, contradictions),
        Element.PAYMENT: _payment(dossier, contradictions),
        Element.BREACH: _breach(breaches, contradictions),
        Element.NOTICE: _notice(dossier),
        Element.RESPONDENT_IDENTITY: respondent.judged,
    }
    stages = {
        Stage.BEFORE: _before(dossier),
        Stage.DURING: _during(dossier),
        Stage.AFTER: _after(dossier),
    }
    return Closure(stages, elements, admission, line, breaches, contradictions, respondent)


def _before(dossier: Dossier) -> StageJudged:
    listings = dossier.of(Kind.LISTING_PAGE)
    others = dossier.of(Kind.MERCHANT_LICENCE, Kind.SERVICE_TERMS, Kind.MERCHANT_AUTHORIZATION)
    full = [e for e in listings if "price" in e.fields and "promise" in e.fields and not e.altered]
    lacks = []
    if not listings:
        lacks.append(Phrase("下单前的商品页（价格和承诺）"))
    elif not full:
        altered = all(e.altered for e in listings)
        lacks.append(Phrase("商品页的原图") if altered else Phrase("看得清价格和承诺的商品页"))
    if not dossier.of(Kind.MERCHANT_LICENCE):
        lacks.append(Phrase("商家的营业执照页"))
    has = tuple(e.path for e in (*listings, *others))
    return StageJudged("complete" if full else "partial" if has else "missing", has, tuple(lacks))


def _during(dossier: Dossier) -> StageJudged:
    number = bool(_number_shown(dossier, unaltered=True))
    paid = any(
        p.amount and p.at and (p.order_no or p.transaction_no) and not p.exhibit.altered
        for p in payments_of(dossier)
    )
    talk = bool(dossier.of(Kind.CHAT))
    lacks = []
    if not number:
        lacks.append(Phrase("显示本单订单号的订单页"))
    if not paid:
        lacks.append(Phrase("带编号、金额和时间的付款凭证原图"))
    if not talk:
        lacks.append(Phrase("与商家的聊天记录"))
    kinds = (Kind.ORDER_PAGE, Kind.PAYMENT_RECEIPT, Kind.BILL_EXPORT, Kind.CHAT)
    has = tuple(e.path for e in dossier.of(*kinds))
    state = "complete" if number and paid and talk else "partial" if has else "missing"
    return StageJudged(state, has, tuple(lacks))


def _after(dossier: Dossier) -> StageJudged:
    tests = [e for e in dossier.of(*_TESTS) if is_tied(e, dossier) and not e.altered]
    others = dossier.of(*_TESTS, Kind.CARD_PAGE, Kind.COMPLAINT_RECEIPT)
    has = tuple(e.path for e in others)
    lacks = () if tests else (Phrase("收到后马上测试的画面，或发行方、运营商的答复"),)
    return StageJudged("complete" if tests else "partial" if has else "missing", has, lacks)


def _number_shown(dossier: Dossier, *, unaltered: bool) -> tuple[str, ...]:
    """Exhibits of the order itself that show its number (tickets only repeat it)."""
    number = dossier.statement.order.order_no
    kinds = (Kind.ORDER_PAGE, Kind.PAYMENT_RECEIPT, Kind.CARD_PAGE)
    paths = [
        seen.exhibit.path
        for seen in dossier.seen("order_no", *kinds)
        if (not number or agrees(seen.field, number)) and not (unaltered and seen.exhibit.altered)
    ]
    if number:
        paths += [
            exhibit.path
            for exhibit in dossier.of(Kind.BILL_EXPORT)
            for row in exhibit.rows
            if carries_number(f"{row.merchant_order_no} {row.item} {row.note}", number)
        ]
    return tuple(dict.fromkeys(paths))


def _contract(dossier: Dossier, contradictions: tuple[Contradiction, ...]) -> Judged:
    found: list[Finding] = []
    weakens: list[Phrase] = []
    number = dossier.statement.order.order_no
    shown = _number_shown(dossier, unaltered=True)
    listings = dossier.of(Kind.LISTING_PAGE)
    pages = tuple(e for e in dossier.of(Kind.ORDER_PAGE) if e.path in shown)
    if shown:
        full = bool(pages) or bool(listings)
        found.append(
            Finding(
                "order_shown",
                Phrase("显示订单号 {number}", number=number or Phrase("（有）")),
                shown,
                Proof.PROVEN if full else Proof.WEAK,
            )
        )
    else:
        weakens.append(Phrase("没有任何证据显示本单的订单号"))
    if listings:
        found.append(
            Finding(
                "listing_shown",
                Phrase("商品页显示卖的是什么、多少钱"),
                tuple(e.path for e in listings),
                Proof.WEAK,
            )
        )
    payments = payments_of(dossier)
    if payments and not shown:
        found.append(
            Finding("paid_for_it", Phrase("有付款，但不含订单号"), _paths(payments), Proof.WEAK)
        )
    if not found and dossier.of(Kind.CHAT):
        found.append(
            Finding(
                "talk_of_order",
                Phrase("聊天里谈到了这笔订单"),
                tuple(e.path for e in dossier.of(Kind.CHAT)),
                Proof.WEAK,
            )
        )
    wrong = [c for c in contradictions if c.what in ("order_no", "merchant_name")]
    if any(c.what == "order_no" for c in wrong) and not pages:
        return Judged(Proof.CONTRADICTED, tuple(found), (Phrase("证据里的订单号与陈述不同"),))
    return Judged(strongest(tuple(found)), tuple(found), tuple(weakens))


def _paths(payments: tuple[PaymentSeen, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(p.exhibit.path for p in payments))


def _payment(dossier: Dossier, contradictions: tuple[Contradiction, ...]) -> Judged:
    found: list[Finding] = []
    weakens: list[Phrase] = []
    for seen in payments_of(dossier):
        says = Phrase(
            "{at} 付款 {amount} 元{order}",
            at=say_second(seen.at) if seen.at else Phrase("（时间不明）"),
            amount=seen.amount or Phrase("（金额不明）"),
            order=f"（{seen.order_no}）" if seen.order_no else "",
        )
        whole = bool(seen.amount and seen.at) and not seen.exhibit.altered
        found.append(
            Finding("paid", says, (seen.exhibit.path,), Proof.PROVEN if whole else Proof.WEAK)
        )
        if seen.exhibit.altered:
            weakens.append(Phrase("{file} 不是原图", file=seen.exhibit.path))
    for page in dossier.seen("amount", Kind.ORDER_PAGE):
        found.append(
            Finding(
                "order_page_amount",
                Phrase("订单页显示实付 {amount} 元", amount=page.value),
                (page.exhibit.path,),
                Proof.WEAK,
            )
        )
    if not payments_of(dossier):
        weakens.append(Phrase("没有付款凭证或账单"))
    wrong = {"paid_amount", "paid_at", "receipt_before_order"}
    if any(c.what in wrong for c in contradictions):
        weakens.append(Phrase("付款金额或时间与陈述不一致"))
        return Judged(Proof.CONTRADICTED, tuple(found), tuple(weakens))
    return Judged(strongest(tuple(found)), tuple(found), tuple(weakens))


def _breach(breaches: Mapping[Reason, Judged], contradictions: tuple[Contradiction, ...]) -> Judged:
    main = [j for r, j in breaches.items() if r not in _SECONDARY] or list(breaches.values())
    carries = tuple(dict.fromkeys(f for j in breaches.values() for f in j.carries))
    weakens = tuple(dict.fromkeys(w for j in breaches.values() for w in j.weakens))
    if any(c.what in _REFUTING for c in contradictions):
        return Judged(Proof.CONTRADICTED, carries, weakens)
    proof = strongest(tuple(f for j in main for f in j.carries))
    return Judged(proof, carries, weakens)


def _notice(dossier: Dossier) -> Judged:
    found: list[Finding] = []
    lines = dossier.labelled(*_DEMANDS, by=Speaker.BUYER)
    for line in (*lines[:1], *lines[-1:]):
        at = f"{say_second(line.message.at)} " if line.message.at else ""
        found.append(
            Finding(
                "demanded",
                Phrase(
                    "{at}买家提出要求：“{quote}”",
                    at=at,
                    quote=quotable(dossier, line.message.text),
                ),
                (line.exhibit,),
            )
        )
    refusals = dossier.labelled(Label.REFUND_REFUSED, Label.VIRTUAL_NO_REFUND)
    if not found and any(line.by_seller_side for line in refusals):
        line = next(line for line in refusals if line.by_seller_side)
        found.append(
            Finding(
                "demand_refused",
                Phrase(
                    "对方已就要求作出答复：“{quote}”",
                    quote=quotable(dossier, line.message.text),
                ),
                (line.exhibit,),
            )
        )
    tickets = dossier.seen("ticket_no", Kind.COMPLAINT_RECEIPT)
    for seen in tickets or dossier.seen("receipt_no", Kind.COMPLAINT_RECEIPT):
        found.append(
            Finding(
                "ticket_filed",
                Phrase("已提交工单 {number}", number=seen.value),
                (seen.exhibit.path,),
            )
        )
    pressed = [c for c in dossier.statement.contacts if c.party is not Party.ISSUER]
    if not found and pressed:
        backed = _backed_by_chat(dossier)
        found.append(
            Finding(
                "contact_noted",
                Phrase(
                    "{at} 起联系过对方 {count} 次", at=say_second(pressed[0].at), count=len(pressed)
                ),
                tuple(e.path for e in dossier.of(Kind.CHAT)) if backed else (),
                Proof.PROVEN if backed else Proof.WEAK,
            )
        )
    found = list(dict.fromkeys(found))
    weakens = () if found else (Phrase("没有提出要求并给出期限的记录"),)
    return Judged(strongest(tuple(found)), tuple(found), weakens)


def _backed_by_chat(dossier: Dossier) -> bool:
    """Whether a noted contact with the merchant falls into a saved chat."""
    times = [m.message.at for m in dossier.lines_of(Speaker.BUYER) if m.message.at]
    return any(
        abs(at - contact.at) <= timedelta(minutes=3)
        for contact in dossier.statement.contacts
        for at in times
    )


def judge_admission(dossier: Dossier) -> tuple[Admission, SaidLine | None]:
    """What the merchant has admitted, with the line. An explicit admission stands although
    denied later; a denial stands above vagueness. What the platform finds is no admission."""
    merchant = [x for x in since_payment(dossier) if x.message.speaker is Speaker.MERCHANT]
    explicit = [line for line in merchant if line.labels & ADMISSIONS]
    if explicit:
        return Admission.EXPLICIT, max(explicit, key=lambda line: _fits(line, dossier))
    denied = [line for line in merchant if _denies(line, dossier)]
    if denied:
        return Admission.DENIED, max(denied, key=lambda line: Label.DENIAL in line.labels)
    vague = [
        line
        for line in merchant
        if line.labels & {Label.AMBIGUOUS, Label.PROMISE_REFUND, Label.PROMISE_REDELIVER}
        or any(label.value.startswith("evasion_") for label in line.labels)
    ]
    if vague:
        return Admission.AMBIGUOUS, vague[0]
    return Admission.NONE, None


_SHIPPING = frozenset(
    {
        Reason.NOT_DELIVERED,
        Reason.PARTLY_DELIVERED,
        Reason.TOPUP_NOT_CREDITED,
        Reason.LATE_DELIVERY,
    }
)


_DENYING = re.compile(r"不(?:会|可能)(?:重复|有问题|出错|发错)|视为(?:您|你)本人")


def _denies(line: SaidLine, dossier: Dossier) -> bool:
    """A denial, blame on the buyer, or "sent" where not sending is the complaint."""
    if line.labels & {Label.DENIAL, Label.EVASION_USER_ERROR} or "user_error" in excuses(line):
        return True
    if _DENYING.search(line.message.text[:LONGEST]):
        return True
    claimed = frozenset(dossier.statement.claim.reasons)
    return Label.ALREADY_SHIPPED in line.labels and bool(claimed & _SHIPPING)


_FITTING: dict[Label, frozenset[Reason]] = {
    Label.ADMISSION_NOT_DELIVERED: frozenset(
        {
            Reason.NOT_DELIVERED,
            Reason.PARTLY_DELIVERED,
            Reason.LATE_DELIVERY,
            Reason.TOPUP_NOT_CREDITED,
        }
    ),
    Label.ADMISSION_BAD_SECRET: frozenset(
        {
            Reason.INVALID_SECRET,
            Reason.ALREADY_REDEEMED,
            Reason.DUPLICATE_SECRET,
            Reason.TEST_CARD_SOLD_AS_REAL,
            Reason.RECLAIMED_OR_BANNED,
        }
    ),
}


def _fits(line: SaidLine, dossier: Dossier) -> int:
    """How many labels of the line speak to a claimed reason (other faults speak to the rest)."""
    claimed = frozenset(dossier.statement.claim.reasons)
    covered = frozenset().union(*_FITTING.values())
    fit = 0
    for label in line.labels & ADMISSIONS:
        wanted = _FITTING.get(label, frozenset(Reason) - covered)
        fit += 2 if wanted & claimed else 0
    return fit
