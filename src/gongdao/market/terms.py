"""The terms of trade (A22): which version is in force, and who accepted it.

The versions are rule data, read once per process: an order is checked against the one in force
without asking the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

from gongdao.core.clock import beijing
from gongdao.core.errors import TermsOutdated
from gongdao.market.vetting_models import TermsAccepted
from gongdao.rules.model import Terms
from gongdao.rules.queries import digest_of, terms_at, terms_versions


@lru_cache(maxsize=8)
def _number_on(day: date) -> int:
    return terms_at(day).version


def terms_number(at: datetime) -> int:
    """The version in force at this moment, by the day in Beijing."""
    return _number_on(beijing(at).date())


def check_terms(number: int, *, at: datetime) -> None:
    """Raise TermsOutdated unless ``number`` is the version in force."""
    now = terms_number(at)
    if number != now:
        raise TermsOutdated(number, now)


def list_terms() -> tuple[Terms, ...]:
    """Every version, the newest first."""
    return terms_versions()[::-1]


def find_terms(number: int) -> Terms | None:
    """One version; None where there is none."""
    return next((one for one in terms_versions() if one.version == number), None)


@dataclass(frozen=True)
class Acceptance:
    """When a merchant accepted a version, and the digest of its text."""

    version: int
    digest: str
    at: datetime


def accept_terms(*, merchant_id: UUID, number: int, by: UUID, at: datetime) -> bool:
    """A merchant accepts the version in force, through his member ``by``; False where he had.
    Raise TermsOutdated for another version: what was read is what is accepted."""
    check_terms(number, at=at)
    terms = find_terms(number)
    assert terms is not None
    return TermsAccepted.objects.get_or_create(
        merchant_id=merchant_id,
        version=number,
        defaults={"digest": bytes.fromhex(digest_of(terms)), "by": by, "at": at},
    )[1]


def find_acceptance(*, merchant_id: UUID, number: int) -> Acceptance | None:
    """When a merchant accepted this version; None where he did not."""
    row = TermsAccepted.objects.filter(merchant_id=merchant_id, version=number).first()
    return Acceptance(row.version, bytes(row.digest).hex(), row.at) if row else None
