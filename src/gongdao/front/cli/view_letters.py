"""Show letters and sealed case files, and write letters as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gongdao.core.language import gettext as _
from gongdao.core.language import language
from gongdao.front.cli.options import escape_controls, print_json
from gongdao.front.cli.say import say

if TYPE_CHECKING:
    from gongdao.casework.log_seal import Logged
    from gongdao.casework.seal import Sealed


def print_letters(report: dict[str, Any]) -> None:
    """Every letter, one after another."""
    for name, letter in report["letters"].items():
        public = f"（{_('公开')}）" if letter["public"] else ""
        say(f"\n━━ {letter['title']} · {name}{public}\n{_('收件人')}：{letter['to']}\n")
        print(letter["text"])
        for field in letter["fields"]:
            limit = f"（{len(field['value'])}/{field['limit']}）" if field["limit"] else ""
            say(f"  [{field['name']}]{limit} {field['value']}")
    _print_tail(report)


def write_letter_files(report: dict[str, Any], out: Path) -> tuple[Path, ...]:
    """Each letter as text and DOCX under ``out``, each file whole; the paths written."""
    from gongdao.casework.letter_docx import letter_docx
    from gongdao.casework.write_whole import write_whole
    from gongdao.core.clock import parse_iso

    out.mkdir(parents=True, exist_ok=True)
    written = []
    for name, letter in report["letters"].items():
        text, docx = out / f"{name}.txt", out / f"{name}.docx"
        at = parse_iso(report["as_of"])
        data = letter_docx(title=letter["title"], text=letter["text"], as_of=at)
        write_whole(text, f"{letter['title']}\n\n{letter['text']}\n")
        write_whole(docx, data)
        written += [text, docx]
    return tuple(written)


def print_letter_files(report: dict[str, Any], out: Path) -> None:
    """What was written, one line a letter."""
    for name, letter in report["letters"].items():
        size = _("{count} 字").format(count=len(letter["text"]))
        say(f"{out / name}.txt  {letter['title']}（{size}）")
    _print_tail(report)


def _print_tail(report: dict[str, Any]) -> None:
    if not report["letters"]:
        say(_("现在没有可写的函件：看 gongdao case check 的提示。"))
    say(f"\n{_('没有提交任何东西；请自己核对后提交。')}")


def print_sealed(sealed: Sealed, as_json: bool) -> None:
    """Where the case file lies, its hashes, and whether it is time-stamped."""
    if as_json:
        print_json(
            {
                "path": str(sealed.path),
                "manifest_sha256": sealed.manifest_sha256,
                "seal_sha256": sealed.seal_sha256,
                "files": len(sealed.files),
                "anchored": sealed.timestamp is not None,
                "timestamp_problem": sealed.timestamp_problem,
                "log": _log_json(sealed.logged),
                "log_problem": sealed.log_problem,
            }
        )
        return
    say(_("卷宗：{path}（{count} 个文件）").format(path=sealed.path, count=len(sealed.files)))
    say(_("清单 SHA-256：{digest}").format(digest=sealed.manifest_sha256))
    if sealed.timestamp is None:
        say(_("没有可信时间戳：别人无法排除它是后来重新封存的。加 --tsa 地址 可以盖时间戳。"))
        if sealed.timestamp_problem:
            say(f"! {sealed.timestamp_problem}")
    else:
        say(_("已盖时间戳。"))
    _print_logged(sealed)
    say(_("任何人都可以用 gongdao-verify {path} 离线验证。").format(path=sealed.path))


def _log_json(logged: Logged | None) -> dict[str, Any] | None:
    if logged is None:
        return None
    verdict = logged.verdict
    return {
        "origin": verdict.origin,
        "index": verdict.index,
        "size": verdict.size,
        "leaf_hash": verdict.leaf_hash.hex(),
        "state": verdict.state.value,
        "vkey": logged.vkey or None,
        "key_named": logged.key_named,
    }


def _print_logged(sealed: Sealed) -> None:
    """Where it stands in the public log, and what that is worth."""
    from gongdao_verify.show_log import log_sentences

    if sealed.log_problem:
        say(f"! {sealed.log_problem}")
    if sealed.logged is None:
        return
    verdict = sealed.logged.verdict
    origin = escape_controls(verdict.origin)
    say(_("已记入日志 {log}：第 {n} 条。").format(log=origin, n=verdict.index))
    say(str(log_sentences(verdict, language())["state"]))
    if not sealed.logged.key_named:
        say(_("日志的公钥是它自己给的。请另外核对，下次用 --log-key 写明："))
        print(f"  {escape_controls(sealed.logged.vkey)}")
