"""The papers that show where a listing's goods come from (A5, A23): read by the staff, accepted, or
refused with words. The record of deeds is where it stands; the newest word on a paper counts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from gongdao.core.errors import InputError
from gongdao.core.language import Phrase
from gongdao.core.stores import Stores
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf
from gongdao.market.desk_models import SourceProof
from gongdao.market.market_key import order_keys
from gongdao.market.models import Listing, ListingVersion
from gongdao.market.staff import Actor, check_reason, note_deed
from gongdao.market.states import ListingState
from gongdao.market.vetting_models import StaffDeed

_NAME = "proof:"


class ProofWord(StrEnum):
    """What the staff said of a paper; the codes of the deeds."""

    ACCEPTED = "proof.accept"
    REFUSED = "proof.refuse"


@dataclass(frozen=True)
class ProofReview:
    """The newest word on a paper, with its words."""

    word: ProofWord
    reason: str
    at: datetime


def open_proof(
    *, stores: Stores, proof_id: UUID, reason: str, by: Actor, at: datetime
) -> tuple[SourceProof, bytes]:
    """The paper and its bytes, for one of the staff who says why he looks; the look is recorded in
    the same transaction. Raise InputError for no such paper, or no reason."""
    with transaction.atomic():
        row = _find(proof_id)
        text = check_reason(reason)
        note_deed(by=by, deed="proof.look", about=("proof", str(row.id)), reason=text, at=at)
    return row, order_keys(stores, at).open(row.id, bytes(row.sealed))


def review_proof(
    *, stores: Stores, proof_id: UUID, word: ProofWord, reason: str, by: Actor, at: datetime
) -> list[UUID]:
    """Accept a paper, or refuse it: then every listing on offer that rests on it is taken off, and
    none is published with it again; the listings taken off. ``reason`` is what the merchant reads.

    Appends leaves. Raise InputError for no such paper, no reason, or a paper that whoever speaks
    has never opened.
    """
    with transaction.atomic():
        row = _find(proof_id)
        text = check_reason(reason)
        about = ("proof", str(row.id))
        looks = StaffDeed.objects.filter(
            deed="proof.look", about_kind=about[0], about_id=about[1], who=by.id
        )
        if not looks.exists():
            raise InputError(Phrase("先打开看过这份凭证，再作决定。"), field="proof")
        note_deed(by=by, deed=word.value, about=about, reason=text, at=at)
        found = _resting_on(row) if word is ProofWord.REFUSED else []
        Listing.objects.filter(id__in=[one.id for one in found]).update(
            state=ListingState.WITHDRAWN
        )
        leaves = [
            NewLeaf("listing.withdrawn", one.log_subject, {"version": one.version}) for one in found
        ]
        append_leaves(stores=stores, leaves=leaves, at=at)
    return [one.id for one in found]


def reviews_of(proofs: Collection[UUID]) -> dict[UUID, ProofReview]:
    """The newest word on each of ``proofs``; those of which nobody spoke are not in it."""
    rows = StaffDeed.objects.filter(
        about_kind="proof",
        about_id__in=[str(one) for one in proofs],
        deed__in=[one.value for one in ProofWord],
    ).order_by("id")
    return {
        UUID(one.about_id): ProofReview(ProofWord(one.deed), one.reason, one.at) for one in rows
    }


def why_refused(named: str) -> Phrase | None:
    """Why the staff refused a paper, None where they did not. ``named`` is how an offer calls it;
    one of another form was never read here."""
    try:
        proof_id = UUID(named.removeprefix(_NAME)) if named.startswith(_NAME) else None
    except ValueError:
        proof_id = None
    said = reviews_of([proof_id]).get(proof_id) if proof_id else None
    if said is None or said.word is not ProofWord.REFUSED:
        return None
    return Phrase("这份来源凭证没有通过：{why}", why=said.reason)


def _find(proof_id: UUID) -> SourceProof:
    row = SourceProof.objects.select_for_update().filter(id=proof_id).first()
    if row is None:
        raise InputError(Phrase("没有这份凭证。"), field="proof")
    return row


def _resting_on(row: SourceProof) -> list[Listing]:
    """Listings on offer whose version in force names the paper; locked."""
    version = ListingVersion.objects.filter(
        listing=OuterRef("pk"),
        number=OuterRef("version"),
        content__source_proof=f"{_NAME}{row.id}",
    )
    listed = Listing.objects.filter(merchant_id=row.merchant_id, state=ListingState.PUBLISHED)
    return list(listed.filter(Exists(version)).order_by("id").select_for_update())
