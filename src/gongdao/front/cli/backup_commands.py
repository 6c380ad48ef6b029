"""``gongdao backup | restore`` and ``gongdao case import | export``: what goes in and out whole."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gongdao.core.language import gettext as _
from gongdao.front.cli.open_server import to_stderr
from gongdao.front.cli.options import AsJson, Folder, Lang, escape_controls, print_json

if TYPE_CHECKING:
    from gongdao.front.server.backup import Ground
    from gongdao.front.settings import Settings

Target = Annotated[
    Path, typer.Argument(metavar="FILE.tar|DIR", help="备份的文件或文件夹。The backup.")
]
Replace = Annotated[
    bool, typer.Option("--replace", help="替换已有的。Replace what is there.", show_default=False)
]


@contextmanager
def _open_ground(settings: Settings, *, attach: bool, may_create: bool) -> Iterator[Ground]:
    """Database, blobs and keys of this installation, the database running; ``attach`` True also
    beside a server that runs."""
    from gongdao.front.server.backup import Ground
    from gongdao.front.server.database import Database
    from gongdao.front.stores import get_masters, make_blobs

    masters = get_masters(settings, may_create=may_create)
    database = Database(
        data_dir=settings.data_dir, url=settings.database_url, attach=attach, say=to_stderr
    )
    with database:
        yield Ground(database.url, make_blobs(settings), masters, settings.data_dir)


def backup(
    target: Target, replace: Replace = False, as_json: AsJson = False, lang: Lang = "zh"
) -> None:
    """Write database and files to one tar or folder; pages may go on running."""
    from importlib.metadata import version

    from gongdao.front.clock import now
    from gongdao.front.server.backup import back_up
    from gongdao.front.settings import Settings

    settings = Settings.read(os.environ)
    with _open_ground(settings, attach=True, may_create=False) as ground:
        done = back_up(
            ground=ground,
            target=target,
            at=now(),
            version=version("gongdao"),
            replace=replace,
            progress=_progress(),
        )
    if as_json:
        print_json(
            {
                "path": str(done.path),
                "counts": done.counts,
                "blobs": done.blobs,
                "size": done.size,
                "master_keys": list(done.master_keys),
                "lost": done.lost,
            }
        )
        return
    print(
        _("备份好了：{path}（{cases} 个案件，{files} 份材料，{size} MB）").format(
            path=escape_controls(str(done.path)),
            cases=done.counts["cases"],
            files=done.counts["files"],
            size=-(-done.size // (1 << 20)),
        )
    )
    if done.lost:
        print(_("注意：有 {n} 份材料在存储里已经找不到，备份里也没有。").format(n=done.lost))
    print(
        _("主密钥不在备份里。请另外保管它：{place}。没有它，备份打不开。").format(
            place=_place_of_keys(settings)
        )
    )


def _place_of_keys(settings: Settings) -> str:
    if settings.kms_command:
        return _("{file}，和能打开它的密钥服务").format(file=settings.kms_file)
    return _("环境变量 GONGDAO_MASTER_KEY") if settings.master_key else str(settings.key_file)


def restore(
    source: Target, replace: Replace = False, as_json: AsJson = False, lang: Lang = "zh"
) -> None:
    """Bring a backup back: checked first, nothing replaced unasked; pages must be stopped."""
    from dataclasses import asdict

    from gongdao.front.server.restore import restore as bring_back
    from gongdao.front.settings import Settings

    settings = Settings.read(os.environ)
    with _open_ground(settings, attach=False, may_create=False) as ground:
        done = bring_back(
            ground=ground,
            path=source,
            environment=_environment(settings, ground),
            replace=replace,
            progress=_progress(),
        )
    if as_json:
        print_json(asdict(done))
        return
    print(
        _("恢复好了，是 {time} 的备份：{cases} 个案件，{opened} 份材料都能打开。").format(
            time=done.made_at, cases=done.counts["cases"] - done.erased_again, opened=done.opened
        )
    )
    for count, text in (
        (done.unopened, _("有 {n} 份材料打不开：备份的时候就缺了，或者坏了。")),
        (done.erased_again, _("有 {n} 个案件在备份之后删除过，已再次删除。")),
        (done.requeued, _("有 {n} 个中断的任务回到队列。")),
        (
            done.waiting,
            _("有 {n} 批卡密先不卖：运行 gongdao log replay 补回公开日志，启动后自动恢复出售。"),
        ),
    ):
        if count:
            print(text.format(n=count))


def import_case(
    folder: Folder,
    read_now: Annotated[
        bool, typer.Option("--read-now", help="马上读，不等后台任务。Read at once.")
    ] = False,
    example: Annotated[
        bool, typer.Option("--example", help="标明是示例。Marked as an example.")
    ] = False,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """Bring a case folder onto the server; prints its private link and code."""
    from gongdao.front.settings import Settings

    settings = Settings.read(os.environ)
    with _open_ground(settings, attach=True, may_create=True) as ground:
        _set_up(settings, ground)
        from gongdao.front.server.case_folders import bring_in

        link, code, files = bring_in(root=folder, read_now=read_now, language=lang, example=example)
    address = f"{settings.public_url}/c/{link}/"
    if as_json:
        print_json({"link": address, "code": code, "files": files})
        return
    print(_("已导入 {n} 份材料。").format(n=files))
    print(_("私密链接：{address}").format(address=address))
    print(_("提取码：{code}").format(code=code))
    if not read_now and files:
        print(_("材料由后台任务读取：gongdao serve 或 gongdao worker 运行时就会读。"))


def export_case(
    link: Annotated[str, typer.Argument(metavar="LINK", help="案件的私密链接。Private link.")],
    into: Annotated[Path, typer.Argument(metavar="DIR", help="新文件夹。New folder.")],
    code: Annotated[str, typer.Option("--code", help="提取码。The code of the case.")],
    lang: Lang = "zh",
) -> None:
    """Write a case of the server as a case folder."""
    from gongdao.front.settings import Settings

    settings = Settings.read(os.environ)
    with _open_ground(settings, attach=True, may_create=False) as ground:
        _set_up(settings, ground)
        from gongdao.front.server.case_folders import take_out

        files = take_out(link=link, code=code, into=into)
    print(_("已导出 {n} 份材料到 {folder}。").format(n=files, folder=escape_controls(str(into))))


def _environment(settings: Settings, ground: Ground) -> dict[str, str]:
    return {"GONGDAO_DATA": str(settings.data_dir), "DATABASE_URL": ground.database_url}


def _set_up(settings: Settings, ground: Ground) -> None:
    """Django in this process, its database in this version's form."""
    from gongdao.front.server.django_processes import prepare

    os.environ.update(_environment(settings, ground))
    prepare(ground.database_url)


def _progress() -> Callable[[str, int, int], None] | None:
    """A progress line on the terminal; nothing when errors are piped."""
    if sys.stderr is None or not sys.stderr.isatty():
        return None

    def show(what: str, done: int, all_of: int) -> None:
        sys.stderr.write(f"\r\x1b[K{what} {done + 1} / {all_of}")
        if done + 1 >= all_of:
            sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()

    return show
