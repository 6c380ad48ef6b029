"""The auditor on the log that the benchmark made: leaves a second, and memory at its highest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from gongdao.front.log_place import find_published
from gongdao.front.settings import Settings
from gongdao.log.log_key import LogKey

_PROGRAM = "from gongdao.front.cli.main import main; main()"


def measure_audit(settings: Settings, key: LogKey) -> dict[str, Any]:
    """Audit the published folder from nothing, in a process of its own with as many helpers as
    there are cores; the whole process counts, its start included."""
    folder, state = find_published(settings).folder, settings.data_dir / "audit"
    jobs = os.cpu_count() or 1
    command = [sys.executable, "-c", _PROGRAM, "log", "audit", str(folder), "--json"]
    command += [f"--state={state}", f"--log-key={key.verifier.text()}", f"--jobs={jobs}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    if process.stdout is None:
        raise TypeError("its output is a pipe")
    said = process.stdout.read()
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        return {"audit_leaves_per_s": None, "audit": said[-400:] or str(process.returncode)}
    report = json.loads(said)
    return {
        "audit_leaves_per_s": round(report["checked"] / max(report["seconds"], 0.001)),
        "audit_leaves": report["checked"],
        "audit_peak_mb": round(usage.ru_maxrss / 1024),
        "audit_jobs": jobs,
    }
