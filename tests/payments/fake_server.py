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
from gongdao.payments import wire
from gongdao.payments.port import Callback, Gateway

AT = parse_iso("2026-11-23T12:00:00+08:00")
SLOW_S = 1.0
PATIENCE_S = 0.4
"""How long our side waits for a service that is slow."""
LONG_PATIENCE_S = 30.0
"""How long for one that is not: a busy machine is no slow service."""


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
    receivers: set[str] = field(default_factory=set)
    """Accounts that were added as receivers of splits."""
    splits: dict[str, tuple[str, dict[str, int]]] = field(default_factory=dict)
    received: dict[str, int] = field(default_factory=dict)
    """What each receiver got in all, whatever anybody was told."""
    released: set[str] = field(default_factory=set)
    """Payments of which the rest was released to us, by the service's number."""
    balance_minor: int = 10**9
    """What our account there has of its own, to pay refunds from."""
    no_bill: bool = False
    """The day's bill is not there (yet)."""
    late: bool = False
    """Splits are taken and not carried out yet."""
    moved_minor: int = 0
    """How much went back in all, whatever anybody was told."""

    def take_share(self, split_no: str, trade_no: str, shares: dict[str, int]) -> str:
        """Carry a split out; the same number moves nothing more. Why not, where it cannot be: a
        receiver nobody added, more than is left of the payment, or a payment that is finished."""
        if split_no in self.splits:
            return ""
        left = self.left_of(trade_no)
        if trade_no in self.released or not set(shares) <= self.receivers:
            return "finished" if trade_no in self.released else "receiver"
        if sum(shares.values()) > left:
            return "not_enough"
        self.splits[split_no] = (trade_no, shares)
        for account, minor in shares.items():
            self.received[account] = self.received.get(account, 0) + minor
        return ""

    def left_of(self, trade_no: str) -> int:
        """What of a payment went neither back nor to anybody."""
        paid = self.of_trade(trade_no)
        gone = sum(minor for trade, minor in self.refunds.values() if trade == trade_no)
        shared = [shares for trade, shares in self.splits.values() if trade == trade_no]
        return (paid.minor if paid else 0) - gone - sum(sum(one.values()) for one in shared)

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


@dataclass
class FakeWire:
    """The wire to a fake, patient unless the fake is told to be slow."""

    fake: FakeService

    def __call__(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> wire.Answer:
        """Over the real one."""
        patience_s = PATIENCE_S if self.fake.mood == "slow" else LONG_PATIENCE_S
        return wire.HttpWire(patience_s)(method, url, body=body, headers=headers)


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
