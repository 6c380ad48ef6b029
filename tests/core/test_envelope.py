"""Sealed data opens for its key, its place and its bytes, and for nothing else."""

from __future__ import annotations

import hashlib
import hmac
import io
import re
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from gongdao.core import envelope
from gongdao.core.envelope import (
    SEGMENT_BYTES,
    MasterKeys,
    address_of,
    code_digest,
    code_fits,
    derive,
    new_data_key,
    open_chunks,
    open_sealed,
    open_stream,
    rewrap,
    same,
    seal,
    seal_stream,
    sealed_file,
    sealed_size,
    unwrap,
    wrap,
    wrapped_by,
)
from gongdao.core.errors import InputError, SealedDataError

PAGE = Path(__file__).parent.parent.parent / "docs/formats/sealed-data.md"
CASE = "case/0190f3b4-6c00-7000-8000-00000000002a"
KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
AAD = f"{CASE}/content".encode()
MESSAGE = "还没到账".encode()
SMALL = 64
"""Segments of this size let properties walk around every border quickly."""


def _published(name: str) -> bytes:
    """The bytes of one labelled block of the format's page."""
    block = re.search(rf"^```text {name}\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)
    assert block, f"no block {name}"
    return bytes.fromhex(block[1])


def _hkdf(key: bytes, info: str, size: int = 32, salt: bytes = bytes(32)) -> bytes:
    """RFC 5869 with nothing but HMAC: independent of the library in use."""
    extracted = hmac.digest(salt, key, "sha256")
    out, block = b"", b""
    while len(out) < size:
        count = bytes([len(out) // 32 + 1])
        block = hmac.digest(extracted, block + f"gongdao/1/{info}".encode() + count, "sha256")
        out += block
    return out[:size]


def _stranger_opens(sealed: bytes, key: bytes, aad: bytes) -> bytes:
    """Open a value or stream by the format's page alone."""
    if sealed[:1] == b"\x21":
        cipher = AESGCM(_hkdf(key, "envelope:value"))
        return cipher.decrypt(sealed[1:13], sealed[13:], sealed[:1] + aad)
    assert sealed[:1] == b"\x31"
    both, body = _hkdf(key, "envelope:stream", 39, sealed[1:33]), sealed[33:]
    size, plain = SEGMENT_BYTES + 16, b""
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    for number, piece in enumerate(pieces):
        nonce = both[32:] + number.to_bytes(4, "big") + bytes([number == len(pieces) - 1])
        plain += AESGCM(both[:32]).decrypt(nonce, piece, b"\x31" + aad)
    return plain


def _seal_whole(plain: bytes, key: bytes = KEY, aad: bytes = AAD) -> bytes:
    sink = io.BytesIO()
    written = seal_stream(key, io.BytesIO(plain), sink, aad)
    assert written == len(sink.getvalue()) == sealed_size(len(plain))
    return sink.getvalue()


def _open_whole(sealed: bytes, key: bytes = KEY, aad: bytes = AAD) -> bytes:
    sink = io.BytesIO()
    written = open_stream(key, io.BytesIO(sealed), sink, aad)
    assert written == len(sink.getvalue())
    return sink.getvalue()


@contextmanager
def _small_segments() -> Iterator[None]:
    with mock.patch.object(envelope, "SEGMENT_BYTES", SMALL):
        yield


class _Dripping(io.BytesIO):
    """A source that gives as much at a time as its list says, then as asked."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        super().__init__(data)
        self._sizes = sizes

    def read(self, size: int | None = -1) -> bytes:
        wanted = -1 if size is None else size
        return super().read(min(self._sizes.pop(), wanted) if self._sizes else wanted)


def test_the_published_example_opens() -> None:
    """Every block of the format's page is what it says, by our code and by a stranger's."""
    master = MasterKeys((_published("master key"),))
    wrapped = _published("wrapped key")
    assert _published("data key") == KEY
    assert master.ids == (wrapped_by(wrapped),) == ("e0c7d272",)
    assert unwrap(master, wrapped, f"{CASE}/key".encode()) == KEY
    for name, opens in (("sealed value", open_sealed), ("sealed stream", None)):
        sealed = _published(name)
        ours = opens(KEY, sealed, AAD) if opens else _open_whole(sealed)
        assert ours == _stranger_opens(sealed, KEY, AAD) == MESSAGE


def test_the_published_vectors_are_made_anew() -> None:
    """With the example's random bytes, the same bytes come out, to the last bit."""
    drawn = mock.patch(
        "gongdao.core.envelope.secrets.token_bytes",
        lambda size: bytes(range(0xA0, 0xA0 + size)),
    )
    with drawn:
        assert seal(KEY, MESSAGE, AAD) == _published("sealed value")
        assert _seal_whole(MESSAGE) == _published("sealed stream")
        long = _seal_whole(bytes(SEGMENT_BYTES + 1))
        assert hashlib.sha256(long).digest() == _published("long stream")
        masters = MasterKeys((_published("master key"),))
        assert wrap(masters, KEY, f"{CASE}/key".encode()) == _published("wrapped key")


def test_what_is_derived_is_pinned() -> None:
    """Derived key, address and code digest agree with the page and with bare HMAC."""
    assert derive(KEY, "example") == _hkdf(KEY, "example") == _published("derived key")
    sha = hashlib.sha256(b"abc")
    address = hmac.digest(_hkdf(KEY, "envelope:address"), sha.digest(), "sha256")
    assert address_of(KEY, sha.hexdigest()) == address.hex() == _published("address").hex()
    code = hmac.digest(_hkdf(KEY, "envelope:code"), b"7K2QM-9XD4T", "sha256")
    assert code_digest(KEY, "7K2QM-9XD4T") == code == _published("code digest")


def test_keys_for_purposes_are_apart() -> None:
    """Other purposes and other keys give other results; the envelope's own are not given out."""
    assert len({derive(KEY, "a"), derive(KEY, "b"), derive(OTHER, "a"), KEY}) == 4
    sha = hashlib.sha256(b"abc").hexdigest()
    assert address_of(KEY, sha) != address_of(OTHER, sha) != sha
    with pytest.raises(ValueError, match="envelope's own"):
        derive(KEY, "envelope:wrap")
    with pytest.raises(ValueError, match="32 bytes"):
        derive(KEY[:16], "a")
    with pytest.raises(ValueError, match="SHA-256"):
        address_of(KEY, "abcd")


def test_codes_outlive_a_new_master_key() -> None:
    """A digest made under an older key still fits; another code, or none, does not."""
    old, new = MasterKeys((OTHER,)), MasterKeys((KEY, OTHER))
    kept = code_digest(old.current, "7K2QM-9XD4T")
    assert code_fits(new, "7K2QM-9XD4T", kept)
    assert not code_fits(new, "7K2QM-9XD4V", kept)
    assert not code_fits(new, "", kept) and not code_fits(new, "7K2QM-9XD4T", bytes(32))
    assert not code_fits(MasterKeys((KEY,)), "7K2QM-9XD4T", kept)
    assert same(kept, bytes(kept)) and not same(kept, kept[:-1])


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_a_value_comes_back(plain: bytes, aad: bytes) -> None:
    """What was sealed opens, never looks the same twice, and shows nothing but its length."""
    sealed = seal(KEY, plain, aad)
    assert open_sealed(KEY, sealed, aad) == plain == _stranger_opens(sealed, KEY, aad)
    assert len(sealed) == len(plain) + 29
    assert seal(KEY, plain, aad) != sealed


@given(st.binary(max_size=60), st.data())
def test_an_altered_value_does_not_open(plain: bytes, data: st.DataObject) -> None:
    """A flipped bit, a lost or an added end, another key or another place: each is refused."""
    sealed = seal(KEY, plain, AAD)
    at, bit = data.draw(st.integers(0, len(sealed) - 1)), data.draw(st.integers(0, 7))
    flipped = bytearray(sealed)
    flipped[at] ^= 1 << bit
    for bad in (bytes(flipped), sealed[:at], sealed + b"\0", b"\0" + sealed):
        with pytest.raises(SealedDataError):
            open_sealed(KEY, bad, AAD)
    for key, aad in ((OTHER, AAD), (KEY, AAD + b"x"), (KEY, b"")):
        with pytest.raises(SealedDataError):
            open_sealed(key, sealed, aad)


def test_a_value_is_no_stream_and_no_key() -> None:
    """Each kind is refused where another is wanted, with the version that was met."""
    sealed, wrapped = seal(KEY, MESSAGE, AAD), wrap(MasterKeys((OTHER,)), KEY, AAD)
    with pytest.raises(SealedDataError, match="0x21"):
        _open_whole(sealed)
    with pytest.raises(SealedDataError, match="0x11"):
        open_sealed(KEY, wrapped, AAD)
    with pytest.raises(SealedDataError, match="0x31"):
        open_sealed(KEY, _seal_whole(MESSAGE), AAD)


@pytest.mark.parametrize("around", [0, SEGMENT_BYTES, 2 * SEGMENT_BYTES])
@pytest.mark.parametrize("step", [-1, 0, 1])
def test_a_stream_comes_back_around_real_borders(around: int, step: int) -> None:
    """At the true segment size, sizes about a border open, by a stranger's reader as well."""
    plain = (b"0123456789abcde" * (SEGMENT_BYTES // 7))[: max(0, around + step)]
    sealed = _seal_whole(plain)
    assert _open_whole(sealed) == plain == _stranger_opens(sealed, KEY, AAD)


@given(
    st.integers(0, 5 * SMALL + 1),
    st.lists(st.integers(1, 2 * SMALL), max_size=20),
    st.lists(st.integers(1, 2 * SMALL), max_size=20),
)
def test_a_stream_comes_back_however_it_drips(
    size: int, drips_in: list[int], drips_out: list[int]
) -> None:
    """The pieces in which a source gives its bytes do not matter, in either direction."""
    plain = bytes(at % 251 for at in range(size))
    with _small_segments():
        sealed = sealed_file(KEY, _Dripping(plain, drips_in), AAD).read()
        assert len(sealed) == sealed_size(size)
        pieces = list(open_chunks(KEY, _Dripping(sealed, drips_out), AAD))
    assert b"".join(pieces) == plain
    assert all(pieces) and all(len(piece) == SMALL for piece in pieces[:-1])


@given(st.lists(st.integers(0, 100), max_size=40), st.integers(0, 3 * SMALL))
def test_a_sealed_file_is_read_in_any_steps(steps: list[int], size: int) -> None:
    """Read a little at a time, the sealed file gives the same stream."""
    plain = bytes(size)
    with _small_segments():
        file = sealed_file(KEY, io.BytesIO(plain), AAD)
        sealed = b"".join(file.read(step) for step in steps) + file.read()
        assert file.read(10) == b"" and _open_whole(sealed) == plain


@given(st.integers(0, 4 * SMALL), st.data())
def test_an_altered_stream_does_not_open(size: int, data: st.DataObject) -> None:
    """A flipped bit or a lost end, wherever it is, fails; nothing wrong is handed out before."""
    plain = bytes(at % 251 for at in range(size))
    with _small_segments():
        sealed = _seal_whole(plain)
        at, bit = data.draw(st.integers(0, len(sealed) - 1)), data.draw(st.integers(0, 7))
        flipped = bytearray(sealed)
        flipped[at] ^= 1 << bit
        for bad in (bytes(flipped), sealed[:at], sealed + b"\0"):
            given_out = b""
            with pytest.raises(SealedDataError):
                for piece in open_chunks(KEY, io.BytesIO(bad), AAD):
                    given_out += piece
            assert plain.startswith(given_out)


@given(st.integers(2, 6), st.integers(0, SMALL), st.data())
def test_moved_segments_do_not_open(full: int, rest: int, data: st.DataObject) -> None:
    """Segments left out, repeated, swapped, cut at a border or taken from elsewhere: all fail."""
    plain = bytes(full * SMALL + rest)
    with _small_segments():
        sealed, other = _seal_whole(plain), _seal_whole(plain)
    size = SMALL + 16
    head, body = sealed[:33], sealed[33:]
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    one = data.draw(st.integers(0, len(parts) - 2))
    two = data.draw(st.integers(one + 1, len(parts) - 1))
    swapped = list(parts)
    swapped[one], swapped[two] = swapped[two], swapped[one]
    foreign = other[33 + one * size : 33 + (one + 1) * size]
    for bad in (
        swapped,
        parts[:one] + parts[one + 1 :],
        [*parts[: one + 1], *parts[one:]],
        parts[:two],
        [],
        [*parts, parts[-1]],
        [*parts[:one], foreign, *parts[one + 1 :]],
    ):
        with _small_segments(), pytest.raises(SealedDataError):
            _open_whole(head + b"".join(bad))


def test_the_last_mark_is_what_catches_a_cut() -> None:
    """The control: with one mark for all segments, a stream cut at a border opens as if whole."""
    plain = bytes(3 * SMALL)
    real = envelope._stream_cipher

    def unmarked(key: bytes, salt: bytes) -> object:
        cipher, nonce_of = real(key, salt)
        return cipher, lambda number, _last: nonce_of(number, False)

    cut = 33 + 2 * (SMALL + 16)
    with _small_segments():
        with pytest.raises(SealedDataError):
            _open_whole(_seal_whole(plain)[:cut])
        with mock.patch.object(envelope, "_stream_cipher", unmarked):
            assert _open_whole(_seal_whole(plain)[:cut]) == plain[: 2 * SMALL]


def test_a_stream_belongs_to_its_key_and_place() -> None:
    """Another key or another place opens nothing, not even of an empty file."""
    for plain in (b"", MESSAGE):
        sealed = _seal_whole(plain)
        for key, aad in ((OTHER, AAD), (KEY, AAD + b"x"), (KEY, b"")):
            with pytest.raises(SealedDataError):
                _open_whole(sealed, key, aad)


class _Zeros(io.RawIOBase):
    """Many bytes from nowhere, and a place to throw bytes away."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._left = size

    def read(self, size: int = -1) -> bytes:
        size = min(size, self._left)
        self._left -= size
        return bytes(size)

    def write(self, data: object) -> int:
        return len(memoryview(data))  # type: ignore[arg-type]  # any buffer


def test_memory_stays_flat() -> None:
    """Sealing and opening 64 MiB takes a few segments of memory, not the file's size."""
    size = 64 << 20
    tracemalloc.start()
    try:
        source = sealed_file(KEY, _Zeros(size), AAD)  # type: ignore[arg-type]  # reads like one
        assert open_stream(KEY, source, _Zeros(0), AAD) == size  # type: ignore[arg-type]  # a sink
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12 * SEGMENT_BYTES


def test_a_data_key_opens_by_its_master_alone() -> None:
    """Wrapped keys are 65 bytes, random, bound to their place, and closed to other masters."""
    masters, data_key = MasterKeys((KEY, OTHER)), new_data_key()
    wrapped = wrap(masters, data_key, AAD)
    assert len(wrapped) == 65 and data_key not in wrapped
    assert wrap(masters, data_key, AAD) != wrapped
    assert unwrap(MasterKeys((OTHER, KEY)), wrapped, AAD) == data_key
    with pytest.raises(SealedDataError, match=masters.ids[0]):
        unwrap(MasterKeys((OTHER,)), wrapped, AAD)
    with pytest.raises(SealedDataError):
        unwrap(masters, wrapped, AAD + b"x")
    with pytest.raises(ValueError, match="32 bytes"):
        wrap(masters, data_key[:16], AAD)


def test_a_new_master_key_takes_over() -> None:
    """Old wrapped keys open, are wrapped anew once, and then need the old master no more."""
    old, both, new = MasterKeys((OTHER,)), MasterKeys((KEY, OTHER)), MasterKeys((KEY,))
    data_key = new_data_key()
    wrapped = wrap(old, data_key, AAD)
    renewed = rewrap(both, wrapped, AAD)
    assert unwrap(new, renewed, AAD) == data_key
    assert (wrapped_by(wrapped), wrapped_by(renewed)) == (old.ids[0], new.ids[0])
    assert rewrap(both, renewed, AAD) is renewed


@settings(max_examples=200)
@given(st.integers(0, 64), st.integers(0, 7))
def test_an_altered_wrapped_key_does_not_open(at: int, bit: int) -> None:
    """Any flipped bit, lost or added byte of a wrapped key is refused."""
    masters = MasterKeys((KEY,))
    wrapped = wrap(masters, OTHER, AAD)
    flipped = bytearray(wrapped)
    flipped[at] ^= 1 << bit
    for bad in (bytes(flipped), wrapped[:at], wrapped + b"\0"):
        with pytest.raises(SealedDataError):
            unwrap(masters, bad, AAD)


def test_a_swapped_key_id_does_not_open() -> None:
    """The id is under the tag: a key cannot be passed off as wrapped by another master."""
    masters = MasterKeys((KEY, OTHER))
    wrapped = wrap(masters, bytes(32), AAD)
    with pytest.raises(SealedDataError):
        unwrap(masters, wrapped[:1] + bytes.fromhex(masters.ids[1]) + wrapped[5:], AAD)


def test_keys_do_not_show() -> None:
    """Neither the keys' repr nor an error about a sealed thing holds key or plain bytes."""
    masters = MasterKeys((KEY,))
    shown = repr(masters) + str(masters)
    assert repr(KEY)[2:-1] not in shown and KEY.hex() not in shown
    with pytest.raises(SealedDataError) as caught:
        open_sealed(OTHER, seal(KEY, MESSAGE, AAD), AAD)
    assert MESSAGE.decode() not in str(caught.value)
    with pytest.raises(InputError):
        MasterKeys(())
