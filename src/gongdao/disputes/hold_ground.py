"""Hold something back from somebody with a ground that he can read, an end, and an appeal (F4).

A hold of this kind comes from a published limit (``abuse/…``) that recorded facts reach, or from a
person; it says which rule in which version, what it covers, until when, and how to appeal. It ends
by itself, and a person who did not place it decides about an appeal.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.core.clock import say_minute
from gongdao.core.errors import ConflictOfInterest, DisputeRefused, InputError, PayoutRefused
from gongdao.core.ids import new_id
from gongdao.core.language import Phrase
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.disputes.events import seal_words
from gongdao.disputes.learning_models import HoldGround


def place_ground(
    *,
    subject: SubjectRef,
    ground: str,
    rule: str,
    until: datetime,
    limit: Money | None = None,
    facts: Mapping[str, int | bool | str] | None = None,
    by: UUID | None = None,
    at: datetime,
) -> HoldGround:
    """Hold back what ``subject`` (a merchant, an order) would get, by ``rule`` with its version, at
    most ``limit``, until ``until``. The same ground again finds the one that stands.

    Raise DisputeRefused for an end that has passed.
    """
    if until <= at:
        raise DisputeRefused(Phrase("冻结要有一个还没到的结束时间。"))
    with transaction.atomic():
        row = HoldGround(
            id=new_id(at),
            subject_kind=subject.kind,
            subject_id=subject.id,
            ground=ground,
            rule=rule,
            limit_minor=limit.minor if limit else None,
            currency=limit.currency if limit else "",
            until=until,
            facts=dict(facts or {}),
            placed_by_id=by,
            placed_at=at,
        )
        HoldGround.objects.bulk_create([row], ignore_conflicts=True)
    return HoldGround.objects.get(
        subject_kind=subject.kind, subject_id=subject.id, ground=ground, lifted_at__isnull=True
    )


def appeal_ground(*, stores: Stores, ground_id: UUID, words: str, at: datetime) -> HoldGround:
    """Whom it concerns says why it is wrong; once. Raise DisputeRefused, InputError."""
    if not words.strip():
        raise InputError(_("请写明为什么不对。"), field="words")
    with transaction.atomic():
        row = _locked(ground_id)
        if row.appealed_at is not None:
            raise DisputeRefused(Phrase("这个冻结已经申诉过，正在等人处理。"))
        row.appealed_at = at
        row.sealed_appeal = seal_words(stores, row.id, words, at)
        row.save(update_fields=["appealed_at", "sealed_appeal"])
    return row


def lift_ground(*, ground_id: UUID, why: str, by: UUID, at: datetime) -> HoldGround:
    """A person ends it, and says why. Raise ConflictOfInterest where he placed it and it is under
    appeal, DisputeRefused where it has ended."""
    if not why.strip():
        raise InputError(_("请写明理由。"), field="why")
    with transaction.atomic():
        row = _locked(ground_id)
        if row.appealed_at is not None and row.placed_by_id == by:
            raise ConflictOfInterest
        row.lifted_at, row.lifted_by_id, row.lifted_why = at, by, why[:500]
        row.save(update_fields=["lifted_at", "lifted_by", "lifted_why"])
    return row


def end_grounds(*, at: datetime) -> int:
    """End every hold whose time is over; how many."""
    rows = HoldGround.objects.filter(lifted_at__isnull=True, until__lte=at)
    return rows.update(lifted_at=at, lifted_why="until")


def find_grounds(*, subject: SubjectRef, at: datetime) -> list[HoldGround]:
    """What stands against ``subject`` at this moment."""
    rows = HoldGround.objects.filter(
        subject_kind=subject.kind, subject_id=subject.id, lifted_at__isnull=True, until__gt=at
    )
    return list(rows.order_by("placed_at"))


def check_may_pay_out(*, merchant_id: UUID, at: datetime) -> None:
    """Raise PayoutRefused while a published limit holds back what the merchant would get."""
    grounds = find_grounds(subject=SubjectRef("merchant", merchant_id), at=at)
    if grounds:
        until = say_minute(max(one.until for one in grounds))
        raise PayoutRefused(
            Phrase("按公布的限制，{until} 以前不能付款。依据和申诉都在“争议”页。", until=until)
        )


def _locked(ground_id: UUID) -> HoldGround:
    row = HoldGround.objects.select_for_update().filter(id=ground_id, lifted_at__isnull=True)
    found = row.first()
    if found is None:
        raise DisputeRefused(Phrase("没有这个冻结，或它已经结束。"))
    return found
