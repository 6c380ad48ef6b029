"""A letter, as it comes out."""

from __future__ import annotations

from dataclasses import dataclass

from gongdao.channels.letters.part import LetterPart, join_parts


@dataclass(frozen=True)
class LetterField:
    """One field of the channel's form, filled in. ``limit`` in characters (code points), None
    where there is none or it is not known; ``limit_known`` False for a limit of our own."""

    code: str
    name: str
    value: str
    limit: int | None = None
    limit_known: bool = False
    parts: tuple[str, ...] = ()
    """Keys of the parts of the letter that make up the value; empty: it stands for itself."""
    name_en: str = ""


@dataclass(frozen=True)
class Letter:
    """One letter: ``name`` is a channel code, ``demand`` or ``identity_demand``; ``to`` the
    recipient; ``parts`` what it is made of; ``public`` for texts anybody can read."""

    name: str
    title: str
    to: str
    parts: tuple[LetterPart, ...]
    public: bool = False
    fields: tuple[LetterField, ...] = ()

    @property
    def text(self) -> str:
        """What to paste or send."""
        return join_parts(self.parts)
