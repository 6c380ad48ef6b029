"""The witness's answers: those of the specification, and of the published exchanges."""

from __future__ import annotations

import json

import pytest
from tests.house.house_sources import REPO
from tests.log.small_log import SmallLog, fork_of, make_keys, submission

from gongdao.core.errors import InputError
from gongdao.log.cosigner_key import CosignerKey, open_cosigner_key
from gongdao.log.witness import MOST_BODY_BYTES, Refused, origin_name, read_request
from gongdao.log.witness_store import add_checkpoint, read_checkpoint
from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.merkle import EMPTY_ROOT
from gongdao_verify.signed_note import VerifierKey, encode_base64, parse_note, verify_note

VECTORS = REPO.parent / "shared/vectors/log_vectors.json"
KEY = CosignerKey("example.com/witness", bytes(range(32)))
NOW = 1_790_000_000


@pytest.fixture(scope="module")
def vectors():
    """The published vectors, where they lie beside the repository."""
    if not VECTORS.exists():
        pytest.skip("no ../shared/vectors/log_vectors.json beside the repository")
    return json.loads(VECTORS.read_text("utf-8"))


@pytest.fixture
def log():
    """A log of ten leaves."""
    log = SmallLog()
    for number in range(10):
        log.add(b"entry %d" % number)
    return log


def ask(state, log, body, *, at=NOW, key=KEY):
    """What the witness answers to ``body``."""
    request = read_request(body, {log.origin: log.key})
    if isinstance(request, Refused):
        return request.answer
    return add_checkpoint(state=state, key=key, request=request, at=at)


def size_of(state, log):
    """The size that the witness has on record; 0 without one."""
    data = read_checkpoint(state=state, name=origin_name(log.origin))
    return Checkpoint.parse(parse_note(data).text).size if data else 0


def test_published_exchanges(tmp_path, vectors):
    """Every add-checkpoint exchange of another implementation's tests gets the answer that the
    specification has today (404 for an unknown log, where that one said 403)."""
    given = vectors["witness_exchanges"]
    logs = {given["origin"]: VerifierKey.parse(given["log_vkey"])}
    seen = []
    for exchange in given["exchanges"]:
        request = read_request(exchange["request_body"].encode(), logs)
        answer = (
            request.answer
            if isinstance(request, Refused)
            else add_checkpoint(state=tmp_path, key=KEY, request=request, at=NOW)
        )
        seen.append(answer.status)
        body = answer.body.decode()
        unknown = exchange.get("body_contains") == "unknown log"
        assert answer.status == (404 if unknown else exchange["status"])
        assert exchange.get("body_contains", "") in body
        assert body == exchange.get("body_equals", body)
    assert seen == [200, 403, 404, 422, 422, 200, 409, 200, 409]


def test_published_cosignatures(vectors):
    """Keys and cosignature lines of other implementations come out byte for byte."""
    given = vectors["cosignature_generated"]
    for one in given["witnesses"]:
        key = CosignerKey.parse(one["skey"])
        assert key.text() == one["skey"] and key.verifier().text() == one["vkey_0x04"]
        text = one["signed_message"].split("\n", 2)[2]
        assert key.cosign(text, at=one["time"]) + "\n" == one["cosignature_line"]
    for one in vectors["cosignatures"]:
        if "vkey" in one:
            held = verify_note(
                parse_note(one["checkpoint"].encode()), [VerifierKey.parse(one["vkey"])]
            )
            assert [h.at for h in held] == [one["timestamp"]]
            origin = one["checkpoint"].partition("\n")[0]
            assert origin_name(origin) == one["origin_sha256_hex"]


def test_a_witness_follows_a_growing_log(tmp_path, log):
    """Each next checkpoint is cosigned, kept with both signatures, and the answer is one line."""
    old = 0
    for new in (1, 1, 4, 7, 10):
        path = log.prove(old, new) if old else []
        answer = ask(tmp_path, log, submission(old, path, log.sign(new)))
        assert answer.status == 200 and answer.body.count(b"\n") == 1
        kept = parse_note(read_checkpoint(state=tmp_path, name=origin_name(log.origin)))
        held = verify_note(kept, [log.key, KEY.verifier()])
        assert [h.at for h in held] == [None, NOW]
        assert kept.signatures[1].line + "\n" == answer.body.decode()
        old = new
    assert size_of(tmp_path, log) == 10


def test_an_old_size_that_is_not_ours(tmp_path, log):
    """409 names the witness's size in the type that the specification has, and moves nothing."""
    ask(tmp_path, log, submission(0, [], log.sign(4)))
    for old, new in ((0, 7), (2, 7), (3, 3), (5, 7), (7, 7)):
        path = log.prove(old, new) if old else []
        answer = ask(tmp_path, log, submission(old, path, log.sign(new)))
        assert (answer.status, answer.body) == (409, b"4\n")
        assert answer.content_type == "text/x.tlog.size"
    assert size_of(tmp_path, log) == 4


