"""What to do next, best first: channels and steps, with the reason for each. Pure.

The order is ours: mend what is wrong, wait where somebody is bound to answer, then the channel
with the shortest way to the money. Over 500 yuan or suspected fraud, regulator and court move up
(house policy; no law sets that floor).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gongdao.channels.clocks import accepted_on_paper, find_clocks
from gongdao.channels.route import (
    Routes,
    State,
    has_pressed,
    is_solved,
    outcomes_with,
    over_threshold,
)
from gongdao.core.codes import (
    Admission,
    Category,
    Element,
    Kind,
    Outcome,
    Party,
    Proof,
    Reason,
)
from gongdao.core.language import Phrase
from gongdao.evidence.breach.delivery import due_at
from gongdao.evidence.closure import Closure
from gongdao.evidence.dossier import Dossier
from gongdao.evidence.price_check import check_price
from gongdao.evidence.suggest import ABOUT_PERSONS

_PRICE = frozenset({Reason.FAKE_DISCOUNT, Reason.HOURS_MISREPRESENTED, Reason.MISDESCRIBED})
_DELIVERY = frozenset({Reason.NOT_DELIVERED, Reason.LATE_DELIVERY, Reason.TOPUP_NOT_CREDITED})
_ISSUER = frozenset(
    {
        Reason.ALREADY_REDEEMED,
        Reason.TEST_CARD_SOLD_AS_REAL,
        Reason.DUPLICATE_SECRET,
        Reason.RECLAIMED_OR_BANNED,
        Reason.WRONG_DENOMINATION,
    }
)


_IN_HAND = frozenset({Outcome.ACCEPTED, Outcome.NO_ANSWER, Outcome.PROMISED, Outcome.PARTIAL})
"""Outcomes after which a body still has the case."""


@dataclass(frozen=True)
class Step:
    """A channel or a step (docs/formats/case-report.md), and why it comes now."""

    code: str
    why: Phrase


def recommend(
    dossier: Dossier, closure: Closure, routes: Routes, group: bool = False
) -> tuple[Step, ...]:
    """What to do next, best first, without repeats."""
    steps = dict[str, Step]()
    for step in _steps(dossier, closure, routes, group):
        steps.setdefault(step.code, step)
    return tuple(steps.values())


def _steps(dossier: Dossier, closure: Closure, routes: Routes, group: bool) -> Iterator[Step]:
    if closure.refuted:
        yield Step(
            "withdraw",
            Phrase(
                "证据不支持这个主张：{what}；请先核实，别再升级",
                what=closure.refuted[0].exhibit_value,
            ),
        )
        yield Step("do_not_escalate", Phrase("带着不成立的主张升级，会被驳回，也可能要担责任"))
        if not dossier.of(Kind.ISSUER_STATEMENT):
            yield Step("ask_issuer", Phrase("还有疑问就请发行方书面答复"))
        return
    if is_solved(dossier):
        yield Step("do_not_escalate", Phrase("对方已经解决；核对到账后就可以结束"))
        return
    if _price_stands(dossier):
        yield Step("withdraw", Phrase("成交记录支持这个被比较价，价格欺诈的说法不成立"))
        yield Step("do_not_escalate", Phrase("带着不成立的主张升级，会被驳回，也可能要担责任"))
        return
    if _not_due_yet(dossier):
        yield Step("do_not_escalate", Phrase("对方承诺的时间还没有到"))
        yield Step("ask_merchant", Phrase("先问清什么时候交付，留下记录"))
    if closure.to_mend:
        yield Step("fix_contradictions", Phrase("陈述与证据不一致，先改正再提交"))
    yield from _waiting(dossier)
    if dossier.statement.claim.suspect_fraud:
        yield from _open(routes, "police", "payment", "regulator_report")
    if group:
        yield Step(
            "join_group", Phrase("有同一商家或同一卡密的其他买家，可以共同投诉，各写各的事实")
        )
    yield from _evidence_first(dossier, closure)
    yield from _ladder(dossier, closure, routes)


def _price_stands(dossier: Dossier) -> bool:
    """Whether the only complaint is a compared price that the deals support."""
    if frozenset(dossier.statement.claim.reasons) - {Reason.REFUND_REFUSED} != {
        Reason.FAKE_DISCOUNT
    }:
        return False
    check = check_price(dossier)
    return check is not None and check.supported is True and not check.shown_lower


def _not_due_yet(dossier: Dossier) -> bool:
    """Whether the promised time has not run out and nothing but the delivery is complained of."""
    reasons = frozenset(dossier.statement.claim.reasons)
    due = due_at(dossier)
    return bool(reasons) and reasons <= _DELIVERY and due is not None and due > dossier.as_of


def _waiting(dossier: Dossier) -> Iterator[Step]:
    """Bodies that have the case now and are within their time."""
    for party, wait, supplement, name in (
        (Party.REGULATOR, "wait_for_regulator", "supplement_regulator", Phrase("12315 部门")),
        (Party.ASSOCIATION, "wait_for_association", "supplement_association", Phrase("消费者协会")),
    ):
        outcomes = outcomes_with(dossier, party)
        on_paper = any(body is party for body, _ in accepted_on_paper(dossier))
        if not outcomes and on_paper:
            outcomes = (Outcome.ACCEPTED,)
        if not outcomes or outcomes[-1] not in _IN_HAND:
            continue
        clocks = [c for c in find_clocks(dossier) if c.channel == "regulator_complaint"]
        running = next((c for c in clocks if "barred" not in c.deadline), None)
        if party is Party.REGULATOR and running and running.overdue(dossier.as_of):
            yield Step(supplement, Phrase("{name}的期限已过，书面询问处理结果", name=name))
            continue
        if party is Party.REGULATOR and running:
            due = f"{running.count.due:%Y-%m-%d}"
            why = Phrase("{name}正在办理（到 {due}），不要重复提交", name=name, due=due)
        else:
            why = Phrase("{name}正在办理，不要重复提交", name=name)
        yield Step(wait, why)
        yield Step(supplement, Phrase("把新证据补交给{name}", name=name))


def _evidence_first(dossier: Dossier, closure: Closure) -> Iterator[Step]:
    """The one fact that decides, where it is still missing and can be had at once."""
    if closure.elements[Element.BREACH].proof is Proof.PROVEN:
        return
    reasons = frozenset(dossier.statement.claim.reasons)
    open_reasons = {r for r, j in closure.breaches.items() if j.proof is not Proof.PROVEN}
    if open_reasons & _ISSUER & reasons and not dossier.of(Kind.ISSUER_STATEMENT):
        yield Step("ask_issuer", Phrase("发行方的使用记录能定下这件事"))
    on_account = dossier.statement.order.category in (
        Category.PHONE_TOPUP,
        Category.VIRTUAL_SERVICE,
    )
    to_account = {Reason.TOPUP_NOT_CREDITED} | (
        {Reason.NOT_DELIVERED, Reason.PARTLY_DELIVERED} if on_account else set()
    )
    fraud = dossier.statement.claim.suspect_fraud
    if (
        open_reasons & to_account
        and not fraud
        and not dossier.of(Kind.CARRIER_BILL, Kind.BALANCE_PAGE)
    ):
        yield Step("check_balance", Phrase("先查账户或运营商的充值记录，截图留证"))
    if (
        not fraud
        and not reasons <= ABOUT_PERSONS
        and closure.admission
        in (
            Admission.AMBIGUOUS,
            Admission.NONE,
        )
    ):
        yield Step("ask_merchant", Phrase("发一句只能答“是”或“否”的话，让对方说清楚"))


def _ladder(dossier: Dossier, closure: Closure, routes: Routes) -> Iterator[Step]:
    reasons = frozenset(dossier.statement.claim.reasons)
    if not has_pressed(dossier, closure):
        yield Step("ask_merchant", Phrase("先向商家提出要求和期限，留下记录"))
    yield from _open(routes, "in_platform")
    price = bool(reasons & _PRICE) and not reasons - _PRICE - {Reason.REFUND_REFUSED}
    if price:
        yield from _open(routes, "regulator_report")
    if over_threshold(dossier):
        yield from _open(routes, "payment", "regulator_complaint", "court", "regulator_report")
    yield from _open(routes, "management", "payment", "regulator_complaint", "board")
    yield from _open(
        routes, "consumer_association", "regulator_report", "court", "social", "police"
    )
    asked = frozenset(dossier.statement.claim.reasons) - ABOUT_PERSONS
    if asked and closure.admission in (Admission.AMBIGUOUS, Admission.NONE):
        yield Step("ask_merchant", Phrase("发一句只能答“是”或“否”的话，让对方说清楚"))


def _open(routes: Routes, *channels: str) -> Iterator[Step]:
    for channel in channels:
        for route in routes.routes:
            if route.channel == channel and route.state is State.OPEN:
                yield Step(channel, route.why)
