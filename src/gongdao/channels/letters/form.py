"""Fill the fields of a channel's form, each within its limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gongdao.channels.letters.letter import LetterField
from gongdao.channels.letters.matter import Matter
from gongdao.channels.letters.part import LetterPart, join_parts
from gongdao.channels.shorten import fit
from gongdao.rules import queries

Value = str | Sequence[LetterPart]
"""What a field holds: a text of its own, or parts of the letter."""


def filled(m: Matter, channel: str, values: Mapping[str, Value]) -> tuple[LetterField, ...]:
    """Every field of the channel's form on the day of the letter, in its order; fields that only
    the buyer can fill are left empty. Nothing exceeds its limit."""
    return tuple(
        LetterField(
            field.code,
            field.name,
            _within(_text(values.get(field.code, "")), field.chars),
            field.chars,
            field.limit_known,
            _keys(values.get(field.code, "")),
            field.name_en,
        )
        for field in queries.channel(channel, m.on).fields
    )


def limit_of(m: Matter, channel: str, code: str) -> int | None:
    """The limit of one field in characters, None where there is none."""
    field = queries.channel(channel, m.on).field(code)
    return field.chars if field else None


def _text(value: Value) -> str:
    return value if isinstance(value, str) else join_parts(value)


def _keys(value: Value) -> tuple[str, ...]:
    return () if isinstance(value, str) else tuple(part.key for part in value)


def _within(value: str, limit: int | None) -> str:
    return value if limit is None else fit(value, limit)
