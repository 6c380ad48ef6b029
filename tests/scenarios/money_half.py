"""Plays a story through the database: real orders and money, the verbs of the room, its clocks.

What a story says is recorded takes the place of what would be collected; everything else is the
real thing: the case, its events and leaves, the ledger, the refund at the sandbox.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from tests.disputes.disputes_kit import (
    AT,
    BUYER,
    BY_HAND,
    MERCHANT,
    OFFER,
    fund,
    make_shop,
    pay_refunds,
    person,
    tell,
)
from tests.market.market_kit import order, pay
from tests.scenarios.scenario_book import ORDERED, Move, Story, facts_of

from gongdao.core.money import Money
from gongdao.disputes.appeal import Ground, appeal
from gongdao.disputes.collect_facts import Asked
from gongdao.disputes.correct_money import CORRECTIONS
from gongdao.disputes.decide_liability import Remedy as Kind
from gongdao.disputes.execute_remedies import execute_remedies, left_to_return
from gongdao.disputes.facts import FactName
from gongdao.disputes.fire_clocks import fire_due_clocks
from gongdao.disputes.give_verdict import Ruling, give_verdict
from gongdao.disputes.hand_over import ask_party, hand_over, take_case
from gongdao.disputes.models import Case, Offer, Remedy
from gongdao.disputes.offers import Terms, accept_claim, accept_offer, decline_offer, offer
from gongdao.disputes.open_case import complain, judge_again, open_case
from gongdao.disputes.queries import appellant_of, find_proposal
from gongdao.disputes.say import NewFile, name_excuse, say, withdraw
from gongdao.disputes.states import Deed, Mover, Step
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.transfers import TransferKind
from gongdao.market.deliver_by_hand import part_back
from gongdao.market.models import Order

WORDS = "这是为这一步写的一段话，说明事实、理由和所依据的规则。"
SIDES = {"buyer": BUYER, "merchant": MERCHANT}


@dataclass
class Play:
    """A story on its way through the database."""

    story: Story
    order: Order
    case: Case | None = None
    more: dict[str, Any] = field(default_factory=dict)
    arbiter: int = 0

    def facts(self, *, at: datetime, **_ignored: Any):
        """What takes the place of what would be collected at ``at``."""
        return facts_of(self.story, at, self.more)


def begin(story: Story, monkeypatch) -> Play:
    """An order of the story's price, paid when it says, delivered if it was."""
    delivered = {**{"delivered": True}, **story.facts}["delivered"] is True
    price = replace(OFFER if delivered else BY_HAND, price=Money(story.paid))
    shop = make_shop(stock=9 if delivered else 0, offer=price)
    fund(AccountKind.PLATFORM_GUARANTEE, 10_000_000)
    monkeypatch.setattr("gongdao.market.place_order.risk_of", lambda **_: "")
    placed = order(shop, at=ORDERED)
    pay(placed, after=ORDERED - AT + timedelta(seconds=1))
    row = Order.objects.get(number=placed.number)
    back = Money.parse(str(story.facts.get("returned_minor", "0.00")))
    if back.minor:
        kind = TransferKind.REFUND
        with transaction.atomic():
            part_back(order=row, amount=back, reason="earlier", kind=kind, at=story.at)
    play = Play(story, row)
    monkeypatch.setattr("gongdao.disputes.judge.collect_facts", play.facts)
    return play


def play_story(play: Play, monkeypatch) -> None:
    """Open the case and make every move of the story."""
    story = play.story
    wanted = str(story.facts.get("wanted", "refund"))
    recorded = story.facts.get("recording_before_reveal") is True
    play.case = open_case(
        stores=get_stores(),
        order_id=play.order.id,
        asked=Asked(story.reason, wanted, min(story.asked, left_to_return(play.order))),
        by=BUYER,
        files=[NewFile("reveal.mp4", b"film")] if recorded else [],
        talk=story.begins == "ask",
        at=story.at,
    )
    if story.until is not None:
        assert play.case.clock_due_at == story.until
    for number, move in enumerate(story.moves):
        play.more.update(move.facts)
        _move(play, move, story.moves[number + 1 : number + 2], monkeypatch)
        play.case.refresh_from_db()
        assert play.case.step in (move.then, _sooner(move.then)), (move.deed, play.case.step)
        if move.until is not None and play.case.step == move.then:
            assert play.case.clock_due_at == move.until


def _sooner(then: str) -> str:
    """A remedy without money (another secret) is carried out at once."""
    return Step.CLOSED.value if then == Step.EXECUTING.value else then


