"""``gongdao stock import | check``: the card secrets of this server."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, TypeVar
from uuid import UUID, uuid4

import typer

from gongdao.core.errors import ArgumentError, InputError
from gongdao.core.language import gettext as _
from gongdao.core.os_errors import os_reason
from gongdao.front.cli.open_server import open_server, to_stderr
from gongdao.front.cli.options import AsJson, Lang, escape_controls, print_json

if TYPE_CHECKING:
    from gongdao.core.stores import Stores
    from gongdao.vault.check_vault import VaultCheck
    from gongdao.vault.import_secrets import ImportReport
    from gongdao.vault.read_source import Source
    from gongdao.vault.refusals import Refusal
    from gongdao.vault.sealing import Shelf
    from gongdao.vault.split_line import Separator
    from gongdao.vault.states import SourceKind
    from gongdao.vault.write_batch import BatchSource

_T = TypeVar("_T")
stock_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_SHOWN = 20
"""Refused lines that are printed."""
_IN_JSON = 1000
"""Refused lines that go into the JSON object; ``--refused`` writes all."""


Sku = Annotated[str, typer.Option("--sku", metavar="ID", help="放到哪个商品。The shelf.")]
List = Annotated[Path, typer.Argument(metavar="FILE", help="卡密文件。List of secrets.")]
Kind = Annotated[
    str,
    typer.Option(
        "--source", metavar="KIND", help="来源：official authorized resale recycled own。Source."
    ),
]
Supplier = Annotated[
    str, typer.Option("--supplier", metavar="NAME", help="供货商，只公开代号。Supplier.")
]
Proof = Annotated[
    Path | None, typer.Option("--proof", metavar="FILE", help="来源证明，只公开摘要。Proof.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="只看结果，什么也不写。Write nothing.")]
BatchId = Annotated[
    str | None, typer.Option("--batch", metavar="ID", help="批次号；默认由文件得出。Batch id.")
]
Again = Annotated[bool, typer.Option("--again", help="同一个文件当作新批次。As a new batch.")]
GiveUp = Annotated[
    bool, typer.Option("--give-up", help="放弃没做完的导入。Drop an unfinished one.")
]
FormName = Annotated[
    str | None,
    typer.Option("--form", metavar="FORM", help="text、csv、xlsx，默认自动。Kind of file."),
]
Encoding = Annotated[str | None, typer.Option("--encoding", help="编码，默认自动。Encoding.")]
SeparatorName = Annotated[
    str | None,
    typer.Option(
        "--separator", help="字段之间：tab dashes bar comma space …，默认自动。Separator."
    ),
]
Columns = Annotated[
    str | None,
    typer.Option("--columns", metavar="N,N", help="表格里用哪几列，从 1 数起。Columns."),
]
RefusedFile = Annotated[
    Path | None,
    typer.Option("--refused", metavar="FILE", help="没有收下的行写到这里。Refused lines."),
]
OpenEvery = Annotated[
    int,
    typer.Option("--open-every", metavar="N", help="每 N 条解密核对一条，0 不解密。", min=0),
]


@dataclass
class _Refused:
    """Refused lines: the first ones kept, all written where a file was named. Never a secret."""

    rows: list[Refusal] = field(default_factory=list)
    write: Callable[[Sequence[object]], object] = lambda row: None

    def __call__(self, refusal: Refusal) -> None:
        """Take one."""
        if len(self.rows) < _IN_JSON:
            self.rows.append(refusal)
        self.write((refusal.number, refusal.reason.value, refusal.same_as or "", str(refusal)))


@stock_app.command("import", help="导入卡密：文本、CSV、XLSX。Import card secrets.")
def import_(
    file: List,
    sku: Sku,
    source: Kind = "resale",
    supplier: Supplier = "",
    proof: Proof = None,
    dry_run: DryRun = False,
    batch: BatchId = None,
    again: Again = False,
    give_up: GiveUp = False,
    form: FormName = None,
    encoding: Encoding = None,
    separator: SeparatorName = None,
    columns: Columns = None,
    refused: RefusedFile = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """Put the secrets of a file on a shelf; every line is taken or refused with its reason."""
    from gongdao.vault.split_line import Separator
    from gongdao.vault.states import SourceKind

    wanted = _Wanted(
        sku=_id_of(sku, "--sku"),
        source=_one_of(SourceKind, source, "--source"),
        supplier=supplier,
        proof=proof,
        batch=uuid4() if again else _id_of(batch, "--batch") if batch else None,
        form=form,
        encoding=encoding,
        separator=_one_of(Separator, separator, "--separator") if separator else None,
        columns=_columns(columns),
        dry_run=dry_run,
        give_up=give_up,
    )
    with _open_file(file) as data, _listing(refused) as write, open_server():
        from gongdao.front.stores import get_stores

        told = _Refused(write=write)
        report, lines = _run(get_stores(), wanted, file.name, data, told)
    if as_json:
        print_json(_report_json(report, lines, told, dry_run))
    else:
        _print_report(report, lines, told, dry_run)


@dataclass(frozen=True)
class _Wanted:
    """What the options say, as far as it can be told without the server."""

    sku: UUID
    source: SourceKind
    supplier: str
    proof: Path | None
    batch: UUID | None
    form: str | None
    encoding: str | None
    separator: Separator | None
    columns: list[int] | None
    dry_run: bool
    give_up: bool


def _run(
    stores: Stores, wanted: _Wanted, name: str, data: BinaryIO, told: _Refused
) -> tuple[ImportReport, Source]:
    from gongdao.front.clock import now
    from gongdao.vault.batch_names import batch_of_file
    from gongdao.vault.discard_import import discard_import
    from gongdao.vault.import_secrets import import_secrets
    from gongdao.vault.make_sku import get_shelf
    from gongdao.vault.queries import find_incoming
    from gongdao.vault.read_source import Form, read_source

    shelf = get_shelf(wanted.sku)
    lines = read_source(
        data,
        name=name,
        rules=shelf.rules,
        form=_one_of(Form, wanted.form, "--form") if wanted.form else None,
        encoding=wanted.encoding,
        separator=wanted.separator,
        columns=wanted.columns,
    )
    source = _declare(stores, shelf, wanted)
    left = find_incoming(shelf.sku)
    if wanted.give_up and left is not None and not wanted.dry_run:
        count = discard_import(batch=left)
        to_stderr(_("放弃了批次 {batch}：{n} 条卡密已移除。").format(batch=left, n=count))
    report = import_secrets(
        stores=stores,
        sku=shelf.sku,
        batch=wanted.batch or batch_of_file(stores=stores, sku=shelf.sku, file=data),
        source=source,
        lines=lines,
        at=now(),
        dry_run=wanted.dry_run,
        refuse=told,
        progress=_progress(),
    )
    return report, lines


def _declare(stores: Stores, shelf: Shelf, wanted: _Wanted) -> BatchSource:
    from gongdao.core.digest import digest_file
    from gongdao.vault.batch_names import supplier_pseudonym
    from gongdao.vault.write_batch import BatchSource

    pseudonym, proof = "", None
    if wanted.supplier:
        pseudonym = supplier_pseudonym(stores=stores, seller=shelf.seller, name=wanted.supplier)
    if wanted.proof:
        proof = bytes.fromhex(digest_file(wanted.proof).sha256)
    return BatchSource(wanted.source, pseudonym, proof)


@contextmanager
def _open_file(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(os_reason(error), file=str(path)) from error
    with file:
        yield file


@contextmanager
def _listing(path: Path | None) -> Iterator[Callable[[Sequence[object]], object]]:
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
        writer.writerow(("line", "code", "same_as", "reason"))
        yield writer.writerow


def _id_of(text: str, option: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ArgumentError(_("不是编号：{text}").format(text=text[:60]), field=option) from None


def _one_of(kind: Callable[[str], _T], text: str, option: str) -> _T:
    try:
        return kind(text.strip().lower())
    except ValueError:
        raise ArgumentError(_("不能写成“{text}”").format(text=text[:40]), field=option) from None


def _columns(text: str | None) -> list[int] | None:
    if text is None:
        return None
    found = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and 0 < int(part) < 1000 for part in found):
        raise ArgumentError(_("要写成 2,4 这样的列号"), field="--columns")
    return [int(part) for part in found]


def _progress() -> Callable[[int], None]:
    """A progress line on the terminal; nothing when errors are piped."""
    if sys.stderr is None or not sys.stderr.isatty():
        return lambda lines: None

    def show(lines: int) -> None:
        sys.stderr.write("\r\x1b[K" + _("已处理 {n} 行").format(n=lines))
        sys.stderr.flush()

    return show


def _report_json(
    report: ImportReport, lines: Source, told: _Refused, dry_run: bool
) -> dict[str, object]:
    return {
        "batch": str(report.batch),
        "dry_run": dry_run,
        "lines": report.lines,
        "accepted": report.accepted,
        "already": report.already,
        "refused": {reason.value: count for reason, count in report.refused.items()},
        "refused_lines": [
            {"line": one.number, "code": one.reason.value, "same_as": one.same_as}
            for one in told.rows
        ],
        "blank": lines.blank,
        "header": lines.header,
        "appended": lines.appended,
        "encoding": lines.encoding or None,
        "separator": lines.separator.value if lines.separator else None,
        "root": report.root.hex() if report.root else None,
    }


def _print_report(report: ImportReport, lines: Source, told: _Refused, dry_run: bool) -> None:
    count = sum(report.refused.values())
    if sys.stderr is not None and sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    said = _("试运行，什么也没有写。") if dry_run else _("批次：{batch}").format(batch=report.batch)
    print(said)
    print(
        _("{lines} 行：收下 {accepted} 条，已经有 {already} 条，没有收下 {refused} 行。").format(
            lines=report.lines, accepted=report.accepted, already=report.already, refused=count
        )
    )
    for refusal in told.rows[:_SHOWN]:
        same = _("（第 {n} 行）").format(n=refusal.same_as) if refusal.same_as else ""
        print(_("第 {n} 行：{why}{same}").format(n=refusal.number, why=refusal, same=same))
    if count > _SHOWN:
        print(_("还有 {n} 行，用 --refused FILE 全部写出来。").format(n=count - _SHOWN))
    if lines.appended:
        print(_("有 {n} 行在卡密之外还有别的内容，没有保存。").format(n=lines.appended))
    if report.root:
        print(_("批次的根已记入公开日志：{root}").format(root=report.root.hex()))


@stock_app.command("unfinished", help="没做完的导入。Imports that have not ended.")
def unfinished(as_json: AsJson = False, lang: Lang = "zh") -> None:
    """List imports that have not ended: each keeps its shelf from another one, and nothing of it is
    sold. The same file again finishes it; ``stock import --give-up`` drops it."""
    from dataclasses import asdict

    with open_server():
        from gongdao.vault.queries import find_unfinished

        found = find_unfinished()
    if as_json:
        print_json({"unfinished": [{k: str(v) for k, v in asdict(one).items()} for one in found]})
        return
    for one in found:
        print(
            _("批次 {batch}，商品 {sku}：已有 {n} 条，{since} 开始，{moved} 以后没有动。").format(
                batch=one.batch,
                sku=one.sku,
                n=one.secrets,
                since=f"{one.began_at:%Y-%m-%d %H:%M}",
                moved=f"{one.moved_at:%Y-%m-%d %H:%M}",
            )
        )
        if one.waits:
            print(_("　　备份恢复之后它先停着：补回公开日志（gongdao log replay）以后再继续。"))
    if found:
        print(_("用同一个文件再运行一次 gongdao stock import 就会接着做；加 --give-up 放弃它。"))
    else:
        print(_("没有没做完的导入。"))


@stock_app.command("check", help="逐项核对卡密库。Compare everything in the vault.")
def check(every: OpenEvery = 100, as_json: AsJson = False, lang: Lang = "zh") -> None:
    """Compare units, claims, secrets, fingerprints and roots; exit 1 where anything differs."""
    with open_server():
        from gongdao.front.stores import get_stores
        from gongdao.vault.check_vault import check_vault

        checked = check_vault(stores=get_stores(), open_every=every or None)
    if as_json:
        print_json(_check_json(checked))
    else:
        _print_check(checked)
    if checked.findings:
        raise typer.Exit(1)


def _check_json(checked: VaultCheck) -> dict[str, object]:
    return {
        "whole": not checked.findings,
        "batches": checked.batches,
        "secrets": checked.secrets,
        "opened": checked.opened,
        "findings": [
            {
                "code": one.code,
                "count": one.count,
                "batch": str(one.batch) if one.batch else None,
                "said": str(one),
            }
            for one in checked.findings
        ],
    }


def _print_check(checked: VaultCheck) -> None:
    print(
        _("核对了 {batches} 个批次、{secrets} 条卡密，解密核对了 {opened} 条。").format(
            batches=checked.batches, secrets=checked.secrets, opened=checked.opened
        )
    )
    for one in checked.findings:
        where = _("（批次 {batch}）").format(batch=one.batch) if one.batch else ""
        print(
            _("对不上：{said}：{n}{where}").format(
                said=escape_controls(str(one)), n=one.count, where=where
            )
        )
    if not checked.findings:
        print(_("卡密库完好：每一条都对得上，数据库的防护都在。"))
