"""Money: exact, in yuan as written, never mixed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongdao.core.errors import InputError
from gongdao.core.money import Money

_MINOR = st.integers(-(10**13) + 1, 10**13 - 1)


@given(_MINOR)
def test_what_is_written_is_read(minor: int) -> None:
    """Writing and reading again keeps every fen."""
    assert Money.parse(str(Money(minor))) == Money(minor)


@given(_MINOR, _MINOR)
def test_sums_are_exact(one: int, two: int) -> None:
    """Adding and taking away leaves what was there."""
    assert Money(one) + Money(two) - Money(two) == Money(one)


@pytest.mark.parametrize(
    "text", ["98", "98.0", "98.00", "¥98", "￥98.00", "98元", " 98 元", "９８．００"]
)
def test_spellings_of_one_amount(text: str) -> None:
    """Signs, blanks and full width do not matter."""
    assert Money.parse(text) == Money(9800)


@pytest.mark.parametrize("text", ["", "九十八", "98.001", "98块", "1e3", "--5", "nan", "9" * 20])
def test_what_is_no_amount_is_refused(text: str) -> None:
    """Anything else is an error with an example."""
    with pytest.raises(InputError, match=r"98\.00"):
        Money.parse(text)


def test_currencies_do_not_mix() -> None:
    """Adding yuan to dollars is a fault of the program."""
    with pytest.raises(ValueError, match="mix"):
        Money(1) + Money(1, "USD")
