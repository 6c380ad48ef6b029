"""Time-stamp tokens, real and forged: only a sound one under a pinned root is an anchor."""

from __future__ import annotations

import datetime
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.casework.local_tsa import (
    DAY,
    END,
    Key,
    LocalTsa,
    make_certificate,
    make_key,
    openssl,
    pem,
)
from tests.verify.forge_token import AT, forge

from gongdao_verify.check import ALTERED, ANCHORED, INTACT, UNANCHORED, check_token, verify
from gongdao_verify.main import main

SEAL = b"the bytes of a seal\n"
RSA_ROOT, EC_ROOT, RSA, EC = make_key("rsa"), make_key(), make_key("rsa"), make_key()
ROOT = make_certificate("root", EC_ROOT, ca=True)
LEAF = make_certificate("tsa", EC, (ROOT, EC_ROOT))
RSA_LEAF = make_certificate("tsa rsa", RSA, (ROOT, EC_ROOT))


def _judge(token: bytes, *roots: x509.Certificate) -> tuple[str, str]:
    """State of the anchor, and the reason or the finding's detail."""
    anchor, findings = check_token(token, SEAL, roots)
    return anchor.state, next((f.detail for f in findings), anchor.reason)


@pytest.mark.parametrize(
    ("key", "leaf", "scheme"),
    [(EC, LEAF, ""), (RSA, RSA_LEAF, "rsa"), (RSA, RSA_LEAF, "sha256"), (RSA, RSA_LEAF, "pss")],
)
@pytest.mark.parametrize("by_key_id", [False, True])
def test_sound_tokens_anchor(
    key: Key, leaf: x509.Certificate, scheme: str, by_key_id: bool
) -> None:
    """ECDSA, RSA PKCS#1 v1.5 by either name, RSA-PSS; signer named by number or by key id."""
    token = forge(SEAL, key, leaf, scheme=scheme, by_key_id=by_key_id)
    anchor, findings = check_token(token, SEAL, [ROOT])
    assert (anchor.state, anchor.at, findings) == (ANCHORED, AT, set())


def test_other_bytes_are_an_alteration() -> None:
    """A good token of something else says that seal or token was exchanged."""
    token = forge(b"other", EC, LEAF)
    assert _judge(token, ROOT) == (UNANCHORED, "stamp_of_other")


def test_a_changed_statement_is_an_alteration() -> None:
    """The time moved by a year after signing."""
    token = forge(SEAL, EC, LEAF, change_info=lambda info: info.replace(b"2026", b"2025"))
    assert _judge(token, ROOT) == (UNANCHORED, "stamp_signature")


def test_signed_by_another_key_is_an_alteration() -> None:
    """The certificate names one key, another one signed."""
    assert _judge(forge(SEAL, make_key(), LEAF), ROOT) == (UNANCHORED, "stamp_signature")


def test_a_token_for_another_certificate_is_refused() -> None:
    """Same key in two certificates: the signed name of the certificate decides."""
    twin = make_certificate("twin", EC, (ROOT, EC_ROOT))
    assert _judge(forge(SEAL, EC, LEAF, named=twin), ROOT)[1] == "stamp_signature"
    assert _judge(forge(SEAL, EC, LEAF, name_it=False), ROOT) == (UNANCHORED, "not_named")


def test_a_refusal_is_no_stamp() -> None:
    """Status 2 with a token behind it is still a refusal."""
    assert _judge(forge(SEAL, EC, LEAF, status=2), ROOT)[1] == "stamp_refused"


def test_weak_or_unknown_algorithms_do_not_anchor() -> None:
    """SHA-1 signatures and unknown digests: not judged, hence no anchor."""
    assert _judge(forge(SEAL, RSA, RSA_LEAF, scheme="sha1"), ROOT) == (UNANCHORED, "algorithm")
    token = forge(SEAL, EC, LEAF, imprint_oid="1.3.14.3.2.26")
    assert _judge(token, ROOT) == (UNANCHORED, "algorithm")


