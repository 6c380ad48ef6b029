"""Tables of cases. ``sealed`` columns hold JSON under the case's own data key; plain columns
hold only what queries need: ids, codes, states, times, counts."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from gongdao.core.codes import Outcome as OutcomeCode
from gongdao.evidence.kept.models import Original


class Case(models.Model):
    """One matter of one buyer. ``link_digest`` is the SHA-256 of its private link, ``code_digest``
    the keyed digest of its code; ``version`` grows with every change, so that two tabs cannot
    overwrite each other unnoticed. ``keys_changed_at``: when link or code were last replaced, which
    shut out every device that held it before. ``sealed`` holds a ``CaseContent``."""

    id = models.UUIDField(primary_key=True)
    link_digest = models.BinaryField(max_length=32, unique=True)
    code_digest = models.BinaryField(max_length=32)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="cases"
    )
    language = models.CharField(max_length=2, default="zh")
    before_buying = models.BooleanField(default=False)
    example = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    sealed = models.BinaryField()
    begun_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    keys_changed_at = models.DateTimeField(null=True)

    class Meta:
        """Gathered per account, newest change first; found by age for retention."""

        indexes = (
            models.Index(fields=["owner", "-changed_at"], name="case_of_owner"),
            models.Index(fields=["seen_at"], name="case_by_last_seen"),
        )


class Upload(models.Model):
    """A file on its way in, piece by piece: ``received`` bytes of ``length`` lie in the store.
    ``client_key`` is the sender's own name for it, so that a repeated request finds it."""

    id = models.UUIDField(primary_key=True)
    case = models.ForeignKey(Case, models.CASCADE, related_name="uploads")
    client_key = models.CharField(max_length=64)
    sealed = models.BinaryField()
    length = models.PositiveBigIntegerField()
    received = models.PositiveBigIntegerField(default=0)
    begun_at = models.DateTimeField()
    original = models.ForeignKey(Original, models.SET_NULL, null=True)

    class Meta:
        """One row per file that a sender is sending; never more than it has."""

        constraints = (
            models.UniqueConstraint(fields=["case", "client_key"], name="upload_once"),
            models.CheckConstraint(
                condition=models.Q(received__lte=models.F("length")), name="upload_not_too_long"
            ),
        )


class Filing(models.Model):
    """What the buyer filed at a channel. ``sealed``: number, receipt, note, amount returned."""

    id = models.UUIDField(primary_key=True)
    case = models.ForeignKey(Case, models.CASCADE, related_name="filings")
    channel = models.CharField(max_length=40)
    filed_at = models.DateTimeField()
    outcome = models.CharField(max_length=16, blank=True)
    outcome_at = models.DateTimeField(null=True)
    sealed = models.BinaryField()
    recorded_at = models.DateTimeField()

    class Meta:
        """One filing per channel and moment: a form sent twice is one filing."""

        constraints = (
            models.UniqueConstraint(fields=["case", "channel", "filed_at"], name="filing_once"),
            models.CheckConstraint(
                condition=models.Q(outcome__in=["", *(code.value for code in OutcomeCode)]),
                name="filing_outcome_known",
            ),
        )


class DeadlineState(models.TextChoices):
    """``over``: it no longer follows from the case (answered, closed, corrected away)."""

    RUNNING = "running"
    OVER = "over"


class Deadline(models.Model):
    """A counted deadline as last shown. ``estimated``: on a calendar that is not published yet.
    ``rules`` is the digest of the rule data it was counted
    with; ``due_before`` what it was before a corrected calendar moved it."""

    id = models.UUIDField(primary_key=True)
    case = models.ForeignKey(Case, models.CASCADE, related_name="deadlines")
    key = models.CharField(max_length=120)
    channel = models.CharField(max_length=40)
    rule = models.CharField(max_length=80)
    since = models.DateTimeField()
    due = models.DateTimeField(db_index=True)
    estimated = models.BooleanField(default=False)
    due_before = models.DateTimeField(null=True)
    moved_at = models.DateTimeField(null=True)
    rules = models.CharField(max_length=64)
    state = models.CharField(
        max_length=8, choices=DeadlineState.choices, default=DeadlineState.RUNNING
    )

    class Meta:
        """One row per deadline of a case."""

        constraints = (
            models.UniqueConstraint(fields=["case", "key"], name="deadline_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=DeadlineState.values), name="deadline_state_known"
            ),
        )


