"""Where to go, when, and in which order [C5]. Pure; the channels themselves are rule data.

Each channel is open, later, spent or barred, with the reason; each running clock is counted on the
Chinese working-day calendar and says how. *Accepted* is not *filed*: only what a body accepted
bars another, and only along a sourced edge of the exclusion graph. Nothing here files anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from gongdao.channels.clocks import (
    REPORT,
    Clock,
    accepted_on_paper,
    find_clocks,
    limitation_since,
    platform_contacts,
    platform_silent_since,
)
from gongdao.core.clock import beijing, say_minute
from gongdao.core.codes import Element, Kind, Outcome, Party, Payment, Proof, Reason
from gongdao.core.language import Bilingual, Phrase
from gongdao.evidence.closure import Closure
from gongdao.evidence.dossier import Dossier
from gongdao.evidence.statement import Contact
from gongdao.rules import queries
from gongdao.rules.model import Effect, When

ORDER = (
    "in_platform",
    "management",
    "social",
    "payment",
    "board",
    "consumer_association",
    "regulator_complaint",
    "regulator_report",
    "court",
    "police",
)
"""All channels, in the order in which a case usually meets them."""

_BODY_OF: dict[Party, str] = {
    Party.PLATFORM: "in_platform",
    Party.MANAGEMENT: "management",
    Party.SOCIAL: "social",
    Party.PAYMENT: "payment",
    Party.BOARD: "board",
    Party.ASSOCIATION: "consumer_association",
    Party.REGULATOR: "regulator_complaint",
    Party.COURT: "court",
    Party.POLICE: "police",
}
PARTY_OF: dict[str, Party] = {
    **{channel: party for party, channel in _BODY_OF.items()},
    REPORT: Party.REGULATOR,
}
"""Who stands behind each channel."""
_IN_HAND = frozenset({Outcome.NO_ANSWER, Outcome.PROMISED, Outcome.PARTIAL, Outcome.ACCEPTED})
_SHUTS = (Effect.REFUSED, Effect.UNKNOWN)
_REPORTABLE = frozenset(Reason) - {Reason.BOUGHT_BY_MINOR}
_HELD_BY_SERVICE = frozenset({Payment.ALIPAY, Payment.WECHAT, Payment.BANK_CARD, Payment.TRANSFER})


class State(StrEnum):
    """What a channel is to this case now."""

    OPEN = "open"
    LATER = "later"
    SPENT = "spent"
    BARRED = "barred"


@dataclass(frozen=True)
class Route:
    """One channel for this case: its state, why, and the rule entries it rests on."""

    channel: str
    state: State
    why: Phrase
    used: tuple[str, ...] = ()


@dataclass(frozen=True)
class Routes:
    """All channels and the clocks that run."""

    routes: tuple[Route, ...]
    clocks: tuple[Clock, ...]

    def open(self) -> tuple[str, ...]:
        """Channels that can be used now."""
        return tuple(r.channel for r in self.routes if r.state is State.OPEN)

    def state(self, channel: str) -> State:
        """The state of one channel."""
        return next(r.state for r in self.routes if r.channel == channel)


def find_routes(dossier: Dossier, closure: Closure) -> Routes:
    """Judge every channel for this case at ``dossier.as_of``."""
    judges = {
        "in_platform": _in_platform,
        "management": _management,
        "social": _management,
        "payment": _payment,
        "board": _board,
        "consumer_association": _association,
        "regulator_complaint": _regulator_complaint,
        "regulator_report": _regulator_report,
        "court": _court,
        "police": _police,
    }
    routes = []
    for channel in ORDER:
        state, why, *used = _groundless(dossier, closure, channel) or judges[channel](
            dossier, closure
        )
        if state is State.OPEN:
            state, why = _filed(dossier, channel) or (state, why)
        routes.append(Route(channel, state, why, (f"channel/{channel}", *used)))
    return Routes(tuple(routes), find_clocks(dossier))


_Judged = tuple[State, Phrase] | tuple[State, Phrase, str]
_TO_TALK = frozenset({"in_platform"})


def channel_of(contact: Contact) -> str:
    """The channel a contact went to: the one it names, else its party's; empty for merchant and
    issuer, which are no channels."""
    return contact.channel or _BODY_OF.get(contact.party, "")


def _filed(dossier: Dossier, channel: str) -> tuple[State, Phrase] | None:
    """What a form filed here makes of a channel that would be open: it is spent while somebody
    has it in hand and after a refusal; the platform's own desk takes more papers at any time."""
    filed = [c for c in dossier.statement.contacts if c.channel == channel]
    last = max(filed, key=lambda contact: contact.at, default=None)
    if last is None or channel in _TO_TALK or last.outcome is Outcome.WITHDRAWN:
        return None
    day = f"{beijing(last.at):%Y-%m-%d}"
    if last.outcome in _IN_HAND:
        return State.SPENT, Phrase("已于 {day} 提交，等结果；新证据补交即可，不要重复提交", day=day)
    return State.SPENT, Phrase("{day} 提交的已有结果；没有新的事实和证据，不要重复提交", day=day)


