"""Believe a report of a payment, or not: once, whatever arrives how often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.payments.decide_callback import CallbackVerdict, Intent, Judged, judge_report
from gongdao.payments.port import Report

_LOCK = """
SELECT id, owner_kind, owner_id, gateway, account, out_trade_no, amount_minor, currency, trade_no
FROM payments_intent WHERE out_trade_no = %s FOR UPDATE
"""
# "IS TRUE" keeps a planner without statistics from walking all payments that wait.
_CREDIT_CTES = """
payments_credited AS (
  INSERT INTO payments_credit
    (gateway, trade_no, intent_id, amount_minor, currency, surplus, at)
  SELECT %(pay_gateway)s, %(pay_trade_no)s, %(pay_intent)s::uuid, %(pay_minor)s::bigint,
    %(pay_currency)s, %(pay_surplus)s::boolean, %(pay_at)s::timestamptz{only_if}
  ON CONFLICT (gateway, trade_no) DO NOTHING
  RETURNING id
), payments_moved AS (
  UPDATE payments_intent SET trade_no = %(pay_trade_no)s, credited_at = %(pay_at)s
  WHERE id = %(pay_intent)s AND (trade_no = '') IS TRUE AND NOT %(pay_surplus)s
    AND EXISTS (SELECT FROM payments_credited)
), payments_seen AS (
  INSERT INTO payments_callbackseen
    (gateway, way, at, verdict, reason, out_trade_no, trade_no, amount_minor, digest)
  SELECT %(pay_gateway)s, %(pay_way)s, %(pay_at)s::timestamptz, %(pay_verdict)s, %(pay_reason)s,
    %(pay_out_trade_no)s, %(pay_trade_no)s, %(pay_minor)s::bigint, %(pay_digest)s::bytea{only_seen}
)"""
_CREDIT = f"WITH {_CREDIT_CTES.format(only_if='', only_seen='')} SELECT id FROM payments_credited"
_SEEN = """
INSERT INTO payments_callbackseen
  (gateway, way, at, verdict, reason, out_trade_no, trade_no, amount_minor, digest)
VALUES (%(gateway)s, %(way)s, %(at)s, %(verdict)s, %(reason)s, %(out_trade_no)s, %(trade_no)s,
        %(amount_minor)s, %(digest)s)
"""
_LONGEST = 64
NUMBER_USED = Judged(CallbackVerdict.REFUSED, "trade_number_used")
"""The service's number was credited to another order: this order gets nothing for it."""


@dataclass(frozen=True)
class Credited:
    """What became of a report: the verdict, whose payment it is (None where unknown), and the
    credit's id where money was booked: how much, by which account at which service."""

    judged: Judged
    owner: SubjectRef | None
    amount: Money
    gateway: str
    account: str
    credit_id: int | None = None

    @property
    def is_new(self) -> bool:
        """Whether the owner has to act: this is the first time that this money is seen."""
        return self.credit_id is not None


def credit_report(
    *, report: Report, gateway: str, way: str, digest: bytes, at: datetime
) -> Credited:
    """Judge ``report``, which came through ``gateway`` and whose authenticity was checked, and book
    it. ``way`` says how it came (callback, query, bill), ``digest`` is the SHA-256 of what came.

    Locks the intent until the caller's transaction ends, so of several at once one is credited.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, (report.out_trade_no,))
        row = cursor.fetchone()
        intent = _intent_of(row) if row else None
        judged = judge_report(intent, report, gateway=gateway)
        owner = SubjectRef(row[1], _uuid(row[2])) if row else None
        if row is None or judged.verdict not in (CallbackVerdict.CREDIT, CallbackVerdict.SURPLUS):
            cursor.execute(_SEEN, _seen_values(judged, report, gateway, way, digest, at))
            return Credited(judged, owner, report.amount, gateway, report.account)
        values = credit_values(
            judged=judged,
            report=report,
            intent_id=row[0],
            gateway=gateway,
            way=way,
            digest=digest,
            at=at,
        )
        cursor.execute(_CREDIT, values)
        made = cursor.fetchone()
        if made is None and judged.verdict is CallbackVerdict.CREDIT:
            judged = NUMBER_USED
            cursor.execute(_SEEN, _seen_values(judged, report, gateway, way, digest, at))
    return Credited(
        judged, owner, report.amount, gateway, report.account, made[0] if made else None
    )


def credit_ctes(only_if: str = "") -> str:
    """The parts of a ``WITH`` of the caller's that book a believed report; `credit_values` fills
    them. ``payments_credited`` has one row where this money is new. With ``only_if``, a condition
    of the caller's, nothing at all is written unless it holds and the money is new."""
    if not only_if:
        return _CREDIT_CTES.format(only_if="", only_seen="")
    seen = " WHERE EXISTS (SELECT FROM payments_credited)"
    return _CREDIT_CTES.format(only_if=f" WHERE {only_if}", only_seen=seen)


