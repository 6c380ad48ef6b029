"""All letters of a case: the full demand, and one for every channel that is open."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

from gongdao.channels.letters.association import write_association
from gongdao.channels.letters.court import write_court
from gongdao.channels.letters.demand import write_demand
from gongdao.channels.letters.letter import Letter
from gongdao.channels.letters.matter import Matter
from gongdao.channels.letters.payment import write_payment
from gongdao.channels.letters.platform import write_identity, write_in_platform, write_management
from gongdao.channels.letters.police import write_police
from gongdao.channels.letters.public import write_board, write_social
from gongdao.channels.letters.regulator import write_complaint, write_report
from gongdao.evidence.closure import Closure
from gongdao.evidence.dossier import Dossier
from gongdao.evidence.evasions import Evasion

_WRITERS: Mapping[str, Callable[[Matter], Letter]] = {
    "in_platform": write_in_platform,
    "management": write_management,
    "social": write_social,
    "payment": write_payment,
    "board": write_board,
    "consumer_association": write_association,
    "regulator_complaint": write_complaint,
    "regulator_report": write_report,
    "court": write_court,
    "police": write_police,
}
_PHONE = re.compile(r"(?<![\dA-Za-z*])(1[3-9]\d)\d{4}(\d{4})(?![\dA-Za-z])")
_FOR_CONSUMERS = frozenset({"consumer_association", "regulator_complaint"})


def write_letters(
    *,
    dossier: Dossier,
    closure: Closure,
    evasions: tuple[Evasion, ...],
    open_channels: frozenset[str],
    on: date,
) -> tuple[Letter, ...]:
    """The demand, the demand for the seller's identity where it is not shown, and a letter for
    each of ``open_channels``. Nothing is sent."""
    matter = Matter(dossier, closure, evasions, on)
    letters = [write_demand(matter)]
    if not matter.known:
        letters.append(write_identity(matter))
    for channel, write in _WRITERS.items():
        if channel in open_channels and (matter.consumer or channel not in _FOR_CONSUMERS):
            letters.append(write(matter))
    return tuple(_without_phones(letter) for letter in letters)


def _without_phones(letter: Letter) -> Letter:
    """Mobile numbers out of quotations do no good in any letter; the buyer adds his own by hand."""
    fields = tuple(
        replace(f, value=_PHONE.sub(r"\1****\2", f.value)) if _PHONE.search(f.value) else f
        for f in letter.fields
    )
    parts = tuple(
        replace(p, text=_PHONE.sub(r"\1****\2", p.text)) if _PHONE.search(p.text) else p
        for p in letter.parts
    )
    return replace(letter, parts=parts, fields=fields)
