"""Decrypt what belongs to a claim, for somebody, on the record."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from gongdao.core.envelope import derive, unwrap
from gongdao.core.errors import KeyGone
from gongdao.core.named_sql import load_sql
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.vault.canonical_form import CanonRules
from gongdao.vault.run_sql import PACKAGE, owner_values, run_named
from gongdao.vault.sealing import Shelf, open_secret
from gongdao.vault.states import ClaimState

REVEALED = "SELECT * FROM shown ORDER BY place, turn"
"""How a statement ends that begins with `reveal_ctes`."""


@dataclass(frozen=True)
class RevealedSecret:
    """A secret in the clear. ``fields`` by the product's names for them. ``salt`` opens
    ``commitment``, which is number ``index`` (from 0) in the tree of ``batch``. ``replaced``:
    another secret took its place since."""

    unit: int
    place: int
    fields: dict[str, str] = field(repr=False)
    salt: bytes = field(repr=False)
    commitment: bytes
    batch: UUID
    index: int
    canon_v: int
    replaced: bool


def reveal(
    *, stores: Stores, claim: SubjectRef, who: str, at: datetime, purpose: str = "buyer"
) -> list[RevealedSecret]:
    """The secrets allocated to ``claim``, in the order of their places; empty where there are none.

    That ``who`` looked is recorded in the same transaction: give nothing out before it is
    committed. Raise KeyGone where a batch was erased, SealedDataError where one does not open.
    """
    values = reveal_values(stores=stores, claim=claim, who=who, at=at, purpose=purpose)
    return read_revealed(stores=stores, rows=run_named("reveal", values))


def reveal_ctes() -> str:
    """``sql/reveal.sql`` as parts of a WITH of the caller's own, which ends in `REVEALED`."""
    return load_sql(PACKAGE, "reveal").removesuffix(REVEALED).removeprefix("WITH ").rstrip()


def reveal_values(
    *, stores: Stores, claim: SubjectRef, who: str, at: datetime, purpose: str = "buyer"
) -> dict[str, Any]:
    """The values that `reveal_ctes` names."""
    return {
        **owner_values(claim),
        "vault_who": digest_who(stores, who),
        "vault_purpose": purpose,
        "vault_at": at,
    }


def read_revealed(*, stores: Stores, rows: Sequence[tuple[Any, ...]]) -> list[RevealedSecret]:
    """The secrets in what `REVEALED` gave; raises as `reveal` does."""
    return [_open(stores, row) for row in rows]


def digest_who(stores: Stores, who: str) -> bytes:
    """What is kept of who looked: 32 bytes, of no use without the master key."""
    return hmac.digest(derive(stores.masters.current, "vault who"), who.encode(), "sha256")


def _open(stores: Stores, row: tuple[Any, ...]) -> RevealedSecret:
    unit, place, _turn, state, sealed_id, pos, batch, first_pos, ciphertext, commitment, *rest = row
    canon_v, sku, owner_kind, owner_id, seller_kind, seller_id, rules, uses, wrapped = rest
    if wrapped is None:
        raise KeyGone
    shelf = Shelf(
        sku=sku,
        owner=SubjectRef(owner_kind, owner_id),
        seller=SubjectRef(seller_kind, seller_id),
        rules=CanonRules.from_json(rules),
        uses_allowed=uses,
    )
    opened = open_secret(
        unwrap(stores.masters, bytes(wrapped), SubjectRef("batch", batch).aad("key")),
        shelf,
        sealed_id=sealed_id,
        canon_v=canon_v,
        ciphertext=bytes(ciphertext),
        commitment=bytes(commitment),
    )
    names = [one.name for one in shelf.rules.fields]
    return RevealedSecret(
        unit=unit,
        place=place,
        fields=dict(zip(names, opened.fields, strict=True)),
        salt=opened.salt,
        commitment=bytes(commitment),
        batch=batch,
        index=(pos - first_pos) // uses,
        canon_v=canon_v,
        replaced=state == ClaimState.REPLACED,
    )
