"""Notes, checkpoints, receipts and policies from hostile hands: read strictly, or refused."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.verify.log_kit import Signer, SmallLog, b64
from tests.verify.vector_kit import LOG, POLICIES, SIZE, cosigned, make_receipt

from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.log_verdict import LogState, judge_receipt
from gongdao_verify.receipt_extra import BadReceipt
from gongdao_verify.signed_note import (
    MOST_BYTES,
    MOST_SIGNATURES,
    BadNote,
    Note,
    VerifierKey,
    join_note,
    parse_note,
    parse_signature,
    signature_line,
    verify_note,
)
from gongdao_verify.tlog_policy import BadPolicy, Policy

ONE, TWO, WITNESS = Signer("one.example"), Signer("two.example"), Signer("witness.example")
KEY = VerifierKey.parse(ONE.vkey(1))
TEXT = "a text\nwith two lines\n"
GOOD = f"{TEXT}\n{ONE.sign(TEXT)}"


def _vkey(name: str = "one.example", kind: bytes = b"\x01", body: str | None = None) -> str:
    vkey = ONE.vkey(1)
    public = VerifierKey.parse(vkey).public
    return f"{name}+{vkey.split('+')[1]}+{b64(kind + public) if body is None else body}"


def test_a_note_is_taken_apart_and_put_together() -> None:
    """Text and signatures come back as they were, also where the text has empty lines."""
    for text in (TEXT, "\n", "a\n\nb\n", "— x y\n\n— z\n"):
        line = ONE.sign(text).rstrip("\n")
        note = parse_note(join_note(text, [line]))
        assert (note.text, [one.line for one in note.signatures]) == (text, [line])
        assert verify_note(note, [KEY])[0].key == KEY
        found = note.signatures[0]
        assert signature_line(found.name, found.key_id, found.data) == line
        assert parse_signature(line) == found


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"\n\n",
        TEXT.encode(),
        f"{TEXT}\n".encode(),
        GOOD.encode()[:-1],
        f"{GOOD}\n".encode(),
        GOOD.replace("—", "-").encode(),
        GOOD.replace("— ", "—").encode(),
        GOOD.replace("— one.example ", "—  ").encode(),
        GOOD.replace("one.example ", "one+example ").encode(),
        GOOD.replace("one.example ", "one\u2003example ").encode(),
        GOOD.replace("one.example ", "one.example  ").encode(),
        GOOD.replace(" two ", "\ttwo ").encode(),
        GOOD.replace(" two ", "\rtwo ").encode(),
        GOOD.replace(" two ", "\x00two ").encode(),
        GOOD.encode("utf-8").replace(b"two", b"\xff"),
        f"{TEXT}\n— one.example AAAA\n".encode(),
        f"{TEXT}\n— one.example AAAAAA\n".encode(),
        f"{TEXT}\n— one.example AAAAAB==\n".encode(),
        f"{TEXT}\n— one.example !!!!\n".encode(),
        b"x" * (MOST_BYTES + 1),
        f"{TEXT}\n{ONE.sign(TEXT) * (MOST_SIGNATURES + 1)}".encode(),
    ],
)
def test_malformed_notes_are_refused(data: bytes) -> None:
    """Each breaks one rule of the format, or a limit."""
    with pytest.raises(BadNote):
        parse_note(data)


def test_many_signatures_are_read() -> None:
    """As many as the limit allows; repeated ones count once; unknown keys are passed over."""
    strangers = "".join(Signer(f"s{n}.example").sign(TEXT) for n in range(60))
    data = f"{TEXT}\n{strangers}{ONE.sign(TEXT) * 3}{TWO.sign(TEXT)}"
    held = verify_note(parse_note(data.encode()), [KEY, VerifierKey.parse(TWO.vkey(1))])
    assert [one.key.name for one in held] == ["one.example", "two.example"]
    assert verify_note(parse_note(data.encode()), []) == ()


def test_a_known_key_must_hold_wherever_it_stands() -> None:
    """A second line by a known key that does not hold voids the note; under a stranger's name or
    another id the same bytes are ignored."""
    bad = ONE.sign("another text\n")
    with pytest.raises(BadNote, match="does not hold"):
        verify_note(parse_note((GOOD + bad).encode()), [KEY])
    renamed = GOOD + bad.replace("one.example", "won.example")
    assert len(verify_note(parse_note(renamed.encode()), [KEY])) == 1
    other = GOOD + Signer("one.example", "other").sign(TEXT)
    assert len(verify_note(parse_note(other.encode()), [KEY])) == 1


def test_two_keys_of_one_name_and_id_cannot_be_told_apart() -> None:
    """Made up, since ids are digests; refused all the same."""
    twin = VerifierKey(KEY.name, KEY.key_id, KEY.kind, bytes(32))
    with pytest.raises(BadNote, match="share"):
        verify_note(Note(TEXT, ()), [KEY, twin])


def test_a_cosignature_is_no_signature_and_the_other_way_round() -> None:
    """One key in both roles has two ids, and neither line holds in the other role."""
    text = LOG.text(SIZE)
    as_log, as_witness = (VerifierKey.parse(WITNESS.vkey(kind)) for kind in (1, 4))
    note = parse_note(f"{text}\n{WITNESS.sign(text)}{WITNESS.cosign(text, 7)}".encode())
    assert [one.at for one in verify_note(note, [as_log, as_witness])] == [None, 7]
    swapped = VerifierKey(as_witness.name, as_log.key_id, as_witness.kind, as_witness.public)
    with pytest.raises(BadNote, match="wrong length"):
        verify_note(note, [swapped])


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "one.example",
        "one.example+00000000",
        _vkey(body=""),
        _vkey(name=""),
        _vkey(name="one example"),
        _vkey(name="two.example"),
        _vkey(kind=b"\x04"),
        _vkey(kind=b"\x03"),
        _vkey(kind=b""),
        _vkey().upper(),
        _vkey() + "=",
        _vkey() + "A" * 9000,
        ONE.vkey(1).replace("+", " ", 1),
    ],
)
def test_malformed_keys_are_refused(vkey: str) -> None:
    """Name, id, kind, length and spelling of a key are all checked."""
    with pytest.raises(BadNote):
        VerifierKey.parse(vkey)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "o\n1\n",
        "o\n1\nAAAA\n",
        f"o\n01\n{b64(bytes(32))}\n",
        f"o\n+1\n{b64(bytes(32))}\n",
        f"o\n{1 << 63}\n{b64(bytes(32))}\n",
        f"o\n１\n{b64(bytes(32))}\n",
        f"o\n1\n{b64(bytes(32))}",
        f"o\n1\n{b64(bytes(32))}\n\n",
        f"o\n1\n{b64(bytes(33))}\n",
        f"o\n\n1\n{b64(bytes(32))}\n",
    ],
)
def test_malformed_checkpoints_are_refused(text: str) -> None:
    """Missing, empty and cut lines, other digits, other lengths."""
    with pytest.raises(BadNote):
        Checkpoint.parse(text)


def test_checkpoints_are_written_as_read() -> None:
    """With the largest size and with extension lines."""
    for text in (
        f"o\n{(1 << 63) - 1}\n{b64(bytes(32))}\n",
        f"o\n0\n{b64(bytes(32))}\nmore\nand more\n",
    ):
        assert Checkpoint.parse(text).text() == text


LOG_LINE = f"log {LOG.signer.vkey(1)}\n"
W1, W2 = (f"witness {n} {Signer(f'{n}.example').vkey(4)}" for n in ("w1", "w2"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no quorum"),
        (LOG_LINE, "no quorum"),
        ("quorum none\nquorum none\n", "line 2"),
        ("quorum w1\n", "not defined"),
        ("log x\nquorum none\n", "line 1"),
        (f"{LOG_LINE}{LOG_LINE}quorum none\n", "second time"),
        (f"{W1}\n{W1.replace('w1 ', 'w3 ')}\nquorum none\n", "second time"),
        (f"{W1}\nwitness w1 {Signer('x').vkey(4)}\nquorum none\n", "taken"),
        (f"witness none {Signer('x').vkey(4)}\nquorum none\n", "taken"),
        (f"witness w1 {Signer('x').vkey(1)}\nquorum none\n", "a log's key"),
        (f"log {Signer('x').vkey(4)}\nquorum none\n", "a witness's key"),
        (f"{W1}\ngroup g 2 w1\nquorum g\n", "how many"),
        (f"{W1}\ngroup g 0 w1\nquorum g\n", "how many"),
        (f"{W1}\ngroup g 01 w1\nquorum g\n", "how many"),
        (f"{W1}\ngroup g some w1\nquorum g\n", "how many"),
        (f"{W1}\ngroup g all\nquorum g\n", "not a line"),
        (f"{W1}\ngroup g all w1 w1\nquorum g\n", "already"),
        (f"{W1}\ngroup g all none\nquorum g\n", "not defined"),
        (f"{W1}\ngroup g all g\nquorum g\n", "not defined"),
        (f"{W1}\ngroup g all w1\ngroup h all w1\nquorum g\n", "already"),
        ("#org=X\nquorum none\n", "belongs to no"),
        ("quorum none\n#auditor\n", "belongs to no"),
        (f"{LOG_LINE}#auditor\nquorum none\n", "no auditor"),
        (f"{W1} #org=X and more\nquorum none\n", "marks only"),
        (f"{W1} http://x y\nquorum none\n", "not a line"),
        ("quorum none\r\n", "control"),
        ("quorum none\n\x00\n", "control"),
        ("hello\nquorum none\n", "not a line"),
        ("#\n" * 2000, "too long"),
    ],
)
def test_malformed_policies_are_refused(text: str, said: str) -> None:
    """With the number of the line and what is wrong with it."""
    with pytest.raises(BadPolicy, match=said):
        Policy.parse(text)


def test_groups_of_groups_are_counted() -> None:
    """The specification's own example: two of three here and any there."""
    names = ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
    text = "".join(f" witness\t{n}  {Signer(n).vkey(4)} https://{n}\n" for n in names)
    text += "\n# two organisations\ngroup X 2 X1 X2 X3\ngroup Y any Y1 Y2 Y3\n"
    policy = Policy.parse(text + "group both all X Y\n  quorum both \n")
    assert policy.judge({"X1", "X3", "Y2"}) and policy.judge(names)
    for few in ((), ("X1", "Y1"), ("X1", "X2", "X3"), ("Y1", "Y2", "Y3"), ("X", "Y"), ("both",)):
        assert not policy.judge(few)
    assert Policy.parse("quorum none").judge(())
    assert Policy.parse(f"{W1}\nquorum w1").judge(["w1"])