def credit_values(
    *,
    judged: Judged,
    report: Report,
    intent_id: UUID,
    gateway: str,
    way: str,
    digest: bytes,
    at: datetime,
) -> dict[str, Any]:
    """The values that `credit_ctes` names."""
    return {
        "pay_intent": intent_id,
        "pay_gateway": gateway,
        "pay_way": way,
        "pay_at": at,
        "pay_verdict": judged.verdict.value,
        "pay_reason": judged.reason,
        "pay_out_trade_no": report.out_trade_no[:_LONGEST],
        "pay_trade_no": report.trade_no[:_LONGEST],
        "pay_minor": report.amount.minor,
        "pay_currency": report.amount.currency,
        "pay_surplus": judged.verdict is CallbackVerdict.SURPLUS,
        "pay_digest": digest,
    }


def _seen_values(
    judged: Judged, report: Report, gateway: str, way: str, digest: bytes, at: datetime
) -> dict[str, Any]:
    return {
        "gateway": gateway,
        "way": way,
        "at": at,
        "verdict": judged.verdict.value,
        "reason": judged.reason,
        "out_trade_no": report.out_trade_no[:_LONGEST],
        "trade_no": report.trade_no[:_LONGEST],
        "amount_minor": report.amount.minor,
        "digest": digest,
    }


_SAID_BEFORE = """
SELECT 1 FROM payments_callbackseen
WHERE out_trade_no = %s AND gateway = %s AND reason = %s LIMIT 1
"""


def note_said(
    *, report: Report, gateway: str, out_trade_no: str, reason: str, digest: bytes, at: datetime
) -> bool:
    """Keep a service's word that credits nothing, with what was made of it; whether it was new for
    this order. ``out_trade_no`` is empty where it names no payment of ours: that is refused."""
    verdict = CallbackVerdict.NOTED if out_trade_no else CallbackVerdict.REFUSED
    judged = Judged(verdict, reason[:_LONGEST])
    values = _seen_values(judged, report, gateway, "callback", digest, at)
    with connection.cursor() as cursor:
        cursor.execute(_SAID_BEFORE, (out_trade_no, gateway, judged.reason))
        known = cursor.fetchone() is not None
        cursor.execute(_SEEN, values | {"out_trade_no": out_trade_no})
    return not known


def note_refused(
    *,
    gateway: str,
    way: str,
    reason: str,
    out_trade_no: str,
    digest: bytes,
    at: datetime,
    verdict: CallbackVerdict = CallbackVerdict.REFUSED,
) -> None:
    """Keep a callback with the reason why nothing is made of it: it could not be a payment
    service's word, or (``verdict`` unused) it is one that we have no use for."""
    values: dict[str, Any] = {
        "gateway": gateway,
        "way": way,
        "at": at,
        "verdict": verdict.value,
        "reason": reason,
        "out_trade_no": out_trade_no.replace("\0", "")[:_LONGEST],
        "trade_no": "",
        "amount_minor": None,
        "digest": digest,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, values)


def _intent_of(row: tuple[Any, ...]) -> Intent:
    return Intent(row[3], row[4], row[5], Money(row[6], row[7]), row[8])


def _uuid(value: object) -> UUID:
    return value if isinstance(value, UUID) else UUID(str(value))
