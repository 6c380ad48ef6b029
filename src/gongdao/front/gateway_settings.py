"""Settings of the payment services, from the environment. A service is off until its first variable
is set; then all it needs has to be there, and a key that cannot be read is an error at start.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _

_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|localhost)(?::\d+)?(?:/|$)")
_T = TypeVar("_T")


@dataclass(frozen=True)
class EpayPlace:
    """An account at an 易支付 gateway; version 1 has ``key``, version 2 the two files."""

    url: str
    account: str
    pay_type: str
    key: str = field(default="", repr=False)
    amp_key: bool = False
    private_key: str = field(default="", repr=False)
    platform_key: str = field(default="", repr=False)
    sign_type: str = "RSA"


@dataclass(frozen=True)
class AlipayPlace:
    """An app at 支付宝."""

    app_id: str
    seller: str
    private_key: str = field(repr=False)
    alipay_key: str = field(repr=False)
    page: str = "page"
    splits: bool = False
    url: str = "https://openapi.alipay.com/gateway.do"


@dataclass(frozen=True)
class WechatPlace:
    """A merchant at 微信支付. ``platform`` holds the files' texts by serial or key id."""

    mchid: str
    app_id: str
    serial: str
    private_key: str = field(repr=False)
    api_key: str = field(repr=False)
    platform: Mapping[str, str] = field(repr=False)
    kind: str = "native"
    splits: bool = False
    url: str = "https://api.mch.weixin.qq.com"


@dataclass(frozen=True)
class StripePlace:
    """An account at Stripe."""

    account: str
    key: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    splits: bool = False
    url: str = "https://api.stripe.com"


@dataclass(frozen=True)
class GatewayPlaces:
    """Every service that is switched on. ``hold_money``: the operator takes it upon himself to hold
    buyers' money, so that it may come to accounts of his own and leave from his bank (see
    docs/reference/payments.md)."""

    hold_money: bool = False
    epay: EpayPlace | None = None
    epay2: EpayPlace | None = None
    alipay: AlipayPlace | None = None
    wechat: WechatPlace | None = None
    stripe: StripePlace | None = None


def read_gateway_settings(environ: Mapping[str, str]) -> GatewayPlaces:
    """The payment services in ``environ``; raise InputError naming the variable that is wrong."""
    from_ = _From(environ)
    if from_.flag("GONGDAO_OWN_CUSTODY"):
        raise InputError(
            _("这一项并进了 GONGDAO_HOLD_MONEY：自己收、自己付，是同一件事"),
            field="GONGDAO_OWN_CUSTODY",
            hint=_("去掉它，写 GONGDAO_HOLD_MONEY=1。"),
        )
    places = GatewayPlaces(
        hold_money=from_.flag("GONGDAO_HOLD_MONEY"),
        epay=_epay(from_),
        epay2=_epay2(from_),
        alipay=_alipay(from_),
        wechat=_wechat(from_),
        stripe=_stripe(from_),
    )
    if not places.hold_money:
        _check_nobody_holds(places)
    return places


def _check_nobody_holds(places: GatewayPlaces) -> None:
    """A buyer's money waits for weeks until it is the merchant's. Whoever takes it to his own
    account meanwhile runs a payment business; so the default is a licensed service that holds."""
    holds = {
        "GONGDAO_EPAY_URL": places.epay is not None,
        "GONGDAO_EPAY2_URL": places.epay2 is not None,
        "GONGDAO_ALIPAY_SPLITS": places.alipay is not None and not places.alipay.splits,
        "GONGDAO_WECHAT_SPLITS": places.wechat is not None and not places.wechat.splits,
        "GONGDAO_STRIPE_SPLITS": places.stripe is not None and not places.stripe.splits,
    }
    for name, is_so in holds.items():
        if is_so:
            raise InputError(
                _("这样收款，买家的钱会先进平台自己的账户；要么用持牌机构的分账，要么明确写上代收"),
                field=name,
                hint=_("代收写 GONGDAO_HOLD_MONEY=1，先看 docs/reference/payments.md。"),
            )


@dataclass(frozen=True)
class _From:
    """Reads single variables; each error names its variable."""

    environ: Mapping[str, str]

    def text(self, name: str, default: str | None = None) -> str:
        found = self.environ.get(name, "").strip()
        if not found and default is None:
            raise _wrong(name, _("要写明，否则这种支付方式用不了"))
        return found or default or ""

    def flag(self, name: str) -> bool:
        return self.one_of(name, ("0", "1")) == "1"

    def one_of(self, name: str, allowed: tuple[str, ...]) -> str:
        found = self.environ.get(name, "").strip() or allowed[0]
        if found not in allowed:
            raise _wrong(name, _("要写成 {schemes} 之一").format(schemes=" / ".join(allowed)))
        return found

    def url(self, name: str, default: str = "") -> str:
        found = self.text(name, default).rstrip("/")
        if found and not found.startswith("https://") and not _LOOPBACK.match(found):
            raise _wrong(name, _("要以 https:// 开头：密钥会随请求发出去"))
        return found

    def file(self, name: str, check: Callable[[str], _T]) -> str:
        path = Path(self.text(name)).expanduser()
        try:
            text = path.read_text("ascii")
            check(text)
        except (OSError, UnicodeDecodeError):
            raise _wrong(name, _("读不了这个密钥文件")) from None
        except ValueError:
            raise _wrong(name, _("不是 2048 位以上的 RSA 密钥")) from None
        return text


