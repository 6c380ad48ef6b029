"""Signatures against published vectors and against the official kits' own signing."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.payments.fake_alipay import FakeAlipay, sdk
from tests.payments.fake_epay import FakeEpayV2
from tests.payments.fake_server import AT, rsa_key
from tests.payments.fake_stripe import SECRET, FakeStripe, event
from tests.payments.fake_wechat import APP, FakeWechat, trade

from gongdao.core.money import Money
from gongdao.payments.amounts import read_amount, read_minor
from gongdao.payments.gateways.alipay import Alipay
from gongdao.payments.gateways.epay_v1 import EpayV1
from gongdao.payments.gateways.stripe import VERSION
from gongdao.payments.port import Asked, BadCallback, Callback, Told
from gongdao.payments.rsa import read_private_key, read_public_key, rsa_holds, rsa_sign
from gongdao.payments.signing import is_same, md5_sign, signing_text
from gongdao.payments.wire import HttpWire

KEY = "89unJUB8HZ54Hj7x4nUj56HN4nUzUJ8i"
REQUEST = {
    "money": "1.00",
    "name": "VIP会员",
    "notify_url": "http://www.pay.com/notify_url.php",
    "out_trade_no": "20160806151343349",
    "param": "",
    "pid": "1001",
    "return_url": "http://www.pay.com/return_url.php",
    "sign_type": "MD5",
    "type": "alipay",
}
NOTICE = {
    "money": "1.00",
    "name": "VIP会员",
    "out_trade_no": "20160806151343349",
    "pid": "1001",
    "trade_no": "20160806151343349021",
    "trade_status": "TRADE_SUCCESS",
    "type": "alipay",
}
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
NAME = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=8)
FIELDS = st.dictionaries(NAME, TEXT, max_size=8)
ASKED = Asked("N1", Money(9900), "点卡 & 月卡=1", "https://s.test/n?a=1", "https://s.test/r")


def test_epay_vectors():
    """The three published signatures, the request of a shop that writes 1.00 as 1 among them."""
    assert md5_sign(REQUEST, KEY) == "427724b6656aa612cfdbe7a2262036a3"
    assert md5_sign(NOTICE, KEY) == "3ec3bda0f65fd24c5320e7ab770b2547"
    older = {
        "money": "1",
        "name": "ABCDEFGH12345678",
        "notify_url": "http://s.test/pay/yipay/notify_url",
        "out_trade_no": "ABCDEFGH12345678",
        "pid": "1001",
        "return_url": "http://s.test/r",
        "type": "alipay",
    }
    assert md5_sign(older, KEY) == "4be699bd07635ecadd7c162ab934d123"


def test_the_published_notice_is_read():
    """The vector is a callback: its money is compared as a decimal, upper-case signatures fit."""
    gateway = EpayV1(account="1001", key=KEY, url="http://127.0.0.1", wire=HttpWire())
    for sign in ("3ec3bda0f65fd24c5320e7ab770b2547", "3EC3BDA0F65FD24C5320E7AB770B2547"):
        report = gateway.read_callback(
            Callback({**NOTICE, "sign": sign, "sign_type": "MD5"}, {}), AT
        )
        assert (report.amount, report.told, report.account) == (Money(100), Told.PAID, "1001")


@settings(deadline=None)
@given(FIELDS)
def test_the_signed_text_holds_every_value_once(fields):
    """Sorted by name, empty values and the signature's own fields left out, nothing encoded."""
    text = signing_text({**fields, "sign": "x", "sign_type": "y"})
    kept = [f"{k}={v}" for k, v in sorted(fields.items()) if v and k not in ("sign", "sign_type")]
    assert text == "&".join(kept)
    assert text == signing_text(dict(reversed(fields.items())))


@settings(deadline=None)
@given(FIELDS, NAME, TEXT)
def test_another_field_is_another_signature(fields, name, value):
    """A field that is added or changed changes the signature, unless it was there so."""
    other = {**fields, name: value}
    same = signing_text(other) == signing_text(fields)
    assert (md5_sign(other, KEY) == md5_sign(fields, KEY)) == same


@settings(deadline=None)
@given(TEXT, TEXT)
def test_signatures_are_compared_whole(one, other):
    """Equal where they are equal, whatever signs they consist of."""
    assert is_same(one, other) == (one == other)


