"""Stripe: a checkout session, webhooks by HMAC with a time, refunds under an idempotency key.

Checked in tests against the official `stripe` package. Every object of ours carries our number and
account in its metadata; what does not is not ours.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from gongdao.core.clock import BEIJING
from gongdao.core.money import Money
from gongdao.payments.amounts import read_minor
from gongdao.payments.gateways.stripe_split import (
    TRANSFERS,
    charge_of,
    read_transfers,
    transfer_order,
)
from gongdao.payments.port import (
    Asked,
    BadCallback,
    BilledRefund,
    Callback,
    GatewayError,
    GatewayRefused,
    PayStep,
    RefundReport,
    Report,
    Told,
    UnusedEvent,
)
from gongdao.payments.signing import is_same
from gongdao.payments.split_port import Share, SplitReport
from gongdao.payments.wire import Wire, check_ok, read_object

FRESH = timedelta(minutes=5)
VERSION = "2026-10-28.endive"
"""The version of the interface that these shapes belong to."""
_NUMBER = re.compile(r"[0-9A-Za-z_-]{1,64}")
_MONEY_BACK = frozenset({"charge.dispute.created", "charge.dispute.funds_withdrawn"})
"""A dispute is begun, and its money is taken: one dispute, noted once."""
_MONEY_AGAIN = frozenset({"charge.dispute.funds_reinstated", "charge.dispute.closed"})
"""What was taken came back; a dispute that is closed says how."""
_WON = "won"
"""How a dispute is closed of which the money comes back. Of an inquiry (``warning_…``) it never
went."""
_INQUIRY = "warning_"
_REFUNDED = frozenset({"refund.failed", "refund.updated", "charge.refund.updated"})
"""Where a refund that failed is told; the last two tell of every change."""
_FAILED = ("failed", "canceled")
_CHECKOUT = "checkout.session."
_TWO_DECIMALS = frozenset({"AUD", "CAD", "CNY", "EUR", "GBP", "HKD", "MYR", "NZD", "SGD", "USD"})
"""Where a minor unit is a hundredth for the service as it is for `Money`."""
_PAGE, _MOST_PAGES = "100", 400


@dataclass(frozen=True)
class Stripe:
    """One account (acct_…). ``splits``: money stays on the platform's balance until transferred."""

    account: str
    key: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    wire: Wire = field(repr=False)
    splits: bool = False
    url: str = "https://api.stripe.com"
    name: str = "stripe"
    accepted: bytes = b"ok"
    asks_first: bool = True
    repeatable_refunds: bool = True
    freezes: bool = False

    @property
    def is_live(self) -> bool:
        """Whether the key moves real money."""
        return "_live_" in self.key

    def start(self, asked: Asked, at: datetime) -> PayStep:
        """A checkout session; asked for again within a day it is the same one."""
        if asked.amount.currency not in _TWO_DECIMALS:
            raise GatewayRefused("other_currency")
        line = "line_items[0]"
        fields = {
            "mode": "payment",
            "client_reference_id": asked.out_trade_no,
            "success_url": asked.return_url,
            "cancel_url": asked.return_url,
            f"{line}[quantity]": "1",
            f"{line}[price_data][currency]": asked.amount.currency.lower(),
            f"{line}[price_data][unit_amount]": str(asked.amount.minor),
            f"{line}[price_data][product_data][name]": asked.title[:250],
            **self._metadata("metadata", asked.out_trade_no),
            **self._metadata("payment_intent_data[metadata]", asked.out_trade_no),
        }
        if self.splits:
            fields["payment_intent_data[transfer_group]"] = asked.out_trade_no
        answer = self._ask("POST", "/v1/checkout/sessions", fields, once=asked.out_trade_no)
        url = str(answer.get("url", ""))
        if not url.startswith(("https://", "http://")):
            raise GatewayError("no_pay_address")
        return PayStep(url)

    def read_callback(self, callback: Callback, at: datetime) -> Report:
        """The session, or the dispute, in an event whose signature holds and is fresh. A session
        that does not name a number of ours was not begun here."""
        self._check_signature(callback, at)
        try:
            event = read_object(callback.body)
            kind = str(event["type"])
            known = _MONEY_BACK | _MONEY_AGAIN | _REFUNDED
            if kind not in known and not kind.startswith(_CHECKOUT):
                raise UnusedEvent(kind)
            session = event["data"]["object"]
        except (GatewayError, KeyError, TypeError):
            raise BadCallback("no_event") from None
        if event.get("livemode") is not self.is_live:
            raise BadCallback("other_mode")
        if event.get("account", self.account) != self.account:
            raise BadCallback("other_account")
        if not isinstance(session, dict):
            raise BadCallback("no_event")
        if kind in _MONEY_BACK | _MONEY_AGAIN:
            return self._charged_back(kind, session)
        if kind in _REFUNDED:
            return self._refund_failed(kind, session)
        about = session.get("metadata")
        if not isinstance(about, dict) or "out_trade_no" not in about:
            raise UnusedEvent(kind)
        paid = session.get("payment_status") == "paid"
        told = Told.PAID if paid else Told.CLOSED if kind.endswith(".expired") else Told.UNPAID
        money = read_minor(session.get("amount_total"), str(session.get("currency")).upper())
        return Report(
            str(about["out_trade_no"]),
            str(session.get("payment_intent") or ""),
            told,
            money,
            str(about.get("account", "")),
        )

    def _charged_back(self, kind: str, dispute: Mapping[str, Any]) -> Report:
        """A dispute that a buyer's bank began, or that ended for us: it names the payment by the
        service's number. One that was lost changes nothing: its money went when it began."""
        again, status = kind in _MONEY_AGAIN, str(dispute.get("status"))
        if kind == "charge.dispute.closed" and status != _WON:
            raise UnusedEvent(kind)
        money = read_minor(dispute.get("amount"), str(dispute.get("currency")).upper())
        trade_no, number = str(dispute.get("payment_intent") or ""), str(dispute.get("id") or "")
        if not (_NUMBER.fullmatch(trade_no) and _NUMBER.fullmatch(number)):
            raise BadCallback("no_event")
        if kind == "charge.dispute.created" and status.startswith(_INQUIRY):
            number += "?"  # should it become a chargeback, that has the same number
        told = Told.CHARGE_BACK_RETURNED if again else Told.CHARGED_BACK
        return Report("", trade_no, told, money, self.account, event_no=number)

    def _refund_failed(self, kind: str, refund: Mapping[str, Any]) -> Report:
        """A refund of ours that failed; any other change of one is asked for by its number."""
        about = refund.get("metadata")
        number = str(about.get("refund_no", "")) if isinstance(about, dict) else ""
        trade_no = str(refund.get("payment_intent") or "")
        if refund.get("status") not in _FAILED or not number:
            raise UnusedEvent(kind)
        if not (_NUMBER.fullmatch(trade_no) and _NUMBER.fullmatch(number)):
            raise BadCallback("no_event")
        money = read_minor(refund.get("amount"), str(refund.get("currency")).upper())
        return Report("", trade_no, Told.REFUND_FAILED, money, self.account, event_no=number)

    def query(self, out_trade_no: str, at: datetime, *, trade_no: str = "") -> Report | None:
        """Ask for the payment by the service's number, which is exact; by ours it is a search that
        lags up to a minute behind."""
        if not _NUMBER.fullmatch(out_trade_no) or not _NUMBER.fullmatch(trade_no or "-"):
            return None
        if trade_no:
            one = self._find(f"/v1/payment_intents/{trade_no}", {"expand[]": "latest_charge"})
            found = [] if one is None else [one]
        else:
            wanted = f"metadata['out_trade_no']:'{out_trade_no}'"
            asked = {"query": wanted, "expand[]": "data.latest_charge"}
            found = _rows(self._ask("GET", "/v1/payment_intents/search", asked))
        reports = [self._report_of(one) for one in found]
        if any(one.out_trade_no != out_trade_no for one in reports):
            raise GatewayError("other_order")
        paid = [one for one in reports if one.told is Told.PAID]
        return next(iter(paid or reports), None)

    def refund(self, report: Report, refund_no: str, amount: Money, at: datetime) -> RefundReport:
        """Refund; our number is the idempotency key and stands in the metadata, because keys are
        forgotten after a day."""
        fields = {
            "payment_intent": report.trade_no,
            "amount": str(amount.minor),
            "metadata[refund_no]": refund_no,
        }
        return _refund_of(self._ask("POST", "/v1/refunds", fields, once=refund_no))

    def query_refund(self, refund_no: str, report: Report, at: datetime) -> RefundReport | None:
        """Look among the payment's refunds for the one with our number."""
        asked = {"payment_intent": report.trade_no, "limit": _PAGE}
        answer = self._ask("GET", "/v1/refunds", asked)
        for one in _rows(answer):
            if (one.get("metadata") or {}).get("refund_no") == refund_no:
                return _refund_of(one)
        if answer.get("has_more"):
            raise GatewayError("too_many_refunds")
        return None

    def list_paid(self, day: date, at: datetime) -> Sequence[Report] | None:
        """Every payment that was paid on the day, begun on it or on the day before: a payment is
        listed by when it was begun, and can be paid for a day."""
        path, more = "/v1/payment_intents", {"expand[]": "data.latest_charge"}
        rows = self._list(path, day, more, before=timedelta(days=1))
        found = [self._report_of(one) for one in rows if _is_paid_on(day, one)]
        return [one for one in found if one.told is Told.PAID and one.out_trade_no]

    def list_refunded(self, day: date, at: datetime) -> Sequence[BilledRefund] | None:
        """Every refund that was begun on the day and did not fail."""
        rows = self._list("/v1/refunds", day, {})
        return [_billed(one) for one in rows if one.get("status") not in _FAILED]

    def _list(
        self, path: str, day: date, more: Mapping[str, str], *, before: timedelta = timedelta(0)
    ) -> list[dict[str, Any]]:
        """Everything at ``path`` that was made on the day, or so long ``before`` it, page by
        page."""
        first = datetime.combine(day, time.min, BEIJING)
        asked = {
            "created[gte]": str(int((first - before).timestamp())),
            "created[lt]": str(int((first + timedelta(days=1)).timestamp())),
            "limit": _PAGE,
            **more,
        }
        found: list[dict[str, Any]] = []
        for _ in range(_MOST_PAGES):
            answer = self._ask("GET", path, asked)
            rows = _rows(answer)
            found += rows
            if not answer.get("has_more") or not rows:
                return found
            asked["starting_after"] = str(rows[-1].get("id"))
        raise GatewayError("too_many_payments")

    def split(
        self,
        report: Report,
        split_no: str,
        shares: Sequence[Share],
        at: datetime,
        *,
        last: bool,
    ) -> SplitReport:
        """One transfer out of the payment's charge; our number is the idempotency key. It takes one
        share: two transfers could not be asked for all or none."""
        if len(shares) != 1 or shares[0].amount.currency not in _TWO_DECIMALS:
            raise GatewayRefused("one_share_only" if len(shares) != 1 else "other_currency")
        charge = charge_of(self._ask("GET", f"/v1/payment_intents/{quote(report.trade_no)}", {}))
        fields = transfer_order(report, split_no, shares[0], charge)
        answer = self._ask("POST", TRANSFERS, fields, once=split_no)
        found = read_transfers([answer], split_no, report)
        if found is None:
            raise GatewayError("other_split")
        return found

    def query_split(self, split_no: str, report: Report, at: datetime) -> SplitReport | None:
        """Look among the transfers of the payment for the one with our number."""
        asked = {"transfer_group": report.out_trade_no, "limit": _PAGE}
        answer = self._ask("GET", TRANSFERS, asked)
        found = read_transfers(_rows(answer), split_no, report)
        if found is None and answer.get("has_more"):
            raise GatewayError("too_many_transfers")
        return found

    def release_rest(self, report: Report, split_no: str, at: datetime) -> SplitReport:
        """There is nothing to release: what is not transferred is the platform's already."""
        raise GatewayRefused("nothing_frozen")

    def _metadata(self, name: str, out_trade_no: str) -> dict[str, str]:
        return {f"{name}[out_trade_no]": out_trade_no, f"{name}[account]": self.account}

    def _check_signature(self, callback: Callback, at: datetime) -> None:
        """``t`` and any of the ``v1`` in the header; there are two while a secret is changed."""
        header = callback.headers.get("stripe-signature", "")
        given = [part.strip().partition("=")[::2] for part in header.split(",")]
        moment = next((value for name, value in given if name == "t"), "")
        text = moment.encode("utf-8", "replace") + b"." + callback.body
        right = hmac.new(self.webhook_secret.encode(), text, hashlib.sha256).hexdigest()
        fits = [is_same(value, right) for name, value in given if name == "v1"]
        if not any(fits):
            raise BadCallback("bad_signature")
        if not re.fullmatch(r"[0-9]{1,12}", moment):
            raise BadCallback("bad_time")
        if abs(int(moment) - int(at.timestamp())) > FRESH.total_seconds():
            raise BadCallback("too_old")

    def _find(self, path: str, asked: Mapping[str, str]) -> dict[str, Any] | None:
        try:
            return self._ask("GET", path, asked)
        except GatewayRefused as error:
            if error.problem == "resource_missing":
                return None
            raise

    def _ask(
        self, method: str, path: str, fields: Mapping[str, str], *, once: str = ""
    ) -> dict[str, Any]:
        """One request; GatewayRefused with the service's code where it says no."""
        headers = {"Authorization": f"Bearer {self.key}", "Stripe-Version": VERSION}
        if once:
            headers["Idempotency-Key"] = f"gongdao-{once}"
        sent, url = urlencode(fields, quote_via=quote), self.url + path
        if method == "GET":
            answer = self.wire(method, f"{url}?{sent}", headers=headers)
        else:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            answer = self.wire(method, url, body=sent.encode(), headers=headers)
        again = answer.status in (HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS)
        if HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and not again:
            said = read_object(answer.body).get("error")
            code = said.get("code") if isinstance(said, dict) else None
            raise GatewayRefused(str(code or f"status_{answer.status}"))
        return read_object(check_ok(answer))

    def _report_of(self, intent: Mapping[str, Any]) -> Report:
        try:
            about, status = intent["metadata"], intent["status"]
            told = {"succeeded": Told.PAID, "canceled": Told.CLOSED}.get(status, Told.UNPAID)
            charge = intent.get("latest_charge")
            if isinstance(charge, dict) and charge.get("amount_refunded"):
                told = Told.REFUNDED
            key = "amount_received" if told is Told.PAID else "amount"
            money = read_minor(intent[key], str(intent["currency"]).upper())
            number, account = str(about.get("out_trade_no", "")), str(about.get("account", ""))
            if intent["livemode"] is not self.is_live:
                raise GatewayError("other_mode")
            return Report(number, str(intent["id"]), told, money, account)
        except (KeyError, AttributeError, TypeError, BadCallback):
            raise GatewayError("no_usable_payment") from None


