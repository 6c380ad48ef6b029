"""The order benchmark measures what it says, on a server that it throws away."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from gongdao.front.bench.bench_orders import OrderPlan, figures
from gongdao.front.bench.order_clients import Seen

COMMAND = "from gongdao.front.cli.main import main; main()"


def test_figures_count_what_went_wrong():
    """A secret that came twice is a duplicate; times are of whole orders, in milliseconds."""
    seconds = [n / 1000 for n in range(1, 101)]
    seen = Seen(seconds=seconds, secrets=["a", "b", "a", "c", "a"], missing=2, problems={"x": 2})
    found = figures(seen, plan=OrderPlan(clients=3, stock=9, sold=4), took=2, raw_per_s=123.456)
    assert (found["duplicates"], found["missing"], found["problems"]) == (2, 2, {"x": 2})
    assert (found["p50_ms"], found["p95_ms"], found["p99_ms"]) == (51, 96, 100)
    assert (found["delivered_per_s"], found["raw_per_s"]) == (50, 123.5)
    assert (found["clients"], found["stock"], found["sold"]) == (3, 9, 4)


def test_nothing_delivered_is_nothing():
    """Without one order there are no times, and the rate is nought."""
    found = figures(Seen(missing=1), plan=OrderPlan(), took=1, raw_per_s=None)
    assert (found["delivered_per_s"], found["p99_ms"], found["raw_per_s"]) == (0, 0, None)


@pytest.mark.slow
def test_it_runs_small():
    """Two buyers for a second, with more secrets sold before than are left: delivered over HTTP,
    none twice, none missing, and the database alone is measured in the same run."""
    words = ["bench", "orders", "--clients", "2", "--seconds", "1", "--json"]
    done = subprocess.run(
        [sys.executable, "-P", "-c", COMMAND, *words, "--stock", "900", "--sold", "1100"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["delivered"] > 0 and found["delivered_per_s"] > 0 and found["raw_per_s"] > 0
    assert (found["duplicates"], found["missing"], found["problems"]) == (0, 0, {})
    assert (found["clients"], found["stock"], found["sold"]) == (2, 900, 1100)
    assert 0 < found["p50_ms"] <= found["p95_ms"] <= found["p99_ms"]
