"""Guesses at coupon codes are limited: for whoever makes them, and for each listing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from gongdao.core.attempts import Limit, count_attempt, take_back_attempt
from gongdao.core.errors import InputError
from gongdao.core.stores import Stores

PER_CALLER = Limit("coupon-caller", 30, timedelta(hours=1))
"""Wrong codes of one network, or of one account by its keys."""
PER_LISTING = Limit("coupon-listing", 500, timedelta(hours=1))
"""Wrong codes for one listing, whoever enters them: guessing from many networks ends here."""


@contextmanager
def limiting_guesses(
    *, stores: Stores, code: str, listing_id: UUID, caller: str, at: datetime
) -> Iterator[None]:
    """Around the placing of an order: a code that does not hold counts; one that does, and anything
    else that goes wrong, does not. Raise TooManyAttempts before anything is tried.

    Counted first and taken back, so that many at once are no more than the limit. Not inside the
    transaction of the order, which a wrong code undoes.
    """
    if not code:
        yield
        return
    tries = ((PER_CALLER, caller), (PER_LISTING, str(listing_id)))
    for limit, who in tries:
        count_attempt(stores=stores, limit=limit, who=who, at=at)
    wrong = False
    try:
        yield
    except InputError as error:
        wrong = error.place.field == "coupon"
        raise
    finally:
        if not wrong:
            for limit, who in tries:
                take_back_attempt(stores=stores, limit=limit, who=who)
