"""`gongdao bench orders`: order → signed callback → secret, over HTTP, and the database alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from gongdao.front.bench.order_clients import Seen, run_buyers
from gongdao.front.bench.own_server import own_server

Say = Callable[[str], None]


def bench_orders(*, clients: int, seconds: float, stock: int, say: Say) -> dict[str, Any]:
    """Start a server, fill its shelf with ``stock`` secrets, let ``clients`` buyers order for
    ``seconds``; the figures as one object."""
    with own_server() as server:
        import django

        django.setup()
        from gongdao.front.bench.bench_shop import make_bench_shop, sign_payment

        say(f"stock: {stock}")
        shop = make_bench_shop(stock=stock)
        wanted = {
            "listing": str(shop.listing_id),
            "version": shop.version,
            "quantity": 1,
            "terms": 1,
            "pay_with": "sandbox",
        }
        say("warming up")
        asyncio.run(_run(server.host, server.port, 4, 2.0, wanted, sign_payment))
        say(f"{clients} clients, {seconds} s")
        began = time.perf_counter()
        seen = asyncio.run(_run(server.host, server.port, clients, seconds, wanted, sign_payment))
        took = time.perf_counter() - began
    return figures(seen, clients=clients, took=took, stock=stock)


async def _run(
    host: str,
    port: int,
    clients: int,
    seconds: float,
    wanted: Mapping[str, object],
    sign: Callable[[str, str, str], Mapping[str, str]],
) -> Seen:
    return await run_buyers(
        host=host, port=port, clients=clients, seconds=seconds, wanted=wanted, sign=sign
    )


def figures(seen: Seen, *, clients: int, took: float, stock: int) -> dict[str, Any]:
    """What is printed: rates per second, times in milliseconds of a whole order."""
    times = sorted(seen.seconds)

    def at(share: float) -> float:
        return round(times[min(int(share * len(times)), len(times) - 1)] * 1000, 1) if times else 0

    return {
        "clients": clients,
        "seconds": round(took, 2),
        "stock": stock,
        "delivered_per_s": round(len(times) / took, 1),
        "p50_ms": at(0.5),
        "p95_ms": at(0.95),
        "p99_ms": at(0.99),
        "duplicates": len(seen.secrets) - len(set(seen.secrets)),
        "missing": seen.missing,
        "problems": seen.problems,
    }
