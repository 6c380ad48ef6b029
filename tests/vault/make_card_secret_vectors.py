"""Write card_secret_vectors.json anew: `python -m tests.vault.make_card_secret_vectors`.

The vectors are ours; test_card_secret_vectors.py computes them again from the format's page.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from gongdao.vault.batch_tree import GROUP, group_root, root_of
from gongdao.vault.canonical_form import (
    CanonRules,
    FieldRule,
    canonical_fields,
    commit,
    fingerprint,
    pack_fields,
    platform_form,
)
from gongdao.vault.refusals import BadSecret

TARGET = Path(__file__).with_name("card_secret_vectors.json")
SECRETS: list[tuple[list[str], bool, bool]] = [
    (["ABCD-EFGH-1234"], False, False),
    (["abcd efgh 1234"], False, False),
    (["abcd efgh 1234"], True, False),
    (["ABCD-EFGH-1234"], False, True),
    (["ＡＢＣＤ－ＥＦＧＨ－１２３４"], False, False),
    (["No. 1001-2002", "ａｂ－Cd 9"], False, False),
    (["No. 1001-2002", "ａｂ－Cd 9"], True, True),
    (["1001", "2002", "x-y"], False, False),
    (["  pass \t word  "], False, True),
    (["pass\u00a0\u3000word\u2014end"], False, True),
    (["a\u200bb\u00adc\ufeff"], False, False),
    (["a \u200b b\x00\u0085c"], False, True),
    (["e\u200b\u0301"], False, False),
    (["ﬁ①Ⅳ½"], False, False),
    (["ǅ\u2212ß"], True, False),
    (["https://example.com/r?c=AbC_1"], False, True),
    (["链接：密码 ab12"], True, False),
    (["१२३४"], False, False),
    (["🎁-gift-1"], False, False),
    (["0" * 4096], False, False),
    (["0" * 4097], False, False),
    ([" - "], False, False),
    (["?!"], False, False),
    (["a", ""], False, False),
]
SIZES = (1, 2, 3, 5, 255, 256, 257, 512, 600, 1025)


def _secret(number: int, fields: list[str], fold: bool, keep: bool) -> dict[str, object]:
    key = hashlib.sha256(b"key %d" % number).digest()
    salt = hashlib.sha256(b"salt %d" % number).digest()
    rules = CanonRules(tuple(FieldRule(f"f{i}") for i in range(len(fields))), fold, keep)
    given = {"fields": fields, "fold_case": fold, "keep_gaps": keep}
    try:
        canonical = canonical_fields(fields, rules)
        form = platform_form(canonical)
    except BadSecret:
        return {**given, "refused": True}
    packed = pack_fields(canonical)
    return {
        **given,
        "canonical": packed.hex(),
        "platform": form.hex(),
        "key": key.hex(),
        "fingerprint": fingerprint(key, form).hex(),
        "salt": salt.hex(),
        "commitment": commit(salt, packed).hex(),
    }


def _root(size: int) -> str:
    entries = [hashlib.sha256(b"entry %d" % n).digest() for n in range(size)]
    groups = [group_root(entries[at : at + GROUP]) for at in range(0, size, GROUP)]
    return root_of(groups).hex()


def main() -> None:
    """Write the file."""
    found = {
        "about": "key, salt and entry n are SHA-256 of 'key n', 'salt n' and 'entry n' in ASCII",
        "secrets": [_secret(n, *one) for n, one in enumerate(SECRETS)],
        "roots": {str(size): _root(size) for size in SIZES},
    }
    TARGET.write_text(json.dumps(found, ensure_ascii=True, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
