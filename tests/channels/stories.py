"""The example cases as dossiers made by hand: text files are read, pictures come from what the
example says they show, so that no test needs OCR."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gongdao.casework.folder import load_case_folder
from gongdao.channels.letters.letter import Letter
from gongdao.channels.letters.write import write_letters
from gongdao.channels.route import ORDER, find_routes
from gongdao.core.codes import Condition, Kind
from gongdao.core.digest import digest_bytes
from gongdao.core.language import Phrase
from gongdao.evidence.closure import check_closure
from gongdao.evidence.dossier import Dossier
from gongdao.evidence.evasions import find_evasions
from gongdao.evidence.gather import gather
from gongdao.evidence.read_exhibit import Reader, ReadFile, read_exhibit
from gongdao.evidence.reading import Exhibit, Field, Sign, TextLine
from gongdao.evidence.statement import Statement

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "cases"
NAMES = (
    "c01-late-then-invalid",
    "c02-topup-service-hours",
    "c03-reseller-test-cards",
    "c04-fake-discount",
    "c05-blocked-no-identity",
    "c06-face-value-mismatch",
    "c07-already-redeemed-12315",
    "c08-cancelled-by-merchant",
)
_PICTURES = (".png", ".jpg", ".jpeg")
_MORE: dict[str, dict[str, str]] = {
    "c08-cancelled-by-merchant/during/order.png": {"status": "已取消", "cancel_reason": "商家取消"},
    "c05-blocked-no-identity/during/transfer.jpg": {"to_person": "true"},
    "c06-face-value-mismatch/after/redeem-record.png": {"status": "已使用"},
}
"""Fields that the pictures show beside those that the example scores."""


_LABELS = {"uscc": "统一社会信用代码：", "name": "名称："}


@dataclass(frozen=True)
class Story:
    """One example case."""

    name: str
    expected: dict[str, Any]
    dossier: Dossier


def read_story(name: str) -> Story:
    """The example ``name``; the test is skipped where the examples are not at hand."""
    if not CASES.is_dir():
        pytest.skip("the shared example cases are not at hand")
    return _read(name)


@cache
def _read(name: str) -> Story:
    root = CASES / name
    folder = load_case_folder(root)
    expected = json.loads((root / "expected.json").read_text(encoding="utf-8"))
    reader = Reader(folder.statement)
    files = []
    for path in folder.files:
        if path.endswith(_PICTURES):
            fields = dict(expected["ocr_fields"].get(path, {}))
            fields |= _MORE.get(f"{name}/{path}", {})
            altered = path in expected.get("altered_exhibits", ())
            files.append(ReadFile(picture(folder.statement, path, fields, altered=altered)))
        else:
            files.append(read_exhibit(root=root, path=path, reader=reader))
    as_of = datetime.fromisoformat(expected["as_of"])
    return Story(name, expected, gather(statement=folder.statement, files=files, as_of=as_of))


def picture(
    statement: Statement, path: str, fields: dict[str, Any], *, altered: bool = False
) -> Exhibit:
    """A picture that shows ``fields``."""
    note = statement.exhibits.get(path)
    kind = note.kind if note and note.kind else Kind.OTHER
    values = {k: v[0] if isinstance(v, list) else str(v) for k, v in fields.items()}
    signs = (Sign(Condition.ANNOTATED, Phrase("made so")),) if altered else ()
    return Exhibit(
        path,
        digest_bytes(path.encode()),
        "image/png",
        kind,
        "claimed",
        fields={k: Field(v) for k, v in values.items()},
        lines=tuple(TextLine(f"{_LABELS.get(k, '')}{v}") for k, v in values.items()),
        signs=signs,
    )


def letters_of(dossier: Dossier, *, everything: bool = False) -> dict[str, Letter]:
    """The letters of ``dossier`` for the channels that are open, or for every channel."""
    closure = check_closure(dossier)
    channels = ORDER if everything else find_routes(dossier, closure).open()
    letters = write_letters(
        dossier=dossier,
        closure=closure,
        evasions=find_evasions(dossier),
        open_channels=frozenset(channels),
        on=dossier.as_of.date(),
    )
    return {letter.name: letter for letter in letters}
