"""微信支付 v3, whose fake signs, verifies and seals with wechatpayv3's own functions."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import warnings
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tests.payments.fake_server import AT, Answer, FakeService, FakeWire, Paid, Seen, rsa_key

from gongdao.payments.gateways.wechat import Wechat
from gongdao.payments.port import Callback

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from wechatpayv3.utils import rsa_sign

MCHID, APP, API_KEY = "1900000109", "wxd678efh567hg6787", "k" * 32
KEY_ID = "PUB_KEY_ID_0119000001090000000000000000001"
_STATES = {"paid": "SUCCESS", "unpaid": "NOTPAY", "refunded": "REFUND"}
_BACK = "货币种类,微信退款单号,商户退款单号,退款金额,退款状态"
_HEAD = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,"
    "付款银行,货币种类,应结订单金额,代金券金额,商品名称,商户数据包,手续费,费率,订单金额,费率备注"
)


@dataclass
class FakeWechat(FakeService):
    """The service's side."""

    def __post_init__(self) -> None:
        self.name = "wechat"

    def connect(self) -> None:
        """Make our side of it."""
        self.gateway = Wechat(
            account=MCHID,
            app_id=APP,
            serial="SERIAL1",
            private_key=rsa_key("merchant"),
            api_key=API_KEY.encode(),
            platform_keys={KEY_ID: rsa_key("platform").public_key()},
            wire=FakeWire(self),
            url=self.url,
            splits=True,
        )

    def headers(self, body: str, moment: int = int(AT.timestamp())) -> dict[str, str]:
        """The signature of an answer or a notice."""
        text = f"{moment}\nnonce\n{body}\n"
        return {
            "Wechatpay-Timestamp": str(moment),
            "Wechatpay-Nonce": "nonce",
            "Wechatpay-Serial": KEY_ID,
            "Wechatpay-Signature": rsa_sign(rsa_key("platform"), text),
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        }

    def answer(self, seen: Seen) -> Answer:
        """`/v3/…`."""
        said = dict(re.findall(r'(\w+)="([^"]*)"', seen.headers["authorization"]))
        moment, nonce = said["timestamp"], said["nonce_str"]
        text = f"{seen.method}\n{seen.target}\n{moment}\n{nonce}\n{seen.body.decode()}\n"
        right = rsa_sign(rsa_key("merchant"), text)
        if (said["signature"], said["mchid"]) != (right, MCHID):
            return 401, {}, b'{"code":"SIGN_ERROR"}'
        if seen.path == "/v3/billdownload/file":
            return 200, {}, self._bill(seen.query["token"])
        status, value = self._do(seen)
        body = json.dumps(value)
        return status, self.headers(body, int(moment)), body.encode()

    def _do(self, seen: Seen) -> tuple[int, dict[str, Any]]:
        path, last = seen.path, unquote(seen.path.rpartition("/")[2])
        if path.endswith("/native"):
            return 200, {"code_url": "weixin://wxpay/bizpayurl?pr=1"}
        if "/out-trade-no/" in path:
            paid = self.paid.get(last)
            return (200, trade(paid)) if paid else (404, {"code": "ORDER_NOT_EXIST"})
        if path.startswith("/v3/profitsharing/"):
            return self._split(seen, last)
        if path.endswith("/tradebill"):
            if self.no_bill:
                return 400, {"code": "NO_STATEMENT_EXIST"}
            kind = seen.query["bill_type"]
            found = hashlib.sha1(self._bill(kind)).hexdigest()
            url = f"{self.url}/v3/billdownload/file?token={kind}"
            return 200, {"hash_type": "SHA1", "hash_value": found, "download_url": url}
        if seen.method == "POST":
            wanted = json.loads(seen.body)
            last = wanted["out_refund_no"]
            paid = self.of_trade(wanted["transaction_id"])
            if paid is None or wanted["amount"]["total"] != paid.minor:
                return 400, {"code": "INVALID_REQUEST"}
            minor = wanted["amount"]["refund"]
            frozen = self.left_of(paid.trade_no) if paid.trade_no not in self.released else 0
            if last not in self.refunds and minor > frozen + self.balance_minor:
                return 403, {"code": "NOT_ENOUGH"}
            self.refund_once(last, paid.trade_no, wanted["amount"]["refund"])
        if last not in self.refunds:
            return 404, {"code": "RESOURCE_NOT_EXISTS"}
        amount = {"refund": self.refunds[last][1], "currency": "CNY"}
        return 200, {"out_refund_no": last, "status": "SUCCESS", "amount": amount}

    def _split(self, seen: Seen, last: str) -> tuple[int, dict[str, Any]]:
        """Splits, releases and questions about them: asynchronous, idempotent by number."""
        if seen.method == "GET":
            known = self.splits.get(last)
            if known is None or known[0] != seen.query["transaction_id"]:
                return 404, {"code": "RESOURCE_NOT_EXISTS"}
            return 200, self._shared(last)
        asked = json.loads(seen.body)
        number, trade_no = asked["out_order_no"], asked["transaction_id"]
        if self.of_trade(trade_no) is None:
            return 400, {"code": "INVALID_REQUEST"}
        if seen.path.endswith("/unfreeze"):
            shares, finish = {}, True
        else:
            assert asked["appid"] == APP and asked["receivers"]
            assert {one["type"] for one in asked["receivers"]} == {"MERCHANT_ID"}
            shares = {one["account"]: one["amount"] for one in asked["receivers"]}
            finish = asked["unfreeze_unsplit"]
        problem = self.take_share(number, trade_no, shares)
        if problem:
            return 403, {"code": "NOT_ENOUGH" if problem == "not_enough" else "INVALID_REQUEST"}
        if finish:
            self.released.add(trade_no)
        return 200, self._shared(number)

    def _shared(self, number: str) -> dict[str, Any]:
        trade_no, shares = self.splits[number]
        rows: list[dict[str, Any]] = [
            {
                "amount": minor,
                "description": "x",
                "type": "MERCHANT_ID",
                "account": account,
                "result": "PENDING" if self.late else "SUCCESS",
                "detail_id": f"36{number}",
                "create_time": "2026-11-23T12:00:00+08:00",
            }
            for account, minor in shares.items()
        ]
        if trade_no in self.released and not self.late:
            own: dict[str, Any] = {"type": "MERCHANT_ID", "account": MCHID, "description": "x"}
            left = self.left_of(trade_no)
            rows.append({**own, "amount": left, "result": "SUCCESS", "detail_id": "37"})
        state = "PROCESSING" if self.late else "FINISHED"
        told = {"transaction_id": trade_no, "out_order_no": number, "order_id": f"30{number}"}
        return {**told, "state": state, "receivers": rows}

    def _bill(self, kind: str) -> bytes:
        if kind == "REFUND":
            return self._bill_of_refunds()
        lines = ["\ufeff" + _HEAD]
        for one in self.paid.values():
            yuan = f"{one.minor // 100}.{one.minor % 100:02d}"
            start = ["2026-11-22 10:00:00", APP, MCHID, "", "", one.trade_no, one.number]
            rest = ["user", "NATIVE", "SUCCESS", "OTHERS", "CNY", yuan, "0.00", "点卡,月卡"]
            lines.append(",".join(f"`{f}" for f in [*start, *rest, "", "0.01", "1%", yuan, ""]))
        lines += ["总交易单数,应结订单总金额", "`1,`99.00"]
        return "\r\n".join(lines).encode()

    def _bill_of_refunds(self) -> bytes:
        lines = [f"\ufeff交易时间,商户号,微信订单号,{_BACK}"]
        for number, (trade_no, minor) in self.refunds.items():
            yuan = f"{minor // 100}.{minor % 100:02d}"
            for state in ("SUCCESS", "FAIL"):
                fields = ["2026-11-23 10:00:00", MCHID, trade_no, "CNY", f"W{number}"]
                said = number if state == "SUCCESS" else f"{number}F"
                lines.append(",".join(f"`{f}" for f in [*fields, said, yuan, state]))
        lines += ["总交易单数,退款总金额", "`1,`99.00"]
        return "\r\n".join(lines).encode()

    def callback(self, paid: Paid) -> Callback:
        """A sealed notice."""
        return self.seal(json.dumps(trade(paid)).encode())

    def seal(self, plain: bytes, event: str = "TRANSACTION.SUCCESS") -> Callback:
        """A notice with ``plain`` inside."""
        sealed = AESGCM(API_KEY.encode()).encrypt(b"n" * 12, plain, b"transaction")
        resource = {
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(sealed).decode(),
            "associated_data": "transaction",
            "nonce": "n" * 12,
        }
        body = json.dumps({"id": "1", "event_type": event, "resource": resource})
        headers = {name.lower(): value for name, value in self.headers(body).items()}
        return Callback({}, {}, headers, body.encode())


def trade(paid: Paid) -> dict[str, Any]:
    """A payment as the service describes it."""
    return {
        "appid": APP,
        "mchid": MCHID,
        "out_trade_no": paid.number,
        "transaction_id": paid.trade_no,
        "trade_state": _STATES[paid.state],
        "amount": {"total": paid.minor, "currency": "CNY"},
    }
