"""Which key signs which checkpoints: the log says it itself, in ``log.genesis`` and ``log.key``.

The key that a leaf names signs every tree that goes beyond that leaf. The checkpoint that ends with
the leaf is still signed with the key before: so the old key vouches for the new one, and each size
has exactly one key. Nothing is kept beside the log that could say otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gongdao.log.tile_rows import Query
from gongdao_verify.leaf_form import LOG_SUBJECT, parse_leaf
from gongdao_verify.signed_note import BadNote, VerifierKey
from gongdao_verify.tlog_policy import LogKey as KnownLog

KEY_TYPE = "log.key"
_GENESIS = "log.genesis"
_SIGNERS = f"""
SELECT idx, entry FROM log_entry
WHERE subject = '{LOG_SUBJECT}' AND position('"t":"log.anchor"'::bytea IN entry) = 0
ORDER BY idx
"""
"""Leaves about the log itself without its anchors: few, and an index holds just them."""


@dataclass(frozen=True)
class Signer:
    """``key`` signs trees of more than ``since`` leaves, up to the next signer's ``since``."""

    since: int
    key: VerifierKey


def read_signers(query: Query) -> tuple[Signer, ...]:
    """Every key of the log, in order, each once; none before the first leaf is in."""
    found: list[Signer] = []
    for idx, entry in query(_SIGNERS, ()):
        form = parse_leaf(bytes(entry))
        if form.type not in (_GENESIS, KEY_TYPE):
            continue
        try:
            key = VerifierKey.parse(str(form.data.get("vkey")))
        except BadNote:
            continue  # not a key: nobody can sign with it
        if all(one.key != key for one in found):
            found.append(Signer(idx + 1 if found else 0, key))
    return tuple(found)


def signer_at(signers: Sequence[Signer], size: int) -> VerifierKey | None:
    """The key that signs a tree of ``size`` leaves; None where the log names none yet."""
    for one in reversed(signers):
        if one.since < size or one.since == 0:
            return one.key
    return None


def as_known_log(signers: Sequence[Signer], url: str = "") -> KnownLog | None:
    """The log as a policy would have it; None where it names no key yet."""
    if not signers:
        return None
    first, *later = [one.key for one in signers]
    return KnownLog(first, url, "", tuple(later), tuple(one.since for one in signers))


def policy_lines(signers: Sequence[Signer], url: str) -> str:
    """What goes into a policy: a line for each key, later ones with the size from which they
    sign."""
    lines = []
    for one in signers:
        lines.append(f"log {one.key.text()} {url}\n")
        if one.since:
            lines.append(f"#since={one.since}\n")
    return "".join(lines)
