"""Feeding witnesses: honest ones cosign, whatever else they answer harms nothing and nobody."""

from __future__ import annotations

import threading
import time

import pytest
from tests.log.peers import answering, saying
from tests.log.small_log import SmallLog, fork_of, submission
from tests.log.story_log import audit_folder, grow_stories, story_log

from gongdao.log.bounded_http import HttpPeer
from gongdao.log.cosigner_key import CosignerKey
from gongdao.log.feed_witnesses import (
    Ground,
    Kept,
    Published,
    WitnessFeeder,
    WitnessProblem,
    ask_witness,
    read_auditor,
)
from gongdao.log.witness import Refused, origin_name, read_request
from gongdao.log.witness_store import add_checkpoint, read_checkpoint
from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.signed_note import parse_note, verify_note
from gongdao_verify.tlog_policy import Policy, Witness

NOW = 1_790_000_000


def witness_key(number):
    """The key of witness ``number``."""
    return CosignerKey(f"w{number}.example.org/w", bytes([number]) * 32)


def honest(state, key, log, at=NOW):
    """A handler that is a real witness."""

    def handler(method, path, body):
        if method == "GET":
            found = read_checkpoint(state=state, name=path.split("/")[1])
            return (404, {}, b"") if found is None else (200, {}, found)
        assert (method, path) == ("POST", "/w/add-checkpoint")
        request = read_request(body, {log.origin: log.key})
        answer = (
            request.answer
            if isinstance(request, Refused)
            else add_checkpoint(state=state, key=key, request=request, at=at)
        )
        return answer.status, {"Content-Type": answer.content_type}, answer.body

    return handler


@pytest.fixture
def log():
    """A log of ten leaves."""
    log = SmallLog()
    for number in range(10):
        log.add(b"entry %d" % number)
    return log


def ask(url, log, old=0, key=None, size=None, now=NOW):
    """Ask one witness; give up after a second."""
    peer = HttpPeer(f"{url}/w", patience_s=1)
    try:
        return ask_witness(
            peer=peer,
            key=(key or witness_key(1)).verifier(),
            shown=Published.parse(log.sign(size), log.key),
            old=old,
            source=log.source,
            now=now,
        )
    finally:
        peer.close()


def holds(kept, log, key, size):
    """Whether ``kept`` is the key's cosignature under our checkpoint of that size."""
    note = parse_note(log.sign(size) + f"{kept.line}\n".encode())
    held = verify_note(note, [log.key, key.verifier()])
    return kept.size == size and kept.name == key.name and len(held) == 2


def test_an_honest_witness(tmp_path, log):
    """From nothing, and from every size that we or the witness may be at, it cosigns."""
    key = witness_key(1)
    with answering(honest(tmp_path, key, log)) as url:
        for old, size in ((0, 4), (4, 7), (0, 8), (8, 8), (3, 9), (9, 10)):
            assert holds(ask(url, log, old, size=size), log, key, size)


def test_an_answer_that_was_lost(tmp_path, log):
    """The witness cosigned and we never heard: the next time it says so, and signs again."""
    key, lost = witness_key(1), []
    real = honest(tmp_path, key, log)

    def losing(method, path, body):
        answer = real(method, path, body)
        if not lost:
            lost.append(answer)
            return 502, {}, b"bad gateway"
        return answer

    with answering(losing) as url:
        with pytest.raises(WitnessProblem, match="502"):
            ask(url, log, 0, size=4)
        assert lost[0][0] == 200
        assert holds(ask(url, log, 0, size=4), log, key, 4)
        assert holds(ask(url, log, 0, size=9), log, key, 9)


def test_a_witness_that_is_ahead(tmp_path, log):
    """It cosigned more than we have: somebody else signs, or we were rolled back; said at once."""
    key = witness_key(1)
    request = read_request(submission(0, [], log.sign(9)), {log.origin: log.key})
    add_checkpoint(state=tmp_path, key=key, request=request, at=NOW)
    with (
        answering(honest(tmp_path, key, log)) as url,
        pytest.raises(WitnessProblem, match="9 leaves, and we have 4") as raised,
    ):
        ask(url, log, 0, size=4)
    assert raised.value.lasting


