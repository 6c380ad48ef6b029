"""A public log on loopback that takes seals, and can misbehave like a real one."""

from __future__ import annotations

import http.server
import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from tests.verify.log_kit import Signer, SmallLog, b64

from gongdao_verify.canonical import canonical

ORIGIN = "log.example.org/log"
NOTARY, SCHOOL = Signer("witness.notary.example"), Signer("witness.school.example")


@dataclass
class FakeLog:
    """Answers ``POST /log/seals/``. ``mode`` says how; ``asked`` are the bodies that came."""

    mode: str = "good"
    promises: int = 0
    witnesses: tuple[Signer, ...] = ()
    asked: list[dict[str, Any]] = field(default_factory=list)
    log: SmallLog = field(default_factory=lambda: SmallLog(ORIGIN, [b'{"x":1}']))

    def __post_init__(self) -> None:
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """Hands everything to the log."""

            def do_POST(self) -> None:
                """Take a seal."""
                length = int(self.headers["Content-Length"])
                fake.answer(self, json.loads(self.rfile.read(length)))

            def log_message(self, *_more: object) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/log"

    def close(self) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def vkey(self) -> str:
        """The log's key."""
        return self.log.signer.vkey(1)

    def policy(self, quorum: str = "none") -> str:
        """A policy with two witnesses of two organisations."""
        return (
            f"log {self.vkey} {self.url}\n#org=operator\n"
            f"witness notary {NOTARY.vkey(4)}\n#org=notary\n"
            f"witness school {SCHOOL.vkey(4)}\n#org=university\n"
            f"group both all notary school\nquorum {quorum}\n"
        )

    def entry(self, data: dict[str, Any], type_: str = "case.sealed") -> bytes:
        """A leaf about these digests."""
        leaf = {"at": "2026-11-22T10:00:00.000Z", "d": data, "prev": None, "v": 1, "t": type_}
        return canonical({**leaf, "sub": f"{type_.partition('.')[0]}:{'1' * 32}"})

    def receipt(self, data: dict[str, Any], type_: str = "case.sealed") -> str:
        """The receipt of the leaf, which is in the log once."""
        entry = self.entry(data, type_)
        if entry not in self.log.entries:
            self.log.entries.append(entry)
        text = self.log.text()
        note = self.log.note(None, *(one.cosign(text, 1_795_341_600) for one in self.witnesses))
        index = self.log.entries.index(entry)
        extra = canonical({"v": 1, "entry": b64(entry)})
        return self.log.receipt(index, note, extra).decode()

    def answer(self, to: http.server.BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        """Answer as ``mode`` has it."""
        self.asked.append(body)
        told: dict[str, Any] = {"version": 1, "vkey": self.vkey, "leaf_hash": "0" * 64}
        status, raw = 200, b""
        if self.promises:
            self.promises -= 1
            status, told["state"], told["promise"] = 202, "promised", "a note"
        else:
            told |= {"state": "logged", "index": 1, "receipt": self.receipt(body)}
        if self.mode == "busy":
            status = 429
        elif self.mode == "broken":
            status = 500
        elif self.mode == "moved":
            status = 302
        elif self.mode == "html":
            raw = b"<html>hello</html>"
        elif self.mode == "list":
            raw = b"[]"
        elif self.mode == "long":
            raw = b"x" * (2 << 20)
        elif self.mode == "other":
            told["receipt"] = self.receipt({**body, "seal_sha256": "0" * 64})
        elif self.mode == "more":
            told["receipt"] = self.receipt({**body, "note": "x"})
        elif self.mode == "type":
            told["receipt"] = self.receipt(body, "case.closed")
        elif self.mode == "rubbish":
            told["receipt"] = "hello"
        elif self.mode == "unsigned":
            told["receipt"] = told["receipt"].replace("\n— ", "\n— x")
        elif self.mode == "forged":
            told["receipt"] = SmallLogWithOtherKey.receipt_of(self, body)
        elif self.mode == "keyless":
            told["vkey"] = None
        elif self.mode == "slow":
            time.sleep(3)
        data = raw or json.dumps(told).encode()
        to.send_response(status)
        if status == 302:
            to.send_header("Location", "http://127.0.0.1:1/")
        to.send_header("Content-Length", str(len(data)))
        to.end_headers()
        try:
            to.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):
            return


class SmallLogWithOtherKey:
    """A log of the same name under another key."""

    @staticmethod
    def receipt_of(fake: FakeLog, data: dict[str, Any]) -> str:
        """A receipt that only the other key vouches for."""
        entry = fake.entry(data)
        other = SmallLog(ORIGIN, [entry], salt="other")
        extra = canonical({"v": 1, "entry": b64(entry)})
        return other.receipt(0, other.note(), extra).decode()
