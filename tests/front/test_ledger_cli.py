"""``gongdao ledger``: what finance and auditors type, against a server of its own."""

from __future__ import annotations

import csv
import io
import json
import stat
from pathlib import Path

import psycopg
import pytest
from tests.database import command_environment, start_test_database
from tests.forked import forking, run_forked

_FILL = """
import django
django.setup()
from tests.ledger.ledger_kit import *
from gongdao.front.stores import get_stores
from gongdao.ledger.decide_payout import PayeeProof, PayoutPolicy
from gongdao.ledger.payees import PayeeDetails, add_payee, verify_payee
from gongdao.ledger.propose_payout import propose_payout
from gongdao.ledger.step_payout import approve_payout
open_house()
earn(5000)
who = MERCHANT.id
payee = add_payee(stores=get_stores(), merchant=MERCHANT,
    details=PayeeDetails("甲公司", "示例银行", "62220000"), at=AT)
verify_payee(stores=get_stores(), payee_id=payee, merchant_name="甲公司",
    proof=PayeeProof.DOCUMENT, by=who, at=AT)
for number in ("a", "b"):
    payout = propose_payout(payee_id=payee, amount=Money(1000), through=OUTSIDE,
        policy=PayoutPolicy(Money(2000), own_custody=True), by=who, reference=number, at=AT)
    approve_payout(payout_id=payout, by=who, at=AT)
"""
FREE = "merchant_free/merchant:00000000-0000-0000-0000-000000000001"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Environment of a server with a small ledger: two orders' money, two approved payouts."""
    with start_test_database() as running:
        environ = command_environment(running, tmp_path_factory.mktemp("data"))
        with forking(environ):
            assert _run(environ, "check").returncode == 0
            run_forked(env=environ, code=_FILL).check_returncode()
            yield environ


def _run(environ, *words):
    return run_forked("ledger", *words, env=environ)


def test_a_ledger_that_balances(server):
    """Exit 0, every kind of account on a line, and the sum is zero."""
    done = _run(server, "check", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert found["balanced"] and found["differences"] == [] and found["transfers"] == 4
    assert sum(line["balance_minor"] for line in found["lines"]) == 0
    said = _run(server, "check").stdout
    assert "30.00 CNY  商户可用" in said and "平衡" in said


def test_a_difference_is_exit_1(server):
    """Whatever does not agree is named, and the exit code is 1; mended, it is 0 again."""
    with psycopg.connect(server["DATABASE_URL"], autocommit=True) as hand:
        hand.execute("ALTER TABLE ledger_balance DISABLE TRIGGER USER")
        hand.execute("UPDATE ledger_balance SET posted_minor = posted_minor + 7")
        done = _run(server, "check")
        assert done.returncode == 1
        assert "对不上：商户可用：应为 30.00，实为 30.07" in done.stdout and FREE in done.stdout
        assert "ledger_balance_follows" in done.stdout  # and that its guard is off
        hand.execute("UPDATE ledger_balance SET posted_minor = posted_minor - 7")
        hand.execute("ALTER TABLE ledger_balance ENABLE TRIGGER USER")
    assert _run(server, "check").returncode == 0


def test_a_statement(server, tmp_path):
    """An account's statement goes to the terminal or to a file that only its owner reads."""
    done = _run(server, "statement", FREE, "--begin", "2026-11-01", "--until", "2027-01-01")
    rows = list(csv.reader(io.StringIO(done.stdout)))
    assert [row[6:8] for row in rows[2:]] == [
        ["50.00", "50.00"], ["-10.00", "40.00"], ["-10.00", "30.00"],
    ]  # fmt: skip
    out = tmp_path / "free.csv"
    assert _run(server, "statement", FREE, "-o", str(out)).returncode == 0
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert _run(server, "statement", FREE, "-o", str(out)).returncode == 2
    assert _run(server, "statement", FREE, "-o", str(out), "--replace").returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["free.csv"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("statement", "free"), "不是账户"),
        (("statement", "merchant_free/merchant:" + "9" * 32), "没有这个账户"),
        (("statement", FREE, "--begin", "2027-01-01", "--until", "2026-01-01"), "早于"),
        (("statement", FREE, "-o", "/no/such/folder/x.csv"), "没有这个文件夹"),
        (("payouts", "export", "--batch", "x"), "批次号"),
        (("payouts", "export", "--batch", "0" * 32), "没有这个付款批次"),
        (("payouts", "export", "--through", "x"), "不是账户"),
    ],
)
def test_what_cannot_be_done_is_said(server, words, says):
    """A wrong account, time, folder or batch is one sentence and exit 2; nothing is changed."""
    done = _run(server, *words)
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr


def test_the_list_for_the_bank(server, tmp_path):
    """Approved payouts go into a list once; its batch can be written again, with the same lines."""
    out = tmp_path / "payouts.csv"
    first = _run(server, "payouts", "export", "-o", str(out))
    assert first.returncode == 0, first.stderr
    batch = first.stderr.split()[1]
    rows = list(csv.reader(io.StringIO(out.read_text("utf-8-sig"))))
    assert [row[1:6] for row in rows[1:]] == [["甲公司", "示例银行", "", "62220000", "10.00"]] * 2
    again = _run(server, "payouts", "export")
    assert again.returncode == 0 and not again.stdout and "没有已批准" in again.stderr
    written = _run(server, "payouts", "export", "--batch", batch)
    assert written.stdout == Path(out).read_text("utf-8-sig")
    assert _run(server, "check").returncode == 0
