"""Where an auditor reads a log from: a web address or a folder. Neither is trusted.

Sizes are bounded before anything is read, waits are bounded, redirects are not followed, and in a
folder only plain files are opened.
"""

from __future__ import annotations

import os
import re
import stat
import threading
from pathlib import Path
from typing import Protocol

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.core.os_errors import os_reason
from gongdao.log.bounded_http import HttpPeer, Reply, Unanswered
from gongdao_verify.leaf_form import MOST_BYTES as LONGEST_LEAF
from gongdao_verify.merkle import HASH_BYTES
from gongdao_verify.tlog_tiles import TILE_WIDTH
from gongdao_verify.tree_reader import MissingTile

MOST_CHECKPOINT_BYTES = 1 << 20
TILE_BYTES = TILE_WIDTH * HASH_BYTES
MOST_BUNDLE_BYTES = TILE_WIDTH * (2 + LONGEST_LEAF)
"""Our leaves are short; a log that claims more in one bundle is not one of ours."""
_TRIES = 4
_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 10


class LogSource(Protocol):
    """What is published of a log, by name (``checkpoint``, ``tile/…``)."""

    name: str

    def read(self, path: str, *, limit: int) -> bytes:
        """The bytes of ``path``, ``limit`` at most. MissingTile: there is none of this name;
        InputError: the source cannot be read, or gives more."""

    def close(self) -> None:
        """Let connections go; from any thread, and for good."""


def open_source(place: str) -> LogSource:
    """The log at ``place``: an http(s) address, or an existing folder."""
    if re.match(r"https?://", place):
        return WebLog(place)
    if not Path(place).is_dir():
        raise InputError(
            _("不是网址，也没有这个文件夹"),
            file=place,
            hint=_("网址要以 https:// 或 http:// 开头。"),
        )
    return FolderLog(Path(place))


class FolderLog:
    """A log that was copied or exported into a folder."""

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
        self._folder = folder

    def read(self, path: str, *, limit: int) -> bytes:
        """The file ``path``; only a plain one, and no longer than ``limit``."""
        whole = self._folder / path
        try:
            # Not to hang on a pipe, whatever somebody put into the folder.
            handle = os.open(whole, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            raise MissingTile(path) from None
        except OSError as error:
            raise InputError(os_reason(error), file=str(whole)) from error
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise InputError(_("不是普通文件"), file=str(whole))
        with os.fdopen(handle, "rb") as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise _too_long(str(whole), limit)
        return data

    def close(self) -> None:
        """Nothing is held."""


class WebLog:
    """A log on the web; each thread asks over a connection of its own."""

    def __init__(self, url: str, *, patience_s: float = 30, pause_s: float = _PAUSE_S) -> None:
        self.name = url.rstrip("/")
        self._patience_s, self._pause_s = patience_s, pause_s
        self._mine = threading.local()
        self._peers: list[HttpPeer] = []
        self._lock, self._closed = threading.Lock(), threading.Event()
        HttpPeer(url)  # refuses an address that cannot be used

    def read(self, path: str, *, limit: int) -> bytes:
        """The answer to GET; what may pass (no answer, 429, 5xx) is asked for again."""
        for left in reversed(range(_TRIES)):
            reply, problem = self._ask(path, limit)
            if reply is not None and reply.status == 200:
                return reply.body
            if reply is not None and reply.status in (404, 410):
                raise MissingTile(path)
            if not left or (reply is not None and reply.status < 429):
                break
            if self._closed.wait(_pause(reply, self._pause_s * (_TRIES - left) ** 2)):
                break
        raise self._refused(path, reply, problem)

    def close(self) -> None:
        """Close every thread's connection, for good: whoever still reads gets an InputError."""
        self._closed.set()
        with self._lock:
            for peer in self._peers:
                peer.close()
            self._peers.clear()

    def _ask(self, path: str, limit: int) -> tuple[Reply | None, str]:
        peer: HttpPeer | None = getattr(self._mine, "peer", None)
        if peer is None:
            peer = self._mine.peer = HttpPeer(self.name, patience_s=self._patience_s)
            with self._lock:
                self._peers.append(peer)
        if self._closed.is_set():
            return None, "closed"
        try:
            return peer.get(path, limit=limit), ""
        except Unanswered as error:
            return None, str(error)

    def _refused(self, path: str, reply: Reply | None, problem: str) -> InputError:
        place = f"{self.name}/{path}"
        if reply is None:
            return InputError(
                _("没有得到能用的回答：{problem}").format(problem=problem[:200]), file=place
            )
        if 300 <= reply.status < 400:
            return InputError(
                _("服务器要转到别处（{place}），没有跟过去").format(place=reply.location[:200]),
                file=place,
                hint=_("如果那里可信，请直接写那个地址。"),
            )
        return InputError(_("服务器回答 {status}").format(status=reply.status), file=place)


def _pause(reply: Reply | None, usual: float) -> float:
    asked = reply.retry_after if reply is not None else ""
    return min(int(asked) if asked.isdigit() else usual, _LONGEST_PAUSE_S)


def _too_long(place: str, limit: int) -> InputError:
    return InputError(_("比允许的 {limit} 字节长").format(limit=limit), file=place)
