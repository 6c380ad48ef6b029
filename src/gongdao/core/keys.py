"""The data key of a subject: made once, opened with the master key, destroyed for good."""

from __future__ import annotations

import secrets
from datetime import datetime

from gongdao.core.envelope import rewrap, unwrap, wrap
from gongdao.core.errors import KeyGone
from gongdao.core.ids import new_id
from gongdao.core.models import DataKey
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef


def make_key(*, stores: Stores, subject: SubjectRef, at: datetime) -> bytes:
    """A new data key for ``subject``, 32 bytes; a subject has one in its life."""
    key = secrets.token_bytes(32)
    DataKey.objects.create(
        id=new_id(at),
        subject_kind=subject.kind,
        subject_id=subject.id,
        wrapped=wrap(stores.masters, key, subject.aad("key")),
        created_at=at,
    )
    return key


def get_key(*, stores: Stores, subject: SubjectRef) -> bytes:
    """The data key of ``subject``; raise KeyGone where it was destroyed or never was."""
    row = DataKey.objects.filter(subject_kind=subject.kind, subject_id=subject.id).first()
    if row is None or row.destroyed_at is not None:
        raise KeyGone
    return unwrap(stores.masters, bytes(row.wrapped), subject.aad("key"))


def destroy_key(*, subject: SubjectRef, at: datetime) -> bool:
    """Overwrite the wrapped key of ``subject``; False where that had been done before."""
    return bool(
        DataKey.objects.filter(
            subject_kind=subject.kind, subject_id=subject.id, destroyed_at__isnull=True
        ).update(wrapped=b"", destroyed_at=at)
    )


def rewrap_data_keys(*, stores: Stores) -> int:
    """Wrap every living data key under the current master key; how many were under another one.

    ``stores`` still has the old one behind it. Any number of times, also beside everything else;
    stopped anywhere it goes on. Raise SealedDataError where the master key of one is not there.
    """
    living, changed = DataKey.objects.filter(destroyed_at=None), 0
    for row in living.order_by("id").iterator(chunk_size=500):
        old, subject = bytes(row.wrapped), SubjectRef(row.subject_kind, row.subject_id)
        fresh = rewrap(stores.masters, old, subject.aad("key"))
        if fresh != old:  # unless it was destroyed meanwhile
            changed += living.filter(id=row.id, wrapped=old).update(wrapped=fresh)
    return changed
