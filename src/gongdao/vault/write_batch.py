"""The writing half of an import: chunk after chunk in transactions of their own, then the end."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from gongdao.core.errors import ImportUnfinished, NoSuchShelf, StockHeld, WrongStockState
from gongdao.core.keys import get_key, make_key
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import new_subject
from gongdao.vault.batch_leaves import imported_leaf
from gongdao.vault.batch_tree import GROUP, group_root, root_of
from gongdao.vault.canonical_form import CANON_V, SALT_BYTES, commit
from gongdao.vault.copy_rows import copy_sealed, copy_units
from gongdao.vault.fingerprint_keys import get_fp_keys
from gongdao.vault.locks import lock_keys, lock_sku
from gongdao.vault.models import MAX_USES, Batch, Group, Sku
from gongdao.vault.prepare_chunk import Chunk
from gongdao.vault.register import Known, register
from gongdao.vault.sealing import Shelf, make_sealer
from gongdao.vault.states import BatchState
from gongdao.vault.states import SourceKind as SourceKind

CHUNK = 4096
"""Lines in one transaction."""
_BLOCK = 16_384
"""Ids for which one number of the sequence stands."""
assert _BLOCK >= MAX_USES, "the units of one secret have consecutive ids"
_IDS = "SELECT nextval('vault_unit_block') FROM generate_series(1, %s)"
_NEWEST = """
SELECT s.id, s.commitment FROM vault_sealed s JOIN vault_unit u ON u.id = s.id
WHERE u.batch_id = %s AND s.id BETWEEN %s AND %s ORDER BY s.id DESC LIMIT %s
"""


@dataclass(frozen=True)
class BatchSource:
    """What is declared about a batch and goes into the log. ``supplier`` and ``listing`` are
    pseudonyms, ``proof_sha256`` the digest (32 bytes) of the document that shows the source."""

    kind: SourceKind
    supplier: str = ""
    proof_sha256: bytes | None = None
    listing: str = ""


class BatchWriter:
    """One import under way. What it knows of the batch is what it wrote itself, or read anew."""

    def __init__(
        self, stores: Stores, shelf: Shelf, batch: UUID, source: BatchSource, at: datetime
    ) -> None:
        self.shelf, self.most = shelf, max(1, min(CHUNK, _BLOCK // shelf.uses_allowed))
        self._stores, self._batch, self._source, self._at = stores, batch, source, at
        self._subject = SubjectRef("batch", batch)
        get_fp_keys(stores=stores, at=at)  # made now, not inside a chunk
        self._open: tuple[int, list[tuple[int, bytes]]] = (0, [])
        """How many secrets the batch has, and id and commitment of those in its last group."""

    def write(self, chunk: Chunk) -> Known:
        """Take what of ``chunk`` is new, in one transaction; what was known already."""
        with transaction.atomic():
            lock_keys(to_change=False)
            row = self._lock()
            ids = self._ids(len(chunk.lines))
            known = register(
                keys=get_fp_keys(stores=self._stores, at=self._at),
                chunk=chunk,
                ids=ids,
                batch=self._batch,
                seller=self.shelf.seller,
            )
            fresh = [place for place in range(len(ids)) if place not in known]
            if fresh:
                if row is None:
                    row = self._begin()
                if row.state != BatchState.INCOMING:
                    raise WrongStockState(row.state)
                self._add(row, chunk, ids, fresh)
        return known

    def finish(self) -> bytes | None:
        """Fix the root, put everything on sale, append the leaf; None where there is nothing."""
        with transaction.atomic():
            row = self._lock()
            if row is None:
                return None
            if row.state != BatchState.INCOMING:
                return bytes(row.root or b"")
            self._read_open(row)
            if last := self._open[1]:
                self._put_group(row.secrets // GROUP, last)
            roots = (
                Group.objects.filter(batch_id=row.id).order_by("n").values_list("root", flat=True)
            )
            root = root_of([bytes(one) for one in roots])
            row.state, row.root, row.imported_at, row.changed_at = (
                BatchState.LIVE, root, self._at, self._at,
            )  # fmt: skip
            row.save(update_fields=["state", "root", "imported_at", "changed_at"])
            last_pos = row.first_pos + row.secrets * self.shelf.uses_allowed - 1
            Sku.objects.filter(id=self.shelf.sku).update(open_upto=last_pos)
            leaf = imported_leaf(row, self._source.listing, self.shelf.uses_allowed)
            append_leaves(stores=self._stores, leaves=[leaf], at=self._at)
        return root

    def _lock(self) -> Batch | None:
        """The batch, locked behind its shelf, if it has begun; raise where another one has not
        ended."""
        lock_sku(self.shelf.sku)
        row = Batch.objects.select_for_update().filter(id=self._batch).first()
        if row is not None and row.sku_id != self.shelf.sku:
            raise NoSuchShelf
        if row is not None and row.state == BatchState.INCOMING and row.reason:
            raise StockHeld
        if row is None:
            other = Batch.objects.filter(sku_id=self.shelf.sku, state=BatchState.INCOMING).first()
            if other is not None:
                raise ImportUnfinished(str(other.id))
        return row

    def _begin(self) -> Batch:
        make_key(stores=self._stores, subject=self._subject, at=self._at)
        open_upto = Sku.objects.values_list("open_upto", flat=True).get(id=self.shelf.sku)
        return Batch.objects.create(
            id=self._batch,
            sku_id=self.shelf.sku,
            source_kind=self._source.kind,
            supplier=self._source.supplier,
            proof_sha256=self._source.proof_sha256,
            first_pos=open_upto + 1,
            log_subject=new_subject("batch"),
            began_at=self._at,
            changed_at=self._at,
        )

    def _ids(self, count: int) -> list[int]:
        """An id for each of ``count`` secrets, with room for its uses behind it; growing."""
        uses = self.shelf.uses_allowed
        per_block = _BLOCK // uses
        with connection.cursor() as cursor:
            cursor.execute(_IDS, (-(-count // per_block),))
            starts = [row[0] * _BLOCK for row in cursor.fetchall()]
        return [starts[i // per_block] + i % per_block * uses for i in range(count)]

    def _add(self, row: Batch, chunk: Chunk, ids: Sequence[int], fresh: Sequence[int]) -> None:
        """Seal the secrets at the places ``fresh``, and write them with their units and groups."""
        uses = self.shelf.uses_allowed
        key = get_key(stores=self._stores, subject=self._subject)
        salts = secrets.token_bytes(SALT_BYTES * len(fresh))
        seal_secret = make_sealer(key, self.shelf)
        rows = []
        for n, place in enumerate(fresh):
            salt = salts[n * SALT_BYTES : (n + 1) * SALT_BYTES]
            commitment = commit(salt, chunk.canonical[place])
            sealed = seal_secret(chunk.fields[place], salt, ids[place])
            rows.append((ids[place], sealed, commitment, CANON_V, chunk.lines[place]))
        self._read_open(row)
        copy_units(
            sku=self.shelf.sku,
            batch=row.id,
            sealed_ids=[one[0] for one in rows],
            first_pos=row.first_pos + row.secrets * uses,
            uses=uses,
        )
        copy_sealed(rows)
        self._fold(row.secrets, [(one[0], one[2]) for one in rows])
        row.secrets += len(rows)
        row.first_id = rows[0][0] if row.first_id is None else row.first_id
        row.last_id, row.changed_at = rows[-1][0] + uses - 1, self._at
        row.save(update_fields=["secrets", "first_id", "last_id", "changed_at"])

    def _read_open(self, row: Batch) -> None:
        """The commitments of the last, incomplete group, unless they are known from before."""
        if self._open[0] == row.secrets:
            return
        with connection.cursor() as cursor:
            values = (row.id, row.first_id, row.last_id, row.secrets % GROUP)
            cursor.execute(_NEWEST, values)
            newest = [(one, bytes(commitment)) for one, commitment in cursor.fetchall()]
        self._open = row.secrets, newest[::-1]

    def _fold(self, before: int, added: list[tuple[int, bytes]]) -> None:
        """Put ``added`` behind the ``before`` secrets of the batch; whole groups are written."""
        waiting = self._open[1] + added
        n, whole = before // GROUP, len(waiting) // GROUP * GROUP
        Group.objects.bulk_create(
            _group(self._batch, n + i // GROUP, waiting[i : i + GROUP])
            for i in range(0, whole, GROUP)
        )
        # If the transaction fails the number does not fit the row's, and they are read anew.
        self._open = before + len(added), waiting[whole:]

    def _put_group(self, n: int, members: list[tuple[int, bytes]]) -> None:
        _group(self._batch, n, members).save(force_insert=True)


def _group(batch: UUID, n: int, members: Sequence[tuple[int, bytes]]) -> Group:
    root = group_root([commitment for _id, commitment in members])
    return Group(batch_id=batch, n=n, root=root, first_id=members[0][0])
