"""``gongdao keys new | rewrap | check | backup``: the master keys of this server."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.front.cli.open_server import open_server
from gongdao.front.cli.options import AsJson, Lang, escape_controls, print_json

if TYPE_CHECKING:
    from gongdao.core.envelope import MasterKeys

keys_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
KeyCopy = Annotated[
    Path | None,
    typer.Argument(metavar="[FILE]", help="gongdao keys backup 写的文件。A copy of the keys."),
]
NewFile = Annotated[Path, typer.Argument(metavar="FILE", help="新文件。A new file.")]


@keys_app.command("new", help="新主密钥放到最前面，旧的留在后面。A new master key in front.")
def new(as_json: AsJson = False, lang: Lang = "zh") -> None:
    """Put a new master key before those there are; nothing is wrapped under it before a restart."""
    from gongdao.core.envelope import new_master_key
    from gongdao.core.key_service import CommandKeyService
    from gongdao.core.service_keys import new_service_key
    from gongdao.front.server.private_files import write_private
    from gongdao.front.settings import Settings
    from gongdao.front.stores import forget_masters, get_masters

    settings = Settings.read(os.environ)
    if settings.master_key:
        raise InputError(
            _("主密钥来自环境变量，这里改不了。"),
            field="GONGDAO_MASTER_KEY",
            hint=_("把新密钥（openssl rand -base64 32）写在最前面，用逗号和旧的隔开。"),
        )
    before = get_masters(settings, may_create=False)
    if settings.kms_command:
        path, line = settings.kms_file, new_service_key(CommandKeyService(settings.kms_command))
    else:
        path, line = settings.key_file, new_master_key()
    write_private(path, f"{line}\n{path.read_text('utf-8')}")
    forget_masters()
    ids = get_masters(settings, may_create=False).ids
    if ids[1:] != before.ids:
        raise InputError(_("密钥文件在这时被别人改了，请看一下它。"), file=str(path))
    if as_json:
        print_json({"master_keys": list(ids), "file": str(path)})
        return
    print(_("新主密钥 {id} 已在最前面：{file}").format(id=ids[0], file=escape_controls(str(path))))
    print(_("接着：1. 重启 gongdao；2. 运行 gongdao keys rewrap；3. 再备份一次密钥和数据。"))


@keys_app.command("rewrap", help="全部改由最前面的主密钥保管。Everything under the newest key.")
def rewrap(as_json: AsJson = False, lang: Lang = "zh") -> None:
    """Wrap every key anew under the current master key; run again after it was stopped. Servers
    must have been restarted since the new key: an old process could not open what it finds."""
    from dataclasses import asdict

    with open_server(may_create=False) as settings:
        from gongdao.front.server.rewrap_all import check_restarted, rewrap_all
        from gongdao.front.stores import get_stores

        stores = get_stores()
        check_restarted(settings)
        done = rewrap_all(stores=stores)
    if as_json:
        print_json({"master_key": stores.masters.ids[0], **asdict(done)})
        return
    print(
        _(
            "改由主密钥 {id} 保管：数据密钥 {n} 把，指纹密钥 {f} 把，"
            "日志的盐 {o} 条，案件提取码 {c} 个。"
        ).format(
            id=stores.masters.ids[0],
            n=done.data_keys,
            f=done.fingerprint_keys,
            o=done.openings,
            c=done.case_codes,
        )
    )
    print(_("旧主密钥还要留到用它的备份都过期；之后可以从最后面删掉。"))


@keys_app.command("check", help="主密钥能不能打开全部数据。Whether the keys open everything.")
def check(copy: KeyCopy = None, as_json: AsJson = False, lang: Lang = "zh") -> None:
    """Open every wrapped key with the master keys at hand, or with those in FILE; exit 1 where one
    does not open."""
    from dataclasses import asdict

    with open_server(may_create=False) as settings:
        from gongdao.front.server.rewrap_all import check_keys
        from gongdao.front.stores import get_masters

        masters = get_masters(settings) if copy is None else _read_copy(copy)
        seen = check_keys(masters=masters)
    if as_json:
        print_json({"master_keys": list(masters.ids), **asdict(seen)})
    else:
        for key_id in masters.ids:
            print(
                _("主密钥 {id}：{n} 把密钥，{o} 条日志的盐").format(
                    id=key_id, n=seen.wrapped.get(key_id, 0), o=seen.openings.get(key_id, 0)
                )
            )
        if seen.unopened:
            print(_("有 {n} 样打不开：缺一把主密钥，或者数据坏了。").format(n=seen.unopened))
        else:
            print(_("全部打得开。"))
    if seen.unopened:
        raise typer.Exit(1)


@keys_app.command("backup", help="把主密钥抄到一个文件，另外保管。Copy the keys for safe-keeping.")
def backup(target: NewFile, as_json: AsJson = False, lang: Lang = "zh") -> None:
    """Write the master keys, in the clear, to a new file that only its owner reads."""
    from gongdao.core.envelope import create_private
    from gongdao.core.os_errors import os_reason
    from gongdao.front.settings import Settings
    from gongdao.front.stores import get_masters

    masters = get_masters(Settings.read(os.environ), may_create=False)
    lines = ["# Gongdao master keys 公道主密钥", f"# {' '.join(masters.ids)}"]
    lines += [base64.b64encode(key).decode() for key in masters.keys]
    if target.exists():
        raise InputError(_("已经有这个文件，没有改动。"), file=str(target))
    try:
        create_private(target.absolute(), "\n".join(lines) + "\n")
    except OSError as error:
        raise InputError(os_reason(error), file=str(target)) from error
    if _read_copy(target) != masters:
        raise InputError(_("写好以后读不回来。"), file=str(target))
    if as_json:
        print_json({"master_keys": list(masters.ids), "file": str(target)})
        return
    print(_("主密钥抄好了：{file}").format(file=escape_controls(str(target))))
    print(_("拿到它和数据库的人什么都能读：请离线保管，不要和备份放在一起。"))
    print(_("以后用 gongdao keys check {file} 核对。").format(file=escape_controls(str(target))))


def _read_copy(path: Path) -> MasterKeys:
    from gongdao.core.envelope import load_master_keys

    return load_master_keys(path, None, may_create=False)
