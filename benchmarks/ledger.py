"""How many transfers a second the ledger takes, with the bare INSERTs beside it.

    python -m benchmarks.ledger [--seconds 4] [--clients 1 8 32] [--history 200000] [--write]

An own PostgreSQL with the defaults of a real server (what is committed is on disk); clients are
threads of this process, on the same cores. *hold* is the market's hot statement: a payment put
aside, one transaction. *bare* writes the same two rows into tables with the same columns and
indexes, without foreign keys, checks and triggers. Then the verbs one by one, and the same again
over a long history.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from benchmarks.web_ground import (
    DATA,
    ROOT,
    describe_machine,
    print_json,
    put_rows,
    quantile,
    stand_on,
)

from gongdao.core.ids import new_id
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import (
    GATEWAY_KINDS,
    MERCHANT_KINDS,
    PLATFORM,
    PLATFORM_KINDS,
    Account,
    AccountKind,
    accounts_of,
)
from gongdao.ledger.hold_payment import hold_payment_sql, hold_payment_values
from gongdao.ledger.transfers import Ground, TransferKind

MERCHANT, GATEWAY = SubjectRef("merchant", UUID(int=1)), SubjectRef("gateway", UUID(int=2))
CLEARING = Account(AccountKind.GATEWAY_CLEARING, GATEWAY)
HELD = Account(AccountKind.MERCHANT_HELD, MERCHANT)
FREE = Account(AccountKind.MERCHANT_FREE, MERCHANT)
FEE = Account(AccountKind.PLATFORM_FEE, PLATFORM)
REFUNDS = Account(AccountKind.BUYER_REFUND, GATEWAY)
PRICE = Money(9800)
Row = dict[str, Any]

_BARE_TABLES = """
DROP TABLE IF EXISTS bare_transfer, bare_hold;
CREATE TABLE bare_transfer (LIKE ledger_transfer INCLUDING IDENTITY INCLUDING INDEXES);
CREATE TABLE bare_hold (LIKE ledger_hold INCLUDING INDEXES);
"""
_BARE = """
WITH hold AS (
  INSERT INTO bare_hold (id, account_id, currency, owner_kind, owner_id, purpose, amount_minor,
                         left_minor, state, created_at)
  VALUES (%(hold_id)s, %(hold_to)s, %(hold_currency)s, %(hold_owner_kind)s, %(hold_owner_id)s,
          %(hold_purpose)s, %(hold_minor)s, %(hold_minor)s, 'held', %(hold_at)s))
INSERT INTO bare_transfer
  (journal_id, line, debit_id, credit_id, currency, debit_guard, credit_guard, amount_minor,
   kind, hold_id, owner_kind, owner_id, reference, at)
VALUES (%(hold_id)s, 0, %(hold_from)s, %(hold_to)s, %(hold_currency)s, 0, 2, %(hold_minor)s,
        'hold', %(hold_id)s, %(hold_owner_kind)s, %(hold_owner_id)s, %(hold_purpose)s, %(hold_at)s)
