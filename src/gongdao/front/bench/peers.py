"""Other Merkle logs in Python, measured in the same run where they are installed.

Each runs in an interpreter that has it: this one, or another that was named. None is needed by
Gongdao; one that is not there is left out, with the reason.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

_PATIENCE_S = 300
_PYMERKLE = """
import json, os, sys, tempfile, time
from pymerkle import SqliteTree
entries = [os.urandom(185).hex().encode() for _ in range(int(sys.argv[1]))]
with tempfile.TemporaryDirectory(dir=sys.argv[2]) as folder:
    tree = SqliteTree(os.path.join(folder, "tree.db"))
    begin = time.perf_counter()
    for start in range(0, len(entries), 256):
        tree.append_entries(entries[start:start + 256])
        tree.get_root()
    batched = len(entries) / (time.perf_counter() - begin)
    begin = time.perf_counter()
    for entry in entries[:500]:
        tree.append_entry(entry)
    single = 500 / (time.perf_counter() - begin)
    index, size = tree.get_size() // 2, tree.get_size()
    begin = time.perf_counter()
    for number in range(50):
        tree.prove_inclusion(index + number, size)
    prove = (time.perf_counter() - begin) / 50 * 1000
print(json.dumps({"appends_per_s": round(batched), "single_appends_per_s": round(single),
                  "inclusion_proof_ms": round(prove, 3)}))
"""
_AICS_TLOG = """
import json, os, sys, tempfile, time
import aics_tlog as t
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
entries = [os.urandom(185).hex().encode() for _ in range(int(sys.argv[1]))]
key = Ed25519PrivateKey.generate()
with tempfile.TemporaryDirectory(dir=sys.argv[2]) as folder:
    store = t.DirectoryTileStore(folder)
    writer = t.IncrementalTileWriter(store)
    begin = time.perf_counter()
    for start in range(0, len(entries), 256):
        writer.append(entries[start:start + 256])
        checkpoint = t.Checkpoint("example.org/log", writer.size, writer.root())
        note = t.sign_checkpoint(checkpoint, key, "example.org/log")
        store.write_checkpoint(note.to_bytes())
    batched = len(entries) / (time.perf_counter() - begin)
    reader = t.FileSystemTileReader(folder)
    begin = time.perf_counter()
    for number in range(50):
        t.inclusion_proof_from_tiles(reader, len(entries) // 2 + number, writer.size)
    prove = (time.perf_counter() - begin) / 50 * 1000
print(json.dumps({"appends_per_s": round(batched), "inclusion_proof_ms": round(prove, 3)}))
"""
PEERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"pymerkle": ("pymerkle", _PYMERKLE), "aics-tlog": ("aics_tlog", _AICS_TLOG)}
)
"""Name of the package, what it is imported as, and the program that measures it."""


def measure_peers(*, pythons: Sequence[str], leaves: int, folder: str) -> dict[str, dict[str, Any]]:
    """For each peer its figures, over ``leaves`` durable appends of 256 at a time in ``folder``,
    or ``skipped`` with the reason. ``pythons`` are interpreters, tried in their order."""
    return {
        name: _measure(module, program, pythons, leaves, folder)
        for name, (module, program) in PEERS.items()
    }


def _measure(
    module: str, program: str, pythons: Sequence[str], leaves: int, folder: str
) -> dict[str, Any]:
    reasons = []
    for python in pythons:
        if problem := _missing(python, module):
            reasons.append(f"{python}: {problem}")
            continue
        done = _run([python, "-c", program, str(leaves), folder])
        if done.returncode:
            return {"skipped": f"{python}: {_last(done.stderr)}"}
        found: dict[str, Any] = json.loads(done.stdout)
        return found
    return {"skipped": "; ".join(reasons)}


def _missing(python: str, module: str) -> str:
    """Why ``module`` cannot be imported there; empty where it can."""
    try:
        done = _run([python, "-c", f"import {module}"])
    except OSError as error:
        return str(error)
    return _last(done.stderr) if done.returncode else ""


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE_S)


def _last(text: str) -> str:
    return (text.strip().splitlines() or ["?"])[-1]
