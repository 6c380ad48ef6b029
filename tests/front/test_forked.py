"""What the tests run in forked processes ends, speaks and sees as in one that was started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from tests.forked import run_forked

_SAYS = """
import atexit, os, sys
print(sys.argv, __name__, sorted(os.environ), os.getcwd(), sys.stdin.read(), flush=True)
print("error", file=sys.stderr)
atexit.register(print, "at the end")
"""


@pytest.mark.parametrize(
    "ends", ["", "sys.exit(3)", "sys.exit('why')", "sys.exit()", "1 / 0", "os.kill(os.getpid(), 9)"]
)
def test_it_is_like_one_that_was_started(ends: str) -> None:
    """Arguments, environment, folder, both outputs and the exit code are those of a new process."""
    env, code = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, _SAYS + ends
    wanted = subprocess.run(
        [sys.executable, "-c", code, "a", "b c"],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    done = run_forked("a", "b c", env=env, code=code)
    assert done.returncode == wanted.returncode
    assert (done.returncode == -signal.SIGKILL) == ("kill" in ends)
    strip = str.maketrans("", "", "^ \n")
    for mine, theirs in ((done.stdout, wanted.stdout), (done.stderr, wanted.stderr)):
        said = [line for line in mine.splitlines() if 'File "<string>", line' not in line]
        other = [line for line in theirs.splitlines() if 'File "<string>", line' not in line]
        assert "".join(said).translate(strip) == "".join(other).translate(strip)
