"""A dispute as one side sees it at one moment: whose move, until when, what silence means, and all
that was said, offered, decided and carried out. The same for buyer, merchant and platform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gongdao.core.clock import say_minute
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.disputes.appeal import appeal_ends
from gongdao.disputes.authority_register import is_secret
from gongdao.disputes.case_keys import CaseKeys, case_keys
from gongdao.disputes.clocks import Clock, late_by
from gongdao.disputes.events import clock_of, is_held
from gongdao.disputes.explain import explain, say_places, say_value
from gongdao.disputes.facts import FACTS, Fact, Facts, FactType
from gongdao.disputes.models import Case, Event, Offer
from gongdao.disputes.queries import appellant_of
from gongdao.disputes.rule_words import OUTCOME_WORDS, REMEDY_WORDS, SOURCE_WORDS
from gongdao.disputes.say import claimant_of
from gongdao.disputes.states import STEPS, Deed, Mover, Silence, Step, allowed_deeds
from gongdao.disputes.verdict_json import read_verdict
from gongdao.front.web.authority_view import told_lines
from gongdao.front.web.dispute_words import (
    CHOOSABLE,
    FORUMS,
    PARTIES,
    SILENCES,
    STEPS_OF_REMEDY,
    said,
)
from gongdao.front.web.templatetags.values import money, when
from gongdao.market.states import OrderState
from gongdao.payments.models import Refund
from gongdao.rules.at import find_at
from gongdao.rules.dispute_queries import dispute_stop, liability


@dataclass(frozen=True)
class CaseSight:
    """What the page of a case shows. ``deeds`` are what this side may do now."""

    case: Case
    side: Mover
    reason: str
    amount: Money
    step: str
    forum: str
    who: str
    mine: bool
    clock: Clock | None
    counted: str
    silence: str
    late: bool
    stopped_for: str
    paid_before: datetime | None
    outcome: str
    deeds: tuple[Deed, ...]
    held: bool
    requests: list[dict[str, Any]]
    appeal_by: datetime | None
    offers: list[dict[str, Any]]
    posts: list[dict[str, Any]]
    verdicts: list[dict[str, Any]]
    remedies: list[dict[str, Any]]
    events: list[dict[str, Any]]

    @property
    def open(self) -> bool:
        """Whether anything is still to happen."""
        return self.case.state == "open"

    @property
    def due(self) -> datetime | None:
        """By when the move has to be made; None where the clock stands still, or there is none."""
        return self.clock.due_at if self.clock and self.clock.runs else None

    @property
    def waiting_offer(self) -> dict[str, Any] | None:
        """The offer that this side is to answer."""
        found = [one for one in self.offers if one["waits"] and not one["mine"]]
        return found[-1] if found and Deed.ACCEPT_OFFER in self.deeds else None

    def may(self, *names: str) -> bool:
        """Whether one of these deeds is allowed now."""
        return any(deed.value in names for deed in self.deeds)


def make_case_sight(*, stores: Stores, case: Case, side: Mover, at: datetime) -> CaseSight:
    """``case`` as ``side`` sees it; at most nine statements."""
    clock = clock_of(case) if case.state == "open" else None
    keys = case_keys(stores=stores, case=case, at=at) if case.erased_at is None else None
    step = Step(case.step)
    return CaseSight(
        case=case,
        side=side,
        reason=_which(case),
        amount=Money(case.amount_minor, case.currency),
        step=translated(STEPS[step].waits_for) if step in STEPS else "",
        forum=said(FORUMS, case.forum),
        who=said(PARTIES, case.mover),
        mine=case.mover == side.value,
        clock=clock,
        counted=str(clock.counted) if clock else "",
        silence=_silence(case, clock) if clock else "",
        late=bool(clock and late_by(clock, at)),
        stopped_for=stopped_for(case, side),
        paid_before=_paid_before(case),
        outcome=said(OUTCOME_WORDS, case.outcome) if case.outcome else "",
        deeds=_deeds(case, step, side, at),
        held=is_held(case, at),
        requests=told_lines(stores=stores, order_id=case.order_id, at=at),
        appeal_by=_appeal_by(case, at),
        offers=_offers(keys, case, side),
        posts=_posts(keys, case, side),
        verdicts=_verdicts(case),
        remedies=_remedies(case),
        events=_events(case),
    )


def reason_name(case: Case) -> str:
    """Why the buyer complains, as he chose it; what only records tell by its rule's name."""
    if case.reason in CHOOSABLE:
        return said({str(key): name for key, name in CHOOSABLE.items()}, case.reason)
    return named(liability(case.reason, case.rules_on))


def _which(case: Case) -> str:
    """Why the buyer complains, and about which of several pieces."""
    if not case.places:
        return reason_name(case)
    places = say_places(tuple(case.places))
    return _("{reason}（{places}）").format(reason=reason_name(case), places=places)


def _silence(case: Case, clock: Clock) -> str:
    """What it means when the clock runs out; management's silence by whose appeal waits."""
    pays = clock.silence is Silence.PLATFORM_PAYS
    if pays and appellant_of(case) == Mover.MERCHANT.value:
        return _("到时没有处理，商家的申诉成立：由平台补给商家，买家已经得到的不收回。")
    return said(SILENCES, clock.silence)


