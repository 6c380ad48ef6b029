"""POST to a service that the operator named, and wait for the whole answer or for none.

Bounded in time and in size, never redirected, and silent about the address: it may hold a user, a
password or a key in its path, so that no error and no log line repeats more of it than the host.
"""

from __future__ import annotations

import base64
import http.client
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar
from urllib.parse import unquote, urlsplit, urlunsplit

LONGEST_ANSWER = 1 << 20
_T = TypeVar("_T")


class Why(Enum):
    """Why there was no answer: too slow, too long, or something failed on the way."""

    SLOW = "slow"
    LONG = "long"
    FAILED = "failed"


class NoAnswer(Exception):
    """No usable answer came; ``detail`` says more, and never names the address."""

    def __init__(self, why: Why, detail: str = "") -> None:
        super().__init__(why.value, detail)
        self.why = why
        self.detail = detail


@dataclass(frozen=True)
class Address:
    """Where to post: ``url`` without the credentials, which go into ``authorization``; ``host``
    may be shown."""

    url: str = field(repr=False)
    authorization: str = field(repr=False)
    host: str

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read an http or https address, with ``user:password@`` if wanted; ValueError otherwise.

        The error does not repeat the address.
        """
        try:
            parts = urlsplit(text)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise ValueError("no address") from None
        plain = all(" " < ch <= "~" for ch in text)
        if not plain or parts.scheme not in ("http", "https") or not host or port == 0:
            raise ValueError("no http or https address")
        behind = parts.netloc.rpartition("@")[2]
        authorization = ""
        if parts.username is not None:
            user, password = unquote(parts.username), unquote(parts.password or "")
            token = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
            authorization = f"Basic {token}"
        url = urlunsplit((parts.scheme, behind, parts.path, parts.query, ""))
        return cls(url, authorization, behind)


def post(*, address: Address, body: bytes, headers: Mapping[str, str], patience_s: float) -> bytes:
    """Post ``body`` and return what an answer with status 200 to 299 holds.

    Waits ``patience_s`` seconds in all, takes ``LONGEST_ANSWER`` bytes at most; raises NoAnswer.
    """
    return _within(patience_s, lambda: _post(address, body, headers, patience_s))


def _post(address: Address, body: bytes, headers: Mapping[str, str], patience_s: float) -> bytes:
    sent = {"User-Agent": "gongdao", **headers}
    if address.authorization:
        sent["Authorization"] = address.authorization
    request = urllib.request.Request(address.url, data=body, headers=sent)
    with _opener().open(request, timeout=patience_s) as answer:
        data: bytes = answer.read(LONGEST_ANSWER + 1)
    if len(data) > LONGEST_ANSWER:
        raise NoAnswer(Why.LONG)
    return data


def _opener() -> urllib.request.OpenerDirector:
    """http and https, through the proxy of the environment; no redirects, no other schemes."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _within(seconds: float, deed: Callable[[], _T]) -> _T:
    """Do ``deed`` with an end to the waiting: a peer that drips bytes defeats socket timeouts."""
    done: Future[_T] = Future()

    def run() -> None:
        try:
            done.set_result(deed())
        except BaseException as error:  # not swallowed: it is raised again for who waits
            done.set_exception(error)

    threading.Thread(target=run, daemon=True, name="post").start()
    if not wait([done], timeout=seconds).done:
        raise NoAnswer(Why.SLOW)
    try:
        return done.result()
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(getattr(error, "reason", error), TimeoutError):
            raise NoAnswer(Why.SLOW) from None
        raise NoAnswer(Why.FAILED, _detail(error)) from None


def _detail(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        return f"HTTP {error.code}"
    reason = getattr(error, "reason", None) or error
    return (str(reason) or type(error).__name__)[:200]
