"""What the buyer *says*: frozen, and never mixed with what was read from the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gongdao.core.codes import (
    Category,
    Condition,
    Demand,
    Kind,
    Means,
    Outcome,
    Party,
    Payment,
    Reason,
    Speaker,
)
from gongdao.core.money import Money


@dataclass(frozen=True)
class Order:
    """The order as the buyer states it; every field may be unknown (None or empty)."""

    platform: str = ""
    platform_url: str = ""
    merchant: str = ""
    payee: str = ""
    product: str = ""
    category: Category | None = None
    quantity: int | None = None
    face_value: Money | None = None
    order_no: str = ""
    transaction_no: str = ""
    listed_price: Money | None = None
    paid: Money | None = None
    ordered_at: datetime | None = None
    paid_at: datetime | None = None
    payment: Payment | None = None
    promise: str = ""
    delivered_at: datetime | None = None


@dataclass(frozen=True)
class Buyer:
    """Who bought. ``own_use`` False means for resale; ``adult`` False means a guardian acts."""

    own_use: bool = True
    adult: bool = True
    name: str = ""
    phone: str = ""
    province: str = ""


@dataclass(frozen=True)
class AlsoDemand:
    """A further demand, after the first in order of preference."""

    demand: Demand
    amount: Money | None = None


@dataclass(frozen=True)
class Claim:
    """What the buyer complains of and asks for."""

    reasons: tuple[Reason, ...] = ()
    demand: Demand | None = None
    amount: Money | None = None
    suspect_fraud: bool = False
    also: tuple[AlsoDemand, ...] = ()


@dataclass(frozen=True)
class Contact:
    """One time the buyer pressed somebody for an answer.

    ``channel`` names the channel whose form was filed, where the contact was a filing: it tells a
    report (举报) at 12315 from a complaint (投诉). ``outcome_at``: when the outcome came, None
    where it is not known apart from ``at``.
    """

    at: datetime
    party: Party
    by: Means
    outcome: Outcome
    note: str = ""
    channel: str = ""
    outcome_at: datetime | None = None

    @property
    def settled_at(self) -> datetime:
        """When the outcome came, as far as it is known: else when the contact was made."""
        return self.outcome_at or self.at


@dataclass(frozen=True)
class ExhibitNote:
    """What the buyer says about one file; ``file`` is its POSIX path within the folder."""

    file: str
    kind: Kind | None = None
    captured_at: datetime | None = None
    original: bool | None = None
    condition: Condition | None = None
    note: str = ""


@dataclass(frozen=True)
class Statement:
    """All of case.toml."""

    order: Order = Order()
    buyer: Buyer = Buyer()
    claim: Claim = Claim()
    contacts: tuple[Contact, ...] = ()
    exhibits: Mapping[str, ExhibitNote] = field(default_factory=dict)
    chat_names: Mapping[str, Speaker] = field(default_factory=dict)
