"""The published vectors of Certificate Transparency, Go and C2SP: what others wrote holds here.

Most are collected outside of the repository and read from there; a few are typed in below, so that
there is never nothing.
"""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.verify.log_kit import b64

from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.merkle import (
    EMPTY_ROOT,
    BadProof,
    Edge,
    check_consistency,
    leaf_hash,
    node_hash,
    root_from_inclusion,
)
from gongdao_verify.signed_note import (
    COSIGNATURE,
    ED25519,
    ML_DSA,
    BadNote,
    VerifierKey,
    cosigned_bytes,
    parse_note,
    verify_note,
)
from gongdao_verify.tlog_proof import TlogProof
from gongdao_verify.tlog_tiles import (
    full_tiles,
    join_bundle,
    parse_tile_path,
    partial_width,
    split_bundle,
    tile_path,
    width_at,
)
from gongdao_verify.tree_reader import TreeReader

PLACE = Path(__file__).resolve().parents[3] / "shared/vectors/log_vectors.json"
LEAVES = (
    *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
    "606162636465666768696a6b6c6d6e6f",
)
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
LATER = {
    "vrf_r255": "nothing here makes or checks VRF proofs",
    "opentimestamps": "no anchor of this kind",
    "mldsa44_cosigned_message": "cosignatures of this kind are read, and never counted",
}
hexed = bytes.fromhex
Json = dict[str, Any]


@pytest.fixture(scope="module")
def vectors() -> Json:
    """The collected vectors, where they are."""
    if not PLACE.exists():
        pytest.skip(f"the collected vectors are not here: {PLACE}")
    return dict(json.loads(PLACE.read_text("utf-8")))


def test_the_classic_tree() -> None:
    """Eight leaves and the roots of all sizes, from Certificate Transparency's own tests."""
    edge = Edge()
    assert edge.root() == EMPTY_ROOT
    for data, root in zip(LEAVES, ROOTS, strict=True):
        edge.add(leaf_hash(hexed(data)))
        assert edge.root().hex() == root


def test_a_real_checkpoint_of_gos_checksum_database() -> None:
    """Key name and origin differ there, and it still verifies; one digit changed does not."""
    key = VerifierKey.parse("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")
    note = (
        "go.sum database tree\n35225469\nvt5T6GaLCXvyHFl9VUvvItR43XZxfLgftEcTyO3eJCQ=\n\n"
        "— sum.golang.org Az3grpukl5AXaVfYkLiDGORx/DN2nlcS5kZHR5uYOBV2KA2HgXpD+gu9HHONebHLAyaK"
        "bbTM75QTtPydhKCExixSfwQ=\n"
    )
    (held,) = verify_note(parse_note(note.encode()), [key])
    assert (held.key, held.at) == (key, None)
    assert Checkpoint.parse(parse_note(note.encode()).text).size == 35225469
    with pytest.raises(BadNote, match="does not hold"):
        verify_note(parse_note(note.replace("35225469", "35225468").encode()), [key])


def test_hashes_and_all_small_proofs(vectors: Json) -> None:
    """Hasher, node hashes, and the 36 + 36 proofs between all sizes up to 8."""
    classic = vectors["rfc6962_classic"]
    assert [leaf_hash(hexed(x)).hex() for x in classic["leaf_inputs_hex"]] == classic["leaf_hashes"]
    rows = classic["level_hashes"]
    for below, above in pairwise(rows):
        pairs = zip(below[::2], below[1::2], strict=False)
        found = [node_hash(hexed(a), hexed(b)).hex() for a, b in pairs]
        assert found == above[: len(found)] and found
    for one in classic["inclusion_all"]:
        assert _root_of(one) == one["root"]
    for one in classic["consistency_all"]:
        assert _is_consistent(one)
    for one in vectors["rfc6962_hasher"]:
        assert _hasher(one) == one["want"]


def _hasher(one: Json) -> str:
    parts = [hexed(part) for part in one["input_hex"].split("|")]
    if one["desc"] == "empty":
        return EMPTY_ROOT.hex()
    return (node_hash(*parts) if len(parts) == 2 else leaf_hash(parts[0])).hex()


def _root_of(one: Json) -> str | None:
    path = [hexed(x) for x in one["proof"]]
    leaf = hexed(one["leaf_hash"])
    try:
        found = root_from_inclusion(index=one["index"], size=one["size"], leaf=leaf, path=path)
    except BadProof:
        return None
    return found.hex()


def _is_consistent(one: Json) -> bool:
    roots = [hexed(one[key]) for key in ("root1", "root2")]
    path = [hexed(x) for x in one["proof"]]
    try:
        check_consistency(
            old_size=one["size1"],
            old_root=roots[0],
            new_size=one["size2"],
            new_root=roots[1],
            path=path,
        )
    except BadProof:
        return False
    return True


