"""Payment services on loopback: each answers like the real one, or misbehaves when told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from gongdao.core.clock import parse_iso
from gongdao.payments.port import Callback, Gateway

AT = parse_iso("2026-11-23T12:00:00+08:00")
SLOW_S = 1.0
PATIENCE_S = 0.4


@dataclass
class Seen:
    """A request as a fake sees it."""

    method: str
    path: str
    target: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The fields of a posted form."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass
class Paid:
    """A payment in a fake's book."""

    number: str
    trade_no: str
    minor: int
    state: str = "paid"


Answer = tuple[int, Mapping[str, str], bytes]


@dataclass
class FakeService:
    """What all fakes share: a book of payments and refunds, and ways to misbehave.

    ``mood``: "" | slow | rubbish | error | mute (does what is asked, then says nothing).
    """

    gateway: Gateway = field(init=False)
    url: str = ""
    mood: str = ""
    asked: list[Seen] = field(default_factory=list)
    paid: dict[str, Paid] = field(default_factory=dict)
    refunds: dict[str, tuple[str, int]] = field(default_factory=dict)
    moved_minor: int = 0
    """How much went back in all, whatever anybody was told."""

    def pay(self, number: str, minor: int = 9900, trade_no: str = "") -> Paid:
        """Somebody pays ``number``."""
        self.paid[number] = Paid(number, trade_no or f"pi_{number}", minor)
        return self.paid[number]

    def refund_once(self, refund_no: str, trade_no: str, minor: int) -> None:
        """Move the money of a refund; the same number moves nothing more."""
        if refund_no not in self.refunds:
            self.refunds[refund_no] = (trade_no, minor)
            self.moved_minor += minor

    def of_trade(self, trade_no: str) -> Paid | None:
        """The payment with the service's number."""
        return next((one for one in self.paid.values() if one.trade_no == trade_no), None)

    def answer(self, seen: Seen) -> Answer:
        """What the service answers when it behaves."""
        raise NotImplementedError

    def callback(self, paid: Paid) -> Callback:
        """The callback that the service sends for a payment."""
        raise NotImplementedError


@contextmanager
def serve(fake: FakeService) -> Iterator[str]:
    """Let ``fake`` answer on loopback; its address."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_args: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            """Any request."""
            length = int(self.headers.get("Content-Length") or 0)
            place = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(place.query, keep_blank_values=True))
            body = self.rfile.read(length)
            seen = Seen(self.command, place.path, self.path, query, headers, body)
            fake.asked.append(seen)
            status, more, answer = _in_mood(fake.mood, lambda: fake.answer(seen))
            if status == 0:
                self.close_connection = True
                return
            try:
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
            except OSError:  # the client of a slow answer is gone
                self.close_connection = True

        do_POST = do_GET

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _in_mood(mood: str, behave: Callable[[], Answer]) -> Answer:
    if mood == "rubbish":
        return 200, {}, b"<html>502 \xff"
    if mood == "error":
        return 500, {}, b"{}"
    if mood == "slow":
        time.sleep(SLOW_S)
    done = behave()
    return (0, {}, b"") if mood == "mute" else done


@cache
def rsa_key(_whose: str) -> rsa.RSAPrivateKey:
    """A key for ``whose``, drawn once in a session."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key: rsa.RSAPrivateKey) -> str:
    """The key as PEM."""
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key.private_bytes(*form).decode()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    """Its public half as PEM."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
