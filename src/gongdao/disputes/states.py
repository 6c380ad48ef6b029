"""Where a case can be, whose move it is, and what each deed leads to. Pure: literal tables.

Four things are kept apart: the forum (``Forum``), whose move it is (``Mover``), how it ended
(``Outcome``), and how late (derived: ``clocks.late_by``). A ``Step`` names forum, mover and clock
at once (``STEPS``); ``TRANSITIONS`` says where a deed leads: to another step with a clock of its
own, or to ``Step.CLOSED``. Every open step has a deed for silence, so that no case can stand still.

Use: ``step = next_step(step=…, deed=…)``, then ``clocks.start_clock(step=…)`` unless it is CLOSED,
and where ``step.same_clock(deed)`` says so, the clock that runs goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gongdao.core.language import mark


class ReasonCode(StrEnum):
    """Why a buyer complains. Each has a published table of liability: ``liability/<reason>``."""

    NOT_DELIVERED = "not_delivered"
    LATE = "late"
    OUTSIDE_HOURS = "outside_hours"
    DELIVERED_TWICE = "delivered_twice"
    """The secret delivered here was delivered in another order too."""
    REDEEMED_BEFORE = "redeemed_before"
    ALREADY_USED = "already_used"
    """Revealed, and the buyer says that it was used (B13)."""
    INVALID = "invalid"
    WRONG_DENOMINATION = "wrong_denomination"
    WRONG_REGION = "wrong_region"
    TEST_CARD = "test_card"
    CANCELLED_BY_MERCHANT = "cancelled_by_merchant"
    PRICE_NOT_SUPPORTED = "price_not_supported"
    SUPPLIER_UNKNOWN = "supplier_unknown"
    PLATFORM_FAULT = "platform_fault"
    NOT_AS_DESCRIBED = "not_as_described"
    REFUSED_REFUND = "refused_refund"
    OTHER = "other"


class Forum(StrEnum):
    """Where a case stands."""

    TALK = "talk"
    COMPLAINT = "complaint"
    APPEAL = "appeal"
    MANAGEMENT = "management"


class Mover(StrEnum):
    """Whose move it is."""

    BUYER = "buyer"
    MERCHANT = "merchant"
    PLATFORM = "platform"
    SUPPLIER = "supplier"
    PAYMENT = "payment"
    NOBODY = "nobody"


class Outcome(StrEnum):
    """How a case ended. ``LAPSED`` is never counted as solved."""

    SETTLED = "settled"
    """The parties agreed: an offer or the whole claim was accepted."""
    UPHELD = "upheld"
    PARTLY_UPHELD = "partly_upheld"
    REFUSED = "refused"
    LAPSED = "lapsed"
    """The buyer let an offer or an answer pass."""
    WITHDRAWN = "withdrawn"


class Silence(StrEnum):
    """What it means when a clock runs out, said before it starts."""

    BECOMES_COMPLAINT = "becomes_complaint"
    """A question that the merchant leaves unanswered is a complaint."""
    JUDGED_AGAIN = "judged_again"
    """The promise has passed: the case is judged on the facts as they are then."""
    CLAIM_STANDS = "claim_stands"
    """The claim is granted as made, if the notice was confirmed; else a person decides."""
    LAPSES = "lapses"
    """The case ends as lapsed, if the notice was confirmed; else a person decides."""
    DECIDED_WITHOUT = "decided_without"
    """The person decides on what is there."""
    ESCALATES = "escalates"
    """Management takes over; the buyer is told and gets his case file for other channels."""
    PLATFORM_PAYS = "platform_pays"
    """Management was silent too: the claim is granted at the platform's cost."""
    TOLD_AGAIN = "told_again"
    """What is decided stays owed; everybody is told, and the clock runs again."""


