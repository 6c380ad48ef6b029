"""Cases one after the other, each in a transaction of its own with its rows locked. What somebody
else holds is passed over; a case that refuses keeps no other waiting: the next round finds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db import DatabaseError, OperationalError, transaction

from gongdao.core.errors import GongdaoError
from gongdao.disputes.locks import lock_case_if_free
from gongdao.disputes.models import Case
from gongdao.market.models import Order


@dataclass
class Round:
    """What a round did: how many cases moved, by the deed; which refused, with the error's code."""

    deeds: Counter[str] = field(default_factory=Counter)
    refused: dict[UUID, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many cases moved."""
        return self.deeds.total()

    def __add__(self, other: Round) -> Round:
        """Both rounds as one."""
        return Round(self.deeds + other.deeds, self.refused | other.refused)


def each_case(case_ids: Iterable[UUID], deed: Callable[[Case, Order], str]) -> Round:
    """Do ``deed`` to each case that is free; it says what it did, empty for nothing. What happened
    before a refusal is undone. Raise OperationalError: with no database nothing moves at all."""
    done = Round()
    for case_id in case_ids:
        try:
            with transaction.atomic():
                locked = lock_case_if_free(case_id)
                did = deed(*locked) if locked else ""
        except GongdaoError as error:
            done.refused[case_id] = error.code
        except OperationalError:
            raise
        except DatabaseError as error:
            done.refused[case_id] = type(error).__name__
        else:
            done.deeds.update([did] if did else [])
    return done
