"""Intents and credits without a market: what payments keeps for whoever asks."""

from __future__ import annotations

import hashlib
from uuid import uuid4

from django.db import transaction
from tests.payments.fake_server import AT

from gongdao.core.ids import new_number
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.payments.credit_report import Credited, credit_report
from gongdao.payments.models import CallbackSeen, Credit, Intent
from gongdao.payments.port import Gateway, Report, Told
from gongdao.payments.start_payment import start_payment

PRICE = Money(9900)


def ask_for(gateway: Gateway, *, at=AT, amount: Money = PRICE) -> str:
    """Somebody is asked to pay; our number for it."""
    number = new_number()
    start_payment(
        owner=SubjectRef("test", uuid4()),
        gateway=gateway.name,
        account=gateway.account,
        out_trade_no=number,
        amount=amount,
        at=at,
    )
    return number


def credit(report: Report, gateway: str, way: str = "callback", digest: bytes = b"") -> Credited:
    """Judge a report and book it, in a transaction of its own."""
    with transaction.atomic():
        return credit_report(
            report=report,
            gateway=gateway,
            way=way,
            digest=digest or hashlib.sha256(repr(report).encode()).digest(),
            at=AT,
        )


def take(report: Report, gateway: str, way: str, digest: bytes) -> bool:
    """What reconciling calls."""
    return credit(report, gateway, way, digest).is_new


def paid(fake, *, minor: int = 9900) -> Credit:
    """An intent that was paid and credited."""
    number = ask_for(fake.gateway, amount=Money(minor))
    fake.pay(number, minor)
    report = fake.gateway.query(number, AT)
    assert credit(report, fake.gateway.name).is_new
    return Credit.objects.get(intent__out_trade_no=number)


def reasons(number: str = "") -> list[tuple[str, str]]:
    """What was made of everything that came, in order."""
    rows = CallbackSeen.objects.order_by("id")
    rows = rows.filter(out_trade_no=number) if number else rows
    return list(rows.values_list("verdict", "reason"))


def is_credited(number: str) -> bool:
    """Whether the intent is."""
    return bool(Intent.objects.get(out_trade_no=number).trade_no)


def report_for(gateway: Gateway, number: str, **more) -> Report:
    """A service's word that ``number`` was paid."""
    given = {"trade_no": f"T{number}", "told": Told.PAID, "amount": PRICE, **more}
    account = given.pop("account", gateway.account)
    return Report(out_trade_no=number, account=account, **given)