def _paid_before(case: Case) -> datetime | None:
    """When the order's money had gone to the merchant before the case could keep it; None where it
    had not."""
    order = case.order
    if order.state != OrderState.COMPLETED or case.fenced or order.ended_at is None:
        return None
    return order.ended_at if order.ended_at <= case.opened_at else None


def stopped_for(case: Case, side: Mover) -> str:
    """Why its clock stands still, by the rule's name, as far as ``side`` may know; empty where it
    runs."""
    if not case.clock_stop_reason:
        return ""
    reference = case.clock_stop_reference
    if side is not Mover.PLATFORM and reference and is_secret(reference):
        return _("按公布的规则")
    return named(dispute_stop(case.clock_stop_reason, case.rules_on))


def named(entry: Any) -> str:
    """The name of a rule in the reader's language."""
    from gongdao.core.language import language

    return str(entry.name_en if language() == "en" else entry.name)


def _deeds(case: Case, step: Step, side: Mover, at: datetime) -> tuple[Deed, ...]:
    if case.erased_at is not None:
        return ()
    deeds = allowed_deeds(step=step, by=side)
    if is_held(case, at):
        return tuple(one for one in deeds if step.same_clock(one))
    if Deed.WITHDRAW in deeds and claimant_of(case) != side.value:
        deeds = tuple(one for one in deeds if one is not Deed.WITHDRAW)
    if Deed.ACCEPT_CLAIM in deeds and appellant_of(case) == side.value:
        deeds = tuple(one for one in deeds if one is not Deed.ACCEPT_CLAIM)
    return deeds


def _appeal_by(case: Case, at: datetime) -> datetime | None:
    """Until when a closed case that was decided can be appealed; None where it cannot."""
    if case.state != "closed" or case.closed_at is None or not case.verdicts.exists():
        return None
    until = appeal_ends(case)
    return until if at < until else None


def gone() -> str:
    """What stands where words were that were destroyed at the end of their time."""
    return _("（已按保存期限销毁）")


def _offers(keys: CaseKeys | None, case: Case, side: Mover) -> list[dict[str, Any]]:
    rows = case.offers.select_related("answer").order_by("number")
    return [_offer(keys, row, side) for row in rows]


def _offer(keys: CaseKeys | None, row: Offer, side: Mover) -> dict[str, Any]:
    answer = getattr(row, "answer", None)
    answers = {
        "accepted": _("接受了"),
        "declined": _("没有接受"),
        "lapsed": _("没有答复，过期了"),
        "overtaken": _("换成了新的方案"),
        "withdrawn": _("撤回了"),
    }
    return {
        "id": row.id,
        "number": row.number,
        "who": said(PARTIES, row.by),
        "mine": row.by == side.value,
        "remedy": said(REMEDY_WORDS, row.remedy),
        "amount": Money(row.offered_minor, row.currency),
        "original": Money(row.original_minor, row.currency),
        "disputed": Money(row.disputed_minor, row.currency),
        "words": keys.read_words(row.id, row.sealed) if keys else gone(),
        "at": row.at,
        "waits": answer is None,
        "answer": answers.get(answer.answer, answer.answer) if answer else "",
    }


def _posts(keys: CaseKeys | None, case: Case, side: Mover) -> list[dict[str, Any]]:
    rows = case.posts.prefetch_related("exhibits").order_by("at", "id")
    return [
        {
            "id": row.id,
            "who": said(PARTIES, row.by),
            "mine": row.by == side.value,
            "words": keys.read_words(row.id, row.sealed) if keys else gone(),
            "late": row.late,
            "at": row.at,
            "files": [
                {
                    "id": one.id,
                    "name": keys.read_words(one.id, one.sealed_name) if keys else gone(),
                    "size": one.size,
                    "sha256": bytes(one.sha256).hex(),
                }
                for one in sorted(row.exhibits.all(), key=lambda one: one.number)
            ],
        }
        for row in rows
    ]


def _verdicts(case: Case) -> list[dict[str, Any]]:
    rows = case.verdicts.order_by("number")
    return [
        {
            "number": row.number,
            "automatic": row.automatic,
            "remedy": said(REMEDY_WORDS, row.remedy),
            "amount": Money(row.amount_minor, row.currency),
            "fault": _("、").join(
                f"{said(PARTIES, who)} {percent}%" for who, percent in row.fault.items()
            ),
            "lines": explain(read_verdict(row.file.encode())).lines,
            "digest": bytes(row.digest).hex(),
            "at": row.at,
        }
        for row in rows
    ]


