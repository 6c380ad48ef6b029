"""Every page of the site in at most fifteen queries, however much there is in a case."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from benchmarks.known_cases import know_case
from benchmarks.page_list import Address, Found, find_addresses
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.casework.online.online_kit import new_case, reopen
from tests.evidence.dossier_kit import BUYER, FULL, ORDER, SILENT, failure, receipt
from tests.front.web.public_kit import make_user

from gongdao.casework.follow.filings import CHANNELS, Filing
from gongdao.casework.online.addresses import add_address, confirm_address
from gongdao.casework.online.filings import record_filing
from gongdao.casework.online.follow_case import follow_case
from gongdao.casework.online.models import Case
from gongdao.casework.online.own_case import take_case
from gongdao.casework.online.share_case import Shows, share_case
from gongdao.core.codes import Demand, Reason
from gongdao.core.money import Money
from gongdao.evidence.statement import Claim, Statement
from gongdao.front.clock import now

MOST = 15
STATED = Statement(
    order=ORDER,
    buyer=BUYER,
    claim=Claim((Reason.INVALID_SECRET,), Demand.REFUND, Money(9800)),
    contacts=SILENT,
)


def _fill(stores, *, files, filings):
    """A case with so many files and filings, two shared links and a confirmed address."""
    at = now()
    pages = [replace(receipt(), path=f"during/receipt-{n}.png") for n in range(files - len(FULL))]
    case = new_case(stores, statement=STATED, readings=(*FULL, failure(), *pages[1:]), at=at)
    for number in range(filings):
        filed = Filing(CHANNELS[number % len(CHANNELS)], at - timedelta(hours=1 + number), "T1")
        record_filing(case=case, filing=filed, at=at)
    for shows in (Shows.LETTERS, Shows.FILES):
        share_case(case=case, shows=shows, note="x", lasts=timedelta(days=7), at=at)
    fields = {"address": "buyer@mail.example"}
    address, code = add_address(
        stores=stores, case=case, kind="mail", fields=fields, network="127.0.0.1", at=at
    )
    assert confirm_address(stores=stores, case=case, address_id=address.id, code=code, at=at)
    follow_case(stores=stores, case_id=case.row.id, at=at)
    return reopen(stores, case)


def _look(client: Client, path: str):
    """The answer to a second look at a page, and its queries: the first fills what is cached."""
    client.get(path)
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(path)
    return answer, [query["sql"] for query in seen.captured_queries]


def _is_page(answer):
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    return answer.status_code == 200 and kind == "text/html"


def _visit(client: Client, found: Found, addresses: list[Address]) -> dict[str, list[str]]:
    """The queries of every page of the case, by route; what is no page is left out."""
    queries = {}
    for address in addresses:
        path = address.fill(found.known, Random(1))
        if path is None:
            continue
        answer, asked = _look(client, path)
        if _is_page(answer):
            queries[address.route] = asked
    return queries


def _owner(client, case):
    """Sign in as the account that owns the case, on a device that also holds it."""
    user = make_user("buyer@mail.example")
    assert take_case(case_id=case.row.id, owner_id=user.id)
    client.force_login(user)
    code = {"code": case.content.code}
    assert client.post(f"/c/{case.content.link}/open/", code).status_code == 302


@pytest.fixture
def addresses():
    """Every address of the site that may be a page; leaving the account comes last."""
    return sorted(find_addresses(), key=lambda one: "logout" in one.route)


@pytest.mark.slow
def test_every_page_keeps_to_the_budget(stores, client, addresses):
    """At most fifteen queries for any page of a filled case, signed in, which costs two more."""
    case = _fill(stores, files=12, filings=6)
    _owner(client, case)
    queries = _visit(client, know_case(stores=stores, case=case, at=now()), addresses)
    counts = {route: len(asked) for route, asked in queries.items()}
    print("\n".join(f"{count:3} {route}" for route, count in sorted(counts.items())))
    assert len(counts) >= 45, sorted(counts)
    over = {route: queries[route] for route, count in counts.items() if count > MOST}
    assert not over, over


@pytest.mark.slow
def test_queries_do_not_grow_with_the_case(stores, client, addresses):
    """Sixty files and forty filings cost as many queries as six files and one filing."""
    counts = []
    for files, filings in ((7, 1), (60, 40)):
        case = _fill(stores, files=files, filings=filings)
        client.post(f"/c/{case.content.link}/open/", {"code": case.content.code})
        found = know_case(stores=stores, case=case, at=now())
        found.known |= {"channel.code": ["in_platform"], "letter.name": ["demand"]}
        mine = [a for a in addresses if not a.route.startswith(("me/", "accounts/"))]
        queries = _visit(client, found, mine)
        counts.append({route: len(asked) for route, asked in queries.items()})
    few, many = counts
    assert len(few) >= 30 and set(few) == set(many)
    grown = {route: (few[route], many[route]) for route in few if many[route] > few[route]}
    assert not grown, grown


def test_the_list_of_cases_does_not_grow(stores, client):
    """An account with thirty cases asks as often as one with one."""
    user = make_user("many@mail.example")
    client.force_login(user)
    counts = []
    for more in (1, 29):
        for _case in range(more):
            case = new_case(stores, statement=STATED)
            Case.objects.filter(id=case.row.id).update(owner=user)
        counts.append(len(_look(client, "/me/")[1]))
    assert counts[0] == counts[1] <= MOST


def test_a_page_that_asked_once_a_file_would_be_found(stores, client):
    """The control: queries in a loop over files are seen by the count."""
    case = _fill(stores, files=12, filings=1)
    client.post(f"/c/{case.content.link}/open/", {"code": case.content.code})
    from gongdao.front.web import report

    def slowly(case, as_of, real=report.assemble_case):
        found = real(case=case, as_of=as_of)
        for file in found.files:
            file.row.refresh_from_db(fields=["state"])
        return found

    page = f"/c/{case.content.link}/standing/"
    few = len(_look(client, page)[1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "assemble_case", slowly)
        assert len(_look(client, page)[1]) >= few + 12


def test_kept_texts_are_not_loaded_with_a_page(stores, client):
    """The texts that are kept for reading again, as large as the readings, stay where they are."""
    case = _fill(stores, files=7, filings=0)
    client.post(f"/c/{case.content.link}/open/", {"code": case.content.code})
    _answer, asked = _look(client, f"/c/{case.content.link}/files/")
    assert any('"evidence_reading"."sealed"' in sql for sql in asked)
    assert not any("kept_text" in sql for sql in asked)
