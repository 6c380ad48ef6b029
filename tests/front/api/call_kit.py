"""Calls of the interface through its own handler, and keys to call with."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.market.market_kit import Shop, own_proof

from gongdao.core.ids import new_id
from gongdao.core.models import User
from gongdao.core.money import Money
from gongdao.front.clock import now
from gongdao.front.gateways import make_sandbox
from gongdao.market.api_keys import Scope, make_api_key
from gongdao.market.models import Merchant, MerchantMember
from gongdao.market.terms import terms_number
from gongdao.payments.port import Report, Told

JSON, FORM = "application/json", "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answered:
    """An answer: its status, its JSON (or text), its headers."""

    status: int
    told: Any
    headers: dict[str, str]

    @property
    def code(self) -> str:
        """The code of an error."""
        return str(self.told["error"]["code"])


def call(
    method: str, path: str, body: object = None, *, key: str = "", kind: str = JSON, **more: str
) -> Answered:
    """One request; ``body`` goes as JSON unless it is bytes."""
    from gongdao.front.api.lean_handler import LeanHandler

    place, _mark, query = path.partition("?")
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": place,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(data),
        "wsgi.url_scheme": "http",
        "CONTENT_LENGTH": str(len(data)),
        "CONTENT_TYPE": kind,
        **({"HTTP_AUTHORIZATION": f"Bearer {key}"} if key else {}),
        **more,
    }
    began: list[tuple[str, dict[str, str]]] = []
    response = LeanHandler()(environ, lambda status, h: began.append((status, dict(h))))
    text = b"".join(response).decode()
    told = json.loads(text) if text.startswith(("{", "[")) else text
    return Answered(int(began[0][0][:3]), told, began[0][1])


def make_user(email: str) -> User:
    """An account."""
    at = now()
    return User.objects.create(id=new_id(at), email=email, joined_at=at)


def merchant_key(shop: Shop, *scopes: Scope, email: str = "seller@example.invalid") -> str:
    """A key of a member of the shop's merchant; of every merchant's scope where none is named."""
    user = User.objects.filter(email=email).first() or make_user(email)
    MerchantMember.objects.get_or_create(
        merchant=shop.merchant, user=user, defaults={"added_at": now()}
    )
    wanted = scopes or tuple(scope for scope in Scope if scope is not Scope.BUYER)
    return make_api_key(
        user_id=user.id, merchant_id=shop.merchant.id, name="测试", scopes=wanted, at=now()
    )[1]


def buyer_key(email: str = "buyer@example.invalid") -> str:
    """A key of a buyer's account."""
    user = User.objects.filter(email=email).first() or make_user(email)
    scopes = [Scope.BUYER]
    return make_api_key(user_id=user.id, merchant_id=None, name="测试", scopes=scopes, at=now())[1]


def wished(shop: Shop, **more: object) -> dict[str, object]:
    """The body of an order of one piece."""
    asked = {
        "listing": str(shop.listing.id),
        "version": 1,
        "quantity": 1,
        "contact": "a@example.invalid",
        "terms": terms_number(now()),
        "pay_with": "sandbox",
    }
    return {**asked, **more}


def pay_for(order: dict[str, Any], trade_no: str = "T1") -> Answered:
    """The sandbox's callback that says it was paid."""
    sandbox = make_sandbox()
    amount = Money.parse(order["total"])
    report = Report(order["number"], trade_no, Told.PAID, amount, sandbox.account)
    fields = urlencode(sandbox.sign_callback(report)).encode()
    return call("POST", "/pay/sandbox/notify", fields, kind=FORM)


def wished_offer(**more: object) -> dict[str, object]:
    """The body of a listing that may be published."""
    asked: dict[str, object] = {
        "title": "示例游戏点卡 50 元",
        "kind": "retail_card",
        "category": "game_card",
        "denomination": "50 元",
        "region": "中国大陆",
        "account_limits": "无",
        "source": "distributor",
        "source_proof": own_proof(Merchant.objects.order_by("id")[0].id),
        "delivery": "secret",
        "promise": {"minutes": 10, "instant": True},
        "after_sale": "卡密无效，核实后退款或换卡。",
        "how_to_redeem": "打开官网充值页。",
        "how_to_test": "在官网查询余额。",
        "price": "49.00",
        "tiers": [{"quantity": 10, "unit": "48.00"}],
    }
    return {**asked, **more}
