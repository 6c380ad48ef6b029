"""Erasing a case: afterwards no row, no blob and no word of it is left, wherever it was stopped."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from tests.casework.online.kept_kit import (
    AT,
    LATER,
    PLANTED,
    Asked,
    fresh,
    full_case,
    make_stores,
    nobody,
    read_here,
)

from gongdao.casework.online import erase_case as module
from gongdao.casework.online.case_file import ask_for_case_file, make_case_file
from gongdao.casework.online.erase_case import (
    KEPT_FOR,
    LATECOMERS,
    count_contents,
    erase_again,
    erase_case,
    find_erased,
    finish_all,
    finish_erasing,
    forget_erased,
)
from gongdao.casework.online.erasure_marks import is_mark, is_marked, read_marks
from gongdao.casework.online.models import Case, ErasedCase
from gongdao.casework.online.open_case import open_row
from gongdao.casework.online.read_file import read_file
from gongdao.casework.online.share_case import open_share, shares_of
from gongdao.casework.online.unlock_case import find_case, unlock_case
from gongdao.core.blobs import blob_name, case_prefix
from gongdao.core.errors import BlobStoreError, CaseLocked, KeyGone
from gongdao.core.keys import get_key
from gongdao.core.models import DataKey
from gongdao.core.stores import Stores
from gongdao.evidence.kept.erase_originals import erase_blobs
from gongdao.evidence.kept.models import Access, Original, Reading

pytestmark = pytest.mark.django_db


def _whole_database() -> str:
    """Every row of every table, as text; bytes in hexadecimal and as they are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        tables = [row[0] for row in cursor.fetchall()]
        said = []
        for table in tables:
            cursor.execute(f"SELECT * FROM {table}")
            for row in cursor.fetchall():
                said += [_text(value) for value in row]
    return "\n".join(said)


