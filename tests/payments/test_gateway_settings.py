"""Payment services are off until set, whole when set, and hold nobody's money unasked."""

from __future__ import annotations

import pytest
from tests.payments.fake_server import private_pem, public_pem, rsa_key

from gongdao.core.errors import InputError
from gongdao.front.gateways import make_gateways
from gongdao.front.settings import Settings
from gongdao.payments.wire import HttpWire


@pytest.fixture
def keys(tmp_path):
    """Files with a private and a public key; what is none."""
    (tmp_path / "private.pem").write_text(private_pem(rsa_key("merchant")))
    (tmp_path / "public.pem").write_text(public_pem(rsa_key("platform")))
    (tmp_path / "rubbish.pem").write_text("rubbish")
    return tmp_path


def _environ(keys):
    private, public = str(keys / "private.pem"), str(keys / "public.pem")
    return {
        "epay": {
            "GONGDAO_EPAY_URL": "https://pay.example",
            "GONGDAO_EPAY_PID": "1001",
            "GONGDAO_EPAY_KEY": "key",
        },
        "epay2": {
            "GONGDAO_EPAY2_URL": "https://pay.example",
            "GONGDAO_EPAY2_PID": "1001",
            "GONGDAO_EPAY2_PRIVATE_KEY": private,
            "GONGDAO_EPAY2_PLATFORM_KEY": public,
        },
        "alipay": {
            "GONGDAO_ALIPAY_APP_ID": "2021",
            "GONGDAO_ALIPAY_SELLER": "2088",
            "GONGDAO_ALIPAY_PRIVATE_KEY": private,
            "GONGDAO_ALIPAY_PUBLIC_KEY": public,
        },
        "wechat": {
            "GONGDAO_WECHAT_MCHID": "1900",
            "GONGDAO_WECHAT_APP_ID": "wx1",
            "GONGDAO_WECHAT_SERIAL": "AB12",
            "GONGDAO_WECHAT_PRIVATE_KEY": private,
            "GONGDAO_WECHAT_API_KEY": "k" * 32,
            "GONGDAO_WECHAT_PLATFORM_KEY": public,
            "GONGDAO_WECHAT_PLATFORM_KEY_ID": "PUB_KEY_ID_1",
        },
        "stripe": {
            "GONGDAO_STRIPE_ACCOUNT": "acct_1",
            "GONGDAO_STRIPE_KEY": "sk_test_1",
            "GONGDAO_STRIPE_WEBHOOK_SECRET": "whsec_1",
        },
    }


ALL = ("epay", "epay2", "alipay", "wechat", "stripe")
HOLD = {"GONGDAO_HOLD_MONEY": "1"}


def _read(environ):
    return Settings.read({"GONGDAO_DATA": "/nonexistent", **environ})


def test_nothing_is_on_by_itself():
    """Out of the box there is no payment service but the sandbox, and in public not even that."""
    assert make_gateways(_read({}).gateways, HttpWire()) == []
    assert not _read({"GONGDAO_PUBLIC_URL": "https://shop.example"}).sandbox


@pytest.mark.parametrize("name", ALL)
def test_a_service_is_on_when_all_is_there(keys, name):
    """With all of its settings it is made; without any one of them the variable is named."""
    environ = _environ(keys)[name]
    (made,) = make_gateways(_read({**HOLD, **environ}).gateways, HttpWire())
    assert made.name == name
    for secret in ("PRIVATE", "'key'", "k" * 32, "sk_test", "whsec"):
        assert secret not in repr(_read({**HOLD, **environ}))
    first, *rest = environ
    for missing in rest:
        less = {k: v for k, v in environ.items() if k != missing}
        with pytest.raises(InputError) as caught:
            _read({**HOLD, **less})
        assert caught.value.place.field == missing
    less = {k: v for k, v in environ.items() if k != first}
    assert make_gateways(_read({**HOLD, **less}).gateways, HttpWire()) == []


@pytest.mark.parametrize("name", ALL)
def test_holding_money_has_to_be_said(keys, name):
    """Where money would wait on the operator's own account, nothing starts without his word; where
    the licensed service splits, it does."""
    environ = _environ(keys)[name]
    with pytest.raises(InputError) as caught:
        _read(environ)
    splits = f"GONGDAO_{name.upper()}_SPLITS"
    if name.startswith("epay"):
        assert caught.value.place.field == f"GONGDAO_{name.upper()}_URL"
        return
    assert caught.value.place.field == splits
    (made,) = make_gateways(_read({**environ, splits: "1"}).gateways, HttpWire())
    assert made.splits


def test_holding_money_is_one_setting():
    """It stands for taking and for paying out; the name that was half of it is not passed over."""
    assert _read(HOLD).gateways.hold_money and not _read({}).gateways.hold_money
    with pytest.raises(InputError) as caught:
        _read({"GONGDAO_OWN_CUSTODY": "1"})
    assert caught.value.place.field == "GONGDAO_OWN_CUSTODY"
    assert "GONGDAO_HOLD_MONEY" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "variable", "value"),
    [
        ("epay", "GONGDAO_EPAY_URL", "http://pay.example"),
        ("epay", "GONGDAO_EPAY_URL", "http://127.0.0.1.evil.example"),
        ("epay", "GONGDAO_EPAY_SIGN", "sha1"),
        ("epay", "GONGDAO_EPAY_TYPE", "cash"),
        ("epay2", "GONGDAO_EPAY2_PRIVATE_KEY", "rubbish.pem"),
        ("epay2", "GONGDAO_EPAY2_PLATFORM_KEY", "missing.pem"),
        ("alipay", "GONGDAO_ALIPAY_PUBLIC_KEY", "private.pem"),
        ("alipay", "GONGDAO_ALIPAY_PAGE", "app"),
        ("wechat", "GONGDAO_WECHAT_API_KEY", "short"),
        ("stripe", "GONGDAO_STRIPE_SPLITS", "maybe"),
    ],
)
def test_what_cannot_be_used_is_named(keys, name, variable, value):
    """An address without TLS, a word that is none of the choices, a key that is none."""
    given = str(keys / value) if value.endswith(".pem") else value
    with pytest.raises(InputError) as caught:
        _read({**HOLD, **_environ(keys)[name], variable: given})
    assert caught.value.place.field == variable


def test_both_variants_of_the_signature(keys):
    """The setting decides what stands between text and key."""
    environ = {**HOLD, **_environ(keys)["epay"]}
    (plain,) = make_gateways(_read(environ).gateways, HttpWire())
    (joined,) = make_gateways(
        _read({**environ, "GONGDAO_EPAY_SIGN": "amp_key"}).gateways, HttpWire()
    )
    assert (plain.joint, joined.joint) == ("", "&key=")
