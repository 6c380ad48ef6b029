"""An order receipt for tests, written from its format page alone, without the code under test."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from tests.verify.log_kit import SmallLog, b64, leaf, naive_path, naive_root

SALT = bytes(range(32))
NUMBER = "7Q2KMX0C9T4B"
SNAPSHOT: dict[str, Any] = {
    "currency": "CNY",
    "listing": "0190f3b4-6c00-7000-8000-000000000002",
    "offer": "11" * 32,
    "order": NUMBER,
    "promise_by": "2026-11-23T12:10:00+08:00",
    "quantity": 1,
    "terms": 1,
    "total_minor": 9800,
    "version": 1,
}
POLICY = "log {vkey}\nquorum none\n"


def dump(value: object) -> bytes:
    """Canonical JSON of ASCII: sorted, without blanks."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def entry(type_: str, subject: str, minute: int, data: dict[str, Any], prev: bytes | None) -> bytes:
    """A leaf's bytes."""
    return dump(
        {
            "at": f"2026-11-23T04:{minute:02}:00.000Z",
            "d": data,
            "prev": prev.hex() if prev else None,
            "sub": subject,
            "t": type_,
            "v": 1,
        }
    )


def form_of(*fields: str) -> bytes:
    """The canonical form of a card secret."""
    packed = b"".join(len(one.encode()).to_bytes(2, "big") + one.encode() for one in fields)
    return bytes([len(fields)]) + packed


def card_commitment(form: bytes) -> bytes:
    """What a batch commits to."""
    size = len(form).to_bytes(4, "big")
    return hashlib.sha256(b"card-commit/v1\x00" + SALT + size + form).digest()


FORM = form_of("No.10012002", "abCd9")
COMMITMENT = card_commitment(FORM)
GIVEN = ("order.delivered", "order.replaced")
BATCH = [bytes([1] * 32), COMMITMENT, bytes([2] * 32)]


def small_log(*, order: tuple[str, ...] = ("batch", "placed", "delivered")) -> SmallLog:
    """A log with these leaves in that order, behind one of another kind: ``first`` is a delivery of
    another piece, for which the piece is the one ``replaced``."""
    placed_data = {"snapshot": hashlib.sha256(dump(SNAPSHOT)).hexdigest()}
    root = naive_root([leaf(one) for one in BATCH]).hex()
    subject, batch = "order:" + "a1" * 16, "batch:" + "b2" * 16
    placed = entry("order.placed", subject, 1, placed_data, None)
    imported = {"canon": 1, "root": root, "source": "resale", "uses": 1}
    made = {
        "batch": entry("batch.imported", batch, 0, imported, None),
        "placed": placed,
        "delivered": entry(
            "order.delivered", subject, 2, {"units": [COMMITMENT.hex()]}, leaf(placed)
        ),
        "first": entry("order.delivered", subject, 2, {"units": ["ee" * 32]}, leaf(placed)),
        "replaced": entry(
            "order.replaced", subject, 3, {"units": [COMMITMENT.hex()]}, leaf(placed)
        ),
    }
    log = SmallLog("gongdao.example/log")
    log.entries = [b'{"first":0}', *(made[name] for name in order)]
    return log


def receipt_of(
    log: SmallLog,
    change: Callable[[dict[str, Any]], None] = lambda told: None,
    *,
    sizes: tuple[int, int, int] = (4, 4, 4),
) -> bytes:
    """The receipt of the order in ``log``, after ``change``; each proof under the checkpoint of
    the size given for it (batch, placed, delivered)."""

    def proof(index: int, size: int) -> str:
        extra = dump({"entry": b64(log.entries[index]), "v": 1})
        return b64(log.receipt(index, log.note(size), extra))

    types = [json.loads(one).get("t", "") for one in log.entries]
    at = {name: types.index(name) for name in types if name}
    given = [index for index, name in enumerate(types) if name in GIVEN]
    told: dict[str, Any] = {
        "batches": [proof(at["batch.imported"], sizes[0])],
        "delivered": [proof(index, sizes[2]) for index in given],
        "format": "gongdao-order-receipt/v1",
        "placed": proof(at["order.placed"], sizes[1]),
        "snapshot": dict(SNAPSHOT),
        "units": [
            {
                "batch": 0,
                "checked_at": None,
                "commitment": COMMITMENT.hex(),
                "form": FORM.hex(),
                "index": 1,
                "path": [one.hex() for one in naive_path(1, [leaf(one) for one in BATCH])],
                "salt": SALT.hex(),
                "size": 3,
            }
        ],
    }
    change(told)
    return dump(told)


def policy_of(log: SmallLog) -> str:
    """A policy that knows the log's key."""
    return POLICY.format(vkey=log.signer.vkey(1))