def _groundless(dossier: Dossier, closure: Closure, channel: str) -> _Judged | None:
    """What keeps every channel but the platform's own desk shut: nothing left to complain of."""
    if channel in _TO_TALK:
        return None
    if closure.refuted:
        return State.LATER, Phrase("证据与主张不符，先弄清事实，不要升级")
    if is_solved(dossier):
        return State.LATER, Phrase("对方已经解决；没有兑现再升级")
    return None


def is_solved(dossier: Dossier) -> bool:
    """Whether the latest news from anybody ended the matter; a withdrawal is no news."""
    heard = [c for c in dossier.statement.contacts if c.outcome is not Outcome.WITHDRAWN]
    last = max(heard, key=lambda contact: contact.settled_at, default=None)
    return last is not None and last.outcome is Outcome.SOLVED


def outcomes_with(dossier: Dossier, *parties: Party) -> tuple[Outcome, ...]:
    """What came of pressing these parties, in time order. A report (举报) is handled apart from
    the dispute and does not count, nor does what was withdrawn."""
    stated = [
        c
        for c in dossier.statement.contacts
        if c.party in parties and c.channel != REPORT and c.outcome is not Outcome.WITHDRAWN
    ]
    if Party.PLATFORM in parties:
        stated += [c for c in platform_contacts(dossier) if c not in stated]
    return tuple(c.outcome for c in sorted(stated, key=lambda contact: contact.at))


def _in_platform(dossier: Dossier, closure: Closure) -> _Judged:
    outcomes = outcomes_with(dossier, Party.PLATFORM)
    since = platform_silent_since(dossier)
    if any(o in (Outcome.REJECTED, Outcome.REFUSED) for o in outcomes):
        return State.SPENT, Phrase("平台客服已经驳回；还有平台管理层")
    if Outcome.SHIFTED in outcomes:
        return State.SPENT, Phrase("平台客服已经推给商家；请升级到管理层，并要求给出卖家身份")
    if Outcome.SOLVED in outcomes:
        return State.SPENT, Phrase("平台已经解决")
    if since and dossier.as_of - since >= _escalation(dossier):
        return State.SPENT, Phrase("平台超过 48 小时没有答复（公道的规则，不是法定期限）")
    if since:
        return State.OPEN, Phrase("工单还在处理，可以补充材料")
    if not dossier.statement.order.platform:
        return State.LATER, Phrase("还不知道是哪个平台")
    return State.OPEN, Phrase("还没有向平台提出")


def _escalation(dossier: Dossier) -> timedelta:
    policy = queries.policy("escalate_after", dossier.as_of.date())
    return timedelta(hours=policy.count or 48)


def _management(dossier: Dossier, closure: Closure) -> _Judged:
    outcomes = outcomes_with(dossier, Party.PLATFORM)
    since = platform_silent_since(dossier)
    if not outcomes:
        return State.LATER, Phrase(
            "先向平台客服提出；满 48 小时没有答复再升级（公道的规则，不是法定期限）"
        )
    if outcomes[-1] in (Outcome.SOLVED,):
        return State.LATER, Phrase("平台已经解决")
    if outcomes[-1] in (Outcome.REJECTED, Outcome.REFUSED, Outcome.SHIFTED):
        return State.OPEN, Phrase("平台客服没有解决，可以请管理层复核"), "policy/escalate_after"
    if since is None or dossier.as_of - since < _escalation(dossier):
        due = (since + _escalation(dossier)) if since else None
        return (
            State.LATER,
            Phrase(
                "平台工单还没有满 48 小时（到 {due}；公道的规则，不是法定期限）",
                due=say_minute(due) if due else "",
            ),
            "policy/escalate_after",
        )
    return (
        State.OPEN,
        Phrase("平台已超过 48 小时没有答复（公道的规则，不是法定期限）"),
        "policy/escalate_after",
    )