class Step(StrEnum):
    """What a case waits for."""

    NEW = "new"
    """Before anything was judged; never stored."""
    TALK_MERCHANT = "talk_merchant"
    TALK_BUYER = "talk_buyer"
    DELIVERY_DUE = "delivery_due"
    """Not late yet: rests until the promise, then it is judged again."""
    MERCHANT_ANSWER = "merchant_answer"
    BUYER_OFFER = "buyer_offer"
    """The merchant offered; the buyer is to answer."""
    MERCHANT_OFFER = "merchant_offer"
    """The buyer offered; the merchant is to answer."""
    MERCHANT_PROOF = "merchant_proof"
    """The merchant named an excuse and has to show what it needs."""
    MERCHANT_EVIDENCE = "merchant_evidence"
    BUYER_EVIDENCE = "buyer_evidence"
    ARBITER = "arbiter"
    SECOND_ARBITER = "second_arbiter"
    MANAGEMENT = "management"
    EXECUTING = "executing"
    """Decided or agreed; the money or the secret is on its way."""
    EXECUTION_LATE = "execution_late"
    APPEAL_ARBITER = "appeal_arbiter"
    APPEAL_SECOND = "appeal_second"
    APPEAL_MERCHANT = "appeal_merchant"
    """In an appeal the merchant is asked for evidence or a word on the new facts."""
    APPEAL_BUYER = "appeal_buyer"
    CLOSED = "closed"

    def same_clock(self, deed: Deed) -> bool:
        """Whether the running clock simply goes on after ``deed``: handing a case on, or saying a
        word, wins nobody time."""
        return deed in CLOCK_GOES_ON and TRANSITIONS.get((self, deed)) is self


class Deed(StrEnum):
    """What can happen to a case. By whom is in the tables ``BY``."""

    ASK = "ask"
    """The buyer asks the merchant, without complaining yet."""
    JUDGED_UPHELD = "judged_upheld"
    """The rules decide for the buyer, wholly or in part, on trusted facts."""
    JUDGED_REFUSED = "judged_refused"
    JUDGED_EARLY = "judged_early"
    """Nothing is late yet (``Finding.again_at``)."""
    JUDGED_PERSON = "judged_person"
    """The rules cannot decide alone: the merchant is heard, then a person decides."""
    PERSON_FIRST = "person_first"
    """A published limit on the buyer: what the rules cannot decide alone goes to a person at once,
    before any silence or offer could end it."""
    ASK_RECORDING = "ask_recording"
    """A published limit on the buyer: his recording is asked for before the merchant answers."""
    RECORDED = "recorded"
    """The recording that was asked for is there."""
    ANSWER = "answer"
    """The merchant answers a question."""
    REPLY = "reply"
    """The buyer goes on asking."""
    SAY = "say"
    """Words without another effect; everybody may."""
    ACCEPT_CLAIM = "accept_claim"
    OFFER = "offer"
    COUNTER_OFFER = "counter_offer"
    ACCEPT_OFFER = "accept_offer"
    DECLINE_OFFER = "decline_offer"
    EXCUSE = "excuse"
    CONTEST = "contest"
    SHOW = "show"
    """Evidence arrives that was waited for."""
    ASK_BUYER = "ask_buyer"
    ASK_MERCHANT = "ask_merchant"
    HAND_OVER = "hand_over"
    NEEDS_SECOND = "needs_second"
    """The amount is above the limit for one arbiter."""
    DECIDE_UPHELD = "decide_upheld"
    DECIDE_REFUSED = "decide_refused"
    EXECUTED = "executed"
    WITHDRAW = "withdraw"
    APPEAL = "appeal"
    SILENCE = "silence"
    """The clock ran out; what that means stands in the clock."""
    SILENCE_UNTOLD = "silence_untold"
    """The clock ran out, but no confirmed notice reached who was to move."""


@dataclass(frozen=True)
class StepKind:
    """Forum and mover of a step, the entry ``dispute_clock/<clock>`` that counts its time, and what
    people are told that it waits for (a marked name)."""

    forum: Forum
    mover: Mover
    clock: str
    waits_for: str


F, M, S, D = Forum, Mover, Step, Deed

