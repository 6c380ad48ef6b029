"""The payment services of this installation, made once from the settings."""

from __future__ import annotations

from functools import cache

from gongdao.core.envelope import derive
from gongdao.core.errors import InputError, TradeNumberUsed
from gongdao.core.language import gettext as _
from gongdao.front.clock import now
from gongdao.front.gateway_settings import (
    AlipayPlace,
    EpayPlace,
    GatewayPlaces,
    StripePlace,
    WechatPlace,
)
from gongdao.front.stores import get_settings, get_stores
from gongdao.market.confirm_payment import confirm_payment
from gongdao.market.place_order import Placed
from gongdao.payments.credit_report import NUMBER_USED, note_refused
from gongdao.payments.gateways.alipay import Alipay
from gongdao.payments.gateways.epay_v1 import AMP_KEY, EpayV1
from gongdao.payments.gateways.epay_v2 import EpayV2
from gongdao.payments.gateways.sandbox import Sandbox
from gongdao.payments.gateways.stripe import Stripe
from gongdao.payments.gateways.wechat import Wechat
from gongdao.payments.port import Asked, Gateway, PayStep, Report
from gongdao.payments.reconcile import Round, ask_about
from gongdao.payments.rsa import read_private_key, read_public_key
from gongdao.payments.sandbox_book import TableBook
from gongdao.payments.wire import HttpWire, Wire


@cache
def get_gateways() -> dict[str, Gateway]:
    """Every payment service that is switched on, by name."""
    settings = get_settings()
    found = make_gateways(settings.gateways, HttpWire())
    if settings.sandbox:
        found.append(make_sandbox())
    return {one.name: one for one in found}


def make_gateways(places: GatewayPlaces, wire: Wire) -> list[Gateway]:
    """The services at ``places``, which ask over ``wire``."""
    found: list[Gateway] = []
    if places.epay:
        found.append(_epay(places.epay, wire))
    if places.epay2:
        found.append(_epay2(places.epay2, wire))
    if places.alipay:
        found.append(_alipay(places.alipay, wire))
    if places.wechat:
        found.append(_wechat(places.wechat, wire))
    if places.stripe:
        found.append(_stripe(places.stripe, wire))
    return found


def make_sandbox() -> Sandbox:
    """The sandbox of this installation; its signing key follows from the master key."""
    key = derive(get_stores().masters.current, "sandbox gateway")
    return Sandbox(key=key, pay_url=f"{get_settings().public_url}/sandbox/", book=TableBook())


def find_gateway(name: str) -> Gateway:
    """The payment service ``name``; InputError where it is not switched on."""
    found = get_gateways().get(name)
    if found is None:
        raise InputError(_("没有这种支付方式。"), field="pay_with")
    return found


def pay_step(gateway: Gateway, placed: Placed, client_ip: str = "") -> PayStep:
    """What the buyer of ``placed`` does next to pay. Raise GatewayError."""
    root = get_settings().public_url
    return gateway.start(
        Asked(
            out_trade_no=placed.number,
            amount=placed.total,
            title=placed.title,
            notify_url=f"{root}/pay/{gateway.name}/notify",
            return_url=f"{root}/orders/{placed.number}/",
            client_ip=client_ip,
        ),
        now(),
    )


def take_report(report: Report, gateway: str, way: str, digest: bytes) -> bool:
    """Credit what a service said when it was asked, or in its bill; whether the money was new."""
    at = now()
    try:
        done = confirm_payment(
            stores=get_stores(), report=report, gateway=gateway, way=way, digest=digest, at=at
        )
    except TradeNumberUsed:  # kept with its reason; the rest of the round goes on
        note_refused(
            gateway=gateway,
            way=way,
            reason=NUMBER_USED.reason,
            out_trade_no=report.out_trade_no,
            digest=digest,
            at=at,
        )
        return False
    return done.credited.is_new


def ask_now(gateway: str, out_trade_no: str) -> bool:
    """Ask at once what became of a payment, for a buyer who comes back from its pay page; whether
    that found money. Raise GatewayError."""
    done = Round()
    ask_about(
        gateway=find_gateway(gateway),
        out_trade_no=out_trade_no,
        take=take_report,
        at=now(),
        into=done,
    )
    return bool(done.found)


def _epay(place: EpayPlace, wire: Wire) -> EpayV1:
    return EpayV1(
        account=place.account,
        key=place.key,
        url=place.url,
        wire=wire,
        pay_type=place.pay_type,
        joint=AMP_KEY if place.amp_key else "",
    )


def _epay2(place: EpayPlace, wire: Wire) -> EpayV2:
    return EpayV2(
        account=place.account,
        private_key=read_private_key(place.private_key),
        platform_key=read_public_key(place.platform_key),
        url=place.url,
        wire=wire,
        pay_type=place.pay_type,
        sign_type=place.sign_type,
    )


def _alipay(place: AlipayPlace, wire: Wire) -> Alipay:
    return Alipay(
        account=place.app_id,
        private_key=read_private_key(place.private_key),
        alipay_key=read_public_key(place.alipay_key),
        wire=wire,
        seller=place.seller,
        page=place.page,
        splits=place.splits,
        url=place.url,
    )


def _wechat(place: WechatPlace, wire: Wire) -> Wechat:
    return Wechat(
        account=place.mchid,
        app_id=place.app_id,
        serial=place.serial,
        private_key=read_private_key(place.private_key),
        api_key=place.api_key.encode(),
        platform_keys={name: read_public_key(text) for name, text in place.platform.items()},
        wire=wire,
        kind=place.kind,
        splits=place.splits,
        url=place.url,
    )


def _stripe(place: StripePlace, wire: Wire) -> Stripe:
    return Stripe(
        account=place.account,
        key=place.key,
        webhook_secret=place.webhook_secret,
        wire=wire,
        splits=place.splits,
        url=place.url,
    )
