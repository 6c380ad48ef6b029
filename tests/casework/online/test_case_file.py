"""The sealed case file of a web case: made once, as the command line makes it, kept sealed."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.casework.online.kept_kit import AT, LATER, PLANTED, Asked, full_case, make_stores, nobody

from gongdao.casework.check import check_case
from gongdao.casework.online import case_file as module
from gongdao.casework.online.assemble_case import assemble_case
from gongdao.casework.online.case_file import (
    KEPT_FOR,
    Part,
    ask_for_case_file,
    drop_case_file,
    find_case_file,
    is_stale,
    make_case_file,
    newest_case_file,
    open_case_file,
    sweep_case_files,
)
from gongdao.casework.online.erase_case import erase_case
from gongdao.casework.online.export_folder import export_folder
from gongdao.casework.online.files import Limits, add_file
from gongdao.casework.online.letter_drafts import Draft, save_draft
from gongdao.casework.online.models import CaseFile, MakingState
from gongdao.casework.online.open_case import OpenCase, change_case
from gongdao.casework.report import report_case
from gongdao.casework.seal import seal_case
from gongdao.channels.letters.part import PartKind
from gongdao.core.blobs import case_prefix
from gongdao.core.errors import BlobStoreError, SealError
from gongdao.core.stores import Stores
from gongdao.evidence.kept.models import Access
from gongdao.evidence.kept.open_original import Purpose, Who, open_original
from gongdao_verify.check import INTACT, verify

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LIMITS = Limits(10**8, 100, 10**9)


def _make(stores: Stores, case: OpenCase, at: datetime = AT) -> CaseFile:
    row = ask_for_case_file(case=case, ask=nobody, at=at)
    assert make_case_file(stores=stores, case_file_id=row.id, at=at + timedelta(seconds=5))
    return CaseFile.objects.get(id=row.id)


def _bytes(stores: Stores, case: OpenCase, row: CaseFile, part: Part = Part.ZIP) -> bytes:
    chunks = open_case_file(stores=stores, case=case, row=row, who=Who.OWNER, at=LATER, part=part)
    return b"".join(chunks)


def test_the_case_file_is_what_the_command_line_seals(tmp_path):
    """The zip of the web case has the very bytes that sealing its exported folder gives, and the
    independent verifier finds it intact."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    row = _make(stores, case)
    data = _bytes(stores, case, row)
    root, zipped = tmp_path / "root", tmp_path / "web.zip"
    root.mkdir()
    assembled = assemble_case(case=case, as_of=AT)
    export_folder(
        stores=stores,
        assembled=assembled,
        into=root,
        who=Who.MACHINE,
        purpose=Purpose.SEAL,
        at=AT + timedelta(seconds=5),
    )
    checked = check_case(root=root, as_of=AT, use_cache=False)
    report = report_case(checked.judgement, notes=checked.notes)
    seal_case(folder=root, report=report, as_of=AT, out=tmp_path / "cli.zip")
    zipped.write_bytes(data)
    assert verify(zipped, []).state == INTACT
    assert data == (tmp_path / "cli.zip").read_bytes()
    assert (len(data), row.size) == (row.size, len(data))