STEPS: Mapping[Step, StepKind] = {
    S.TALK_MERCHANT: StepKind(F.TALK, M.MERCHANT, "talk", mark("等商家回答问题")),
    S.TALK_BUYER: StepKind(F.TALK, M.BUYER, "talk_reply", mark("等买家回应商家的回答")),
    S.DELIVERY_DUE: StepKind(F.COMPLAINT, M.MERCHANT, "promise", mark("等承诺的时间到来")),
    S.MERCHANT_ANSWER: StepKind(F.COMPLAINT, M.MERCHANT, "answer", mark("等商家答复投诉")),
    S.BUYER_OFFER: StepKind(F.COMPLAINT, M.BUYER, "offer", mark("等买家答复和解方案")),
    S.MERCHANT_OFFER: StepKind(F.COMPLAINT, M.MERCHANT, "answer", mark("等商家答复买家的方案")),
    S.MERCHANT_PROOF: StepKind(F.COMPLAINT, M.MERCHANT, "proof", mark("等商家证明所说的理由")),
    S.MERCHANT_EVIDENCE: StepKind(F.COMPLAINT, M.MERCHANT, "evidence", mark("等商家补充证据")),
    S.BUYER_EVIDENCE: StepKind(F.COMPLAINT, M.BUYER, "evidence", mark("等买家补充证据")),
    S.ARBITER: StepKind(F.COMPLAINT, M.PLATFORM, "platform", mark("等平台裁决")),
    S.SECOND_ARBITER: StepKind(F.COMPLAINT, M.PLATFORM, "second", mark("等第二位裁决人确认")),
    S.MANAGEMENT: StepKind(F.MANAGEMENT, M.PLATFORM, "management", mark("等平台管理层裁决")),
    S.EXECUTING: StepKind(F.COMPLAINT, M.PAYMENT, "execution", mark("等处理结果执行完毕")),
    S.EXECUTION_LATE: StepKind(
        F.MANAGEMENT, M.PLATFORM, "execution_late", mark("执行超时，等平台管理层办完")
    ),
    S.APPEAL_ARBITER: StepKind(F.APPEAL, M.PLATFORM, "appeal", mark("等人工复核申诉")),
    S.APPEAL_SECOND: StepKind(F.APPEAL, M.PLATFORM, "second", mark("等第二位裁决人复核申诉")),
    S.APPEAL_MERCHANT: StepKind(F.APPEAL, M.MERCHANT, "evidence", mark("等商家就申诉补充证据")),
    S.APPEAL_BUYER: StepKind(F.APPEAL, M.BUYER, "evidence", mark("等买家就申诉补充证据")),
}
"""Every open step. CLOSED has no clock, NEW is never stored."""

_JUDGED = {
    D.JUDGED_UPHELD: S.EXECUTING,
    D.JUDGED_REFUSED: S.CLOSED,
    D.JUDGED_EARLY: S.DELIVERY_DUE,
    D.JUDGED_PERSON: S.MERCHANT_ANSWER,
    D.PERSON_FIRST: S.ARBITER,
    D.ASK_RECORDING: S.BUYER_EVIDENCE,
}
"""Where a judgement by the rules leads when a case begins or its promise has passed."""
_JUDGED_AGAIN = {D.JUDGED_UPHELD: S.EXECUTING, D.JUDGED_REFUSED: S.CLOSED}
"""Where it leads later, when new facts (an issuer's answer) decide what they could not before."""
_DECIDED = {D.DECIDE_UPHELD: S.EXECUTING, D.DECIDE_REFUSED: S.CLOSED}