def _text(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex() + bytes(value).decode("utf-8", "replace")
    return str(value)


def _blobs(tmp_path: Path) -> bytes:
    return b"".join(p.read_bytes() for p in (tmp_path / "blobs").rglob("*") if p.is_file())


def _left(stores: Stores, case_id: UUID) -> list[str]:
    return [name for name, _at in stores.blobs.names(case_prefix(case_id))]


def _find(words: Iterable[str], tmp_path: Path) -> list[str]:
    database, blobs = _whole_database(), _blobs(tmp_path)
    return [word for word in words if word in database or word.encode() in blobs]


def test_before_only_encrypted_and_afterwards_nothing(tmp_path):
    """No planted word stands anywhere in the clear while the case lives; after erasing not even
    its id does, but in the record of erasure and the empty key."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    row = ask_for_case_file(case=case, ask=nobody, at=AT)
    make_case_file(stores=stores, case_file_id=row.id, at=AT)
    ids = [str(one) for one in Original.objects.values_list("id", flat=True)]
    words = (*PLANTED, case.content.link, case.content.code)
    assert _find(words, tmp_path) == []
    assert _find(ids, tmp_path) != []
    assert _left(stores, case.row.id)
    erased = erase_case(stores=stores, case_id=case.row.id, ask=nobody, at=LATER)
    assert erased.blobs_gone and erased.files == 3
    assert _find((*words, *ids), tmp_path) == []
    assert _left(stores, case.row.id) == []
    assert _whole_database().count(str(case.row.id)) == 2
    for model in (Case, Original, Reading, Access):
        assert not model.objects.exists()
    with pytest.raises(KeyGone):
        get_key(stores=stores, subject=case.subject)
    assert bytes(DataKey.objects.get(subject_id=case.row.id).wrapped) == b""


def test_owner_and_stranger_find_nothing(tmp_path):
    """Link and right code, wrong code, and a shared link all answer as for a case that never
    was; what is kept says when the key was destroyed."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    token = shares_of(case)[0].token
    erase_case(stores=stores, case_id=case.row.id, ask=nobody, at=LATER)
    link, code = case.content.link, case.content.code
    assert find_case(link) is None
    for given in (code, "AAAAA-AAAAA"):
        with pytest.raises(CaseLocked):
            unlock_case(stores=stores, link=link, code=given, network="10.0.0.1", at=LATER)
    with pytest.raises(KeyGone):
        open_share(stores=stores, token=token, at=LATER)
    kept = find_erased(link)
    assert kept is not None and (kept.key_destroyed_at, kept.blobs_to_go) == (LATER, 2)
    with pytest.raises(KeyGone):
        erase_case(stores=stores, case_id=case.row.id, ask=nobody, at=LATER)


def test_another_case_is_not_touched(tmp_path):
    """Erasing one case leaves every row and blob of another, and it still opens."""
    stores = make_stores(tmp_path)
    gone = full_case(stores, tmp_path)
    stays = full_case(stores, tmp_path, at=AT + timedelta(seconds=1))
    before = (_left(stores, stays.row.id), count_contents(stays.row.id))
    erase_case(stores=stores, case_id=gone.row.id, ask=nobody, at=LATER)
    assert (_left(stores, stays.row.id), count_contents(stays.row.id)) == before
    assert fresh(stores, stays).content == stays.content


def test_what_goes_is_counted(tmp_path):
    """The counts that the page shows are those of the rows."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    found = count_contents(case.row.id)
    assert (found.files, found.filings, found.shares, found.case_files) == (2, 1, 1, 0)
    assert found.accesses == Access.objects.count() > 0


@pytest.mark.parametrize("step", ["mark_erased", "erase_blobs", "after"])
def test_stopped_after_the_transaction_it_is_finished_later(tmp_path, monkeypatch, step):
    """Killed before the mark, before the blobs go, or before it was noted that they went: the job
    that was asked for in the same transaction finishes, and doing it twice is harmless."""
    stores, asked = make_stores(tmp_path), Asked()
    case = full_case(stores, tmp_path)

    def die(*_given: Any, **_named: Any) -> None:
        raise KeyboardInterrupt

    def erase_and_die(**given: Any) -> None:
        erase_blobs(**given)
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        if step == "after":
            killed.setattr(module, "erase_blobs", erase_and_die)
        else:
            killed.setattr(module, step, die)
        with suppress(KeyboardInterrupt):
            erase_case(stores=stores, case_id=case.row.id, ask=asked, at=AT)
    assert asked.ids == [case.row.id]
    assert not Case.objects.exists()
    row = ErasedCase.objects.get()
    assert row.blobs_gone_at is None
    for _twice in range(2):
        assert finish_erasing(stores=stores, case_id=case.row.id, at=LATER)
    row.refresh_from_db()
    assert row.blobs_gone_at == LATER
    assert _left(stores, case.row.id) == []
    assert is_marked(read_marks(stores), case.row.id)


def test_stopped_within_the_transaction_the_case_lives(tmp_path):
    """Killed before the commit, nothing has happened: no mark, no blob gone, the case opens."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    before = _left(stores, case.row.id)

    def die(_case_id):
        raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        erase_case(stores=stores, case_id=case.row.id, ask=die, at=AT)
    assert fresh(stores, case).content == case.content
    assert _left(stores, case.row.id) == before
    assert not read_marks(stores)
    assert finish_erasing(stores=stores, case_id=case.row.id, at=AT)
    assert _left(stores, case.row.id) == before


def test_a_store_that_does_not_answer_is_asked_again(tmp_path, monkeypatch):
    """The key is destroyed at once even if the store is away; the periodic job tries until the
    blobs are gone."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)

    def away(*_given, **_named):
        raise BlobStoreError("away")

    with monkeypatch.context() as trouble:
        trouble.setattr(type(stores.blobs), "delete_all", away)
        erased = erase_case(stores=stores, case_id=case.row.id, ask=nobody, at=AT)
        assert not erased.blobs_gone
        assert finish_all(stores=stores, at=AT) == 1
    assert _left(stores, case.row.id)
    assert finish_all(stores=stores, at=LATER) == 0
    assert _left(stores, case.row.id) == []


def test_a_blob_that_comes_late_goes_as_well(tmp_path):
    """A job that was under way stores a blob after the erasing: it is found within the hour; after
    that nobody looks any more."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    erase_case(stores=stores, case_id=case.row.id, ask=nobody, at=AT)
    path = tmp_path / "late"
    path.write_bytes(b"late")
    with path.open("rb") as source:
        stores.blobs.put(blob_name(case.row.id, "ab" * 32), source)
    finish_all(stores=stores, at=AT + LATECOMERS + timedelta(seconds=1))
    assert _left(stores, case.row.id)
    finish_all(stores=stores, at=AT + LATECOMERS - timedelta(seconds=1))
    assert _left(stores, case.row.id) == []


def test_a_reading_under_way_finds_nothing_to_write_to(tmp_path):
    """A file that is being read while its case is erased leaves no reading and no blob."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    row = Original.objects.first()
    assert row is not None

    def erase_and_read(wanted):
        if Case.objects.exists():
            erase_case(stores=stores, case_id=case.row.id, ask=nobody, at=AT)
        return read_here(wanted)

    assert not read_file(stores=stores, original_id=row.id, read=erase_and_read, ask=None, at=AT)
    assert not Reading.objects.exists()
    assert _left(stores, case.row.id) == []


def test_a_case_that_comes_back_with_an_older_database_is_erased_again(tmp_path):
    """Rows of an erased case that reappear (an older backup) are erased by the mark in the store;
    without the mark, the control, they stay."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    key, row = DataKey.objects.get(subject_id=case.row.id), Case.objects.get(id=case.row.id)
    erase_case(stores=stores, case_id=case.row.id, ask=nobody, at=AT)
    ErasedCase.objects.all().delete()
    DataKey.objects.filter(id=key.id).update(wrapped=bytes(key.wrapped), destroyed_at=None)
    row.save(force_insert=True)
    assert open_row(stores=stores, row=row).content == case.content
    marks = [name for name, _at in stores.blobs.names("") if is_mark(name)]
    assert len(marks) == 1
    other = make_stores(tmp_path / "elsewhere")
    assert erase_again(stores=other, ask=nobody, at=LATER) == 0
    assert Case.objects.exists()
    assert erase_again(stores=stores, ask=nobody, at=LATER) == 1
    assert not Case.objects.exists()
    with pytest.raises(KeyGone):
        get_key(stores=stores, subject=case.subject)


def test_after_ninety_days_it_is_forgotten_that_there_was_one(tmp_path):
    """The record of erasure goes after its time, not before, and not while blobs are left."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    erase_case(stores=stores, case_id=case.row.id, ask=nobody, at=AT)
    assert forget_erased(stores=stores, at=AT + KEPT_FOR) == 0
    ErasedCase.objects.update(blobs_gone_at=None)
    late = AT + KEPT_FOR + timedelta(seconds=1)
    assert forget_erased(stores=stores, at=late) == 0
    ErasedCase.objects.update(blobs_gone_at=AT)
    assert forget_erased(stores=stores, at=late) == 1
    assert find_erased(case.content.link) is None
