"""Go's implementation of transparency logs agrees with ours about logs, proofs and receipts."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from tests.log.go_check.build_checker import (
    Disagrees,
    build_checker,
    find_lack,
    run_checker,
)
from tests.log.log_kit import STORES, Ground, append_some
from tests.verify.log_kit import Signer, SmallLog

from gongdao.log.export import export
from gongdao.log.receipt import make_receipt
from gongdao_verify.receipt_extra import Extra
from gongdao_verify.tlog_proof import TlogProof
from gongdao_verify.tree_reader import TreeReader

WITNESS = Signer("witness.example")
AT = 1_795_341_600
SIZES = (1, 2, 255, 256, 257, 511, 1000, 65_537, 70_000)


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checker, or a loud skip where Go cannot be had."""
    if lack := find_lack():
        line = f"GO DID NOT CHECK OUR LOGS: {lack}"
        print(f"\n{'=' * 64}\n{line}\n{'=' * 64}")
        pytest.skip(line)
    return build_checker(tmp_path_factory.mktemp("go"))


def _write(folder: Path, size: int) -> tuple[SmallLog, str]:
    log = SmallLog("test.example/log", [f'{{"n":{n}}}'.encode() for n in range(size)])
    log.entries[0] = b""
    text = log.text()
    note = log.note(None, WITNESS.cosign(text, AT))
    log.write(folder, note)
    return log, note


def _read(folder: Path, size: int) -> TreeReader:
    return TreeReader(lambda name: (folder / name).read_bytes(), size)


def _make_proofs(folder: Path, size: int, place: Path) -> Path:
    """Proofs by our implementation, from the tiles in ``folder``, for the checker."""
    choice, reader = random.Random(size), _read(folder, size)
    borders = {0, 1, 254, 255, 256, 257, 65_535, 65_536, size // 2, size - 2, size - 1}
    some = {n for n in borders if 0 <= n < size} | {choice.randrange(size) for _ in range(20)}
    made = {
        "inclusion": [
            {"index": n, "size": size, "path": [one.hex() for one in reader.inclusion_path(n)]}
            for n in sorted(some)
        ],
        "consistency": [
            {"old": n, "new": size, "path": [one.hex() for one in reader.consistency_path(n)]}
            for n in sorted(some | {size})
            if n > 0
        ],
    }
    file = place / "proofs.json"
    file.write_text(json.dumps(made))
    return file


def _make_receipt(log: SmallLog, folder: Path, index: int, note: str, place: Path) -> Path:
    """A receipt by our implementation, as files go out."""
    size = len(log.entries)
    extra = Extra(log.entries[index]).dump()
    path = tuple(_read(folder, size).inclusion_path(index))
    file = place / f"{index}.tlog-proof"
    file.write_bytes(TlogProof(index, path, note.encode(), extra).dump())
    return file


@pytest.mark.parametrize("size", SIZES)
def test_go_agrees(checker: Path, tmp_path: Path, size: int) -> None:
    """Root, tiles, signatures of log and witness, our proofs and our receipts, at each size."""
    folder = tmp_path / "log"
    log, note = _write(folder, size)
    counted = run_checker(
        checker,
        folder,
        log.signer.vkey(1),
        witnesses=[WITNESS.vkey(4)],
        receipts=[
            _make_receipt(log, folder, index, note, tmp_path) for index in {0, size // 2, size - 1}
        ],
        proofs=_make_proofs(folder, size, tmp_path),
    )
    assert counted["entries"] == size and counted["signatures"] == 2
    assert counted["tiles"] == sum("entries" not in name for name in log.files())
    assert counted["receipts"] == len({0, size // 2, size - 1}) and counted["proofs"] >= 1


def test_go_sees_every_change(checker: Path, tmp_path: Path) -> None:
    """The control: an entry, a tile, the checkpoint, a cosignature, a proof or a receipt changed,
    and the checker says so."""
    folder = tmp_path / "log"
    log, note = _write(folder, 600)
    vkey, witness = log.signer.vkey(1), WITNESS.vkey(4)
    proofs = _make_proofs(folder, 600, tmp_path)
    receipt = _make_receipt(log, folder, 300, note, tmp_path)

    def run() -> None:
        run_checker(checker, folder, vkey, witnesses=[witness], receipts=[receipt], proofs=proofs)

    run()
    changes = {
        folder / "tile/entries/001": (b'"n":300', b'"n":301', "do not make the root"),
        folder / "tile/0/000": (None, b"", "wrong"),
        folder / "tile/1/000.p/2": (None, b"", "wrong"),
        folder / "checkpoint": (b"\n600\n", b"\n599\n", "invalid signature"),
        proofs: (b'"index": 300', b'"index": 301', "inclusion of 301"),
        receipt: (b"index 300", b"index 301", "300.tlog-proof"),
    }
    for path, (old, new, said) in changes.items():
        before = path.read_bytes()
        flipped = bytes([before[0] ^ 1]) + before[1:]
        path.write_bytes(flipped if old is None else before.replace(old, new, 1))
        with pytest.raises(Disagrees, match=said):
            run()
        path.write_bytes(before)
    run()
    other = log.note(None, WITNESS.cosign(log.text(599), AT))
    (folder / "checkpoint").write_text(other, "utf-8")
    with pytest.raises(Disagrees, match="invalid signature"):
        run()


@pytest.mark.django_db(transaction=True)
def test_go_agrees_about_the_real_log(checker: Path, ground: Ground, tmp_path: Path) -> None:
    """Leaves through the verbs, the sequencer in several rounds, the export and the receipts of
    the running system: Go finds the published folder, the export and both receipts in order."""
    hashes: list[bytes] = []
    for count in (1, 255, 300):
        hashes += append_some(count)
        ground.run()
    exported = tmp_path / "export"
    assert export(database_url=ground.url, folder=exported) == 556
    receipts = []
    for n in (0, 555):
        receipts.append(tmp_path / f"{n}.tlog-proof")
        made = make_receipt(stores=STORES, leaf_hash=hashes[n], openings=True)
        receipts[-1].write_bytes(made)
    vkey = ground.key.verifier.text()
    proofs = _make_proofs(exported, 556, tmp_path)
    for folder in (exported, ground.folder / "log"):
        counted = run_checker(checker, folder, vkey, receipts=receipts, proofs=proofs)
        assert (counted["entries"], counted["receipts"]) == (556, 2)
