"""Tables of disputes: columns and constraints. Verbs write them; nothing here has behaviour.

Words of the parties are sealed under a key of their case; codes, amounts and times stand clear.
All but the case itself and the steps of a remedy is only added to (``sql/refuse_changes.sql``).
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint, Value

from gongdao.disputes.authority_models import AuthorityRequest as AuthorityRequest
from gongdao.disputes.authority_models import AuthoritySubject as AuthoritySubject
from gongdao.disputes.exhibit_models import Exhibit as Exhibit
from gongdao.disputes.exhibit_models import ExhibitRead as ExhibitRead
from gongdao.disputes.exhibit_models import ExhibitReading as ExhibitReading
from gongdao.disputes.learning_models import CauseAnswer as CauseAnswer
from gongdao.disputes.learning_models import CauseEffect as CauseEffect
from gongdao.disputes.learning_models import HoldGround as HoldGround
from gongdao.disputes.learning_models import RootCause as RootCause
from gongdao.disputes.states import STEPS, Forum, Mover, Step
from gongdao.market.models import Order

_CODE = 32
_WHO = 12
_REF = 64
_MOVERS = [one.value for one in Mover if one is not Mover.NOBODY]
_STEPS = [one.value for one in STEPS]
_RUNS = (
    Q(state="open", clock_started_at__isnull=False, clock_due_at__isnull=False)
    & Q(step__in=_STEPS, mover__in=_MOVERS, clock_who=F("mover"))
    & Q(closed_at__isnull=True, outcome="")
    & Q(clock_count__gt=0)
    & ~Q(clock_unit="")
    & ~Q(clock_silence="")
)
_ENDED = Q(
    state="closed",
    step=Step.CLOSED.value,
    mover=Mover.NOBODY.value,
    clock_who="",
    clock_unit="",
    clock_calendar="",
    clock_silence="",
    clock_rule="",
    clock_count=0,
    clock_started_at__isnull=True,
    clock_due_at__isnull=True,
    clock_stopped_at__isnull=True,
    clock_stop_reason="",
    clock_stop_until__isnull=True,
    closed_at__isnull=False,
) & ~Q(outcome="")


class Case(models.Model):
    """One dispute about one order. Forum, whose move, how it ended and how late are kept apart."""

    id = models.UUIDField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="disputes")
    merchant_id = models.UUIDField()
    buyer_digest = models.BinaryField()
    """Who bought, as the order has it: for the counts of the published limits."""
    log_subject = models.CharField(max_length=_REF, unique=True)
    reason = models.CharField(max_length=_CODE)
    forum = models.CharField(max_length=_WHO)
    mover = models.CharField(max_length=_WHO)
    state = models.CharField(max_length=_WHO)
    """open | closed."""
    step = models.CharField(max_length=_CODE)
    """What it waits for; forum, mover and clock follow from it (`states.STEPS`)."""
    outcome = models.CharField(max_length=_CODE, blank=True)
    """How it ended, as a code; empty while it is open."""
    ending = models.CharField(max_length=_CODE, blank=True)
    """As what it will end once what was decided is carried out."""
    wanted = models.CharField(max_length=_CODE)
    """What the buyer asks for: refund or replacement."""
    late = models.JSONField(default=dict)
    """How often each party let its time pass, by party."""
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    """The one person of the platform who answers for it; none while no person has to."""
    amount_minor = models.BigIntegerField()
    """What is disputed."""
    places = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    """Which pieces the buyer names as bad, counted from 1; none: all, or a part of the price."""
    currency = models.CharField(max_length=3)
    rules_on = models.DateField()
    """The day whose rules decide: that of the order."""
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    moves = models.PositiveIntegerField(default=0)
    """How many events it has; the number of the newest."""
    handovers = models.PositiveIntegerField(default=0)
    fenced = models.BooleanField(default=False)
    """Whether what is disputed is kept from being released."""
    needs_person = models.CharField(max_length=_CODE, blank=True)
    """Why a person has to look, as a code."""
    clock_who = models.CharField(max_length=_WHO, blank=True)
    clock_started_at = models.DateTimeField(null=True)
    clock_due_at = models.DateTimeField(null=True)
    clock_unit = models.CharField(max_length=16, blank=True)
    clock_count = models.PositiveIntegerField(default=0)
    clock_calendar = models.CharField(max_length=_CODE, blank=True)
    clock_silence = models.CharField(max_length=_CODE, blank=True)
    """What follows when nobody moves."""
    clock_rule = models.CharField(max_length=_REF, blank=True)
    """The version of the rule that gave the time."""
    clock_stopped_at = models.DateTimeField(null=True)
    clock_stop_reason = models.CharField(max_length=_CODE, blank=True)
    clock_stop_until = models.DateTimeField(null=True)
    """When a stopped clock runs on by itself."""
    clock_stop_reference = models.CharField(max_length=100, blank=True, default="", db_default="")
    """The paper that it rests on, where its rule asks for one."""
    stood = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    """How many seconds clocks of the case stood still before, by reason and paper."""
    own_key = models.BinaryField(default=b"", db_default=b"")
    """Of what its key is made (`case_keys`); emptied when what it seals is destroyed."""
    erased_at = models.DateTimeField(null=True)
    """When that was."""

    class Meta:
        """Open means exactly one clock, closed means none; one open case for an order."""

        db_table = "dispute_case"
        constraints: ClassVar = [
            CheckConstraint(condition=Q(forum__in=list(Forum)), name="dispute_case_forum"),
            CheckConstraint(condition=_RUNS | _ENDED, name="dispute_case_one_clock_or_an_end"),
            CheckConstraint(
                condition=Q(
                    clock_stopped_at__isnull=True,
                    clock_stop_reason="",
                    clock_stop_until__isnull=True,
                )
                | (
                    Q(clock_stopped_at__isnull=False)
                    & ~Q(clock_stop_reason="")
                    & Q(clock_stop_until__isnull=False)
                    & Q(clock_stop_until__gt=F("clock_stopped_at"))
                ),
                name="dispute_case_stopped_for_a_time",
            ),
            CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(own_key=b"", state="closed"),
                name="dispute_case_erased",
            ),
            CheckConstraint(condition=Q(amount_minor__gt=0), name="dispute_case_positive"),
            UniqueConstraint(
                fields=["order"], condition=Q(state="open"), name="dispute_case_one_open"
            ),
        ]
        indexes: ClassVar = [
            Index(
                fields=["clock_due_at"],
                condition=Q(state="open", clock_stopped_at__isnull=True),
                name="dispute_case_due",
            ),
            Index(
                fields=["clock_stop_until"],
                condition=Q(state="open", clock_stopped_at__isnull=False),
                name="dispute_case_stopped",
            ),
            Index(
                fields=["merchant_id", "clock_due_at"],
                condition=Q(state="open"),
                name="dispute_case_inbox",
            ),
            Index(fields=["merchant_id", "opened_at"], name="dispute_case_merchant"),
            Index(fields=["buyer_digest", "opened_at"], name="dispute_case_buyer"),
            Index(
                fields=["order"],
                condition=Q(state="open", fenced=False),
                name="dispute_case_unfenced",
            ),
        ]


class Event(models.Model):
    """One step of a case, as everyone concerned can read it; ``data`` holds codes and amounts."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="events")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=_CODE)
    by = models.CharField(max_length=_WHO)
    by_id = models.UUIDField(null=True)
    data = models.JSONField(default=dict)
    leaf_hash = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        """Numbered without gaps by the case's own count."""

        db_table = "dispute_event"
        constraints: ClassVar = [
            UniqueConstraint(fields=["case", "number"], name="dispute_event_once")
        ]