def test_a_witness_of_another_history(tmp_path, log):
    """It holds a fork of ours: it refuses, and so it is told."""
    key, other = witness_key(1), fork_of(log, 2, [b"x", b"y", b"z"])
    request = read_request(submission(0, [], other.sign(5)), {log.origin: log.key})
    add_checkpoint(state=tmp_path, key=key, request=request, at=NOW)
    with (
        answering(honest(tmp_path, key, log)) as url,
        pytest.raises(WitnessProblem, match="422") as raised,
    ):
        ask(url, log, 5, size=9)
    assert raised.value.lasting


SIZE = {"Content-Type": "text/x.tlog.size"}


@pytest.mark.parametrize(
    ("answer", "lasting"),
    [
        ((404, {}, b"unknown log"), True),
        ((403, {}, b"no"), True),
        ((422, {}, b"no"), True),
        ((400, {}, b"no"), True),
        ((409, {}, b"4\n"), True),
        ((409, SIZE, b"04\n"), False),
        ((409, SIZE, b"-1\n"), False),
        ((409, SIZE, b"\xff\n"), False),
        ((409, SIZE, b"0\n"), True),
        ((409, SIZE, b"9999\n"), True),
        ((500, {}, b"oops"), False),
        ((302, {"Location": "file:///etc/passwd"}, b""), False),
        ((200, {}, b""), False),
        ((200, {}, b"rubbish\n"), False),
        ((200, {}, b"\xff\xfe"), False),
        ((200, {}, b"x" * 300_000), False),
        ((201, {}, b"made"), False),
    ],
)
def test_other_answers(log, answer, lasting):
    """Every other answer is a problem of that witness, with a reason, and nothing is kept."""
    with answering(lambda *_all: answer) as url, pytest.raises(WitnessProblem) as raised:
        ask(url, log, 0, size=5)
    assert raised.value.lasting == lasting and str(raised.value)


def test_a_witness_that_names_another_size_each_time(log):
    """409 again and again ends after a few requests."""
    asked = []

    def handler(_method, _path, body):
        asked.append(body)
        return 409, SIZE, b"%d\n" % len(asked)

    with answering(handler) as url, pytest.raises(WitnessProblem):
        ask(url, log, 0, size=9)
    assert len(asked) <= 4


def test_signatures_that_are_not_kept(log):
    """By another key, over another size, another root, a changed byte, from the far future."""
    key, text = witness_key(1), Checkpoint(log.origin, 9, log.root(9)).text()
    other = Checkpoint(log.origin, 8, log.root(8)).text()
    good = key.cosign(text, at=NOW)
    for line in (
        witness_key(2).cosign(text, at=NOW),
        key.cosign(other, at=NOW),
        good[:-8] + "AAAA" + good[-4:],
        CosignerKey(key.name, bytes(32)).cosign(text, at=NOW),
        key.cosign(text, at=NOW + 3600),
        good.replace("— ", "- "),
    ):
        with (
            answering(lambda *_all, line=line: (200, {}, f"{line}\n".encode())) as url,
            pytest.raises(WitnessProblem),
        ):
            ask(url, log, 0, size=9)
    mixed = f"{witness_key(2).cosign(text, at=NOW)}\n{good}\n".encode()
    with answering(lambda *_all: (200, {}, mixed)) as url:
        assert ask(url, log, 0, size=9) == Kept(9, key.name, good)


def test_a_witness_that_hangs(log):
    """A silent, dripping or vanishing witness costs as long as we said."""
    began = time.monotonic()
    for parts, repeat in (([], b""), ([b"HTTP/1.1 200 OK\r\n"], b"X: y\r\n"), ([b""], b"")):
        with saying(*parts, pause=0.2, repeat=repeat) as url, pytest.raises(WitnessProblem):
            ask(url, log, 0, size=9)
    with pytest.raises(WitnessProblem, match="no answer"):
        ask("http://127.0.0.1:1", log)
    assert time.monotonic() - began < 8


# Rounds ------------------------------------------------------------------------------------------


