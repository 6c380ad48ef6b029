"""The case as a timeline: what happened when, by whom, shown by what. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gongdao.casework.words import OUTCOME_NAMES, PARTY_NAMES
from gongdao.core.codes import Kind, Stage
from gongdao.core.language import Phrase
from gongdao.evidence.chat_lines.label import ADMISSIONS, Label
from gongdao.evidence.dossier import Dossier, payments_of, quotable, time_of
from gongdao.evidence.refuted import redeemed_times

_TOLD = ADMISSIONS | {
    Label.DENIAL,
    Label.PROMISE_REFUND,
    Label.PROMISE_REDELIVER,
    Label.REFUND_REFUSED,
    Label.VIRTUAL_NO_REFUND,
    Label.DEMAND_REFUND,
    Label.DEMAND_REDELIVER,
    Label.THREAT,
}
_MOST_QUOTES = 40


@dataclass(frozen=True)
class Event:
    """One thing that happened. ``exhibit`` is empty where only the buyer says so."""

    at: datetime
    stage: Stage
    who: str
    what: Phrase
    exhibit: str = ""


def find_timeline(dossier: Dossier) -> tuple[Event, ...]:
    """Every dated event of the case, in time order."""
    events = [*_order(dossier), *_pages(dossier), *_talk(dossier), *_contacts(dossier)]
    events.sort(key=lambda event: (event.at, event.exhibit))
    return tuple(dict.fromkeys(events))


def _order(dossier: Dossier) -> list[Event]:
    order = dossier.statement.order
    events = []
    if order.ordered_at:
        events.append(Event(order.ordered_at, Stage.DURING, "buyer", Phrase("下单")))
    shown = [p for p in payments_of(dossier) if p.at]
    for seen in shown:
        if seen.at:
            what = Phrase("付款 {amount} 元", amount=seen.amount or "")
            events.append(Event(seen.at, Stage.DURING, "buyer", what, seen.exhibit.path))
    if not shown and order.paid_at:
        what = Phrase("付款 {amount} 元（据买家陈述）", amount=order.paid or "")
        events.append(Event(order.paid_at, Stage.DURING, "buyer", what))
    return events


_TESTS = (Kind.REDEMPTION_FAILURE, Kind.REDEMPTION_RECORDING)
_SHOWN: tuple[tuple[str, tuple[Kind, ...], Stage, str, Phrase], ...] = (
    (
        "delivered_at",
        (Kind.ORDER_PAGE, Kind.CARD_PAGE),
        Stage.DURING,
        "merchant",
        Phrase("订单显示已交付"),
    ),
    ("cancelled_at", (Kind.ORDER_PAGE,), Stage.DURING, "merchant", Phrase("订单被取消")),
    ("at", _TESTS, Stage.AFTER, "buyer", Phrase("测试卡密，兑换失败")),
    (
        "queried_at",
        (Kind.CARRIER_BILL, Kind.BALANCE_PAGE),
        Stage.AFTER,
        "buyer",
        Phrase("查询到账记录"),
    ),
    ("at", (Kind.COMPLAINT_RECEIPT,), Stage.AFTER, "buyer", Phrase("提交工单或投诉")),
    ("accepted_at", (Kind.COMPLAINT_RECEIPT,), Stage.AFTER, "regulator", Phrase("投诉被受理")),
)


def _pages(dossier: Dossier) -> list[Event]:
    events = []
    for name, kinds, stage, who, what in _SHOWN:
        for seen in dossier.seen(name, *kinds):
            at = time_of(seen)
            if at:
                events.append(Event(at, stage, who, what, seen.exhibit.path))
    for seen, at in redeemed_times(dossier):
        what = Phrase("发行方记录的兑换时间")
        events.append(Event(at, Stage.AFTER, "issuer", what, seen.exhibit.path))
    return events


def _talk(dossier: Dossier) -> list[Event]:
    events = list[Event]()
    for line in dossier.said:
        if len(events) >= _MOST_QUOTES:
            break
        if line.message.at and line.labels & _TOLD and line.message.speaker:
            quote = quotable(dossier, line.message.text)
            if Label.ABUSIVE in line.labels:
                quote = "……"
            events.append(
                Event(
                    line.message.at,
                    Stage.DURING,
                    line.message.speaker.value,
                    Phrase("说“{quote}”", quote=quote),
                    line.exhibit,
                )
            )
    return events


def _contacts(dossier: Dossier) -> list[Event]:
    return [
        Event(
            contact.at,
            Stage.AFTER,
            "buyer",
            Phrase(
                "联系{party}：{outcome}（据买家陈述）",
                party=Phrase.named(PARTY_NAMES[contact.party]),
                outcome=Phrase.named(OUTCOME_NAMES[contact.outcome]),
            ),
        )
        for contact in dossier.statement.contacts
    ]
