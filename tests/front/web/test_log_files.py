"""The log as files: byte for byte as tlog-tiles has them, for anybody to fetch and to keep."""

from __future__ import annotations

import gzip

import pytest
from tests.front.web.log_ground import NOTARY, begin, cosign, policy_of, publish_policy
from tests.log.log_kit import append_some, hashes_of, naive_root

from gongdao.log.models import LogCheckpoint
from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.log_verdict import judge_receipt
from gongdao_verify.signed_note import parse_note, verify_note
from gongdao_verify.tlog_policy import Policy
from gongdao_verify.tlog_tiles import split_bundle, tile_path, width_at
from gongdao_verify.tree_reader import MissingTile, TreeReader

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
FOR_GOOD = "public, max-age=31536000, immutable"


def _source(client):
    """The tiles as a stranger fetches them."""

    def read(name: str) -> bytes:
        answer = client.get(f"/log/{name}")
        if answer.status_code == 404:
            raise MissingTile(name)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cache-Control"] == FOR_GOOD
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert "Cookie" not in answer.headers.get("Vary", "") and not answer.cookies
        return answer.content

    return read


def test_a_stranger_can_mirror_the_log(client, settings, tmp_path):
    """Every tile and bundle of a log that has two levels, at the size of every checkpoint that was
    ever published: they make its root, and the entries are those that were appended."""
    ground = begin(tmp_path, settings, leaves=200)
    append_some(70)
    ground.run()
    append_some(300)
    ground.run()
    source, hashes = _source(client), hashes_of(ground.entries())
    sizes = list(LogCheckpoint.objects.values_list("size", flat=True))
    assert len(sizes) == 3 and max(sizes) == 571
    for size in sizes:
        reader = TreeReader(source, size)
        assert reader.root() == naive_root(hashes[:size])
        found: list[bytes] = []
        for n in range(-(-size // 256)):
            found += split_bundle(source(tile_path(None, n, width_at(size, None, n))))
        assert found == ground.entries()[:size]
    note = parse_note(client.get("/log/checkpoint").content)
    assert verify_note(note, [ground.key.verifier])
    assert Checkpoint.parse(note.text).size == 571


def test_what_is_not_there_is_not_found_and_not_kept(client, settings, tmp_path):
    """Names that are none, widths that no checkpoint covers, full tiles that are not full: 404,
    short, from anywhere, and nobody may keep it."""
    begin(tmp_path, settings, leaves=9)
    assert client.get("/log/tile/0/000.p/10").status_code == 200
    for name in (
        "0/000",
        "0/000.p/11",
        "0/000.p/0",
        "0/000.p/256",
        "0/001.p/1",
        "1/000.p/1",
        "entries/000",
        "entries/000.p/11",
        "64/000",
        "0/x000/000",
        "0/000.p/010",
        "../checkpoint",
        "0/",
    ):
        answer = client.get(f"/log/tile/{name}")
        assert answer.status_code == 404, name
        assert answer.headers["Cache-Control"] == "no-store" and len(answer.content) < 100
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_leaves_without_a_checkpoint_are_not_served(client, settings, tmp_path):
    """Leaves that have their numbers and tiles, but no signature yet, are nowhere to be seen."""
    ground = begin(tmp_path, settings, leaves=3)
    append_some(3)

    def stop(step: str) -> None:
        if step == "sign":
            raise InterruptedError

    with pytest.raises(InterruptedError):
        ground.run(step=stop)
    assert len(ground.entries()) == 7
    for name in ("tile/0/000.p/7", "tile/entries/000.p/5", "leaf/5/"):
        assert client.get(f"/log/{name}").status_code == 404
    assert client.get("/log/changes/").content.decode().count("log/leaf/") == 4
    ground.run()
    for name in ("tile/0/000.p/7", "tile/entries/000.p/5", "leaf/5/"):
        assert client.get(f"/log/{name}").status_code == 200


def test_the_checkpoint_is_kept_for_seconds_only(client, settings, tmp_path):
    """With every cosignature that is known, as plain text; before the first one 404."""
    assert client.get("/log/checkpoint").status_code == 404
    begin(tmp_path, settings, leaves=2)
    cosign([NOTARY])
    answer = client.get("/log/checkpoint")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["Cache-Control"] == "public, max-age=2"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert [one.name for one in parse_note(answer.content).signatures][1:] == [NOTARY.name]


def test_bundles_may_come_compressed_and_are_the_same_bytes(client, settings, tmp_path):
    """Whoever accepts gzip gets the entries packed; hashes never are."""
    begin(tmp_path, settings, leaves=200)
    plain = client.get("/log/tile/entries/000.p/201").content
    packed = client.get("/log/tile/entries/000.p/201", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain and len(packed.content) < len(plain) / 2
    hashes = client.get("/log/tile/0/000.p/201", headers={"Accept-Encoding": "gzip"})
    assert len(hashes.content) == 201 * 32


def test_the_policy_is_what_strangers_can_use(client, settings, tmp_path):
    """Without a file of the operator it names our key and no witness; with one it is that file,
    our own key put before where it lacks; one that cannot be read is not published."""
    assert client.get("/log/policy").status_code == 404
    ground = begin(tmp_path, settings, leaves=1)
    own = Policy.parse(client.get("/log/policy").content.decode())
    assert [log.key for log in own.logs.values()] == [ground.key.verifier] and own.quorum == "none"
    whole = policy_of(ground)
    publish_policy(tmp_path, settings, whole)
    assert client.get("/log/policy").content.decode() == whole
    lacking = whole.partition("#org=operator\n")[2]
    publish_policy(tmp_path, settings, lacking)
    told = client.get("/log/policy").content.decode()
    assert told.endswith(lacking) and ground.key.origin in Policy.parse(told).logs
    publish_policy(tmp_path, settings, whole[:-20])
    assert Policy.parse(client.get("/log/policy").content.decode()).quorum == "none"


def test_a_receipt_verifies_offline(client, settings, tmp_path):
    """For every leaf: to be saved under its number, and it holds under the published policy."""
    ground = begin(tmp_path, settings, leaves=5)
    policy = Policy.parse(client.get("/log/policy").content.decode())
    for index, digest in enumerate(hashes_of(ground.entries())):
        answer = client.get(f"/log/receipt/{digest.hex()}")
        assert f'filename="{index}.tlog-proof"' in answer.headers["Content-Disposition"]
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        verdict = judge_receipt(answer.content, policy=policy)
        assert verdict.index == index and verdict.leaf_hash == digest and not verdict.exit_code


def test_a_receipt_for_everybody_opens_nothing(client, settings, tmp_path):
    """Salts are for the owner of a commitment alone: what anybody can fetch has none."""
    from django.db import transaction
    from tests.log.log_kit import AT, DIGESTS, STORES

    from gongdao.log.append import append_leaves
    from gongdao.log.new_leaf import NewLeaf, new_subject

    ground = begin(tmp_path, settings)
    leaf = NewLeaf("case.sealed", new_subject("case"), DIGESTS, {"amount": 9800})
    with transaction.atomic():
        digest = append_leaves(stores=STORES, leaves=[leaf], at=AT)[0]
    ground.run()
    verdict = judge_receipt(client.get(f"/log/receipt/{digest.hex()}").content, policy=None)
    assert dict(verdict.opened) == {} and "9800" not in client.get("/log/leaf/1/").content.decode()


def test_a_leaf_that_waits_has_a_promise(client, settings, tmp_path):
    """202, signed with the log's key, the same one each time; an unknown leaf has nothing."""
    ground = begin(tmp_path, settings, leaves=1)
    digest = append_some(1)[0]
    answer = client.get(f"/log/receipt/{digest.hex()}")
    assert answer.status_code == 202 and answer.headers["Retry-After"] == "1"
    note = parse_note(answer.content)
    assert verify_note(note, [ground.key.verifier])
    head, origin, leaf, deadline = note.text.splitlines()
    assert (head, origin, leaf) == ("gongdao-promise/v1", ground.key.origin, digest.hex())
    assert deadline == "2026-11-23T10:00:00Z"
    assert client.get(f"/log/receipt/{digest.hex()}").content == answer.content
    assert client.get(f"/log/receipt/{'0' * 64}").status_code == 404
    assert client.get("/log/receipt/xyz").status_code == 404
    ground.run()
    assert client.get(f"/log/receipt/{digest.hex()}").status_code == 200


def test_files_are_only_read(client, settings, tmp_path):
    """No other method than GET and HEAD does anything."""
    begin(tmp_path, settings, leaves=1)
    for path in ("checkpoint", "tile/0/000.p/2", "policy", "leaf/0/", "changes/"):
        assert client.post(f"/log/{path}").status_code == 405
        assert client.head(f"/log/{path}").status_code == 200
