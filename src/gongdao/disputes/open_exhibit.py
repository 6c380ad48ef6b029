"""Read a file that was handed in to a case; who read it, and when, is recorded."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from gongdao.core.stores import Stores
from gongdao.disputes.case_keys import case_keys
from gongdao.disputes.events import Party
from gongdao.disputes.models import Case, Exhibit, ExhibitReading


@dataclass(frozen=True)
class OpenExhibit:
    """A file as it was handed in."""

    name: str
    content: bytes = field(repr=False)


def open_exhibit(
    *, stores: Stores, case: Case, exhibit_id: UUID, by: Party, at: datetime
) -> OpenExhibit | None:
    """The exhibit of ``case``; None where it has none of this id. Raise BlobMissing where the store
    has lost it, SealedDataError where it was changed there, KeyGone where its time was over."""
    row = Exhibit.objects.filter(id=exhibit_id, post__case=case).first()
    if row is None:
        return None
    keys = case_keys(stores=stores, case=case, at=at)
    with stores.blobs.open(row.blob) as stream:
        content = keys.open(case.id, stream.read())
    ExhibitReading.objects.create(exhibit=row, by=by.side.value, by_id=by.id, at=at)
    return OpenExhibit(keys.read_words(row.id, row.sealed_name), content)
