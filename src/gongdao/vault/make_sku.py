"""Make the shelf of a product, and read one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from gongdao.core.errors import NoSuchShelf
from gongdao.core.ids import new_id
from gongdao.core.subject import SubjectRef
from gongdao.vault.canonical_form import CanonRules
from gongdao.vault.models import Sku
from gongdao.vault.sealing import Shelf


def make_sku(
    *,
    owner: SubjectRef,
    seller: SubjectRef,
    rules: CanonRules,
    uses_allowed: int = 1,
    at: datetime,
) -> UUID:
    """The id of the shelf for ``owner`` (a listing), made where there is none yet.

    ``seller`` is whose stock it is. Secrets are bound to owner, seller and rules: none of them
    changes later. ``uses_allowed``: how often one secret is sold (1 to 10,000).
    """
    row, _made = Sku.objects.get_or_create(
        owner_kind=owner.kind,
        owner_id=owner.id,
        defaults={
            "id": new_id(at),
            "seller_kind": seller.kind,
            "seller_id": seller.id,
            "rules": rules.to_json(),
            "uses_allowed": uses_allowed,
            "made_at": at,
        },
    )
    return row.id


def get_shelf(sku: UUID) -> Shelf:
    """The shelf ``sku``; raise NoSuchShelf."""
    row = Sku.objects.filter(id=sku).first()
    if row is None:
        raise NoSuchShelf
    return shelf_of(row)


def shelf_of(row: Sku) -> Shelf:
    """A row as a shelf."""
    return Shelf(
        sku=row.id,
        owner=SubjectRef(row.owner_kind, row.owner_id),
        seller=SubjectRef(row.seller_kind, row.seller_id),
        rules=CanonRules.from_json(row.rules),
        uses_allowed=row.uses_allowed,
    )
