"""易支付 gateways of both versions, signing for themselves."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from tests.payments.fake_server import Answer, FakeService, FakeWire, Paid, Seen, rsa_key

from gongdao.payments.gateways.epay_v1 import AMP_KEY, EpayV1
from gongdao.payments.gateways.epay_v2 import EpayV2
from gongdao.payments.port import Callback

KEY, PID = "89unJUB8HZ54Hj7x4nUj56HN4nUzUJ8i", "1001"
_STATES = {"paid": 1, "unpaid": 0, "refunded": 2}


def _yuan(minor: int) -> str:
    return str(Decimal(minor) / 100)


def _joined(fields: dict[str, str]) -> str:
    """Written apart from ours: the loop of the PHP kits."""
    text = ""
    for name in sorted(fields):
        if name in ("sign", "sign_type") or fields[name] == "":
            continue
        text += ("&" if text else "") + name + "=" + fields[name]
    return text


def _notice(paid: Paid) -> dict[str, str]:
    return {
        "pid": PID,
        "trade_no": paid.trade_no,
        "out_trade_no": paid.number,
        "type": "alipay",
        "name": "会员",
        "money": _yuan(paid.minor),
        "trade_status": "TRADE_SUCCESS" if paid.state == "paid" else "TRADE_CLOSED",
        "param": "",
    }


def _order(paid: Paid) -> dict[str, object]:
    return {
        "trade_no": paid.trade_no,
        "out_trade_no": paid.number,
        "pid": PID,
        "addtime": "2026-11-23 11:58:00",
        "endtime": "2026-11-23 11:59:00",
        "money": _yuan(paid.minor),
        "status": _STATES[paid.state],
    }


@dataclass
class FakeEpayV1(FakeService):
    """Version 1; ``joint`` is the variant."""

    joint: str = ""
    posts: bool = False

    def __post_init__(self) -> None:
        self.name = "epay"

    def connect(self) -> None:
        """Make our side of it."""
        self.gateway = EpayV1(
            account=PID, key=KEY, url=self.url, wire=FakeWire(self), joint=self.joint
        )

    def sign(self, fields: dict[str, str]) -> str:
        """MD5."""
        return hashlib.md5((_joined(fields) + self.joint + KEY).encode()).hexdigest()

    def answer(self, seen: Seen) -> Answer:
        """`api.php`."""
        fields = {**seen.query, **(seen.form if seen.method == "POST" else {})}
        if fields.get("key") != KEY or fields.get("pid") != PID:
            return _json({"code": -3, "msg": "商户密钥错误"})
        if fields["act"] == "orders":
            rows = [_order(one) for one in self.paid.values()]
            return _json({"code": 1, "data": rows if fields["page"] == "1" else []})
        if fields["act"] == "refund":
            paid = self.of_trade(fields["trade_no"])
            if paid is None:
                return _json({"code": -1, "msg": "订单编号不存在"})
            self.moved_minor += int(Decimal(fields["money"]) * 100)
            return _json({"code": 1, "msg": "退款成功"})
        paid = self.paid.get(fields["out_trade_no"])
        if paid is None:
            return _json({"code": -1, "msg": "订单号不存在"})
        return _json({"code": 1, "msg": "查询订单号成功！", **_order(paid)})

    def callback(self, paid: Paid) -> Callback:
        """A GET, or a POST where the gateway posts."""
        fields = _notice(paid)
        signed = {**fields, "sign": self.sign(fields), "sign_type": "MD5"}
        return Callback({}, signed) if self.posts else Callback(signed, {})


@dataclass
class FakeEpayV2(FakeService):
    """Version 2; ``sign_type`` is how it spells it."""

    sign_type: str = "RSA"

    def __post_init__(self) -> None:
        self.name = "epay2"

    def connect(self) -> None:
        """Make our side of it."""
        self.gateway = EpayV2(
            account=PID,
            private_key=rsa_key("merchant"),
            platform_key=rsa_key("platform").public_key(),
            url=self.url,
            wire=FakeWire(self),
            sign_type=self.sign_type,
        )

    def sign(self, fields: dict[str, str]) -> dict[str, str]:
        """RSA with the platform's key."""
        made = rsa_key("platform").sign(_joined(fields).encode(), PKCS1v15(), SHA256())
        return {**fields, "sign": base64.b64encode(made).decode(), "sign_type": self.sign_type}

    def answer(self, seen: Seen) -> Answer:
        """`/api/pay/…`."""
        fields = seen.form
        try:
            rsa_key("merchant").public_key().verify(
                base64.b64decode(fields["sign"]), _joined(fields).encode(), PKCS1v15(), SHA256()
            )
        except InvalidSignature:
            return _json({"code": -1, "msg": "签名校验失败"})
        found = self._do(seen.path.rpartition("/")[2], fields)
        return _json(found if found["code"] != "0" else self.sign({**found, "timestamp": "1"}))

    def _do(self, what: str, fields: dict[str, str]) -> dict[str, str]:
        no = {"code": "-1", "msg": "不存在"}
        if what == "create":
            return {"code": "0", "pay_type": "jump", "pay_info": f"{self.url}/pay/1"}
        if what == "query":
            paid = self.paid.get(fields["out_trade_no"])
            return {"code": "0", **{k: str(v) for k, v in _order(paid).items()}} if paid else no
        number = fields["out_refund_no"]
        if what == "refund":
            if self.of_trade(fields["trade_no"]) is None or number in self.refunds:
                return no
            self.refund_once(number, fields["trade_no"], int(Decimal(fields["money"]) * 100))
        if number not in self.refunds:
            return no
        money = _yuan(self.refunds[number][1])
        return {
            "code": "0",
            "refund_no": "8",
            "out_refund_no": number,
            "money": money,
            "status": "1",
        }

    def callback(self, paid: Paid) -> Callback:
        """A GET."""
        return Callback(self.sign(_notice(paid)), {})


def _json(value: object) -> Answer:
    return 200, {"Content-Type": "application/json"}, json.dumps(value).encode()


assert AMP_KEY == "&key="
