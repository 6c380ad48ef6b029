"""What an offer says, looked through for goods that may not be listed (F1), however it is written.

Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from gongdao.core.errors import InputError
from gongdao.core.language import Bilingual, Phrase
from gongdao.market.offer import Offer, said_in
from gongdao.rules.model import Prohibited
from gongdao.rules.queries import find_prohibited

_ACCOUNT = re.compile("账号|帐号|账户")


@dataclass(frozen=True)
class Forbidden:
    """An entry of the catalogue that an offer falls under, and the field whose words say so."""

    rule: Prohibited
    field: str


def find_forbidden(offer: Offer, *, on: date) -> tuple[Forbidden, ...]:
    """Each entry of the prohibited catalogue in force on ``on`` that ``offer`` falls under, at the
    first field that says it."""
    found: dict[str, Forbidden] = {}
    for field, text in said_in(offer):
        # A question for the buyer's own account is no offer of one.
        read = _ACCOUNT.sub("", text) if field == "asks" else text
        for rule in find_prohibited(read, on=on):
            found.setdefault(rule.id, Forbidden(rule, field))
    return tuple(found.values())


def say_forbidden(rule: Prohibited) -> Phrase:
    """Why goods under ``rule`` are not listed, for the merchant."""
    return Phrase(
        "这类商品禁止上架：{what}。{why}",
        what=Bilingual(rule.name, rule.name_en),
        why=Bilingual(rule.why, rule.why_en),
    )


def check_words(text: str, *, field: str, on: date) -> None:
    """Raise InputError at ``field`` for the first entry of the catalogue that ``text`` falls
    under."""
    for rule in find_prohibited(text, on=on):
        raise InputError(say_forbidden(rule), field=field)
