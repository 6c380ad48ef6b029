"""Destroy, at the end of its time, what was said and handed in in a dispute; and what an authority
asked.

A trigger lets nobody delete the rows, and the log holds commitments to them. So the key goes: of
a case the bytes that its key is made of, with its files and what was read from them (of one from
before it had a key of its own the files and readings, and no program reads its words any more); of
a request its data key, with its paper. Who did what when, the verdicts and the money stay.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from gongdao.core.blobs import case_prefix
from gongdao.core.keys import destroy_key
from gongdao.core.models import DataKey
from gongdao.core.stores import Stores
from gongdao.disputes.appeal import appeal_ends
from gongdao.disputes.authority_register import find_kept, subject_of
from gongdao.disputes.authority_states import RequestState
from gongdao.disputes.locks import lock_case
from gongdao.disputes.models import (
    AuthorityRequest,
    Case,
    ExhibitRead,
    Remedy,
)
from gongdao.evidence.kept.erase_originals import erase_blobs, erase_rows

_AT_ONCE = 500


def forget_words(*, stores: Stores, before: datetime, at: datetime) -> int:
    """Destroy the keys of cases that closed before, and whose order had ended; how many.

    None goes that can still be appealed, whose order has an open case, whose remedy is not carried
    out, or whose order an authority's standing request names.
    """
    due = list(_due(before, at).order_by("closed_at", "id").values_list("id", flat=True)[:_AT_ONCE])
    return sum(_forget_case(stores, one, before, at) for one in due)


def _due(before: datetime, at: datetime) -> QuerySet[Case]:
    waiting = Remedy.objects.filter(state__in=["planned", "asked"])
    rows = Case.objects.filter(
        state="closed", closed_at__lt=before, order__ended_at__lt=before, erased_at__isnull=True
    )
    rows = rows.exclude(order__in=Case.objects.filter(state="open").values("order"))
    rows = rows.exclude(id__in=waiting.values("case"))
    return rows.exclude(order__in=find_kept(at=at))


def _forget_case(stores: Stores, case_id: UUID, before: datetime, at: datetime) -> bool:
    """Destroy one, unless something came between. Its key goes last: it can be broken off."""
    with transaction.atomic():
        case, _order = lock_case(case_id)
        if not _due(before, at).filter(id=case.id).exists() or appeal_ends(case) >= at:
            return False
        stores.blobs.delete_all(case_prefix(case.id))
        ExhibitRead.objects.filter(exhibit__post__case=case).delete()
        case.own_key, case.erased_at = b"", at
        case.save(update_fields=["own_key", "erased_at"])
    return True


def forget_requests(*, stores: Stores, before: datetime, at: datetime) -> int:
    """Destroy the keys and papers of requests that were refused, or were over, before, or that
    nobody checked since; how many. That there was one, what kind, when, and who entered and checked
    it stays."""
    ended = Q(ended_at__lt=before) | Q(until__lt=before)
    ended |= Q(state=RequestState.REFUSED, checked_at__lt=before)
    unchecked = Q(state=RequestState.ENTERED)
    rows = AuthorityRequest.objects.filter(
        (ended & ~unchecked) | (unchecked & Q(entered_at__lt=before))
    )
    living = DataKey.objects.filter(subject_kind="authority", destroyed_at=None)
    done = list(rows.filter(id__in=living.values("subject_id")).order_by("id")[:_AT_ONCE])
    for row in done:
        subject = subject_of(row.id)
        erase_blobs(stores=stores, subject=subject)
        with transaction.atomic():
            erase_rows(subject)
            destroy_key(subject=subject, at=at)
    return len(done)
