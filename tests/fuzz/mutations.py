"""Damage for files: cut, flipped, doubled, spliced, stuffed with what parsers trip over."""

from __future__ import annotations

import random

STUFFING: tuple[bytes, ...] = (
    *(b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\r\n\r\n", b'"', b'""","', b"\t"),
    *(b"{", b"}", b"[[[[[[[[", b"]", b"\\u0000", b"\\ud800", b"NaN", b"1e999", b"-1", b"9" * 400),
    *(b"<", b"<!--", b"<script>", b"<![CDATA[", b"&#x110000;", b"&#0;", b"<svg onload=x>"),
    *(b"%PDF-1.7", b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"\x89PNG\r\n\x1a\n", b"IEND"),
    *(b"9999-99-99 99:99:99", b"0000-00-00", b"2026-02-30 25:61:61", b"2026-11-02 15:10:03 "),
    *(word.encode() for word in ("买家: ", "订单号：", "卡密：", "￥", "使用时间")),
    *("金额".encode("gb18030"), b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\xff\xd8\xff"),
    *(b"--=_Part\r\n", b"boundary=", b"=?utf-8?B?////?=", b"((((((((((", b",,,,,,,,"),
    *(sign * 4000 for sign in (b"a", b" ", b"\n", b"-", b"=")),
)


def mutate(seed: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """``seed`` with one to six wounds; never over 2 MB."""
    data = bytearray(seed)
    for _wound in range(chance.randint(1, 6)):
        wound = chance.choice((_flip, _cut, _drop, _double, _stuff, _splice, _number))
        data = wound(data, others, chance)
    return bytes(data[: 2 << 20])


def _place(data: bytearray, chance: random.Random) -> int:
    return chance.randrange(len(data) + 1)


def _flip(data: bytearray, _others: list[bytes], chance: random.Random) -> bytearray:
    for _count in range(chance.randint(1, 20)):
        if data:
            data[chance.randrange(len(data))] = chance.randrange(256)
    return data


def _cut(data: bytearray, _others: list[bytes], chance: random.Random) -> bytearray:
    return data[: _place(data, chance)] if chance.random() < 0.5 else data[_place(data, chance) :]


def _drop(data: bytearray, _others: list[bytes], chance: random.Random) -> bytearray:
    start = _place(data, chance)
    return data[:start] + data[start + chance.randint(1, 200) :]


def _double(data: bytearray, _others: list[bytes], chance: random.Random) -> bytearray:
    start = _place(data, chance)
    piece = data[start : start + chance.randint(1, 300)]
    return data[:start] + piece * chance.choice((2, 3, 50, 500)) + data[start:]


def _stuff(data: bytearray, _others: list[bytes], chance: random.Random) -> bytearray:
    start = _place(data, chance)
    return data[:start] + chance.choice(STUFFING) * chance.choice((1, 1, 2, 30)) + data[start:]


def _splice(data: bytearray, others: list[bytes], chance: random.Random) -> bytearray:
    other = chance.choice(others)
    start = chance.randrange(len(other) + 1)
    return data[: _place(data, chance)] + other[start:]


def _number(data: bytearray, _others: list[bytes], chance: random.Random) -> bytearray:
    """Change one digit or length byte to an extreme."""
    places = [i for i in range(len(data)) if 48 <= data[i] <= 57][:2000]
    if places:
        data[chance.choice(places)] = chance.choice(b"09-.eE,")
    return data
