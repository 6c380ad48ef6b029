"""Speed and memory of the commands, as whole processes, on the bundled example.

    python benchmarks/run.py [--quick]

Prints a table and writes it to benchmarks/results.md, figures only as measured. The ten pictures
are those of examples/ and copies of them, changed in one pixel so that none is known already.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "late-then-invalid"
RESULTS = Path(__file__).resolve().parent / "results.md"
AS_OF = ("--as-of", "2026-11-20T10:00:00+08:00")
GONGDAO = (sys.executable, "-c", "from gongdao.front.cli.main import main; main()")
VERIFY = (sys.executable, "-m", "gongdao_verify")
_INSIDE = """
import sys, time
from pathlib import Path
from gongdao.casework.check import check_case
from gongdao.casework.report import report_case
from gongdao.core.clock import parse_iso
at, root = parse_iso(sys.argv[2]), Path(sys.argv[1])
for _try in range(3):
    started = time.perf_counter()
    case = check_case(root=root, as_of=at)
    report_case(case.judgement, notes=case.notes)
    print(time.perf_counter() - started)
"""


@dataclass(frozen=True)
class Measured:
    """One run of a process: seconds by the wall, peak resident megabytes, and what it printed."""

    seconds: float
    peak_mb: float
    out: str


def run(command: Sequence[str], stdin: str = "") -> Measured:
    """Run ``command`` to its end; raise CalledProcessError where it fails."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as given:
        given.write(stdin)
        given.seek(0)
        started = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
        )
        assert process.stdout and process.stderr
        out, errors = process.stdout.read(), process.stderr.read()
        _pid, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
    code = process.returncode = os.waitstatus_to_exitcode(status)
    if code:
        raise subprocess.CalledProcessError(code, command, out, errors)
    return Measured(seconds, usage.ru_maxrss / 1024, out)


def best(command: Sequence[str], tries: int, stdin: str = "") -> Measured:
    """The median run of ``tries``."""
    runs = sorted((run(command, stdin) for _try in range(tries)), key=lambda one: one.seconds)
    return runs[len(runs) // 2]


def make_ten_pictures(root: Path) -> Path:
    """A case folder with ten screenshots and the chat of the example."""
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns(".gongdao"))
    pictures = sorted(root.rglob("*.png"))
    for number in range(10 - len(pictures)):
        source = pictures[number % len(pictures)]
        with Image.open(source) as opened:
            copy = opened.convert("RGB")
        copy.putpixel((number, 0), (number, 1, 2))
        copy.save(source.with_name(f"{source.stem}-copy{number}.png"))
    assert len(list(root.rglob("*.png"))) == 10
    return root


def make_without_pictures(root: Path) -> Path:
    """The example without its pictures."""
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns(".gongdao", "*.png"))
    return root


def make_lines() -> str:
    """240 chat lines of three kinds, as JSON lines."""
    texts = ("系统有点延迟，稍等", "查了一下，这批卡密确实有问题", "明天12点前给您退款")
    rows = [
        {"speaker": "merchant", "text": f"{texts[n % 3]} {n}", "at": "2026-11-05T14:00:00+08:00"}
        for n in range(240)
    ]
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n"


def measure(work: Path, tries: int) -> list[tuple[str, str, str, str]]:
    """Rows of the table: what, measured, memory, aim."""
    rows: list[tuple[str, str, str, str]] = []

    def add(what: str, found: Measured, aim: str = "") -> None:
        rows.append((what, f"{found.seconds:.2f} s", f"{found.peak_mb:.0f} MB", aim))
        print(f"{what:48} {found.seconds:7.2f} s {found.peak_mb:7.0f} MB   {aim}", flush=True)

    add("`gongdao --help`", best([*GONGDAO, "--help"], 5), "≤ 0.3 s")
    ten = str(make_ten_pictures(work / "ten"))
    check = [*GONGDAO, "case", "check", ten, "--json", *AS_OF]
    add("check, ten screenshots, cold", run([*check, "--no-cache"]), "≤ 20 s, ≤ 1.2 GB")
    run(check)
    add("check, ten screenshots, again", best(check, tries), "≤ 1 s")
    bare = str(make_without_pictures(work / "bare"))
    add(
        "check without pictures, whole process",
        best([*GONGDAO, "case", "check", bare, "--json", *AS_OF], tries),
    )
    inside = run([sys.executable, "-c", _INSIDE, bare, AS_OF[1]])
    seconds = statistics.median(float(line) for line in inside.out.split())
    add("check without pictures, after start", Measured(seconds, inside.peak_mb, ""), "≤ 0.3 s")
    sealed = str(work / "case.zip")
    seal = [*GONGDAO, "case", "seal", ten, "-o", sealed, "--overwrite", *AS_OF]
    add("seal, ten screenshots, readings kept", best(seal, tries))
    add("verify", best([*VERIFY, sealed], tries))
    add("`chat label`, 240 lines", best([*GONGDAO, "chat", "label"], tries, make_lines()))
    return rows


def describe_machine() -> str:
    """Processor, cores in use, memory, Python."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        names = [x for x in cpuinfo.read_text("utf-8").splitlines() if x.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else model
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    load = os.getloadavg()[0]
    return (
        f"{model}, {cores} cores, {pages / 2**30:.0f} GB, {platform.system()},"
        f" Python {platform.python_version()}, load before the run {load:.1f}"
    )


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one try each")
    args = parser.parse_args()
    if not EXAMPLE.is_dir():
        print(f"{EXAMPLE}: the example is not here", file=sys.stderr)
        return 2
    machine = describe_machine()
    print(machine)
    with tempfile.TemporaryDirectory() as work:
        rows = measure(Path(work), 1 if args.quick else 3)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    page = RESULTS.read_text("utf-8") if RESULTS.is_file() else ""
    others = page[page.index("<!-- ") :] if "<!-- " in page else ""
    RESULTS.write_text(
        "# Speed and memory, as measured\n\n"
        f"`make bench` writes this page. Machine: {machine}.\n"
        "Times are medians of whole processes unless said otherwise.\n\n"
        "| what | time | peak memory | aim |\n|---|---|---|---|\n"
        f"{table}\n\nHighest peak of all runs: {peak:.0f} MB.\n" + (others and f"\n{others}"),
        encoding="utf-8",
    )
    print(f"highest peak {peak:.0f} MB; written to {RESULTS.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
