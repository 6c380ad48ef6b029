"""What one person of finance says happened outside moves money: at once up to the limit of a day,
over it when another person does it. Each step stands in the record of staff deeds.

What is only asked for has been tried and taken back, so that whoever asks hears at once what stands
against it. It is done as things stand when the other person confirms it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet, Sum

from gongdao.core.clock import beijing
from gongdao.core.errors import InputError, MoneyRefused
from gongdao.core.ids import new_id
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.market.staff import LONGEST_REASON, Actor, check_no_party, check_reason, note_deed
from gongdao.market.word_models import MoneyWord

ASKED, DROPPED = "money.ask", "money.drop"
"""Deeds of the record: asked for, and taken back."""
_LOCKS = 2
"""The first of the two numbers of such a lock (`buyer_cap` has 1). It is taken before all else."""
Do = Callable[[], object]
"""Does the deed; False where it had been done before: then nothing that it wrote stays."""


@dataclass(frozen=True)
class Word:
    """What is said: the deed's code in the record, what it is about (kind and id), the amount, the
    number that the bank or the service has for it, and ``given``, whatever else the deed needs."""

    deed: str
    about: tuple[str, str]
    amount: Money
    reference: str
    reason: str = ""
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def told(self) -> str:
        """As the record has it."""
        return " ".join(one for one in (str(self.amount), self.reference, self.reason) if one)


class Taken(Enum):
    """What became of a word."""

    DONE = auto()
    ASKED = auto()
    AGAIN = auto()
    """It had been said before; nothing is done or asked for twice."""


class _OnlyAsked(Exception):
    """Takes a deed back that another person has to do."""


class _DoneBefore(Exception):
    """Takes back what a deed wrote that had been done before: nobody stands for it."""


def take_word(*, word: Word, by: Actor, limit: Money, do: Do, at: datetime) -> Taken:
    """Do it (``do``), or ask another person to where the amount, with what one person alone did of
    this kind on this day in Beijing, is over ``limit``. Raise InputError for an amount of nothing;
    whatever ``do`` raises passes through."""
    if word.amount.minor <= 0:
        raise InputError(Phrase("金额必须大于零"), field="amount")
    with transaction.atomic():
        _lock_day(word.deed)
        if _same(word).exists():
            return Taken.AGAIN
        second = _needs_second(word, limit, at)
        try:
            with transaction.atomic():
                if do() is False:
                    raise _DoneBefore
                if second:
                    raise _OnlyAsked
        except _DoneBefore:
            return Taken.AGAIN
        except _OnlyAsked:
            pass
        _write(word, by, second, at)
        code, told = (ASKED, f"{word.deed}: {word.told}") if second else (word.deed, word.told)
        note_deed(by=by, deed=code, about=word.about, reason=told, at=at)
    return Taken.ASKED if second else Taken.DONE


def confirm_word(*, word_id: UUID, by: Actor, do: Do, at: datetime) -> bool:
    """Do what was asked for, by somebody else than who asked; False where it was done before. Raise
    MoneyRefused for the same person and for a party to it, and where it was taken back or done
    otherwise meanwhile."""
    with transaction.atomic():
        row = _lock(word_id)
        if row.state == "done":
            return False
        if row.state != "waiting":
            raise MoneyRefused(Phrase("这一笔已经撤回了。"))
        if None in (row.asked_by, by.id) or row.asked_by == by.id:
            raise MoneyRefused(Phrase("超过限额的要由另一个人确认。"))
        check_no_party(by=by, about=(row.about_kind, row.about_id))
        if do() is False:
            raise MoneyRefused(Phrase("这一笔已经另外办过了，请把它撤回。"))
        _end(row, "done", by, at)
        word = word_of(row)
        note_deed(by=by, deed=word.deed, about=word.about, reason=word.told, at=at)
    return True


def drop_word(*, word_id: UUID, by: Actor, reason: str, at: datetime) -> bool:
    """Take back what was asked for, with a reason; False where it had ended before."""
    said = check_reason(reason)
    with transaction.atomic():
        row = _lock(word_id)
        if row.state != "waiting":
            return False
        _end(row, "dropped", by, at)
        word = word_of(row)
        told = f"{word.deed}: {word.amount} {word.reference} {said}"
        note_deed(by=by, deed=DROPPED, about=word.about, reason=told, at=at)
    return True


def waiting_words() -> QuerySet[MoneyWord]:
    """What waits for another person, the oldest first."""
    return MoneyWord.objects.filter(state="waiting").order_by("asked_at", "id")


def word_of(row: MoneyWord) -> Word:
    """What was said, from its row."""
    amount, about = Money(row.amount_minor, row.currency), (row.about_kind, row.about_id)
    return Word(row.deed, about, amount, row.reference, row.reason, row.given)


def _lock_day(deed: str) -> None:
    """Others of this kind wait until the transaction ends: two at once would not count each
    other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (_LOCKS, deed))


def _same(word: Word) -> QuerySet[MoneyWord]:
    return MoneyWord.objects.filter(
        deed=word.deed,
        about_kind=word.about[0],
        about_id=word.about[1],
        reference=word.reference,
        state="waiting",
    )


def _needs_second(word: Word, limit: Money, at: datetime) -> bool:
    if word.amount.currency != limit.currency:
        return True
    today = beijing(at).replace(hour=0, minute=0, second=0, microsecond=0)
    alone = MoneyWord.objects.filter(
        deed=word.deed, state="done", second=False, currency=limit.currency, ended_at__gte=today
    )
    before = int(alone.aggregate(all=Sum("amount_minor"))["all"] or 0)
    return before + word.amount.minor > limit.minor


def _write(word: Word, by: Actor, second: bool, at: datetime) -> None:
    MoneyWord.objects.create(
        id=new_id(at),
        deed=word.deed,
        about_kind=word.about[0],
        about_id=word.about[1],
        amount_minor=word.amount.minor,
        currency=word.amount.currency,
        reference=word.reference,
        given=dict(word.given),
        reason=word.reason[:LONGEST_REASON],
        second=second,
        state="waiting" if second else "done",
        asked_by=by.id,
        asked_mail=by.mail,
        asked_at=at,
        ended_by=None if second else by.id,
        ended_at=None if second else at,
    )


def _end(row: MoneyWord, state: str, by: Actor, at: datetime) -> None:
    row.state, row.ended_by, row.ended_at = state, by.id, at
    row.save(update_fields=["state", "ended_by", "ended_at"])


def _lock(word_id: UUID) -> MoneyWord:
    row = MoneyWord.objects.select_for_update(no_key=True).filter(id=word_id).first()
    if row is None:
        raise MoneyRefused(Phrase("没有这一笔。"))
    return row
