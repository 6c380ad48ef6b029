"""What a store of files promises, shown on a folder and on a real S3 server alike."""

from __future__ import annotations

import io
import os
import random
import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from tests.core.misbehaving_blobs import Fault, MisbehavingBlobs

from gongdao.core.blobs import BlobStore, blob_name, case_prefix, check_name
from gongdao.core.errors import BlobMissing, BlobStoreError

CASE, OTHER_CASE = UUID(int=0x2A), UUID(int=0x2A00)
NAME = blob_name(CASE, "ab" * 32)
LARGE = 20 << 20
"""More than two parts of a multipart upload."""
LATER = datetime(2200, 1, 1, tzinfo=UTC)


def _read(store: BlobStore, name: str) -> bytes:
    with store.open(name) as file:
        return file.read()


def _listed(store: BlobStore, prefix: str = "") -> list[str]:
    return [name for name, _modified in store.names(prefix)]


class _Source(io.BytesIO):
    """Bytes that come a few at a time, and may break off after ``breaks_at`` of them."""

    def __init__(self, data: bytes, breaks_at: int | None = None) -> None:
        super().__init__(data)
        self._breaks_at = breaks_at

    def read(self, size: int | None = -1) -> bytes:
        if self._breaks_at is not None and self.tell() >= self._breaks_at:
            raise OSError("the phone went away")
        wanted = 100_000 if size is None or size < 0 else min(size, 100_000)
        return super().read(wanted)


