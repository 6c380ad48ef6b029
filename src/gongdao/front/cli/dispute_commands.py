"""``gongdao disputes recount``: what was counted wrongly about parties is put right."""

from __future__ import annotations

import typer

from gongdao.core.language import gettext as _
from gongdao.front.cli.open_server import open_server
from gongdao.front.cli.options import AsJson, Lang, print_json

dispute_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@dispute_app.callback()
def disputes() -> None:
    """What is done to disputes as a whole."""


@dispute_app.command("recount", help="重数被推翻的投诉，取消数错的限制。Lift wrong limits.")
def recount(as_json: AsJson = False, lang: Lang = "zh") -> None:
    """Count the disproved claims behind each standing limit again, and lift what they do not reach;
    each is said in its case and told to the buyer. Again, it changes nothing."""
    with open_server():
        from gongdao.disputes.recount_limits import recount_limits
        from gongdao.front.clock import now
        from gongdao.front.stores import get_stores

        found = recount_limits(stores=get_stores(), at=now())
    if as_json:
        print_json({"looked": found.looked, "lifted": found.lifted})
        return
    text = _("看了 {looked} 条限制，取消了 {lifted} 条。")
    print(text.format(looked=found.looked, lifted=found.lifted))