def _rows(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = answer.get("data")
    if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
        raise GatewayError("no_usable_list")
    return rows


def _is_paid_on(day: date, intent: Mapping[str, Any]) -> bool:
    """Whether its charge was made on the day; where the service does not say when, whether it was
    begun on it. One without either is on every bill rather than on none."""
    charge = intent.get("latest_charge")
    said = charge.get("created") if isinstance(charge, dict) else None
    moment = intent.get("created") if said is None else said
    if type(moment) is not int:
        return True
    first = int(datetime.combine(day, time.min, BEIJING).timestamp())
    return first <= moment < first + 86400


def _billed(refund: Mapping[str, Any]) -> BilledRefund:
    about = refund.get("metadata")
    number = str(about.get("refund_no", "")) if isinstance(about, dict) else ""
    try:
        money = read_minor(refund["amount"], str(refund["currency"]).upper())
    except (KeyError, BadCallback):
        raise GatewayError("no_usable_bill") from None
    return BilledRefund(str(refund.get("payment_intent") or ""), number, money)


def _refund_of(refund: Mapping[str, Any]) -> RefundReport:
    if refund.get("status") in _FAILED:
        raise GatewayRefused(f"refund_{refund['status']}")
    try:
        number = str(refund["metadata"]["refund_no"])
        money = read_minor(refund["amount"], str(refund["currency"]).upper())
        return RefundReport(number, refund["status"] == "succeeded", money)
    except (KeyError, TypeError, BadCallback):
        raise GatewayError("no_usable_refund") from None