class Address(models.Model):
    """Where reminders go: ``kind`` is mail, dingtalk, feishu …; the address itself is sealed.
    Nothing is sent before it was confirmed with the code that was sent there."""

    id = models.UUIDField(primary_key=True)
    case = models.ForeignKey(Case, models.CASCADE, related_name="addresses")
    kind = models.CharField(max_length=16)
    sealed = models.BinaryField()
    code_digest = models.BinaryField(max_length=32)
    code_until = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    added_at = models.DateTimeField()


class ReminderState(models.TextChoices):
    """``requested``: handed to the messenger, not yet confirmed by it."""

    PENDING = "pending"
    REQUESTED = "requested"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Reminder(models.Model):
    """One reminder of a case; ``key`` is stable, so that planning anew never doubles it."""

    id = models.UUIDField(primary_key=True)
    case = models.ForeignKey(Case, models.CASCADE, related_name="reminders")
    key = models.CharField(max_length=160)
    kind = models.CharField(max_length=24)
    due = models.DateTimeField()
    state = models.CharField(
        max_length=10, choices=ReminderState.choices, default=ReminderState.PENDING
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=80, blank=True)

    class Meta:
        """One row per reminder; those to be sent are found by time."""

        constraints = (
            models.UniqueConstraint(fields=["case", "key"], name="reminder_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=ReminderState.values), name="reminder_state_known"
            ),
        )
        indexes = (
            models.Index(
                fields=["next_try"],
                condition=models.Q(state__in=["pending", "requested"]),
                name="reminder_due",
            ),
        )


class CaseOutcome(models.Model):
    """How the matter stands, as the buyer says, asked again four weeks later."""

    id = models.UUIDField(primary_key=True)
    case = models.ForeignKey(Case, models.CASCADE, related_name="outcomes")
    result = models.CharField(max_length=24)
    channel = models.CharField(max_length=40, blank=True)
    sealed = models.BinaryField()
    said_at = models.DateTimeField()


class Share(models.Model):
    """A read-only link for somebody else; ``token_digest`` is the SHA-256 of its token. What it
    shows is listed in ``shows``."""

    id = models.UUIDField(primary_key=True)
    case = models.ForeignKey(Case, models.CASCADE, related_name="shares")
    token_digest = models.BinaryField(max_length=32, unique=True)
    shows = models.CharField(max_length=80)
    sealed = models.BinaryField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)


class MakingState(models.TextChoices):
    """How far a case file is."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"


class CaseFile(models.Model):
    """A sealed case file made of the case at ``version``; its blob lies under ``address``.
    ``leaf_hash`` is its seal's leaf in the public log, empty where it was not logged."""

    id = models.UUIDField(primary_key=True)
    case = models.ForeignKey(Case, models.CASCADE, related_name="case_files")
    case_version = models.PositiveIntegerField()
    as_of = models.DateTimeField()
    state = models.CharField(max_length=8, choices=MakingState.choices, default="waiting")
    address = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    leaf_hash = models.BinaryField(max_length=32, default=b"")
    problem = models.CharField(max_length=200, blank=True)
    asked_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True)

    class Meta:
        """One case file per version and moment asked for."""

        constraints = (
            models.UniqueConstraint(
                fields=["case", "case_version", "as_of"], name="case_file_once"
            ),
        )


class LetterDraft(models.Model):
    """The buyer's own changes to a letter; ``sealed`` holds the edits by part."""

    id = models.UUIDField(primary_key=True)
    case = models.ForeignKey(Case, models.CASCADE, related_name="drafts")
    letter = models.CharField(max_length=40)
    version = models.PositiveIntegerField(default=1)
    sealed = models.BinaryField()
    changed_at = models.DateTimeField()

    class Meta:
        """One draft per letter."""

        constraints = (
            models.UniqueConstraint(fields=["case", "letter"], name="letter_draft_once"),
        )


class ErasedCase(models.Model):
    """That a case was erased, with what went; says nothing of whose it was or what it held."""

    link_digest = models.BinaryField(max_length=32, primary_key=True)
    case_id = models.UUIDField()
    asked_at = models.DateTimeField()
    key_destroyed_at = models.DateTimeField()
    blobs_to_go = models.PositiveIntegerField()
    blobs_gone_at = models.DateTimeField(null=True)
