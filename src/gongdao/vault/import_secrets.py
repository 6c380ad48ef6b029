"""Import a batch of secrets: streaming, restartable, each line taken or refused with its reason.

Lines are committed in chunks, so a killed import loses none of them; it is taken up again by giving
the same lines with the same batch id. Nothing of a batch is for sale before it is whole: then its
Merkle root is fixed and goes into the public log, in one transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.core.stores import Stores
from gongdao.vault.make_sku import get_shelf
from gongdao.vault.prepare_chunk import Chunk, prepare_chunk
from gongdao.vault.preview_batch import BatchPreview, open_preview
from gongdao.vault.refusals import Reason, Refusal
from gongdao.vault.register import Known
from gongdao.vault.split_line import Line
from gongdao.vault.write_batch import BatchSource, BatchWriter


@dataclass(frozen=True)
class ImportReport:
    """What became of ``lines`` lines: ``accepted`` now, ``already`` there from the same lines of
    this batch, the others ``refused``. ``root`` once the batch is whole; None in a dry run, or
    where not one secret was accepted (then nothing was kept)."""

    batch: UUID
    lines: int = 0
    accepted: int = 0
    already: int = 0
    refused: Mapping[Reason, int] = field(default_factory=dict)
    root: bytes | None = None


def import_secrets(
    *,
    stores: Stores,
    sku: UUID,
    batch: UUID,
    source: BatchSource,
    lines: Iterable[Line],
    at: datetime,
    dry_run: bool = False,
    refuse: Callable[[Refusal], None] = lambda refusal: None,
    progress: Callable[[int], None] = lambda lines: None,
) -> ImportReport:
    """Put the secrets of ``lines`` on the shelf ``sku`` as ``batch``, outside a transaction.

    Every refused line is handed to ``refuse``, the number of lines done to ``progress`` after each
    chunk. The same lines with the same ``batch`` again: go on where it stopped, or change nothing.
    ``dry_run``: say what would become of each line, and write nothing.
    Raise NoSuchShelf; ImportUnfinished while another import onto this shelf has not ended;
    WrongStockState for further secrets for a batch that is whole.
    """
    if connection.in_atomic_block:
        raise RuntimeError("an import commits chunk by chunk")
    if source.proof_sha256 is not None and len(source.proof_sha256) != 32:
        raise InputError(_("来源证明的摘要要 32 个字节。"))
    shelf = get_shelf(sku)
    if dry_run:
        with open_preview(stores=stores, shelf=shelf, batch=batch) as preview:
            tally = _run(lines, preview, refuse, progress)
        return tally.report(batch, None)
    writer = BatchWriter(stores, shelf, batch, source, at)
    tally = _run(lines, writer, refuse, progress)
    return tally.report(batch, writer.finish())


@dataclass
class _Tally:
    lines: int = 0
    accepted: int = 0
    already: int = 0
    refused: Counter[Reason] = field(default_factory=Counter)

    def count(self, chunk: Chunk, known: Known, refuse: Callable[[Refusal], None]) -> None:
        """Add what became of one chunk, and hand on its refusals in the order of lines."""
        self.lines += chunk.read
        self.accepted += len(chunk.lines) - len(known.already) - len(known.refused)
        self.already += len(known.already)
        found = [*chunk.refusals, *known.refused.values()]
        for refusal in sorted(found, key=lambda one: one.number):
            self.refused[refusal.reason] += 1
            refuse(refusal)

    def report(self, batch: UUID, root: bytes | None) -> ImportReport:
        """As it is told."""
        return ImportReport(
            batch, self.lines, self.accepted, self.already, dict(self.refused), root
        )


def _run(
    lines: Iterable[Line],
    writer: BatchWriter | BatchPreview,
    refuse: Callable[[Refusal], None],
    progress: Callable[[int], None],
) -> _Tally:
    tally, stream = _Tally(), iter(lines)
    while True:
        chunk = prepare_chunk(stream, writer.shelf.rules, writer.most)
        if not chunk.read:
            return tally
        known = writer.write(chunk) if chunk.lines else Known(frozenset(), {})
        tally.count(chunk, known, refuse)
        progress(tally.lines)