def test_marks_and_words_in_comments() -> None:
    """Marks count below their line or at its end; a comment with words in it says nothing."""
    text = f"{LOG_LINE}#org=甲\n{W1}\n# #org=乙\n#org=丙 is who runs it\n{W2}\n#org=丁\n#auditor\n"
    policy = Policy.parse(f"{text}quorum none\n")
    log = policy.logs[LOG.origin]
    w1, w2 = policy.witnesses["w1"], policy.witnesses["w2"]
    assert (log.organisation, w1.organisation, w2.organisation) == ("甲", "", "丁")
    assert (w1.auditor, w2.auditor) == (False, True)
    assert w1.same_operator(log) and not w2.same_operator(log)
    own = Policy.parse(f"{LOG_LINE}#org=甲\n{W1} #org=甲\nquorum none\n")
    assert own.witnesses["w1"].same_operator(own.logs[LOG.origin])


@settings(max_examples=400, deadline=None)
@given(st.randoms(use_true_random=False))
def test_no_change_makes_a_receipt_better(choice: random.Random) -> None:
    """Bytes changed, cut, doubled or moved anywhere: never an exception of another kind, and never
    a verdict on another leaf; what still stands says the same leaf at the same place."""
    note = cosigned(*(Signer(f"witness.{n}.example") for n in ("notary", "school")))
    good = make_receipt(note).encode()
    policy = Policy.parse(POLICIES["full"])
    sound = judge_receipt(good, policy=policy)
    data = bytearray(good)
    for _ in range(choice.randrange(1, 4)):
        at = choice.randrange(len(data))
        match choice.randrange(4):
            case 0:
                data[at] ^= 1 << choice.randrange(8)
            case 1:
                del data[at : at + choice.randrange(1, 30)]
            case 2:
                data[at:at] = data[at : at + choice.randrange(1, 30)]
            case _:
                data[at:at] = bytes([choice.randrange(256)])
    try:
        verdict = judge_receipt(bytes(data), policy=policy)
    except BadReceipt:
        return
    if verdict.state is not LogState.INVALID:
        assert (verdict.leaf_hash, verdict.index) == (sound.leaf_hash, sound.index)
        assert set(verdict.witnesses) <= set(sound.witnesses)