def _payment(dossier: Dossier, closure: Closure) -> _Judged:
    order = dossier.statement.order
    refused = outcomes_with(dossier, Party.PAYMENT)
    if any(o in (Outcome.REJECTED, Outcome.REFUSED) for o in refused):
        return State.SPENT, Phrase("支付机构已经驳回")
    if order.payment in _HELD_BY_SERVICE:
        if order.payment is Payment.TRANSFER:
            return (
                State.OPEN,
                Phrase("钱经支付机构转给了个人，可以向它投诉收款方"),
                "situation/paid_to_person",
            )
        return State.OPEN, Phrase("这笔钱经支付机构付出，可以在账单里投诉这笔交易")
    if order.payment is Payment.BALANCE:
        return State.LATER, Phrase("用平台余额付的，支付机构没有这笔交易；可查当初充值余额的那一笔")
    if dossier.of(Kind.PAYMENT_RECEIPT, Kind.BILL_EXPORT):
        return State.OPEN, Phrase("付款凭证上有支付机构的交易单号")
    return State.LATER, Phrase("还不知道用什么支付的")


def _board(dossier: Dossier, closure: Closure) -> _Judged:
    if not dossier.statement.buyer.own_use:
        return State.BARRED, Phrase("公开投诉平台面向消费者，转卖进货不在其内"), "situation/resale"
    outcomes = outcomes_with(dossier, Party.PLATFORM, Party.MANAGEMENT)
    since = platform_silent_since(dossier)
    silent = since is not None and dossier.as_of - since >= _escalation(dossier)
    turned = any(o in (Outcome.REJECTED, Outcome.REFUSED, Outcome.SHIFTED) for o in outcomes)
    if silent or turned:
        return State.OPEN, Phrase("平台没有答复或没有解决，可以如实公开反映")
    return State.LATER, Phrase("先给商家和平台答复的机会")


def _consumer_body(dossier: Dossier, closure: Closure, channel: str) -> _Judged | None:
    """What shuts a consumer body: resale, another body's acceptance, limitation, no respondent."""
    if not dossier.statement.buyer.own_use:
        return (
            State.BARRED,
            Phrase("为转卖而买，不是消费者权益争议"),
            "situation/resale",
        )
    barred = barred_by_acceptance(dossier, channel)
    if barred:
        return barred
    own = outcomes_with(dossier, PARTY_OF[channel])
    if own and own[-1] in (Outcome.REJECTED, Outcome.REFUSED):
        return State.SPENT, Phrase("这里已经不予受理或终止；补正理由之前不要重复提交")
    if limitation_passed(dossier, "complaint_barred"):
        return State.BARRED, Phrase("知道权益受损已超过三年"), "deadline/complaint_barred"
    if closure.elements[Element.RESPONDENT_IDENTITY].proof is Proof.MISSING:
        return State.LATER, Phrase("要写明被投诉人的名称和地址，先向平台要卖家身份")
    if not has_pressed(dossier, closure):
        return State.LATER, Phrase("先向商家或平台提出要求，留下记录")
    return None


def _name(channel: str, on: date) -> Bilingual:
    entry = queries.channel(channel, on)
    return Bilingual(entry.name, entry.name_en)


def barred_by_acceptance(dossier: Dossier, channel: str) -> _Judged | None:
    """Whether what another body *accepted* bars ``channel``, along a sourced edge."""
    on = beijing(dossier.as_of).date()
    on_paper = {(_BODY_OF[party], at) for party, at in accepted_on_paper(dossier)}
    accepted = on_paper | {
        (channel_of(c), c.settled_at)
        for c in dossier.statement.contacts
        if channel_of(c)
        and c.outcome is Outcome.ACCEPTED
        and channel_of(c) not in {body for body, _ in on_paper}
    }
    own = [at for body, at in accepted if body == channel]
    if own and channel == "consumer_association":
        return (
            State.SPENT,
            Phrase(
                "消费者协会已于 {day} 受理，等结果或补充材料", day=f"{beijing(min(own)):%Y-%m-%d}"
            ),
        )
    for edge in queries.exclusions(on):
        if edge.to != channel or edge.when is not When.ACCEPTED or edge.effect not in _SHUTS:
            continue
        for body, at in sorted(accepted, key=lambda pair: pair[1]):
            if body == edge.from_ and edge.effect is Effect.UNKNOWN:
                return (
                    State.LATER,
                    Phrase(
                        "{body}已受理同一争议；这里还会不会受理没有查到依据，先等结果",
                        body=_name(body, on),
                    ),
                    edge.id,
                )
            if body == edge.from_:
                return (
                    State.BARRED,
                    Phrase(
                        "{body}已于 {day} 受理同一争议，不要重复提交",
                        body=_name(body, on),
                        day=f"{beijing(at):%Y-%m-%d}",
                    ),
                    edge.id,
                )
    return None


