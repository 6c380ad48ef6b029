"""``gongdao log key | rotate-key``: the log's public key, and changing it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.front.cli.options import AsJson, Lang, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gongdao.front.server.backup import Ground
    from gongdao.front.settings import Settings
    from gongdao.log.log_key import LogKey
    from gongdao.log.signers import Signer

_PATIENCE_S = 20.0
_PAUSE_S = 0.2
AsPolicy = Annotated[
    bool, typer.Option("--policy", help="写成信任文件里的几行。As lines of a policy.")
]
Prepare = Annotated[
    bool,
    typer.Option("--prepare", help="只生成新密钥、显示公钥，先不换。Only make it and show it."),
]


def key_of_log(policy: AsPolicy = False, as_json: AsJson = False, lang: Lang = "zh") -> None:
    """Print the log's public key as a "vkey", or all its keys as lines of a policy; secret halves
    are never shown."""
    from gongdao.front.log_place import open_log_key
    from gongdao.front.settings import Settings

    settings = Settings.read(os.environ)
    key, url = open_log_key(settings), _address(settings)
    if policy:
        print(_policy_text(settings, key), end="")
    elif as_json:
        print_json({"origin": key.origin, "vkey": key.verifier.text(), "url": url})
    else:
        print(key.verifier.text())


def rotate_key(prepare: Prepare = False, as_json: AsJson = False, lang: Lang = "zh") -> None:
    """Change the log's signing key; beside a running server, or before its next start."""
    from gongdao.front.log_place import open_log_key
    from gongdao.front.settings import Settings
    from gongdao.log.log_key import create_key_file, next_key_path

    settings = Settings.read(os.environ)
    if settings.log_key:
        raise InputError(
            _("签名密钥来自环境变量，这里换不了。"),
            field="GONGDAO_LOG_KEY",
            hint=_("把它写进数据文件夹的 log.key（权限 600），去掉这个变量，再换。"),
        )
    key = open_log_key(settings)
    if key.next is None:
        create_key_file(next_key_path(settings.log_key_file), key.origin)
        key = open_log_key(settings)
    new = key.next
    if new is None:
        raise AssertionError("the next key was just made")
    if prepare:
        _say_prepared(key, new, as_json)
        return
    with _ready_ground(settings) as ground:
        done = _announce(settings, ground, new)
    vkey = new.verifier.text()
    if as_json:
        since = done[-1].since if done else None
        print_json(
            {"origin": key.origin, "vkey": vkey, "since": since, "policy": _lines(settings, done)}
        )
    elif done:
        print(_("从第 {size} 条之后，检查点用新密钥签名。").format(size=done[-1].since))
        print(_("旧的检查点和回执仍然有效。请把这几行发给见证方、审计方和信任您的人："))
        print(_lines(settings, done), end="")
    else:
        print(_("新公钥：{vkey}").format(vkey=vkey))
        print(
            _(
                "日志没有在运行，或者停着：换密钥的那条记录已经排队，日志一运行就换。"
                "见 gongdao log status。"
            )
        )


def _say_prepared(key: LogKey, new: LogKey, as_json: bool) -> None:
    if as_json:
        found = {"origin": key.origin, "vkey": new.verifier.text(), "since": None, "policy": ""}
        print_json(found)
        return
    print(_("新密钥生成了，还没有换。新公钥："))
    print(new.verifier.text())
    print(_("现在就可以发给见证方和审计方；再运行一次，不带 --prepare，才换。"))


@contextmanager
def _ready_ground(settings: Settings) -> Iterator[Ground]:
    from gongdao.front.cli.backup_commands import _open_ground, _set_up

    with _open_ground(settings, attach=True, may_create=False) as ground:
        _set_up(settings, ground)
        yield ground


def _announce(settings: Settings, ground: Ground, new: LogKey) -> tuple[Signer, ...]:
    """Announce ``new`` and wait until the log names it and the file has moved; the log's keys then,
    empty where nobody sequences."""
    import time

    from gongdao.front.clock import now
    from gongdao.front.stores import get_stores
    from gongdao.log.log_key import next_key_path
    from gongdao.log.reader import run_query
    from gongdao.log.rotate_key import announce_key
    from gongdao.log.signers import read_signers
    from gongdao.log.wait_covered import wait_covered

    leaf_hash = announce_key(stores=get_stores(), key=new, at=now())
    give_up = time.monotonic() + _PATIENCE_S
    if wait_covered(leaf_hash, _PATIENCE_S) is None:
        return ()
    while next_key_path(settings.log_key_file).exists() and time.monotonic() < give_up:
        time.sleep(_PAUSE_S)
    return read_signers(run_query)


def _policy_text(settings: Settings, key: LogKey) -> str:
    from gongdao.front.server.database import Database
    from gongdao.log.integrate import connect, query_over
    from gongdao.log.signers import Signer, read_signers

    database = Database(
        data_dir=settings.data_dir, url=settings.database_url, attach=True, say=lambda _text: None
    )
    with database, connect(database.url) as connection:
        signers = read_signers(query_over(connection))
    return _lines(settings, signers or (Signer(0, key.verifier),))


def _lines(settings: Settings, signers: tuple[Signer, ...]) -> str:
    from gongdao.log.signers import policy_lines

    return policy_lines(signers, _address(settings))


def _address(settings: Settings) -> str:
    return f"{settings.public_url}/log"
