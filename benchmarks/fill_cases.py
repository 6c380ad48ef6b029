"""Fill a database with cases, to measure with.

    python -m benchmarks.fill_cases [--cases 10000] [--data build/bench]

Every case has a key of its own, sealed content, files with stored readings, filings, deadlines,
reminders, shares, a session, and a fourth of them an account; rows are written in bulk, but sealed
by the same functions as the pages'. At the end some are opened and judged, so that a row which the
product would not write is found here.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from benchmarks.example_stories import MATTERS, Example, Told, read_example, tell
from benchmarks.web_ground import DATA, EXAMPLE, stand_on

if TYPE_CHECKING:
    from uuid import UUID

    from gongdao.casework.follow.deadlines import DeadlineView
    from gongdao.casework.online.open_case import OpenCase
    from gongdao.core.stores import Stores

DAYS_AGO = (6, 8, 10, 13, 16, 20, 24, 29, 35, 42, 50, 58)
"""How long ago the orders were: the older, the more deadlines have passed."""
FILED = (0, 0, 1, 1, 2, 3, 5)
ACCOUNTS = 200
_AT_ONCE = 250
_SEED = 20261102


@dataclass
class Rows:
    """Rows to be written together, by the name of their model; ``blobs`` are name and bytes."""

    of: dict[str, list[Any]] = field(default_factory=dict)
    blobs: list[tuple[str, bytes]] = field(default_factory=list)

    def add(self, *rows: Any) -> None:
        """Keep ``rows`` to be written."""
        for row in rows:
            self.of.setdefault(type(row).__name__, []).append(row)


@dataclass
class Filler:
    """What all cases are made with; deadlines of a matter that was told before are known."""

    stores: Stores
    example: Example
    rng: Random
    at: datetime
    users: list[UUID]
    known: dict[tuple[str, int, int], tuple[DeadlineView, ...]] = field(default_factory=dict)

    def deadlines(self, key: tuple[str, int, int], told: Told) -> tuple[DeadlineView, ...]:
        """The deadlines of a matter; the same for all with the same kind, day and filings."""
        if key not in self.known:
            from gongdao.casework.check import judge_case
            from gongdao.casework.follow.deadlines import find_deadlines
            from gongdao.casework.follow.filings import with_filings
            from gongdao.evidence.gather import gather

            statement = with_filings(told.statement, told.filings)
            dossier = gather(statement=statement, files=told.readings, as_of=self.at)
            clocks = judge_case(dossier).routes.clocks
            self.known[key] = find_deadlines(clocks, as_of=self.at)
        return self.known[key]


def fill(*, stores: Stores, example: Example, cases: int, at: datetime) -> int:
    """Write ``cases`` cases beside those that are there; return how many files they have."""
    rng = Random(_SEED + cases)
    filler = Filler(stores, example, rng, at, list(_make_users(at)))
    rows, files = Rows(), 0
    for number in range(cases):
        _make_case(filler, rows, number)
        if number % _AT_ONCE == _AT_ONCE - 1 or number == cases - 1:
            files += len(rows.of["Original"])
            _write(stores, rows)
            rows = Rows()
            print(f"\r{number + 1} cases", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return files


def _make_users(at: datetime) -> Iterator[UUID]:
    from gongdao.core.ids import new_id
    from gongdao.core.models import User

    users = [
        User(id=new_id(at), email=f"{new_id(at).hex}@mail.example", password="!none", joined_at=at)
        for _number in range(ACCOUNTS)
    ]
    User.objects.bulk_create(users)
    yield from (user.id for user in users)


def _make_case(filler: Filler, rows: Rows, number: int) -> None:
    """One case with everything in it. Every hundredth has forty filings, another sixty files."""
    rng, at = filler.rng, filler.at
    matter, ago = rng.choice(MATTERS), rng.choice(DAYS_AGO)
    filings = 40 if number % 100 == 50 else rng.choice(FILED)
    more = 60 - len(matter.files) if number % 100 == 51 else 0
    day = (at - timedelta(days=ago)).date()
    told = tell(filler.example, matter=matter, day=day, filings=filings, more_files=more, rng=rng)
    begun = at - timedelta(days=rng.uniform(0.1, ago - 4))
    case = _begin(filler, rows, told, begun, before=number % 20 == 7)
    _add_files(filler, rows, case, told, unread=number % 25 == 3)
    _add_filings(rows, case, told, at)
    _add_following(filler, rows, case, filler.deadlines((matter.name, ago, filings), told))


def _begin(filler: Filler, rows: Rows, told: Told, begun: datetime, *, before: bool) -> OpenCase:
    from gongdao.casework.online.begin_case import digest_link
    from gongdao.casework.online.content import CaseContent
    from gongdao.casework.online.models import Case
    from gongdao.casework.online.open_case import OpenCase, seal_content, subject_of
    from gongdao.core.envelope import code_digest, new_data_key, wrap
    from gongdao.core.ids import new_code, new_id, new_token, tidy_code
    from gongdao.core.models import DataKey

    rng, masters, key = filler.rng, filler.stores.masters, new_data_key()
    content = CaseContent(new_token(), new_code(), told.statement)
    subject = subject_of(new_id(begun))
    owned = rng.random() < 0.25
    row = Case(
        id=subject.id,
        link_digest=digest_link(content.link),
        code_digest=code_digest(masters.current, tidy_code(content.code)),
        owner_id=filler.users[min(int(rng.paretovariate(0.7)), ACCOUNTS) - 1] if owned else None,
        before_buying=before,
        sealed=seal_content(case_id=subject.id, key=key, content=content),
        begun_at=begun,
        changed_at=begun + (filler.at - begun) * rng.random(),
        seen_at=filler.at,
        closed_at=filler.at if rng.random() < 0.15 else None,
    )
    wrapped = wrap(masters, key, subject.aad("key"))
    rows.add(
        row,
        DataKey(
            id=new_id(begun),
            subject_kind=subject.kind,
            subject_id=subject.id,
            wrapped=wrapped,
            created_at=begun,
        ),
    )
    return OpenCase(row, content, key)


def _add_files(filler: Filler, rows: Rows, case: OpenCase, told: Told, *, unread: bool) -> None:
    """Originals, their readings, their blobs, and the record of who opened them."""
    from gongdao.casework.online.stale import context_of
    from gongdao.core.blobs import blob_name
    from gongdao.core.digest import digest_bytes
    from gongdao.core.envelope import address_of, seal, seal_chunks
    from gongdao.core.ids import new_id
    from gongdao.evidence.kept.models import Access, FileState, Original, Reading
    from gongdao.evidence.kept.original_facts import OriginalFacts, dump_facts
    from gongdao.evidence.kept.reading_json import load_reading

    key, subject, at = case.key, case.subject, case.row.begun_at
    own = {"subject_kind": subject.kind, "subject_id": subject.id}
    for place, file in enumerate(told.files):
        digests = digest_bytes(file.data)
        address = address_of(key, digests.sha256)
        waits = unread and place == len(told.files) - 1
        facts = OriginalFacts(file.path.rpartition("/")[2], "" if waits else file.path, digests)
        original = Original(
            id=new_id(at + timedelta(seconds=place)),
            address=address,
            size=digests.size,
            sealed=seal(key, dump_facts(facts), subject.aad(f"facts/{address}")),
            state=FileState.WAITING if waits else FileState.READ,
            added_at=at + timedelta(seconds=place),
            **own,
        )
        sealed = b"".join(
            seal_chunks(key, io.BytesIO(file.data), subject.aad(f"original/{address}"))
        )
        rows.blobs.append((blob_name(subject.id, address), sealed))
        rows.add(original)
        if waits:
            continue
        aad = subject.aad(f"reading/{address}")
        rows.add(
            Reading(
                original=original,
                sealed=seal(key, file.reading, aad + b"/reading"),
                kept_text=seal(key, file.kept_text, aad + b"/text"),
                context=context_of(told.statement, load_reading(file.reading)),
                read_at=at,
            ),
            *(
                Access(original_id=original.id, at=at, who=who, purpose=purpose, **own)
                for who, purpose in (("machine", "read"), ("owner", "view"))
            ),
        )


def _add_filings(rows: Rows, case: OpenCase, told: Told, at: datetime) -> None:
    import json

    from gongdao.casework.online.models import Filing
    from gongdao.core.envelope import seal
    from gongdao.core.ids import new_id

    for filing in told.filings:
        row_id = new_id(filing.filed_at)
        table = {
            "number": filing.number,
            "receipt": filing.receipt,
            "note": filing.note,
            "returned": None,
        }
        aad = case.subject.aad(f"filing/{row_id}")
        rows.add(
            Filing(
                id=row_id,
                case_id=case.row.id,
                channel=filing.channel,
                filed_at=filing.filed_at,
                outcome=filing.outcome.value if filing.outcome else "",
                outcome_at=filing.outcome_at,
                sealed=seal(case.key, json.dumps(table).encode(), aad),
                recorded_at=at,
            )
        )


def _add_following(
    filler: Filler, rows: Rows, case: OpenCase, deadlines: tuple[DeadlineView, ...]
) -> None:
    """Deadlines; for a third an address with its reminders; for a fifth a shared link; a session
    that holds the case."""
    from gongdao.casework.online.models import Deadline
    from gongdao.core.ids import new_id

    rng, at = filler.rng, filler.at
    for view in deadlines:
        rows.add(
            Deadline(
                id=new_id(at),
                case_id=case.row.id,
                key=view.key,
                channel=view.channel,
                rule=view.rule + "~" * view.estimated,
                since=view.since,
                due=view.due,
                rules=view.rules,
            )
        )
    if rng.random() < 0.33:
        _add_reminders(rows, case, deadlines, at)
    if rng.random() < 0.2:
        _add_share(rows, case, rng.choice(("standing", "letters", "files")), at)
    _add_session(rows, case)


def _add_reminders(
    rows: Rows, case: OpenCase, deadlines: tuple[DeadlineView, ...], at: datetime
) -> None:
    from gongdao.casework.follow.plan_reminders import plan_reminders
    from gongdao.casework.online.addresses import seal_fields
    from gongdao.casework.online.models import Address, Reminder
    from gongdao.casework.online.reminders import row_key
    from gongdao.core.ids import new_id

    address_id = new_id(at)
    rows.add(
        Address(
            id=address_id,
            case_id=case.row.id,
            kind="mail",
            sealed=seal_fields(case, address_id, {"address": f"{address_id.hex}@mail.example"}),
            code_digest=bytes(32),
            code_until=at,
            confirmed_at=at,
            added_at=at,
        )
    )
    planned = plan_reminders(
        deadlines=deadlines,
        filings=[],
        begun_at=case.row.begun_at,
        outcome_known=case.row.closed_at is not None,
        as_of=at,
    )
    for one in planned:
        rows.add(
            Reminder(
                id=new_id(at),
                case_id=case.row.id,
                key=row_key(address_id, one.key),
                kind=one.why.value,
                due=one.at,
                next_try=one.at,
            )
        )


def _add_share(rows: Rows, case: OpenCase, shows: str, at: datetime) -> None:
    import hashlib
    import json

    from gongdao.casework.online.models import Share
    from gongdao.core.envelope import seal
    from gongdao.core.ids import new_id, new_token

    share_id, token = new_id(at), new_token()
    content = json.dumps({"token": token, "note": "给律师看"}).encode()
    rows.add(
        Share(
            id=share_id,
            case_id=case.row.id,
            token_digest=hashlib.sha256(token.encode()).digest(),
            shows=shows,
            sealed=seal(case.key, content, case.subject.aad(f"share/{share_id}")),
            made_at=at,
            expires_at=at + timedelta(days=90),
        )
    )


def _add_session(rows: Rows, case: OpenCase) -> None:
    from importlib import import_module

    from django.conf import settings

    from gongdao.core.ids import new_token

    store = import_module(settings.SESSION_ENGINE).SessionStore(new_token())
    rows.add(store.create_model_instance({"cases": [str(case.row.id)]}))


def _write(stores: Stores, rows: Rows) -> None:
    """Blobs first, as the product does; then all rows in one transaction."""
    from django.apps import apps
    from django.db import transaction

    def put(blob: tuple[str, bytes]) -> None:
        stores.blobs.put(blob[0], io.BytesIO(blob[1]))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, rows.blobs))
    models = {model.__name__: model for model in apps.get_models()}
    order = ("Case", "DataKey", "Original", "Reading", "Access", "Filing", "Deadline", "Address")
    with transaction.atomic():
        for name in (*order, "Reminder", "Share", "Session"):
            models[name]._default_manager.bulk_create(rows.of.get(name, []), batch_size=500)


def _check(stores: Stores, rng: Random, at: datetime) -> None:
    """Open and judge some of the cases, and say so when a row is not as the product writes it."""
    from gongdao.casework.online.assemble_case import assemble_case
    from gongdao.casework.online.models import Case, Deadline
    from gongdao.casework.online.open_case import open_row
    from gongdao.evidence.kept.models import Original

    ids = list(Case.objects.values_list("id", flat=True))
    for case_id in rng.sample(ids, min(20, len(ids))):
        case = open_row(stores=stores, row=Case.objects.get(id=case_id))
        found = assemble_case(case=case, as_of=at)
        read = [one for one in found.files if one.row.state == "read"]
        if len(found.judgement.dossier.exhibits) != len(read):
            raise SystemExit(f"{case_id}: a reading does not open")
    count = Original.objects.count()
    print(f"{len(ids)} cases, {count} files, {Deadline.objects.count()} deadlines")


def ensure_cases(*, data_dir: Path, cases: int) -> None:
    """See to it that the database, on which Django is set up, holds at least ``cases`` cases."""
    from django.db import connection

    from gongdao.casework.online.models import Case
    from gongdao.front.clock import now
    from gongdao.front.stores import get_stores

    there, at, started = Case.objects.count(), now(), time.perf_counter()
    if there < cases:
        if not EXAMPLE.is_dir():
            raise SystemExit(f"{EXAMPLE}: the example is not here")
        example = read_example(EXAMPLE, data_dir / "example-readings.json")
        fill(stores=get_stores(), example=example, cases=cases - there, at=at)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        print(f"filled in {time.perf_counter() - started:.0f} s")
    _check(get_stores(), Random(_SEED), at)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--data", type=Path, default=DATA)
    given = parser.parse_args()
    with stand_on(given.data):
        ensure_cases(data_dir=given.data, cases=given.cases)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
