"""The clocks that run in a case, each with how it is counted. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from gongdao.core.clock import beijing
from gongdao.core.codes import Kind, Means, Outcome, Party, Payment, Speaker
from gongdao.evidence.dossier import Dossier, Seen, time_of
from gongdao.evidence.statement import Contact
from gongdao.rules import queries
from gongdao.rules.count import Count
from gongdao.rules.model import Status

REPORT = "regulator_report"
"""The channel that shares its party, 12315, with the complaint and is handled apart from it."""
_OPEN_ENDED = frozenset({Outcome.NO_ANSWER, Outcome.PROMISED, Outcome.PARTIAL})
_UNANSWERED = _OPEN_ENDED | {Outcome.ACCEPTED}
"""A platform that has taken a ticket on still owes the answer."""


@dataclass(frozen=True)
class Clock:
    """One running time limit of a channel. ``policy`` True: our own rule, no law behind it."""

    channel: str
    deadline: str
    since: datetime
    count: Count
    policy: bool

    def overdue(self, at: datetime) -> bool:
        """Whether it has run out at ``at``."""
        return at > self.count.due


def platform_silent_since(dossier: Dossier) -> datetime | None:
    """Since when the platform owes an answer: the first contact after its last real answer."""
    since: datetime | None = None
    for contact in platform_contacts(dossier):
        since = (since or contact.at) if contact.outcome in _UNANSWERED else None
    return since


def platform_contacts(dossier: Dossier) -> tuple[Contact, ...]:
    """When the platform was pressed, in time order: as stated, else as a saved ticket of this
    order shows that has no answer in it."""
    stated = [c for c in dossier.statement.contacts if c.party is Party.PLATFORM]
    if stated:
        kept = (c for c in stated if c.outcome is not Outcome.WITHDRAWN)
        return tuple(sorted(kept, key=lambda contact: contact.at))
    answered = {line.exhibit for line in dossier.lines_of(Speaker.PLATFORM)}
    return tuple(
        Contact(at, Party.PLATFORM, Means.TICKET, Outcome.NO_ANSWER)
        for seen in dossier.seen("ticket_no", Kind.COMPLAINT_RECEIPT)
        if seen.exhibit.path not in answered
        and not re.search(r"regulator|association", seen.exhibit.form)
        and "result" not in seen.exhibit.fields
        and "at" in seen.exhibit.fields
        and (at := time_of(Seen(seen.exhibit, seen.exhibit.fields["at"])))
    )


def find_clocks(dossier: Dossier) -> tuple[Clock, ...]:
    """Every clock that runs now, in the order of the channels."""
    clocks: list[Clock] = []
    by_wechat = dossier.statement.order.payment is Payment.WECHAT
    since = platform_silent_since(dossier)
    if since:
        clocks.append(_clock(dossier, "management", "platform_answer", since))
    for contact in dossier.statement.contacts:
        if contact.party is Party.MANAGEMENT and contact.outcome in _OPEN_ENDED:
            clocks.append(_clock(dossier, "management", "management_answer", contact.at))
        if contact.party is Party.PAYMENT and contact.outcome in _OPEN_ENDED and by_wechat:
            clocks.append(_clock(dossier, "payment", "wechat_pay_first_reply", contact.at))
            clocks.append(_clock(dossier, "payment", "wechat_pay_resolve", contact.at))
        if contact.party is Party.REGULATOR:
            clocks.extend(_regulator(dossier, contact))
        if contact.party is Party.COURT:
            clocks.extend(_court(dossier, contact))
    order = dossier.statement.order
    start = order.delivered_at or order.paid_at or order.ordered_at
    if start:
        clocks.append(_clock(dossier, "court", "limitation", limitation_since(dossier, start)))
        clocks.append(_clock(dossier, "regulator_complaint", "complaint_barred", start))
    return tuple(clocks)


def limitation_since(dossier: Dossier, start: datetime) -> datetime:
    """Since when the general limitation runs: ``start``, or the last time anybody was pressed.
    A report asks for nothing, so it does not restart it."""
    return max([start, *(c.at for c in dossier.statement.contacts if c.channel != REPORT)])


def _regulator(dossier: Dossier, contact: Contact) -> list[Clock]:
    outcome = contact.outcome
    if contact.channel == REPORT:
        handled = outcome in _UNANSWERED
        return [_clock(dossier, REPORT, "regulator_report_check", contact.at)] if handled else []
    if outcome is Outcome.ACCEPTED:
        accepted = regulator_accepted_at(dossier) or contact.settled_at
        return [_clock(dossier, "regulator_complaint", "regulator_mediation", accepted)]
    if outcome in _OPEN_ENDED:
        return [_clock(dossier, "regulator_complaint", "regulator_acceptance", contact.at)]
    return []


def _court(dossier: Dossier, contact: Contact) -> list[Clock]:
    """A suit submitted waits for the court's filing; one filed, for service and judgement."""
    if contact.outcome is Outcome.NO_ANSWER:
        return [_clock(dossier, "court", "court_filing", contact.at)]
    if contact.outcome is Outcome.ACCEPTED:
        return [
            _clock(dossier, "court", code, contact.settled_at)
            for code in ("court_service", "small_claims_trial")
        ]
    return []


def regulator_accepted_at(dossier: Dossier) -> datetime | None:
    """The acceptance time on a saved 12315 status, None where there is none."""
    return next((at for body, at in accepted_on_paper(dossier) if body is Party.REGULATOR), None)


_ASSOCIATION = re.compile(r"消费者协会|消费者委员会|消委会|消保委|消协")


def accepted_on_paper(dossier: Dossier) -> tuple[tuple[Party, datetime], ...]:
    """When regulator or consumer association accepted, as saved status pages say."""
    found = []
    for seen in dossier.seen("accepted_at", Kind.COMPLAINT_RECEIPT, Kind.OTHER):
        fields = seen.exhibit.fields
        text = "\n".join(
            [fields["office"].value if "office" in fields else ""]
            + [line.text for line in seen.exhibit.lines[:12]]
        )
        regulator = re.search(r"12315|市场监督", text)
        body = Party.ASSOCIATION if _ASSOCIATION.search(text) and not regulator else Party.REGULATOR
        if at := time_of(seen):
            found.append((body, at))
    return tuple(found)


def _clock(dossier: Dossier, channel: str, deadline: str, since: datetime) -> Clock:
    on = beijing(dossier.as_of).date()
    rule = queries.deadline(deadline, on)
    count = queries.count(deadline, since, on)
    return Clock(channel, rule.id, since, count, rule.status is Status.HOUSE_POLICY)
