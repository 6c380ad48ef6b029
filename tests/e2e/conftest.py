"""A real server, a real browser, and people who use them; shared by all end-to-end tests.

One server does for the whole session, a browser for one file of tests. With ``GONGDAO_SHOTS``
set to a folder a picture of every page that was visited is kept there, for people to look at.
"""

from __future__ import annotations

import os
import re
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tests.database import begin_market
from tests.e2e.real_server import Post, RealServer
from tests.e2e.visitor import Visitor, open_visitor
from tests.front.web.look_kit import find_browser, open_browser

_NETWORKS = count(1)
_STARTED: list[RealServer] = []


@pytest.fixture(scope="session")
def post():
    """A mail server that keeps what it is given."""
    opened = Post()
    opened.open()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def real_server(tmp_path_factory, post):
    """`gongdao serve` with everything, on a data folder of its own, the demonstration's market in
    it."""
    server = RealServer(tmp_path_factory.mktemp("e2e"), post.url)
    server.market = begin_market(server.data)
    server.start()
    _STARTED.append(server)
    yield server
    server.stop()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    """Awake the server if it rests."""
    for server in _STARTED:
        server.revive()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem):
    """Let the server rest while tests of other folders run: it is busy also when nobody asks."""
    if nextitem is not None and nextitem.path.parent != Path(__file__).parent:
        for server in _STARTED:
            server.stop()


@pytest.fixture(scope="session")
def market(real_server):
    """The market of the demonstration on the real server; what `demo-market` said."""
    return real_server.market | {"market": f"{real_server.url}/market/"}


@pytest.fixture(scope="session")
def second_factor():
    """Where the operator's session is kept, once he has used his second factor."""
    return dict[str, Any]()


@pytest.fixture(scope="module")
def browser():
    """Chromium for this file; without one the tests of it are skipped, and .ci/run fails."""
    path = find_browser()
    if path is None:
        pytest.skip("no Chromium on this machine: the end-to-end tests did NOT run")
    with open_browser(path) as opened:
        yield opened


@pytest.fixture
def meet(browser, real_server, request):
    """Call it to meet a person: ``meet("phone")`` or ``meet("desktop")``. When the test is over,
    nothing may have been wrong with any page they saw, nor in the server's log."""
    met: list[Visitor] = []
    logged = len(real_server.said())

    def open_one(device: str = "phone", **more) -> Visitor:
        number = next(_NETWORKS)
        network = f"198.18.{number // 250}.{number % 250 + 1}"  # of no test that names its own
        one = open_visitor(
            browser,
            real_server.url,
            device=device,
            network=network,
            shots=_shots(request.node.name),
            **more,
        )
        met.append(one)
        return one

    yield open_one
    complaints = [said for one in met for said in one.complaints]
    for one in met:
        one.context.close()
    assert not complaints, "\n" + "\n".join(complaints)
    assert "server_dies" in request.fixturenames or real_server.faults(logged) == []


@pytest.fixture
def server_dies(real_server):
    """For a test that kills the server: its log may tell of it. It runs again afterwards."""
    yield
    real_server.revive()


def _shots(test: str) -> Path | None:
    asked = os.environ.get("GONGDAO_SHOTS", "")
    if not asked:
        return None
    folder = Path(asked) / re.sub(r"[^\w]+", "-", test).strip("-")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
