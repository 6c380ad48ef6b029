"""Compare a case with others [C9]: the same secret, the same shop, the same payee.

Only what ties cases together leaves this module: folder names and shop names, never a secret.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from gongdao.core.codes import Kind
from gongdao.evidence.card_secrets import find_secrets
from gongdao.evidence.dossier import Dossier, payments_of


@dataclass(frozen=True)
class Ties:
    """What a case can share with another, secrets as digests only."""

    secrets: frozenset[str]
    merchants: frozenset[str]
    payees: frozenset[str]


def ties_of(dossier: Dossier) -> Ties:
    """What ties ``dossier`` to others."""
    order = dossier.statement.order
    secrets = {
        _digest(field.value)
        for exhibit in dossier.exhibits
        for name, field in exhibit.fields.items()
        if name.startswith("secret")
    }
    for exhibit in dossier.of(Kind.CHAT, Kind.CARD_PAGE, Kind.OTHER):
        for message in exhibit.messages:
            keep = [order.order_no, order.transaction_no]
            secrets |= {_digest(s.value) for s in find_secrets(message.text, keep=keep)}
    shops = {order.merchant, *(s.value for s in dossier.seen("merchant", Kind.LISTING_PAGE))}
    payees = {order.payee, *(p.payee for p in payments_of(dossier))}
    return Ties(
        frozenset(secrets),
        frozenset(_name(shop) for shop in shops if len(_name(shop)) > 2),
        frozenset(_name(payee) for payee in payees if len(_name(payee)) > 3),
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(re.sub(r"[\s\-]", "", secret).upper().encode()).hexdigest()


def _name(text: str) -> str:
    return re.sub(r"\s", "", text)


def compare_beside(own: Dossier, others: Sequence[tuple[str, Dossier]]) -> dict[str, list[str]]:
    """Names of the folders that share a secret, a shop or a payee with ``own``."""
    mine = ties_of(own)
    found: dict[str, list[str]] = {
        "same_secret_with": [],
        "same_merchant_with": [],
        "same_payee_with": [],
    }
    for name, dossier in others:
        ties = ties_of(dossier)
        if mine.secrets & ties.secrets:
            found["same_secret_with"].append(name)
        if mine.merchants & ties.merchants:
            found["same_merchant_with"].append(name)
        if mine.payees & ties.payees:
            found["same_payee_with"].append(name)
    return found