class Notice(models.Model):
    """That a side was told of its move: planned, sending, accepted by the next hop, or failed;
    ``seen_at`` when it looked at the case itself. Silence counts only where one of both is so."""

    id = models.UUIDField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notices")
    side = models.CharField(max_length=_WHO)
    move = models.PositiveIntegerField()
    """The number of the event that made it this side's move."""
    event = models.CharField(max_length=_CODE)
    state = models.CharField(max_length=_WHO, default="planned")
    tries = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=80, blank=True)
    made_at = models.DateTimeField()
    next_try_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        """Each move told once to a side; what is neither accepted nor failed is due some time."""

        db_table = "dispute_notice"
        constraints: ClassVar = [
            UniqueConstraint(fields=["case", "side", "move"], name="dispute_notice_once"),
            CheckConstraint(
                condition=Q(state__in=["planned", "sending"], next_try_at__isnull=False)
                | Q(state__in=["accepted", "failed"], ended_at__isnull=False),
                name="dispute_notice_due_or_ended",
            ),
        ]
        indexes: ClassVar = [
            Index(
                fields=["next_try_at"],
                condition=Q(state__in=["planned", "sending"]),
                name="dispute_notice_due",
            )
        ]


class Post(models.Model):
    """Somebody's words in the thread of a case, sealed."""

    id = models.UUIDField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="posts")
    by = models.CharField(max_length=_WHO)
    by_id = models.UUIDField(null=True)
    sealed = models.BinaryField()
    late = models.BooleanField(default=False)
    """Came after the case was closed or its evidence time was over: kept, and marked."""
    at = models.DateTimeField()

    class Meta:
        """In the order of time."""

        db_table = "dispute_post"
        indexes: ClassVar = [Index(fields=["case", "at"], name="dispute_post_thread")]


