"""Whether the vault is whole: what constraints cannot see row by row, counted over all of it.

A superuser's hand, a lost page, a restored table: whatever it was, each difference has a name here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from gongdao.core.errors import SealedDataError
from gongdao.core.language import mark, translated
from gongdao.core.stores import Stores
from gongdao.vault.batch_tree import GROUP, group_root, root_of
from gongdao.vault.models import Batch, Group
from gongdao.vault.open_units import Opener
from gongdao.vault.states import BatchState

_COUNTED = {
    "unit_without_claim": (
        mark("标为已占用、却不属于任何一单的卡密"),
        "SELECT count(*) FROM vault_unit u WHERE state = 'claimed'"
        " AND NOT EXISTS (SELECT FROM vault_claim c WHERE c.unit_id = u.id)",
    ),
    "claim_without_unit": (
        mark("已属于某一单、却没有标为已占用的卡密"),
        "SELECT count(*) FROM vault_claim c"
        " WHERE NOT EXISTS ("
        "SELECT FROM vault_unit u WHERE u.id = c.unit_id AND u.state = 'claimed')",
    ),
    "unit_without_secret": (
        mark("没有密文的卡密"),
        "SELECT count(*) FROM vault_unit u"
        " WHERE NOT EXISTS (SELECT FROM vault_sealed s WHERE s.id = u.sealed_id)",
    ),
    "secret_without_unit": (
        mark("不属于任何卡密的密文"),
        "SELECT count(*) FROM vault_sealed s"
        " WHERE NOT EXISTS (SELECT FROM vault_unit u WHERE u.id = s.id AND u.sealed_id = s.id)",
    ),
    "secret_without_fingerprint": (
        mark("没有指纹、可能被重复导入的卡密"),
        "SELECT count(*) FROM vault_sealed s WHERE NOT EXISTS ("
        " SELECT FROM vault_fingerprint f JOIN vault_key k ON k.kid = f.kid AND k.state <> 'gone'"
        " WHERE f.sealed_id = s.id) AND EXISTS ("
        " SELECT FROM vault_unit u LEFT JOIN vault_claim c ON c.unit_id = u.id"
        " WHERE u.sealed_id = s.id AND u.id BETWEEN s.id AND s.id + 9999"
        " AND (u.state <> 'withdrawn' OR c.unit_id IS NOT NULL))",
    ),
    "fingerprint_without_secret": (
        mark("没有对应卡密的指纹"),
        "SELECT count(*) FROM vault_fingerprint f"
        " WHERE NOT EXISTS (SELECT FROM vault_sealed s WHERE s.id = f.sealed_id)",
    ),
    "for_sale_in_closed_batch": (
        mark("批次已停售、却仍在架上的卡密"),
        "SELECT count(*) FROM vault_unit u JOIN vault_batch b ON b.id = u.batch_id"
        " WHERE u.state = 'available' AND b.state IN ('withdrawn', 'quarantined')",
    ),
    "for_sale_before_its_end": (
        mark("导入还没有做完、却能卖出的卡密"),
        "SELECT count(*) FROM vault_unit u JOIN vault_batch b ON b.id = u.batch_id"
        " JOIN vault_sku k ON k.id = u.sku_id WHERE b.state = 'incoming' AND u.pos <= k.open_upto",
    ),
    "two_in_one_position": (
        mark("占着同一个位置的卡密"),
        "SELECT count(*) FROM (SELECT FROM vault_unit GROUP BY sku_id, pos HAVING count(*) > 1) x",
    ),
    "batch_without_key": (
        mark("没有数据密钥的批次"),
        "SELECT count(*) FROM vault_batch b WHERE NOT EXISTS (SELECT FROM core_datakey d"
        " WHERE d.subject_kind = 'batch' AND d.subject_id = b.id)",
    ),
}
_GUARDS = {
    "sku": "fixed",
    "batch": "moves kept",
    "unit": "moves kept",
    "sealed": "unchanged kept",
    "fingerprint": "unchanged kept",
    "claim": "moves kept",
    "group": "unchanged kept",
    "reveal": "kept",
    "statuscheck": "kept",
    "key": "moves kept",
}
"""The triggers of each table."""
_STANDING = """
SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'
UNION ALL SELECT conname FROM pg_constraint WHERE convalidated
"""
_UNIQUE = ("vault_claim_pkey", "vault_claim_place_once", "vault_fingerprint_pkey")
_GUARD_GONE = mark("数据库里缺少或停用了的防护")
_OF_BATCH = {
    "wrong_count": mark("批次里的数目与登记的不符"),
    "wrong_root": mark("批次的承诺与登记的根不符"),
    "not_open": mark("打不开或与承诺不符的卡密"),
}
_COMMITMENTS = """
SELECT s.commitment, s.id FROM vault_unit u JOIN vault_sealed s ON s.id = u.sealed_id
WHERE u.batch_id = %s AND u.id BETWEEN %s AND %s AND u.id = u.sealed_id ORDER BY u.pos
"""
_UNITS = "SELECT count(*) FROM vault_unit WHERE batch_id = %s AND id BETWEEN %s AND %s"


@dataclass(frozen=True)
class Finding:
    """A difference: its ``code``, how many rows, in which batch (None: over all)."""

    code: str
    count: int
    batch: UUID | None = None

    def __str__(self) -> str:
        if self.code == "guard_gone":
            return translated(_GUARD_GONE)
        return translated(_COUNTED[self.code][0] if self.code in _COUNTED else _OF_BATCH[self.code])


@dataclass(frozen=True)
class VaultCheck:
    """How much was looked at, and every difference found."""

    batches: int
    secrets: int
    opened: int
    findings: tuple[Finding, ...]


def check_vault(
    *,
    stores: Stores,
    open_every: int | None = 100,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> VaultCheck:
    """Compare everything with everything; decrypt every ``open_every``-th secret (1: all, None:
    none). Reads one moment of the database, and changes nothing."""
    if connection.in_atomic_block:
        raise RuntimeError("a check reads one moment, in a transaction of its own")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        findings = [*_count_all()]
        opener, secrets, opened = Opener(stores), 0, 0
        rows = list(Batch.objects.exclude(state=BatchState.INCOMING).order_by("id"))
        for done, row in enumerate(rows):
            progress(done, len(rows))
            found, ids = _check_batch(row, open_every)
            findings += found
            secrets += row.secrets
            opened += len(ids)
            if bad := _open_all(opener, ids):
                findings.append(Finding("not_open", bad, row.id))
    return VaultCheck(len(rows), secrets, opened, tuple(findings))


def _count_all() -> Iterator[Finding]:
    for code, (_words, query) in _COUNTED.items():
        with connection.cursor() as cursor:
            cursor.execute(query)
            count = cursor.fetchone()[0]
        if count:
            yield Finding(code, count)
    with connection.cursor() as cursor:
        cursor.execute(_STANDING)
        standing = {name for (name,) in cursor.fetchall()}
    wanted = {f"vault_{table}_{one}" for table, names in _GUARDS.items() for one in names.split()}
    if missing := (wanted | set(_UNIQUE)) - standing:
        yield Finding("guard_gone", len(missing))


def _check_batch(row: Batch, open_every: int | None) -> tuple[list[Finding], list[int]]:
    """Counts and root of one batch; the secrets of it that are to be opened."""
    bounds = (row.id, row.first_id, row.last_id)
    kept = [bytes(one.root) for one in Group.objects.filter(batch_id=row.id).order_by("n")]
    roots, seen, ids = [], 0, list[int]()
    for group in _groups(bounds):
        roots.append(group_root([commitment for commitment, _id in group]))
        ids += [one for n, (_c, one) in enumerate(group, seen) if open_every and not n % open_every]
        seen += len(group)
    findings = []
    with connection.cursor() as cursor:
        cursor.execute(_UNITS, bounds)
        units = cursor.fetchone()[0]
    if seen != row.secrets or units != row.secrets * row.sku.uses_allowed:
        findings.append(Finding("wrong_count", abs(seen - row.secrets) or 1, row.id))
    if roots != kept or root_of(roots) != bytes(row.root or b""):
        findings.append(Finding("wrong_root", 1, row.id))
    return findings, ids


def _groups(bounds: tuple[Any, ...]) -> Iterator[list[tuple[bytes, int]]]:
    """The commitments of a batch with their ids, 256 at a time, streamed."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_COMMITMENTS, bounds)
        rows = iter(lambda: cursor.fetchmany(GROUP), [])
        stream = ((bytes(commitment), one) for some in rows for commitment, one in some)
        while group := list(islice(stream, GROUP)):
            yield group


def _open_all(opener: Opener, ids: list[int]) -> int:
    """How many of these secrets do not open, or are not what was committed to. One whose key was
    destroyed on purpose is none of them."""
    bad = 0
    for start in range(0, len(ids), 1000):
        some = ids[start : start + 1000]
        try:
            for _opened in opener.open(some):
                pass
        except SealedDataError:
            bad += sum(_is_bad(opener, one) for one in some)
    return bad


def _is_bad(opener: Opener, sealed_id: int) -> bool:
    try:
        list(opener.open([sealed_id]))
    except SealedDataError:
        return True
    return False
