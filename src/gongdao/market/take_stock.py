"""Lists of secrets that a merchant hands in: looked through first, then put on the shelf by a job,
which can be stopped or killed at any moment and goes on with the same batch.

The list lies sealed under a data key of its own until the intake ends; then row and key go. What is
told of refused lines is their number and the reason, never what stood there.
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from gongdao.core.envelope import open_sealed, seal
from gongdao.core.errors import InputError, Refused, WrongStockState
from gongdao.core.ids import new_id
from gongdao.core.keys import destroy_key, get_key, make_key
from gongdao.core.language import Phrase
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.market.desk_models import IntakeText, StockIntake
from gongdao.market.desk_states import RUNNING, IntakeState
from gongdao.market.models import Listing
from gongdao.vault.batch_names import batch_of_file, supplier_pseudonym
from gongdao.vault.discard_import import check_may_go, discard_import
from gongdao.vault.import_secrets import ImportReport, import_secrets
from gongdao.vault.make_sku import get_shelf
from gongdao.vault.models import Batch
from gongdao.vault.read_source import read_source
from gongdao.vault.refusals import Reason, Refusal
from gongdao.vault.states import BatchState, SourceKind
from gongdao.vault.write_batch import BatchSource

LARGEST = 4 * 1024 * 1024
"""Bytes of one list; longer ones go through the command line."""
_STATE = IntakeState


@dataclass(frozen=True)
class HandedIn:
    """A list as it was handed in: a file or a pasted text, where it comes from, who sold it."""

    data: bytes
    name: str
    source: SourceKind
    supplier: str = ""


def hand_in(
    *, stores: Stores, listing: Listing, given: HandedIn, by: UUID, at: datetime
) -> StockIntake:
    """Keep a list to be looked through. InputError: empty, too large, no shelf, or another one is
    still under way for this listing."""
    if listing.sku_id is None:
        raise InputError(Phrase("先建好库位，再导入卡密。"), field="file")
    if not given.data.strip():
        raise InputError(Phrase("选一个文件，或者把卡密粘贴进来。"), field="file")
    if len(given.data) > LARGEST:
        most = LARGEST // 1024 // 1024
        raise InputError(Phrase("一次最多 {most} MB，请分成几份。", most=most), field="file")
    shelf, intake_id = get_shelf(listing.sku_id), new_id(at)
    pseudonym = ""
    if given.supplier.strip():
        pseudonym = supplier_pseudonym(stores=stores, seller=shelf.seller, name=given.supplier)
    file = io.BytesIO(given.data)
    try:
        with transaction.atomic():
            row = StockIntake.objects.create(
                id=intake_id,
                listing=listing,
                by_id=by,
                batch_id=batch_of_file(stores=stores, sku=shelf.sku, file=file),
                state=_STATE.LOOKING,
                source_kind=given.source,
                supplier=pseudonym,
                size_bytes=len(given.data),
                made_at=at,
            )
            key = make_key(stores=stores, subject=_subject(row.id), at=at)
            sealed = seal(key, given.data, _subject(row.id).aad("text"))
            IntakeText.objects.create(intake=row, name=given.name[-120:], sealed=sealed)
    except IntegrityError as error:
        raise InputError(
            Phrase("这个商品还有一份没有处理完，先做完或放弃它。"), field="file"
        ) from error
    return row


def _subject(intake_id: UUID) -> SubjectRef:
    return SubjectRef("intake", intake_id)


class _Stopped(Exception):
    """The merchant gave the intake up while a job worked on it."""


class _Refused:
    """Refused lines, compressed while they come: all of them, and little memory."""

    def __init__(self) -> None:
        self._packer, self._packed = zlib.compressobj(6), bytearray()

    def __call__(self, refusal: Refusal) -> None:
        line = json.dumps([refusal.number, refusal.reason.value, refusal.same_as])
        self._packed += self._packer.compress(line.encode() + b"\n")

    def close(self) -> bytes:
        return bytes(self._packed + self._packer.flush())


def read_refused(row: StockIntake) -> Iterator[Refusal]:
    """Every refused line of an intake, in order."""
    packed = bytes(row.refused)
    if not packed:
        return
    for line in zlib.decompress(packed).splitlines():
        number, reason, same_as = json.loads(line)
        yield Refusal(number, Reason(reason), same_as)


def run_intake(*, stores: Stores, intake_id: UUID, at: datetime) -> IntakeState | None:
    """Do what is due for an intake, outside a transaction: look it through, or put it on the shelf.
    Run again after a crash it goes on; None where there is nothing to do. What is wrong with the
    list ends it; any other error leaves it as it is, to be run again."""
    if connection.in_atomic_block:
        raise RuntimeError("an intake commits chunk by chunk")
    row = StockIntake.objects.select_related("listing").filter(id=intake_id).first()
    if row is None or row.state not in (_STATE.LOOKING, _STATE.IMPORTING):
        return None
    refused = _Refused()
    try:
        report = _import(stores, row, refused, at)
    except _Stopped:
        _drop_batch(row)
        return _STATE.GIVEN_UP
    except (InputError, Refused) as error:
        _end(row, _STATE.FAILED, at, problem=str(error)[:200])
        return _STATE.FAILED
    values = {
        "lines": report.lines,
        "lines_done": report.lines,
        "accepted": report.accepted,
        "already": report.already,
        "reasons": {reason.value: count for reason, count in report.refused.items()},
        "refused": refused.close(),
    }
    if row.state == _STATE.IMPORTING:
        _end(row, _STATE.DONE, at, **values)
        return _STATE.DONE
    StockIntake.objects.filter(id=row.id, state=_STATE.LOOKING).update(
        state=_STATE.LOOKED, **values
    )
    return _STATE.LOOKED


def _import(stores: Stores, row: StockIntake, refused: _Refused, at: datetime) -> ImportReport:
    text = IntakeText.objects.filter(intake=row).first()
    if text is None:  # given up at this moment
        raise _Stopped
    key = get_key(stores=stores, subject=_subject(row.id))
    file = io.BytesIO(open_sealed(key, bytes(text.sealed), _subject(row.id).aad("text")))
    sku = row.listing.sku_id
    assert sku is not None  # hand_in saw to it, and a shelf stays

    def progress(lines: int) -> None:
        mine = StockIntake.objects.filter(id=row.id, state=row.state)
        if not mine.update(lines_done=lines):
            raise _Stopped

    return import_secrets(
        stores=stores,
        sku=sku,
        batch=row.batch_id,
        source=BatchSource(SourceKind(row.source_kind), row.supplier),
        lines=read_source(file, name=text.name, rules=get_shelf(sku).rules),
        at=at,
        dry_run=row.state == _STATE.LOOKING,
        refuse=refused,
        progress=progress,
    )


def begin_import(*, intake_id: UUID) -> bool:
    """Let what was looked through go on the shelf; a job does it. False where that was asked for
    before, or is not due."""
    looked = StockIntake.objects.filter(id=intake_id, state=_STATE.LOOKED)
    return bool(looked.update(state=_STATE.IMPORTING, lines_done=0))


def give_up_intake(*, intake_id: UUID, at: datetime) -> bool:
    """Give an intake up: nothing of it stays, unless its batch was whole already. False where it
    had ended. Raise StockRefused while a restored backup holds its import up."""
    row = StockIntake.objects.filter(id=intake_id, state__in=list(RUNNING)).first()
    if row is None:
        return False
    begun = Batch.objects.filter(id=row.batch_id, state=BatchState.INCOMING).first()
    if begun is not None:
        check_may_go(begun)
    if not StockIntake.objects.filter(id=row.id, state=row.state).update(state=_STATE.GIVEN_UP):
        return give_up_intake(intake_id=intake_id, at=at)
    gone = _drop_batch(row)
    ends = _STATE.GIVEN_UP if gone else _STATE.DONE
    _end(row, ends, at)
    return gone


def _drop_batch(row: StockIntake) -> bool:
    """Remove what was imported so far; False where all of it is for sale already."""
    if row.state == _STATE.LOOKING or not Batch.objects.filter(id=row.batch_id).exists():
        return True
    try:
        discard_import(batch=row.batch_id)
    except WrongStockState:  # it was whole before anybody could stop it
        return row.state != _STATE.IMPORTING
    return True


@transaction.atomic
def _end(row: StockIntake, state: IntakeState, at: datetime, **values: object) -> None:
    StockIntake.objects.filter(id=row.id).update(state=state, ended_at=at, **values)
    IntakeText.objects.filter(intake_id=row.id).delete()
    destroy_key(subject=_subject(row.id), at=at)


def find_stray(*, listing: Listing) -> UUID | None:
    """An import onto the listing's shelf that has not ended and belongs to no running intake: begun
    elsewhere, or left behind."""
    if listing.sku_id is None:
        return None
    running = StockIntake.objects.filter(listing=listing, state__in=list(RUNNING))
    rows = Batch.objects.filter(sku_id=listing.sku_id, state=BatchState.INCOMING)
    return rows.exclude(id__in=running.values("batch_id")).values_list("id", flat=True).first()