def test_huge_and_odd_files_are_refused_quickly() -> None:
    """Megabytes of blanks, of lines, of brackets; and a log of the largest size."""
    header = b"c2sp.org/tlog-proof@v1\n"
    for data in (
        b" " * (3 << 20),
        header * 100_000,
        header + b"index 0\n" + b"A\n" * 500_000 + b"\n",
    ):
        with pytest.raises(BadReceipt):
            judge_receipt(data, policy=None)
    deep = b64(b"[" * 1_200_000).encode()
    note = LOG.note(SIZE).encode()
    found = judge_receipt(header + b"extra " + deep + b"\nindex 0\n\n" + note, policy=None)
    assert (found.state, found.reason) == (LogState.INVALID, "bad_extra")
    huge = SmallLog(LOG.origin)
    text = f"{LOG.origin}\n{(1 << 63) - 1}\n{b64(bytes(32))}\n"
    extra = b64(b'{"entry":"","v":1}')
    receipt = f"c2sp.org/tlog-proof@v1\nextra {extra}\nindex 0\n\n{text}\n{huge.signer.sign(text)}"
    verdict = judge_receipt(receipt.encode(), policy=None)
    assert (verdict.state, verdict.reason) == (LogState.INVALID, "not_included")


def test_an_entry_from_elsewhere() -> None:
    """Given by the reader, it stands in for a missing one, and must be the one that is there."""
    bare = LOG.receipt(5, LOG.note(SIZE))
    entry = LOG.entries[5]
    found = judge_receipt(bare, policy=None, entry=entry)
    assert found.state is LogState.CONSISTENT_UNWITNESSED and found.leaf is not None
    whole = make_receipt(LOG.note(SIZE)).encode()
    assert judge_receipt(whole, policy=None, entry=entry).leaf == found.leaf
    assert judge_receipt(whole, policy=None, entry=LOG.entries[4]).reason == "other_entry"
    assert judge_receipt(bare, policy=None, entry=LOG.entries[4]).reason == "not_included"


