"""支付宝, whose fake signs and verifies with python-alipay-sdk."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.payments.fake_server import (
    PATIENCE_S,
    Answer,
    FakeService,
    Paid,
    Seen,
    private_pem,
    public_pem,
    rsa_key,
)

from gongdao.payments.gateways.alipay import Alipay
from gongdao.payments.port import Callback
from gongdao.payments.wire import HttpWire

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from alipay import AliPay

APP, SELLER = "2021000000000001", "2088000000000001"
_STATES = {"paid": "TRADE_SUCCESS", "unpaid": "WAIT_BUYER_PAY", "refunded": "TRADE_CLOSED"}


def sdk(mine: str, theirs: str) -> AliPay:
    """The kit of one side: signs with the key of ``mine``, verifies with that of ``theirs``."""
    return AliPay(
        appid=APP,
        app_private_key_string=private_pem(rsa_key(mine)),
        alipay_public_key_string=public_pem(rsa_key(theirs)),
    )


@dataclass
class FakeAlipay(FakeService):
    """The service's side."""

    def __post_init__(self) -> None:
        self.name = "alipay"
        self.kit = sdk("platform", "merchant")

    def connect(self) -> None:
        """Make our side of it."""
        self.gateway = Alipay(
            account=APP,
            private_key=rsa_key("merchant"),
            alipay_key=rsa_key("platform").public_key(),
            wire=HttpWire(PATIENCE_S),
            seller=SELLER,
            url=f"{self.url}/gateway.do",
        )

    def answer(self, seen: Seen) -> Answer:
        """`gateway.do`: the signed part is the text of the inner object."""
        fields = seen.form
        sign = fields.pop("sign")
        signed = "&".join(f"{k}={v}" for k, v in sorted(fields.items()))
        if not self.kit._verify(signed, sign):
            return (
                200,
                {},
                b'{"error_response":{"code":"40002","sub_code":"isv.invalid-signature"}}',
            )
        inner = json.dumps(self._do(fields["method"], json.loads(fields["biz_content"])))
        name = fields["method"].replace(".", "_") + "_response"
        body = f'{{"{name}":{inner},"sign":"{self.kit._sign(inner)}"}}'
        return 200, {}, body.encode()

    def _do(self, method: str, asked: dict[str, Any]) -> dict[str, Any]:
        yes: dict[str, Any] = {"code": "10000", "msg": "Success"}
        no = {"code": "40004", "msg": "Business Failed", "sub_code": "ACQ.TRADE_NOT_EXIST"}
        if method == "alipay.trade.query":
            paid = self.paid.get(asked["out_trade_no"])
            return {**yes, **_trade(paid)} if paid else no
        paid = self.of_trade(asked["trade_no"])
        if paid is None:
            return no
        number = asked["out_request_no"]
        if method == "alipay.trade.refund":
            moved = "N" if number in self.refunds else "Y"
            minor = int(Decimal(asked["refund_amount"]) * 100)
            self.refund_once(number, paid.trade_no, minor)
            told = {"trade_no": paid.trade_no, "fund_change": moved}
            return {**yes, **told, "refund_fee": str(Decimal(self.moved_minor) / 100)}
        if number not in self.refunds:
            return yes
        fee = str(Decimal(self.refunds[number][1]) / 100)
        told = {"refund_amount": fee, "out_request_no": number}
        return {**yes, **told, "refund_status": "REFUND_SUCCESS"}

    def callback(self, paid: Paid) -> Callback:
        """A POST."""
        fields = {**_trade(paid), "app_id": APP, "seller_id": SELLER, "subject": "点卡 100 元"}
        signed = "&".join(f"{k}={v}" for k, v in sorted(fields.items()))
        return Callback({}, {**fields, "sign": self.kit._sign(signed), "sign_type": "RSA2"})


def _trade(paid: Paid) -> dict[str, str]:
    return {
        "out_trade_no": paid.number,
        "trade_no": paid.trade_no,
        "trade_status": _STATES[paid.state],
        "total_amount": f"{Decimal(paid.minor) / 100:.2f}",
    }
