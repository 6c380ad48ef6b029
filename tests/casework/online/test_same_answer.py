"""The web gives the same answer as the command line, for every example case."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.casework.case_kit import AS_OF, CASES, kept_readings
from tests.house.house_sources import REPO

from gongdao.casework.check import check_case
from gongdao.casework.online.assemble_case import assemble_case
from gongdao.casework.online.import_folder import import_folder
from gongdao.casework.online.models import Case
from gongdao.casework.online.open_case import open_row
from gongdao.casework.online.read_file import ReadText, ToRead, read_file
from gongdao.casework.report import report_case
from gongdao.core.language import use_language
from gongdao.evidence.kept.models import FileState, Original
from gongdao.evidence.ocr import FolderOcrCache
from gongdao.evidence.read_exhibit import Reader, read_exhibit
from gongdao.front.stores import get_stores

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
_EXAMPLES = [path.parent for path in sorted((REPO / "examples").glob("*/case.toml"))]
_SHARED = [path.parent for path in sorted(CASES.glob("*/case.toml"))]


def _plain(report: dict[str, object]) -> str:
    return json.dumps(report, ensure_ascii=False, sort_keys=True, indent=1)


@pytest.mark.parametrize("folder", _SHARED or _EXAMPLES, ids=lambda folder: folder.name)
def test_web_and_command_line_agree(folder: Path, tmp_path: Path, readings: Path):
    """Imported, read by the job's verb and judged from rows, a case has the report of its folder,
    in both languages."""
    root = tmp_path / folder.name
    shutil.copytree(folder, root, ignore=shutil.ignore_patterns(".gongdao", "expected.json"))
    with kept_readings(root, readings):
        check_case(root=root, as_of=AS_OF)
    texts = FolderOcrCache(root / ".gongdao/readings")  # the pixels are read once for both

    def read(look: ToRead) -> ReadText:
        reader = Reader(look.statement, texts, look.password or None)
        return ReadText(read_exhibit(root=look.root, path=look.path, reader=reader), b"")

    case = import_folder(stores=get_stores(), root=root, ask=lambda _row, _ahead: None, at=AS_OF)
    for row in Original.objects.filter(subject_id=case.row.id).order_by("id"):
        assert read_file(stores=get_stores(), original_id=row.id, read=read, ask=None, at=AS_OF)
    rows = Original.objects.filter(subject_id=case.row.id)
    assert {row.state for row in rows} <= {FileState.READ, FileState.FAILED}
    opened = open_row(stores=get_stores(), row=Case.objects.get(id=case.row.id))
    for tongue in ("zh", "en"):
        use_language(tongue)
        try:
            checked = check_case(root=root, as_of=AS_OF)
            told = report_case(checked.judgement, notes=checked.notes)
            assembled = assemble_case(case=opened, as_of=AS_OF)
            shown = report_case(assembled.judgement, notes=opened.content.notes)
        finally:
            use_language("zh")
        assert _plain(shown) == _plain(told)


def test_the_shared_cases_are_there():
    """Beside the project lie eight cases; without them only the bundled ones were compared."""
    if not CASES.is_dir():
        pytest.skip("../shared/cases is not there: only the bundled examples were compared")
    assert len(_SHARED) == 8 and len(_EXAMPLES) == 3
