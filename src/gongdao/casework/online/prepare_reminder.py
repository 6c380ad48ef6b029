"""Make a claimed reminder into a message, after looking whether it still belongs to the case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gongdao.casework.follow.messenger_port import Message
from gongdao.casework.online.follow_case import follow_case
from gongdao.casework.online.reminders import (
    Claimed,
    drop_reminder,
    message_of,
    put_off,
    say_words,
)
from gongdao.core.stores import Stores


@dataclass(frozen=True)
class Links:
    """How addresses of pages are made: ``case`` from a private link's token, ``stop`` from the id
    of an address."""

    case: Callable[[str], str]
    stop: Callable[[UUID], str]


def prepare_reminder(
    *, stores: Stores, claim: Claimed, links: Links, at: datetime
) -> Message | None:
    """The message to send; None where it is not to be sent now: the case is judged once more, and
    a reminder that no longer follows from it is dropped, one that moved is put off."""
    followed = follow_case(stores=stores, case_id=claim.case_id, at=at)
    if followed is None:
        return None
    planned = next((one for one in followed.planned if one.key == claim.planned_key), None)
    address = next((a for a in followed.addresses if a.id == claim.address_id), None)
    if planned is None or address is None:
        drop_reminder(claim=claim)
        return None
    if planned.at > at:
        put_off(claim=claim, due=planned.at)
        return None
    case = followed.case
    link = links.case(case.content.link)
    words = say_words(planned, language=case.row.language, link=link)
    return message_of(claim=claim, address=address, words=words, stop=links.stop(address.id))
