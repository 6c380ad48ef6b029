"""``python -m gongdao.front.bench.append_load``: a process that appends leaves, as pages do.

Started by the benchmark alone. Waits for a line, then appends over Django's connections, at full
speed or at a rate, and prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

DIGESTS = {"manifest_sha256": "a" * 64, "manifest_sm3": "b" * 64, "seal_sha256": "c" * 64}


def append_at_speed(*, count: int, batch: int) -> dict[str, Any]:
    """Append ``count`` leaves, ``batch`` in a transaction: every other transaction goes on with
    the subjects of the one before, so that half of the leaves are first ones and half follow."""
    from django.db import transaction

    from gongdao.front.clock import now
    from gongdao.front.stores import get_stores
    from gongdao.log.append import append_leaves
    from gongdao.log.new_leaf import NewLeaf, new_subject

    stores, subjects, done = get_stores(), list[str](), 0
    began = time.monotonic()
    while done < count:
        follow = bool(subjects)
        size = min(batch, count - done)
        subjects = subjects[:size] if follow else [new_subject("case") for _ in range(size)]
        with transaction.atomic():
            leaves = [NewLeaf("case.sealed", name, DIGESTS) for name in subjects]
            append_leaves(stores=stores, leaves=leaves, at=now())
        done += len(subjects)
        if follow:
            subjects = []
    return {"began": began, "ended": time.monotonic(), "appended": done}


def append_at_rate(*, per_s: float, seconds: float, threads: int) -> dict[str, Any]:
    """Append ``per_s`` leaves a second, each in a transaction of its own; for each its hash and the
    moment at which it was due: who falls behind is late, and not excused."""
    lock, due = threading.Lock(), list[Iterator[float]]()
    connected = threading.Barrier(
        threads, action=lambda: due.append(_ticks(time.monotonic(), per_s, seconds))
    )

    def work(_number: int) -> list[tuple[str, float]]:
        from django.db import connection, connections

        connection.ensure_connection()
        connected.wait()
        found: list[tuple[str, float]] = []
        while True:
            with lock:
                moment = next(due[0], None)
            if moment is None:
                connections.close_all()
                return found
            time.sleep(max(0.0, moment - time.monotonic()))
            found.append((_append_one(), moment))

    with ThreadPoolExecutor(threads) as pool:
        leaves = [one for part in pool.map(work, range(threads)) for one in part]
    return {"leaves": leaves}


def _ticks(began: float, per_s: float, seconds: float) -> Iterator[float]:
    return (began + number / per_s for number in range(int(per_s * seconds)))


def _append_one() -> str:
    from django.db import transaction

    from gongdao.front.clock import now
    from gongdao.front.stores import get_stores
    from gongdao.log.append import append_leaves
    from gongdao.log.new_leaf import NewLeaf, new_subject

    with transaction.atomic():
        leaf = NewLeaf("case.sealed", new_subject("case"), DIGESTS)
        (digest,) = append_leaves(stores=get_stores(), leaves=[leaf], at=now())
    return digest.hex()


def main() -> None:
    """Get ready, say so, wait for the word, append, print what was found."""
    parser = argparse.ArgumentParser()
    for name, kind in (("count", int), ("batch", int), ("threads", int)):
        parser.add_argument(f"--{name}", type=kind, default=0)
    for name in ("per-s", "seconds"):
        parser.add_argument(f"--{name}", type=float, default=0)
    given = parser.parse_args()
    from gongdao.front.server.django_processes import set_up_django

    set_up_django()
    from django.db import connection

    connection.ensure_connection()
    print("ready", flush=True)
    sys.stdin.readline()
    if given.count:
        found = append_at_speed(count=given.count, batch=given.batch)
    else:
        found = append_at_rate(per_s=given.per_s, seconds=given.seconds, threads=given.threads)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
