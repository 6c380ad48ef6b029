"""Where a minor bought: who acts, and what evidence that takes."""

from __future__ import annotations

from dataclasses import dataclass

from gongdao.casework.words import KIND_NAMES
from gongdao.core.clock import beijing
from gongdao.core.codes import Kind, Reason
from gongdao.core.language import language, translated
from gongdao.front.web.report import SeenCase
from gongdao.rules import queries


@dataclass(frozen=True)
class GuardianNotice:
    """What to say: one sentence, what to do, what never to do, which evidence is wanted."""

    says: str
    do: tuple[str, ...]
    never: tuple[str, ...]
    evidence: tuple[str, ...]


def guardian_notice(seen: SeenCase) -> GuardianNotice | None:
    """The notice for a case in which a minor bought; None for every other."""
    statement = seen.assembled.statement
    if statement.buyer.adult and Reason.BOUGHT_BY_MINOR not in statement.claim.reasons:
        return None
    rule = queries.situation("minor", beijing(seen.as_of).date())
    english = language() == "en"
    return GuardianNotice(
        rule.says_en if english else rule.says,
        rule.do_en if english else rule.do,
        rule.never_en if english else rule.never,
        tuple(translated(KIND_NAMES[Kind(code)]) for code in rule.evidence),
    )
