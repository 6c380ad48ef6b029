"""`gongdao bench disputes` runs small and tells what it saw."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow
_COMMAND = "from gongdao.front.cli.main import main; main()"


def test_it_runs_small():
    """Every clear complaint is decided, what is due is swept, and every verdict recomputes."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith("GONGDAO_")}
    plain.pop("DATABASE_URL", None)
    words = ["bench", "disputes", "--per-s", "5", "--seconds", "1", "--open", "300", "--due", "20"]
    done = subprocess.run(
        [sys.executable, "-P", "-c", _COMMAND, *words, "--json"],
        env=plain,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert (found["complaints"], found["verdicts"]) == (5, 5)
    assert (found["open_cases"], found["swept"], found["recompute_differs"]) == (300, 20, 0)
    assert found["clear_case_p99_ms"] > 0 and found["scenarios"] >= 60
