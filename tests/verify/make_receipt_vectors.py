"""Writes receipt_vectors.json: receipts of our own format, sound and broken, each with its verdict.

    .venv/bin/python -m tests.verify.make_receipt_vectors

For other implementations (the page in the browser is one): the same file must give the same JSON.
The expected verdicts are written down here by hand, field by field; nothing is taken from the code
under test. Keys are test keys made from names. Time-stamps have random signatures, so those of the
existing file are kept; everything else comes out the same every time.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path

from tests.verify.log_kit import SmallLog, b64, naive_root
from tests.verify.vector_kit import (
    AT,
    AUDITOR,
    INDEX,
    LOG,
    NOTARY,
    OPERATOR,
    ORIGIN,
    OWN,
    OWN_AUDITOR,
    POLICIES,
    SCHOOL,
    SIZE,
    STRANGER,
    TEXT,
    anchor,
    cosigned,
    invalid,
    make_case,
    make_extra,
    make_receipt,
    make_stamp,
    seen_witness,
    sound,
)
from tests.verify.vector_leaves import (
    SALT,
    VALUE,
    Json,
    commitment,
    dump,
    make_entry,
    make_leaves,
)

PLACE = Path(__file__).with_name("receipt_vectors.json")


def _witnessed() -> list[Json]:
    both = make_receipt(cosigned(NOTARY, SCHOOL))
    seen = [seen_witness("notary", "示例公证处", 0), seen_witness("school", "示例大学", 1)]
    two = sound(
        "WITNESSED", None, witnesses=seen, organisations=["示例公证处", "示例大学"], witnessed=True
    )
    audited = make_receipt(cosigned(NOTARY, AUDITOR, STRANGER))
    press = [seen[0], seen_witness("press", "示例报社", 1, "auditor")]
    names = ["示例公证处", "示例报社"]
    with_press = sound(
        "AUDITED", None, witnesses=press, organisations=names, witnessed=True, audited=True
    )
    own = make_receipt(cosigned(NOTARY, SCHOOL, OWN_AUDITOR))
    three = [*seen, seen_witness("own-audit", OPERATOR, 2, "own", "auditor")]
    with_own = sound(
        "WITNESSED", None, witnesses=three, organisations=["示例公证处", "示例大学"], witnessed=True
    )
    return [
        make_case("two organisations", both, "full", two),
        make_case("marks at the end of the lines", both, "marks at the end", two),
        make_case("a log with two keys, signed with one", both, "two keys", two),
        make_case("the old key below the new key's size", both, "a new key above this size", two),
        make_case("an auditor and a stranger, who is ignored", audited, "full", with_press),
        make_case("the operator's own auditor does not audit", own, "full", with_own),
    ]


def _unwitnessed() -> list[Json]:
    state = "CONSISTENT_UNWITNESSED"
    plain = make_receipt(LOG.note(SIZE))
    own = make_receipt(cosigned(OWN, OWN_AUDITOR))
    one = make_receipt(cosigned(NOTARY))
    both = make_receipt(cosigned(NOTARY, SCHOOL))
    own_seen = [
        seen_witness("own", OPERATOR, 0, "own"),
        seen_witness("own-audit", OPERATOR, 1, "own", "auditor"),
    ]
    nameless = [seen_witness("notary", None, 0, "own"), seen_witness("school", None, 1, "own")]
    twice = [seen_witness("notary", "X", 0), seen_witness("school", "X", 1)]
    seen = [seen_witness("notary", "示例公证处", 0), seen_witness("school", "示例大学", 1)]
    names = ["示例公证处", "示例大学"]
    few = sound(state, "no_quorum", witnesses=seen, organisations=names)
    single = sound(state, "one_organisation", witnesses=seen[:1], organisations=names[:1])
    same = sound(state, "one_organisation", witnesses=twice, organisations=["X"])
    return [
        make_case("no policy", both, None, sound(state, "no_policy", known=False)),
        make_case("only the log's signature", plain, "full", sound(state, "no_witness")),
        make_case("a policy that asks for nobody", plain, "nobody", sound(state, "no_witness")),
        make_case("own witnesses", own, "full", sound(state, "same_operator", witnesses=own_seen)),
        make_case(
            "witnesses of unnamed organisations",
            both,
            "without organisations",
            sound(state, "same_operator", witnesses=nameless),
        ),
        make_case("one organisation", one, "full", single),
        make_case("one organisation with two keys", both, "one organisation twice", same),
        make_case("fewer than the quorum", both, "everybody", few),
    ]


def _break_line(note: str, name: str) -> str:
    """``note`` with a changed signature by ``name``."""
    at = note.index(f"— {name} ") + len(f"— {name} ") + 40
    other = "A" if note[at] != "A" else "B"
    return note[:at] + other + note[at + 1 :]


def _broken_notes() -> list[Json]:
    note = cosigned(NOTARY, SCHOOL)
    good = make_receipt(note)
    other = SmallLog(ORIGIN, LOG.entries, salt="new")
    foreign = other.receipt(INDEX, other.note(SIZE), dump(make_extra())).decode()
    late = LOG.note(SIZE, NOTARY.cosign(TEXT, 253_402_300_800), SCHOOL.cosign(TEXT, AT))
    wrong_time = LOG.note(SIZE, NOTARY.cosign(TEXT, AT)).replace(
        NOTARY.cosign(TEXT, AT), _move_time(NOTARY.cosign(TEXT, AT))
    )
    size = good.replace(f"\n{SIZE}\n", f"\n0{SIZE}\n")
    return [
        make_case(
            "a log that the policy does not know", good, "another log", invalid("unknown_log")
        ),
        make_case("a new key only", good, "a new key only", invalid("unsigned")),
        make_case(
            "the old key above the new key's size",
            good,
            "a new key from below this size",
            invalid("unsigned"),
        ),
        make_case("signed with another key", foreign, "full", invalid("unsigned")),
        make_case(
            "the log's signature changed",
            make_receipt(_break_line(note, ORIGIN)),
            "full",
            invalid("bad_signature"),
        ),
        make_case(
            "a known witness's signature changed",
            make_receipt(_break_line(note, NOTARY.name)),
            "full",
            invalid("bad_signature"),
        ),
        make_case(
            "a witness's time changed", make_receipt(wrong_time), "full", invalid("bad_signature")
        ),
        make_case(
            "a witness of the year 10000", make_receipt(late), "full", invalid("bad_signature")
        ),
        make_case("a size with a leading zero", size, None, invalid("bad_checkpoint")),
        make_case("no signature", good.split("\n\n—")[0] + "\n", None, invalid("bad_checkpoint")),
        make_case("a cut line", good[:-2], None, invalid("bad_checkpoint")),
        make_case("a tab in the note", good + "\t\n", None, invalid("bad_checkpoint")),
    ]


def _move_time(line: str) -> str:
    """The cosignature with a later time in it."""
    head, _, body = line.rstrip("\n").rpartition(" ")
    data = bytearray(base64.b64decode(body))
    data[11] ^= 1
    return f"{head} {b64(bytes(data))}\n"


def _broken_proofs() -> list[Json]:
    note = cosigned(NOTARY, SCHOOL)
    good = make_receipt(note)
    lines = good.split("\n")
    start = next(n for n, line in enumerate(lines) if line.startswith("index ")) + 1
    swapped = "\n".join([*lines[:start], lines[start + 1], lines[start], *lines[start + 2 :]])
    shorter = "\n".join([*lines[:start], *lines[start + 1 :]])
    longer = "\n".join([*lines[:start], lines[start], *lines[start:]])
    return [
        make_case("another index", _at_index(good, 4), "full", invalid("not_included")),
        make_case("an index outside", _at_index(good, SIZE), "full", invalid("not_included")),
        make_case("two hashes exchanged", swapped, "full", invalid("not_included")),
        make_case("a hash less", shorter, "full", invalid("not_included")),
        make_case("a hash more", longer, "full", invalid("not_included")),
        make_case(
            "another leaf",
            make_receipt(note, entry=b64(LOG.entries[4])),
            "full",
            invalid("not_included"),
        ),
    ]


def _at_index(receipt: str, index: int) -> str:
    return receipt.replace(f"\nindex {INDEX}\n", f"\nindex {index}\n")


def _broken_extras() -> list[Json]:
    note = cosigned(NOTARY, SCHOOL)
    bare = LOG.receipt(INDEX, note).decode()
    spaced = json.dumps(make_extra(), ensure_ascii=False, sort_keys=True).encode()
    twice = dump(make_extra()).replace(b'"v":1', b'"v":1,"v":1')
    good = {"salt": SALT.hex(), "value": VALUE}
    wrong: dict[str, tuple[str, Json]] = {
        "another version": ("bad_extra", {"v": 2}),
        "a version that is true": ("bad_extra", {"v": True}),
        "an entry that is no text": ("bad_extra", {"entry": 1}),
        "an entry that is not base64": ("bad_extra", {"entry": "A"}),
        "openings that are a list": ("bad_extra", {"openings": []}),
        "a short salt": ("bad_extra", {"openings": {"amount": {**good, "salt": "00"}}}),
        "a salt in capitals": ("bad_extra", {"openings": {"amount": {**good, "salt": "AB" * 32}}}),
        "an opening with more": ("bad_extra", {"openings": {"amount": {**good, "x": 1}}}),
        "another salt": ("bad_opening", {"openings": {"amount": {**good, "salt": "00" * 32}}}),
        "another value": ("bad_opening", {"openings": {"amount": {**good, "value": 9800}}}),
        "an opening of a plain field": ("bad_opening", {"openings": {"to": good}}),
        "an opening of no field": ("bad_opening", {"openings": {"price": good}}),
        "anchors that are text": ("bad_extra", {"anchors": "x"}),
        "an anchor that is text": ("bad_extra", {"anchors": ["x"]}),
    }
    cases = [
        make_case(name, make_receipt(note, **changes), "full", invalid(code))
        for name, (code, changes) in wrong.items()
    ]
    other = SmallLog(ORIGIN, [*LOG.entries])
    other.entries[INDEX] = make_entry(INDEX, extra_key=1)
    text = other.note(SIZE)
    unformed = other.receipt(INDEX, text, dump(make_extra(entry=b64(other.entries[INDEX]))))
    return [
        *cases,
        make_case("no extra", bare, "full", invalid("no_entry")),
        make_case("no entry", make_receipt(note, entry=None), "full", invalid("no_entry")),
        _raw("an extra with blanks", note, spaced, "bad_extra"),
        _raw("an extra with a key twice", note, twice, "bad_extra"),
        _raw("an extra with a fraction", note, b'{"entry":"","v":1.5}', "bad_extra"),
        _raw("an extra that is no JSON", note, b"\xff", "bad_extra"),
        _raw("an extra nested 5,000 deep", note, b"[" * 5_000, "bad_extra"),
        make_case("a leaf with another key", unformed.decode(), "full", invalid("bad_leaf")),
    ]


def _raw(name: str, note: str, extra: bytes, code: str) -> Json:
    return make_case(name, LOG.receipt(INDEX, note, extra).decode(), "full", invalid(code))


def _anchored(tokens: dict[str, str]) -> list[Json]:
    token = {size: tokens[str(size)] for size in (SIZE - 4, SIZE, SIZE + 4)}
    plain, both = LOG.note(SIZE), cosigned(NOTARY, SCHOOL)
    kinds = {size: anchor(size, kind="rfc3161", token=token[size]) for size in token}
    seen = [seen_witness("notary", "示例公证处", 0), seen_witness("school", "示例大学", 1)]
    witnessed = {"witnesses": seen, "organisations": ["示例公证处", "示例大学"], "witnessed": True}
    done = [make_stamp(size, True, None) for size in token]
    state, all_three = "ANCHORED", make_receipt(both, anchors=list(kinds.values()))
    return [
        make_case(
            "stamped earlier, now and later, and witnessed",
            all_three,
            "full",
            sound(state, None, anchors=["rfc3161"], stamps=done, **witnessed),
            roots=True,
        ),
        make_case(
            "stamped, not witnessed",
            make_receipt(plain, anchors=[kinds[SIZE + 4]]),
            "full",
            sound(state, "no_witness", anchors=["rfc3161"], stamps=[done[2]]),
            roots=True,
        ),
        make_case(
            "stamped, but no root is trusted",
            make_receipt(both, anchors=[kinds[SIZE]]),
            "full",
            sound("WITNESSED", None, stamps=[make_stamp(SIZE, False, "no_roots")], **witnessed),
        ),
        make_case(
            "stamped, but the log is not known",
            make_receipt(plain, anchors=[kinds[SIZE]]),
            None,
            sound(
                "CONSISTENT_UNWITNESSED",
                "no_policy",
                known=False,
                anchors=["rfc3161"],
                stamps=[done[1]],
            ),
            roots=True,
        ),
    ]


def _on_chain() -> list[Json]:
    evm = {"kind": "evm", "chain_id": 31337, "tx": "0x" + "ab" * 32, "block": 7}
    note = LOG.note(SIZE)
    reference = f"31337/7/0x{'ab' * 32}"
    named = {"at": None, "authority": None}
    stamp = make_stamp(SIZE + 4, False, "anchor_online", kind="evm", reference=reference, **named)
    odd = make_stamp(0, False, "anchor_kind", kind="sundial", **named)
    state = "CONSISTENT_UNWITNESSED"
    good = anchor(SIZE + 4, **evm)
    wrong: dict[str, Json] = {
        "a transaction in capitals": {**good, "tx": "0x" + "AB" * 32},
        "a block that is true": {**good, "block": True},
        "no transaction": {**good, "tx": None},
        "an anchor of another size": {**good, "size": SIZE + 3},
        "an anchor of another root": {**good, "root": "00" * 32},
        "no consistency proof": {**good, "consistency": []},
        "a consistency proof with more": {
            **good,
            "consistency": [*good["consistency"], "00" * 32],
        },
        "an anchor from before the leaf": anchor(INDEX, **evm),
        "an anchor of an unsigned checkpoint": {
            **good,
            "checkpoint": SmallLog(ORIGIN, LOG.entries, salt="new").note(SIZE + 4),
        },
        "an anchor of another log": {
            **good,
            "checkpoint": SmallLog("other.example/log", LOG.entries).note(SIZE + 4),
        },
        "an anchor of another history": anchor(
            SIZE + 4,
            **evm,
            checkpoint=SmallLog(ORIGIN, [b"x", *LOG.entries[1:]]).note(SIZE + 4),
            root=naive_root(SmallLog(ORIGIN, [b"x", *LOG.entries[1:]]).leaves()).hex(),
        ),
        "a token of something else": anchor(SIZE, kind="rfc3161", token=b64(b"0")),
        "a token that is not base64": anchor(SIZE, kind="rfc3161", token="="),
    }
    cases = [
        make_case(name, make_receipt(note, anchors=[one]), "full", invalid("bad_anchor"))
        for name, one in wrong.items()
    ]
    return [
        make_case(
            "a transaction, which can only be named",
            make_receipt(note, anchors=[good]),
            "full",
            sound(state, "no_witness", stamps=[stamp]),
        ),
        make_case(
            "an anchor of an unknown kind",
            make_receipt(note, anchors=[{"kind": "sundial"}]),
            "full",
            sound(state, "no_witness", stamps=[odd]),
        ),
        *cases,
    ]


def _not_receipts() -> list[Json]:
    good = make_receipt(LOG.note(SIZE))
    wrong = {
        "nothing": "",
        "another header": good.replace("@v1", "@v2", 1),
        "no index": good.replace(f"index {INDEX}\n", "", 1),
        "an index with a leading zero": _at_index(good, 5).replace("index 5", "index 05"),
        "an index of 2^63": good.replace("index 5", f"index {1 << 63}"),
        "a negative index": good.replace("index 5", "index -5"),
        "an extra that is not base64": good.replace("extra ", "extra !", 1),
        "base64 with stray bits": good.replace("\nindex", "\nindex", 1).replace(
            b64(LOG.leaves()[INDEX - 1]), b64(LOG.leaves()[INDEX - 1])[:-2] + "B="
        ),
        "carriage returns": good.replace("\n", "\r\n"),
        "only a head": "c2sp.org/tlog-proof@v1\nindex 0\n",
    }
    return [{"name": name, "receipt": receipt} for name, receipt in wrong.items()]


def _forks() -> list[Json]:
    other = SmallLog(ORIGIN, [*LOG.entries[:-1], b"x"])
    size = len(LOG.entries)
    one, two = LOG.note(size), other.note(size)
    late = LOG.note(size, NOTARY.cosign(LOG.text(size), AT))
    strange = SmallLog("other.example/log", LOG.entries).note(size)
    forged = SmallLog(ORIGIN, [*LOG.entries[:-1], b"x"], salt="new").note(size)
    rows = [
        ("the same", one, late, "full", "consistent", None),
        ("two roots of one size", one, two, "full", "fork", None),
        ("two roots, signatures unchecked", one, two, None, "fork", None),
        ("two roots, one not signed by the log", one, forged, "full", "undecided", "unsigned"),
        ("two logs", one, strange, None, "undecided", "other_log"),
        ("two sizes without tiles", LOG.note(SIZE), one, "full", "undecided", "need_tiles"),
        ("two sizes, the smaller empty", LOG.note(0), one, "full", "consistent", None),
    ]
    names = ("name", "first", "second", "policy", "state", "reason")
    return [dict(zip(names, row, strict=True)) for row in rows]


def make_vectors(tokens: dict[str, str], roots_pem: str) -> Json:
    """All vectors; ``tokens`` are time-stamps (base64) of the checkpoints' texts, by size."""
    receipts = _witnessed() + _unwitnessed() + _broken_notes() + _broken_proofs()
    receipts += _broken_extras() + _anchored(tokens) + _on_chain()
    return {
        "about": "Receipts of docs/formats/log.md and leaves of docs/formats/log-leaf.md with the "
        "answers that every implementation must give. Written by make_receipt_vectors.py.",
        "policies": POLICIES,
        "roots_pem": roots_pem,
        "tokens": tokens,
        "receipts": receipts,
        "not_receipts": _not_receipts(),
        "leaves": make_leaves(),
        "commitment": {"salt": SALT.hex(), "value": VALUE, "is": commitment(SALT, VALUE)},
        "forks": _forks(),
    }


def make_tokens() -> tuple[dict[str, str], str]:
    """New time-stamps of the three checkpoints, and the root that they lead to."""
    from tests.casework.local_tsa import make_certificate, make_key, pem
    from tests.verify.forge_token import forge

    root_key, key = make_key(), make_key()
    root = make_certificate("root", root_key, ca=True)
    certificate = make_certificate("tsa", key, (root, root_key))
    texts = {size: LOG.text(size).encode() for size in (SIZE - 4, SIZE, SIZE + 4)}
    tokens = {str(size): b64(forge(text, key, certificate)) for size, text in texts.items()}
    return tokens, pem(root).decode()


def main() -> None:
    """Write the file anew, with the time-stamps that it already has."""
    if PLACE.exists():
        old = json.loads(PLACE.read_text("utf-8"))
        tokens, roots_pem = old["tokens"], old["roots_pem"]
    else:
        tokens, roots_pem = make_tokens()
    text = json.dumps(make_vectors(tokens, roots_pem), ensure_ascii=False, indent=1)
    PLACE.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
