"""Hold something back from somebody, or limit him, with a ground that he can read, an end, and an
appeal (F4).

A hold of this kind comes from a published limit (``abuse/…``) that recorded facts reach, or from a
person; it says which rule in which version, what it covers, until when, and how to appeal. It ends
by itself, and a person who did not place it decides about an appeal.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from gongdao.core.clock import beijing, say_minute
from gongdao.core.errors import (
    ConflictOfInterest,
    DisputeRefused,
    InputError,
    NotKnown,
    PayoutRefused,
)
from gongdao.core.ids import new_id
from gongdao.core.language import Phrase
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.disputes.decide_abuse import Measure
from gongdao.disputes.events import seal_words
from gongdao.disputes.learning_models import HoldGround
from gongdao.disputes.table_rows import read_rows
from gongdao.market.models import MerchantMember, Order
from gongdao.rules.at import all_at
from gongdao.rules.at import at as rule_at
from gongdao.rules.dispute_kinds import AbuseRule


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
        same = HoldGround.objects.filter(
            subject_kind=subject.kind, subject_id=subject.id, ground=ground
        )
        same.filter(lifted_at__isnull=True, until__lte=at).update(lifted_at=at, lifted_why="until")
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
    return same.get(lifted_at__isnull=True)


REASON = "reason"
"""What a person wrote of a hold he placed, beside the recorded facts of others."""


def find_hold_rules(*, at: datetime) -> list[AbuseRule]:
    """The rules in force that hold a merchant's payouts back."""
    on = beijing(at).date()
    found = [one for one in all_at(on=on) if isinstance(one, AbuseRule)]
    return [one for one in found if one.measure == Measure.HOLD and one.who != "buyer"]


def hold_merchant(
    *, merchant_id: UUID, rule_id: str, hours: int, reason: str, by: UUID, at: datetime
) -> bool:
    """A person holds a merchant's payouts back by a published rule, for at most as long as it says,
    and says what he saw; False where that rule holds them already.

    Raise DisputeRefused for another rule or a longer time, InputError without a reason,
    ConflictOfInterest where he acts for that merchant.
    """
    rule = next((one for one in find_hold_rules(at=at) if one.id == rule_id), None)
    if rule is None:
        raise DisputeRefused(Phrase("没有这条能限制付款的规则。"))
    if not 0 < hours <= rule.hours:
        raise DisputeRefused(Phrase("这条规则最多 {hours} 小时。", hours=rule.hours))
    if not reason.strip():
        raise InputError(_("请写明理由。"), field="reason")
    subject = SubjectRef("merchant", merchant_id)
    _check_impartial(subject, by)
    row = place_ground(
        subject=subject,
        ground=rule.id.rpartition("/")[2],
        rule=rule.ref,
        until=at + timedelta(hours=hours),
        facts={REASON: reason.strip()},
        by=by,
        at=at,
    )
    return row.placed_at == at and row.placed_by_id == by


def appeal_ground(*, stores: Stores, ground_id: UUID, words: str, at: datetime) -> HoldGround:
    """Whom it concerns says why it is wrong; once. Raise DisputeRefused, InputError."""
    if not words.strip():
        raise InputError(_("请写明为什么不对。"), field="words")
    with transaction.atomic():
        row = _locked(ground_id)
        if row.appealed_at is not None:
            raise DisputeRefused(Phrase("这条限制已经申诉过，正在等人处理。"))
        row.appealed_at = at
        row.sealed_appeal = seal_words(stores, row.id, words, at)
        row.save(update_fields=["appealed_at", "sealed_appeal"])
    return row


def lift_ground(*, ground_id: UUID, why: str, by: UUID, at: datetime) -> HoldGround:
    """A person ends it, and says why. Raise ConflictOfInterest where it is against him or a
    merchant he acts for, or he placed it and it is under appeal; DisputeRefused where it has
    ended."""
    if not why.strip():
        raise InputError(_("请写明理由。"), field="why")
    with transaction.atomic():
        row = _locked(ground_id)
        _check_impartial(SubjectRef(row.subject_kind, row.subject_id), by)
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
    where = """WHERE subject_kind = %(kind)s AND subject_id = %(id)s AND lifted_at IS NULL
      AND until > %(at)s ORDER BY placed_at"""
    return read_rows(HoldGround, where, {"kind": subject.kind, "id": subject.id, "at": at})


def measure_of(ground: HoldGround) -> Measure:
    """What a ground does, as its published rule says; what rests on another kind of rule holds."""
    try:
        rule = rule_at(ground.rule.partition("@")[0], on=beijing(ground.placed_at).date())
    except NotKnown:
        return Measure.HOLD
    return Measure(rule.measure) if isinstance(rule, AbuseRule) else Measure.HOLD


def check_may_pay_out(*, merchant_id: UUID, at: datetime) -> None:
    """Raise PayoutRefused while a published limit holds back what the merchant would get."""
    standing = find_grounds(subject=SubjectRef("merchant", merchant_id), at=at)
    grounds = [one for one in standing if measure_of(one) is Measure.HOLD]
    if grounds:
        until = say_minute(max(one.until for one in grounds))
        raise PayoutRefused(
            Phrase("按公布的限制，{until} 以前不能付款。依据和申诉都在“争议”页。", until=until)
        )


def find_held_merchants(*, at: datetime) -> set[UUID]:
    """Merchants whose payouts a ground holds back now."""
    rows = HoldGround.objects.filter(subject_kind="merchant", lifted_at__isnull=True, until__gt=at)
    return {one.subject_id for one in rows if measure_of(one) is Measure.HOLD}


def _check_impartial(subject: SubjectRef, user_id: UUID) -> None:
    """Raise ConflictOfInterest where the user is the buyer, or acts for the merchant, whom a hold
    is against."""
    if subject.kind == "merchant":
        members = MerchantMember.objects.filter(merchant_id=subject.id, user_id=user_id)
        own = members.exists()
    else:
        digests = Order.objects.filter(buyer_id=user_id).values_list("buyer_digest", flat=True)
        own = subject.id.bytes in {bytes(one)[:16] for one in digests.distinct()}
    if own:
        raise ConflictOfInterest


def _locked(ground_id: UUID) -> HoldGround:
    row = HoldGround.objects.select_for_update().filter(id=ground_id, lifted_at__isnull=True)
    found = row.first()
    if found is None:
        raise DisputeRefused(Phrase("没有这条限制，或它已经结束。"))
    return found
