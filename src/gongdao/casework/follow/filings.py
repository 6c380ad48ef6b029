"""A filing as the buyer records it, and what it is to the judging core. Pure.

"I filed it" must move routes, clocks and recommendations exactly as a ``[[contact]]`` of case.toml
with its ``channel`` would; so a filing becomes such a contact, and nothing else reads filings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from gongdao.channels.route import PARTY_OF
from gongdao.core.codes import Means, Outcome
from gongdao.core.errors import InputError
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.evidence.statement import Contact, Statement

CHANNELS = tuple(PARTY_OF)
"""Every channel at which something can be filed."""
_BY_TICKET = frozenset({"in_platform", "management"})


@dataclass(frozen=True)
class Filing:
    """One thing filed at one channel.

    ``receipt`` is the path of the exhibit that shows it; ``outcome`` None: nothing heard yet;
    ``returned``: what came back with the outcome. Times have zones.
    """

    channel: str
    filed_at: datetime
    number: str = ""
    receipt: str = ""
    note: str = ""
    outcome: Outcome | None = None
    outcome_at: datetime | None = None
    returned: Money | None = None

    @property
    def waits(self) -> bool:
        """Whether nothing has been heard."""
        return self.outcome in (None, Outcome.NO_ANSWER)


def check_filing(filing: Filing, *, as_of: datetime) -> Filing:
    """``filing`` if it can be recorded at ``as_of``; raise InputError for an unknown channel, a
    time without a zone, one that has not come yet, or an outcome before the filing."""
    if filing.channel not in PARTY_OF:
        raise InputError(Phrase("没有这个渠道"), field="channel")
    for field, at in (("filed_at", filing.filed_at), ("outcome_at", filing.outcome_at)):
        if at is not None and at.tzinfo is None:
            raise InputError(Phrase("时间要带时区"), field=field)
        if at is not None and at > as_of:
            raise InputError(Phrase("这个时间还没有到"), field=field)
    if filing.outcome_at is not None and filing.outcome_at < filing.filed_at:
        raise InputError(Phrase("结果不能早于提交"), field="outcome_at")
    return filing


def contacts_of(filings: Iterable[Filing]) -> tuple[Contact, ...]:
    """Each filing as a contact of the statement, in time order; the same filing twice is one."""
    found = {(one.channel, one.filed_at): _contact(one) for one in filings}
    return tuple(sorted(found.values(), key=lambda contact: contact.at))


def with_filings(statement: Statement, filings: Iterable[Filing]) -> Statement:
    """``statement`` with what was filed among its contacts, in time order. A contact that the
    buyer stated for the same channel and moment gives way to the filing."""
    filed = contacts_of(filings)
    taken = {(contact.channel, contact.at) for contact in filed}
    kept = [c for c in statement.contacts if (c.channel, c.at) not in taken]
    contacts = sorted([*kept, *filed], key=lambda contact: contact.at)
    return replace(statement, contacts=tuple(contacts))


def _contact(filing: Filing) -> Contact:
    return Contact(
        at=filing.filed_at,
        party=PARTY_OF[filing.channel],
        by=Means.TICKET if filing.channel in _BY_TICKET else Means.FORM,
        outcome=filing.outcome or Outcome.NO_ANSWER,
        note=" ".join(part for part in (filing.number, filing.note) if part),
        channel=filing.channel,
        outcome_at=filing.outcome_at,
    )
