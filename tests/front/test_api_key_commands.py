"""``gongdao api-key``: made once, listed without its text, revoked, against a server of its own."""

from __future__ import annotations

import json

import pytest
from tests.database import command_environment, start_test_database
from tests.forked import forking, run_forked

_FILL = """
import django
django.setup()
from tests.front.api.call_kit import make_user
make_user("buyer@example.invalid")
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Environment of a server with one account."""
    with start_test_database() as running:
        environ = command_environment(running, tmp_path_factory.mktemp("data"))
        with forking(environ):
            assert _run(environ, "list").stdout.strip() == "还没有密钥。"
            run_forked(env=environ, code=_FILL).check_returncode()
            yield environ


def _run(environ, *words):
    return run_forked("api-key", *words, env=environ)


def test_a_key_from_making_to_revoking(server):
    """Printed once on standard output; the list shows all of it but the key."""
    made = _run(server, "make", "Buyer@example.invalid", "--scope", "buyer", "--name", "我的程序")
    key = made.stdout.strip()
    assert made.returncode == 0 and key.startswith("gd_") and len(key) == 47
    listed = _run(server, "list", "--json")
    (one,) = json.loads(listed.stdout)["keys"]
    assert (one["name"], one["scopes"], one["revoked_at"]) == ("我的程序", ["buyer"], None)
    assert key not in listed.stdout and key not in _run(server, "list").stdout
    assert _run(server, "revoke", one["id"]).returncode == 0
    assert _run(server, "revoke", one["id"]).returncode == 1
    assert "已作废" in _run(server, "list").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("make", "nobody@example.invalid", "--scope", "buyer"), "没有这个账号"),
        (("make", "buyer@example.invalid", "--scope", "all"), "没有这个权限"),
        (("make", "buyer@example.invalid", "--scope", "merchant:stock"), "不是该商家的成员"),
        (
            ("make", "buyer@example.invalid", "--scope", "merchant:stock", "--merchant", "x"),
            "没有这个商家",
        ),
        (("revoke", "x"), "不是编号"),
    ],
)
def test_what_cannot_be_made_is_said(server, words, said):
    """One sentence and exit 2."""
    done = _run(server, *words)
    assert done.returncode == 2 and said in done.stderr
