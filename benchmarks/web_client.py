"""A small browser for benchmarks: keeps its connection and cookies, sends forms and files."""

from __future__ import annotations

import html
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse

File = tuple[str, bytes]
"""A name and what is in it."""


@dataclass
class Browser:
    """One visitor of the server at ``port`` of this machine. Not to be shared by threads."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    _connection: HTTPConnection | None = None

    def get(self, path: str) -> tuple[int, str, float]:
        """Status, text or address it leads to, seconds."""
        return self._ask("GET", path, b"", {})

    def post(
        self, path: str, fields: Mapping[str, str], files: Sequence[File] = ()
    ) -> tuple[int, str, float]:
        """Send a form with ``files`` under the name ``files``."""
        if "csrf" not in self.cookies:
            self.get("/start/")
        given = {**fields, "csrfmiddlewaretoken": self.cookies["csrf"]}
        edge = secrets.token_hex(16)
        body = b"".join(_part(edge, name, value.encode()) for name, value in given.items())
        body += b"".join(_part(edge, "files", data, name) for name, data in files)
        kind = f"multipart/form-data; boundary={edge}"
        return self._ask("POST", path, body + f"--{edge}--\r\n".encode(), {"Content-Type": kind})

    def fields(self, path: str) -> dict[str, str]:
        """The fields of the form for facts on a page, as a browser would send them untouched."""
        _status, page, _seconds = self.get(path)
        form = next(f for f in re.findall(r"<form.*?</form>", page, re.S) if 'name="seen"' in f)
        found = re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form)
        return {name: html.unescape(value) for name, value in found}

    def _ask(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, str, float]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {**headers, "Cookie": cookies, "Accept": "text/html", "Accept-Language": "zh-CN"}
        began = time.perf_counter()
        for attempt in range(2):  # a kept connection may have been closed meanwhile
            connection = self._connection or HTTPConnection("127.0.0.1", self.port, timeout=120)
            self._connection = connection
            try:
                connection.request(method, path, body, sent)
                answer = connection.getresponse()
                text = answer.read().decode("utf-8", "replace")
                break
            except (HTTPException, OSError):
                connection.close()
                self._connection = None
                if attempt or method == "POST":
                    raise
        seconds = time.perf_counter() - began
        self._keep(answer)
        return answer.status, answer.getheader("Location") or text, seconds

    def _keep(self, answer: HTTPResponse) -> None:
        for line in answer.headers.get_all("Set-Cookie") or ():
            name, _equals, value = line.partition(";")[0].partition("=")
            self.cookies[name.strip()] = value.strip('" ')


def _part(edge: str, name: str, data: bytes, file: str = "") -> bytes:
    named = f'; filename="{file}"\r\nContent-Type: application/octet-stream' if file else ""
    head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + data + b"\r\n"
