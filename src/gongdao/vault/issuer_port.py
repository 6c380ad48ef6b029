"""The port to an issuer that says whether a secret is still good, and how it is asked: within a
time, and believed only where its answer makes sense."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

log = logging.getLogger("gongdao.vault")
SANDBOX = "sandbox"
"""Name of the port that only plays an issuer: no page or receipt counts its word as a check."""
ANSWER_S = 5.0
"""Seconds that an issuer has for an answer; a later one is none."""
_CLOCKS_DIFFER = timedelta(minutes=5)
"""How far an issuer's clock may be ahead of ours."""


class SecretStatus(StrEnum):
    """What an issuer answers."""

    VALID = "valid"
    USED = "used"
    INVALID = "invalid"
    UNKNOWN = "unknown"
    """No answer, or none that can be relied on; never taken for a bad secret."""


BAD = frozenset({SecretStatus.USED, SecretStatus.INVALID})
"""What may not be sold."""


@dataclass(frozen=True)
class IssuerAnswer:
    """A status, and for a used secret when it was used, where the issuer tells."""

    status: SecretStatus
    used_at: datetime | None = None


NO_ANSWER = IssuerAnswer(SecretStatus.UNKNOWN)


class IssuerPort(Protocol):
    """An issuer's own interface, where it offers one. Most do not; then nothing is checked."""

    @property
    def name(self) -> str:
        """At most 16 signs; stored with every answer."""

    def ask(self, fields: Mapping[str, str]) -> IssuerAnswer:
        """The status of the secret with these fields; asking must not use it up. Never raises: what
        cannot be told is UNKNOWN. The port must neither log nor keep the fields."""


def ask_in_time(
    *, port: IssuerPort, fields: Mapping[str, str], at: datetime, most_s: float = ANSWER_S
) -> IssuerAnswer:
    """What ``port`` answers within ``most_s`` seconds. Silence, an error and an answer that cannot
    be right are UNKNOWN: whatever an issuer's interface does, nobody's money hangs on it."""
    given: list[object] = []
    done = threading.Event()

    def ask() -> None:
        try:
            given.append(port.ask(fields))
        except Exception as error:  # a stranger's interface; its text could hold the secret
            log.warning("issuer %s: %s", port.name, type(error).__name__)
        done.set()

    # Not of a pool: a process that ends must not wait for an issuer that never answers.
    threading.Thread(target=ask, name=f"issuer-{port.name}", daemon=True).start()
    if not done.wait(most_s) or not given:
        return NO_ANSWER
    answer = given[0]
    return answer if isinstance(answer, IssuerAnswer) and _makes_sense(answer, at) else NO_ANSWER


def _makes_sense(answer: IssuerAnswer, at: datetime) -> bool:
    if answer.status not in list(SecretStatus):
        return False
    used = answer.used_at
    if used is None:
        return True
    if answer.status is not SecretStatus.USED or not isinstance(used, datetime):
        return False
    return used.tzinfo is not None and used <= at + _CLOCKS_DIFFER