def test_all_probes_are_told_apart(vectors: Json) -> None:
    """98 + 98 proofs, sound and broken; one counts as sound there with roots of 12 bytes."""
    wrong = [p["file"] for p in vectors["probes_inclusion"] if _includes(p) != p["valid"]]
    wrong += [p["file"] for p in vectors["probes_consistency"] if _is_consistent(p) != p["valid"]]
    odd = "consistency/additional/sizes-are-equal-one-and-proof-is-empty.json"
    assert wrong == [odd]
    assert len(vectors["probes_inclusion"]) == len(vectors["probes_consistency"]) == 98


def _includes(probe: Json) -> bool:
    return _root_of(probe) == probe["root"]


def test_signed_notes(vectors: Json) -> None:
    """Ed25519 notes verify, an ECDSA note is read and its key known but nothing said of it."""
    for one in vectors["signed_notes"]:
        key = VerifierKey.parse(one["vkey"])
        note = parse_note(one["note"].encode())
        assert key.text() == one["vkey"]
        assert note.text == one.get("text", note.text)
        assert bool(verify_note(note, [key])) == (key.kind == ED25519)
    for one in vectors["vkey_must_reject"]:
        with pytest.raises(BadNote):
            VerifierKey.parse(one["vkey"])


def test_what_others_signed_is_signed(vectors: Json) -> None:
    """The lines that Go makes from its example keys hold under the public keys."""
    for one in vectors["signing_key_examples"]:
        note = parse_note(f"{one['text']}\n{one['signature_line']}".encode())
        assert len(verify_note(note, [VerifierKey.parse(one["vkey"])])) == 1


def test_cosignatures(vectors: Json) -> None:
    """Of two witnesses and a mirror, and ours over a known checkpoint; the log's other kind of
    signature beside them is ignored."""
    seen = 0
    for one in vectors["cosignatures"]:
        note = parse_note(one["checkpoint"].encode())
        if "vkey" not in one:
            continue
        key = VerifierKey.parse(one["vkey"])
        (held,) = verify_note(note, [key])
        assert (key.kind, held.at) == (COSIGNATURE, one["timestamp"])
        assert cosigned_bytes(note.text, one["timestamp"]).decode() == one["signed_message"]
        seen += 1
    assert seen == 3
    checkpoint = vectors["tessera_testlog"]["checkpoints"][15]["checkpoint"]
    for one in vectors["cosignature_generated"]["witnesses"]:
        note = parse_note((checkpoint + one["cosignature_line"]).encode())
        (held,) = verify_note(note, [VerifierKey.parse(one["vkey_0x04"])])
        assert held.at == one["time"]


def test_a_whole_small_log(vectors: Json) -> None:
    """Tessera's 15 entries: bundle, tile, the root and signature of each of 16 checkpoints, and
    proofs between them from the tile."""
    log = vectors["tessera_testlog"]
    key = VerifierKey.parse(log["vkey"])
    bundle, tile = hexed(log["entry_bundle_000.p/15_hex"]), hexed(log["tile_0_000.p/15_hex"])
    entries = split_bundle(bundle)
    assert entries == [text.encode() for text in log["entries_utf8"]]
    assert join_bundle(entries) == bundle
    assert b"".join(map(leaf_hash, entries)) == tile
    roots = []
    for one in log["checkpoints"]:
        note = parse_note(one["checkpoint"].encode())
        assert verify_note(note, [key])
        checkpoint = Checkpoint.parse(note.text)
        assert (checkpoint.size, checkpoint.root.hex()) == (one["size"], one["root_hex"])
        assert checkpoint.text() == note.text
        reader = TreeReader(lambda name: tile, checkpoint.size, checkpoint.root)
        cut = TreeReader({tile_path(0, 0): tile}.__getitem__, checkpoint.size, checkpoint.root)
        assert cut.root() == checkpoint.root
        if checkpoint.size == 15:
            assert reader.root() == checkpoint.root
        roots.append(checkpoint.root)
    last = TreeReader(lambda name: tile, 15, roots[15])
    for size in range(1, 16):
        path = last.consistency_path(size)
        check_consistency(
            old_size=size, old_root=roots[size], new_size=15, new_root=roots[15], path=path
        )


def test_tile_names(vectors: Json) -> None:
    """Names made and read, those that must be refused, and the widths at two sizes."""
    tiles = vectors["tiles"]
    for one in tiles["tile_paths"]:
        width = one["p"] or 256
        assert tile_path(one["level"], one["index"], width) == one["path"]
        tile = parse_tile_path(one["path"])
        assert (tile.level, tile.n, tile.width) == (one["level"], one["index"], width)
    for one in tiles["entry_bundle_paths"]:
        n = one["seq"] // 256
        width = width_at(one["log_size"], None, n)
        assert tile_path(None, n, width) == one["path"]
        assert parse_tile_path(one["path"]).level is None
    for level, rest in tiles["tile_path_must_reject"]:
        with pytest.raises(ValueError, match="not a tile's name"):
            parse_tile_path(f"tile/{level}/{rest}")
    for size in (70_000, 256):
        for one in tiles[f"tiles_for_size_{size}"]:
            assert full_tiles(size, one["level"]) == one["full"]
            assert partial_width(size, one["level"]) == one["partial_width"]


