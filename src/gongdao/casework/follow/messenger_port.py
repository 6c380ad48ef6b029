"""The port through which a reminder leaves: one method, four dataclasses and errors.

A messenger sends a message once per call, under an id that never changes: who tries again hands
over the same id, and a receiver that can tell doubles apart does so by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gongdao.core.errors import GongdaoError
from gongdao.core.language import Phrase


@dataclass(frozen=True)
class Message:
    """What to send. ``channel`` is the kind of address (``mail``, ``bark`` …), ``address`` its
    fields, secret and never shown; ``stop`` a link at which reminders are turned off."""

    channel: str
    address: Mapping[str, str] = field(repr=False)
    title: str
    body: str = field(repr=False)
    message_id: str
    stop: str = field(default="", repr=False)


@dataclass(frozen=True)
class Receipt:
    """The next hop took the message. That it was read is not known."""

    channel: str
    message_id: str


class MessageRefused(GongdaoError):
    """The message will never arrive like this: a wrong key, an address that does not exist."""

    code = "message_refused"
    status = 502

    def __init__(self, why: str | Phrase) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return str(self.why)


class MessageDelayed(GongdaoError):
    """The message did not arrive, or nobody said that it did; trying again may help."""

    code = "message_delayed"
    status = 503

    def __init__(self, why: str | Phrase) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return str(self.why)


class Messenger(Protocol):
    """Sends through one kind of service."""

    def send(self, message: Message) -> Receipt:
        """Send ``message`` within the messenger's time limit; raise MessageRefused where trying
        again is no use, MessageDelayed where it is."""
        ...
