"""The seal of a case file in the public log: exactly once, with its row, and the receipt inside."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connections
from tests.casework.online.kept_kit import AT, LATER, Asked, full_case, make_stores, nobody
from tests.log.log_kit import STORES, make_ground

from gongdao.casework.log_seal import SealDigests
from gongdao.casework.online import log_case_seal as module
from gongdao.casework.online.case_file import (
    ask_for_case_file,
    make_case_file,
    open_case_file,
)
from gongdao.casework.online.erase_case import erase_case
from gongdao.casework.online.log_case_seal import log_case_seal, pseudonym_of
from gongdao.casework.online.models import CaseFile, MakingState
from gongdao.evidence.kept.open_original import Who
from gongdao.log.models import LogPending, LogSubject
from gongdao.log.reader import find_by_hash
from gongdao_verify.check import INTACT, verify
from gongdao_verify.leaf_form import parse_leaf
from gongdao_verify.tlog_policy import Policy

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
DIGESTS = SealDigests("a" * 64, "b" * 64, "c" * 64)


@pytest.fixture
def ground(tmp_path):
    """An empty log."""
    return make_ground(tmp_path / "log-ground")


def _race(monkeypatch) -> list[bytes]:
    """Two ask at once, and each waits for the other just before it appends, if it can."""
    together, append = threading.Barrier(2), module.append_leaves
    found: list[bytes] = []

    def wait_and_append(**given):
        with suppress(threading.BrokenBarrierError):
            together.wait(timeout=1.5)
        return append(**given)

    def ask() -> None:
        try:
            found.append(log_case_seal(stores=STORES, digests=DIGESTS, at=AT))
        finally:
            connections.close_all()

    monkeypatch.setattr(module, "append_leaves", wait_and_append)
    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


def test_two_at_once_log_it_once(monkeypatch):
    """The second waits for the first and finds its leaf."""
    LogSubject.objects.create(name=pseudonym_of(DIGESTS))
    first, second = _race(monkeypatch)
    assert first == second and LogPending.objects.count() == 1


def test_without_the_lock_two_at_once_log_it_twice(monkeypatch):
    """The control: where the look takes no lock, both find nothing and both append."""
    LogSubject.objects.create(name=pseudonym_of(DIGESTS))
    manager = type(LogSubject.objects)
    monkeypatch.setattr(manager, "select_for_update", lambda self: self.all())
    first, second = _race(monkeypatch)
    assert first != second and LogPending.objects.count() == 2


def test_a_pseudonym_is_of_one_seal():
    """Another digest anywhere gives another subject; the order of the three matters."""
    others = [
        SealDigests("d" * 64, "b" * 64, "c" * 64),
        SealDigests("a" * 64, "d" * 64, "c" * 64),
        SealDigests("a" * 64, "b" * 64, "d" * 64),
        SealDigests("b" * 64, "a" * 64, "c" * 64),
    ]
    names = {pseudonym_of(one) for one in (DIGESTS, *others)}
    assert len(names) == 5
    told = b"gongdao-seal/v1\n" + b"\n".join(x * 64 for x in (b"a", b"b", b"c"))
    assert pseudonym_of(DIGESTS) == f"case:{hashlib.sha256(told).hexdigest()[:32]}"


def _zip(stores, case, row) -> zipfile.ZipFile:
    chunks = open_case_file(stores=stores, case=case, row=row, who=Who.OWNER, at=LATER)
    return zipfile.ZipFile(io.BytesIO(b"".join(chunks)))


def _case(tmp_path):
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    return stores, case, ask_for_case_file(case=case, ask=nobody, at=AT)


def test_a_case_file_is_logged_and_carries_its_receipt(tmp_path, ground):
    """The leaf has the digests of the zip, the zip verifies with the log's key, and the row knows
    the leaf."""
    stores, case, row = _case(tmp_path)
    assert make_case_file(
        stores=stores, case_file_id=row.id, at=AT, cover=lambda _leaf: bool(ground.run())
    )
    row.refresh_from_db()
    archive = _zip(stores, case, row)
    entry = find_by_hash(bytes(row.leaf_hash))
    assert entry is not None and "seal.tlog-proof" in archive.namelist()
    seal = hashlib.sha256(archive.read("seal.sha256")).hexdigest()
    assert parse_leaf(entry.entry).data["seal_sha256"] == seal
    out = tmp_path / "out.zip"
    out.write_bytes(archive.fp.getvalue())
    verdict = verify(out, policy=Policy.parse(f"log {ground.key.verifier.text()}\nquorum none\n"))
    assert verdict.state == INTACT and verdict.log.state == "CONSISTENT_UNWITNESSED"
    assert verdict.log.log_known and verdict.log.leaf_hash == bytes(row.leaf_hash)


def test_a_log_that_is_late_holds_no_case_file_up(tmp_path, ground):
    """Where no checkpoint comes in time, the file is ready without a receipt, which can be had by
    itself later."""
    stores, case, row = _case(tmp_path)
    assert make_case_file(stores=stores, case_file_id=row.id, at=AT, cover=lambda _leaf: False)
    row.refresh_from_db()
    assert row.state == MakingState.READY
    assert "seal.tlog-proof" not in _zip(stores, case, row).namelist()
    ground.run()
    assert find_by_hash(bytes(row.leaf_hash)) is not None


def test_stopped_after_the_leaf_it_is_not_logged_again(tmp_path, ground):
    """Killed between the leaf and the zip, and started again, any number of times: one leaf."""
    stores, case, row = _case(tmp_path)

    def die(_leaf: bytes) -> bool:
        raise KeyboardInterrupt

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            make_case_file(stores=stores, case_file_id=row.id, at=AT, cover=die)
        ground.run()
    row.refresh_from_db()
    assert row.state == MakingState.WAITING
    later = AT + timedelta(minutes=5)
    assert make_case_file(
        stores=stores, case_file_id=row.id, at=later, cover=lambda _leaf: bool(ground.run())
    )
    assert len(ground.entries()) == 1
    assert "seal.tlog-proof" in _zip(stores, case, row).namelist()


def test_leaf_and_row_are_one_transaction(tmp_path, ground, monkeypatch):
    """Where the row cannot note the leaf, the leaf is not there either; and the other way round."""
    from gongdao.casework.online import case_file

    stores, _found, row = _case(tmp_path)
    real = case_file.log_case_seal

    def lose(**given):
        real(**given)
        raise KeyboardInterrupt

    with monkeypatch.context() as lost:
        lost.setattr(case_file, "log_case_seal", lose)
        with pytest.raises(KeyboardInterrupt):
            make_case_file(stores=stores, case_file_id=row.id, at=AT, cover=lambda _leaf: True)
    row.refresh_from_db()
    assert LogPending.objects.count() == 0 and bytes(row.leaf_hash) == b""


def test_nothing_of_an_erased_case_is_logged(tmp_path, ground, monkeypatch):
    """Erased while its zip was made: no leaf is left behind."""
    from gongdao.casework.online import case_file

    stores, case, row = _case(tmp_path)
    real = case_file.export_folder

    def erase_meanwhile(**given):
        real(**given)
        erase_case(stores=stores, case_id=case.row.id, ask=Asked(), at=LATER)

    monkeypatch.setattr(case_file, "export_folder", erase_meanwhile)
    assert not make_case_file(stores=stores, case_file_id=row.id, at=AT, cover=lambda _leaf: True)
    assert LogPending.objects.count() == 0
    assert not CaseFile.objects.filter(id=row.id).exists()


def test_without_anybody_to_wait_nothing_is_logged(tmp_path, ground):
    """Made as on the command line, the file has no receipt and the log no leaf."""
    stores, case, row = _case(tmp_path)
    assert make_case_file(stores=stores, case_file_id=row.id, at=AT)
    assert LogPending.objects.count() == 0
    assert "seal.tlog-proof" not in _zip(stores, case, row).namelist()