def test_checkpoints_that_must_be_refused(vectors: Json) -> None:
    """Malformed ones of two collections; the sound one beside them is read."""
    wrong = [one["text"] for one in vectors["checkpoint_must_reject"]]
    tree = vectors["go_sumdb_tree"]
    assert Checkpoint.parse(tree["text"]).size == tree["tree_size"]
    for text in [*wrong, *tree["bad"][1:]]:
        with pytest.raises(BadNote):
            Checkpoint.parse(text)
    assert Checkpoint.parse(tree["bad"][0]).origin == "not-" + Checkpoint.parse(tree["text"]).origin


def test_proof_files(vectors: Json) -> None:
    """Three written and read, seven refused, one verified from entry to signature."""
    group = vectors["tlog_proof"]
    for one in group["format_cases"]:
        path = tuple(map(hexed, one["hashes_hex"]))
        extra = None if one["extra"] is None else one["extra"].encode()
        proof = TlogProof(one["index"], path, one["checkpoint"].encode(), extra)
        assert proof.dump().decode() == one["want"]
        assert TlogProof.parse(one["want"].encode()) == proof
    for text in group["must_reject"]:
        with pytest.raises(BadNote):
            TlogProof.parse(text.encode())
    golden = group["full_golden"]
    proof = TlogProof.parse(golden["proof"].encode())
    note = parse_note(proof.checkpoint)
    assert verify_note(note, [VerifierKey.parse(golden["vkey"])])
    checkpoint = Checkpoint.parse(note.text)
    leaf = leaf_hash(golden["entry_utf8"].encode())
    root = root_from_inclusion(index=proof.index, size=checkpoint.size, leaf=leaf, path=proof.path)
    assert root == checkpoint.root


def test_requests_to_witnesses_are_read(vectors: Json) -> None:
    """The notes in the nine exchanges parse, and hold or not as the answers say."""
    group = vectors["witness_exchanges"]
    key = VerifierKey.parse(group["log_vkey"])
    for one in group["exchanges"]:
        data = one["request_body"].partition("\n\n")[2].encode()
        try:
            held = bool(verify_note(parse_note(data), [key]))
        except BadNote:
            held = False
        assert held == (one["status"] != 403)


def test_the_example_that_does_not_hold_as_printed(vectors: Json) -> None:
    """The specification's example note: its signature is of another origin line."""
    one = vectors["spec_examples_illustrative"]["tlog-checkpoint.md"]
    assert one["verifies_as_printed"] is False


def test_a_key_of_another_kind_must_have_its_own_id(vectors: Json) -> None:
    """An ML-DSA key with a wrong id, as a fixture of others has it, is refused; with the right id
    it is read, and never verifies anything here."""
    one = vectors["mldsa44_vkey"]
    key = VerifierKey.parse(one["corrected_vkey"])
    assert (key.kind, key.key_id.hex()) == (ML_DSA, one["spec_key_id"])
    printed = one["corrected_vkey"].replace(one["spec_key_id"], one["printed_key_id_in_fixture"])
    with pytest.raises(BadNote, match="does not have the id"):
        VerifierKey.parse(printed)
    line = f"— {key.name} {b64(key.key_id + bytes(2428))}\n"
    assert verify_note(parse_note(f"x\n\n{line}".encode()), [key]) == ()


def test_a_foreign_time_stamp_is_read(vectors: Json) -> None:
    """Another implementation's response is of its message, and anchors under its own chain."""
    from cryptography import x509

    from gongdao_verify.anchor import ANCHORED, UNANCHORED, check_token

    one = vectors["rfc3161"]
    token = hexed(one["response_tsr_hex"])
    roots = x509.load_pem_x509_certificates(one["ts_chain_pem"].encode())
    message = one["message_utf8"].encode()
    found, findings = check_token(token, message, roots)
    assert findings == set() and found.at is not None
    assert found.state == ANCHORED, found.reason
    other, findings = check_token(token, message + b"x", roots)
    assert other.state == UNANCHORED and {f.detail for f in findings} == {"stamp_of_other"}


def test_sm3(vectors: Json) -> None:
    """The digest that lists of case files use beside SHA-256."""
    for one in vectors["sm3"]:
        assert hashlib.new("sm3", one["input"].encode()).hexdigest() == one["digest"]


def test_every_group_is_used_or_left_for_a_reason(vectors: Json) -> None:
    """No collected group goes unnoticed."""
    source = Path(__file__).read_text("utf-8")
    prose = {"sources", "hash", "verification_log"}
    groups = {name for name in vectors if not name.endswith("_note")} - prose
    assert not {name for name in groups if f'"{name}"' not in source}


@pytest.mark.parametrize("group", list(LATER))
def test_groups_for_later(vectors: Json, group: str) -> None:
    """Said aloud instead of passed over."""
    assert group in vectors
    pytest.skip(f"{group}: {LATER[group]}")
