"""What an offer says, looked through for goods that may not be listed (F1), however it is written.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from gongdao.market.offer import Offer
from gongdao.rules.model import Prohibited
from gongdao.rules.queries import find_prohibited

_TEXTS = (
    *("title", "category", "denomination", "region", "after_sale"),
    *("how_to_redeem", "how_to_test", "compared_why"),
)
_CLAUSE = re.compile(r"[，。；！？,;!?\n]+")
_EXCEPTED = re.compile("不支持|不能|不可|不适用|不含|不充|除外|请勿|不得|^非|not |except", re.I)
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
    for field, text in _said_in(offer):
        for rule in find_prohibited(text, on=on):
            found.setdefault(rule.id, Forbidden(rule, field))
    return tuple(found.values())


def _said_in(offer: Offer) -> Iterator[tuple[str, str]]:
    """Every text with its field. An account limit that excludes something does not offer it, and a
    question for the buyer's own account is no offer of one."""
    for name in _TEXTS:
        if name != "account_limits":
            yield name, str(getattr(offer, name))
    for clause in _CLAUSE.split(offer.account_limits):
        if not _EXCEPTED.search(clause.strip()):
            yield "account_limits", clause
    for one in offer.asks:
        yield "asks", _ACCOUNT.sub("", one)