def has_pressed(dossier: Dossier, closure: Closure) -> bool:
    """Whether merchant or platform was asked to put it right: as noted, or as a chat shows."""
    noted = outcomes_with(dossier, Party.MERCHANT, Party.PLATFORM, Party.MANAGEMENT)
    return bool(noted) or closure.elements[Element.NOTICE].proof is Proof.PROVEN


def _association(dossier: Dossier, closure: Closure) -> _Judged:
    shut = _consumer_body(dossier, closure, "consumer_association")
    if shut:
        return shut
    return State.OPEN, Phrase(
        "消费者协会可以调解；它受理之后 12315 投诉就不再受理同一争议，两者选一"
    )


def _regulator_complaint(dossier: Dossier, closure: Closure) -> _Judged:
    shut = _consumer_body(dossier, closure, "regulator_complaint")
    if shut:
        return shut
    return State.OPEN, Phrase(
        "12315 投诉：要真实姓名、电话、地址，被投诉人名称地址，具体要求和事实依据"
    )


def _regulator_report(dossier: Dossier, closure: Closure) -> _Judged:
    reasons = frozenset(dossier.statement.claim.reasons)
    if reasons & _REPORTABLE:
        return State.OPEN, Phrase("12315 举报：反映违法线索，不写个人诉求，谁都可以提")
    return State.LATER, Phrase("没有可以举报的违法线索")


def _court(dossier: Dossier, closure: Closure) -> _Judged:
    if Outcome.ACCEPTED in outcomes_with(dossier, Party.COURT):
        return State.SPENT, Phrase("法院已经立案，按法院的通知办")
    if limitation_passed(dossier, "limitation"):
        return (
            State.LATER,
            Phrase("已超过三年诉讼时效，对方提出就会败诉；先问律师"),
            "deadline/limitation",
        )
    if closure.elements[Element.RESPONDENT_IDENTITY].proof is not Proof.PROVEN:
        return State.LATER, Phrase("还不知道被告的登记名称加代码或地址，立不了案；先拿到卖家身份")
    if closure.to_mend:
        return State.LATER, Phrase("陈述与证据不一致，先改正")
    return State.OPEN, Phrase(
        "网上交付的合同，买家住所地法院一般可以管辖；简单金钱纠纷可走小额诉讼"
    )


def limitation_passed(dossier: Dossier, deadline: str) -> bool:
    """Whether the period of ``deadline`` has run since the last thing that restarts it: the
    breach, a demand or a promise (for the general limitation), the breach alone (12315)."""
    order = dossier.statement.order
    start = order.delivered_at or order.paid_at or order.ordered_at
    if start is None:
        return False
    if deadline == "limitation":
        start = limitation_since(dossier, start)
    counted = queries.count(deadline, start, beijing(dossier.as_of).date())
    return dossier.as_of > counted.due


def _police(dossier: Dossier, closure: Closure) -> _Judged:
    if dossier.statement.claim.suspect_fraud:
        return (
            State.OPEN,
            Phrase("您怀疑被骗：尽快报警，或先拨 96110 咨询，同时请支付机构止付"),
            "situation/fraud_suspected",
        )
    return State.LATER, Phrase("没有怀疑被骗；一般的违约纠纷公安不受理")


def over_threshold(dossier: Dossier) -> bool:
    """Whether the amount at stake is over the house threshold of 500 yuan (policy, not law)."""
    policy = queries.policy("amount_moves_up", beijing(dossier.as_of).date())
    claim, order = dossier.statement.claim, dossier.statement.order
    amount = max((m.minor for m in (claim.amount, order.paid) if m), default=0)
    return bool(policy.amount and amount > policy.amount.minor)
