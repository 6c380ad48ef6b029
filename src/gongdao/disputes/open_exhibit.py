"""Read a file that was handed in to a case; who read it, and when, is recorded."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from gongdao.core.stores import Stores
from gongdao.disputes.events import Party, read_words
from gongdao.disputes.models import Case, Exhibit, ExhibitReading
from gongdao.market.market_key import order_keys


@dataclass(frozen=True)
class OpenExhibit:
    """A file as it was handed in."""

    name: str
    content: bytes = field(repr=False)


def open_exhibit(
    *, stores: Stores, case: Case, exhibit_id: UUID, by: Party, at: datetime
) -> OpenExhibit | None:
    """The exhibit of ``case``; None where it has none of this id. Raise BlobMissing where the store
    has lost it, SealedDataError where it was changed there."""
    row = Exhibit.objects.filter(id=exhibit_id, post__case=case).first()
    if row is None:
        return None
    keys = order_keys(stores, at)
    with stores.blobs.open(row.blob) as stream:
        content = keys.open(case.id, stream.read())
    ExhibitReading.objects.create(exhibit=row, by=by.side.value, by_id=by.id, at=at)
    return OpenExhibit(read_words(stores, row.id, row.sealed_name, at), content)
