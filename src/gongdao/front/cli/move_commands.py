"""``gongdao move-in dujiaoka DUMP``: an existing shop, out of its MySQL dump, into this market."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from gongdao.core.errors import ArgumentError, InputError
from gongdao.core.language import gettext as _
from gongdao.core.os_errors import os_reason
from gongdao.front.cli.open_server import open_server
from gongdao.front.cli.options import AsJson, Lang, escape_controls, print_json

if TYPE_CHECKING:
    from gongdao.market.moving_in.move_dujiaoka import MoveReport
    from gongdao.market.moving_in.rows import RefusedRow

move_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_MOST_USES = 10_000
_LONGEST_SHOP = 32
Dump = Annotated[
    Path, typer.Argument(metavar="DUMP", help="MySQL 导出文件，可以是 .gz。The MySQL dump.")
]
MerchantName = Annotated[
    str, typer.Option("--merchant", metavar="ID|NAME", help="搬给哪个商家。Whose shop it becomes.")
]
ShopName = Annotated[
    str,
    typer.Option("--shop", metavar="NAME", help="商家有几家旧店时用来区分。Which old shop."),
]
LoopUses = Annotated[
    int | None,
    typer.Option(
        "--loop-uses",
        metavar="N",
        min=1,
        max=_MOST_USES,
        help="可重复卖的卡每张最多卖几次。Uses of a reusable card.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="只看结果，什么也不写。Write nothing.")]
GiveUp = Annotated[
    bool, typer.Option("--give-up", help="放弃用另一个文件没搬完的。Drop an unfinished one.")
]
RefusedFile = Annotated[
    Path | None,
    typer.Option("--refused", metavar="FILE", help="没有搬的行写到这里。Refused rows."),
]


@move_app.callback()
def move_in() -> None:
    """The name of the old shop's program comes next, even while there is only one."""


@move_app.command("dujiaoka", help="从独角数卡搬来：商品、卡密、订单、优惠码。From dujiaoka.")
def dujiaoka(
    dump: Dump,
    merchant: MerchantName,
    shop: ShopName = "dujiaoka",
    loop_uses: LoopUses = None,
    dry_run: DryRun = False,
    give_up: GiveUp = False,
    refused: RefusedFile = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """Move the shop in; a second run changes nothing, a stopped one is taken up again."""
    if not 1 <= len(shop) <= _LONGEST_SHOP:
        raise ArgumentError(_("1 到 {most} 个字符。").format(most=_LONGEST_SHOP), field="--shop")
    rows: list[RefusedRow] = []
    with _listing(refused) as write, open_server():
        from gongdao.front.clock import now
        from gongdao.front.stores import get_stores
        from gongdao.market.moving_in.keep_orders import OldShop
        from gongdao.market.moving_in.move_dujiaoka import MoveIn, move_dujiaoka

        def take(row: RefusedRow) -> None:
            write(row)
            if as_json:
                rows.append(row)
            elif refused is None:
                _clear()
                print(_say_row(row))

        whose = OldShop(_find_merchant(merchant), shop)
        with _open(dump) as file:
            report = move_dujiaoka(
                stores=get_stores(),
                wanted=MoveIn(whose, file, loop_uses, dry_run, give_up),
                at=now(),
                refuse=take,
                progress=_progress(),
            )
    if as_json:
        print_json(_as_json(report, rows, dry_run))
    else:
        _print(report, dry_run)


def _find_merchant(said: str) -> UUID:
    """The merchant of this id or name; ArgumentError where there is none."""
    from gongdao.market.models import Merchant

    try:
        found = Merchant.objects.filter(id=UUID(said)).first()
    except ValueError:
        found = Merchant.objects.filter(display_name=said).first()
    if found is None:
        raise ArgumentError(_("没有这个商家：{name}").format(name=said[:60]), field="--merchant")
    return found.id


@contextmanager
def _open(path: Path) -> Iterator[Any]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(os_reason(error), file=str(path)) from error
    with file:
        yield file


@contextmanager
def _listing(path: Path | None) -> Iterator[Callable[[RefusedRow], object]]:
    """Writes rows to the CSV file at ``path``; nothing without one."""
    if path is None:
        yield lambda row: None
        return
    try:
        file = path.open("x", encoding="utf-8-sig", newline="")
    except OSError as error:
        raise InputError(os_reason(error), file=str(path)) from error
    with file:
        writer = csv.writer(file)
        writer.writerow(("table", "row", "field", "code", "reason"))
        yield lambda row: writer.writerow(
            (row.table, row.id, row.field, row.reason.value, str(row))
        )


def _say_row(row: RefusedRow) -> str:
    return _("{table} 表，第 {row} 行，{field}：{why}").format(
        table=escape_controls(row.table), row=row.id or "-", field=row.field, why=row
    )


def _progress() -> Callable[[int, int, int], None]:
    """A progress line on the terminal; nothing when errors are piped."""
    if sys.stderr is None or not sys.stderr.isatty():
        return lambda turn, done, of: None

    def show(turn: int, done: int, of: int) -> None:
        said = _("第 {turn} 遍，共 3 遍：{done}/{of} 行").format(turn=turn, done=done, of=of or "?")
        sys.stderr.write("\r\x1b[K" + said)
        sys.stderr.flush()

    return show


def _clear() -> None:
    if sys.stderr is not None and sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def _as_json(report: MoveReport, rows: list[RefusedRow], dry_run: bool) -> dict[str, object]:
    return {
        "dry_run": dry_run,
        "rows": dict(report.rows),
        "deleted": {name: count for name, count in report.deleted.items() if count},
        **{
            name: {"new": count["new"], "already": count["already"]}
            for name, count in report.told.items()
        },
        "drafts": [
            {
                "row": one.old_id,
                "listing": None if dry_run else str(one.listing_id),
                "title": one.title,
                "missing": {gap.field: str(gap.reason) for gap in one.missing},
            }
            for one in report.listings
        ],
        "refused": {reason.value: count for reason, count in report.refused.items()},
        "refused_rows": [
            {"table": row.table, "row": row.id, "field": row.field, "code": row.reason.value}
            for row in rows
        ],
    }


def _print(report: MoveReport, dry_run: bool) -> None:
    _clear()
    print(_("试运行，什么也没有写。") if dry_run else _("搬好了。"))
    kinds = {
        "listings": _("商品（草稿）"),
        "cards": _("待售的卡"),
        "sold": _("卖过的卡（永远不会再卖）"),
        "orders": _("旧订单"),
        "coupons": _("优惠券"),
    }
    for name, words in kinds.items():
        count = report.told[name]
        print(
            _("{what}：新搬 {new}，已经搬过 {already}").format(
                what=words, new=count["new"], already=count["already"]
            )
        )
    deleted = sum(report.deleted.values())
    if deleted:
        print(_("旧店里已经删除、没有搬的：{n} 行").format(n=deleted))
    print(_("没有搬的：{n} 行").format(n=sum(report.refused.values())))
    for one in report.listings:
        title = escape_controls(one.title) or str(one.old_id)
        print(_("“{title}”上架前还要补 {n} 项：").format(title=title, n=len(one.missing)))
        for gap in one.missing:
            print(_("- {field}：{what}").format(field=gap.field, what=gap.reason))