_TABLE: Mapping[Step, Mapping[Deed, Step]] = {
    S.NEW: {D.ASK: S.TALK_MERCHANT, **_JUDGED},
    S.TALK_MERCHANT: {
        **_JUDGED,
        D.SAY: S.TALK_MERCHANT,
        D.ANSWER: S.TALK_BUYER,
        D.OFFER: S.BUYER_OFFER,
        D.ACCEPT_CLAIM: S.EXECUTING,
        D.WITHDRAW: S.CLOSED,
        D.SILENCE: S.MERCHANT_ANSWER,
        D.SILENCE_UNTOLD: S.MERCHANT_ANSWER,
    },
    S.TALK_BUYER: {
        **_JUDGED,
        D.SAY: S.TALK_BUYER,
        D.REPLY: S.TALK_MERCHANT,
        D.OFFER: S.BUYER_OFFER,
        D.WITHDRAW: S.CLOSED,
        D.SILENCE: S.CLOSED,
        D.SILENCE_UNTOLD: S.ARBITER,
    },
    S.DELIVERY_DUE: {
        **_JUDGED_AGAIN,
        D.JUDGED_EARLY: S.DELIVERY_DUE,
        D.JUDGED_PERSON: S.MERCHANT_ANSWER,
        D.PERSON_FIRST: S.ARBITER,
        D.ASK_RECORDING: S.BUYER_EVIDENCE,
        D.SAY: S.DELIVERY_DUE,
        D.OFFER: S.BUYER_OFFER,
        D.ACCEPT_CLAIM: S.EXECUTING,
        D.WITHDRAW: S.CLOSED,
        D.SILENCE: S.MERCHANT_ANSWER,
        D.SILENCE_UNTOLD: S.MERCHANT_ANSWER,
    },
    S.MERCHANT_ANSWER: {
        **_JUDGED_AGAIN,
        D.SAY: S.MERCHANT_ANSWER,
        D.ACCEPT_CLAIM: S.EXECUTING,
        D.OFFER: S.BUYER_OFFER,
        D.COUNTER_OFFER: S.MERCHANT_OFFER,
        D.EXCUSE: S.MERCHANT_PROOF,
        D.CONTEST: S.ARBITER,
        D.WITHDRAW: S.CLOSED,
        D.SILENCE: S.EXECUTING,
        D.SILENCE_UNTOLD: S.ARBITER,
    },
    S.BUYER_OFFER: {
        **_JUDGED_AGAIN,
        D.SAY: S.BUYER_OFFER,
        D.OFFER: S.BUYER_OFFER,
        D.COUNTER_OFFER: S.MERCHANT_OFFER,
        D.ACCEPT_OFFER: S.EXECUTING,
        D.ACCEPT_CLAIM: S.EXECUTING,
        D.DECLINE_OFFER: S.ARBITER,
        D.WITHDRAW: S.CLOSED,
        D.SILENCE: S.CLOSED,
        D.SILENCE_UNTOLD: S.ARBITER,
    },
    S.MERCHANT_OFFER: {
        **_JUDGED_AGAIN,
        D.SAY: S.MERCHANT_OFFER,
        D.OFFER: S.BUYER_OFFER,
        D.ACCEPT_OFFER: S.EXECUTING,
        D.ACCEPT_CLAIM: S.EXECUTING,
        D.DECLINE_OFFER: S.ARBITER,
        D.EXCUSE: S.MERCHANT_PROOF,
        D.CONTEST: S.ARBITER,
        D.WITHDRAW: S.CLOSED,
        D.SILENCE: S.EXECUTING,
        D.SILENCE_UNTOLD: S.ARBITER,
    },
    S.MERCHANT_PROOF: {
        **_JUDGED_AGAIN,
        D.SAY: S.MERCHANT_PROOF,
        D.SHOW: S.ARBITER,
        D.OFFER: S.BUYER_OFFER,
        D.ACCEPT_CLAIM: S.EXECUTING,
        D.WITHDRAW: S.CLOSED,
        D.SILENCE: S.EXECUTING,
        D.SILENCE_UNTOLD: S.ARBITER,
    },
    S.MERCHANT_EVIDENCE: {
        **_JUDGED_AGAIN,
        D.SAY: S.MERCHANT_EVIDENCE,
        D.SHOW: S.ARBITER,
        D.OFFER: S.BUYER_OFFER,
        D.ACCEPT_CLAIM: S.EXECUTING,
        D.WITHDRAW: S.CLOSED,
        D.SILENCE: S.ARBITER,
        D.SILENCE_UNTOLD: S.ARBITER,
    },
    S.BUYER_EVIDENCE: {
        **_JUDGED_AGAIN,
        D.SAY: S.BUYER_EVIDENCE,
        D.RECORDED: S.MERCHANT_ANSWER,
        D.SHOW: S.ARBITER,
        D.OFFER: S.BUYER_OFFER,
        D.ACCEPT_CLAIM: S.EXECUTING,
        D.WITHDRAW: S.CLOSED,
        D.SILENCE: S.ARBITER,
        D.SILENCE_UNTOLD: S.ARBITER,
    },
    S.ARBITER: {
        **_JUDGED_AGAIN,
        **_DECIDED,
        D.SAY: S.ARBITER,
        D.HAND_OVER: S.ARBITER,
        D.ASK_BUYER: S.BUYER_EVIDENCE,
        D.ASK_MERCHANT: S.MERCHANT_EVIDENCE,
        D.NEEDS_SECOND: S.SECOND_ARBITER,
        D.OFFER: S.BUYER_OFFER,
        D.ACCEPT_CLAIM: S.EXECUTING,
        D.WITHDRAW: S.CLOSED,
        D.SILENCE: S.MANAGEMENT,
        D.SILENCE_UNTOLD: S.MANAGEMENT,
    },
    S.SECOND_ARBITER: {
        **_DECIDED,
        D.SAY: S.SECOND_ARBITER,
        D.HAND_OVER: S.SECOND_ARBITER,
        D.ACCEPT_CLAIM: S.EXECUTING,
        D.WITHDRAW: S.CLOSED,
        D.SILENCE: S.MANAGEMENT,
        D.SILENCE_UNTOLD: S.MANAGEMENT,
    },
    S.MANAGEMENT: {
        **_JUDGED_AGAIN,
        **_DECIDED,
        D.SAY: S.MANAGEMENT,
        D.HAND_OVER: S.MANAGEMENT,
        D.NEEDS_SECOND: S.MANAGEMENT,
        D.ACCEPT_CLAIM: S.EXECUTING,
        D.WITHDRAW: S.CLOSED,
        D.SILENCE: S.EXECUTING,
        D.SILENCE_UNTOLD: S.EXECUTING,
    },
    S.EXECUTING: {
        D.SAY: S.EXECUTING,
        D.EXECUTED: S.CLOSED,
        D.SILENCE: S.EXECUTION_LATE,
        D.SILENCE_UNTOLD: S.EXECUTION_LATE,
    },
    S.EXECUTION_LATE: {
        D.SAY: S.EXECUTION_LATE,
        D.HAND_OVER: S.EXECUTION_LATE,
        D.EXECUTED: S.CLOSED,
        D.SILENCE: S.EXECUTION_LATE,
        D.SILENCE_UNTOLD: S.EXECUTION_LATE,
    },
    S.APPEAL_ARBITER: {
        **_DECIDED,
        D.SAY: S.APPEAL_ARBITER,
        D.HAND_OVER: S.APPEAL_ARBITER,
        D.ASK_BUYER: S.APPEAL_BUYER,
        D.ASK_MERCHANT: S.APPEAL_MERCHANT,
        D.NEEDS_SECOND: S.APPEAL_SECOND,
        D.WITHDRAW: S.CLOSED,
        D.SILENCE: S.MANAGEMENT,
        D.SILENCE_UNTOLD: S.MANAGEMENT,
    },
    S.APPEAL_SECOND: {
        **_DECIDED,
        D.SAY: S.APPEAL_SECOND,
        D.HAND_OVER: S.APPEAL_SECOND,
        D.WITHDRAW: S.CLOSED,
        D.SILENCE: S.MANAGEMENT,
        D.SILENCE_UNTOLD: S.MANAGEMENT,
    },
    S.APPEAL_MERCHANT: {
        D.SAY: S.APPEAL_MERCHANT,
        D.SHOW: S.APPEAL_ARBITER,
        D.WITHDRAW: S.CLOSED,
        D.SILENCE: S.APPEAL_ARBITER,
        D.SILENCE_UNTOLD: S.APPEAL_ARBITER,
    },
    S.APPEAL_BUYER: {
        D.SAY: S.APPEAL_BUYER,
        D.SHOW: S.APPEAL_ARBITER,
        D.WITHDRAW: S.CLOSED,
        D.SILENCE: S.APPEAL_ARBITER,
        D.SILENCE_UNTOLD: S.APPEAL_ARBITER,
    },
    S.CLOSED: {D.APPEAL: S.APPEAL_ARBITER, D.SAY: S.CLOSED},
}