def test_the_index_lies_ready_on_its_own(tmp_path):
    """The index PDF that is kept beside the zip is the one inside it."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    row = _make(stores, case)
    with zipfile.ZipFile(io.BytesIO(_bytes(stores, case, row))) as archive:
        assert archive.read("index.pdf") == _bytes(stores, case, row, Part.INDEX)


def test_asked_twice_it_is_made_once(tmp_path):
    """While it is made, and while nothing changed, asking again gives the same case file."""
    stores, asked = make_stores(tmp_path), Asked()
    case = full_case(stores, tmp_path)
    first = ask_for_case_file(case=case, ask=asked, at=AT)
    assert ask_for_case_file(case=case, ask=asked, at=AT + timedelta(minutes=59)) == first
    make_case_file(stores=stores, case_file_id=first.id, at=AT)
    assert not make_case_file(stores=stores, case_file_id=first.id, at=AT)
    assert ask_for_case_file(case=case, ask=asked, at=AT + timedelta(minutes=1)).id == first.id
    assert asked.ids == [first.id]


def test_one_that_nobody_makes_any_more_is_asked_for_anew(tmp_path):
    """After an hour of waiting, asking again makes a new one; the old job finds nothing to do."""
    stores, asked = make_stores(tmp_path), Asked()
    case = full_case(stores, tmp_path)
    first = ask_for_case_file(case=case, ask=asked, at=AT)
    second = ask_for_case_file(case=case, ask=asked, at=AT + timedelta(hours=1, seconds=1))
    assert asked.ids == [first.id, second.id]
    assert not make_case_file(stores=stores, case_file_id=first.id, at=LATER)
    assert make_case_file(stores=stores, case_file_id=second.id, at=LATER)


@pytest.mark.parametrize("change", ["statement", "file"])
def test_a_later_change_makes_it_stale_and_a_new_one_replaces_it(tmp_path, change):
    """After a change of the statement or a new file the case file is stale; a new one takes its
    place and the old blobs go."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    old = _make(stores, case)
    assert not is_stale(case, old)
    if change == "statement":
        noted = ("another note",)
        case = change_case(
            stores=stores,
            case_id=case.row.id,
            at=LATER,
            change=lambda content: type(content)(**{**content.__dict__, "notes": noted}),
        )
    else:
        source = io.BytesIO(b"2026-11-03 10:00:00 \xe4\xb9\xb0\xe5\xae\xb6: hello")
        add_file(
            stores=stores,
            case=case,
            name="more.txt",
            source=source,
            limits=LIMITS,
            ask=nobody,
            at=LATER,
        )
    assert is_stale(case, old)
    blobs = len(list(stores.blobs.names(case_prefix(case.row.id))))
    new = _make(stores, case, LATER)
    assert find_case_file(case, old.id) is None
    assert newest_case_file(case) == new
    added = 1 if change == "file" else 0
    assert len(list(stores.blobs.names(case_prefix(case.row.id)))) == blobs
    with zipfile.ZipFile(io.BytesIO(_bytes(stores, case, new))) as archive:
        inside = [n for n in archive.namelist() if n.startswith("originals/")]
        assert len(inside) == 2 + added


def test_a_case_file_put_in_as_evidence_outlives_it(tmp_path):
    """The same zip uploaded as an original of its own case stays readable after the case file was
    let go of."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    row = _make(stores, case)
    data = _bytes(stores, case, row)
    kept = add_file(
        stores=stores,
        case=case,
        name="case.zip",
        source=io.BytesIO(data),
        limits=LIMITS,
        ask=nobody,
        at=LATER,
    )
    assert _bytes(stores, case, row) == data
    drop_case_file(stores=stores, row=row)
    opened = open_original(
        stores=stores, key=case.key, row=kept.row, who=Who.OWNER, purpose=Purpose.VIEW, at=LATER
    )
    assert b"".join(opened) == data


def test_what_cannot_be_sealed_says_so_by_a_code_alone(tmp_path, monkeypatch):
    """A case that cannot be sealed is failed with the error's code; no file name gets into a
    plain column."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)

    def refuse(**_given):
        raise SealError("during/王小明聊天.txt")

    monkeypatch.setattr(module, "seal_case", refuse)
    row = ask_for_case_file(case=case, ask=nobody, at=AT)
    assert not make_case_file(stores=stores, case_file_id=row.id, at=AT)
    row.refresh_from_db()
    assert (row.state, row.problem) == (MakingState.FAILED, "seal")