class Offer(models.Model):
    """What a party offered to end the case with: original, disputed and offered amount."""

    id = models.UUIDField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="offers")
    number = models.PositiveIntegerField()
    by = models.CharField(max_length=_WHO)
    by_id = models.UUIDField(null=True)
    remedy = models.CharField(max_length=_CODE)
    original_minor = models.BigIntegerField()
    disputed_minor = models.BigIntegerField()
    offered_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    sealed = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        """Never more than was paid."""

        db_table = "dispute_offer"
        constraints: ClassVar = [
            UniqueConstraint(fields=["case", "number"], name="dispute_offer_once"),
            CheckConstraint(
                condition=Q(offered_minor__gte=0, offered_minor__lte=F("original_minor")),
                name="dispute_offer_within",
            ),
        ]


class OfferAnswer(models.Model):
    """What became of an offer, once: accepted, declined, lapsed, overtaken by another."""

    offer = models.OneToOneField(
        Offer, on_delete=models.PROTECT, primary_key=True, related_name="answer"
    )
    answer = models.CharField(max_length=_CODE)
    by = models.CharField(max_length=_WHO)
    by_id = models.UUIDField(null=True)
    final_minor = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        """Accepted means an amount that is final."""

        db_table = "dispute_offer_answer"
        constraints: ClassVar = [
            CheckConstraint(
                condition=Q(answer="accepted", final_minor__isnull=False)
                | (
                    Q(answer__in=["declined", "lapsed", "overtaken", "withdrawn"])
                    & Q(final_minor__isnull=True)
                ),
                name="dispute_offer_answer_known",
            )
        ]


class Excuse(models.Model):
    """An excuse that a party raised: what it has to show, until when. It moves nothing unproven."""

    id = models.UUIDField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="excuses")
    excuse = models.CharField(max_length=_CODE)
    by = models.CharField(max_length=_WHO)
    sealed = models.BinaryField()
    due_at = models.DateTimeField()
    at = models.DateTimeField()

    class Meta:
        """Each excuse once in a case."""

        db_table = "dispute_excuse"
        constraints: ClassVar = [
            UniqueConstraint(fields=["case", "excuse"], name="dispute_excuse_once")
        ]


class HandOver(models.Model):
    """That a case went from one forum and person to another, and why; counted."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="hand_overs")
    number = models.PositiveIntegerField()
    from_forum = models.CharField(max_length=_WHO)
    to_forum = models.CharField(max_length=_WHO)
    from_owner = models.UUIDField(null=True)
    to_owner = models.UUIDField(null=True)
    reason = models.CharField(max_length=_CODE)
    sealed = models.BinaryField(default=b"")
    """The reason in words, where a person handed over."""
    at = models.DateTimeField()

    class Meta:
        """Numbered within its case."""

        db_table = "dispute_handover"
        constraints: ClassVar = [
            UniqueConstraint(fields=["case", "number"], name="dispute_handover_once")
        ]


class RecordedFact(models.Model):
    """A typed fact with its source, as it was known when the case was judged (``round``)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="facts")
    round = models.PositiveIntegerField()
    name = models.CharField(max_length=_REF)
    value = models.JSONField()
    source = models.CharField(max_length=_WHO)
    evidence = models.JSONField(default=list)
    at = models.DateTimeField()

    class Meta:
        """Each fact of a source once in a round."""

        db_table = "dispute_fact"
        constraints: ClassVar = [
            UniqueConstraint(fields=["case", "round", "name", "source"], name="dispute_fact_once")
        ]


