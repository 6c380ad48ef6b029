"""A letter, as it comes out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LetterField:
    """One field of the channel's form, filled in. ``limit`` in characters (code points), None
    where there is none or it is not known; ``limit_known`` False for a limit of our own."""

    code: str
    name: str
    value: str
    limit: int | None = None
    limit_known: bool = False


@dataclass(frozen=True)
class Letter:
    """One letter: ``name`` is a channel code, ``demand`` or ``identity_demand``; ``to`` the
    recipient; ``text`` what to paste or send; ``public`` for texts anybody can read."""

    name: str
    title: str
    to: str
    text: str
    public: bool = False
    fields: tuple[LetterField, ...] = ()
