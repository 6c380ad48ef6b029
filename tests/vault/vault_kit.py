"""Shelves, lists of secrets and claims for the vault's tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, connections

from gongdao.core.blobs import FolderBlobs
from gongdao.core.clock import BEIJING
from gongdao.core.envelope import MasterKeys, new_master_key
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.vault.canonical_form import CanonRules
from gongdao.vault.check_vault import check_vault
from gongdao.vault.import_secrets import ImportReport, import_secrets
from gongdao.vault.make_sku import make_sku
from gongdao.vault.refusals import Refusal
from gongdao.vault.split_line import Line
from gongdao.vault.write_batch import BatchSource, SourceKind

AT = datetime(2026, 11, 23, 10, tzinfo=BEIJING)
SOON = AT + timedelta(minutes=10)
LATER = AT + timedelta(minutes=20)
STORES = Stores(MasterKeys.parse(new_master_key()), FolderBlobs(Path("unused")))
SELLER = SubjectRef("merchant", UUID(int=1))
OTHER_SELLER = SubjectRef("merchant", UUID(int=2))
SOURCE = BatchSource(SourceKind.RESALE, supplier="supplier:" + "0" * 32)


def make_shelf(
    *,
    seller: SubjectRef = SELLER,
    rules: CanonRules | None = None,
    uses_allowed: int = 1,
) -> UUID:
    """An empty shelf of its own listing."""
    return make_sku(
        owner=SubjectRef("listing", uuid4()),
        seller=seller,
        rules=rules or CanonRules(),
        uses_allowed=uses_allowed,
        at=AT,
    )


def codes(count: int, tag: str = "A") -> list[str]:
    """So many secrets, none like another, and none like those of another ``tag``."""
    return [f"{tag}{i:05d}-CODE-{i * 7919 % 100000:05d}" for i in range(count)]


def as_lines(texts: Iterable[str]) -> list[Line]:
    """Texts as lines of one field, numbered from one."""
    return [Line(number, (text,)) for number, text in enumerate(texts, 1)]


def put(
    shelf: UUID,
    texts: Sequence[str],
    *,
    batch: UUID | None = None,
    stores: Stores = STORES,
    dry_run: bool = False,
    refuse: Callable[[Refusal], None] = lambda refusal: None,
    progress: Callable[[int], None] = lambda lines: None,
) -> ImportReport:
    """Import ``texts``, one secret each."""
    return import_secrets(
        stores=stores,
        sku=shelf,
        batch=batch or uuid4(),
        source=SOURCE,
        lines=as_lines(texts),
        at=AT,
        dry_run=dry_run,
        refuse=refuse,
        progress=progress,
    )


def put_and_list(shelf: UUID, texts: Sequence[str], **more: Any) -> list[tuple[int, str]]:
    """Import ``texts``; number and reason of every refused line."""
    found: list[tuple[int, str]] = []
    put(
        shelf,
        texts,
        refuse=lambda refusal: found.append((refusal.number, refusal.reason.value)),
        **more,
    )
    return found


def claim() -> SubjectRef:
    """A claim that nobody has had."""
    return SubjectRef("order", uuid4())


def whole(stores: Stores = STORES) -> list[tuple[str, int]]:
    """Every difference that a full check finds."""
    found = check_vault(stores=stores, open_every=1).findings
    return [(one.code, one.count) for one in found]


def count(table: str, where: str = "true") -> int:
    """How many rows of ``vault_<table>`` there are."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM vault_{table} WHERE {where}")
        return int(cursor.fetchone()[0])


def run_sql(statement: str, values: Any = None) -> list[Any]:
    """Run a statement; its rows, if any."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def empty() -> None:
    """Throw away everything that is in the vault."""
    run_sql(
        "TRUNCATE vault_sku, vault_batch, vault_unit, vault_sealed, vault_fingerprint,"
        " vault_claim, vault_group, vault_reveal, vault_statuscheck, vault_key"
    )


def tamper(table: str, statement: str, values: Any = None) -> None:
    """Run a statement on ``vault_<table>`` as a hand that gets past its triggers."""
    run_sql(f"ALTER TABLE vault_{table} DISABLE TRIGGER USER")
    try:
        run_sql(statement, values)
    finally:
        run_sql(f"ALTER TABLE vault_{table} ENABLE TRIGGER USER")
        run_sql(f"ALTER TABLE vault_{table} DISABLE TRIGGER vault_{table}_whole")


def in_threads(work: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run all of ``work`` at once, each on a connection of its own; results or exceptions, in
    order."""
    results: list[Any] = [None] * len(work)
    start = threading.Barrier(len(work))

    def run(place: int) -> None:
        try:
            _leave_the_pool()
            connection.ensure_connection()
            start.wait(30)
            results[place] = work[place]()
        except Exception as error:
            results[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def _leave_the_pool() -> None:
    """Let this thread open a connection beside the pool, which holds fewer than tests have
    threads."""
    wrapper = connections["default"]
    options = {k: v for k, v in wrapper.settings_dict["OPTIONS"].items() if k != "pool"}
    wrapper.settings_dict = {**wrapper.settings_dict, "OPTIONS": options}
