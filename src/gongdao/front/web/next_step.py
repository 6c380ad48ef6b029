"""The one next step of a case as its first page shows it: what, why, and the words to send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from gongdao.casework.words import SUGGESTION_NAMES
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.evidence.suggest import question_to_merchant
from gongdao.front.web.report import SeenCase

_SAYS: dict[str, tuple[str, ...]] = {
    "ask_merchant": ("clear_admission",),
    "ask_issuer": ("issuer_statement",),
    "check_balance": ("balance_page", "carrier_bill"),
}
"""Which suggestion holds the words of a step."""


@dataclass(frozen=True)
class NextStep:
    """``say`` is the sentence to send, ``to`` whom; ``href`` and ``link`` lead on."""

    title: str
    why: str
    say: str = ""
    to: str = ""
    href: str = ""
    link: str = ""


def find_next_step(seen: SeenCase) -> NextStep | None:
    """The first of the report's steps; None where there is none yet."""
    report, link = seen.report, seen.assembled.case.content.link
    if not report["next_steps"]:
        return None
    step = report["next_steps"][0]
    code, title, why = step["code"], step["title"], step["why"]
    if code in report["channels"]["about"]:
        href = reverse("channel", args=[link, code])
        return NextStep(title, why, href=href, link=_("看怎么提交"))
    if code == "fix_contradictions":
        href = reverse("case", args=[link]) + "standing/#contradictions"
        return NextStep(title, why, href=href, link=_("看哪里对不上"))
    say = _words(seen, code)
    to = _("把这句话发给对方") if say else ""
    return NextStep(title, why, say=say, to=to)


def _words(seen: SeenCase, code: str) -> str:
    """The sentence to send, in Chinese: of the suggestion that goes with the step, else the
    answer to an evasion, else the question that asks for a clear yes or no."""
    report = seen.report
    for row in report["suggestions"]:
        if row["code"] in _SAYS.get(code, ()) and row["say"]:
            return str(row["say"])
    if code != "ask_merchant":
        return ""
    if report["evasions"]:
        return str(report["evasions"][0]["ask"])
    return question_to_merchant(seen.assembled.judgement.dossier)


def find_missing(report: dict[str, Any]) -> list[dict[str, str]]:
    """What helps most to get next, at most two: title, why, how, say."""
    return [
        {**row, "title": translated(SUGGESTION_NAMES[row["code"]])}
        for row in report["suggestions"][:2]
    ]