def test_trouble_of_the_store_leaves_it_waiting(tmp_path, monkeypatch):
    """When the store does not answer the case file still waits, and the next try makes it."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    row = ask_for_case_file(case=case, ask=nobody, at=AT)

    def fail(*_given, **_named):
        raise BlobStoreError("away")

    with monkeypatch.context() as away:
        away.setattr(type(stores.blobs), "put", fail)
        with pytest.raises(BlobStoreError):
            make_case_file(stores=stores, case_file_id=row.id, at=AT)
    row.refresh_from_db()
    assert row.state == MakingState.WAITING
    assert make_case_file(stores=stores, case_file_id=row.id, at=AT)


def test_stopped_before_it_was_noted_it_is_made_again(tmp_path, monkeypatch):
    """Killed after the blobs were stored and before the row said so, making it again gives the
    same bytes under the same names."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    row = ask_for_case_file(case=case, ask=nobody, at=AT)

    def die(_case_id):
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(module, "lock_case", die)
        with pytest.raises(KeyboardInterrupt):
            make_case_file(stores=stores, case_file_id=row.id, at=AT)
    stored = [n for n, _at in stores.blobs.names(case_prefix(case.row.id))]
    assert make_case_file(stores=stores, case_file_id=row.id, at=AT)
    assert stored == [n for n, _at in stores.blobs.names(case_prefix(case.row.id))]


def test_erased_while_it_was_made_nothing_is_left(tmp_path, monkeypatch):
    """A case that is erased between sealing and keeping leaves no blob behind."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    row = ask_for_case_file(case=case, ask=nobody, at=AT)

    def erase_then_seal(**given):
        erase_case(stores=stores, case_id=case.row.id, ask=nobody, at=AT)
        return seal_case(**given)

    monkeypatch.setattr(module, "seal_case", erase_then_seal)
    assert not make_case_file(stores=stores, case_file_id=row.id, at=AT)
    assert not list(stores.blobs.names(case_prefix(case.row.id)))


def test_after_seven_days_it_is_let_go_of(tmp_path):
    """The sweep removes row and blobs of an old case file and keeps a young one."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    before = len(list(stores.blobs.names(case_prefix(case.row.id))))
    _make(stores, case)
    assert sweep_case_files(stores=stores, at=AT + KEPT_FOR) == 0
    assert sweep_case_files(stores=stores, at=AT + KEPT_FOR + timedelta(seconds=1)) == 1
    assert not CaseFile.objects.exists()
    assert len(list(stores.blobs.names(case_prefix(case.row.id)))) == before


def test_taking_it_is_recorded_and_nothing_of_it_lies_in_the_clear(tmp_path):
    """Opening writes a line of the record first; the folder of blobs holds none of its words."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    row = _make(stores, case)
    _bytes(stores, case, row)
    lines = Access.objects.filter(who="owner", purpose="download", original_id=None)
    assert lines.count() == 1
    kept = b"".join(p.read_bytes() for p in Path(tmp_path / "blobs").rglob("*") if p.is_file())
    assert not [word for word in PLANTED if word.encode() in kept]
    assert b"index.pdf" not in kept and json.dumps(row.sha256).encode() not in kept


def test_the_case_file_holds_the_letters_as_they_were_changed(tmp_path):
    """What the buyer left out or added stands in the sealed letter too, and makes an earlier case
    file stale."""
    stores, asked = make_stores(tmp_path), Asked()
    case = full_case(stores, tmp_path)
    first = ask_for_case_file(case=case, ask=asked, at=AT)
    make_case_file(stores=stores, case_file_id=first.id, at=AT)
    letter = assemble_case(case=case, as_of=AT).judgement.letters[0]
    free = next(part for part in letter.parts if part.kind is PartKind.FREE)
    edits, bases = {free.key: "这一段是我自己写的。"}, {free.key: free.text}
    draft = Draft(letter.name, edits=edits, bases=bases)
    save_draft(case=case, draft=draft, at=AT + timedelta(minutes=1))
    later = AT + timedelta(minutes=2)
    second = ask_for_case_file(case=case, ask=asked, at=later)
    assert second.id != first.id
    make_case_file(stores=stores, case_file_id=second.id, at=later)
    row = CaseFile.objects.get(id=second.id)
    packed = b"".join(open_case_file(stores=stores, case=case, row=row, who=Who.OWNER, at=later))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        texts = [archive.read(name).decode("utf-8", "ignore") for name in archive.namelist()]
    assert any("这一段是我自己写的。" in text for text in texts)
