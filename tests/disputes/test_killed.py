"""A process that is killed with SIGKILL while it carries remedies out: started again, it goes on,
and every claim is paid exactly once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.db import connection
from tests.disputes.disputes_kit import (
    LATE,
    check_money,
    complain,
    delivered,
    fund,
    make_shop,
)

from gongdao.disputes.execute_remedies import execute_remedies
from gongdao.disputes.models import Case, Remedy
from gongdao.disputes.states import ReasonCode
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import AccountKind
from gongdao.payments.models import Refund

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
CASES = 12
PATIENCE_S = 300
"""However busy the machine is."""
WORKER = """
import sys
from datetime import datetime
import django
from django.conf import settings
django.setup()
from tests.disputes.disputes_kit import pay_refunds
from gongdao.core.clock import parse_iso
from gongdao.disputes.execute_remedies import execute_remedies
from gongdao.disputes.fire_clocks import fire_due_clocks, follow_orders
from gongdao.front.stores import get_stores
at = parse_iso(sys.argv[1])
print("ready", flush=True)
while True:
    follow_orders(stores=get_stores(), at=at)
    fire_due_clocks(stores=get_stores(), at=at, most=2)
    pay_refunds(at, rounds=1)
    execute_remedies(stores=get_stores(), at=at, most=2)
    print("round", flush=True)
"""


def _environment():
    told = connection.get_connection_params()
    url = (
        f"postgresql://{told['user']}:{told['password']}@{told['host']}:{told['port']}"
        f"/{told['dbname']}"
    )
    path = os.pathsep.join(["src", "."])
    return {**os.environ, "DATABASE_URL": url, "PYTHONPATH": path}


def _work(at):
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, at.isoformat()],
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"ready\n", process.stderr.read()[-2000:]
    return process


def _let_it_work(process) -> None:
    """Until the worker has gone twice through all that is due, however long that takes: the first
    time it may only have found what was taken up by one that was killed."""
    for _round in range(2):
        assert process.stdout.readline() == b"round\n", process.stderr.read()[-2000:]


def test_killed_while_it_executes():
    """Twelve claims that stand by silence; the worker is killed six times at random moments."""
    shop = make_shop(stock=CASES)
    fund(AccountKind.PLATFORM_GUARANTEE, 100_000)
    cases = [
        complain(delivered(shop, contact=f"b{n}@example.invalid"), ReasonCode.ALREADY_USED)
        for n in range(CASES)
    ]
    from tests.disputes.disputes_kit import tell

    for case in cases:
        tell(case, LATE)
    at, dice = LATE + timedelta(hours=25), random.Random(7)
    kills, give_up = 0, time.monotonic() + PATIENCE_S
    while Case.objects.filter(state="open").exists():
        process = _work(at)
        if kills < 6:
            time.sleep(dice.uniform(0.02, 0.25))
        else:
            _let_it_work(process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += 1
        at += timedelta(minutes=10)
        assert time.monotonic() < give_up, list(Case.objects.values_list("step", "needs_person"))
    assert kills > 1
    execute_remedies(stores=get_stores(), at=at)
    assert set(Case.objects.values_list("outcome", flat=True)) == {"upheld"}
    assert set(Remedy.objects.values_list("state", flat=True)) == {"done"}
    assert Refund.objects.count() == Remedy.objects.count() == CASES
    assert sum(Refund.objects.values_list("amount_minor", flat=True)) == CASES * 9800
    check_money()
