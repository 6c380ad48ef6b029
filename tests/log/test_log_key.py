"""The log's signing key and its signed head: made once, never replaced by the way."""

from __future__ import annotations

import os
import stat
import threading

import pytest

from gongdao.core.errors import InputError
from gongdao.log.errors import HeadMoved, LogKeyUnfit
from gongdao.log.log_key import LogKey, load_log_key
from gongdao.log.signed_head import SignedHeadFile
from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.signed_note import BadNote, VerifierKey, parse_note, verify_note

SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
"""The example of golang.org/x/mod/sumdb/note."""
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6"
    "KE6RyyBwJnAM=\n"
)


def test_it_signs_as_gos_own_example():
    """The published key signs the published text with the published signature."""
    key = LogKey(SKEY)
    assert key.verifier.text() == VKEY and key.origin == "PeterNeumann"
    assert key.sign(TEXT) == (TEXT + "\n" + LINE).encode()


def test_a_head_is_a_signed_checkpoint():
    """What is signed reads as the checkpoint of origin, size and root, and verifies."""
    key = LogKey(SKEY)
    head = key.sign_head(size=5, root=b"r" * 32)
    note = parse_note(head.note)
    assert verify_note(note, [VerifierKey.parse(VKEY)])
    assert Checkpoint.parse(note.text) == Checkpoint("PeterNeumann", 5, b"r" * 32)
    assert key.parse_head(head.note) == head


@pytest.mark.parametrize("change", ["text", "signature", "other key", "other origin", "no note"])
def test_heads_of_others_are_refused(change, tmp_path):
    """A head that is altered, unsigned, by another key or of another log is none."""
    key = LogKey(SKEY)
    note = key.sign_head(size=5, root=b"r" * 32).note
    if change == "text":
        note = note.replace(b"\n5\n", b"\n6\n")
    elif change == "signature":
        note = note[:-9] + b"AAAAAAA=\n"
    elif change == "other key":
        other = load_log_key(path=tmp_path / "k", origin="PeterNeumann", may_create=True)
        note = other.sign_head(size=5, root=b"r" * 32).note
    elif change == "other origin":
        note = key.sign(Checkpoint("elsewhere", 5, b"r" * 32).text())
    else:
        note = b"nothing"
    with pytest.raises(BadNote):
        key.parse_head(note)


def test_the_key_is_made_once(tmp_path):
    """The first start makes the key, closed to others; later ones find it, many at once too."""
    made = []

    def make() -> None:
        made.append(
            load_log_key(path=tmp_path / "log.key", origin="a.b/log", may_create=True).verifier
        )

    threads = [threading.Thread(target=make) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(set(made)) == 1 and len(made) == 8
    assert stat.S_IMODE((tmp_path / "log.key").stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["log.key"]
    assert load_log_key(path=tmp_path / "log.key", origin="other").origin == "a.b/log"


def test_a_missing_key_is_not_replaced(tmp_path):
    """Where the log has begun, a lost key is an error that says so, not a new key."""
    with pytest.raises(LogKeyUnfit, match=r"log\.key"):
        load_log_key(path=tmp_path / "log.key", origin="a.b/log")
    assert os.listdir(tmp_path) == []


def test_the_environment_goes_before_the_file(tmp_path):
    """A key that is given is used, and no file is made."""
    assert load_log_key(path=tmp_path / "x", given=SKEY, origin="a").origin == "PeterNeumann"
    assert os.listdir(tmp_path) == []


def test_an_open_or_broken_key_file_is_refused(tmp_path):
    """A key that others may read, or a file that is no key, is an error with the file's name."""
    path = tmp_path / "log.key"
    path.write_text(SKEY)
    path.chmod(0o644)
    with pytest.raises(InputError, match="chmod 600"):
        load_log_key(path=path, origin="a")
    path.chmod(0o600)
    path.write_text(SKEY[:-5])
    with pytest.raises(InputError, match=r"log\.key") as caught:
        load_log_key(path=path, origin="a")
    assert SKEY[40:60] not in str(caught.value)


def test_another_origin_is_refused(tmp_path):
    """An origin that was set on purpose and is not the key's is an error: a log keeps its name."""
    with pytest.raises(LogKeyUnfit, match=r"other\.example"):
        load_log_key(path=tmp_path / "x", given=SKEY, origin="a", asked="other.example/log")


def test_the_head_moves_only_from_what_is_known(tmp_path):
    """A swap from something else than what stands there changes nothing."""
    file = SignedHeadFile(tmp_path / "deep" / "log.head")
    assert file.read() is None
    file.swap(expected=None, new=b"one")
    for expected in (None, b"none", b"on", b"one\n"):
        with pytest.raises(HeadMoved):
            file.swap(expected=expected, new=b"two")
    assert file.read() == b"one"
    file.swap(expected=b"one", new=b"two")
    assert file.read() == b"two"
    assert sorted(os.listdir(tmp_path / "deep")) == ["log.head", "log.head.lock"]


def test_of_many_swaps_one_wins(tmp_path):
    """Twenty that swap from the same state at once: one succeeds, the others are told."""
    file = SignedHeadFile(tmp_path / "log.head")
    file.swap(expected=None, new=b"start")
    won: list[int] = []

    def swap(number: int) -> None:
        try:
            SignedHeadFile(file.path).swap(expected=b"start", new=b"%d" % number)
            won.append(number)
        except HeadMoved:
            pass

    threads = [threading.Thread(target=swap, args=(n,)) for n in range(20)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(won) == 1 and file.read() == b"%d" % won[0]
