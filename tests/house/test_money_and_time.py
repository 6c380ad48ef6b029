"""No float near money, and no clock below an entry point."""

from __future__ import annotations

import ast

import pytest
from tests.house.house_sources import Source, find_sources

MONEY = (
    "src/gongdao/rules",
    "src/gongdao/ledger",
    "src/gongdao/channels",
    "src/gongdao/casework",
)
ENTRIES = ("src/gongdao/front/", "src/gongdao_verify/main.py")
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime", "ctime"}
CLOCK_OWNERS = {"datetime", "date", "time"}
MEASURES = {
    "src/gongdao/casework/letter_docx.py": "sizes on paper, in points and centimetres",
    "src/gongdao/casework/index_pdf.py": "sizes on paper",
    "src/gongdao/core/timestamp.py": "seconds to wait for a service",
}
"""Files through which no amount passes as a number, with what their floats measure."""
EXCUSE = "# no money:"
"""Behind a line whose float is a share or a similarity, with the reason."""


def _find_floats(source: Source) -> list[str]:
    lines = source.text.splitlines()
    found = []
    for node in ast.walk(source.tree):
        literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
        call = (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "float"
        )
        if not (literal or call):
            continue
        number = getattr(node, "lineno", 0)
        if not lines[number - 1].partition(EXCUSE)[2].strip():
            found.append(f"{source.name}:{number}")
    return found


def _find_clocks(source: Source) -> list[str]:
    imported = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and node.module == "time"
        for alias in node.names
    }
    found = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS:
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else ""
            owner = node.value.id if isinstance(node.value, ast.Name) else owner
            if owner in CLOCK_OWNERS and (owner, node.attr) != ("datetime", "time"):
                found.append(f"{source.name}:{node.lineno}")
        elif isinstance(node, ast.Name) and imported.get(node.id) in CLOCKS:
            found.append(f"{source.name}:{node.lineno}")
    return found


def test_no_float_near_money():
    """Amounts are integer minor units: no float literal and no ``float()`` where they pass."""
    sources = [s for s in find_sources("src/gongdao/core") if s.name.endswith("money.py")]
    assert sources
    sources += [s for s in find_sources(*MONEY) if s.name not in MEASURES]
    found = [line for source in sources for line in _find_floats(source)]
    assert not found, found


def test_files_of_measures_touch_no_money():
    """A file whose floats are let through does not import Money, or they might meet."""
    for source in find_sources("src"):
        if source.name in MEASURES:
            assert "gongdao.core.money" not in source.text, source.name


def test_time_is_an_argument():
    """Below front, nothing asks the machine what time it is: the same input, the same answer."""
    sources = [s for s in find_sources("src") if not s.name.startswith(ENTRIES)]
    found = [line for source in sources for line in _find_clocks(source)]
    assert not found, found


@pytest.mark.parametrize(
    ("text", "bad"),
    [
        ("x = 0.5", True),
        ("x = float(y)", True),
        ("x = 0.5  # no money:", True),
        ("x = 0.5  # no money: a share of letters", False),
        ("x: float = y", False),
        ("x = 5", False),
    ],
)
def test_floats_are_seen(text, bad):
    """A float is reported unless its line says why it is no money."""
    assert bool(_find_floats(Source("a.py", text))) == bad


@pytest.mark.parametrize(
    ("text", "bad"),
    [
        ("from datetime import datetime\nx = datetime.now(UTC)", True),
        ("import datetime\nx = datetime.date.today()", True),
        ("import datetime\nx = datetime.datetime.utcnow()", True),
        ("import time\nx = time.time()", True),
        ("from time import time as t\nx = t()", True),
        ("field(default_factory=datetime.now)", True),
        ("import time\nx = time.monotonic()", False),
        ("from datetime import datetime, time\nx = datetime.combine(d, time(9))", False),
        ("x = message.time", False),
    ],
)
def test_clocks_are_seen(text, bad):
    """Each way to read the wall clock is reported; durations and fields called time are not."""
    assert bool(_find_clocks(Source("a.py", text))) == bad
