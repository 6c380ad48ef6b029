"""``gongdao log export | replay | status``: the public log of this server."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.front.cli.open_server import to_stderr
from gongdao.front.cli.options import AsJson, Lang, escape_controls, print_json

if TYPE_CHECKING:
    from gongdao.front.settings import Settings
    from gongdao.log.rechain import Rechained

log_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Into = Annotated[Path, typer.Argument(metavar="DIR", help="导出到的文件夹。Where to.")]
Source = Annotated[
    str, typer.Argument(metavar="SOURCE", help="已公布的日志：文件夹或网址。Folder or address.")
]


@contextmanager
def _open_database() -> Iterator[tuple[Settings, str]]:
    """The settings, and the address of the database, running; also beside a server that runs."""
    from gongdao.front.server.database import Database
    from gongdao.front.settings import Settings

    settings = Settings.read(os.environ)
    database = Database(
        data_dir=settings.data_dir, url=settings.database_url, attach=True, say=to_stderr
    )
    with database:
        yield settings, database.url


@log_app.command("export", help="把日志导出成普通文件，任何网页服务器都能提供。Plain files.")
def export_log(into: Into, as_json: AsJson = False, lang: Lang = "zh") -> None:
    """Write tiles, entries and checkpoint to a folder; done again, only what is new."""
    from gongdao.log.export import export

    with _open_database() as (_settings, url):
        size = export(database_url=url, folder=into, progress=_files_done())
    if as_json:
        print_json({"path": str(into), "size": size})
        return
    shown = escape_controls(str(into))
    print(_("已导出 {size} 条记录到 {folder}。").format(size=size, folder=shown))


@log_app.command("replay", help="恢复旧备份之后，用已公布的文件把日志补回来。After a restore.")
def replay_log(source: Source, as_json: AsJson = False, lang: Lang = "zh") -> None:
    """Bring a restored database forward from published tiles that are newer than the backup."""
    from gongdao.front.clock import now
    from gongdao.front.log_moves import LIFE_CYCLES
    from gongdao.front.log_place import find_head_file, open_log_key
    from gongdao.front.stores import get_masters
    from gongdao.log.audit_source import MOST_BUNDLE_BYTES, MOST_CHECKPOINT_BYTES, open_source
    from gongdao.log.replay import replay

    with (
        _open_database() as (settings, url),
        closing(open_source(source)) as published,
        _said_of(source),
    ):
        done = replay(
            database_url=url,
            head_file=find_head_file(settings),
            key=open_log_key(settings),
            source=lambda path: published.read(path, limit=MOST_BUNDLE_BYTES),
            checkpoint=published.read("checkpoint", limit=MOST_CHECKPOINT_BYTES),
            cycles=LIFE_CYCLES,
            masters=get_masters(settings, may_create=False),
            put_aside=lambda found: _put_aside(settings.data_dir, found),
            at=now(),
            progress=_leaves_done(),
        )
    if as_json:
        moved = {old.hex(): new.hex() for old, new in done.rechained.moved}
        aside = [one.decode() for one in done.rechained.set_aside]
        print_json({"size": done.size, "added": done.added, "moved": moved, "set_aside": aside})
        return
    print(_("日志又有 {size} 条了，补回 {added} 条。").format(size=done.size, added=done.added))
    _say_rechained(settings.data_dir, done.rechained)


@log_app.command("status", help="日志的状态：有多少条，签到哪里，为什么停着。How it stands.")
def status_of_log(as_json: AsJson = False, lang: Lang = "zh") -> None:
    """Say how far the log is, and why it stands still where it does."""
    from dataclasses import asdict

    from gongdao.front.log_place import find_head_file, find_published, open_log_key
    from gongdao.log.status import get_status

    with _open_database() as (settings, url):
        found = get_status(
            database_url=url,
            head_file=find_head_file(settings),
            key=open_log_key(settings),
            folder=find_published(settings),
        )
    if as_json:
        print_json(asdict(found))
        return
    print(_("日志 {name}").format(name=found.origin))
    print(_("记录 {size} 条，另有 {n} 条在排队").format(size=found.size, n=found.waiting))
    print(_("签到 {size} 条，公布到 {n} 条").format(size=found.signed, n=found.published))
    print(_("见证签名 {n} 个，外部留底 {m} 个").format(n=found.cosignatures, m=found.anchors))
    print(_("正在运行") if found.running else _("没有在运行"))
    if found.refused:
        print(_("停着：{reason}").format(reason=found.refused))
    if found.closed:
        print(_("排队的太多，新的记录暂时不收；日志一运行就重新收。"))


@contextmanager
def _said_of(source: str) -> Iterator[None]:
    """A tile that is wrong or missing, as an error that names it."""
    from gongdao_verify.merkle import BadProof

    try:
        yield
    except (BadProof, LookupError) as error:
        raise InputError(
            _("来源里的文件不对或者缺失：{name}").format(name=error.args[0]),
            file=source,
            hint=_("什么都没有改动。请换一份已公布的日志。"),
        ) from None


def _put_aside(data_dir: Path, found: Rechained) -> None:
    """Keep, on disk before the database changes, what became of leaves that waited."""
    lines = [{"old": old.hex(), "new": new.hex()} for old, new in found.moved]
    lines += [{"set_aside": entry.decode()} for entry in found.set_aside]
    if not lines:
        return
    with (data_dir / _ASIDE).open("a", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())


_ASIDE = "log.replayed.jsonl"


def _say_rechained(data_dir: Path, found: Rechained) -> None:
    path = escape_controls(str(data_dir / _ASIDE))
    for count, text in (
        (len(found.moved), _("有 {n} 条恢复之后新记的，接到了新的末尾，编号变了，见 {path}。")),
        (len(found.set_aside), _("有 {n} 条和已公布的记录冲突，没有进日志，存在 {path}。")),
    ):
        if count:
            print(text.format(n=count, path=path))


def _leaves_done() -> Callable[[int, int], None] | None:
    """A progress line on the terminal; nothing when errors are piped."""
    if sys.stderr is None or not sys.stderr.isatty():
        return None
    return lambda done, total: _show(f"{done} / {total}", end=done >= total)


def _files_done() -> Callable[[int], None] | None:
    if sys.stderr is None or not sys.stderr.isatty():
        return None
    return lambda done: _show(str(done), end=False)


def _show(text: str, *, end: bool) -> None:
    sys.stderr.write("\r\x1b[K" + ("" if end else text))
    sys.stderr.flush()