TRANSITIONS: Mapping[tuple[Step, Deed], Step] = {
    (step, deed): after for step, deeds in _TABLE.items() for deed, after in deeds.items()
}
"""Where each deed leads from each step; what is not in it is refused."""

CLOCK_GOES_ON = frozenset({D.SAY, D.HAND_OVER, D.NEEDS_SECOND})
"""Deeds after which the same step's clock is not begun anew: management's second person
answers within its time."""

BY: Mapping[Deed, frozenset[Mover]] = {
    D.ASK: frozenset({M.BUYER}),
    D.REPLY: frozenset({M.BUYER}),
    D.COUNTER_OFFER: frozenset({M.BUYER}),
    D.DECLINE_OFFER: frozenset({M.BUYER, M.MERCHANT}),
    D.ACCEPT_OFFER: frozenset({M.BUYER, M.MERCHANT}),
    D.WITHDRAW: frozenset({M.BUYER, M.MERCHANT}),
    D.ANSWER: frozenset({M.MERCHANT}),
    D.OFFER: frozenset({M.MERCHANT, M.PLATFORM}),
    D.ACCEPT_CLAIM: frozenset({M.MERCHANT}),
    D.EXCUSE: frozenset({M.MERCHANT}),
    D.CONTEST: frozenset({M.MERCHANT}),
    D.SHOW: frozenset({M.BUYER, M.MERCHANT}),
    D.RECORDED: frozenset({M.BUYER}),
    D.SAY: frozenset({M.BUYER, M.MERCHANT, M.PLATFORM}),
    D.APPEAL: frozenset({M.BUYER, M.MERCHANT}),
    D.ASK_BUYER: frozenset({M.PLATFORM}),
    D.ASK_MERCHANT: frozenset({M.PLATFORM}),
    D.HAND_OVER: frozenset({M.PLATFORM}),
    D.NEEDS_SECOND: frozenset({M.PLATFORM}),
    D.DECIDE_UPHELD: frozenset({M.PLATFORM}),
    D.DECIDE_REFUSED: frozenset({M.PLATFORM}),
}
"""Who may do a deed; deeds that are not in it happen by themselves. An offer is answered by the
mover of its step alone, an appeal withdrawn by who made it, a complaint by the buyer."""


def next_step(*, step: Step, deed: Deed) -> Step | None:
    """The step that ``deed`` leads to; None where it is not allowed from ``step``."""
    return TRANSITIONS.get((step, deed))


def allowed_deeds(*, step: Step, by: Mover) -> tuple[Deed, ...]:
    """The deeds that ``by`` can do now, in the order of ``Deed``. Answers to an offer are left out
    where it is not his to answer."""
    answers = {D.ACCEPT_OFFER, D.DECLINE_OFFER, D.SHOW}
    kind = STEPS.get(step)
    own = kind is not None and kind.mover is by
    return tuple(
        deed
        for deed in Deed
        if (step, deed) in TRANSITIONS
        and deed is not D.RECORDED  # evidence is shown; what was asked for tells what that is
        and by in BY.get(deed, frozenset())
        and (own or deed not in answers)
    )
