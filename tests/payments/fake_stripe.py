"""Stripe, whose fake signs its webhooks with the official package."""

from __future__ import annotations

import json
import re
import warnings
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.payments.fake_server import AT, Answer, FakeService, FakeWire, Paid, Seen

from gongdao.payments.gateways.stripe import Stripe
from gongdao.payments.port import Callback

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from stripe import WebhookSignature

ACCOUNT, KEY, SECRET = "acct_1", "sk_test_1", "whsec_1"


@dataclass
class FakeStripe(FakeService):
    """The service's side; the first answer under an idempotency key is its answer for good."""

    kept: dict[str, Answer] = field(default_factory=dict)
    times: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    """When a payment was begun, and when paid, by our number; one without is on every list."""

    def __post_init__(self) -> None:
        self.name = "stripe"

    def connect(self) -> None:
        """Make our side of it."""
        self.gateway = Stripe(
            account=ACCOUNT,
            key=KEY,
            webhook_secret=SECRET,
            wire=FakeWire(self),
            url=self.url,
            splits=True,
        )

    def answer(self, seen: Seen) -> Answer:
        """`/v1/…`."""
        if seen.headers.get("authorization") != f"Bearer {KEY}":
            return 401, {}, b'{"error":{"type":"invalid_request_error"}}'
        once = seen.headers.get("idempotency-key", "")
        if once in self.kept:
            return self.kept[once]
        status, value = self._do(seen)
        answer: Answer = (status, {}, json.dumps(value).encode())
        if once:
            self.kept[once] = answer
        return answer

    def _begun(self, asked: dict[str, str]) -> list[dict[str, Any]]:
        found = []
        for one in self.paid.values():
            row = intent(one)
            if one.number in self.times:
                begun, charged = (int(at.timestamp()) for at in self.times[one.number])
                if not int(asked["created[gte]"]) <= begun < int(asked["created[lt]"]):
                    continue
                row |= {"created": begun}
                row["latest_charge"]["created"] = charged
            found.append(row)
        return found

    def _do(self, seen: Seen) -> tuple[int, dict[str, Any]]:
        if seen.path == "/v1/checkout/sessions":
            return 200, {"id": "cs_1", "url": f"{self.url}/pay/cs_1"}
        if seen.path == "/v1/payment_intents/search":
            wanted = re.findall(r":'(\w+)'", seen.query["query"])
            same = [one for one in self.paid.values() if one.number in wanted]
            return 200, {"data": [intent(one) for one in same]}
        if seen.path == "/v1/payment_intents":
            return 200, {"data": self._begun(seen.query), "has_more": False}
        if seen.path.startswith("/v1/payment_intents/"):
            paid = self.of_trade(seen.path.rpartition("/")[2])
            if paid is None:
                return 404, {"error": {"code": "resource_missing"}}
            plain = {"latest_charge": f"ch_{paid.trade_no}"} if "expand[]" not in seen.query else {}
            return 200, intent(paid) | plain
        if seen.path == "/v1/transfers":
            return self._transfer(seen)
        if seen.method == "POST":
            fields = seen.form
            if self.of_trade(fields["payment_intent"]) is None:
                return 404, {"error": {"code": "resource_missing"}}
            number = fields["metadata[refund_no]"]
            self.refund_once(number, fields["payment_intent"], int(fields["amount"]))
            return 200, self._refund(number)
        about = seen.query.get("payment_intent")
        found = [
            self._refund(no) for no, (trade, _) in self.refunds.items() if about in (None, trade)
        ]
        return 200, {"data": found, "has_more": False}

    def _transfer(self, seen: Seen) -> tuple[int, dict[str, Any]]:
        if seen.method == "GET":
            group = self.paid[seen.query["transfer_group"]].trade_no
            rows = [self._moved(no) for no, (trade, _) in self.splits.items() if trade == group]
            return 200, {"data": rows, "has_more": False}
        fields = seen.form
        trade_no = fields["source_transaction"].removeprefix("ch_")
        number, shares = (
            fields["metadata[split_no]"],
            {fields["destination"]: int(fields["amount"])},
        )
        problem = self.take_share(number, trade_no, shares)
        if problem:
            codes = {"not_enough": "balance_insufficient"}
            return 400, {"error": {"code": codes.get(problem, "resource_missing")}}
        return 200, self._moved(number)

    def _moved(self, number: str) -> dict[str, Any]:
        trade_no, shares = self.splits[number]
        ((account, minor),) = shares.items()
        return {
            "id": f"tr_{number}",
            "amount": minor,
            "currency": "cny",
            "destination": account,
            "reversed": False,
            "source_transaction": f"ch_{trade_no}",
            "transfer_group": self.of_trade(trade_no).number,
            "metadata": {"split_no": number},
        }

    def _refund(self, number: str) -> dict[str, Any]:
        trade_no, minor = self.refunds[number]
        told = {
            "id": "re_1",
            "payment_intent": trade_no,
            "amount": minor,
            "currency": "cny",
            "status": "succeeded",
        }
        return {**told, "metadata": {"refund_no": number}}

    def callback(self, paid: Paid) -> Callback:
        """A signed event."""
        return self.sign(event(paid))

    def sign(self, value: dict[str, Any], moment: int = int(AT.timestamp())) -> Callback:
        """Any event, signed by the official package."""
        body = json.dumps(value)
        made = WebhookSignature._compute_signature(f"{moment}.{body}", SECRET)
        return Callback({}, {}, {"stripe-signature": f"t={moment},v1={made}"}, body.encode())


def event(paid: Paid) -> dict[str, Any]:
    """A finished checkout."""
    session = {
        "id": "cs_1",
        "payment_status": "paid" if paid.state == "paid" else "unpaid",
        "payment_intent": paid.trade_no,
        "amount_total": paid.minor,
        "currency": "cny",
        "metadata": {"out_trade_no": paid.number, "account": ACCOUNT},
    }
    kind = "checkout.session.completed"
    return {"object": "event", "type": kind, "livemode": False, "data": {"object": session}}


def intent(paid: Paid) -> dict[str, Any]:
    """A payment as the service describes it."""
    states = {"paid": "succeeded", "refunded": "succeeded", "unpaid": "requires_payment_method"}
    return {
        "id": paid.trade_no,
        "status": states[paid.state],
        "amount": paid.minor,
        "amount_received": paid.minor if paid.state != "unpaid" else 0,
        "currency": "cny",
        "livemode": False,
        "metadata": {"out_trade_no": paid.number, "account": ACCOUNT},
        "latest_charge": {
            "id": f"ch_{paid.trade_no}",
            "amount_refunded": paid.minor if paid.state == "refunded" else 0,
        },
    }
