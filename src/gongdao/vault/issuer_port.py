"""The port to an issuer that says whether a secret is still good."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol


class SecretStatus(StrEnum):
    """What an issuer answers."""

    VALID = "valid"
    USED = "used"
    INVALID = "invalid"
    UNKNOWN = "unknown"
    """No answer, or none that can be relied on; never taken for a bad secret."""


class IssuerPort(Protocol):
    """An issuer's own interface, where it offers one. Most do not; then nothing is checked."""

    @property
    def name(self) -> str:
        """At most 16 signs; stored with every answer."""

    def ask(self, fields: Mapping[str, str]) -> SecretStatus:
        """The status of the secret with these fields; asking must not use it up. Never raises: what
        cannot be told is UNKNOWN. The port must neither log nor keep the fields."""
