"""Guide page for one problem [C16]: what to save, what to ask, where to go, what to expect.

Generated from the rules in force on a day, so that it cannot go stale unnoticed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from gongdao.casework.words import KIND_NAMES, REASON_NAMES
from gongdao.core.clock import BEIJING
from gongdao.core.codes import Kind, Reason
from gongdao.core.language import gettext as _
from gongdao.core.language import language, translated
from gongdao.evidence.dossier import Dossier
from gongdao.evidence.statement import Claim, Order, Statement
from gongdao.evidence.suggest import question_to_merchant
from gongdao.rules import queries

_GUIDE_CHANNELS = (
    "in_platform",
    "management",
    "payment",
    "board",
    "consumer_association",
    "regulator_complaint",
    "regulator_report",
    "court",
)


@dataclass(frozen=True)
class Guide:
    """One page; sections are (title, lines)."""

    reason: Reason
    title: str
    on: date
    sections: tuple[tuple[str, tuple[str, ...]], ...]


def guide_for(reason: Reason, on: date) -> Guide:
    """The guide page for ``reason`` as of ``on``, in the language in use."""
    rule = queries.reason(reason.value, on)
    english = language() == "en"
    save = tuple(translated(KIND_NAMES[Kind(kind)]) for kind in rule.evidence)
    articles = queries.articles_for(reason.value, True, on)
    law = tuple(f"{a.cite}：{a.gives_en if english else a.gives}" for a in articles[:6])
    caveats = (
        (*rule.caveats_en, *rule.consumer_caveats_en)
        if english
        else (
            *rule.caveats,
            *rule.consumer_caveats,
        )
    )
    sections = (
        (_("先存什么"), save),
        (_("问商家一句"), (_ask(reason),)),
        (
            _("去哪里，多久，能得到什么"),
            tuple(_channel(code, on, english) for code in _GUIDE_CHANNELS),
        ),
        (_("依据（法律）"), law),
        (_("什么是公道自己的规则，不是法律"), _policies(on, english)),
        (_("要知道的"), (rule.decides_en if english else rule.decides, *caveats)),
    )
    return Guide(reason, translated(REASON_NAMES[reason]), on, sections)


def _ask(reason: Reason) -> str:
    empty = Dossier(
        Statement(order=Order(), claim=Claim(reasons=(reason,))),
        (),
        (),
        (),
        datetime(2026, 1, 1, tzinfo=BEIJING),
    )
    return question_to_merchant(empty)


def _channel(code: str, on: date, english: bool) -> str:
    channel = queries.channel(code, on)
    clocks = [d.says_en if english else d.says for d in queries.clocks(code, on)]
    if english:
        return f"{channel.name_en}: {channel.achieves_en}. {' '.join(clocks)} ({channel.cost_en})"
    return f"{channel.name}：{channel.achieves}。{''.join(clocks)}（{channel.cost}）"


def _policies(on: date, english: bool) -> tuple[str, ...]:
    found = (queries.policy(code, on) for code in ("escalate_after", "amount_moves_up"))
    return tuple(p.says_en if english else p.says for p in found)
