"""What a supplier is to us: three methods that speak dataclasses. None of them raises for what he
says or does not say: that is an answer, and it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gongdao.core.money import Money
from gongdao.market.decide_top_up import Told


@dataclass(frozen=True)
class TopUpAsk:
    """One piece to be topped up. ``number`` is ours, and he takes it once; ``most`` is what it may
    cost; ``supplier_no`` his own number, where he told one."""

    number: str
    product: str
    account: str = field(repr=False)
    face: Money
    most: Money
    notify_url: str
    supplier_no: str = ""


@dataclass(frozen=True)
class SupplierWord:
    """What he said, put into our words, and what came, byte for byte.

    ``done`` is how much was topped up; ``cost`` what he charges; ``payload`` what he delivered (a
    secret, perhaps); ``reason`` a short code, never his words.
    """

    told: Told
    reason: str
    raw: bytes = field(repr=False)
    supplier_no: str = ""
    done: Money | None = None
    cost: Money | None = None
    payload: str = field(default="", repr=False)


@dataclass(frozen=True)
class Called:
    """A callback as it arrived. ``path`` is the address it came to, headers are lower-case."""

    path: str
    form: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Supplier(Protocol):
    """One account at one supplier."""

    @property
    def accepted(self) -> bytes:
        """The body that tells him that his callback arrived."""

    def ask(self, ask: TopUpAsk, at: datetime) -> SupplierWord:
        """Ask for a top-up; the same number again asks for nothing more."""

    def look(self, ask: TopUpAsk, at: datetime) -> SupplierWord:
        """What became of it."""

    def read_callback(self, called: Called, at: datetime) -> tuple[str, SupplierWord]:
        """Our number and the word in a callback whose signature holds. Raise
        BadCallback."""
