"""``gongdao ledger check | statement | payouts export``: the money of this server."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from gongdao.core.errors import ArgumentError
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.front.cli.open_server import open_server
from gongdao.front.cli.options import AsJson, Lang, escape_controls, print_json, read_as_of

if TYPE_CHECKING:
    from gongdao.ledger.accounts import Account
    from gongdao.ledger.check_ledger import CheckedLedger

ledger_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
payouts_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
ledger_app.add_typer(payouts_app, name="payouts", help="付款：给银行的清单。Payouts.")

_Out = typer.Option(
    "-o", "--out", metavar="FILE", help="写到文件，默认直接输出。File.", show_default=False
)


@ledger_app.command("check", help="试算平衡：每一笔都要对得上。Trial balance.")
def check(as_json: AsJson = False, lang: Lang = "zh") -> None:
    """Recompute every balance from the transfers; exit 1 where anything differs."""
    with open_server():
        from gongdao.ledger.check_ledger import check_ledger

        checked = check_ledger()
    if as_json:
        print_json(_as_json(checked))
    else:
        _print_check(checked)
    if not checked.balanced:
        raise typer.Exit(1)


def _as_json(checked: CheckedLedger) -> dict[str, object]:
    return {
        "balanced": checked.balanced,
        "transfers": checked.transfers,
        "lines": [
            {
                "kind": line.kind.value,
                "currency": line.currency,
                "accounts": line.accounts,
                "balance_minor": line.balance.minor,
            }
            for line in checked.lines
        ],
        "differences": [
            {"code": one.code, "where": one.where, "said": str(one.said)}
            for one in checked.differences
        ],
    }


def _print_check(checked: CheckedLedger) -> None:
    from gongdao.ledger.accounts import NAMES

    for line in checked.lines:
        balance = f"{line.balance} {line.currency}"
        print(f"{balance:>24}  {translated(NAMES[line.kind])} ({line.accounts})")
    print(_("共 {n} 笔转账。").format(n=checked.transfers))
    for one in checked.differences:
        print(_("对不上：{said}（{where}）").format(said=one.said, where=one.where))
    if checked.balanced:
        print(_("平衡：每一笔都对得上，数据库的防护都在。"))
    else:
        print(_("不平衡：有 {n} 处对不上。").format(n=len(checked.differences)))


@ledger_app.command("statement", help="一个账户的对账单（CSV）。One account's statement.")
def statement(
    account: Annotated[
        str, typer.Argument(metavar="ACCOUNT", help="merchant_free/merchant:ID/CNY")
    ],
    begin: Annotated[
        str | None, typer.Option("--begin", metavar="TIME", help="从什么时候起。From.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="到什么时候为止，默认现在。Until.")
    ] = None,
    out: Annotated[Path | None, _Out] = None,
    replace: Annotated[bool, typer.Option("--replace", help="替换已有的文件。Replace.")] = False,
    lang: Lang = "zh",
) -> None:
    """Opening balance, then each transfer with the balance after it."""
    from gongdao.core.clock import BEIJING
    from gongdao.ledger.accounts import Account

    wanted = Account.parse(account)
    first = read_as_of(begin) if begin else datetime(2000, 1, 1, tzinfo=BEIJING)
    last = read_as_of(until)
    if first >= last:
        raise ArgumentError(_("开始时间要早于结束时间"), field="--begin")
    _check_target(out, replace=replace)
    with open_server():
        from gongdao.ledger.statement import statement_csv

        _check_opened(wanted)
        _write(statement_csv(account=wanted, begin=first, until=last), out)


def _check_opened(account: Account) -> None:
    from gongdao.core.errors import NoSuchAccount
    from gongdao.ledger.models import LedgerAccount

    if not LedgerAccount.objects.filter(id=account.id).exists():
        raise NoSuchAccount


@payouts_app.command("export", help="把批准的付款列成清单交给银行。Approved payouts as CSV.")
def export(
    out: Annotated[Path | None, _Out] = None,
    batch: Annotated[
        str | None,
        typer.Option("--batch", metavar="ID", help="再写一遍这个批次。Write a batch again."),
    ] = None,
    through: Annotated[
        str,
        typer.Option("--through", metavar="ACCOUNT", help="从哪里付，默认银行。Who pays."),
    ] = "outside/platform",
    replace: Annotated[bool, typer.Option("--replace", help="替换已有的文件。Replace.")] = False,
    lang: Lang = "zh",
) -> None:
    """Call the approved payouts requested and write them as one list; with --batch, an old list."""
    from gongdao.front.clock import now
    from gongdao.ledger.accounts import Account

    payer, given = Account.parse(through), _read_batch(batch)
    _check_target(out, replace=replace)
    with open_server():
        from gongdao.disputes.hold_ground import find_held_merchants
        from gongdao.front.stores import get_stores
        from gongdao.ledger.export_payouts import export_payouts
        from gongdao.ledger.step_payout import request_payouts

        at = now()
        held = find_held_merchants(at=at)
        chosen = given or request_payouts(through=payer, by=None, at=at, waiting=held)
        if chosen is None:
            print(_("没有已批准、等着付的款项。"), file=sys.stderr)
            return
        # said before anything can fail: the list can be written again under this name
        print(_("批次 {id}").format(id=chosen), file=sys.stderr, flush=True)
        _write(export_payouts(stores=get_stores(), batch_id=chosen), out)


def _read_batch(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise ArgumentError(_("这不是批次号"), field="--batch") from None


def _check_target(out: Path | None, *, replace: bool) -> None:
    """Before anything is changed: the file can be written."""
    if out is None:
        return
    if out.exists() and not replace:
        raise ArgumentError(
            _("已经有这个文件，没有覆盖"), field="--out", hint=_("换个名字，或加上 --replace。")
        )
    if not out.absolute().parent.is_dir():
        raise ArgumentError(_("没有这个文件夹"), field="--out")


def _write(lines: Iterable[str], out: Path | None) -> None:
    """To the terminal, or to a file that only its owner reads: it names people and their money.
    The file has its name when it is whole."""
    if out is None:
        for line in lines:
            sys.stdout.write(line.removeprefix("\ufeff").replace("\r\n", "\n"))
        return
    new = out.absolute().with_name(f".{out.name}.new")
    try:
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(handle, "w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(handle)
        new.replace(out)
    finally:
        new.unlink(missing_ok=True)
    print(_("已写到 {path}").format(path=escape_controls(str(out))), file=sys.stderr)
