"""Honest suppliers on loopback: they check signatures and take a number once, and they misbehave
when told: silent, rubbish, an error status, slow, or doing the work without a word."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from gongdao.market.suppliers import dujiao_next, yrapi

ACCOUNT, KEY = "10001", "SECRET"
SLOW_S = 1.2


@dataclass
class FakeSupplier:
    """What he remembers. ``moods`` are used up one a request: ``ok``, ``silent`` (does the work and
    never answers), ``deaf`` (does nothing and never answers), ``rubbish`` (does the work), ``500``,
    ``no`` (refuses)."""

    url: str = ""
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    moods: list[str] = field(default_factory=list)
    charged: int = 0
    asked: int = 0
    cost: str = "95.00"
    bad_signatures: int = 0

    def mood(self) -> str:
        """The next one."""
        return self.moods.pop(0) if self.moods else "ok"

    def take(self, number: str, given: dict[str, Any]) -> dict[str, Any]:
        """Take an order on, once for each number."""
        if number not in self.orders:
            self.charged += 1
            self.orders[number] = {"id": self.charged, "given": given, "state": 0, "done": None}
        return self.orders[number]


class _Handler(BaseHTTPRequestHandler):
    """Speaks both interfaces."""

    fake: FakeSupplier

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        """A look at a dujiao-next order."""
        self._answer(b"")

    def do_POST(self) -> None:
        """Everything else."""
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _answer(self, body: bytes) -> None:
        mood = self.fake.mood()
        if mood == "500":
            return self._say(500, b"<h1>Internal Server Error</h1>")
        if mood == "deaf":
            time.sleep(SLOW_S)
            return None
        told = self._yrapi(body, mood) if "yrapi" in self.path else self._dujiao(body, mood)
        if mood == "silent":
            time.sleep(SLOW_S)
            return None
        return self._say(200, b"<html>busy" if mood == "rubbish" else json.dumps(told).encode())

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _yrapi(self, body: bytes, mood: str) -> dict[str, Any]:
        given = dict(parse_qsl(body.decode(), keep_blank_values=True))
        if given.pop("sign") != yrapi.sign(given, KEY):
            self.fake.bad_signatures += 1
            return {"errno": 1, "errmsg": "sign"}
        if self.path.endswith("/check"):
            numbers = given["out_trade_nums"].split(",")
            rows = [self._row(n) for n in numbers if n in self.fake.orders]
            return {"errno": 0, "errmsg": "ok", "data": rows}
        self.fake.asked += 1
        number = given["out_trade_num"]
        if mood == "no" or number in self.fake.orders:
            return {"errno": 1005, "errmsg": "refused"}
        order = self.fake.take(number, given)
        data = {"order_number": f"CHA{order['id']}", "total_price": self.fake.cost}
        return {"errno": 0, "errmsg": "ok", "data": data}

    def _row(self, number: str) -> dict[str, Any]:
        order = self.fake.orders[number]
        row = {"out_trade_num": number, "order_number": f"CHA{order['id']}"}
        row["state"] = order["state"]
        return row | ({"charge_amount": order["done"]} if order["done"] is not None else {})

    def _dujiao(self, body: bytes, mood: str) -> dict[str, Any]:
        stamp = self.headers["Dujiao-Next-Timestamp"]
        right = dujiao_next.sign(KEY, self.command, self.path, stamp, body)
        if self.headers["Dujiao-Next-Signature"] != right:
            self.fake.bad_signatures += 1
            return {"ok": False, "error_code": "unauthorized"}
        if self.path.endswith("/orders"):
            self.fake.asked += 1
            given = json.loads(body)
            if mood == "no":
                return {"ok": False, "error_code": "sku_unavailable"}
            return self._shown(self.fake.take(given["downstream_order_no"], given))
        number = int(self.path.split("/orders/")[1].split("/")[0])
        order = next(o for o in self.fake.orders.values() if o["id"] == number)
        if self.path.endswith("/cancel"):
            order["state"] = -1
        return self._shown(order)

    def _shown(self, order: dict[str, Any]) -> dict[str, Any]:
        status = {-1: "canceled", 0: "paid", 1: "completed"}[order["state"]]
        told = {"ok": True, "order_id": order["id"], "status": status, "currency": "CNY"}
        if order["state"] == 1:
            told["fulfillment"] = {"status": "delivered", "payload": order["done"]}
        return told | {"amount": self.fake.cost}


@contextmanager
def running_supplier() -> Iterator[FakeSupplier]:
    """A supplier that listens on loopback."""
    fake = FakeSupplier()
    handler = type("Handler", (_Handler,), {"fake": fake})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
