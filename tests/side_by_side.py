"""Deeds done at the same moment, each in a thread with a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection


def at_once(deeds: Sequence[Callable[[], Any]]) -> list[Any]:
    """Do all of ``deeds`` in threads that begin together; what each gave or raised."""
    start = threading.Barrier(len(deeds))
    results: list[Any] = [None] * len(deeds)

    def run(number: int) -> None:
        start.wait()
        try:
            results[number] = deeds[number]()
        except Exception as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
