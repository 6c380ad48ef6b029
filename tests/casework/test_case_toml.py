"""Writing case.toml: whatever a statement holds is read back the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gongdao.casework.case_toml import write_case_toml
from gongdao.casework.folder import CASE_FILE, load_case_folder
from gongdao.channels.route import PARTY_OF
from gongdao.core.codes import (
    Category,
    Condition,
    Demand,
    Kind,
    Means,
    Outcome,
    Party,
    Payment,
    Reason,
    Speaker,
)
from gongdao.core.errors import InputError
from gongdao.core.money import Money
from gongdao.evidence.statement import (
    AlsoDemand,
    Buyer,
    Claim,
    Contact,
    ExhibitNote,
    Order,
    Statement,
)

_Part = TypeVar("_Part", Order, Buyer, Contact, ExhibitNote)
_HARD = (
    "",
    '"',
    "'''",
    '"""',
    "\\",
    "\\u0041",
    "#",
    "[x]",
    "=",
    "\r\n",
    "\n",
    "\t",
    "\x00",
    "\x7f",
)
_ODD = ("\u0085", "\u2028", "\u202e", "\ufeff", "é", "é", "👨‍👩‍👧", "𠮷", "？", "\ud800", "｛")
_TEXT = st.lists(
    st.sampled_from((*_HARD, *_ODD, "卡密 无效", "98.00", "true")) | st.text(max_size=8), max_size=5
).map("".join)
_MONEY = st.integers(0, 10**12 - 1).map(Money)
_TIME = st.datetimes(
    min_value=datetime(1990, 1, 2),
    max_value=datetime(2199, 12, 30),
    timezones=st.sampled_from((UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-11)))),
)


def _maybe(values: st.SearchStrategy) -> st.SearchStrategy:
    return st.none() | values


_ORDERS = st.builds(
    Order,
    **{
        name: _TEXT
        for name in (
            *("platform", "platform_url", "merchant", "payee", "product", "order_no"),
            *("transaction_no", "promise"),
        )
    },
    **{name: _maybe(_MONEY) for name in ("face_value", "listed_price", "paid")},
    **{name: _maybe(_TIME) for name in ("ordered_at", "paid_at", "delivered_at")},
    category=_maybe(st.sampled_from(Category)),
    quantity=_maybe(st.integers(1, 1_000_000)),
    payment=_maybe(st.sampled_from(Payment)),
)
_CLAIMS = st.builds(
    Claim,
    reasons=st.lists(st.sampled_from(Reason), unique=True, max_size=4).map(tuple),
    demand=_maybe(st.sampled_from(Demand)),
    amount=_maybe(_MONEY),
    suspect_fraud=st.booleans(),
    also=st.lists(st.builds(AlsoDemand, st.sampled_from(Demand), _maybe(_MONEY)), max_size=3).map(
        tuple
    ),
)


@st.composite
def _contact(draw: st.DrawFn) -> Contact:
    """A contact; a channel only of its party, an outcome only after it."""
    party = draw(st.sampled_from(Party))
    at, later = sorted((draw(_TIME), draw(_TIME)))
    channels = [code for code, behind in PARTY_OF.items() if behind is party]
    return Contact(
        at=at,
        party=party,
        by=draw(st.sampled_from(Means)),
        outcome=draw(st.sampled_from(Outcome)),
        note=draw(_TEXT),
        channel=draw(st.sampled_from(["", *channels])),
        outcome_at=draw(_maybe(st.just(later))),
    )