def _remedies(case: Case) -> list[dict[str, Any]]:
    states = {
        "planned": _("排好了，还没做"),
        "asked": _("已申请，等确认"),
        "done": _("做完了"),
        "failed": _("没做成，平台在处理"),
    }
    rows = list(case.remedies.order_by("planned_at", "place"))
    numbers = [row.refund_no for row in rows if row.refund_no and row.state == "done"]
    back = Refund.objects.filter(refund_no__in=numbers).exclude(state="confirmed")
    came_back = set(back.values_list("refund_no", flat=True))
    return [
        {
            "what": said(STEPS_OF_REMEDY, row.kind),
            "amount": Money(row.amount_minor, row.currency) if row.amount_minor else None,
            "state": _("钱没有退到，又回到了支付渠道，平台在处理")
            if row.refund_no in came_back
            else states.get(row.state, row.state),
            "at": row.ended_at or row.asked_at or row.planned_at,
        }
        for row in rows
    ]


def _events(case: Case) -> list[dict[str, Any]]:
    rows = case.events.order_by("number")
    return [
        {"at": row.at, "who": said(PARTIES, row.by), "what": _event_words(row, case)}
        for row in rows
    ]


def _event_words(row: Event, case: Case) -> str:
    data = row.data
    names = {
        "opened": _("提出：{reason}").format(reason=reason_name(case)),
        "said": _("说明，或补充材料"),
        "answered": _("答复"),
        "offered": _("提出和解方案"),
        "excused": _("提出理由，要拿出证明"),
        "handed_over": _("转交"),
        "withdrawn": _("撤回"),
        "appealed": _("申诉"),
        "lapsed": _("时间到了，没有动作"),
        "judged": _("时间到了，重新判断"),
        "executed": _("执行了一步"),
        "decided": _("作出决定"),
        "stopped": _("计时停下"),
        "resumed": _("计时继续"),
        "told": _("通知已送达"),
        "escalated": _("升级到平台管理层"),
        "closed": _("结束"),
        "cause": _("记下原因"),
    }
    if row.kind == "limited":
        return _("公布的限制：{rule}").format(rule=_rule_name(str(data["rule"]), case))
    if row.kind == "lifted":
        return _("取消限制：{rule}").format(rule=_rule_name(str(data["rule"]), case))
    words = names.get(row.kind, row.kind)
    if row.kind == "stopped" and data.get("until"):
        return _stop_words(row, case)
    if row.kind == "said" and data.get("deed") == "complain":
        return _("把问题改为投诉")
    if row.kind == "closed" and data.get("outcome"):
        return _("结束：{outcome}").format(outcome=said(OUTCOME_WORDS, str(data["outcome"])))
    if row.kind == "decided" and data.get("remedy"):
        return _("决定：{remedy}").format(remedy=said(REMEDY_WORDS, str(data["remedy"])))
    if row.kind == "answered" and data.get("answer") == "accepted":
        return _("接受了和解方案")
    if row.kind == "answered" and data.get("answer") == "declined":
        return _("没有接受和解方案")
    if row.kind == "answered" and data.get("answer") == "claim_accepted":
        return _("同意买家的主张")
    return words


def _stop_words(row: Event, case: Case) -> str:
    """Why a clock stands still and until when; what an authority asked, by its number here, or no
    more than until when."""
    until = say_minute(datetime.fromisoformat(str(row.data["until"])))
    if "reason" not in row.data:
        return _("计时停下，最晚到 {until}").format(until=until)
    why = named(dispute_stop(str(row.data["reason"]), case.rules_on))
    if number := row.data.get("request"):
        says = _("计时停下（{why}，登记号 {number}），最晚到 {until}")
        return says.format(why=why, number=number, until=until)
    return _("计时停下（{why}），最晚到 {until}").format(why=why, until=until)


def _rule_name(ref: str, case: Case) -> str:
    entry = find_at(ref.partition("@")[0], on=case.rules_on)
    return named(entry) if entry is not None else ref


def fact_rows(facts: Facts, currency: str) -> list[dict[str, Any]]:
    """Facts for a table: what, its value in words, who recorded it."""
    return [
        {
            "name": translated(FACTS[fact.name].meaning),
            "value": _value_words(fact, currency),
            "source": said(SOURCE_WORDS, fact.source),
        }
        for fact in facts.items
    ]


def _value_words(fact: Fact, currency: str) -> Any:
    if FACTS[fact.name].type is FactType.MONEY and isinstance(fact.value, int):
        return money(Money(fact.value, currency))
    return when(fact.value) if isinstance(fact.value, datetime) else say_value(fact)


def make_lines(cases: Sequence[Case], side: Mover, at: datetime) -> list[dict[str, Any]]:
    """Cases in a list: why, how much, whose move, until when."""
    return [
        {
            "id": row.id,
            "number": row.order.number,
            "reason": reason_name(row),
            "amount": Money(row.amount_minor, row.currency),
            "open": row.state == "open",
            "mine": row.mover == side.value,
            "who": said(PARTIES, row.mover),
            "due": row.clock_due_at,
            "late": bool(row.clock_due_at and row.clock_due_at <= at),
            "stopped_until": row.clock_stop_until,
            "stopped_for": stopped_for(row, side),
            "owner": row.owner.email if side is Mover.PLATFORM and row.owner else "",
            "outcome": said(OUTCOME_WORDS, row.outcome) if row.outcome else "",
            "forum": said(FORUMS, row.forum),
            "opened_at": row.opened_at,
        }
        for row in cases
    ]
