"""Where a unit, a claim, a batch and a key can be, and where they can go from there; where a
batch comes from.

The database holds the same tables as triggers (migration 0002); a test walks every pair.
"""

from __future__ import annotations

from enum import StrEnum


class UnitState(StrEnum):
    """One use of one secret."""

    AVAILABLE = "available"
    """On the shelf."""
    CLAIMED = "claimed"
    """Reserved for or allocated to the one claim that names it."""
    HELD = "held"
    """Its batch is quarantined: nobody knows whether it was sold."""
    WITHDRAWN = "withdrawn"
    """Never sold (again)."""


class ClaimState(StrEnum):
    """A unit in a claim. A reservation that lapses leaves no row."""

    RESERVED = "reserved"
    """For minutes; the unit goes back to the shelf when nobody pays."""
    ALLOCATED = "allocated"
    """For good: may be revealed."""
    REPLACED = "replaced"
    """Was allocated; another unit took its place in the claim."""


class BatchState(StrEnum):
    """Secrets imported together."""

    INCOMING = "incoming"
    """Still being imported: nothing of it is for sale."""
    LIVE = "live"
    """Its root is fixed and in the log; its units are for sale."""
    QUARANTINED = "quarantined"
    """A backup was restored: what was sold since is not known yet."""
    WITHDRAWN = "withdrawn"
    """What was left of it is off the shelf."""


class KeyState(StrEnum):
    """A key that fingerprints are made with."""

    LIVE = "live"
    """Every new fingerprint is made with it, and looked up."""
    CHECKED = "checked"
    """Only looked up: it still guards secrets that cannot be fingerprinted anew."""
    GONE = "gone"
    """Destroyed."""


class SourceKind(StrEnum):
    """Where the secrets come from, as the seller declares it; public."""

    OFFICIAL = "official"
    AUTHORIZED = "authorized"
    RESALE = "resale"
    RECYCLED = "recycled"
    OWN = "own"
    MOVED_IN = "moved_in"
    """Brought along from another shop; nobody declared where that one had it from."""


U, C, B, K = UnitState, ClaimState, BatchState, KeyState
UNIT_TRANSITIONS: dict[UnitState, frozenset[UnitState]] = {
    U.AVAILABLE: frozenset({U.CLAIMED, U.HELD, U.WITHDRAWN}),
    U.CLAIMED: frozenset({U.AVAILABLE, U.HELD, U.WITHDRAWN}),
    U.HELD: frozenset({U.AVAILABLE, U.WITHDRAWN}),
    U.WITHDRAWN: frozenset(),
}
CLAIM_TRANSITIONS: dict[ClaimState, frozenset[ClaimState]] = {
    C.RESERVED: frozenset({C.ALLOCATED}),
    C.ALLOCATED: frozenset({C.REPLACED}),
    C.REPLACED: frozenset(),
}
BATCH_TRANSITIONS: dict[BatchState, frozenset[BatchState]] = {
    B.INCOMING: frozenset({B.LIVE}),
    B.LIVE: frozenset({B.QUARANTINED, B.WITHDRAWN}),
    B.QUARANTINED: frozenset({B.LIVE, B.WITHDRAWN}),
    B.WITHDRAWN: frozenset(),
}
KEY_TRANSITIONS: dict[KeyState, frozenset[KeyState]] = {
    K.LIVE: frozenset({K.CHECKED, K.GONE}),
    K.CHECKED: frozenset({K.GONE}),
    K.GONE: frozenset(),
}