class Log:
    """What a feeder stands on, with a log that grows."""

    def __init__(self, log, witnesses, patience_s=1):
        self.log, self.size, self.kept = log, 0, []
        self.ground = Ground(
            log=log.key,
            witnesses=witnesses,
            checkpoint=lambda: log.sign(self.size) if self.size else None,
            ours=lambda size: log.sign(size) if size <= self.size else None,
            source=log.source,
            keep=self.kept.append,
            clock=lambda: NOW,
            patience_s=patience_s,
            auditor_round_s=0,
        )
        self.feeder = WitnessFeeder(self.ground)

    def round(self, size):
        """One round at ``size``, to its end; who answered, in the order of the policy."""
        self.size = size
        for thread in self.feeder.begin_round():
            thread.join(20)
        return sorted(kept.name for kept in self.kept if kept.size == size)


def witness(number, url, **more):
    """A witness of the policy."""
    return Witness(f"w{number}", witness_key(number).verifier(), f"{url}/w" if url else "", **more)


def test_all_cosign_the_same_checkpoint(tmp_path, log):
    """Two witnesses, each round the newest checkpoint, both on it; nothing twice."""
    names = [witness_key(1).name, witness_key(2).name]
    with (
        answering(honest(tmp_path / "1", witness_key(1), log)) as one,
        answering(honest(tmp_path / "2", witness_key(2), log)) as two,
    ):
        fed = Log(log, [witness(1, one), witness(2, two), witness(3, "")])
        assert fed.feeder.begin_round() == []
        for size in (1, 5, 10):
            assert fed.round(size) == names
        assert fed.feeder.begin_round() == [] and len(fed.kept) == 6


def test_a_slow_witness_delays_nobody(tmp_path, log):
    """While one witness never comes to an end, the other one follows every checkpoint."""
    with (
        answering(honest(tmp_path / "1", witness_key(1), log)) as one,
        saying(b"HTTP/1.1 200 OK\r\n", pause=0.2, repeat=b"X: y\r\n") as slow,
    ):
        fed = Log(log, [witness(1, one), witness(2, slow)], patience_s=60)
        hung = []
        for size in (3, 6, 10):
            fed.size = size
            threads = {one.name: one for one in fed.feeder.begin_round()}
            hung += [threads.pop("witness w2")] if size == 3 else []
            threads.pop("witness w1").join(60)
            assert not threads and hung[0].is_alive()
        assert [kept.size for kept in fed.kept] == [3, 6, 10]


def test_a_witness_that_fails_is_left_alone_for_a_while(tmp_path, log, caplog):
    """After a fault it is not asked at once again, the fault is said once, and it is forgiven."""
    broken, asked = [True], []
    real = honest(tmp_path, witness_key(1), log)

    def handler(method, path, body):
        asked.append(path)
        return (500, {}, b"oops") if broken else real(method, path, body)

    with answering(handler) as url:
        fed = Log(log, [witness(1, url)])
        for size in (1, 2, 3):
            assert fed.round(size) == []
        assert len(asked) == 1
        (one,) = fed.feeder._asked
        pauses = []
        for size in (4, 5):
            pauses.append(one.due - time.monotonic())
            one.due = 0
            assert fed.round(size) == []
        assert 1 < pauses[0] < pauses[1]
        assert [record.message for record in caplog.records] == ["witness w1: it answers 500 oops"]
        broken.clear()
        one.due = 0
        assert fed.round(6) == [witness_key(1).name] and fed.round(7)


def test_a_feeder_ends_when_it_is_stopped(tmp_path, log):
    """It runs rounds by itself, over faults of the log's folder, until it is told to stop."""
    with answering(honest(tmp_path, witness_key(1), log)) as url:
        fed = Log(log, [witness(1, url)])
        stop = threading.Event()
        runner = threading.Thread(target=fed.feeder.run, args=(stop,), kwargs={"round_s": 0.01})
        runner.start()
        for size in (2, 6, 10):
            fed.size = size
            for _try in range(300):
                if any(kept.size == size for kept in fed.kept):
                    break
                time.sleep(0.01)
            else:
                raise AssertionError("not cosigned")
        stop.set()
        runner.join(5)
        assert not runner.is_alive()