def _wrong(name: str, reason: str) -> InputError:
    return InputError(reason, field=name, hint=_("见 docs/reference/settings.md。"))


def _epay(from_: _From) -> EpayPlace | None:
    url = from_.url("GONGDAO_EPAY_URL")
    if not url:
        return None
    return EpayPlace(
        url=url,
        account=from_.text("GONGDAO_EPAY_PID"),
        key=from_.text("GONGDAO_EPAY_KEY"),
        pay_type=from_.one_of("GONGDAO_EPAY_TYPE", ("alipay", "wxpay", "qqpay")),
        amp_key=from_.one_of("GONGDAO_EPAY_SIGN", ("plain", "amp_key")) == "amp_key",
    )


def _epay2(from_: _From) -> EpayPlace | None:
    from gongdao.payments.rsa import read_private_key, read_public_key

    url = from_.url("GONGDAO_EPAY2_URL")
    if not url:
        return None
    return EpayPlace(
        url=url,
        account=from_.text("GONGDAO_EPAY2_PID"),
        private_key=from_.file("GONGDAO_EPAY2_PRIVATE_KEY", read_private_key),
        platform_key=from_.file("GONGDAO_EPAY2_PLATFORM_KEY", read_public_key),
        pay_type=from_.one_of("GONGDAO_EPAY2_TYPE", ("alipay", "wxpay", "qqpay")),
        sign_type=from_.one_of("GONGDAO_EPAY2_SIGN_TYPE", ("RSA", "SHA256WithRSA")),
    )


def _alipay(from_: _From) -> AlipayPlace | None:
    from gongdao.payments.rsa import read_private_key, read_public_key

    app_id = from_.text("GONGDAO_ALIPAY_APP_ID", "")
    if not app_id:
        return None
    return AlipayPlace(
        app_id=app_id,
        seller=from_.text("GONGDAO_ALIPAY_SELLER"),
        private_key=from_.file("GONGDAO_ALIPAY_PRIVATE_KEY", read_private_key),
        alipay_key=from_.file("GONGDAO_ALIPAY_PUBLIC_KEY", read_public_key),
        page=from_.one_of("GONGDAO_ALIPAY_PAGE", ("page", "wap")),
        splits=from_.flag("GONGDAO_ALIPAY_SPLITS"),
        url=from_.url("GONGDAO_ALIPAY_URL", "https://openapi.alipay.com/gateway.do"),
    )


def _wechat(from_: _From) -> WechatPlace | None:
    from gongdao.payments.rsa import certificate_serial, read_private_key, read_public_key

    mchid = from_.text("GONGDAO_WECHAT_MCHID", "")
    if not mchid:
        return None
    api_key = from_.text("GONGDAO_WECHAT_API_KEY")
    if len(api_key.encode()) != 32:
        raise _wrong("GONGDAO_WECHAT_API_KEY", _("APIv3 密钥要正好 32 个字节"))
    platform = from_.file("GONGDAO_WECHAT_PLATFORM_KEY", read_public_key)
    if "BEGIN CERTIFICATE" in platform:
        key_id = certificate_serial(platform)
    else:
        key_id = from_.text("GONGDAO_WECHAT_PLATFORM_KEY_ID")
    return WechatPlace(
        mchid=mchid,
        app_id=from_.text("GONGDAO_WECHAT_APP_ID"),
        serial=from_.text("GONGDAO_WECHAT_SERIAL"),
        private_key=from_.file("GONGDAO_WECHAT_PRIVATE_KEY", read_private_key),
        api_key=api_key,
        platform={key_id: platform},
        kind=from_.one_of("GONGDAO_WECHAT_KIND", ("native", "h5")),
        splits=from_.flag("GONGDAO_WECHAT_SPLITS"),
        url=from_.url("GONGDAO_WECHAT_URL", "https://api.mch.weixin.qq.com"),
    )


def _stripe(from_: _From) -> StripePlace | None:
    account = from_.text("GONGDAO_STRIPE_ACCOUNT", "")
    if not account:
        return None
    return StripePlace(
        account=account,
        key=from_.text("GONGDAO_STRIPE_KEY"),
        webhook_secret=from_.text("GONGDAO_STRIPE_WEBHOOK_SECRET"),
        splits=from_.flag("GONGDAO_STRIPE_SPLITS"),
        url=from_.url("GONGDAO_STRIPE_URL", "https://api.stripe.com"),
    )