class TestContract:
    """Every store keeps these."""

    @pytest.mark.parametrize("size", [0, 1, 100_001, (8 << 20) - 1, 8 << 20, LARGE])
    def test_what_is_put_comes_back(self, store: BlobStore, size: int) -> None:
        """Any size, given in any pieces, comes back byte for byte, whole and piece by piece."""
        data = random.Random(size).randbytes(size)
        assert store.size(NAME) is None
        assert store.put(NAME, _Source(data)) == size == store.size(NAME)
        assert _read(store, NAME) == data
        with store.open(NAME) as file:
            assert file.read(10) == data[:10]
            assert b"".join(iter(lambda: file.read(70_001), b"")) == data[10:]
            assert file.read(1) == b""

    def test_what_is_not_there_is_missing(self, store: BlobStore) -> None:
        """Nothing under a name: no size, no bytes, nothing to delete, nothing listed."""
        assert store.size(NAME) is None
        with pytest.raises(BlobMissing):
            store.open(NAME)
        assert store.delete(NAME) is False
        assert store.delete_all(case_prefix(CASE)) == 0
        assert _listed(store) == _listed(store, case_prefix(CASE)) == []
        assert store.sweep(LATER) == 0

    def test_putting_again_replaces_at_once(self, store: BlobStore) -> None:
        """The same name twice is one blob; who reads the first meanwhile reads it to its end."""
        store.put(NAME, io.BytesIO(b"first"))
        assert store.put(NAME, io.BytesIO(b"first")) == 5
        with store.open(NAME) as reading:
            store.put(NAME, io.BytesIO(b"second one"))
            assert reading.read() == b"first"
        assert _read(store, NAME) == b"second one"
        assert _listed(store) == [NAME]

    def test_a_broken_source_leaves_nothing(self, store: BlobStore) -> None:
        """The source's own error comes through, and neither a new nor half a blob is there."""
        for breaks_at in (0, 100_000, 9 << 20):
            with pytest.raises(OSError, match="phone"):
                store.put(NAME, _Source(bytes(LARGE), breaks_at))
            assert store.size(NAME) is None and _listed(store) == []
        assert store.sweep(LATER) == 0, "what was begun has been cleared away"
        store.put(NAME, io.BytesIO(b"first"))
        with pytest.raises(OSError, match="phone"):
            store.put(NAME, _Source(bytes(LARGE), 9 << 20))
        assert _read(store, NAME) == b"first"

    def test_deleting_is_for_good_and_repeatable(self, store: BlobStore) -> None:
        """Deleted once it is gone, deleted twice it is still gone; its neighbour stays."""
        other = blob_name(CASE, "cd" * 32)
        for name in (NAME, other):
            store.put(name, io.BytesIO(b"x"))
        assert [store.delete(NAME), store.delete(NAME)] == [True, False]
        assert store.size(NAME) is None and _listed(store) == [other]

    def test_names_come_in_order_with_their_time(self, store: BlobStore) -> None:
        """Each prefix lists its own, sorted, with a time in UTC of about now."""
        names = [blob_name(case, f"{n:064x}") for case in (CASE, OTHER_CASE) for n in (3, 1, 2)]
        before = datetime.now(UTC) - timedelta(seconds=2)
        for name in names:
            store.put(name, io.BytesIO(name.encode()))
        assert _listed(store) == sorted(names)
        assert _listed(store, case_prefix(CASE)) == sorted(names[:3])
        assert _listed(store, case_prefix(OTHER_CASE)[:3]) == sorted(names[3:])
        assert _listed(store, case_prefix(UUID(int=0x2B))) == []
        for _name, modified in store.names(""):
            assert before <= modified <= datetime.now(UTC) + timedelta(seconds=2)
            assert modified.utcoffset() == timedelta(0) and not modified.microsecond

    def test_a_case_is_removed_whole_and_alone(self, store: BlobStore) -> None:
        """All of one case goes, nothing of another; a second time there is nothing to do."""
        for case in (CASE, OTHER_CASE):
            for number in range(3):
                store.put(blob_name(case, f"{number:064x}"), io.BytesIO(b"x"))
        assert store.delete_all(case_prefix(CASE)) == 3
        assert store.delete_all(case_prefix(CASE)) == 0
        assert len(_listed(store)) == 3 == len(_listed(store, case_prefix(OTHER_CASE)))

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "x",
            "../" + NAME,
            "/" + NAME,
            NAME + "/",
            NAME + "\n",
            NAME.upper(),
            NAME.replace("/", "//", 1),
            NAME.replace("/", "\\"),
            f"2a/../{'ab' * 32}",
            f"2a/{CASE}/..",
            f"2a/{CASE}/{'ab' * 31}",
            f"2a/{CASE}/{'ab' * 31}\u0661\u0661",
            f"../{CASE}/{'ab' * 32}",
        ],
    )
    def test_other_names_are_refused(self, store: BlobStore, name: str) -> None:
        """A name of any other shape is a slip of the caller and touches nothing."""
        for act in (store.open, store.size, store.delete, check_name):
            with pytest.raises(ValueError, match="not the name"):
                act(name)
        with pytest.raises(ValueError, match="not the name"):
            store.put(name, io.BytesIO(b"x"))
        assert _listed(store) == []

    @pytest.mark.parametrize("prefix", ["2", "..", "2a", f"2a/{CASE}", "2a/../", "/", f"{NAME}"])
    def test_other_prefixes_are_refused(self, store: BlobStore, prefix: str) -> None:
        """A prefix ends where a part ends; to remove, it must name one case."""
        with pytest.raises(ValueError, match="not a prefix"):
            list(store.names(prefix))
        for removed in (prefix, "", "2a/"):
            with pytest.raises(ValueError, match="not a prefix"):
                store.delete_all(removed)

    @pytest.mark.parametrize("fault", Fault)
    def test_a_failed_put_is_whole_or_nothing_and_repeatable(
        self, store: BlobStore, fault: Fault
    ) -> None:
        """Lost, broken off, done but reported failed, or late: half is never seen, again mends."""
        data = random.Random(7).randbytes(300_000)
        seen: list[int | None] = []
        shaky = MisbehavingBlobs(
            store, fault, meanwhile=lambda: seen.append(store.size(NAME)), break_after=150_000
        )
        if fault is Fault.LATE:
            assert shaky.put(NAME, io.BytesIO(data)) == len(data)
            assert seen == [None], "until it is done, nobody sees it"
        else:
            with pytest.raises(BlobStoreError):
                shaky.put(NAME, io.BytesIO(data))
        there = store.size(NAME)
        assert there == (len(data) if fault in (Fault.DONE, Fault.LATE) else None)
        assert shaky.put(NAME, io.BytesIO(data)) == len(data)
        assert _read(store, NAME) == data and _listed(store) == [NAME]
        assert shaky.calls == ["put", "put"]

    @pytest.mark.parametrize("fault", [Fault.LOST, Fault.DONE])
    def test_a_failed_removal_is_repeatable(self, store: BlobStore, fault: Fault) -> None:
        """Lost or done but reported failed: once repeated, all is gone and nothing complains."""
        store.put(NAME, io.BytesIO(b"x"))
        shaky = MisbehavingBlobs(store, fault, None, fault)
        with pytest.raises(BlobStoreError):
            shaky.delete(NAME)
        assert shaky.delete(NAME) is (fault is Fault.LOST)
        store.put(NAME, io.BytesIO(b"x"))
        with pytest.raises(BlobStoreError):
            shaky.delete_all(case_prefix(CASE))
        assert shaky.delete_all(case_prefix(CASE)) == (1 if fault is Fault.LOST else 0)
        assert _listed(store) == []

    def test_many_at_once_do_not_disturb_each_other(self, store: BlobStore) -> None:
        """The same name put and deleted by several at a time is whole or missing, never else."""
        datas = [bytes([65 + who]) * (50_000 + who) for who in range(4)]
        bad: list[object] = []

        def work(data: bytes) -> None:
            for _round in range(8):
                try:
                    store.put(NAME, io.BytesIO(data))
                    if _read(store, NAME) not in datas:
                        bad.append("half")
                    store.delete(NAME)
                except BlobMissing:
                    pass
                except Exception as error:  # whatever it is, the test must show it
                    bad.append(error)

        threads = [threading.Thread(target=work, args=(data,)) for data in datas]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not bad


def test_cases_spread_over_folders() -> None:
    """The first part is the end of the id, which is random, not its beginning, the time."""
    cases = [UUID(int=(0x0190F3B46C00 << 80) + n) for n in range(256)]
    assert {case_prefix(case)[:2] for case in cases} == {f"{n:02x}" for n in range(256)}
    assert check_name(blob_name(CASE, "0" * 64)) == f"2a/{CASE}/{'0' * 64}"
    assert os.sep not in case_prefix(CASE)[:2]
