"""The form of a buyer's receipt (docs/formats/order-receipt.md): read strictly, nothing judged."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gongdao_verify.canonical import BadCanonical, parse_canonical
from gongdao_verify.leaf_form import SALT_BYTES, commitment
from gongdao_verify.merkle import HASH_BYTES
from gongdao_verify.receipt_extra import BadReceipt, is_number, read_hex
from gongdao_verify.signed_note import BadNote, decode_base64

FORMAT = "gongdao-order-receipt/v1"
HEADER = b'{"batches":'
DELIVERED, REPLACED = "order.delivered", "order.replaced"
GIVING_LEAVES = (DELIVERED, REPLACED)
"""The leaves that say which units an order got: at first, and in the place of others."""
MOST_BYTES = 8 << 20
MOST_UNITS = 500
_KEYS = {"batches", "delivered", "format", "placed", "snapshot", "units"}
_VAULT = {"batch", "checked_at", "commitment", "index", "path", "size"}
_HANDED = {"commitment", "place"}
_COMMIT = b"card-commit/v1\x00"


@dataclass(frozen=True)
class UnitForm:
    """One piece that was delivered. ``batch`` is None for what a person or a supplier handed over,
    else the number of its batch in the receipt, in whose tree of ``size`` it is ``index``.
    ``opened`` is what it is, where the receipt tells."""

    commitment: bytes
    batch: int | None = None
    index: int = 0
    size: int = 0
    path: tuple[bytes, ...] = ()
    checked_at: str = ""
    opened: tuple[str, ...] = ()


@dataclass(frozen=True)
class OrderForm:
    """A buyer's receipt taken apart: receipts of leaves, what was shown, the pieces."""

    placed: bytes
    delivered: tuple[bytes, ...]
    batches: tuple[bytes, ...]
    snapshot: Mapping[str, Any]
    units: tuple[UnitForm, ...]


def parse_order_form(data: bytes) -> OrderForm:
    """Read a receipt; BadReceipt, with the code ``no_order_receipt`` where it is none at all and
    ``bad_extra`` or ``bad_unit`` where a part of it is wrong."""
    if len(data) > MOST_BYTES:
        raise BadReceipt("no_order_receipt", "too long")
    try:
        found = parse_canonical(data)
    except BadCanonical as bad:
        raise BadReceipt("no_order_receipt", str(bad)) from None
    if not isinstance(found, dict) or found.get("format") != FORMAT or found.keys() != _KEYS:
        raise BadReceipt("no_order_receipt", "format")
    units = found["units"]
    if not isinstance(units, list) or not 1 <= len(units) <= MOST_UNITS:
        raise BadReceipt("bad_unit", "units")
    if not isinstance(found["snapshot"], dict):
        raise BadReceipt("bad_snapshot")
    return OrderForm(
        _proof(found["placed"]),
        _proofs(found["delivered"]),
        _proofs(found["batches"]),
        found["snapshot"],
        tuple(_unit(one) for one in units),
    )


def _proofs(value: object) -> tuple[bytes, ...]:
    if not isinstance(value, list) or len(value) > MOST_UNITS:
        raise BadReceipt("bad_unit", "proofs")
    return tuple(_proof(one) for one in value)


def _proof(value: object) -> bytes:
    try:
        return decode_base64(value if isinstance(value, str) else "-")
    except BadNote:
        raise BadReceipt("bad_unit", "base64") from None


def _unit(value: object) -> UnitForm:
    if not isinstance(value, dict):
        raise BadReceipt("bad_unit", "unit")
    digest = read_hex(value.get("commitment"), HASH_BYTES)
    if "batch" not in value:
        return UnitForm(digest, opened=_handed(value, digest))
    _check_keys(value, _VAULT, {"salt", "form"})
    if not all(is_number(value[name]) for name in ("batch", "index", "size")):
        raise BadReceipt("bad_unit", "number")
    path, checked = value["path"], value["checked_at"]
    if not isinstance(path, list) or not isinstance(checked, str | None):
        raise BadReceipt("bad_unit", "path")
    return UnitForm(
        digest,
        value["batch"],
        value["index"],
        value["size"],
        tuple(read_hex(one, HASH_BYTES) for one in path),
        checked or "",
        _opened(value, digest),
    )


def _check_keys(value: dict[str, Any], must: set[str], may: set[str]) -> None:
    """All of ``must`` are there, and of ``may`` all or none."""
    if value.keys() not in (must, must | may):
        raise BadReceipt("bad_unit", "keys")


def _handed(value: dict[str, Any], digest: bytes) -> tuple[str, ...]:
    """What a person or a supplier handed over; BadReceipt unless it is what is committed to."""
    _check_keys(value, _HANDED, {"salt", "text"})
    if "text" not in value:
        return ()
    said = {"place": value["place"], "text": value["text"]}
    if not is_number(value["place"]) or not isinstance(value["text"], str):
        raise BadReceipt("bad_unit", "text")
    if commitment(read_hex(value["salt"], SALT_BYTES), said) != digest.hex():
        raise BadReceipt("other_secret")
    return (value["text"],)


def _opened(value: dict[str, Any], digest: bytes) -> tuple[str, ...]:
    """The fields of a card secret (docs/formats/card-secrets.md), in their canonical form;
    BadReceipt unless they are what is committed to."""
    if "form" not in value:
        return ()
    salt, form = read_hex(value["salt"], SALT_BYTES), read_hex(value["form"])
    size = len(form).to_bytes(4, "big")
    if hashlib.sha256(_COMMIT + salt + size + form).digest() != digest:
        raise BadReceipt("other_secret")
    return _fields(form)


def _fields(form: bytes) -> tuple[str, ...]:
    found, at = [], 1
    for _field in range(form[0] if form else 0):
        end = at + 2 + int.from_bytes(form[at : at + 2], "big")
        found.append(form[at + 2 : end].decode("utf-8", "replace"))
        at = end
    if not found or at != len(form):
        raise BadReceipt("bad_unit", "form")
    return tuple(found)
