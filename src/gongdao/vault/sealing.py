"""A secret under the key of its batch, with the salt of its commitment, bound to its place.

The bytes are described in docs/formats/card-secrets.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from gongdao.core.envelope import open_sealed, sealer
from gongdao.core.errors import SealedDataError
from gongdao.core.language import gettext as _
from gongdao.core.subject import SubjectRef
from gongdao.vault.canonical_form import (
    CANON_V,
    SALT_BYTES,
    CanonRules,
    canonical_form,
    commit,
    pack_fields,
    unpack_fields,
)

_LAYOUT = b"\x01"


@dataclass(frozen=True)
class Shelf:
    """The product that secrets lie on: what a sealed secret is bound to, and how it is read."""

    sku: UUID
    owner: SubjectRef
    seller: SubjectRef
    rules: CanonRules
    uses_allowed: int


@dataclass(frozen=True)
class OpenedSecret:
    """A secret in the clear: its fields as they were imported, and the salt of its commitment."""

    fields: tuple[str, ...] = field(repr=False)
    salt: bytes = field(repr=False)


def make_sealer(key: bytes, shelf: Shelf) -> Callable[[Sequence[str], bytes, int], bytes]:
    """What seals fields with a salt for the secret ``sealed_id`` on ``shelf``, under ``key``."""
    seal_one, prefix = sealer(key), _prefix(shelf, CANON_V)

    def seal_secret(fields: Sequence[str], salt: bytes, sealed_id: int) -> bytes:
        plain = _LAYOUT + salt + pack_fields([one.encode() for one in fields])
        return seal_one(plain, prefix + b"%d" % sealed_id)

    return seal_secret


def open_secret(
    key: bytes, shelf: Shelf, *, sealed_id: int, canon_v: int, ciphertext: bytes, commitment: bytes
) -> OpenedSecret:
    """The secret; raise SealedDataError when it does not open, or is not the one committed to."""
    plain = open_sealed(key, ciphertext, _prefix(shelf, canon_v) + b"%d" % sealed_id)
    if plain[:1] != _LAYOUT or canon_v != CANON_V:
        raise SealedDataError(_("这条卡密是用更新的版本加密的。"))
    salt = plain[1 : 1 + SALT_BYTES]
    fields = tuple(one.decode() for one in unpack_fields(plain[1 + SALT_BYTES :]))
    if commit(salt, canonical_form(fields, shelf.rules)) != commitment:
        raise SealedDataError(_("这条卡密与入库时的承诺对不上。"))
    return OpenedSecret(fields, salt)


def _prefix(shelf: Shelf, canon_v: int) -> bytes:
    return (
        f"vault/1/{shelf.sku}/{shelf.owner.kind}:{shelf.owner.id}"
        f"/{shelf.seller.kind}:{shelf.seller.id}/{canon_v}/"
    ).encode()
