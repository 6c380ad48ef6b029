"""A hard end for a talk over a socket: time-outs count from byte to byte, this counts all of it.

A server that sends a byte now and then never lets a read time out; after ``seconds`` the socket
is shut from outside, and the waiting read ends with an error.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_AGAIN_S = 0.2


class CutOff:
    """Whether the talk was cut off."""

    def __init__(self) -> None:
        self.done = False


@contextmanager
def cut_off_after(seconds: float, find: Callable[[], socket.socket | None]) -> Iterator[CutOff]:
    """Shut the socket that ``find`` gives ``seconds`` after entering, unless left before; a socket
    that appears later (a connection still being made) is shut as well."""
    state, left = CutOff(), threading.Event()

    def cut() -> None:
        wait = seconds
        while not left.wait(wait):
            state.done, wait = True, _AGAIN_S
            with suppress(OSError):
                if sock := find():
                    # of a TLS socket too: without a farewell, which could wait for the other side
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)

    watch = threading.Thread(target=cut, name="cut-off", daemon=True)
    watch.start()
    try:
        yield state
    finally:
        left.set()
        watch.join()