class Verdict(models.Model):
    """A verdict with the file from which anybody can recompute it."""

    id = models.UUIDField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="verdicts")
    number = models.PositiveIntegerField()
    file = models.TextField()
    """Canonical JSON, as it was hashed."""
    digest = models.BinaryField()
    event = models.PositiveIntegerField()
    """The number of the event, and so the leaf, that tells of it."""
    automatic = models.BooleanField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    seconded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    reason_code = models.CharField(max_length=_REF)
    remedy = models.CharField(max_length=_CODE)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    fault = models.JSONField(default=dict)
    """Shares by party, per cent."""
    sealed = models.BinaryField(default=b"")
    """A person's facts, reasons and basis."""
    at = models.DateTimeField()

    class Meta:
        """Numbered; by machine or by a person, who never seconds himself."""

        db_table = "dispute_verdict"
        constraints: ClassVar = [
            UniqueConstraint(fields=["case", "number"], name="dispute_verdict_once"),
            CheckConstraint(
                condition=Q(automatic=True, decided_by__isnull=True)
                | Q(automatic=False, decided_by__isnull=False),
                name="dispute_verdict_by_somebody",
            ),
            CheckConstraint(
                condition=Q(seconded_by__isnull=True) | ~Q(seconded_by=F("decided_by")),
                name="dispute_verdict_two_people",
            ),
            CheckConstraint(condition=Q(amount_minor__gte=0), name="dispute_verdict_amount"),
        ]


class Proposal(models.Model):
    """A person's verdict over the limit, waiting for a second person."""

    case = models.OneToOneField(
        Case, on_delete=models.PROTECT, primary_key=True, related_name="proposal"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    sealed = models.BinaryField()
    """Remedy, amount, fault and the answer's words, as JSON."""
    at = models.DateTimeField()

    class Meta:
        """One at a time."""

        db_table = "dispute_proposal"


class Remedy(models.Model):
    """One step of carrying out a verdict or an accepted offer: planned, asked, done or failed."""

    id = models.UUIDField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="remedies")
    basis = models.CharField(max_length=_CODE)
    """``verdict:1``, ``offer:2``: what it carries out."""
    place = models.PositiveIntegerField()
    kind = models.CharField(max_length=_CODE)
    amount_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    bearer = models.CharField(max_length=_WHO, blank=True)
    """Who bears it first: merchant (held, deposit) or platform (guarantee)."""
    drawn = models.JSONField(default=dict)
    """Minor units by where they came from."""
    refund_no = models.CharField(max_length=32, blank=True)
    state = models.CharField(max_length=_WHO, default="planned")
    problem = models.CharField(max_length=_REF, blank=True)
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    planned_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """Each step once; what is not ended is looked at again."""

        db_table = "dispute_remedy"
        constraints: ClassVar = [
            UniqueConstraint(fields=["case", "basis", "place"], name="dispute_remedy_once"),
            CheckConstraint(condition=Q(amount_minor__gte=0), name="dispute_remedy_amount"),
            CheckConstraint(
                condition=Q(state="planned", asked_at__isnull=True, ended_at__isnull=True)
                | Q(state="asked", asked_at__isnull=False, ended_at__isnull=True)
                | Q(state__in=["done", "failed"], ended_at__isnull=False),
                name="dispute_remedy_steps",
            ),
            CheckConstraint(
                condition=Q(state__in=["planned", "asked"], next_try_at__isnull=False)
                | Q(state__in=["done", "failed"], next_try_at__isnull=True),
                name="dispute_remedy_due",
            ),
        ]
        indexes: ClassVar = [
            Index(
                fields=["next_try_at"],
                condition=Q(next_try_at__isnull=False),
                name="dispute_remedy_next",
            )
        ]
