"""An opaque reference to what something belongs to: lower rooms never point upward."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class SubjectRef:
    """``kind`` names the table's meaning (``case``, ``order``), ``id`` the row."""

    kind: str
    id: UUID

    def aad(self, what: str) -> bytes:
        """What sealed data of this subject is bound to, so that it cannot stand elsewhere."""
        return f"{self.kind}/{self.id}/{what}".encode()
