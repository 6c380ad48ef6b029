"""A PostgreSQL for one test session: the embedded one, in a folder of its own, thrown away.

Making a database in this version's form takes seconds. So it is made once a run, in a folder that
the run's workers share, and copied; that a first start makes the same is shown by the tests that
start on an empty folder.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from gongdao.core.envelope import new_master_key
from gongdao.front.server.embedded_postgres import RunningPostgres, start_embedded
from gongdao.front.server.postgres_binaries import find_binaries
from gongdao.front.server.postgres_cluster import NAME, _run
from gongdao.front.server.private_files import take_lock, write_private
from gongdao.front.server.server_user import choose_user

SHARED = "SHARED_BY_TESTS"
"""The variable that names the folder all processes of one run share; conftest sets it."""
_PATIENCE = 180
_SAID = "said.json"
_MIGRATE = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", interactive=False, verbosity=0)
"""
_MAY_EMPTY = f"GRANT SET ON PARAMETER session_replication_role TO {NAME};\n"
"""What emptying tables takes that are only added to; nobody's own installation has it."""


def copy_database(data: Path) -> None:
    """Give the new installation in ``data`` a database in this version's form, with no row of
    ours: what its first start would make."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", str(_prepared() / "postgres"), str(data)], check=True)


def begin_installation(data: Path) -> None:
    """The database, and a master key in its file: a start makes none beside data that are there."""
    copy_database(data)
    write_private(data / "master.key", f"{new_master_key()}\n")


def begin_market(data: Path) -> dict[str, Any]:
    """A new installation in ``data`` with the demonstration's market; what was said when it was
    made, once a run."""
    data.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", str(_shared("market", _fill_market)), str(data)], check=True)
    found: dict[str, Any] = json.loads((data / _SAID).read_text("utf-8"))
    return found


def _prepared() -> Path:
    """The data folder with nothing but a database in this version's form, stopped."""
    return _shared("prepared", _prepare)


def _shared(name: str, make: Callable[[Path], None]) -> Path:
    """The folder ``name`` that copies are made of; the first who asks has it made."""
    place = Path(os.environ[SHARED]) / name
    lock = take_lock(place.with_name(f"{name}.lock"), patience=_PATIENCE)
    assert lock is not None, f"nobody finished {place}"
    try:
        if not place.exists():
            new = place.with_name(f"{name}.new")
            shutil.rmtree(new, ignore_errors=True)
            make(new)
            for own in ("port", "server.log"):  # each copy has its own
                (new / "postgres" / own).unlink(missing_ok=True)
            new.rename(place)
    finally:
        os.close(lock)
    return place


def _run_alone(cluster: Path, words: str) -> None:
    """Run ``words`` as the superuser, in single-user mode: nobody has a password for that role."""
    user = choose_user(cluster)
    command = [find_binaries(user).path("postgres"), "--single", "-D", user.data_path(cluster)]
    _run(
        [*command, "-c", "exit_on_error=on", "-c", "fsync=off", "postgres"],
        cluster,
        user,
        words=words,
    )


def _prepare(new: Path) -> None:
    with start_embedded(data_dir=new, durable=False) as running:
        environ = command_environment(running, new / "else")
        subprocess.run([sys.executable, "-c", _MIGRATE], env=environ, check=True)
    _run_alone(new / "postgres/cluster", _MAY_EMPTY)


def _fill_market(new: Path) -> None:
    begin_installation(new)
    with start_embedded(data_dir=new, durable=False) as running:
        command = [str(Path(sys.executable).parent / "gongdao"), "demo-market", "--json"]
        environ = command_environment(running, new)
        done = subprocess.run(command, env=environ, check=True, stdout=subprocess.PIPE)
    (new / _SAID).write_bytes(done.stdout)


@contextmanager
def start_test_database() -> Iterator[RunningPostgres]:
    """A server that is quick because it survives no power cut, its database in this version's form;
    gone at the end."""
    with tempfile.TemporaryDirectory(prefix="gongdao-test-") as folder:
        copy_database(Path(folder))
        with start_embedded(data_dir=Path(folder), durable=False) as running:
            yield running


def command_environment(running: RunningPostgres, data: Path) -> dict[str, str]:
    """What a command is started with that is to work on ``running``, with its files in ``data``."""
    plain = {name: text for name, text in os.environ.items() if "GONGDAO" not in name}
    return plain | {
        "GONGDAO_DATA": str(data),
        "DATABASE_URL": running.url,
        "DJANGO_SETTINGS_MODULE": "gongdao.front.web.django_settings",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }


def point_django_at(running: RunningPostgres) -> None:
    """Let Django's default connection, which nothing has opened yet, lead to ``running``."""
    from django.conf import settings
    from django.db import connections
    from psycopg.conninfo import conninfo_to_dict

    given = conninfo_to_dict(running.url)
    place = {
        "NAME": given["dbname"],
        "USER": given["user"],
        "PASSWORD": given["password"],
        "HOST": given["host"],
        "PORT": str(given["port"]),
    }
    settings.DATABASES["default"].update(place)
    connections["default"].settings_dict.update(place)


def find_url() -> str:
    """The address of the tests' own database, for processes that Django here does not reach."""
    from django.db import connection

    told = connection.settings_dict
    return (
        f"postgresql://{told['USER']}:{told['PASSWORD']}@{told['HOST']}:{told['PORT']}"
        f"/{told['NAME']}"
    )


def copy_for_django(running: RunningPostgres) -> None:
    """Make the database that pytest-django will use a copy of the prepared one."""
    from django.db import connection
    from psycopg import sql

    name = connection.creation._get_test_db_name()
    words = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    with psycopg.connect(running.url, dbname="postgres", autocommit=True) as session:
        session.execute(words.format(sql.Identifier(name), sql.Identifier(NAME)))


@cache
def _which_are_filled() -> str:
    from django.db import connection

    kept = {"django_content_type", "auth_permission"}
    jobs = {"procrastinate_events", "procrastinate_jobs", "procrastinate_periodic_defers"}
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    names = sorted(set(tables) - kept | jobs)
    return " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names
    )


def empty_filled_tables() -> None:
    """Empty every table of ours that has rows, jobs too, but what migrations put in: kinds of
    content and permissions. No trigger runs, neither the refusing ones nor those of foreign keys:
    TRUNCATE, as Django does it, makes new files for every table that refers to a filled one, which
    takes longer than most tests."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(_which_are_filled())
        filled = [name for (name,) in cursor.fetchall()]
        if filled:
            words = ["BEGIN", "SET LOCAL session_replication_role = replica"]
            words += [f"DELETE FROM {name}" for name in filled]
            cursor.execute("; ".join([*words, "COMMIT"]))
