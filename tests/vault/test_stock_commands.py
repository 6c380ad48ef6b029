"""``gongdao stock``: what a merchant's helper and an auditor type, against a server of its own."""

from __future__ import annotations

import csv
import json

import psycopg
import pytest
from tests.database import command_environment, start_test_database
from tests.forked import forking, run_forked

_SHELVES = """
import django
django.setup()
from uuid import UUID
from gongdao.core.clock import parse_iso
from gongdao.core.subject import SubjectRef
from gongdao.vault.canonical_form import CanonRules, FieldRule
from gongdao.vault.make_sku import make_sku
for n, names in enumerate((("code",), ("number", "pin"))):
    print(make_sku(owner=SubjectRef("listing", UUID(int=n)), seller=SubjectRef("merchant",
        UUID(int=9)), rules=CanonRules(tuple(map(FieldRule, names))),
        at=parse_iso("2026-11-23T10:00")))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server with two empty shelves: environment, and their ids."""
    with start_test_database() as running:
        environ = command_environment(running, tmp_path_factory.mktemp("data"))
        with forking(environ):
            assert _run(environ, "check").returncode == 0
            made = run_forked(env=environ, code=_SHELVES)
            made.check_returncode()
            yield environ, *made.stdout.split()


def _run(environ, *words):
    return run_forked("stock", *words, env=environ)


def _json(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_import_from_dry_run_to_check(server, tmp_path):
    """Look first, import, the same again; every refused line is written with its reason."""
    environ, shelf, _pair = server
    before = _json(_run(environ, "check", "--json"))
    cards = tmp_path / "cards.txt"
    cards.write_text(
        "".join(f"兑换码：CODE-{i:04d}\n" for i in range(50)) + "CODE-0007\n-\n", "gbk"
    )
    words = ("import", cards, "--sku", shelf, "--source", "authorized", "--supplier", "示例上游")
    dry = _json(_run(environ, *words, "--dry-run", "--json"))
    assert (dry["accepted"], dry["root"], dry["encoding"]) == (50, None, "gb18030")
    listed = tmp_path / "refused.csv"
    done = _run(environ, *words, "--refused", listed)
    assert done.returncode == 0, done.stderr
    assert "收下 50 条" in done.stdout and "第 51 行" in done.stdout and "第 8 行" in done.stdout
    rows = list(csv.DictReader(listed.read_text("utf-8-sig").splitlines()))
    assert [(row["line"], row["code"], row["same_as"]) for row in rows] == [
        ("51", "in_file", "8"),
        ("52", "empty", ""),
    ]
    again = _json(_run(environ, *words, "--json"))
    assert (again["accepted"], again["already"]) == (0, 50) and again["batch"] == dry["batch"]
    other = _json(_run(environ, *words, "--again", "--json"))
    assert (other["accepted"], other["refused"]["in_stock"]) == (0, 50)
    whole = _json(_run(environ, "check", "--open-every", "1", "--json"))
    assert whole["whole"] and whole["findings"] == []
    assert whole["secrets"] == whole["opened"] == before["secrets"] + 50
    said = done.stdout + json.dumps(again) + listed.read_text("utf-8-sig")
    assert "CODE" not in said and "示例上游" not in said


def test_a_table_in_columns(server, tmp_path):
    """A CSV with a header, and one whose columns are named by number."""
    environ, _shelf, pair = server
    table = tmp_path / "table.csv"
    table.write_text("密码,面值,卡号\n" + "".join(f"P{i},50,N{i}\n" for i in range(9)), "utf-8-sig")
    words = ("--sku", pair, "--json", "--dry-run")
    assert _json(_run(environ, "import", table, *words))["accepted"] == 9
    bare = tmp_path / "bare.csv"
    bare.write_text("".join(f"{i};x;Q{i};M{i}\n" for i in range(9)))
    refused = _json(_run(environ, "import", bare, *words))
    assert refused["refused"] == {"fields": 9}
    given = _json(_run(environ, "import", bare, *words, "--columns", "4,3"))
    assert (given["accepted"], given["appended"]) == (9, 9)


def test_an_import_that_was_broken_off_can_be_given_up(server, tmp_path):
    """Another file is refused, with the batch's id, until the first is finished or given up."""
    environ, _shelf, pair = server
    batch = "0e0e0e0e-0000-4000-8000-000000000001"
    with psycopg.connect(environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(
            "INSERT INTO vault_batch (id, sku_id, state, source_kind, supplier, first_pos, secrets,"
            " log_subject, reason, began_at, changed_at)"
            " VALUES (%s, %s, 'incoming', 'own', '', 1, 0, 'batch:x', '', now(), now())",
            (batch, pair),
        )
    cards = tmp_path / "cards.txt"
    cards.write_text("LEFT-1----OVER-1\n")
    done = _run(environ, "import", cards, "--sku", pair)
    assert done.returncode == 2 and batch in done.stderr
    done = _run(environ, "import", cards, "--sku", pair, "--give-up", "--lang", "en")
    assert done.returncode == 0, done.stderr


def test_a_difference_is_exit_1(server):
    """A fingerprint that a hand removed is named, in words and as JSON."""
    environ, _shelf, _pair = server
    with psycopg.connect(environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("ALTER TABLE vault_sku DISABLE TRIGGER vault_sku_fixed")
        done, as_json = _run(environ, "check"), _run(environ, "check", "--json")
        connection.execute("ALTER TABLE vault_sku ENABLE TRIGGER vault_sku_fixed")
    assert done.returncode == as_json.returncode == 1
    assert "对不上" in done.stdout
    assert json.loads(as_json.stdout)["findings"][0]["code"] == "guard_gone"
    assert _run(environ, "check").returncode == 0


@pytest.mark.parametrize(
    "words",
    [
        ("import", "nothing.txt", "--sku", "0e0e0e0e-0000-4000-8000-000000000001"),
        ("import", "{file}", "--sku", "no id"),
        ("import", "{file}", "--sku", "0e0e0e0e-0000-4000-8000-000000000001"),
        ("import", "{file}", "--sku", "{sku}", "--source", "stolen"),
        ("import", "{file}", "--sku", "{sku}", "--separator", "smile"),
        ("import", "{file}", "--sku", "{sku}", "--form", "pdf"),
        ("import", "{file}", "--sku", "{sku}", "--encoding", "klingon"),
        ("import", "{file}", "--sku", "{sku}", "--columns", "0,x"),
        ("import", "{file}", "--sku", "{sku}", "--form", "xlsx"),
        ("import", "{file}", "--sku", "{sku}", "--refused", "{file}"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(server, tmp_path, words):
    """A missing file, a wrong id, kind, separator, encoding or column is said in one line."""
    environ, shelf, _pair = server
    cards = tmp_path / "cards.txt"
    cards.write_text("X1\n")
    done = _run(environ, *(word.format(file=cards, sku=shelf) for word in words))
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stderr and "X1" not in done.stderr + done.stdout
