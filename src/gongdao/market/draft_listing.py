"""A listing on its way to its next version: drafted, judged, taken off; its shelf and its proof."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db import transaction

from gongdao.core.errors import InputError
from gongdao.core.ids import new_id
from gongdao.core.language import Phrase
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf
from gongdao.market.desk_models import ListingDraft, SourceProof
from gongdao.market.draft_fields import FIRST, NAMES, read_fields, write_fields
from gongdao.market.judge_offer import find_obstacles_of_offer
from gongdao.market.market_key import order_keys
from gongdao.market.models import Listing
from gongdao.market.offer import Missing, Offer
from gongdao.market.shown import find_shown
from gongdao.market.states import ListingState
from gongdao.vault.canonical_form import CanonRules
from gongdao.vault.make_sku import make_sku

LARGEST_PROOF = 4 * 1024 * 1024
"""Bytes."""
LONGEST_FIELD = 4000
_MEDIA = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}


def read_draft(listing: Listing) -> dict[str, str]:
    """What the form of ``listing`` shows: its draft, else the version in force, else a start."""
    found = ListingDraft.objects.filter(listing_id=listing.id).first()
    if found is not None:
        return {name: str(found.fields.get(name, "")) for name in NAMES}
    if listing.version:
        return write_fields(find_shown(listing.id, listing.version).offer)
    return {name: FIRST.get(name, "") for name in NAMES}


def title_of(listing: Listing) -> str:
    """How the listing is called on its merchant's own pages; empty for one that has no title yet.
    Read it with its draft (``select_related``): then nothing is asked."""
    draft = getattr(listing, "draft", None)
    if draft is not None:
        return str(draft.fields.get("title", ""))
    return find_shown(listing.id, listing.version).offer.title if listing.version else ""


def save_draft(*, listing: Listing, fields: Mapping[str, str], by: UUID, at: datetime) -> None:
    """Keep what was typed, complete or not; what is on offer stays as it is."""
    kept = {name: str(fields.get(name, "")).replace("\0", "")[:LONGEST_FIELD] for name in NAMES}
    ListingDraft.objects.update_or_create(
        listing_id=listing.id, defaults={"fields": kept, "saved_by": by, "saved_at": at}
    )


def drop_draft(listing: Listing) -> bool:
    """Forget the draft; False where there was none."""
    return bool(ListingDraft.objects.filter(listing_id=listing.id).delete()[0])


def judge_draft(
    *, listing: Listing, fields: Mapping[str, str], at: datetime
) -> tuple[Offer, tuple[Missing, ...]]:
    """The offer that was typed, and everything that keeps it from being published: what is missing
    (A5), prohibited goods (F1), a struck-through price without support (A7), no shelf, no proof."""
    offer, missing = read_fields(fields)
    named = {one.field for one in missing}
    found = find_obstacles_of_offer(listing=listing, offer=offer, at=at)
    return offer, (*missing, *(one for one in found if one.field not in named))


def keep_proof(*, stores: Stores, merchant_id: UUID, data: bytes, by: UUID, at: datetime) -> str:
    """Keep a document that shows where goods come from; the name an offer calls it by. InputError
    for what is neither a PDF nor a picture, or too large."""
    if not 0 < len(data) <= LARGEST_PROOF:
        most = LARGEST_PROOF // 1024 // 1024
        raise InputError(Phrase("凭证最大 {most} MB，不能是空的", most=most), field="proof")
    media = next((kind for start, kind in _MEDIA.items() if data.startswith(start)), None)
    if media is None:
        raise InputError(Phrase("凭证要是 PDF、PNG 或 JPEG"), field="proof")
    proof_id = new_id(at)
    SourceProof.objects.create(
        id=proof_id,
        merchant_id=merchant_id,
        sealed=order_keys(stores, at).seal(proof_id, data),
        media_type=media,
        sha256=sha256(data).digest(),
        by_id=by,
        at=at,
    )
    return f"proof:{proof_id}"


def open_shelf(*, listing: Listing, rules: CanonRules, uses: int, at: datetime) -> UUID:
    """Make the listing's place for secrets, or give the one it has; what a secret looks like there
    never changes. InputError where the listing was published without one."""
    with transaction.atomic():
        row = Listing.objects.select_for_update().get(id=listing.id)
        if row.sku_id is not None:
            return row.sku_id
        if row.version:
            raise InputError(Phrase("已经上架过的商品不能再改成发卡密，请新建一个商品。"))
        row.sku_id = make_sku(
            owner=SubjectRef("listing", row.id),
            seller=SubjectRef("merchant", row.merchant_id),
            rules=rules,
            uses_allowed=uses,
            at=at,
        )
        row.save(update_fields=["sku_id"])
        return row.sku_id


@transaction.atomic
def take_off(*, stores: Stores, listing_id: UUID, at: datetime) -> bool:
    """Take a listing off the market; orders that were placed go on. False where it is not on offer.
    Publishing it again puts it back."""
    row = Listing.objects.select_for_update().get(id=listing_id)
    if row.state != ListingState.PUBLISHED:
        return False
    row.state = ListingState.WITHDRAWN
    row.save(update_fields=["state"])
    leaf = NewLeaf("listing.withdrawn", row.log_subject, {"version": row.version})
    append_leaves(stores=stores, leaves=[leaf], at=at)
    return True