def test_nobody_is_trusted_by_himself() -> None:
    """Without roots, with a stranger's root, or with only an embedded root: UNANCHORED."""
    stranger = make_certificate("root", make_key(), ca=True)
    token = forge(SEAL, EC, LEAF, embedded=(LEAF, ROOT))
    assert _judge(token) == (UNANCHORED, "no_roots")
    assert _judge(token, stranger) == (UNANCHORED, "no_chain")
    assert _judge(token, ROOT)[0] == ANCHORED


def test_the_signers_certificate_may_come_from_the_reader() -> None:
    """A token without certificates is checked against the pinned one, or not at all."""
    token = forge(SEAL, EC, LEAF, embedded=())
    assert _judge(token, ROOT) == (UNANCHORED, "no_certificate")
    assert _judge(token, LEAF)[0] == ANCHORED


def _leaf(**options: Any) -> tuple[Key, x509.Certificate]:
    key = make_key()
    return key, make_certificate("odd", key, (ROOT, EC_ROOT), **options)


@pytest.mark.parametrize(
    "options",
    [
        {"critical": False},
        {"purposes": ()},
        {"purposes": (ExtendedKeyUsageOID.SERVER_AUTH,)},
        {"purposes": (ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.SERVER_AUTH)},
    ],
)
def test_the_certificate_must_be_for_time_stamping_alone(options: dict[str, Any]) -> None:
    """Else any web server's certificate under the same root could stamp."""
    key, leaf = _leaf(**options)
    assert _judge(forge(SEAL, key, leaf), ROOT) == (UNANCHORED, "purpose")


def test_validity_is_judged_at_the_stamped_time() -> None:
    """Expired today but good then: anchored; not yet or no longer good then: not."""
    key, leaf = _leaf(start=AT - DAY, end=AT + DAY)
    assert _judge(forge(SEAL, key, leaf), ROOT)[0] == ANCHORED
    for start, end in ((AT + DAY, END), (AT - 9 * DAY, AT - DAY)):
        key, leaf = _leaf(start=start, end=end)
        assert _judge(forge(SEAL, key, leaf), ROOT) == (UNANCHORED, "expired")
    root = make_certificate("root", EC_ROOT, ca=True, end=AT - DAY)
    assert _judge(forge(SEAL, EC, LEAF), root) == (UNANCHORED, "no_chain")


def _middle(**options: Any) -> tuple[x509.Certificate, Key, x509.Certificate]:
    upper, key = make_key(), make_key()
    middle = make_certificate("middle", upper, (ROOT, EC_ROOT), **options)
    return middle, key, make_certificate("leaf", key, (middle, upper))


def test_intermediate_authorities() -> None:
    """A real one between works; a mere end certificate, or one step too many, does not."""
    middle, key, leaf = _middle(ca=True, path_length=0)
    token = forge(SEAL, key, leaf, embedded=(leaf, middle))
    assert _judge(token, ROOT)[0] == ANCHORED
    assert _judge(forge(SEAL, key, leaf), ROOT) == (UNANCHORED, "no_chain")
    end, key, leaf = _middle()
    token = forge(SEAL, key, leaf, embedded=(leaf, end))
    assert _judge(token, ROOT) == (UNANCHORED, "no_chain")
    narrow = make_certificate("root", EC_ROOT, ca=True, path_length=0)
    middle, key, leaf = _middle(ca=True)
    token = forge(SEAL, key, leaf, embedded=(leaf, middle))
    assert _judge(token, narrow) == (UNANCHORED, "no_chain")


def test_many_certificates_cost_little() -> None:
    """Certificates that all vouch for each other end after a bounded number of steps."""
    key = make_key()
    loop = tuple(make_certificate("loop", key, ca=True) for _ in range(30))
    leaf = make_certificate("leaf", EC, (loop[0], key))
    assert _judge(forge(SEAL, EC, leaf, embedded=(leaf, *loop)), ROOT) == (UNANCHORED, "no_chain")


