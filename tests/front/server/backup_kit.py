"""Installations in folders of their own, for tests of backup and restore."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from tests.casework.case_kit import make_case
from tests.database import begin_installation
from tests.forked import run_forked

from gongdao.core.clock import parse_iso
from gongdao.core.envelope import load_master_keys
from gongdao.front.server.backup import Ground
from gongdao.front.server.embedded_postgres import start_embedded
from gongdao.front.settings import Settings
from gongdao.front.stores import make_blobs

REPO = Path(__file__).parents[3]
AT = parse_iso("2026-11-20T10:00:00+08:00")
REPORT = """
import json, os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "gongdao.front.web.django_settings"
django.setup()
from gongdao.casework.online.assemble_case import assemble_case
from gongdao.casework.online.models import Case
from gongdao.casework.online.open_case import open_row
from gongdao.casework.report import report_case
from gongdao.core.clock import parse_iso
from gongdao.front.stores import get_stores
found = {}
for row in Case.objects.order_by("id"):
    case = open_row(stores=get_stores(), row=row)
    judged = assemble_case(case=case, as_of=parse_iso("2026-11-20T10:00:00+08:00")).judgement
    found[case.content.link] = [case.content.code, report_case(judged, notes=case.content.notes)]
print(json.dumps(found, ensure_ascii=False, sort_keys=True))
"""
ERASE = """
import os, sys, django
os.environ["DJANGO_SETTINGS_MODULE"] = "gongdao.front.web.django_settings"
django.setup()
from gongdao.casework.online.erase_case import erase_case
from gongdao.casework.online.unlock_case import find_case
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.worker.tasks import ask_for_finishing
row = find_case(sys.argv[1])
erase_case(stores=get_stores(), case_id=row.id, ask=ask_for_finishing, at=now())
"""


@dataclass(frozen=True)
class Site:
    """An installation in a folder of its own; ``more`` are further settings."""

    data: Path
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What its processes see."""
        plain = {n: v for n, v in os.environ.items() if n != "DATABASE_URL"}
        searched = {"PYTHONPATH": f"{REPO / 'src'}:{REPO}"}
        return {**plain, **searched, **self.more, "GONGDAO_DATA": str(self.data)}

    def gongdao(self, *words: object, fails: bool = False) -> str:
        """What ``gongdao`` says; it must succeed, or fail."""
        done = run_forked(*words, env=self.environment)
        assert bool(done.returncode) == fails, done.stdout + done.stderr
        return done.stderr if fails else done.stdout

    def python(self, code: str, *words: str, url: str = "") -> str:
        """What ``code`` prints, beside the running database or with one of its own."""
        with self.ground(url) as ground:
            environment = {**self.environment, "DATABASE_URL": ground.database_url}
            done = run_forked(*words, env=environment, code=code)
        assert not done.returncode, done.stderr
        return done.stdout

    @contextmanager
    def ground(self, url: str = "") -> Iterator[Ground]:
        """Database, blobs and keys, running."""
        settings = Settings.read(self.environment)
        masters = load_master_keys(settings.key_file, None)
        if url:
            yield Ground(url, make_blobs(settings), masters, self.data)
            return
        with start_embedded(data_dir=self.data, attach=True) as running:
            yield Ground(running.url, make_blobs(settings), masters, self.data)

    def reports(self) -> str:
        """Every case's code and report, as text."""
        return self.python(REPORT)

    def destroy(self) -> None:
        """Lose everything but the master key."""
        for one in list(self.data.iterdir()):
            if one.name != "master.key":
                shutil.rmtree(one) if one.is_dir() else one.unlink()

    def stored(self) -> list[str]:
        """The names of all blobs."""
        return [n for n, _at in make_blobs(Settings.read(self.environment)).names("")]


def fill(site: Site, folder: Path, cases: int = 2) -> list[str]:
    """Import small cases; their links."""
    links = []
    for number in range(cases):
        chat = f"2026-11-02 15:1{number}:03 商家: 确实是我们这批卡密有问题，给您退款\n"
        root = make_case(folder / f"case-{number}", files={"during/chat.txt": chat})
        said = json.loads(site.gongdao("case", "import", root, "--read-now", "--json"))
        links.append(said["link"].rstrip("/").rpartition("/")[2])
    return links


KILLED = """
import os, signal, sys
from gongdao.front.server import {module}
real = {module}.{name}
calls = []
def die(*given, **named):
    calls.append(1)
    if {before} and len(calls) == {call}:
        os.kill(os.getpid(), signal.SIGKILL)
    done = real(*given, **named)
    if len(calls) == {call}:
        os.kill(os.getpid(), signal.SIGKILL)
    return done
{module}.{name} = die
from gongdao.front.cli.main import main
sys.argv = ["gongdao", *sys.argv[1:]]
main()
"""


def killed(site: Site, module: str, name: str, call: int, before: bool, *words: object) -> None:
    """Run ``gongdao`` and kill it at the ``call``-th call of ``module.name``, before or after."""
    code = KILLED.format(module=module, name=name, call=call, before=before)
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        env=site.environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def versions(ground: Ground) -> list[int]:
    """The version of every case."""
    with psycopg.connect(ground.database_url) as connection:
        return [int(row[0]) for row in connection.execute("SELECT version FROM casework_case")]


@dataclass(frozen=True)
class Origin:
    """A stopped installation with two cases: its data, its backup, its reports, its links."""

    data: Path
    backup: Path
    reports: str
    links: list[str]

    def empty(self, data: Path) -> Site:
        """An empty installation in ``data`` with the same master key."""
        data.mkdir(mode=0o700, parents=True)
        shutil.copy(self.data / "master.key", data / "master.key")
        return Site(data)


def make_origin(folder: Path) -> Origin:
    """Fill an installation below ``folder``, and back it up."""
    site = Site(folder / "data")
    begin_installation(site.data)
    links = fill(site, folder)
    reports = site.reports()
    site.gongdao("backup", folder / "backup.tar")
    return Origin(folder / "data", folder / "backup.tar", reports, links)
