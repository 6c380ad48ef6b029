"""Read a JSON body against a small shape: names, types, bounds; anything else is an error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _

_LONGEST_BODY = 64 * 1024
_LONGEST_TEXT = 2000


def _is_text(value: str) -> bool:
    """Whether ``value`` can be kept: no zero bytes, no half of a surrogate pair."""
    if "\0" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


class Body:
    """The fields of a JSON object; each getter raises InputError naming its field."""

    def __init__(self, request: HttpRequest, longest: int = _LONGEST_BODY) -> None:
        raw = request.body
        if len(raw) > longest:
            raise InputError(_("内容太长。"))
        try:
            given = json.loads(raw)
        except (ValueError, RecursionError):
            raise InputError(_("不是 JSON。")) from None
        if not isinstance(given, dict):
            raise InputError(_("要是一个 JSON 对象。"))
        self._given: dict[str, Any] = given

    def only(self, *names: str) -> None:
        """Raise where a field is there that nobody reads: a slip of the caller's."""
        for name in self._given:
            if name not in names:
                raise InputError(_("不认识这个字段。"), field=name[:60])

    def text(self, name: str, *, longest: int = _LONGEST_TEXT, default: str | None = None) -> str:
        """A text without control characters."""
        value = self._given.get(name, default)
        if not isinstance(value, str) or len(value) > longest or not _is_text(value):
            raise InputError(_("要是不超过 {most} 个字的文字。").format(most=longest), field=name)
        return value

    def whole(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number from ``low`` to ``high``."""
        value = self._given.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise InputError(
                _("要是 {low} 到 {high} 的整数。").format(low=low, high=high), field=name
            )
        return value

    def uuid(self, name: str) -> UUID:
        """An id."""
        try:
            return UUID(self.text(name, longest=36))
        except ValueError:
            raise InputError(_("不是编号。"), field=name) from None

    def text_list(self, name: str, *, longest: int) -> list[str]:
        """A list of texts."""
        value = self._given.get(name)
        if not isinstance(value, list):
            raise InputError(_("要是一个文字的数组。"), field=name)
        for one in value:
            if not isinstance(one, str) or len(one) > longest or not _is_text(one):
                raise InputError(
                    _("要是不超过 {most} 个字的文字。").format(most=longest), field=name
                )
        return value

    def truth(self, name: str, default: bool | None = None) -> bool:
        """True or false."""
        value = self._given.get(name, default)
        if not isinstance(value, bool):
            raise InputError(_("要是 true 或 false。"), field=name)
        return value

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self._given.get(name) is not None

    def raw(self, name: str) -> Any:
        """The field as it came, None where it is left out; for what has a reader of its own."""
        return self._given.get(name)

    def texts(self, name: str) -> Mapping[str, str]:
        """An object of short texts; empty where it is left out."""
        value = self._given.get(name, {})
        if not isinstance(value, dict) or len(value) > 20:
            raise InputError(_("要是一个 JSON 对象。"), field=name)
        for key, one in value.items():
            fits = isinstance(one, str) and len(one) <= 500 and len(key) <= 80
            if not fits or not _is_text(key + one):
                raise InputError(_("要是不超过 {most} 个字的文字。").format(most=500), field=name)
        return value
