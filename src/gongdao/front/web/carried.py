"""Carry what a lost session was sending over to the page that opens the case again."""

from __future__ import annotations

import re
from collections.abc import Collection

from django.http import HttpRequest

_MOST_FIELDS = 300
_LONGEST = 200_000
_NEVER_REPLAYED = re.compile(r"/(keep/erase|keep/new-keys|open|leave|upload)/?$")


def carried_fields(request: HttpRequest, *, leave_out: Collection[str]) -> list[tuple[str, str]]:
    """Names and values that were being sent, as they go into hidden fields."""
    if request.method != "POST":
        return []
    pairs = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name not in leave_out and isinstance(value, str)
    ]
    if len(pairs) > _MOST_FIELDS or sum(len(value) for _name, value in pairs) > _LONGEST:
        return []
    return pairs


def replay_target(asked: str, link: str) -> str:
    """The page of this case to go on to: the one asked for, never one elsewhere, and never one
    that does harm when it is sent again."""
    inside = f"/c/{link}/"
    if re.fullmatch(rf"{re.escape(inside)}[\w/.~-]*", asked) and not _NEVER_REPLAYED.search(asked):
        return inside if "/../" in f"{asked}/" else asked
    return inside