@settings(deadline=None)
@given(FIELDS.filter(lambda fields: not {"sign", "sign_type"} & fields.keys()))
def test_alipay_signs_as_the_kit_does(fields):
    """What we sign the kit verifies, and what the kit signs we verify."""
    text = "&".join(f"{k}={v}" for k, v in sorted(fields.items()))
    ours = rsa_sign(text.encode(), rsa_key("merchant"))
    assert ours == sdk("merchant", "platform")._sign(text)
    assert sdk("platform", "merchant").verify(dict(fields), ours)


def test_the_pay_page_of_alipay_is_the_kits():
    """The address we send a buyer to verifies with the kit, field by field."""
    fake = FakeAlipay()
    fake.connect()
    for page, product in (("page", "FAST_INSTANT_TRADE_PAY"), ("wap", "QUICK_WAP_WAY")):
        gateway = Alipay(
            account=fake.gateway.account,
            private_key=rsa_key("merchant"),
            alipay_key=rsa_key("platform").public_key(),
            wire=HttpWire(),
            page=page,
        )
        fields = dict(parse_qsl(urlsplit(gateway.start(ASKED, AT).url).query))
        content = json.loads(fields["biz_content"])
        assert content["product_code"] == product and content["total_amount"] == "99.00"
        assert fields["timestamp"] == "2026-11-23 12:00:00"
        sign = fields.pop("sign")
        text = "&".join(f"{k}={v}" for k, v in sorted(fields.items()))
        assert sdk("platform", "merchant")._verify(text, sign)


def test_money_for_another_seller_is_refused():
    """A genuine notice of the same service about somebody else's sale is not ours."""
    fake = FakeAlipay()
    fake.connect()
    form = dict(fake.callback(fake.pay("N1")).form)
    form.pop("sign")
    form.pop("sign_type")
    form["seller_id"] = "2088999999999999"
    text = "&".join(f"{k}={v}" for k, v in sorted(form.items()))
    signed = {**form, "sign": fake.kit._sign(text), "sign_type": "RSA2"}
    with pytest.raises(BadCallback, match="other_seller"):
        fake.gateway.read_callback(Callback({}, signed), AT)


def test_the_kit_opens_what_we_open():
    """A sealed notice opens with wechatpayv3's own function as with ours."""
    from wechatpayv3.utils import aes_decrypt, rsa_verify

    fake = FakeWechat()
    fake.connect()
    paid = fake.pay("N1")
    callback = fake.callback(paid)
    resource = json.loads(callback.body)["resource"]
    plain = aes_decrypt(
        resource["nonce"], resource["ciphertext"], resource["associated_data"], "k" * 32
    )
    assert json.loads(plain) == trade(paid)
    assert fake.gateway.read_callback(callback, AT).out_trade_no == "N1"
    moment, nonce, sign = (
        callback.headers[f"wechatpay-{name}"] for name in ("timestamp", "nonce", "signature")
    )
    assert rsa_verify(moment, nonce, callback.body.decode(), sign, rsa_key("platform").public_key())


def test_old_and_foreign_notices_of_wechat_are_refused():
    """A notice from an hour ago, for another app, of another kind or of none is not taken."""
    from datetime import timedelta

    fake = FakeWechat()
    fake.connect()
    paid = fake.pay("N1")
    for made, at, why in (
        (fake.callback(paid), AT + timedelta(hours=1), "too_old"),
        (fake.seal(json.dumps({**trade(paid), "appid": APP + "x"}).encode()), AT, "other_app"),
        (fake.seal(b"{}", event="REFUND.SUCCESS"), AT, "other_event:REFUND.SUCCESS"),
        (fake.seal(b"{}", event=None), AT, "no_event"),
        (fake.seal(b"[]"), AT, "not_json"),
    ):
        with pytest.raises(BadCallback, match=why):
            fake.gateway.read_callback(made, at)


def test_stripe_signs_as_the_package_does():
    """The package accepts what we accept, and its tolerance is ours; the version is its own."""
    from datetime import timedelta

    from stripe import SignatureVerificationError, WebhookSignature
    from stripe._api_version import _ApiVersion

    assert VERSION == _ApiVersion.CURRENT
    fake = FakeStripe()
    fake.connect()
    moment = int(time.time())
    value = event(fake.pay("N1"))
    callback = fake.sign(value, moment)
    header = callback.headers["stripe-signature"]
    assert WebhookSignature.verify_header(callback.body.decode(), header, SECRET, 300)
    at = AT + timedelta(seconds=moment - int(AT.timestamp()))
    assert fake.gateway.read_callback(callback, at).told is Told.PAID
    old = fake.sign(value, moment - 301)
    with pytest.raises(SignatureVerificationError):
        WebhookSignature.verify_header(
            old.body.decode(), old.headers["stripe-signature"], SECRET, 300
        )
    with pytest.raises(BadCallback, match="too_old"):
        fake.gateway.read_callback(old, at)


