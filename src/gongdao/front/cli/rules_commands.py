"""``gongdao rules …``: show, at, check, digest."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any

import typer

from gongdao.core.errors import ArgumentError
from gongdao.core.language import gettext as _
from gongdao.front.cli.options import AsJson, Lang, print_json

rules_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@rules_app.command("show", help="看一条规则的全部版本；不写编号则列出全部。Show an entry.")
def show(
    id: Annotated[str, typer.Argument(metavar="[ID]")] = "",
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """Print every version of an entry, or list all entries."""
    from gongdao.rules.check import list_rules, show_rule

    if not id:
        rows = list_rules()
        if as_json:
            print_json(list(rows))
            return
        for row in rows:
            print("  ".join(str(row[key]) for key in row))
        return
    versions = show_rule(id)
    if as_json:
        print_json(list(versions))
        return
    for version in versions:
        _print_entry(version)


@rules_app.command("at", help="某一天有效的版本。The version in force on a day.")
def at(
    id: Annotated[str, typer.Argument(metavar="ID")],
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="2026-11-20")],
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """Print the version of ID that was in force on a day."""
    from gongdao.rules.check import show_at

    try:
        day = date.fromisoformat(on)
    except ValueError:
        raise ArgumentError(
            _("“{text}”不是日期").format(text=on), field="--on", hint=_("请写成 2026-11-20。")
        ) from None
    entry = show_at(id, on=day)
    if as_json:
        print_json(entry)
    else:
        _print_entry(entry)


def _print_entry(entry: dict[str, Any]) -> None:
    for key, value in entry.items():
        if value in (None, "", [], ()):
            continue
        parts = value if isinstance(value, list) and isinstance(value[0], dict) else None
        print(f"{key:16} {'' if parts else value}".rstrip())
        for part in parts or ():
            print(f"  - {json.dumps(_slim(part), ensure_ascii=False)}")
    print()


def _slim(value: Any) -> Any:
    """``value`` without what is empty, so that a table can be read a row a line."""
    if isinstance(value, dict):
        empty: tuple[Any, ...] = (None, "", [], False, 0)
        return {key: _slim(one) for key, one in value.items() if one not in empty}
    return [_slim(one) for one in value] if isinstance(value, list) else value


@rules_app.command("check", help="检查全部规则数据。Judge the data as a whole.")
def check(as_json: AsJson = False, lang: Lang = "zh") -> None:
    """References, sources, languages, that no published version changed, and that the tables by
    which disputes are decided have neither gap nor overlap; exit 1 if not."""
    from gongdao.disputes.check_tables import check_tables
    from gongdao.rules.check import check_rules

    checked = check_rules()
    findings = [*(str(finding) for finding in checked.findings), *check_tables()]
    if as_json:
        print_json(
            {
                "entries": checked.entries,
                "digest": checked.digest,
                "findings": findings,
                "unlocked": [str(one) for one in checked.unlocked],
            }
        )
    else:
        for finding in findings:
            print(finding)
        if not findings:
            print(_("{count} 条，没有问题。").format(count=checked.entries))
        print(f"digest {checked.digest}")
    if findings:
        raise typer.Exit(1)


@rules_app.command("digest", help="全部规则的摘要。One digest over all.")
def digest(as_json: AsJson = False, lang: Lang = "zh") -> None:
    """Print one SHA-256 over every version of every entry."""
    from gongdao.rules.check import digest_rules

    if as_json:
        print_json({"digest": digest_rules()})
        return
    print(digest_rules())
