"""What a room says when it appends: type, subject, data, and what is in there only committed."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gongdao.core.envelope import MasterKeys, derive, open_sealed, seal
from gongdao.core.errors import SealedDataError
from gongdao_verify.leaf_form import SALT_BYTES, commitment

_PURPOSE = "log openings"
Openings = Mapping[str, Mapping[str, Any]]
"""What opens the commitments of a leaf: for each field of its data ``salt`` (hex) and ``value``."""


@dataclass(frozen=True)
class NewLeaf:
    """A leaf to be appended: ``type`` is ``kind.what``, ``subject`` from ``new_subject``.

    ``data`` goes into the leaf as it stands and is public for ever. Of ``secret`` the leaf holds
    commitments under the same names; whoever is given salt and value can check them.
    """

    type: str
    subject: str
    data: Mapping[str, Any] = field(default_factory=dict)
    secret: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if both := set(self.data) & set(self.secret):
            raise ValueError(f"in the clear and committed at once: {sorted(both)}")


def new_subject(kind: str) -> str:
    """A random pseudonym for a subject; it tells nothing, and no second one is like it."""
    return f"{kind}:{secrets.token_hex(16)}"


def commit(leaf: NewLeaf) -> tuple[Mapping[str, Any], Openings]:
    """The data of ``leaf`` with commitments in the place of secrets, and what opens them."""
    if not leaf.secret:
        return leaf.data, {}
    openings = {
        name: {"salt": secrets.token_hex(SALT_BYTES), "value": value}
        for name, value in leaf.secret.items()
    }
    committed = {
        name: commitment(bytes.fromhex(one["salt"]), one["value"]) for name, one in openings.items()
    }
    return {**leaf.data, **committed}, openings


def seal_openings(masters: MasterKeys, leaf_hash: bytes, openings: Openings) -> bytes:
    """``openings`` encrypted, bound to the leaf."""
    plain = json.dumps(openings, ensure_ascii=False).encode()
    return seal(derive(masters.current, _PURPOSE), plain, _bound(leaf_hash))


def unseal_openings(masters: MasterKeys, leaf_hash: bytes, sealed: bytes) -> Openings:
    """What ``seal_openings`` was given, under whichever master key; raise SealedDataError."""
    for number, key in enumerate(masters.keys, 1):
        try:
            plain = open_sealed(derive(key, _PURPOSE), sealed, _bound(leaf_hash))
        except SealedDataError:
            if number == len(masters.keys):
                raise
            continue
        found: Openings = json.loads(plain)
        return found
    raise AssertionError("there is at least one master key")


def _bound(leaf_hash: bytes) -> bytes:
    return b"log opening/" + leaf_hash
