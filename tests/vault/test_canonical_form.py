"""One secret, one form: whatever was typed around it."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gongdao.core.errors import InputError
from gongdao.vault.canonical_form import (
    MAX_BYTES,
    CanonRules,
    FieldRule,
    Signs,
    canonical_fields,
    canonical_form,
    commit,
    fingerprint,
    pack_fields,
    platform_form,
    unpack_fields,
)
from gongdao.vault.refusals import BadSecret, Reason

PLAIN = CanonRules()
PAIR = CanonRules((FieldRule("number"), FieldRule("pin")))
FOLDED = CanonRules(fold_case=True)
KEPT = CanonRules(keep_gaps=True)


@pytest.mark.parametrize(
    ("text", "rules", "expected"),
    [
        ("ABCD-1234", PLAIN, "ABCD1234"),
        (" ab cd ", PLAIN, "abcd"),
        ("ab-cd", FOLDED, "ABCD"),
        ("ＡＢ－１２", PLAIN, "AB12"),
        ("ab\u200b\u00adcd\ufeff", PLAIN, "abcd"),
        ("a–b—c−d‐e", PLAIN, "abcde"),
        ("a\tb\u3000c\u00a0d", PLAIN, "abcd"),
        ("  my  pass-word ", KEPT, "my pass-word"),
        ("p\u200b a\tb", KEPT, "p a b"),
        ("ﬁ①", PLAIN, "fi1"),
        ("e\u200b\u0301", PLAIN, "é"),
        ("链接：Ab", FOLDED, "链接:AB"),
        ("ß", FOLDED, "ß"),
    ],
)
def test_what_does_not_matter_is_gone(text, rules, expected):
    """Width, blanks, hyphens, invisible signs and, where told, case leave no trace."""
    assert canonical_fields([text], rules) == [expected.encode()]


def test_packed_fields_are_told_apart():
    """Two fields never pack like one, nor like two that are cut elsewhere."""
    assert pack_fields([b"AB"]) == b"\x01\x00\x02AB"
    assert pack_fields([b"A", b"B"]) == b"\x02\x00\x01A\x00\x01B"
    assert len({pack_fields(f) for f in ([b"AB"], [b"A", b"B"], [b"B", b"A"], [b"AB", b""])}) == 4


@settings(deadline=None)
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=8))
def test_fields_come_back(fields):
    """What was packed is unpacked."""
    assert unpack_fields(pack_fields(fields)) == fields


@pytest.mark.parametrize("bad", [b"", b"\x00", b"\x01", b"\x01\x00\x05A", b"\x01\x00\x01AB"])
def test_other_bytes_are_no_fields(bad):
    """Bytes that are no list of fields are refused."""
    with pytest.raises(ValueError, match="fields"):
        unpack_fields(bad)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_canonical_is_its_own_canonical(text):
    """Doing it again changes nothing, and the fast way for ASCII agrees with the slow."""
    for rules in (PLAIN, FOLDED, KEPT):
        try:
            once = canonical_fields([text], rules)[0]
        except BadSecret:
            continue
        assert canonical_fields([once.decode()], rules) == [once]
        if text.isascii() and rules is PLAIN:
            slow = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Zs", "Pd"))
            assert once == slow.encode()


@settings(deadline=None)
@given(
    st.lists(st.text("AbC12é中ｚ", min_size=1, max_size=6), min_size=2, max_size=5),
    st.lists(st.sampled_from([" ", "-", "----", "|", ":", "\u3000", "", ".", "/"]), min_size=4),
)
def test_platform_form_ignores_how_it_was_written(parts, gaps):
    """However the same letters and digits are cased, split or separated, they are one secret."""
    text = parts[0] + "".join(g + p for g, p in zip(gaps, parts[1:], strict=False))
    used = parts[: len(gaps) + 1]
    forms = {
        platform_form(canonical_fields([text], PLAIN)),
        platform_form(canonical_fields([text.lower()], PLAIN)),
        platform_form(canonical_fields([text], FOLDED)),
        platform_form(canonical_fields([text], KEPT)),
        platform_form(canonical_fields(["".join(used)], PLAIN)),
        platform_form(canonical_fields([used[0], "".join(used[1:])], PAIR)),
    }
    assert len(forms) == 1


@pytest.mark.parametrize(
    ("fields", "rules", "reason"),
    [
        (["a", "b"], PLAIN, Reason.FIELDS),
        (["a"], PAIR, Reason.FIELDS),
        (["a", "-"], PAIR, Reason.EMPTY),
        (["x" * (MAX_BYTES + 1)], PLAIN, Reason.TOO_LONG),
        (["中" * 2000, "x"], PAIR, Reason.TOO_LONG),
        (["\ud800"], PLAIN, Reason.UNDECODABLE),
        (["12a"], CanonRules((FieldRule("n", Signs.DIGITS),)), Reason.SHAPE),
        (["12_"], CanonRules((FieldRule("n", Signs.ALNUM),)), Reason.SHAPE),
        (["123"], CanonRules((FieldRule("n", shortest=4),)), Reason.SHAPE),
        (["12345"], CanonRules((FieldRule("n", longest=4),)), Reason.TOO_LONG),
    ],
)
def test_what_is_no_secret_is_refused(fields, rules, reason):
    """Each wrong shape has its reason, and the error does not repeat what it was."""
    with pytest.raises(BadSecret) as caught:
        canonical_fields(fields, rules)
    assert caught.value.reason is reason
    assert str(caught.value) == reason.value


def test_a_secret_needs_a_letter_or_digit():
    """Signs alone cannot be told apart on the platform."""
    with pytest.raises(BadSecret):
        platform_form(canonical_fields(["?!=+"], PLAIN))


def test_shapes_count_characters():
    """Lengths are in characters of the canonical form, not in bytes or in what was typed."""
    four = CanonRules((FieldRule("code", Signs.ANY, 4, 4),))
    assert canonical_fields(["中 文-字 符"], four) == ["中文字符".encode()]
    digits = CanonRules((FieldRule("n", Signs.DIGITS, 4, 4),))
    assert canonical_fields(["１２ ３４"], digits) == [b"1234"]


def test_fingerprint_and_commitment_are_what_the_format_says():
    """Both agree with their formulas, written out here."""
    key, salt = bytes(range(32)), bytes(range(32, 64))
    canonical = canonical_form(["AB-12"], PLAIN)
    assert commit(salt, canonical) == (
        hashlib.sha256(b"card-commit/v1\x00" + salt + b"\x00\x00\x00\x07" + canonical).digest()
    )
    form = platform_form(canonical_fields(["ab-12"], PLAIN))
    assert fingerprint(key, form) == (
        hmac.digest(key, b"card-fp/v1\x00platform\x00" + b"AB12", hashlib.sha256)
    )


def test_rules_survive_storage():
    """Rules come back from their JSON as they were."""
    rules = CanonRules((FieldRule("n", Signs.DIGITS, 4, 20), FieldRule("pin")), True, True)
    assert CanonRules.from_json(rules.to_json()) == rules


@pytest.mark.parametrize(
    "fields",
    [
        (),
        (FieldRule("a"), FieldRule("a")),
        (FieldRule(""),),
        tuple(FieldRule(str(i)) for i in range(9)),
        (FieldRule("a", shortest=5, longest=4),),
        (FieldRule("a", longest=MAX_BYTES + 1),),
    ],
)
def test_wrong_rules_are_refused(fields):
    """Rules without fields, with two of one name, or with lengths the wrong way round."""
    with pytest.raises(InputError):
        CanonRules(fields)
