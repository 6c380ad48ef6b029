"""``gongdao move-in``: what an operator types, against a server of its own."""

from __future__ import annotations

import csv
import gzip
import json

import pytest
from tests.database import command_environment, start_test_database
from tests.forked import forking, run_forked
from tests.market.moved_shop import small_shop

_MERCHANT = """
import django
django.setup()
from tests.market.market_kit import make_merchant
print(make_merchant("搬家商家").id)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Environment of a server with one merchant, and his id."""
    with start_test_database() as running:
        environ = command_environment(running, tmp_path_factory.mktemp("data"))
        with forking(environ):
            assert _run(environ, "stock", "check").returncode == 0
            made = run_forked(env=environ, code=_MERCHANT)
            made.check_returncode()
            yield environ, made.stdout.strip().splitlines()[-1]


def _run(environ, *words):
    return run_forked(*words, env=environ)


def _json(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_dry_run_then_move_then_again(server, tmp_path):
    """The dry run tells what the run then does; the same again does nothing; no output shows a
    secret, a password or a code."""
    environ, merchant = server
    plain = small_shop(tmp_path / "shop.sql")
    dump = tmp_path / "shop.sql.gz"
    dump.write_bytes(gzip.compress(plain.read_bytes()))
    words = ("move-in", "dujiaoka", dump, "--merchant", "搬家商家", "--loop-uses", "3")
    said = _run(environ, *words, "--dry-run")
    assert said.returncode == 0, said.stderr
    assert "试运行" in said.stdout and "carmis 表，第 5 行，carmi：" in said.stdout
    assert "待售的卡：新搬 5，已经搬过 0" in said.stdout and "- region：" in said.stdout
    dry = _json(_run(environ, *words, "--dry-run", "--json"))
    listed = tmp_path / "refused.csv"
    real = _json(_run(environ, *words, "--json", "--refused", listed))
    assert {**dry, "dry_run": 0, "drafts": 0} == {**real, "dry_run": 0, "drafts": 0}
    assert [one["missing"] for one in dry["drafts"]] == [one["missing"] for one in real["drafts"]]
    rows = list(csv.DictReader(listed.read_text("utf-8-sig").splitlines()))
    assert len(rows) == len(real["refused_rows"]) == 11 and all(row["reason"] for row in rows)
    again = _json(_run(environ, *words[:3], "--merchant", merchant, *words[5:], "--json"))
    kinds = ("listings", "cards", "sold", "orders", "coupons")
    assert [again[kind]["new"] for kind in kinds] == [0] * 5
    assert [again[kind]["already"] for kind in kinds] == [real[kind]["new"] for kind in kinds]
    assert _run(environ, "stock", "check").returncode == 0
    shown = said.stdout + json.dumps(real) + listed.read_text("utf-8-sig")
    for hidden in ("SOLD-0004", "AAAA-0001", "pw 1", "SPRING", "Buyer@Example"):
        assert hidden not in shown


def test_what_cannot_be_done_is_said(server, tmp_path):
    """No such merchant, no such file, no dump, a list that exists: one sentence, exit 2."""
    environ, merchant = server
    dump = small_shop(tmp_path / "shop.sql")
    broken = tmp_path / "broken.sql"
    broken.write_text("INSERT INTO `carmis` (`id`) VALUES (1), ('broken off")
    for words, part in (
        ((dump, "--merchant", "没有这家"), "没有这个商家"),
        ((tmp_path / "none.sql", "--merchant", merchant), "none.sql"),
        ((broken, "--merchant", merchant), "错误"),
        ((dump, "--merchant", merchant, "--refused", dump), "shop.sql"),
        ((dump, "--merchant", merchant, "--shop", "x" * 40), "--shop"),
    ):
        done = _run(environ, "move-in", "dujiaoka", *words)
        assert done.returncode == 2 and part in done.stderr, (words, done.stderr)
        assert "Traceback" not in done.stderr