@settings(max_examples=200, deadline=None)
@given(choice=st.randoms(use_true_random=False))
def test_damaged_tokens_never_raise_and_never_move_the_time(choice: random.Random) -> None:
    """Any one byte changed: either no anchor, or the very same statement."""
    data = bytearray(TOKEN)
    for _ in range(choice.randint(1, 3)):
        data[choice.randrange(len(data))] = choice.randrange(256)
    anchor, _findings = check_token(bytes(data), SEAL, [ROOT])
    assert anchor.state == UNANCHORED or (anchor.at, anchor.authority) == (AT, "tsa")


TOKEN = forge(SEAL, EC, LEAF)


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=200), keep=st.integers(0, len(TOKEN)))
def test_rubbish_tokens_never_raise(data: bytes, keep: int) -> None:
    """Random bytes, or the beginning of a token and then random bytes."""
    for token in (data, TOKEN[:keep] + data):
        if token != TOKEN:
            check_token(token, SEAL, [ROOT])


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> LocalTsa:
    """An authority by `openssl ts`, to have tokens that we did not build."""
    if openssl() is None:
        pytest.skip("the openssl command is not installed: only our own tokens were checked")
    return LocalTsa(tmp_path_factory.mktemp("tsa"))


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_tokens_by_openssl_anchor(real: LocalTsa, digest: str) -> None:
    """All three digests that RFC 3161 authorities use for the imprint."""
    token = real.stamp(SEAL, digest)
    assert _judge(token, real.root)[0] == ANCHORED
    assert _judge(token, ROOT) == (UNANCHORED, "no_chain")


def _stamped(sealed: Path, out: Path, token: bytes) -> Path:
    with zipfile.ZipFile(sealed) as archive, zipfile.ZipFile(out, "w") as new:
        for name in archive.namelist():
            new.writestr(name, archive.read(name))
        new.writestr("seal.tsr", token)
    return out


def test_the_command_names_time_and_authority(
    sealed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """ANCHORED with the pinned root; UNANCHORED with the reason without."""
    with zipfile.ZipFile(sealed) as archive:
        seal = archive.read("seal.sha256")
    out = _stamped(sealed, tmp_path / "x.zip", forge(seal, EC, LEAF))
    roots = tmp_path / "roots.pem"
    roots.write_bytes(pem(make_certificate("other", make_key(), ca=True), ROOT))
    assert main([str(out), "--tsa-roots", str(roots), "--lang", "en"]) == 0
    text = capsys.readouterr().out
    assert "ANCHORED" in text and "UNANCHORED" not in text
    assert "2026-11-20 02:00:00 UTC" in text and "revoked" in text
    assert main([str(out), "--lang", "en"]) == 0
    assert "UNANCHORED" in capsys.readouterr().out


def test_a_stamp_of_another_seal_is_an_alteration(sealed: Path, tmp_path: Path) -> None:
    """The old time-stamp kept beside a new seal: exactly what sealing anew looks like."""
    out = _stamped(sealed, tmp_path / "x.zip", forge(b"old seal", EC, LEAF))
    verdict = verify(out, [ROOT])
    assert (verdict.state, verdict.anchor.state) == (ALTERED, UNANCHORED)
    assert [f.name for f in verdict.findings] == ["seal.tsr"]
    out = _stamped(sealed, tmp_path / "y.zip", b"rubbish")
    assert verify(out, [ROOT]).state == ALTERED


def test_an_authority_that_is_not_trusted_alters_nothing(sealed: Path, tmp_path: Path) -> None:
    """INTACT and UNANCHORED: the files are as sealed, only the time is open."""
    with zipfile.ZipFile(sealed) as archive:
        seal = archive.read("seal.sha256")
    out = _stamped(sealed, tmp_path / "x.zip", forge(seal, EC, LEAF))
    stranger = make_certificate("root", make_key(), ca=True)
    verdict = verify(out, [stranger])
    assert (verdict.state, verdict.anchor.state) == (INTACT, UNANCHORED)
    assert isinstance(verdict.anchor.at, datetime.datetime)
