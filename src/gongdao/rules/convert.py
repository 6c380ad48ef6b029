"""TOML tables into frozen dataclasses; anything unexpected is refused with file and key."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from gongdao.core.errors import RuleDataError
from gongdao.core.language import gettext as _
from gongdao.core.money import Money

T = TypeVar("T")
_SPELLED = {"from": "from_"}


@cache
def _shape(kind: type[Any]) -> tuple[dict[str, Any], frozenset[str], frozenset[str]]:
    hints = get_type_hints(kind)
    shape = {f.name: hints[f.name] for f in fields(kind)}
    needed = frozenset(
        f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING
    )
    texts = frozenset(f.name for f in fields(kind) if hints[f.name] is str and f.name in needed)
    return shape, needed, texts


def _refuse(where: str, why: str) -> RuleDataError:
    return RuleDataError(f"{where}: {why}")


def build(kind: type[T], table: Mapping[str, Any], *, where: str) -> T:
    """Make a ``kind`` of ``table``; ``where`` names file and entry.

    Raise RuleDataError for an unknown or missing key, a value of the wrong type or an empty text.
    """
    hashable: Any = kind
    shape, needed, texts = _shape(hashable)
    values: dict[str, Any] = {}
    for key, value in table.items():
        name = _SPELLED.get(key, key)
        if name not in shape:
            raise _refuse(where, _("不认识的键“{key}”").format(key=key))
        values[name] = _value(shape[name], value, f"{where}.{key}")
    missing = sorted(needed - values.keys())
    if missing:
        raise _refuse(where, _("缺少 {keys}").format(keys=", ".join(missing)))
    for name in texts:
        if not values[name].strip():
            raise _refuse(where, _("{key} 是空的").format(key=name))
    return kind(**values)


def _value(hint: Any, value: Any, where: str) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(a for a in get_args(hint) if a is not type(None))
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise _refuse(where, _("应当是列表"))
        inner = get_args(hint)[0]
        return tuple(_value(inner, v, f"{where}[{i}]") for i, v in enumerate(value))
    if is_dataclass(hint) and hint is not Money:
        if not isinstance(value, dict):
            raise _refuse(where, _("应当是表"))
        return build(hint, value, where=where)  # type: ignore[arg-type]  # is_dataclass() does not narrow Any to a type
    return _scalar(hint, value, where)


def _scalar(hint: Any, value: Any, where: str) -> Any:
    if hint is Money:
        if not isinstance(value, str):
            raise _refuse(where, _('金额要写成文字，如 "500.00"'))
        return Money.parse(value, field=where)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        try:
            return hint(value)
        except ValueError:
            choices = ", ".join(hint)
            raise _refuse(
                where, _("“{value}”不在 {choices} 之中").format(value=value, choices=choices)
            ) from None
    fits = isinstance(value, hint) and not (hint is int and isinstance(value, bool))
    if not fits or (hint is date and isinstance(value, datetime)):
        raise _refuse(
            where,
            _("应当是 {wanted}，却是 {found}").format(
                wanted=hint.__name__, found=type(value).__name__
            ),
        )
    return value
