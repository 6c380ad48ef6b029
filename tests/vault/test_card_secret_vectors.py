"""docs/formats/card-secrets.md, implemented a second time from its words alone."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import unicodedata
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.vault.make_card_secret_vectors import SECRETS, SIZES

from gongdao.core import envelope
from gongdao.core.subject import SubjectRef
from gongdao.vault.batch_tree import inclusion_path
from gongdao.vault.canonical_form import CanonRules, FieldRule, canonical_fields, platform_form
from gongdao.vault.refusals import BadSecret
from gongdao.vault.sealing import Shelf, make_sealer, open_secret
from gongdao_verify.merkle import leaf_hash, root_from_inclusion

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs/formats/card-secrets.md").read_text("utf-8")
VECTORS = json.loads((HERE / "card_secret_vectors.json").read_text("utf-8"))


def block(name: str) -> str:
    """The text of the block of that name on the page."""
    found = re.search(rf"^```text {re.escape(name)}\n(.*?)\n```", PAGE, re.M | re.S)
    assert found, name
    return found[1]


def hexed(name: str) -> bytes:
    """The bytes of a block of hexadecimal digits."""
    return bytes.fromhex("".join(block(name).split()))


def canonical(fields: list[str], fold_case: bool, keep_gaps: bool) -> list[bytes]:
    """Steps 1 to 4 of the page; ValueError where it says that a secret is refused."""
    found = []
    for text in fields:
        text = unicodedata.normalize("NFKC", text)
        if keep_gaps:
            blank = "\t\n\x0b\x0c\r"
            kept = [c for c in text if c in blank or unicodedata.category(c) not in ("Cc", "Cf")]
            gaps = [" " if c in blank or unicodedata.category(c)[0] == "Z" else c for c in kept]
            text = re.sub(" +", " ", "".join(gaps)).strip(" ")
        else:
            gone = ("Cc", "Cf", "Zs", "Zl", "Zp", "Pd")
            kept = [c for c in text if c != "\u2212" and unicodedata.category(c) not in gone]
            text = "".join(kept)
        text = unicodedata.normalize("NFKC", text)
        if fold_case:
            text = re.sub("[a-z]", lambda m: m[0].upper(), text)
        found.append(text.encode())
    if b"" in found or sum(map(len, found)) > 4096:
        raise ValueError("refused")
    return found


def pack(fields: list[bytes]) -> bytes:
    """The canonical form from its fields."""
    out = bytes([len(fields)])
    for one in fields:
        out += len(one).to_bytes(2, "big") + one
    return out


def platform(fields: list[bytes]) -> bytes:
    """The platform form from the canonical fields."""
    text = unicodedata.normalize("NFKC", b"".join(fields).decode())
    text = "".join(char for char in text if unicodedata.category(char)[0] in ("L", "N"))
    text = re.sub("[a-z]", lambda m: m[0].upper(), text)
    if not text:
        raise ValueError("refused")
    return text.encode()


def fingerprint(key: bytes, form: bytes) -> bytes:
    """As on the page."""
    return hmac.digest(key, b"card-fp/v1\x00platform\x00" + form, "sha256")


def commitment(salt: bytes, packed: bytes) -> bytes:
    """As on the page."""
    size = len(packed).to_bytes(4, "big")
    return hashlib.sha256(b"card-commit/v1\x00" + salt + size + packed).digest()


def root(entries: list[bytes]) -> bytes:
    """RFC 6962, by its recursion."""
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    half = 1 << (len(entries) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + root(entries[:half]) + root(entries[half:])).digest()


@pytest.mark.parametrize("number", range(len(SECRETS)))
def test_secrets(number):
    """Each vector follows from the page's words alone, refusals included."""
    one = VECTORS["secrets"][number]
    assert (one["fields"], one["fold_case"], one["keep_gaps"]) == SECRETS[number]
    try:
        fields = canonical(one["fields"], one["fold_case"], one["keep_gaps"])
        form = platform(fields)
    except ValueError:
        assert one.get("refused")
        return
    assert not one.get("refused")
    packed = pack(fields)
    assert (packed.hex(), form.hex()) == (one["canonical"], one["platform"])
    assert fingerprint(bytes.fromhex(one["key"]), form).hex() == one["fingerprint"]
    assert commitment(bytes.fromhex(one["salt"]), packed).hex() == one["commitment"]


@pytest.mark.parametrize("size", SIZES)
def test_roots(size):
    """Each root is that of the plain recursion."""
    entries = [hashlib.sha256(b"entry %d" % n).digest() for n in range(size)]
    assert root(entries).hex() == VECTORS["roots"][str(size)]


def test_the_example_is_right():
    """Every number on the page follows from the one before."""
    fields = canonical(block("fields").split("\n"), False, False)
    packed = pack(fields)
    assert packed == hexed("canonical form") and len(packed) == 21
    assert platform(fields) == block("platform form").encode()
    assert fingerprint(bytes(range(32)), platform(fields)) == hexed("fingerprint")
    assert commitment(bytes(range(0xA0, 0xC0)), packed) == hexed("commitment")
    entries = [hexed("commitment"), b"\x01" * 32, b"\x02" * 32]
    assert root(entries) == hexed("root")
    path = [bytes.fromhex(line) for line in block("path").split()]
    leaf = leaf_hash(entries[0])
    assert root_from_inclusion(index=0, size=3, leaf=leaf, path=path) == hexed("root")
    assert inclusion_path(index=0, size=3, group=entries, roots=[hexed("root")]) == path


def test_the_sealed_example_opens(monkeypatch):
    """The ciphertext on the page is what is made from it, opens, and is bound to its place."""
    ids = [UUID(f"0190f3b4-6c00-7000-8000-00000000000{n}") for n in (1, 2, 3)]
    rules = CanonRules((FieldRule("number"), FieldRule("pin")))
    shelf = Shelf(ids[0], SubjectRef("listing", ids[1]), SubjectRef("merchant", ids[2]), rules, 1)
    key, salt = bytes(range(32)), bytes(range(0xA0, 0xC0))
    monkeypatch.setattr(envelope.secrets, "token_bytes", lambda n: bytes(range(0xA0, 0xA0 + n)))
    sealed = make_sealer(key, shelf)(block("fields").split("\n"), salt, 16384)
    assert sealed == hexed("sealed secret")
    named = {"canon_v": 1, "ciphertext": sealed, "commitment": hexed("commitment")}
    opened = open_secret(key, shelf, sealed_id=16384, **named)
    assert opened.fields == tuple(block("fields").split("\n")) and opened.salt == salt
    plain = envelope.open_sealed(key, sealed, block("associated data").encode())
    assert plain == b"\x01" + salt + pack([one.encode() for one in opened.fields])


@settings(deadline=None)
@given(st.text(max_size=40), st.booleans(), st.booleans())
def test_both_implementations_agree(text, fold_case, keep_gaps):
    """Whatever is typed: page and code come to the same canonical and platform forms."""
    rules = CanonRules(fold_case=fold_case, keep_gaps=keep_gaps)
    try:
        ours = canonical_fields([text], rules)
        form = platform_form(ours)
    except BadSecret:
        with pytest.raises(ValueError, match="refused"):
            platform(canonical([text], fold_case, keep_gaps))
        return
    theirs = canonical([text], fold_case, keep_gaps)
    assert (ours, form) == (theirs, platform(theirs))
