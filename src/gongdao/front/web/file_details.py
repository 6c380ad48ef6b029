"""One file of a case as its page shows it: picture beside fields, messages, rows, signs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from gongdao.casework.online.files import CaseFileRow
from gongdao.casework.online.mend_reading import can_be_corrected
from gongdao.core.codes import Condition, Speaker
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.evidence.dossier import SaidLine
from gongdao.evidence.kept.keep_preview import MOST_PREVIEWS, WITH_PICTURE, View
from gongdao.evidence.preview_picture import Preview
from gongdao.evidence.reading import Exhibit, Field, TextLine
from gongdao.front.web.fact_words import (
    CONDITION_NAMES,
    LABEL_NAMES,
    SPEAKER_NAMES,
    TIME_BASES,
    name_reading,
)

MOST_MESSAGES = 300
MOST_ROWS = 100
MOST_SENDERS = 100
FIRST_SENDERS = 8
"""More names than these are folded away: few of a large group matter."""
MOST_LINES = 200
_SURE = 0.8


@dataclass(frozen=True)
class ShownField:
    """One value read: ``read`` what the machine saw where the buyer corrected it; ``picture`` the
    place in the picture for ``parts/picture_region.html``."""

    field: str
    name: str
    value: str
    read: str | None
    corrected: bool
    unsure: bool
    where: str
    picture: dict[str, Any] | None


def views_of(exhibit: Exhibit) -> list[View]:
    """The pages and frames of a file from which something was read, first of all its beginning:
    what there are pictures of."""
    if not exhibit.media_type.startswith(WITH_PICTURE):
        return []
    places = {(1, 0): None}
    seen: list[Field | TextLine] = [*exhibit.fields.values(), *exhibit.lines]
    for one in seen:
        if one.page is not None or one.frame_ms is not None:
            places.setdefault((one.page or 1, one.frame_ms or 0))
    kept = list(places)[:MOST_PREVIEWS]
    return [View(number, page, frame) for number, (page, frame) in enumerate(kept)]


def fields_of(
    exhibit: Exhibit,
    reading: Mapping[str, Any],
    views: list[View],
    previews: Mapping[int, Preview],
    href: str,
) -> list[ShownField]:
    """The fields of an exhibit, those with the surest reading as they were read."""
    return [
        ShownField(
            field=name,
            name=name_reading(name),
            value=value.value,
            read=reading[name].get("read"),
            corrected=value.basis.value == "correction",
            unsure=value.confidence < _SURE,
            where=_where(value),
            picture=_picture(value, views, previews, href),
        )
        for name, value in exhibit.fields.items()
        if name != "to_person" and can_be_corrected(name)
    ]


def _where(value: Any) -> str:
    if value.page is not None:
        return _("第 {n} 页").format(n=value.page)
    if value.frame_ms is not None:
        return _("第 {n} 秒").format(n=value.frame_ms // 1000)
    if value.line is not None:
        return _("第 {n} 行").format(n=value.line)
    return ""


def _picture(
    value: Any, views: list[View], previews: Mapping[int, Preview], href: str
) -> dict[str, Any] | None:
    if value.box is None:
        return None
    place = value.page or 1, value.frame_ms or 0
    view = next((v for v in views if (v.page, v.frame_ms) == place), None)
    preview = previews.get(view.number) if view else None
    if view is None or preview is None or not preview.webp:
        return None
    return {
        "src": f"{href}?view={view.number}",
        "width": preview.width,
        "height": preview.height,
        "box": list(value.box),
        "href": f"{href}?view={view.number}",
    }


def messages_of(exhibit: Exhibit, said: Sequence[SaidLine]) -> list[dict[str, Any]]:
    """The messages of a chat or ticket with who speaks and what each amounts to; ``said`` are the
    labelled lines of the case."""
    labels = {id(line.message): line.labels for line in said if line.exhibit == exhibit.path}
    return [
        {
            "speaker": translated(SPEAKER_NAMES[m.speaker]) if m.speaker else _("不清楚是谁"),
            "sender": m.sender,
            "mine": m.speaker is Speaker.BUYER,
            "text": m.text,
            "labels": [
                translated(LABEL_NAMES[label])
                for label in sorted(labels.get(id(m), ()))
                if label in LABEL_NAMES
            ],
            "at": m.at,
            "inferred": m.at is not None and not m.at_given,
        }
        for m in exhibit.messages[:MOST_MESSAGES]
    ]


def senders_of(exhibit: Exhibit, told: Mapping[str, Speaker]) -> list[tuple[str, str]]:
    """The names in a chat, those who said most first, each with who it is taken for (a code, empty
    where unknown), by what the buyer said or what was read."""
    found: dict[str, str] = {}
    said = Counter[str]()
    for message in exhibit.messages:
        if message.sender and message.speaker is not Speaker.SYSTEM:
            speaker = told.get(message.sender, message.speaker)
            found.setdefault(message.sender, speaker.value if speaker else "")
            said[message.sender] += 1
    return [(name, found[name]) for name, _times in said.most_common(MOST_SENDERS)]


def rows_of(exhibit: Exhibit, matters: frozenset[str]) -> list[dict[str, Any]]:
    """The rows of a bill, those that belong to this order first; ``matters`` are its numbers and
    amount as texts."""

    def fits(row: Any) -> bool:
        numbers = {row.transaction_no, row.merchant_order_no, str(row.amount)}
        return bool(matters & numbers)

    ranked = sorted(exhibit.rows, key=lambda row: not fits(row))[:MOST_ROWS]
    return [
        {
            "at": row.at,
            "amount": row.amount,
            "way": {"out": _("支出"), "in": _("收入")}.get(row.direction.value, _("其他")),
            "who": row.counterparty,
            "item": row.item,
            "status": row.status,
            "number": row.transaction_no,
            "fits": fits(row),
        }
        for row in ranked
    ]


def signs_of(shown: Mapping[str, Any]) -> list[dict[str, str]]:
    """Signs of alteration in words."""
    return [
        {
            "name": translated(CONDITION_NAMES[Condition(sign["condition"])]),
            "reason": str(sign["reason"]),
        }
        for sign in shown["signs"]
    ]


def times_of(shown: Mapping[str, Any]) -> list[dict[str, str]]:
    """Times that the file itself suggests, with their basis."""
    return [
        {
            "at": time["at"],
            "basis": translated(TIME_BASES.get(time["basis"], time["basis"])),
            "how": time["how"],
        }
        for time in shown["times"]
    ]


def needs_password(file: CaseFileRow, exhibit: Exhibit | None) -> bool:
    """Whether a zip with a password waits for it, or was given a wrong one."""
    if exhibit is None or exhibit.problem is None:
        return False
    return exhibit.media_type == "application/zip" or file.facts.name.lower().endswith(".zip")


def picture_href(link: str, file: CaseFileRow) -> str:
    """The address of the file's picture, without the view."""
    return reverse("file_picture", args=[link, file.row.id])
