"""``gongdao guide``: the page for one reason."""

from __future__ import annotations

from dataclasses import asdict
from difflib import get_close_matches
from typing import Annotated

import typer

from gongdao.core.clock import beijing
from gongdao.core.codes import Reason
from gongdao.core.errors import ArgumentError
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.front.cli.options import AsJson, AsOf, Lang, print_json, read_as_of
from gongdao.front.cli.say import say


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
        print_json({**asdict(page), "on": page.on.isoformat()})
        return
    say(f"{page.title}\n{_('按 {day} 的规则').format(day=page.on.isoformat())}")
    for title, lines in page.sections:
        say(f"\n{title}")
        for line in lines:
            say(f"  · {line}")
