"""Tables of the register of requests by authorities (F4): what they ask, and of which orders.

Who asks, on which ground, for what, and the paper's number are sealed under a key of the request's
own; the paper is kept like evidence. Moves, times and who entered and checked stand in the clear.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint

from gongdao.disputes.authority_states import Asks, RequestState, Tell
from gongdao.market.models import Order

_CODE = 16
_CHECKED = Q(checked_by__isnull=False, checked_at__isnull=False)


class AuthorityRequest(models.Model):
    """One request of an authority: entered by one person, confirmed or refused by a second."""

    id = models.UUIDField(primary_key=True)
    number = models.CharField(max_length=_CODE, unique=True)
    """Its number in the register, drawn at random: it tells nobody how many there are."""
    asks = models.CharField(max_length=_CODE)
    tell = models.CharField(max_length=_CODE)
    """What the parties may be told."""
    state = models.CharField(max_length=_CODE)
    sealed = models.BinaryField()
    """Who asks, the ground, what is asked, the paper's number, as JSON."""
    paper_digest = models.BinaryField()
    """Keyed, of authority and paper's number: one paper carries one request."""
    original_id = models.UUIDField()
    dated_on = models.DateField()
    """The day that the paper bears."""
    until = models.DateTimeField(null=True)
    """Until when it asks; none where it is over with its answer."""
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    entered_at = models.DateTimeField()
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    checked_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """Two people; what holds or keeps has an end."""

        db_table = "authority_request"
        constraints: ClassVar = [
            CheckConstraint(
                condition=Q(asks__in=list(Asks), tell__in=list(Tell)),
                name="authority_request_known",
            ),
            CheckConstraint(
                condition=Q(
                    state=RequestState.ENTERED, checked_by__isnull=True, checked_at__isnull=True
                )
                | (Q(state__in=[RequestState.CONFIRMED, RequestState.REFUSED]) & _CHECKED)
                | (Q(state=RequestState.ENDED, ended_by__isnull=False) & _CHECKED),
                name="authority_request_steps",
            ),
            CheckConstraint(
                condition=Q(state=RequestState.ENDED, ended_at__isnull=False)
                | (~Q(state=RequestState.ENDED) & Q(ended_at__isnull=True, ended_by__isnull=True)),
                name="authority_request_ended",
            ),
            CheckConstraint(
                condition=Q(checked_by__isnull=True) | ~Q(checked_by=F("entered_by")),
                name="authority_request_two_people",
            ),
            CheckConstraint(
                condition=Q(asks=Asks.INFORMATION) | Q(until__gt=F("entered_at")),
                name="authority_request_has_an_end",
            ),
            UniqueConstraint(
                fields=["paper_digest"],
                condition=~Q(state=RequestState.REFUSED),
                name="authority_request_paper_once",
            ),
        ]
        indexes: ClassVar = [
            Index(fields=["state", "-entered_at"], name="authority_request_state"),
            Index(fields=["-entered_at"], name="authority_request_newest"),
        ]


class AuthoritySubject(models.Model):
    """An order that a request names."""

    request = models.ForeignKey(AuthorityRequest, on_delete=models.PROTECT, related_name="subjects")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """Each order once."""

        db_table = "authority_subject"
        constraints: ClassVar = [
            UniqueConstraint(fields=["request", "order"], name="authority_subject_once")
        ]