def _move(play: Play, move: Move, following: tuple[Move, ...], monkeypatch) -> None:
    case, stores, at = play.case, get_stores(), move.at
    assert case is not None
    if move.deed == "complain":
        complain(stores=stores, case_id=case.id, by=BUYER, at=at)
        return
    if move.by == "clock" or move.deed == "judge_again":
        _ring(play, move)
        return
    if move.deed == "executed":
        finish(play, at)
        return
    deed, side = Deed(move.deed), SIDES.get(move.by)
    terms = Terms(Kind(move.remedy), 0 if move.remedy == "replacement" else move.money)
    common = {"stores": stores, "case_id": case.id, "at": at}
    if deed in (Deed.OFFER, Deed.COUNTER_OFFER):
        offer(**common, by=side, terms=terms)
    elif deed in (Deed.ACCEPT_OFFER, Deed.DECLINE_OFFER):
        last = Offer.objects.filter(case=case).latest("number").id
        verb = accept_offer if deed is Deed.ACCEPT_OFFER else decline_offer
        verb(**common, by=side, offer_id=last)
    elif deed is Deed.ACCEPT_CLAIM:
        accept_claim(**common, by=side)
    elif deed is Deed.EXCUSE:
        name_excuse(**common, by=side, code=move.excuse, words=WORDS)
    elif deed is Deed.WITHDRAW:
        withdraw(**common, by=side)
    elif deed is Deed.APPEAL:
        files = [NewFile("new.pdf", b"%PDF")]
        appeal(**common, by=side, ground=Ground.NEW_EVIDENCE, words=WORDS, files=files)
    elif deed in (Deed.ANSWER, Deed.CONTEST, Deed.REPLY, Deed.SHOW, Deed.SAY):
        say(**common, by=side, deed=deed, words=WORDS)
    else:
        _person(play, move, following, monkeypatch)


def _ring(play: Play, move: Move) -> None:
    """The clock runs out, after whatever notice the story tells of."""
    assert play.case is not None
    known = facts_of(play.story, move.at, play.more).get(FactName.NOTICE_CONFIRMED)
    if known is True:
        tell(play.case, move.at)
    play.case.refresh_from_db()
    if play.case.clock_due_at > move.at:
        assert judge_again(stores=get_stores(), case_id=play.case.id, at=move.at)
        return
    assert fire_due_clocks(stores=get_stores(), at=move.at).count == 1


def _person(play: Play, move: Move, following: tuple[Move, ...], monkeypatch) -> None:
    """What somebody of the platform does; a sum that needs two people is decided by the next."""
    case, stores, at = play.case, get_stores(), move.at
    assert case is not None
    deed = Deed(move.deed)
    if deed in (Deed.ASK_BUYER, Deed.ASK_MERCHANT, Deed.HAND_OVER):
        who = person(f"arbiter{play.arbiter}").id
        if case.owner_id is None:
            take_case(stores=stores, case_id=case.id, user_id=who, at=at)
        common = {"stores": stores, "case_id": case.id, "by": who, "words": WORDS, "at": at}
        if deed is Deed.HAND_OVER:
            play.arbiter += 1
            hand_over(**common, to=person(f"arbiter{play.arbiter}").id, reason="other")
        else:
            ask_party(**common, whom=Mover.BUYER if deed is Deed.ASK_BUYER else Mover.MERCHANT)
        return
    needs = deed is Deed.NEEDS_SECOND
    limit = Money(0) if needs else Money(10_000_000)
    monkeypatch.setattr("gongdao.disputes.give_verdict.second_arbiter_limit", lambda _on: limit)
    said = following[0] if needs else move
    if find_proposal(case) is not None and not needs:
        play.arbiter += 1
    if appellant_of(case) and case.owner_id is None:
        play.arbiter += 1
    by = person(f"arbiter{play.arbiter}").id
    give_verdict(stores=stores, case_id=case.id, by=by, ruling=_ruling(play, said), at=at)


def _ruling(play: Play, move: Move) -> Ruling:
    return Ruling(
        remedy=Kind(move.remedy),
        minor=move.money,
        shares=dict(move.shares),
        reasons=move.why if len(move.why) >= 20 else WORDS,
        rules=[f"liability/{play.story.reason.value}"],
        units=1 if move.remedy == "replacement" else 0,
    )


def finish(play: Play, at: datetime) -> None:
    """Let the payment service pay what was asked of it, and the case end."""
    pay_refunds(at)
    execute_remedies(stores=get_stores(), at=at + timedelta(hours=1))


def made_good(case: Case) -> int:
    """Minor units that the platform brought the merchant back."""
    done = Remedy.objects.filter(case=case, state="done", kind__in=CORRECTIONS)
    return sum(done.values_list("amount_minor", flat=True))


def borne(case: Case) -> dict[str, int]:
    """Minor units by whose money it is, of everything that was carried out for the buyer."""
    paid: dict[str, int] = {}
    for step in Remedy.objects.filter(case=case, state="done").exclude(kind__in=CORRECTIONS):
        if step.amount_minor:
            paid[step.bearer] = paid.get(step.bearer, 0) + step.amount_minor
    return paid
