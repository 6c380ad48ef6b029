"""A canary among the secrets, looked for wherever a secret must not be."""

from __future__ import annotations

import io
import logging
import tempfile
import time
import traceback
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.vault.vault_kit import (
    AT,
    LATER,
    SOON,
    SOURCE,
    STORES,
    claim,
    make_shelf,
    run_sql,
    whole,
)

from gongdao.core.envelope import MasterKeys, new_master_key
from gongdao.core.stores import Stores
from gongdao.vault import write_batch
from gongdao.vault.allocate import allocate
from gongdao.vault.canonical_form import CanonRules, FieldRule, canonical_fields, canonical_form
from gongdao.vault.check_units import check_units
from gongdao.vault.import_secrets import import_secrets
from gongdao.vault.issuer_port import NO_ANSWER
from gongdao.vault.open_units import Opener
from gongdao.vault.prepare_chunk import prepare_chunk
from gongdao.vault.read_source import read_source
from gongdao.vault.refusals import BadSecret
from gongdao.vault.replace_unit import replace_unit
from gongdao.vault.reserve import reserve
from gongdao.vault.reveal import reveal
from gongdao.vault.rotate_fingerprints import rotate_fingerprints

NUMBER, PIN = "KANARIE-77-NUMMER", "ZQXJ-kanarie-geheim"
PAIR = CanonRules((FieldRule("number"), FieldRule("pin")))
LIST = "".join(f"{NUMBER}{i}----{PIN}{i}\n" for i in range(20)).encode()
SIGNS = [NUMBER, PIN, NUMBER.replace("-", ""), PIN.replace("-", ""), PIN.upper().replace("-", "")]
CANARIES = [form for sign in SIGNS for form in (sign.encode(), sign.encode().hex().encode())]
CANARIES += [sign.encode("utf-16-le") for sign in SIGNS]


def _seen(data: bytes) -> list[bytes]:
    low = data.lower()
    return [canary for canary in CANARIES if canary.lower() in low]


def _import(shelf, data=LIST, *, batch=None, dry_run=False, refuse=lambda one: None):
    return import_secrets(
        stores=STORES,
        sku=shelf,
        batch=batch or uuid4(),
        source=SOURCE,
        lines=read_source(io.BytesIO(data), name="a.txt", rules=PAIR),
        at=AT,
        dry_run=dry_run,
        refuse=refuse,
    )


def _whole_life(shelf):
    """Everything that happens to secrets, the failures too; what was raised and what was told."""
    told: list[object] = []
    _import(shelf, dry_run=True, refuse=told.append)
    report = _import(shelf, LIST + LIST + b"rubbish\n", refuse=told.append)
    told += [report, _import(shelf, refuse=told.append)]
    who = claim()
    told += reserve(sku=shelf, claim=who, units=3, until=SOON, at=AT)
    units = allocate(sku=shelf, claim=who, units=3, at=AT)
    told += [*units, replace_unit(claim=who, unit=units[0].unit, at=AT)]
    told += reveal(stores=STORES, claim=who, who="buyer", at=LATER)
    told += Opener(STORES).open([units[1].unit])
    told.append(rotate_fingerprints(stores=STORES, at=LATER))

    class Issuer:
        name = "issuer"

        def ask(self, fields):
            assert fields["pin"].startswith("ZQXJ")
            return NO_ANSWER

    told += check_units(stores=STORES, batch=report.batch, port=Issuer(), sample=2, at=LATER)
    stranger = Stores(MasterKeys.parse(new_master_key()), STORES.blobs)
    for fails in (
        lambda: reveal(stores=stranger, claim=who, who="b", at=AT),
        lambda: canonical_form([NUMBER], PAIR),
        lambda: canonical_form([NUMBER * 400, PIN], PAIR),
        lambda: _import(uuid4()),
        lambda: _import(shelf, LIST.replace(b"20", b"21") + b"A----B", batch=report.batch),
    ):
        try:
            fails()
        except Exception as error:
            told += [error, "".join(traceback.format_exception(error))]
        else:
            raise AssertionError("should have failed")
    return told


@pytest.fixture
def pair(transactional_db):
    """A shelf for secrets of two fields."""
    return make_shelf(rules=PAIR)


