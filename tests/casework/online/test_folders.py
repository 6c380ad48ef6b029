"""Case folders onto the server and off it: nothing lost, nothing half, nothing in the clear."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.casework.case_kit import make_case, report_folder
from tests.casework.online.kept_kit import (
    AT,
    CASE_TOML,
    FILES,
    LATER,
    fresh,
    full_case,
    make_stores,
    nobody,
    read_all,
)

from gongdao.casework.folder import load_case_folder
from gongdao.casework.online.assemble_case import assemble_case
from gongdao.casework.online.export_folder import export_folder, placed_files
from gongdao.casework.online.files import Limits, add_file
from gongdao.casework.online.import_folder import import_folder
from gongdao.casework.online.models import Case
from gongdao.casework.online.open_case import OpenCase
from gongdao.casework.report import report_case
from gongdao.core.errors import CaseFolderError
from gongdao.core.models import DataKey
from gongdao.core.stores import Stores
from gongdao.evidence.kept.models import Access, Original
from gongdao.evidence.kept.open_original import Purpose, Who

pytestmark = pytest.mark.django_db
LIMITS = Limits(10**8, 100, 10**9)
CORRECTIONS = '["during/王小明聊天.txt"]\n"paid_at" = "2026-11-02 14:03:21"\n'


def _export(stores: Stores, case: OpenCase, into: Path) -> Path:
    into.mkdir()
    assembled = assemble_case(case=case, as_of=AT)
    export_folder(
        stores=stores,
        assembled=assembled,
        into=into,
        who=Who.OWNER,
        purpose=Purpose.EXPORT,
        at=LATER,
    )
    return into


def _without_basis(report: dict[str, Any]) -> dict[str, Any]:
    exhibits = {
        path: {name: value for name, value in one.items() if name != "kind_basis"}
        for path, one in report["exhibits"].items()
    }
    return {**report, "exhibits": exhibits}


def test_in_and_out_again_is_the_same_case(tmp_path):
    """Originals come out byte for byte, and the reports of folder in, web case and folder out agree
    (but for whose word a file's kind is)."""
    stores = make_stores(tmp_path)
    root = make_case(tmp_path / "in", CASE_TOML, FILES)
    (root / "corrections.toml").write_text(CORRECTIONS, "utf-8")
    case = import_folder(stores=stores, root=root, ask=nobody, at=AT)
    read_all(stores, case)
    case = fresh(stores, case)
    out = _export(stores, case, tmp_path / "out")
    for name in FILES:
        assert (out / name).read_bytes() == (root / name).read_bytes()
    judged = assemble_case(case=case, as_of=AT).judgement
    web = report_case(judged, notes=case.content.notes)
    assert _without_basis(report_folder(out)) == _without_basis(web)
    assert _without_basis(report_folder(out)) == _without_basis(report_folder(root))
    assert Access.objects.filter(who="owner", purpose="export").count() == len(FILES)


def test_what_was_filed_comes_out_as_contacts(tmp_path):
    """A filing recorded on the web stands in the exported case.toml with its channel."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    out = _export(stores, case, tmp_path / "out")
    contacts = load_case_folder(out).statement.contacts
    assert [(c.channel, "20261102" in c.note) for c in contacts] == [("payment", True)]


def test_a_file_not_read_yet_is_not_left_out(tmp_path):
    """Files without a place come out in during/, also two of one name, beside one that is there."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    for text in ("one", "two"):
        add_file(
            stores=stores,
            case=case,
            name="王小明聊天.txt",
            source=io.BytesIO(text.encode()),
            limits=LIMITS,
            ask=nobody,
            at=LATER,
        )
    out = _export(stores, case, tmp_path / "out")
    texts = sorted(p.read_text("utf-8") for p in (out / "during").iterdir())
    assert len(texts) == 3 and {"one", "two"} < set(texts)
    assembled = assemble_case(case=case, as_of=AT)
    assert len({path for _file, path in placed_files(assembled.files)}) == 4


@pytest.mark.parametrize("fault", ["toml", "vanishing"])
def test_a_folder_that_cannot_be_used_leaves_nothing(tmp_path, monkeypatch, fault):
    """A broken case.toml, or a file that goes while it is imported: no row, no key, no blob."""
    stores = make_stores(tmp_path)
    root = make_case(tmp_path / "in", CASE_TOML, FILES)
    if fault == "toml":
        (root / "case.toml").write_text("version = 99", "utf-8")
        with pytest.raises(CaseFolderError):
            import_folder(stores=stores, root=root, ask=nobody, at=AT)
    else:

        def vanish(_row, _ahead):
            (root / "during/王小明聊天.txt").unlink(missing_ok=True)

        with pytest.raises(FileNotFoundError):
            import_folder(stores=stores, root=root, ask=vanish, at=AT)
    assert not Case.objects.exists() and not DataKey.objects.exists()
    assert not Original.objects.exists()
    assert not list(stores.blobs.names(""))


def test_each_file_is_asked_for_once_in_turn(tmp_path):
    """Every file's reading is asked for with its place in the line; the folder's word is not
    changed by what is read."""
    stores, asked = make_stores(tmp_path), []
    root = make_case(tmp_path / "in", CASE_TOML, FILES)
    case = import_folder(
        stores=stores, root=root, ask=lambda row, ahead: asked.append((row.id, ahead)), at=AT
    )
    assert [ahead for _id, ahead in asked] == [0, 1]
    read_all(stores, case)
    told = fresh(stores, case).content.statement
    assert replace(told, exhibits={}) == replace(case.content.statement, exhibits={})
