"""``gongdao guide``: the page for one reason."""

from __future__ import annotations

from dataclasses import asdict
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated

import typer

from gongdao.core.clock import beijing
from gongdao.core.codes import Reason
from gongdao.core.errors import ArgumentError
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.front.cli.options import AsJson, AsOf, Lang, print_json, read_as_of
from gongdao.front.cli.say import say

if TYPE_CHECKING:
    from gongdao.casework.guide_page import Guide, Line


def guide(
    reason: Annotated[str, typer.Argument(metavar="REASON", help="如 invalid_secret")] = "",
    as_of: AsOf = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """Print what to save, what to ask, where to go and what to expect; list reasons without one."""
    from gongdao.casework.guide import guide_for
    from gongdao.casework.words import REASON_NAMES

    if not reason:
        if as_json:
            print_json({code.value: translated(REASON_NAMES[code]) for code in Reason})
            return
        for code in Reason:
            say(f"{code.value:24} {translated(REASON_NAMES[code])}")
        return
    if reason not in set(Reason):
        near = get_close_matches(reason, list(Reason), 1)
        raise ArgumentError(
            _("没有这个原因：{reason}").format(reason=reason),
            field="REASON",
            hint=_("是不是 {code}？").format(code=near[0])
            if near
            else _("运行 gongdao guide 看全部。"),
        )
    page = guide_for(Reason(reason), beijing(read_as_of(as_of)).date())
    if as_json:
        day = page.checked.isoformat() if page.checked else None
        print_json({**asdict(page), "on": page.on.isoformat(), "checked": day})
        return
    _show(page)


def _show(page: Guide) -> None:
    """The page as plain text; what is law and what is ours stands behind each line."""
    day = page.on.isoformat()
    say(f"{page.title}\n{_('按 {day} 的规则').format(day=day)}\n\n{page.summary}")
    for section in page.sections:
        if section.code == "law":
            _show_ways(page)
        say(f"\n{section.title}")
        for line in section.lines:
            say(f"  · {_said(line)}")
    for one in page.circumstances:
        say(f"\n{_('如果是：{name}').format(name=one.name)}\n  {one.says}")
        for text in (*one.do, *one.never):
            say(f"  · {text}")
    say(f"\n{_('规则截至 {day}').format(day=page.checked.isoformat() if page.checked else day)}")


def _show_ways(page: Guide) -> None:
    say(f"\n{_('问商家一句')}\n  {page.ask}\n\n{_('去哪里，多久，能得到什么')}")
    for place in page.places:
        say(f"  · {place.name}{_('：')}{place.achieves}{_('（{cost}）').format(cost=place.cost)}")
        for clock in place.clocks:
            say(f"      {_said(clock)}")


def _said(line: Line) -> str:
    from gongdao.casework.guide_words import BASIS_NAMES

    mark = translated(BASIS_NAMES[line.basis]) if line.basis else ""
    behind = _("；").join(part for part in (mark, line.cite) if part)
    return f"{line.text} [{behind}]" if behind else line.text