def test_no_log_line_error_or_list_shows_a_secret(pair, caplog):
    """Whatever is told, raised, shown by ``repr`` or logged at any level names no secret."""
    with caplog.at_level(logging.DEBUG), CaptureQueriesContext(connection) as queries:
        told = _whole_life(pair)
    assert len(told) > 30 and not whole()
    for one in told:
        assert not _seen(repr(one).encode()) and not _seen(str(one).encode()), type(one)
    assert queries.captured_queries
    assert not _seen("".join(query["sql"] for query in queries.captured_queries).encode())
    assert not _seen(caplog.text.encode())


def test_nothing_on_disk_shows_a_secret(pair):
    """No table, no index, no log of the database server, not even its write-ahead log."""
    began = time.time() - 60
    _whole_life(pair)
    ports = Path(tempfile.gettempdir()).glob("gongdao-test-*/postgres/port")
    port = str(connection.settings_dict["PORT"])
    folder = next(one.parent for one in ports if one.read_text().strip() == port)
    found = _read_new(folder, began)
    give_up = time.monotonic() + 20
    while not any(SOURCE.supplier.encode() in data for data in found.values()):
        assert time.monotonic() < give_up, "what is no secret should be found there"
        time.sleep(0.2)
        found = _read_new(folder, began)
    assert not [name for name, data in found.items() if _seen(data)]


def _read_new(folder: Path, began: float) -> dict[str, bytes]:
    """What files below ``folder`` hold that were written since ``began``."""
    found = {}
    for file in folder.rglob("*"):
        with suppress(FileNotFoundError, PermissionError):
            if file.is_file() and file.stat().st_mtime > began:
                found[file.name] = file.read_bytes()
    return found


def test_no_column_and_no_cache_shows_a_secret(pair):
    """Every table of the database, read as text, and the cache."""
    _whole_life(pair)
    tables = run_sql(
        "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema()"
    )
    assert ("vault_sealed",) in tables
    for (table,) in tables:
        for (row,) in run_sql(f"SELECT t::text FROM {table} t"):
            assert not _seen(row.encode()), table
    assert cache.get("vault") is None


def test_what_fails_inside_an_import_shows_nothing(pair, monkeypatch, caplog):
    """The database refuses a chunk in the middle of its COPY: its words name no secret."""
    _import(pair, b"A----B\n")
    run_sql("ALTER TABLE vault_sealed ADD CONSTRAINT made_to_fail CHECK (line < 7) NOT VALID")
    try:
        with caplog.at_level(logging.DEBUG), pytest.raises(Exception, match="made_to_fail") as hit:
            _import(pair)
    finally:
        run_sql("ALTER TABLE vault_sealed DROP CONSTRAINT made_to_fail")
    words = "".join(traceback.format_exception(hit.value)) + repr(hit.value) + caplog.text
    assert not _seen(words.encode())
    monkeypatch.setattr(write_batch, "make_sealer", lambda *_a: _broken)
    with pytest.raises(ZeroDivisionError) as broken:
        _import(pair)
    assert not _seen("".join(traceback.format_exception(broken.value)).encode())


def _broken(fields, salt, sealed_id):
    raise ZeroDivisionError(len(fields))


def test_what_holds_a_secret_does_not_show_it():
    """Lines, chunks and errors in the middle of the work keep it to themselves."""
    lines = list(read_source(io.BytesIO(LIST), name="a.txt", rules=PAIR))
    chunk = prepare_chunk(lines, PAIR, 10)
    assert PIN.replace("-", "") in repr(canonical_fields((NUMBER, PIN), PAIR))  # the control
    for one in (lines, chunk, BadSecret):
        assert not _seen(repr(one).encode())
    try:
        canonical_fields([NUMBER, "\ud800" + PIN], PAIR)
    except BadSecret as bad:
        assert not _seen("".join(traceback.format_exception(bad)).encode())
    else:
        raise AssertionError("should have been refused")


def test_the_search_finds_what_it_looks_for():
    """A canary is seen in any of its dresses."""
    for sign in (PIN, PIN.lower(), NUMBER.replace("-", ""), PIN.encode().hex().upper()):
        assert _seen(b"xx" + sign.encode() + b"yy")
    assert _seen(b"x" + PIN.encode("utf-16-le")) and not _seen(b"nothing of the kind")