def test_an_old_size_above_the_checkpoint(tmp_path, log):
    """400, and before anything is compared with what the witness has."""
    ask(tmp_path, log, submission(0, [], log.sign(4)))
    assert ask(tmp_path, log, submission(4, [], log.sign(3))).status == 400
    assert ask(tmp_path, log, submission(9, [], log.sign(8))).status == 400


def test_what_does_not_continue(tmp_path, log):
    """422 for each proof that does not hold, an unwanted one, and another root at the same size."""
    assert ask(tmp_path, log, submission(0, log.prove(2, 4), log.sign(4))).status == 422
    assert size_of(tmp_path, log) == 0
    ask(tmp_path, log, submission(0, [], log.sign(3)))
    other = fork_of(log, 2, [b"other %d" % n for n in range(7)])
    good = log.prove(3, 7)
    for path, note in (
        ([], log.sign(7)),
        (good[:-1], log.sign(7)),
        ([*good, good[0]], log.sign(7)),
        (good[::-1], log.sign(7)),
        (good, other.sign(7)),
        (other.prove(3, 7), other.sign(7)),
        ([], other.sign(3)),
        (good, log.sign(3)),
        ([], log.sign(3, EMPTY_ROOT)),
    ):
        assert ask(tmp_path, log, submission(3, path, note)).status == 422
    assert size_of(tmp_path, log) == 3


def test_the_empty_tree(tmp_path, log):
    """A checkpoint of nothing has the empty root; after it, any tree is the first one."""
    assert ask(tmp_path, log, submission(0, [], log.sign(0, b"\x01" * 32))).status == 422
    assert ask(tmp_path, log, submission(0, [], log.sign(0))).status == 200
    assert ask(tmp_path, log, submission(0, log.prove(1, 4), log.sign(4))).status == 422
    assert ask(tmp_path, log, submission(0, [], log.sign(4))).status == 200
    assert ask(tmp_path, log, submission(4, [], log.sign(0))).status == 400


def test_two_roots_for_one_size_are_kept_as_proof(tmp_path, log):
    """Both signed notes lie in one file, also when the old size was wrong; a bad proof alone
    proves nothing, so nothing is kept."""
    ask(tmp_path, log, submission(0, [], log.sign(4)))
    other = fork_of(log, 3, [b"other %d" % n for n in range(7)])
    ask(tmp_path, log, submission(4, [], other.sign(7)))
    assert not (tmp_path / "forks").exists()
    for old in (4, 0):
        ask(tmp_path, log, submission(old, [], other.sign(4)))
        (found,) = (tmp_path / "forks").iterdir()
        text = found.read_bytes()
        assert encode_base64(log.root(4)).encode() in text
        assert encode_base64(other.root(4)).encode() in text
        found.unlink()


def test_who_signed(tmp_path, log):
    """Unknown keys are ignored; without the log's signature, or with one that fails, 403."""
    stranger, key = make_keys("stranger")
    note = log.sign(4)
    text = parse_note(note).text
    from gongdao_verify.signed_note import join_note, signature_line

    other = signature_line(key.name, key.key_id, stranger.sign(text.encode()))
    forged = signature_line(log.key.name, log.key.key_id, stranger.sign(text.encode()))
    ours = parse_note(note).signatures[0].line
    for lines, status in (
        ([other], 403),
        ([forged], 403),
        ([forged, ours], 403),
        ([ours[:-1] + "x", other], 403),
        ([other, ours], 200),
    ):
        assert ask(tmp_path, log, submission(0, [], join_note(text, lines))).status == status
        assert size_of(tmp_path, log) == (4 if status == 200 else 0)
    kept = read_checkpoint(state=tmp_path, name=origin_name(log.origin))
    assert other.encode() not in kept


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n\n",
        b"old 0\n",
        b"old\n\n",
        b"old 00\n\nNOTE",
        b"old -1\n\nNOTE",
        b"old 9223372036854775808\n\nNOTE",
        b"OLD 0\n\nNOTE",
        b"old  0\n\nNOTE",
        b"old 0 \n\nNOTE",
        b"old 0\r\n\r\nNOTE",
        b"\xff\xfe\n\nNOTE",
        b"old 0\nAAAA\n\nNOTE",
        b"old 0\n" + b"A" * 43 + b"\n\nNOTE",
        b"old 0\n" + (b"A" * 43 + b"=\n") * 64 + b"\nNOTE",
    ],
)
def test_rubbish_is_a_bad_request(tmp_path, log, body):
    """400 for what is no request of this form, and nothing is made on disk."""
    answer = ask(tmp_path, log, body.replace(b"NOTE", log.sign(4)))
    assert answer.status == 400
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cut", [0, 1, 20, 45, -1])
def test_a_cut_checkpoint(tmp_path, log, cut):
    """A checkpoint that ends early is malformed, unsigned or of no known log; never cosigned."""
    body = submission(0, [], log.sign(4))
    head = len(b"old 0\n\n")
    answer = ask(tmp_path, log, body[: head + cut] if cut >= 0 else body[:cut])
    assert answer.status in (400, 403, 404)
    assert list(tmp_path.iterdir()) == []


