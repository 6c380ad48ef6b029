"""``gongdao log witness | audit``: for whoever watches a log, not for whoever runs it.

No database and no Django: a key, a policy file and a folder are all that is needed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gongdao.core.errors import ArgumentError
from gongdao.core.language import gettext as _
from gongdao.front.cli.options import AsJson, Lang, escape_controls, print_json

if TYPE_CHECKING:
    from gongdao.log.audit import AuditReport
    from gongdao_verify.tlog_policy import LogKey, Policy

State = Annotated[
    Path, typer.Option("--state", metavar="DIR", help="记住签过什么的文件夹。What was signed.")
]
PolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE", help="信任文件：日志的公钥。Keys of the logs."),
]
KeyFile = Annotated[
    Path | None, typer.Option("--key", metavar="FILE", help="签名密钥，没有就生成。Signing key.")
]
Name = Annotated[
    str | None,
    typer.Option("--name", help="新密钥的名字，例如 witness.example.org/w1。Name of a new key."),
]
Vkey = Annotated[
    str | None, typer.Option("--log-key", metavar="VKEY", help="日志的公钥。The log's key.")
]


def witness(
    state: State,
    policy: PolicyFile = None,
    log_key: Vkey = None,
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="监听地址。Where to listen.")
    ] = "127.0.0.1:8100",
    key: KeyFile = None,
    name: Name = None,
    show_key: Annotated[
        bool, typer.Option("--show-key", help="只显示公钥。Print the public key and end.")
    ] = False,
    lang: Lang = "zh",
) -> None:
    """Cosign checkpoints of the policy's logs, each only if it continues the one before."""
    from gongdao.log.cosigner_key import open_cosigner_key

    host, port = _read_address(listen)
    logs = {} if show_key else _read_logs(policy, log_key)
    signer = open_cosigner_key(path=key or state / "witness.key", state=state, name=name)
    if show_key:
        print(signer.verifier().text())
        return
    from gongdao.front.log_witness.serve import serve_witness
    from gongdao.front.server.listening import find_address, own_url

    address = find_address(host, port)
    print(_("见证方 {name} 为 {n} 本日志作证。").format(name=signer.name, n=len(logs)))
    vkey = signer.verifier().text()
    print(f"witness {signer.name} {vkey} {own_url(address, port)}", flush=True)
    serve_witness(
        state=state,
        key=signer,
        logs=logs,
        host=address,
        port=port,
    )


def audit(
    place: Annotated[str, typer.Argument(metavar="URL|DIR", help="日志的网址或文件夹。The log.")],
    state: State,
    policy: PolicyFile = None,
    log_key: Vkey = None,
    key: KeyFile = None,
    name: Name = None,
    jobs: Annotated[
        int, typer.Option("--jobs", help="用几个进程检查。Processes to check with.", min=1, max=16)
    ] = 1,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """Read the whole log from nothing, check every leaf, and cosign only then."""
    from contextlib import closing

    from gongdao.front.clock import now
    from gongdao.front.log_moves import LIFE_CYCLES
    from gongdao.log.audit import Auditor, audit_log
    from gongdao.log.audit_source import open_source
    from gongdao.log.cosigner_key import open_cosigner_key

    logs = _read_logs(policy, log_key)
    log = _choose_log(logs, place)
    signer = open_cosigner_key(path=key, state=state, name=name) if key is not None else None
    began = time.monotonic()
    with closing(open_source(place)) as source:
        report = audit_log(
            source=source,
            state=state,
            auditor=Auditor(log, LIFE_CYCLES, signer, jobs),
            at=int(now().timestamp()),
            progress=_progress(),
        )
    seconds = time.monotonic() - began
    vkey = signer.verifier().text() if signer is not None else ""
    if as_json:
        print_json(_as_json(report, seconds, vkey))
    else:
        _say(report, seconds, state, vkey)
    if code := _EXIT_CODES[report.state.value]:
        raise typer.Exit(code)


_EXIT_CODES = {"audited": 0, "bad": 1, "forked": 1, "behind": 2}


def _read_address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ArgumentError(_("要写成 主机:端口 的样子"), field="--listen")
    return host, int(port)


def _read_logs(path: Path | None, vkey: str | None) -> dict[str, LogKey]:
    """The logs of the policy, or the one whose key was given."""
    from gongdao.front.log_policy import read_policy
    from gongdao_verify.signed_note import ED25519, BadNote, VerifierKey
    from gongdao_verify.tlog_policy import LogKey

    if vkey is not None:
        try:
            key = VerifierKey.parse(vkey.strip())
        except BadNote:
            key = None
        if key is None or key.kind != ED25519:
            raise ArgumentError(_("这不是日志的公钥"), field="--log-key")
        return {key.name: LogKey(key)}
    policy: Policy | None = read_policy(path) if path is not None else None
    if policy is None or not policy.logs:
        raise ArgumentError(
            _("要知道日志的公钥，才能判断是不是它签的"),
            field="--policy",
            hint=_("写 --policy 信任文件，或 --log-key 公钥；公钥要从别处拿到，不要问日志自己。"),
        )
    return dict(policy.logs)


def _choose_log(logs: dict[str, LogKey], place: str) -> LogKey:
    """The log whose address is ``place``, or the only one."""
    found = [one for one in logs.values() if one.url.rstrip("/") == place.rstrip("/")]
    if len(logs) == 1:
        found = list(logs.values())
    if len(found) != 1:
        raise ArgumentError(
            _("信任文件里有几本日志，没有一本的网址是 {place}").format(place=place),
            field="--policy",
            hint=_("用 --log-key 写明是哪一本。"),
        )
    return found[0]


def _as_json(report: AuditReport, seconds: float, vkey: str) -> dict[str, Any]:
    found: dict[str, Any] = {"state": report.state.value, "origin": report.origin}
    if report.checkpoint is not None:
        found |= {"size": report.checkpoint.size, "root": report.checkpoint.root.hex()}
    found |= {"checked": report.checked, "seconds": round(seconds, 3)}
    if report.cosignature:
        found |= {"cosignature": report.cosignature, "vkey": vkey}
    if report.fault is not None:
        fault = report.fault
        found["fault"] = {
            "rule": fault.rule,
            "path": fault.path,
            "index": fault.index,
            "subject": fault.subject or None,
            "detail": fault.detail,
        }
    if report.notes:
        found["notes"] = list(report.notes)
    return found


def _say(report: AuditReport, seconds: float, state: Path, vkey: str) -> None:
    from gongdao.front.cli.view_audit import view_audit

    for line in view_audit(report, seconds=seconds, state=state, vkey=vkey):
        print(escape_controls(line))


def _progress() -> Callable[[str, int, int], None]:
    """A progress line on the terminal, at most ten times a second; nothing when piped."""
    if sys.stderr is None or not sys.stderr.isatty():
        return lambda what, done, total: None
    words = {"leaves": _("检查记录"), "subjects": _("核对前后关系")}
    last = [0.0]

    def show(what: str, done: int, total: int) -> None:
        if time.monotonic() - last[0] < 0.1 and done < total:
            return
        last[0] = time.monotonic()
        share = f"{words[what]} {done:,} / {total:,}" if done < total else ""
        sys.stderr.write(f"\r\x1b[K{share}")
        sys.stderr.flush()

    return show
