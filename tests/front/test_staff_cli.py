"""``gongdao staff``: roles given and taken back on the command line of a server."""

from __future__ import annotations

import json

import psycopg
import pytest
from tests.database import command_environment, start_test_database
from tests.forked import forking, run_forked

_USER = """
INSERT INTO core_user (id, password, is_superuser, email, is_active, is_staff, language, joined_at)
VALUES (gen_random_uuid(), '', false, 'one@example.org', true, false, 'zh', now())
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Environment of a server with one account."""
    with start_test_database() as running:
        environ = command_environment(running, tmp_path_factory.mktemp("data"))
        with forking(environ):
            assert _run(environ, "list").returncode == 0
            with psycopg.connect(environ["DATABASE_URL"]) as database:
                database.execute(_USER)
            yield environ


def _run(environ, *words):
    return run_forked("staff", *words, env=environ)


def test_roles_are_given_listed_and_taken_back(server):
    """Each change stands in the record of deeds; one that changes nothing does not."""
    given = _run(server, "add", "ONE@example.org", "--role", "operator", "--role", "finance")
    assert given.returncode == 0 and "两步验证" in given.stdout
    assert "已经有" in _run(server, "add", "one@example.org", "--role", "finance").stdout
    listed = json.loads(_run(server, "list", "--json").stdout)
    assert listed == [{"email": "one@example.org", "roles": ["finance", "operator"]}]
    assert "1" in _run(server, "remove", "one@example.org", "--role", "finance").stdout
    assert "1" in _run(server, "remove", "one@example.org").stdout
    assert "0" in _run(server, "remove", "one@example.org").stdout
    with psycopg.connect(server["DATABASE_URL"]) as database:
        rows = database.execute("SELECT who_mail, deed FROM market_staffdeed ORDER BY id")
        deeds = [tuple(row) for row in rows]
    assert deeds == [("command line", "staff.add")] * 2 + [("command line", "staff.remove")] * 2


def test_a_role_needs_an_account_and_a_known_name(server):
    """An unknown address says where to register, an unknown role which there are."""
    unknown = _run(server, "add", "nobody@example.org", "--role", "finance")
    assert unknown.returncode == 2 and "先在网页上注册" in unknown.stderr
    assert _run(server, "add", "one@example.org", "--role", "king").returncode == 2
    assert _run(server, "remove", "nobody@example.org").returncode == 2
