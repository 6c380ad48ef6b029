"""The port of anchors: three methods, three dataclasses, two errors.

An adapter keeps nothing. ``submit`` prepares an anchor and returns a receipt, which the caller
stores before it does anything else; ``upgrade`` brings a stored receipt forward, as often as it is
called, and never does a thing twice. So a crash at any point leaves a receipt that can go on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from gongdao.core.clock import parse_iso
from gongdao.core.errors import GongdaoError, InputError
from gongdao.core.language import Phrase
from gongdao.log.anchors.problems import Problem
from gongdao_verify.canonical import canonical, parse_canonical
from gongdao_verify.checkpoint import Checkpoint

_FORM = 1


class AnchorState(StrEnum):
    """``pending``: not yet there, or not yet buried deep enough. ``failed``: given up."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    FAILED = "failed"


@dataclass(frozen=True)
class Receipt:
    """What is known of one anchor. ``fields`` are the adapter's own, plain JSON, nothing secret;
    ``at`` is the time that the anchor speaks of, once there is one."""

    kind: str
    state: AnchorState
    fields: Mapping[str, Any] = field(repr=False)
    at: datetime | None = None

    def dump(self) -> bytes:
        """The receipt as stored: canonical JSON."""
        at = None if self.at is None else self.at.isoformat()
        kept = {"v": _FORM, "kind": self.kind, "state": self.state.value, "at": at}
        return canonical({**kept, "fields": dict(self.fields)})

    @classmethod
    def parse(cls, data: bytes) -> Receipt:
        """Read what ``dump`` wrote; raise ValueError for anything else."""
        try:
            kept = parse_canonical(bytes(data))
            if kept["v"] != _FORM or not isinstance(kept["fields"], dict):
                raise ValueError("another form")
            at = None if kept["at"] is None else parse_iso(kept["at"])
            return cls(str(kept["kind"]), AnchorState(kept["state"]), kept["fields"], at)
        except (ValueError, KeyError, TypeError, AttributeError, InputError) as error:
            raise ValueError("not an anchor's receipt") from error


@dataclass(frozen=True)
class AnchorCheck:
    """What checking a receipt gave. ``holds``: the anchor is good, as of now, by what was asked;
    ``why`` says why not. ``unchecked`` lists what nobody looked at."""

    holds: bool
    at: datetime | None = None
    authority: str = ""
    why: Phrase | None = None
    unchecked: tuple[Phrase, ...] = ()


class AnchorDelayed(GongdaoError):
    """The anchor did not come about, or nobody said that it did; trying again may help.

    ``service_down``: it is not about this one anchor; asking for others is no use now.
    """

    code = "anchor_delayed"
    status = 503

    def __init__(self, problem: Problem, *, service_down: bool = False) -> None:
        super().__init__(problem.say())
        self.problem = problem
        self.service_down = service_down


class AnchorRefused(GongdaoError):
    """This anchor will never come about like this; a person has to look."""

    code = "anchor_refused"
    status = 502

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.say())
        self.problem = problem


class Anchor(Protocol):
    """Somebody who can say later that a checkpoint existed: an authority, a chain."""

    @property
    def kind(self) -> str:
        """``rfc3161`` or ``evm``."""
        ...

    @property
    def final(self) -> bool:
        """Whether what is confirmed stays so, and needs no second look."""
        ...

    def submit(self, checkpoint: Checkpoint) -> Receipt:
        """Prepare the anchor of ``checkpoint``; a pending receipt is not sent before ``upgrade``.

        Raises AnchorDelayed or AnchorRefused; then nothing was done.
        """
        ...

    def upgrade(self, receipt: Receipt) -> Receipt:
        """Send what was not sent, look again at what was; return the receipt as it stands now.

        Raises AnchorDelayed (the receipt stays as it was) or AnchorRefused.
        """
        ...

    def check(self, receipt: Receipt, checkpoint: Checkpoint) -> AnchorCheck:
        """Whether ``receipt`` anchors ``checkpoint``. Raises AnchorDelayed where that cannot be
        asked now."""
        ...
