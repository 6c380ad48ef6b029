"""The log, the policies and the shapes of verdicts that make_receipt_vectors.py builds with."""

from __future__ import annotations

import json
from typing import Any

from tests.verify.log_kit import Signer, SmallLog, b64, leaf, naive_consistency, naive_root
from tests.verify.vector_leaves import SALT, VALUE, Json, dump, make_entry

ORIGIN = "gongdao.example/log"
OPERATOR = "示例卡盟"
NOTARY, SCHOOL = Signer("witness.notary.example"), Signer("witness.school.example")
OWN, AUDITOR = Signer("witness.gongdao.example"), Signer("auditor.press.example")
OWN_AUDITOR, STRANGER = Signer("auditor.gongdao.example"), Signer("stranger.example")
AT = 1_795_341_600  # 2026-11-22T10:00:00Z
INDEX, SIZE = 5, 13


def _log() -> SmallLog:
    log = SmallLog(ORIGIN)
    log.entries = [make_entry(number) for number in range(SIZE + 4)]
    return log


LOG = _log()
TEXT = LOG.text(SIZE)


def cosigned(*signers: Signer) -> str:
    """The checkpoint at SIZE, signed by the log and by ``signers``, a second apart."""
    lines = (signer.cosign(TEXT, AT + n) for n, signer in enumerate(signers))
    return LOG.note(SIZE, *lines)


def _policies() -> dict[str, str]:
    log = f"log {LOG.signer.vkey(1)} https://{ORIGIN}\n#org={OPERATOR}\n\n"
    marks = {
        "notary": (NOTARY, "#org=示例公证处"),
        "school": (SCHOOL, "#org=示例大学"),
        "own": (OWN, f"#org={OPERATOR}"),
        "press": (AUDITOR, "#org=示例报社 #auditor"),
        "own-audit": (OWN_AUDITOR, f"#org={OPERATOR} #auditor"),
    }
    lines = {n: f"witness {n} {s.vkey(4)} https://{s.name}" for n, (s, _) in marks.items()}
    below = "".join(f"{lines[name]}\n{mark}\n" for name, (_, mark) in marks.items())
    behind = "".join(f"{lines[name]}  {mark}\n" for name, (_, mark) in marks.items())
    groups = "group outside 2 notary school press\nquorum outside\n"
    one = "witness notary " + NOTARY.vkey(4)
    stranger = f"log {Signer('other.example/log').vkey(1)}\nquorum none\n"
    new = f"log {Signer(ORIGIN, 'new').vkey(1)}\n"
    rekeyed = f"{new}{log}{below}{groups}"
    return {
        "full": f"# whom I trust\n{log}{below}{groups}",
        "marks at the end": f"{log}{behind}{groups}",
        "without organisations": log + "".join(f"{line}\n" for line in lines.values()) + groups,
        "everybody": f"{log}{below}group a all notary school own press own-audit\nquorum a\n",
        "nobody": f"{log}quorum none\n",
        "one organisation twice": f"{log}{one}\n#org=X\nwitness school {SCHOOL.vkey(4)}\n#org=X\n"
        "group g all notary school\nquorum g\n",
        "another log": stranger,
        "two keys": rekeyed,
        "a new key only": f"{new}quorum none\n",
        "a new key above this size": f"{log}{new}#since={SIZE}\n{below}{groups}",
        "a new key from below this size": f"{log}{new}#since={SIZE - 1}\n{below}{groups}",
    }


POLICIES = _policies()


def make_extra(**changes: object) -> Json:
    """What the receipts carry beside, with ``changes`` (None: left out)."""
    opening = {"salt": SALT.hex(), "value": VALUE}
    found: Json = {
        "v": 1,
        "entry": b64(LOG.entries[INDEX]),
        "openings": {"amount": opening},
        "anchors": [],
    }
    return {name: one for name, one in {**found, **changes}.items() if one is not None}


def make_receipt(note: str, **changes: object) -> str:
    """The receipt of the leaf at INDEX under ``note``."""
    return LOG.receipt(INDEX, note, dump(make_extra(**changes))).decode()


def seen_witness(name: str, organisation: str | None, n: int, *marks: str) -> Json:
    """A cosigner in a verdict, ``n`` seconds after AT."""
    return {
        "name": name,
        "organisation": organisation,
        "at": f"2026-11-22T10:00:{n:02}Z",
        "same_operator": "own" in marks,
        "auditor": "auditor" in marks,
    }


def sound(state: str, reason: str | None, known: bool = True, **more: Any) -> Json:
    """The verdict on the leaf at INDEX in the tree of SIZE."""
    found: Json = json.loads(LOG.entries[INDEX])
    return {
        "version": 1,
        "state": state,
        "exit_code": 0,
        "reason": reason,
        "origin": ORIGIN,
        "size": SIZE,
        "root": naive_root(LOG.leaves(SIZE)).hex(),
        "index": INDEX,
        "leaf_hash": leaf(LOG.entries[INDEX]).hex(),
        "leaf": {
            "type": found["t"],
            "subject": found["sub"],
            "prev": found["prev"],
            "at": found["at"],
            "data": found["d"],
        },
        "opened": {"amount": VALUE},
        "log_known": known,
        "witnesses": [],
        "organisations": [],
        "witnessed": False,
        "audited": False,
        "anchors": [],
        "stamps": [],
        **more,
        "not_proven": _not_proven(known=known, **more),
    }


def _not_proven(*, known: bool, **more: Any) -> list[str]:
    keys = ["np_log_truth", "np_log_all", "np_log_who"]
    keys += [] if known else ["np_log_key"]
    keys += [] if more.get("witnessed") else ["np_log_split"]
    keys += [] if more.get("audited") else ["np_log_rules"]
    return [*keys, "np_revoked" if more.get("anchors") else "np_log_when"]


def invalid(reason: str) -> Json:
    """The verdict on what does not hold."""
    empty = dict.fromkeys(("origin", "size", "root", "index", "leaf_hash", "leaf"))
    return {
        "version": 1,
        "state": "INVALID",
        "exit_code": 1,
        "reason": reason,
        **empty,
        "opened": {},
        "log_known": False,
        "witnesses": [],
        "organisations": [],
        "witnessed": False,
        "audited": False,
        "anchors": [],
        "stamps": [],
        "not_proven": [],
    }


def make_case(
    name: str, receipt: str, policy: str | None, verdict: Json, roots: bool = False
) -> Json:
    """One vector."""
    return {
        "name": name,
        "receipt": receipt,
        "policy": policy,
        "roots": roots,
        "verdict": verdict,
    }


def anchor(size: int, **fields: object) -> Json:
    """An anchor of the checkpoint at ``size``, without what its kind needs."""
    small, large = sorted((size, SIZE))
    proof = naive_consistency(small, LOG.leaves(large))
    found: Json = {
        "size": size,
        "root": naive_root(LOG.leaves(size)).hex(),
        "checkpoint": LOG.note(size),
        "consistency": [one.hex() for one in proof],
    }
    return {name: one for name, one in {**found, **fields}.items() if one is not None}


def make_stamp(size: int, trusted: bool, reason: str | None, **more: object) -> Json:
    """A time-stamp in a verdict."""
    found = {"kind": "rfc3161", "size": size, "trusted": trusted, "reason": reason}
    rest = {"at": "2026-11-20T02:00:00Z", "authority": "tsa", "reference": None}
    return {**found, **rest, **more}
