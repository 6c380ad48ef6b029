"""Programs in processes of their own, forked from one that has loaded the libraries they all need.

Loading Django and what else is not ours takes longer than most commands, and the tests run several
hundred. The forked process has its own environment, arguments, folder and output, loads our own
modules itself, and ends as any interpreter does; for what happens at an interpreter's start there
are tests that start one.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock

MAIN = "from gongdao.front.cli.main import main; main()"
"""The program that is the command line."""
_LIBRARIES = """
import allauth, cattrs, cryptography.hazmat.primitives.asymmetric.ed25519, cryptography.x509
import csp.middleware, django_htmx.middleware, whitenoise.storage
import procrastinate, psycopg, psycopg_pool, typer, typer._adapters
import django.contrib.postgres.fields, django.contrib.postgres.indexes
import django.contrib.staticfiles.management.commands.collectstatic
import django.core.management.commands.migrate, django.core.servers.basehttp
import django.db.backends.postgresql.base, django.db.models
import django.forms, django.template.defaulttags, django.urls, django.views.generic
import asyncio, concurrent.futures, csv, html, tarfile, zipfile
"""
_EVERYTHING = """
from gongdao.front.server.django_processes import set_up_django
set_up_django()
import gongdao.front.cli.main, gongdao.front.server.check_masters, gongdao.front.server.database
import gongdao.front.clock, gongdao.front.stores
from django.db.migrations.loader import MigrationLoader
MigrationLoader(None)
"""
"""What a process may have loaded besides, once it is certain over which installation it works."""
_PARENT = """
import atexit, gc, json, os, sys, threading, traceback
asked, told = (os.fdopen(os.dup(n), m) for n, m in ((0, "r"), (1, "w")))
nothing = os.open(os.devnull, os.O_RDWR)
os.dup2(nothing, 0)
os.dup2(nothing, 1)
{libraries}
gc.freeze()
def wait_for_request():
    for line in asked:
        pid = os.fork()
        if not pid:
            return json.loads(line)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), file=told, flush=True)
    os._exit(0)
given = wait_for_request()
asked.close()
os.close(told.fileno())
os.chdir(given["folder"])
for n, name in ((1, "out"), (2, "err")):
    os.dup2(os.open(given[name], os.O_WRONLY), n)
os.environ.clear()
os.environ.update(given["env"])
sys.argv = ["-c", *given["words"]]
sys.path[:0] = [one for one in os.environ.get("PYTHONPATH", "").split(":") if one not in sys.path]
code = 0
try:
    exec(compile(given["code"], "<string>", "exec"), {{"__name__": "__main__"}})
except SystemExit as left:
    code = left.code if isinstance(left.code, int) else int(left.code is not None)
    if isinstance(left.code, str):
        print(left.code, file=sys.stderr)
except BaseException:
    traceback.print_exc()
    code = 1
threading._shutdown()
atexit._run_exitfuncs()
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)
"""
"""The end is that of an interpreter, but for the taking apart of all that was loaded."""


class _Parent:
    """The process that is forked; it ends when its input is closed, so at the latest with us."""

    def __init__(self, libraries: str, env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PARENT.format(libraries=libraries)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**env, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        self._turn = Lock()

    def ask(self, request: Mapping[str, object]) -> int:
        """Have it fork, and wait for that process; its exit code."""
        with self._turn:
            assert self._process.stdin is not None and self._process.stdout is not None
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())

    def end(self) -> None:
        """Let it end."""
        self._process.communicate()


@cache
def _any() -> _Parent:
    """The one for every environment."""
    started = _Parent(_LIBRARIES, os.environ)
    atexit.register(started.end)
    return started


_READY: dict[str, _Parent] = {}
"""Those for one environment, by its text."""


@contextmanager
def forking(env: Mapping[str, str]) -> Iterator[None]:
    """Meanwhile what is run with ``env`` finds our own modules loaded as well, Django set up."""
    started = _READY[_text(env)] = _Parent(_LIBRARIES + _EVERYTHING, env)
    try:
        yield
    finally:
        del _READY[_text(env)]
        started.end()


def _text(env: Mapping[str, str]) -> str:
    return json.dumps(dict(env), sort_keys=True)


def run_forked(
    *words: object, env: Mapping[str, str], code: str = MAIN
) -> subprocess.CompletedProcess[str]:
    """Run ``code`` (the command line) with ``words`` in a new process that sees ``env`` alone."""
    given = [str(word) for word in words]
    with tempfile.TemporaryDirectory(prefix="gongdao-test-") as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        out.touch()
        err.touch()
        request = {
            "code": code,
            "words": given,
            "env": dict(env),
            "folder": os.getcwd(),
            "out": str(out),
            "err": str(err),
        }
        ended = (_READY.get(_text(env)) or _any()).ask(request)
        said = [path.read_text("utf-8") for path in (out, err)]
    return subprocess.CompletedProcess(given, ended, *said)
