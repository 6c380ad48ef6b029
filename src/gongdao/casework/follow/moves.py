"""Whose move it is, and when it ends. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gongdao.casework.follow.deadlines import WHOSE, DeadlineView
from gongdao.casework.words import STEP_NAMES
from gongdao.channels.recommend import Step
from gongdao.core.language import Bilingual, Phrase

_REST = frozenset({"wait_for_regulator", "wait_for_association", "do_not_escalate"})
"""Steps that ask for nothing."""
_BODY = {"wait_for_regulator": "regulator", "wait_for_association": "consumer_association"}


@dataclass(frozen=True)
class Move:
    """Whose move it is. ``acts``: a code of ``WHOSE``; ``step``: the step that the buyer can take
    now, also while another has to move; ``due``: None where no end is set."""

    acts: str
    what: Phrase | Bilingual
    due: datetime | None = None
    then: Phrase | None = None
    step: Step | None = None

    @property
    def who(self) -> Phrase:
        """Who has to move, to be shown."""
        return Phrase.named(WHOSE[self.acts])


def find_move(
    deadlines: Iterable[DeadlineView], steps: Sequence[Step], *, closed: bool
) -> Move | None:
    """Whose move it is: the other side's while a deadline of it runs, else the buyer's. None for a
    case that is closed, or where nothing is to be done."""
    if closed:
        return None
    running = sorted((d for d in deadlines if not d.overdue), key=lambda d: (d.due, d.key))
    step = next((one for one in steps if one.code not in _REST), None)
    theirs = next((one for one in running if not one.buyer_acts), None)
    if theirs is not None:
        return Move(theirs.acts, theirs.name, theirs.due, theirs.then, step)
    first = steps[0] if steps else None
    if first is not None and first.code in _BODY:
        return Move(_BODY[first.code], first.why, step=step)
    if step is None:
        return Move("buyer", first.why) if first else None
    mine = next((one for one in running if one.buyer_acts), None)
    what = Phrase("{name}：{why}", name=Phrase.named(STEP_NAMES[step.code]), why=step.why)
    return Move("buyer", what, mine.due if mine else None, mine.then if mine else None, step)
