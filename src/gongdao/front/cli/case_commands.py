"""``gongdao case …``: start, new, add, check, route, letters, seal, correct."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gongdao.core.codes import Kind, Stage
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.front.cli.options import (
    AsJson,
    AsOf,
    Folder,
    Lang,
    NoCache,
    Password,
    escape_controls,
    for_terminal,
    print_json,
    read_as_of,
    show_progress,
)

if TYPE_CHECKING:
    from gongdao.casework.add import Added
    from gongdao.casework.check import CheckedCase
    from gongdao.casework.log_seal import LogSeal

case_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def _check(folder: Path, as_of: str | None, password: str | None, no_cache: bool) -> CheckedCase:
    from gongdao.casework.check import check_case

    return check_case(
        root=folder,
        as_of=read_as_of(as_of),
        password=password,
        use_cache=not no_cache,
        progress=show_progress(),
    )


@case_app.command("start", help="用几张截图开始：整理、预填、告诉你下一步。Start from a few files.")
def start(
    files: Annotated[list[Path], typer.Argument(metavar="FILES…", help="截图、聊天、账单。Files.")],
    into: Annotated[
        Path | None, typer.Option("--into", metavar="DIR", help="新文件夹。New folder.")
    ] = None,
    as_of: AsOf = None,
    password: Password = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """Copy the files into a new case folder, pre-fill case.toml, check, say the next step."""
    from gongdao.casework.check import cache_for, check_case
    from gongdao.casework.report import report_case
    from gongdao.casework.start import start_case
    from gongdao.front.cli.view_report import print_next_step

    at = read_as_of(as_of)
    root = into or Path(f"gongdao-{at:%Y%m%d-%H%M%S}")
    start_case(
        files=files,
        into=root,
        as_of=at,
        password=password,
        cache_for=cache_for,
        progress=show_progress(),
    )
    case = check_case(root=root, as_of=at, password=password)
    report = report_case(case.judgement, notes=case.notes)
    if as_json:
        print_json({"folder": str(root), "report": report})
        return
    print_next_step(root, for_terminal(report))


@case_app.command("new", help="新建空的案件文件夹，下单之前也可以。New empty case folder.")
def new(folder: Folder, as_json: AsJson = False, lang: Lang = "zh") -> None:
    """Make an empty case folder; it can be begun before buying."""
    from gongdao.casework.add import new_case
    from gongdao.front.cli.view_report import print_before_buying

    new_case(folder)
    if as_json:
        print_json({"folder": str(folder)})
        return
    print_before_buying(folder)


@case_app.command("add", help="把文件加进案件。Add files to a case.")
def add(
    folder: Folder,
    files: Annotated[list[Path], typer.Argument(metavar="FILES…")],
    stage: Annotated[Stage | None, typer.Option("--stage", help="before | during | after")] = None,
    kind: Annotated[Kind | None, typer.Option("--kind", help="这是什么。What it is.")] = None,
    password: Password = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """Copy files into the stage that their content or --stage says."""
    from gongdao.casework.add import add_file
    from gongdao.casework.check import cache_for
    from gongdao.casework.folder import load_case_folder
    from gongdao.core.errors import InputError
    from gongdao.evidence.read_exhibit import Reader

    statement = load_case_folder(folder).statement
    for source in files:
        if not source.is_file():
            raise InputError(_("没有这个文件"), file=str(source))
    reader = Reader(statement, cache_for(folder), password)
    added = [
        (source, add_file(root=folder, source=source, reader=reader, stage=stage, kind=kind))
        for source in files
    ]
    if as_json:
        rows = [{"source": str(source), **asdict(one)} for source, one in added]
        print_json({"folder": str(folder), "added": rows})
        return
    for source, one in added:
        print(escape_controls(_say_added(source, one)))


def _say_added(source: Path, added: Added) -> str:
    from gongdao.casework.words import KIND_NAMES

    if added.already:
        return _("{name} 已经在里面了（{path}），没有重复添加。").format(
            name=source.name, path=added.path
        )
    return _("已加入 {path}（{kind}）。").format(
        path=added.path, kind=translated(KIND_NAMES[added.kind])
    )


@case_app.command("check", help="检查证据是否闭环，给出下一步。Check the evidence.")
def check(
    folder: Folder,
    beside: Annotated[
        list[Path] | None,
        typer.Option(
            "--beside", metavar="DIR", help="与其他案件比对，可重复。Compare with others."
        ),
    ] = None,
    as_of: AsOf = None,
    password: Password = None,
    no_cache: NoCache = False,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """Read everything and answer: what is proven, what is missing, where to go now."""
    report = _report(folder, as_of, password, no_cache, beside or [])
    if as_json:
        print_json(report)
        return
    from gongdao.front.cli.view_report import print_report

    print_report(for_terminal(report))


def _report(
    folder: Path, as_of: str | None, password: str | None, no_cache: bool, beside: list[Path]
) -> dict[str, Any]:
    from gongdao.casework.beside import compare_beside
    from gongdao.casework.check import judge_case
    from gongdao.casework.report import report_case

    case = _check(folder, as_of, password, no_cache)
    if not beside:
        return report_case(case.judgement, notes=case.notes)
    paths = list(dict.fromkeys(p.resolve() for p in beside if p.resolve() != folder.resolve()))
    names = [path.name for path in paths]
    others = [
        (
            path.name if names.count(path.name) == 1 else str(path),
            _check(path, as_of, password, no_cache).judgement.dossier,
        )
        for path in paths
    ]
    group = compare_beside(case.judgement.dossier, others)
    judged = judge_case(case.judgement.dossier, group=any(group.values()))
    return report_case(judged, notes=case.notes, group=group)


@case_app.command("route", help="现在能去哪里，期限怎么数。Channels and clocks.")
def route(
    folder: Folder,
    as_of: AsOf = None,
    password: Password = None,
    no_cache: NoCache = False,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """Show each channel as open, later, spent or barred, with its clock and how it was counted."""
    report = _report(folder, as_of, password, no_cache, [])
    if as_json:
        keys = ("as_of", "channels", "recommended", "next_steps", "disclaimer")
        print_json({key: report[key] for key in keys})
        return
    from gongdao.front.cli.view_report import print_routes

    print_routes(for_terminal(report))


@case_app.command("letters", help="写好各渠道的书面材料（不会提交）。Write the letters.")
def letters(
    folder: Folder,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="写成文件。Write as files.")
    ] = None,
    as_of: AsOf = None,
    password: Password = None,
    no_cache: NoCache = False,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """Write the letters of all open channels, within their limits; nothing is filed."""
    from gongdao.front.cli.view_letters import (
        print_letter_files,
        print_letters,
        write_letter_files,
    )

    report = _report(folder, as_of, password, no_cache, [])
    written = write_letter_files(report, out) if out else ()
    if as_json:
        keys = ("as_of", "letters", "tone_flags", "disclaimer")
        files = {"files": [str(path) for path in written]} if out else {}
        print_json({**{key: report[key] for key in keys}, **files})
    elif out:
        print_letter_files(for_terminal(report), out)
    else:
        print_letters(for_terminal(report))


@case_app.command("seal", help="封存成一份任何人都能验证的卷宗。Seal the case file.")
def seal(
    folder: Folder,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.zip", help="卷宗。Case file.")],
    tsa: Annotated[
        str | None,
        typer.Option("--tsa", metavar="ADDRESS", help="可信时间戳服务。RFC 3161 service."),
    ] = None,
    tsa_roots: Annotated[
        list[Path] | None,
        typer.Option("--tsa-roots", metavar="PEM", help="时间戳的可信根。Pinned roots."),
    ] = None,
    log: Annotated[
        str | None,
        typer.Option("--log", metavar="ADDRESS", help="把摘要记进公开日志。Public log."),
    ] = None,
    log_key: Annotated[
        str | None, typer.Option("--log-key", metavar="VKEY", help="日志的公钥。Its public key.")
    ] = None,
    log_policy: Annotated[
        Path | None,
        typer.Option("--log-policy", metavar="FILE", help="信任的日志与见证方。Whom to trust."),
    ] = None,
    unanchored_ok: Annotated[
        bool,
        typer.Option("--unanchored-ok", help="时间戳或日志失败也封存。Seal even if they fail."),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="覆盖已有文件。Replace an existing file.")
    ] = False,
    as_of: AsOf = None,
    password: Password = None,
    no_cache: NoCache = False,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """Make one zip with originals, report, timeline, evidence list, letters and index PDF."""
    from gongdao.casework.report import report_case
    from gongdao.casework.seal import seal_case
    from gongdao.front.cli.view_letters import print_sealed

    at, logger = read_as_of(as_of), _log_seal(log, log_key, log_policy)
    case = _check(folder, at.isoformat(), password, no_cache)
    sealed = seal_case(
        folder=folder,
        report=report_case(case.judgement, notes=case.notes),
        as_of=at,
        out=out,
        tsa_url=tsa,
        tsa_roots=tsa_roots,
        overwrite=overwrite,
        log=logger,
        unanchored_ok=unanchored_ok,
    )
    print_sealed(sealed, as_json)


def _log_seal(url: str | None, key: str | None, policy: Path | None) -> LogSeal | None:
    """What writes the seal into the log at ``url``; the options are checked before any work."""
    from functools import partial

    from gongdao.casework.log_seal import check_log_url, log_seal, trusted_policy
    from gongdao.core.errors import ArgumentError

    if url is None:
        if key is not None or policy is not None:
            raise ArgumentError(_("--log-key 和 --log-policy 要和 --log 一起用"))
        return None
    check_log_url(url)
    return partial(log_seal, url=url, policy=trusted_policy(key=key, policy=policy))


@case_app.command("correct", help="更正一个识别错的值。Put a reading right.")
def correct(
    folder: Folder,
    file: Annotated[str, typer.Argument(metavar="FILE", help="如 during/receipt.png")],
    field: Annotated[str, typer.Argument(metavar="FIELD", help="如 amount")],
    value: Annotated[str, typer.Argument(metavar="VALUE")],
    as_of: AsOf = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """Write a correction beside a reading; the reading itself stays on record."""
    from gongdao.casework.correct import correct_field

    before = correct_field(root=folder, file=file, field=field, value=value, at=read_as_of(as_of))
    if as_json:
        print_json({"file": file, "field": field, "value": value, "before": before})
        return
    said = [_("已更正 {file} 的 {field}：{value}").format(file=file, field=field, value=value)]
    if before is not None:
        said.append(_("原来的更正是 {before}。").format(before=before))
    print(escape_controls("\n".join(said)))
