"""A case as somebody with a share link sees it: made from the masked report alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gongdao.casework.online.share_case import Shows
from gongdao.casework.online.shared_report import shared_report
from gongdao.casework.words import PARTY_NAMES
from gongdao.core.codes import Party
from gongdao.core.language import gettext as _
from gongdao.core.language import mark, translated
from gongdao.evidence.kept.keep_preview import WITH_PICTURE
from gongdao.front.web.report import SeenCase
from gongdao.front.web.templatetags.values import money

_OTHERS = {"buyer": mark("买家"), "system": mark("系统")}
MOST_EVENTS = 300


def shared_context(seen: SeenCase, shows: Shows) -> dict[str, Any]:
    """What the pages of a share link are made from; nothing unmasked is in it but pictures, and
    those only where the link shows them."""
    told = {**seen.report, "letters": seen.letters} if shows.letters else seen.report
    report = shared_report(told, seen.assembled.statement, letters=shows.letters)
    return {
        "report": report,
        "shows": shows,
        "as_of": seen.as_of,
        "unread": seen.assembled.unread,
        "facts": _facts(report["case"]),
        "events": _events(report),
        "more_events": max(0, len(report["timeline"]) - MOST_EVENTS),
        "evidence": _evidence(report, seen, files=shows.files),
        "letters": list(report.get("letters", {}).values()),
    }


def _facts(case: Mapping[str, Any]) -> list[dict[str, str]]:
    named = (
        (_("平台"), case["platform"]),
        (_("商家"), case["merchant"]),
        (_("商品"), case["product"]),
        (_("订单号"), case["order_no"]),
        (_("实付"), money(case["paid"], case["currency"])),
        (_("问题"), _("、").join(case["reasons"])),
        (_("诉求"), case["demand"]),
    )
    return [{"name": name, "value": value} for name, value in named if value]


def _events(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    number = {row["exhibit"]: row["no"] for row in report["evidence_list"]}
    return [
        {
            "at": event["at"],
            "who": _who(event["who"]),
            "what": event["what"],
            "no": number.get(event["exhibit"]),
            "href": f"#exhibit-{number[event['exhibit']]}" if event["exhibit"] in number else "",
        }
        for event in report["timeline"][:MOST_EVENTS]
    ]


def _who(code: str) -> str:
    if code in _OTHERS:
        return translated(_OTHERS[code])
    return translated(PARTY_NAMES[Party(code)]) if code in set(Party) else code


def _evidence(report: Mapping[str, Any], seen: SeenCase, *, files: bool) -> list[dict[str, Any]]:
    """The numbered list with sizes and digests; with the files also where their pictures are."""
    by_path = {file.facts.path: file for file in seen.assembled.files}
    exhibits = seen.report["exhibits"]
    rows = []
    for row in report["evidence_list"]:
        file = by_path.get(row["exhibit"])
        kind = str(exhibits.get(row["exhibit"], {}).get("media_type", ""))
        looks = files and file is not None and kind.startswith(WITH_PICTURE)
        rows.append(
            {
                **row,
                "sha256": file.facts.digests.sha256 if file else "",
                "size": file.row.size if file else None,
                "picture": file.row.id if looks and file else None,
            }
        )
    return rows
