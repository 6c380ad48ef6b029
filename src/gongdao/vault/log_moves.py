"""The life cycle of a batch of secrets in the public log. Django-free: auditors read it."""

from __future__ import annotations

from gongdao.log.life_cycles import LifeCycle

LIFE_CYCLES = (
    LifeCycle(
        kind="batch",
        first=frozenset({"batch.imported"}),
        after={
            "batch.imported": frozenset({"batch.quarantined", "batch.withdrawn"}),
            "batch.quarantined": frozenset({"batch.restored", "batch.withdrawn"}),
            "batch.restored": frozenset({"batch.quarantined", "batch.withdrawn"}),
        },
    ),
)
"""What this room contributes to the table in front."""