_CONTACTS = st.lists(_contact(), max_size=3)
_FILES = st.tuples(st.sampled_from(("before/", "during/", "after/")), _TEXT).map(
    lambda parts: parts[0] + "x" + parts[1].replace("/", "").replace("\\", "") + ".png"
)
_NOTES = st.lists(
    st.builds(
        ExhibitNote,
        file=_FILES,
        kind=_maybe(st.sampled_from(Kind)),
        captured_at=_maybe(_TIME),
        original=_maybe(st.booleans()),
        condition=_maybe(st.sampled_from(Condition)),
        note=_TEXT,
    ),
    max_size=3,
)
_STATEMENTS = st.builds(
    Statement,
    order=_ORDERS,
    buyer=st.builds(Buyer, st.booleans(), st.booleans(), _TEXT, _TEXT, _TEXT),
    claim=_CLAIMS,
    contacts=_CONTACTS.map(tuple),
    exhibits=_NOTES.map(lambda notes: {note.file: note for note in notes}),
    chat_names=st.dictionaries(_TEXT, st.sampled_from(Speaker), max_size=3),
)


def _held(text: str) -> str:
    """``text`` as the format keeps it: what is no character a question mark, trimmed."""
    return text.encode("utf-8", "replace").decode().strip()


def _texts_held(part: _Part) -> _Part:
    values: dict[str, Any] = {k: _held(v) for k, v in vars(part).items() if type(v) is str}
    return replace(part, **values)


def _as_held(statement: Statement) -> Statement:
    """``statement`` as far as case.toml can hold it: contacts in their order, texts trimmed."""
    notes = [_texts_held(note) for note in statement.exhibits.values()]
    contacts = sorted(statement.contacts, key=lambda contact: contact.at)
    return replace(
        statement,
        order=_texts_held(statement.order),
        buyer=_texts_held(statement.buyer),
        contacts=tuple(_texts_held(contact) for contact in contacts),
        exhibits={note.file: note for note in notes},
        chat_names={
            name.encode("utf-8", "replace").decode(): role
            for name, role in statement.chat_names.items()
        },
    )


def _read_back(root: Path, statement: Statement) -> Statement:
    (root / CASE_FILE).write_text(write_case_toml(statement=statement), "utf-8", newline="")
    return load_case_folder(root).statement


@given(_STATEMENTS)
@example(Statement())
@example(Statement(chat_names={"\ud800": Speaker.BUYER, "?": Speaker.MERCHANT}))
@example(Statement(buyer=Buyer(name="[contact]\nwith = 1")))
@settings(max_examples=150, deadline=None)
def test_every_statement_is_read_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, statement: Statement
) -> None:
    """What is written is loaded as the statement it was, however odd its texts."""
    there = _read_back(tmp_path_factory.mktemp("case"), statement)
    assert there == _as_held(statement)


@given(_STATEMENTS)
@settings(max_examples=30, deadline=None)
def test_writing_again_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, statement: Statement
) -> None:
    """A statement that was loaded is written to the same bytes as before."""
    once = _read_back(tmp_path_factory.mktemp("case"), statement)
    text = write_case_toml(statement=once)
    (folder := tmp_path_factory.mktemp("again")).joinpath(CASE_FILE).write_text(text, "utf-8")
    assert write_case_toml(statement=load_case_folder(folder).statement) == text


def test_each_line_still_says_what_it_is_for() -> None:
    """The comments of the template stand in a file that is filled, too."""
    contact = Contact(datetime(2026, 11, 2, tzinfo=UTC), Party.PLATFORM, Means.CHAT, Outcome.SOLVED)
    text = write_case_toml(
        statement=Statement(
            order=Order(platform="示例站"), buyer=Buyer(own_use=False), contacts=(contact,)
        )
    )
    assert "# 网站或应用的名字" in text
    assert "own_use  = false     # 自己用；为转卖而买写 false" in text
    assert "# 每联系对方一次，就加一段：" in text
    assert text.count("[[contact]]\n") == 2


@pytest.mark.parametrize(
    "statement",
    [
        Statement(order=Order(paid=Money(9800, "USD"))),
        Statement(claim=Claim(amount=Money(9800, "USD"))),
        Statement(claim=Claim(also=(AlsoDemand(Demand.REFUND, Money(1, "USD")),))),
    ],
)
def test_no_amount_becomes_yuan_unnoticed(statement: Statement) -> None:
    """A case holds yuan alone, so another currency is refused rather than rewritten."""
    with pytest.raises(InputError):
        write_case_toml(statement=statement)
