"""``gongdao bench orders``: order → signed callback → secret, over HTTP; and in the same run what
the database alone does with the same statements."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gongdao.front.bench.order_clients import Errand, Seen, run_buyers
from gongdao.front.bench.own_server import OwnServer, own_server

if TYPE_CHECKING:
    from gongdao.front.bench.bench_shop import BenchShop

Say = Callable[[str], None]
_WARM_UP_S = 2.0
_RAW_PER_S = 150
"""Orders played straight on the database, for each second that the buyers order."""
_RAW_MOST, _RAW_LEAST = 3000, 8


@dataclass(frozen=True)
class OrderPlan:
    """``clients`` buyers for ``seconds``; ``stock`` secrets for sale besides ``sold`` that are sold
    already; ``folder`` is on the disk that is to be measured."""

    clients: int = 8
    seconds: float = 10
    stock: int = 10_000
    sold: int = 0
    folder: Path | None = None


def bench_orders(plan: OrderPlan, *, say: Say) -> dict[str, Any]:
    """Start a server, fill its shelf, let the buyers order; the figures as one object."""
    with own_server(folder=plan.folder) as server:
        from gongdao.front.bench.bench_shop import make_bench_shop

        say(f"stock {plan.stock}, sold {plan.sold}")
        shop = make_bench_shop(stock=plan.stock, sold=plan.sold)
        say("warming up")
        _buy(server, shop, clients=4, seconds=min(_WARM_UP_S, plan.seconds))
        say(f"{plan.clients} clients, {plan.seconds} s")
        began = time.perf_counter()
        seen = _buy(server, shop, clients=plan.clients, seconds=plan.seconds)
        took = time.perf_counter() - began
        say("the database alone")
        raw = _measure_raw(server, shop, plan)
    return figures(seen, plan=plan, took=took, raw_per_s=raw)


def _buy(server: OwnServer, shop: BenchShop, *, clients: int, seconds: float) -> Seen:
    from gongdao.front.bench.bench_shop import sign_payment

    wanted: Mapping[str, object] = {
        "listing": str(shop.listing_id),
        "version": shop.version,
        "quantity": 1,
        "terms": shop.terms,
        "pay_with": "sandbox",
    }
    errand = Errand(server.host, server.port, wanted, sign_payment)
    gc.collect()
    gc.freeze()  # or the buyers would look through all that was loaded to make their shop
    return run_buyers(errand=errand, clients=clients, seconds=seconds)


def _measure_raw(server: OwnServer, shop: BenchShop, plan: OrderPlan) -> float | None:
    """Orders per second that the database takes; None where too little is left on the shelf."""
    from gongdao.front.bench.bench_shop import count_left
    from gongdao.front.bench.raw_orders import play_orders
    from gongdao.front.bench.record_orders import record_orders

    wanted = min(max(int(plan.seconds * _RAW_PER_S), _RAW_LEAST * plan.clients), _RAW_MOST)
    count = min(wanted, count_left(shop))
    if count < _RAW_LEAST * plan.clients:
        return None
    tapes = record_orders(listing_id=shop.listing_id, version=shop.version, count=count)
    return play_orders(tapes, database_url=server.settings.database_url, clients=plan.clients)


def figures(seen: Seen, *, plan: OrderPlan, took: float, raw_per_s: float | None) -> dict[str, Any]:
    """What is printed: rates per second, times in milliseconds of a whole order."""
    times = sorted(seen.seconds)

    def at(share: float) -> float:
        return round(times[min(int(share * len(times)), len(times) - 1)] * 1000, 1) if times else 0

    return {
        "clients": plan.clients,
        "seconds": round(took, 2),
        "stock": plan.stock,
        "sold": plan.sold,
        "delivered_per_s": round(len(times) / took, 1),
        "raw_per_s": None if raw_per_s is None else round(raw_per_s, 1),
        "p50_ms": at(0.5),
        "p95_ms": at(0.95),
        "p99_ms": at(0.99),
        "delivered": len(times),
        "duplicates": len(seen.secrets) - len(set(seen.secrets)),
        "missing": seen.missing,
        "problems": seen.problems,
    }