def test_foreign_events_of_stripe_are_refused():
    """Test money for a live key, another account, an event of another kind: each has its reason."""
    fake = FakeStripe()
    fake.connect()
    value = event(fake.pay("N1"))
    for change, why in (
        ({"livemode": True}, "other_mode"),
        ({"account": "acct_2"}, "other_account"),
        ({"type": "charge.succeeded"}, "other_event:charge.succeeded"),
        ({"data": {"object": []}}, "no_event"),
    ):
        with pytest.raises(BadCallback, match=why):
            fake.gateway.read_callback(fake.sign({**value, **change}), AT)


def test_a_wrong_spelling_of_the_signature_is_refused():
    """Version 2 takes RSA and SHA256WithRSA in any case, and nothing else."""
    fake = FakeEpayV2()
    fake.connect()
    genuine = fake.callback(fake.pay("N1"))
    for spelling in ("RSA", "SHA256WithRSA", "sha256withrsa"):
        again = Callback({**genuine.query, "sign_type": spelling}, {})
        assert fake.gateway.read_callback(again, AT).told is Told.PAID
    with pytest.raises(BadCallback):
        fake.gateway.read_callback(Callback({**genuine.query, "sign_type": "MD5"}, {}), AT)


@settings(deadline=None)
@given(st.decimals(0, 9999999999, places=2))
def test_amounts_are_exact(amount):
    """Whatever form a gateway writes, the minor units are those of the decimal."""
    minor = int(amount * 100)
    for text in {f"{amount:.2f}", f"{amount:.6f}", f"{amount:.2f}".rstrip("0").rstrip(".")}:
        assert read_amount(text) == Money(minor)
    assert Decimal(str(read_amount(f"{amount:.2f}"))) == amount


@pytest.mark.parametrize(
    "text", ["", "1.001", "-1", "+1", "1e2", "NaN", "１", "1,000", "0x1", " 1", "1.", ".5", "1\n"]
)
def test_what_is_no_amount_is_refused(text):
    """Fractions of a fen, signs, exponents, other digits: refused, never rounded."""
    with pytest.raises(BadCallback):
        read_amount(text)


@pytest.mark.parametrize("value", [None, True, "100", -1, 10**13, "1.0"])
def test_what_is_no_whole_number_is_refused(value):
    """Minor units are whole numbers of JSON."""
    with pytest.raises(BadCallback):
        read_minor(value, "CNY")


def test_keys_that_are_none_are_refused():
    """Rubbish, an elliptic key and a short one are no RSA keys for us."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from tests.payments.fake_server import private_pem, public_pem

    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    other = ec.generate_private_key(ec.SECP256R1())
    for text in ("", "rubbish", private_pem(short), private_pem(other)):  # type: ignore[arg-type]  # refused on purpose
        with pytest.raises(ValueError, match=r"\w"):
            read_private_key(text)
    for text in ("", "rubbish", public_pem(short), public_pem(other)):  # type: ignore[arg-type]  # refused on purpose
        with pytest.raises(ValueError, match=r"\w"):
            read_public_key(text)
    key = read_private_key(private_pem(rsa_key("merchant")))
    assert rsa_holds(b"x", rsa_sign(b"x", key), read_public_key(public_pem(rsa_key("merchant"))))


def test_a_long_title_is_cut_between_characters():
    """epay takes 127 bytes; half a character would be signed as another text."""
    gateway = EpayV1(account="1", key=KEY, url="http://127.0.0.1", wire=HttpWire())
    long = Asked("N1", Money(1), "卡" * 100, "n", "r")
    name = gateway.start(long, AT).fields["name"]
    assert name == "卡" * 42


def test_a_pay_link_of_the_sandbox_is_no_callback():
    """The link holds order and amount under the same key, and opens only its page."""
    from tests.payments.fake_sandbox import FakeSandbox

    fake = FakeSandbox()
    fake.connect()
    link = fake.gateway.start(ASKED, AT).url
    fields = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    assert fake.gateway.read_link({**fields, "lang": "en"})[:2] == ("N1", Money(9900))
    with pytest.raises(BadCallback):
        fake.gateway.read_callback(Callback({}, fields), AT)
    with pytest.raises(BadCallback):
        fake.gateway.read_link({**fields, "money": "0.01"})
    told = dict(fake.callback(fake.pay("N1")).form)
    with pytest.raises(BadCallback):
        fake.gateway.read_link(told)
