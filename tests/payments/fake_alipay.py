"""支付宝, whose fake signs and verifies with python-alipay-sdk."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.payments.fake_server import (
    Answer,
    FakeService,
    FakeWire,
    Paid,
    Seen,
    private_pem,
    public_pem,
    rsa_key,
)

from gongdao.payments.gateways.alipay import Alipay
from gongdao.payments.port import Callback

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from alipay import AliPay

APP, SELLER = "2021000000000001", "2088000000000001"
_DETAILS = "支付宝交易号,商户订单号,业务类型,商品名称,完成时间,订单金额（元）,退款批次号/请求号"
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
            wire=FakeWire(self),
            seller=SELLER,
            url=f"{self.url}/gateway.do",
            splits=True,
        )

    def answer(self, seen: Seen) -> Answer:
        """`gateway.do`: the signed part is the text of the inner object."""
        if seen.path == "/bill":
            return 200, {}, self.bill()
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
        if method == "alipay.data.dataservice.bill.downloadurl.query":
            if self.no_bill:
                return {"code": "40004", "sub_code": "isp.bill_not_exist"}
            return {**yes, "bill_download_url": f"{self.url}/bill?day={asked['bill_date']}"}
        if method == "alipay.trade.query":
            paid = self.paid.get(asked["out_trade_no"])
            return {**yes, **_trade(paid)} if paid else no
        paid = self.of_trade(asked["trade_no"])
        if paid is None:
            return no
        number = asked["out_request_no"]
        if method.startswith("alipay.trade.order.settle"):
            return self._settle(method, number, paid, asked)
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

    def _settle(
        self, method: str, number: str, paid: Paid, asked: dict[str, Any]
    ) -> dict[str, Any]:
        """Carried out before it is answered; the same number is answered as the first time."""
        yes = {"code": "10000", "msg": "Success"}
        no = {"code": "40004", "msg": "Business Failed"}
        if method.endswith(".query"):
            if number not in self.splits:
                return {**no, "sub_code": "ACQ.SETTLE_NOT_EXIST"}
            rows = [
                {
                    "operation_type": "transfer",
                    "trans_out": SELLER,
                    "trans_in": account,
                    "trans_in_type": "userId",
                    "amount": f"{Decimal(minor) / 100:.2f}",
                    "state": "PROCESSING" if self.late else "SUCCESS",
                    "detail_id": f"20{number}",
                }
                for account, minor in self.splits[number][1].items()
            ]
            return {**yes, "out_request_no": number, "royalty_detail_list": rows}
        if self.late:
            return {**no, "sub_code": "ACQ.TRADE_SETTLE_ERROR"}
        shares = {
            one["trans_in"]: int(Decimal(one["amount"]) * 100)
            for one in asked["royalty_parameters"]
            if (one["trans_out"], one["trans_out_type"], one["trans_in_type"])
            == (SELLER, "userId", "userId")
        }
        problem = self.take_share(number, paid.trade_no, shares)
        if problem:
            codes = {"not_enough": "ACQ.ALLOC_AMOUNT_VALIDATE_ERROR"}
            return {**no, "sub_code": codes.get(problem, "ACQ.USER_NOT_MATCH_ERR")}
        if asked["extend_params"]["royalty_finish"] == "true":
            self.released.add(paid.trade_no)
        return {**yes, "trade_no": paid.trade_no, "settle_no": f"20{number}"}

    def bill(self) -> bytes:
        """The zip of a day, as the service's documents show it: details, and sums beside them."""
        lines = ["#支付宝业务明细查询", f"#账号：[{SELLER}0156]", f"#{'-' * 20}", _DETAILS]
        for one in self.paid.values():
            lines.append(_line(one.trade_no, one.number, "交易", Decimal(one.minor) / 100, ""))
        for number, (trade_no, minor) in self.refunds.items():
            lines.append(_line(trade_no, "x", "退款", -Decimal(minor) / 100, number))
        lines += [f"#{'-' * 20}", "#交易合计：1笔"]
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as packed:
            sums = "#支付宝业务汇总查询\n门店编号,交易订单总笔数\n合计,1\n"
            packed.writestr("汇总.csv", sums.encode("gbk"))
            packed.writestr("明细.csv", "\r\n".join(lines).encode("gbk"))
        return made.getvalue()

    def callback(self, paid: Paid) -> Callback:
        """A POST."""
        fields = {**_trade(paid), "app_id": APP, "seller_id": SELLER, "subject": "点卡 100 元"}
        signed = "&".join(f"{k}={v}" for k, v in sorted(fields.items()))
        return Callback({}, {**fields, "sign": self.kit._sign(signed), "sign_type": "RSA2"})


def _line(trade_no: str, number: str, kind: str, yuan: Decimal, back: str) -> str:
    fields = [trade_no, number, kind, "点卡,100 元", "2026-11-23 10:00:00", f"{yuan:.2f}", back]
    return ",".join(f"{one}\t" for one in fields)


def _trade(paid: Paid) -> dict[str, str]:
    return {
        "out_trade_no": paid.number,
        "trade_no": paid.trade_no,
        "trade_status": _STATES[paid.state],
        "total_amount": f"{Decimal(paid.minor) / 100:.2f}",
    }