def test_a_body_that_is_too_long(tmp_path, log):
    """What is longer than the limit is not even parsed."""
    body = submission(0, [], log.sign(4))
    assert ask(tmp_path, log, body + b"x" * MOST_BODY_BYTES).status == 413


def test_unknown_logs(tmp_path, log):
    """404 for a log that the witness was not given, however well signed."""
    other = SmallLog("other.example.org/log", [b"a"])
    assert ask(tmp_path, log, submission(0, [], other.sign())).status == 404
    assert ask(tmp_path, log, b"old 0\n\nno checkpoint at all").status == 404


def test_a_clock_that_went_back(tmp_path, log):
    """A time before the last cosignature would contradict it, so nothing is cosigned."""
    ask(tmp_path, log, submission(0, [], log.sign(4)))
    body = submission(4, log.prove(4, 7), log.sign(7))
    assert ask(tmp_path, log, body, at=NOW - 1).status == 503
    assert size_of(tmp_path, log) == 4
    assert ask(tmp_path, log, body, at=NOW).status == 200


def test_damaged_state_is_never_taken_for_none(tmp_path, log):
    """Cut, changed, empty or another's: the witness refuses to go on with it."""
    ask(tmp_path, log, submission(0, [], log.sign(4)))
    path = tmp_path / "witness" / origin_name(log.origin) / "checkpoint"
    good = path.read_bytes()
    other = SmallLog("other.example.org/log", [b"a"])
    request = read_request(submission(0, [], other.sign()), {other.origin: other.key})
    add_checkpoint(state=tmp_path / "o", key=KEY, request=request, at=NOW)
    foreign = read_checkpoint(state=tmp_path / "o", name=origin_name(other.origin))
    for bad in (b"", good[:-5], good.replace(b"\n4\n", b"\n3\n"), log.sign(4), foreign):
        path.write_bytes(bad)
        with pytest.raises(InputError):
            ask(tmp_path, log, submission(0, [], log.sign(10)))
        assert path.read_bytes() == bad
    path.write_bytes(good)
    assert ask(tmp_path, log, submission(4, log.prove(4, 7), log.sign(7))).status == 200


def test_the_monitoring_path(tmp_path, log):
    """What GET shows is found by the hash of the origin alone, and by nothing else."""
    ask(tmp_path, log, submission(0, [], log.sign(4)))
    name = origin_name(log.origin)
    assert b"\n4\n" in read_checkpoint(state=tmp_path, name=name)
    for bad in ("", "..", name.upper(), name[:-1], name + "0", "0" * 64, "../" + name[3:]):
        assert read_checkpoint(state=tmp_path, name=bad) is None


def test_a_key_is_made_once_and_tied_to_its_folder(tmp_path):
    """The same key comes back; with an emptied or foreign state folder it is refused."""
    path, state = tmp_path / "w.key", tmp_path / "state"
    with pytest.raises(InputError, match="--name"):
        open_cosigner_key(path=path, state=state, name=None)
    made = open_cosigner_key(path=path, state=state, name="w.example/1")
    assert path.stat().st_mode & 0o777 == 0o600
    assert open_cosigner_key(path=path, state=state, name=None) == made
    with pytest.raises(InputError, match=r"w\.example/1"):
        open_cosigner_key(path=path, state=state, name="w.example/2")
    with pytest.raises(InputError, match=r"w\.key"):
        open_cosigner_key(path=path, state=tmp_path / "emptied", name=None)
    with pytest.raises(InputError, match=r"x\.key"):
        open_cosigner_key(path=tmp_path / "x.key", state=state, name="w.example/3")
    assert open_cosigner_key(path=path, state=state, name=None) == made


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u3000b", "a\nb"])
def test_names_that_no_key_can_have(tmp_path, name):
    """A name with blanks or plus signs would break every note that it stands in."""
    with pytest.raises(InputError):
        open_cosigner_key(path=tmp_path / "k", state=tmp_path / "s", name=name)
    assert not (tmp_path / "k").exists()


@pytest.mark.parametrize("text", ["", "x", "PRIVATE+KEY+a+00000000+AQID", "\udcff"])
def test_files_that_are_no_keys(tmp_path, text):
    """A file that holds no key is refused by name, and left as it is."""
    (tmp_path / "k").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match="k"):
        open_cosigner_key(path=tmp_path / "k", state=tmp_path / "s", name=None)
