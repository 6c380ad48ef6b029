"""What every test session shares: settings of its own, Django and a database where they are used.

A session without a test of the web half loads no Django; one that touches no database starts none.
"""

from __future__ import annotations

import gc
import os
import re
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, and decides no test. A change is judged by
# the same examples each time; `make shuffle` draws others.
settings.register_profile(
    "calm",
    deadline=None,
    derandomize="GONGDAO_FRESH_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("calm")
_DATA = Path(tempfile.mkdtemp(prefix="gongdao-test-data-"))
_OF_TESTS = {
    "GONGDAO_CRASH_ORDERS",
    "GONGDAO_DISPUTE_HISTORIES",
    "GONGDAO_FRESH_EXAMPLES",
    "GONGDAO_FUZZ_FILES",
    "GONGDAO_FUZZ_SEED",
    "GONGDAO_SHOTS",
}
"""What the tests themselves read; every setting of the product is unset."""
_REFUSING = """
SELECT tgrelid::regclass::text, quote_ident(tgname) FROM pg_trigger
WHERE NOT tgisinternal AND tgtype & 32 <> 0
"""
"""Every trigger on TRUNCATE."""
_NEEDS_DJANGO = re.compile(
    r"\bdjango|procrastinate|\bmodels\b|casework\.online|evidence\.kept|front\.(?:web|worker)"
)

for _name in [name for name in os.environ if name.startswith("GONGDAO_")]:
    if _name not in _OF_TESTS:
        del os.environ[_name]
os.environ.pop("DATABASE_URL", None)
os.environ["GONGDAO_DATA"] = str(_DATA)
_SHARED = Path(os.environ.get("SHARED_BY_TESTS") or tempfile.mkdtemp(prefix="gongdao-test-shared-"))
_IS_FIRST = "SHARED_BY_TESTS" not in os.environ
os.environ["SHARED_BY_TESTS"] = str(_SHARED)  # workers of this run inherit it


def pytest_pycollect_makemodule(module_path, parent):
    """Set Django up before the first test module is imported that needs it."""
    if _NEEDS_DJANGO.search(module_path.read_text("utf-8")):
        os.environ["DJANGO_SETTINGS_MODULE"] = "gongdao.front.web.django_settings"
        import django

        django.setup()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Files with slow tests go first, so that no worker is left alone with one at the end; before
    them those that share a server, so that it need not run until the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path.parent.name != "e2e", item.path not in slow))
    gc.freeze()  # what was loaded and collected stays; no collection need look through it


def pytest_unconfigure(config):
    """Throw the session's data folder away, and at the very end what its workers share."""
    shutil.rmtree(_DATA, ignore_errors=True)
    if _IS_FIRST:
        shutil.rmtree(_SHARED, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    """The embedded PostgreSQL, started when the first test asks for a database."""
    from django.core.management import call_command
    from django.db import connections
    from tests.database import copy_for_django, point_django_at, start_test_database

    call_command("collectstatic", interactive=False, verbosity=0)
    with start_test_database() as running:
        point_django_at(running)
        copy_for_django(running)
        yield
        connections.close_all()


@pytest.fixture(scope="session")
def django_db_keepdb():
    """The database is there already, a copy; it goes with its server."""
    return True


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Tables that are only added to refuse to be emptied, and that is how tests are cleaned up: in
    the tests' own database they do not (tests of each table show that they do elsewhere)."""
    from django.contrib.auth.hashers import PBKDF2PasswordHasher
    from django.db import connection
    from django.test import TransactionTestCase
    from tests.database import empty_filled_tables

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(_REFUSING)
        for table, trigger in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _case: empty_filled_tables())
        # Hashed as ever, but once instead of a million times: e2e signs in the slow way.
        patch.setattr(PBKDF2PasswordHasher, "iterations", 1)
        yield


@pytest.fixture(scope="session")
def readings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where readings of pictures are kept during this run, shared by its workers: one picture is
    read once, whichever tests look at it."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    (base / "readings").mkdir(exist_ok=True)
    return base / "readings"