# Auditors ----------------------------------------------------------------------------------------


def look(url, log, size, key=None):
    """Look at one auditor, with ``size`` leaves of our own."""
    peer = HttpPeer(url, patience_s=1)
    try:
        return read_auditor(
            peer=peer,
            key=(key or witness_key(1)).verifier(),
            log=log.key,
            ours=lambda found: log.sign(found) if found <= size else None,
            now=NOW,
        )
    finally:
        peer.close()


def shown_by(data):
    """A handler that shows ``data`` as every checkpoint."""
    return lambda _method, _path, _body: (200, {}, data)


def test_an_auditors_cosignature_is_fetched(tmp_path):
    """What the auditor put into its mirror is found there, and is a cosignature of ours."""
    log, key = story_log(300), witness_key(1)
    (tmp_path / "log").mkdir()
    log.publish(tmp_path / "log")
    audit_folder(tmp_path / "log", tmp_path / "state", log, cosigner=key)
    public = tmp_path / "state/public"

    def handler(_method, path, _body):
        file = public / path.lstrip("/")
        return (200, {}, file.read_bytes()) if file.is_file() else (404, {}, b"")

    with answering(handler) as url:
        grow_stories(log, 400)
        assert holds(look(url, log, 400), log, key, 300)
        (public / origin_name(log.origin) / "checkpoint").unlink()
        assert look(url, log, 400) is None


def test_an_auditor_that_shows_another_history(log):
    """Signed by the log, and not ours: both notes are said, for they are the proof."""
    other = fork_of(log, 2, [b"x", b"y", b"z"])
    with (
        answering(shown_by(other.sign(5))) as url,
        pytest.raises(WitnessProblem, match="two histories") as raised,
    ):
        look(url, log, 10)
    assert other.sign(5).decode() in str(raised.value)
    assert log.sign(5).decode() in str(raised.value)


def test_other_things_that_an_auditor_may_show(log):
    """A checkpoint that we do not have yet is none; one of others, or unsigned by it, a problem."""
    key = witness_key(1)
    with answering(shown_by(log.sign(9))) as url:
        assert look(url, log, 5) is None
        with pytest.raises(WitnessProblem, match="did not sign"):
            look(url, log, 10)
    for data in (b"", b"x", SmallLog("other.example.org/log", [b"a"]).sign()):
        with answering(shown_by(data)) as url, pytest.raises(WitnessProblem):
            look(url, log, 10)
    bad = log.sign(9) + f"{key.cosign('another text', at=NOW)}\n".encode()
    with answering(shown_by(bad)) as url, pytest.raises(WitnessProblem, match="does not hold"):
        look(url, log, 10)


# Quorum ------------------------------------------------------------------------------------------


def test_a_quorum_needs_other_organisations(tmp_path, log):
    """By the verifier's policy, the operator's own two witnesses are labelled as its own and make
    no quorum; two of other organisations do."""
    keys = [witness_key(n) for n in range(1, 5)]
    lines = [f"log {log.key.text()} #org=market"]
    for number, org in ((1, "market"), (2, "market"), (3, "notary"), (4, "university")):
        lines.append(f"witness w{number} {keys[number - 1].verifier().text()} #org={org}")
    policy = Policy.parse("\n".join([*lines, "group outside 2 w3 w4", "quorum outside", ""]))
    ours = policy.logs[log.origin]
    assert [one.same_operator(ours) for one in policy.witnesses.values()] == [1, 1, 0, 0]
    found = {}
    for number, key in enumerate(keys, 1):
        with answering(honest(tmp_path / str(number), key, log)) as url:
            found[f"w{number}"] = ask(url, log, key=key, size=10)
    lines = [kept.line for kept in found.values()]
    note = parse_note(log.sign(10) + "".join(f"{line}\n" for line in lines).encode())
    held = verify_note(note, [one.key for one in policy.witnesses.values()])
    assert len(held) == 4
    assert not policy.judge({"w1", "w2"}) and not policy.judge({"w1", "w2", "w3"})
    assert policy.judge({"w3", "w4"})