RETURNING seq
"""


def payment() -> Row:
    """The values of one payment nobody has seen."""
    at = datetime.now(UTC)
    return hold_payment_values(
        hold_id=new_id(at),
        source=CLEARING,
        held=HELD,
        amount=PRICE,
        owner=SubjectRef("order", new_id(at)),
        purpose="price",
        at=at,
    )


def open_house() -> None:
    """The accounts of one merchant, one gateway and the platform."""
    from gongdao.ledger.open_account import open_accounts

    accounts = [
        *accounts_of(MERCHANT_KINDS, MERCHANT),
        *accounts_of(GATEWAY_KINDS, GATEWAY),
        *accounts_of(PLATFORM_KINDS, PLATFORM),
    ]
    open_accounts(accounts=accounts, at=datetime.now(UTC))


def measure_statement(url: str, statement: str, clients: int, seconds: int) -> Row:
    """``clients`` connections that each do one transaction after another, for so long."""
    waits: list[list[float]] = [[] for _ in range(clients)]
    ready = threading.Barrier(clients)

    def work(number: int) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            ready.wait()
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                begun = time.perf_counter()
                connection.execute(statement, payment())
                waits[number].append(time.perf_counter() - begun)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [wait for one in waits for wait in one]
    return {
        "clients": clients,
        "per_s": round(len(found) / seconds),
        "p50_us": round(quantile(found, 0.5) * 1e6),
        "p99_us": round(quantile(found, 0.99) * 1e6),
    }


def measure_verb(name: str, verb: Callable[[], object], times: int = 200) -> Row:
    """One client, one verb after another, its transaction committed to disk each time; then the
    same without waiting for the disk, which is what the verb itself costs."""
    from django.db import connection

    row: Row = {"name": name}
    for key, sync in (("us", "on"), ("us_without_fsync", "off")):
        with connection.cursor() as cursor:
            cursor.execute(f"SET synchronous_commit = {sync}")
        waits = []
        for _ in range(times):
            begun = time.perf_counter()
            verb()
            waits.append(time.perf_counter() - begun)
        row[key] = round(quantile(waits, 0.5) * 1e6)
    row["statements"] = _count_statements(verb)
    return row


def _count_statements(verb: Callable[[], object]) -> int:
    """Statements without BEGIN, COMMIT and savepoints."""
    from django.db import connection

    seen = 0

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal seen
        seen += "SAVEPOINT" not in sql
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        verb()
    return seen


def measure_verbs() -> list[Row]:
    """What each verb costs alone."""
    from gongdao.ledger.place_hold import place_hold
    from gongdao.ledger.post_transfers import post_transfer
    from gongdao.ledger.queries import find_balance, find_merchant_money
    from gongdao.ledger.roll_up import roll_up
    from gongdao.ledger.settle_hold import Part, Settlement, settle_hold, settle_holds

    def place() -> UUID:
        at = datetime.now(UTC)
        owner = SubjectRef("order", new_id(at))
        return place_hold(source=CLEARING, held=HELD, amount=PRICE, owner=owner, at=at)

    parts = (
        Part(FREE, Money(9600), TransferKind.RELEASE),
        Part(FEE, Money(200), TransferKind.FEE),
    )
    holds = [place() for _ in range(402)]
    many = [[place() for _ in range(100)] for _ in range(42)]

    def settle() -> object:
        ground = Ground.CONFIRMATION
        return settle_hold(
            hold_id=holds.pop(), parts=parts, ground=ground, reference="c", at=datetime.now(UTC)
        )

    def sweep() -> object:
        settlements = [Settlement(hold, parts, Ground.EXPIRY, "e") for hold in many.pop()]
        return settle_holds(settlements=settlements, at=datetime.now(UTC))

    def refund() -> object:
        at = datetime.now(UTC)
        return post_transfer(
            source=FREE,
            target=REFUNDS,
            amount=Money(1),
            kind=TransferKind.REFUND,
            about=SubjectRef("order", new_id(at)),
            reference="1",
            at=at,
        )

    roll_up()
    return [
        measure_verb("place_hold", place),
        measure_verb("settle_hold (release + fee)", settle),
        measure_verb("settle_holds (100 holds, release + fee each)", sweep, times=20),
        measure_verb("post_transfer (free → refund)", refund),
        measure_verb("find_balance", lambda: find_balance(CLEARING), times=50),
        measure_verb(
            "find_merchant_money", lambda: find_merchant_money(merchant=MERCHANT), times=50
        ),
    ]


def grow(url: str, history: int) -> None:
    """So many more payments, each half released, in big transactions."""
    release = """
    INSERT INTO ledger_transfer (journal_id, line, debit_id, credit_id, currency, debit_guard,
      credit_guard, amount_minor, kind, hold_id, owner_kind, owner_id, reference, at)
    SELECT id, 0, account_id, %(free)s, currency, 2, 0, left_minor, 'refund', id, owner_kind,
      owner_id, 'refund:grown', now() FROM ledger_hold WHERE state = 'held' LIMIT 5000"""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for _ in range(max(1, history // 10_000)):
            cursor.executemany(hold_payment_sql(), [payment() for _ in range(5000)])
            cursor.execute(release, {"free": REFUNDS.id})
            connection.commit()
        connection.commit()
        cursor.execute("ANALYZE")
        connection.commit()


def measure_history() -> Row:
    """What reading and checking cost with the history that is there."""
    from gongdao.ledger.check_ledger import check_ledger
    from gongdao.ledger.queries import find_balance
    from gongdao.ledger.roll_up import roll_up

    def timed(verb: Callable[[], object]) -> tuple[int, Any]:
        begun = time.perf_counter()
        value = verb()
        return round((time.perf_counter() - begun) * 1000), value

    before, _balance = timed(lambda: find_balance(CLEARING))
    rolled, _upto = timed(roll_up)
    after, _same = timed(lambda: find_balance(CLEARING))
    checked_ms, checked = timed(check_ledger)
    if not checked.balanced:
        raise SystemExit("the ledger does not balance: the figures would be worth nothing")
    return {
        "transfers": checked.transfers,
        "balance_before_roll_up_ms": before,
        "roll_up_ms": rolled,
        "balance_after_roll_up_ms": after,
        "check_ms": checked_ms,
    }


def measure(clients: list[int], seconds: int, history: int) -> Row:
    """Everything, upon a database of its own."""
    import os

    place = DATA / "ledger"
    shutil.rmtree(place, ignore_errors=True)
    machine = describe_machine()
    with stand_on(place):
        url = os.environ["DATABASE_URL"]
        open_house()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(_BARE_TABLES)
        rates = []
        for number in clients:
            pair = {
                name: measure_statement(url, statement, number, seconds)
                for name, statement in (("bare", _BARE), ("hold", hold_payment_sql()))
            }
            rates.append(pair)
        verbs = measure_verbs()
        grow(url, history)
        grown = measure_history()
        again = measure_statement(url, hold_payment_sql(), max(clients), seconds)
    return {
        "machine": machine,
        "rates": rates,
        "verbs": verbs,
        "history": grown,
        "hold_after_history": again,
    }


def say(found: Row) -> str:
    """The figures as a part of results.md."""
    lines = [
        "## The ledger",
        "",
        found["machine"],
        "",
        "`python -m benchmarks.ledger`: a payment put aside, one transaction on disk each; bare:"
        " the same two rows without any check.",
        "",
        "| clients | bare /s | hold /s | bare p50 / p99 | hold p50 / p99 |",
        "|---:|---:|---:|---:|---:|",
    ]
    for pair in found["rates"]:
        bare, hold = pair["bare"], pair["hold"]
        lines.append(
            f"| {hold['clients']} | {bare['per_s']:,} | {hold['per_s']:,} |"
            f" {bare['p50_us']:,} / {bare['p99_us']:,} µs |"
            f" {hold['p50_us']:,} / {hold['p99_us']:,} µs |"
        )
    again, history = found["hold_after_history"], found["history"]
    lines += [
        "",
        f"With {history['transfers']:,} transfers there, {again['clients']} clients:"
        f" {again['per_s']:,} holds/s. The balance of the gateway's account takes"
        f" {history['balance_before_roll_up_ms']} ms before and"
        f" {history['balance_after_roll_up_ms']} ms after a roll-up (which takes"
        f" {history['roll_up_ms']} ms); the check of everything {history['check_ms']:,} ms.",
        "",
        "| verb, alone | statements | µs | µs without waiting for the disk |",
        "|---|---:|---:|---:|",
    ]
    lines += [
        f"| {row['name']} | {row['statements']} | {row['us']:,} | {row['us_without_fsync']:,} |"
        for row in found["verbs"]
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write into results.md where asked."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--history", type=int, default=200_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    found = measure(given.clients, given.seconds, given.history)
    if given.json:
        print_json(found)
    else:
        sys.stdout.write(say(found) + "\n")
    if given.write:
        put_rows(ROOT / "benchmarks" / "results.md", "ledger", say(found))


if __name__ == "__main__":
    main()