def test_from_which_size_a_key_signs() -> None:
    """Each key signs from its size up to the next one's; without sizes any of them may sign."""
    one, two, three = (Signer("one.example", salt).vkey(1) for salt in ("", "2", "3"))
    lines = f"log {one}\nlog {two}\n#since=10\nlog {three}\n#since=20 #org=us\nquorum none\n"
    log = Policy.parse(lines).logs["one.example"]
    expected = {0: one, 1: one, 10: one, 11: two, 20: two, 21: three, 1 << 62: three}
    assert {size: [k.text() for k in log.keys_at(size)] for size in expected} == {
        size: [vkey] for size, vkey in expected.items()
    }
    assert log.organisation == "us"
    plain = Policy.parse(f"log {one}\nlog {two}\nquorum none\n").logs["one.example"]
    assert [len(plain.keys_at(size)) for size in (0, 1, 100)] == [2, 2, 2]
    assert [len(KEY.keys_at(size)) for size in (0, 9)] == [1, 1]


@pytest.mark.parametrize("mark", ["#since=", "#since=x", "#since=01", "#since=-1", "#since=1,000"])
def test_a_size_that_is_none_is_refused(mark: str) -> None:
    """A mark that means to be a size and is none makes the policy unreadable: never no size."""
    with pytest.raises(BadPolicy):
        Policy.parse(f"log {ONE.vkey(1)}\n{mark}\nquorum none\n")


def test_a_witness_has_no_size() -> None:
    """The mark belongs to logs."""
    with pytest.raises(BadPolicy):
        Policy.parse(f"witness w {WITNESS.vkey(4)}\n#since=5\nquorum none\n")
