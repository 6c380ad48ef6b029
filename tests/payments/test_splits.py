"""What every service that splits does alike, each against its fake on loopback, and that it is
asked as the services' own kits ask."""

from __future__ import annotations

import json
import warnings
from types import SimpleNamespace

import pytest
from tests.payments.conftest import FAKES
from tests.payments.fake_server import AT

from gongdao.core.money import Money
from gongdao.payments.port import GatewayError, GatewayRefused, Report, Told
from gongdao.payments.split_port import RECEIVERS, Share, ShareState, Splitter

MERCHANTS = {
    "alipay": "2088000000000099",
    "stripe": "acct_merchant9",
    "wechat": "1900000199",
}
NUMBER, PRICE, PART = "ABCDEFGH1234", Money(9900), Money(9801)
every = pytest.mark.parametrize("fake", list(MERCHANTS), indirect=True)
freezing = pytest.mark.parametrize("fake", ["wechat", "alipay"], indirect=True)


def _paid(fake) -> Report:
    """A payment whose merchant may receive."""
    fake.pay(NUMBER)
    fake.receivers.add(MERCHANTS[fake.name])
    return fake.gateway.query(NUMBER, AT)


def _share(fake, amount: Money = PART) -> Share:
    return Share(MERCHANTS[fake.name], amount)


def _split(fake, report, split_no="S1", amount=PART, last=False):
    return fake.gateway.split(report, split_no, [_share(fake, amount)], AT, last=last)


@pytest.mark.parametrize("fake", list(FAKES), indirect=True)
def test_the_services_that_split_are_known_by_name(fake):
    """Those of which a receiver's number has a form are those that have the methods."""
    assert isinstance(fake.gateway, Splitter) == (fake.gateway.name in RECEIVERS)


@every
def test_a_share_arrives_and_is_told(fake):
    """Receiver, amount and number come back, at once and when asked."""
    report = _paid(fake)
    told = _split(fake, report)
    assert (told.split_no, told.state) == ("S1", ShareState.DONE)
    assert [one.share for one in told.shares] == [_share(fake)]
    assert told.shares[0].number
    assert fake.received == {MERCHANTS[fake.name]: 9801}
    again = fake.gateway.query_split("S1", report, AT)
    assert (again.state, [one.share for one in again.shares]) == (ShareState.DONE, [_share(fake)])
    assert fake.gateway.query_split("S2", report, AT) is None
    assert RECEIVERS[fake.name].fullmatch(MERCHANTS[fake.name])


@every
def test_the_same_number_hands_out_once(fake):
    """Asked for again, also when the idempotency key is forgotten, the share moved once."""
    report = _paid(fake)
    _split(fake, report)
    if hasattr(fake, "kept"):
        fake.kept.clear()
    assert _split(fake, report).state is ShareState.DONE
    assert fake.received == {MERCHANTS[fake.name]: 9801}


@every
def test_no_is_no_and_moves_nothing(fake):
    """More than there is, and a receiver that nobody added."""
    report = _paid(fake)
    with pytest.raises(GatewayRefused):
        _split(fake, report, amount=Money(9901))
    with pytest.raises(GatewayRefused):
        fake.gateway.split(report, "S2", [Share("1900000555", PART)], AT, last=False)
    assert not fake.received


@every
@pytest.mark.parametrize("mood", ["slow", "rubbish", "error", "mute"])
def test_silence_and_rubbish_say_nothing(fake, mood):
    """An error, never a no and never a yes."""
    report = _paid(fake)
    fake.mood = mood
    for ask in (
        lambda: _split(fake, report),
        lambda: fake.gateway.query_split("S1", report, AT),
    ):
        with pytest.raises(GatewayError) as caught:
            ask()
        assert not isinstance(caught.value, GatewayRefused)


@pytest.mark.parametrize("fake", ["wechat"], indirect=True)
def test_a_share_under_way_is_not_there_yet(fake):
    """微信支付 promises first; only its later word says that the share arrived."""
    report = _paid(fake)
    fake.late = True
    assert _split(fake, report).state is ShareState.WAITING
    assert fake.gateway.query_split("S1", report, AT).state is ShareState.WAITING
    fake.late = False
    assert fake.gateway.query_split("S1", report, AT).state is ShareState.DONE


@pytest.mark.parametrize("fake", ["alipay"], indirect=True)
def test_an_error_that_leaves_it_open_is_no_no(fake):
    """支付宝 says that this one of its errors may hide a success."""
    report = _paid(fake)
    fake.late = True
    with pytest.raises(GatewayError) as caught:
        _split(fake, report)
    assert not isinstance(caught.value, GatewayRefused)


@freezing
def test_the_rest_is_released_with_the_last_share_or_alone(fake):
    """Either way the payment is finished, and nothing of it can be split any more."""
    report = _paid(fake)
    _split(fake, report, amount=Money(5000))
    assert not fake.released
    assert fake.gateway.release_rest(report, "S2", AT).state is ShareState.DONE
    assert fake.gateway.release_rest(report, "S2", AT).state is ShareState.DONE
    assert fake.released == {report.trade_no}
    with pytest.raises(GatewayRefused):
        _split(fake, report, "S3", Money(1))
    fake.released.clear()
    _split(fake, report, "S4", Money(4000), last=True)
    assert fake.released == {report.trade_no}


@pytest.mark.parametrize("fake", ["stripe"], indirect=True)
def test_what_stripe_cannot_do_is_said(fake):
    """It freezes nothing, so there is nothing to release; and a split has one share."""
    report = _paid(fake)
    assert not fake.gateway.freezes
    with pytest.raises(GatewayRefused, match="nothing_frozen"):
        fake.gateway.release_rest(report, "S1", AT)
    with pytest.raises(GatewayRefused, match="one_share_only"):
        fake.gateway.split(report, "S1", [_share(fake, Money(1)), _share(fake)], AT, last=False)


@pytest.mark.parametrize("fake", ["wechat"], indirect=True)
def test_an_answer_about_another_split_is_none(fake):
    """Another payment or number in a signed answer is no word about ours."""
    report = _paid(fake)
    _split(fake, report)
    fake.splits["S1"] = ("pi_other", fake.splits["S1"][1])
    with pytest.raises(GatewayError, match="other_split"):
        _split(fake, report)


@pytest.mark.parametrize("fake", ["wechat"], indirect=True)
def test_wechat_is_asked_as_its_kit_asks(fake):
    """Address and body of the three requests are those of wechatpayv3."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from wechatpayv3 import profitsharing as kit
    asked = []

    def request(path, method=None, data=None, **_more):
        asked.append((path, data))

    core = SimpleNamespace(request=request)
    side = SimpleNamespace(_core=core, _partner_mode=False, _appid=fake.gateway.app_id)
    report = _paid(fake)
    _split(fake, report)
    fake.gateway.query_split("S1", report, AT)
    fake.gateway.release_rest(report, "S2", AT)
    seen = [
        (one.target, json.loads(one.body) if one.body else None)
        for one in fake.asked
        if "profitsharing" in one.path
    ]
    receivers = [
        {"type": "MERCHANT_ID", "account": "1900000199", "amount": 9801, "description": NUMBER}
    ]
    kit.profitsharing_order(side, report.trade_no, "S1", receivers, False)
    kit.profitsharing_order_query(side, report.trade_no, "S1")
    kit.profitsharing_unfreeze(side, report.trade_no, "S2", NUMBER)
    assert seen == asked


@pytest.mark.parametrize("fake", ["alipay"], indirect=True)
def test_alipay_is_asked_as_its_kit_asks(fake):
    """The content that is signed is that of python-alipay-sdk."""
    from tests.payments.fake_alipay import SELLER, sdk

    report = _paid(fake)
    _split(fake, report, last=True)
    ours = json.loads(fake.asked[-1].form["biz_content"])
    kit, built = sdk("merchant", "platform"), []

    def build_body(method, content, **_more):
        built.append((method, content))
        return {}

    kit.build_body = build_body
    kit.verified_sync_response = lambda *_given: {}
    share = {
        "royalty_type": "transfer", "trans_out_type": "userId", "trans_out": SELLER,
        "trans_in_type": "userId", "trans_in": "2088000000000099", "amount": "98.01",
        "desc": NUMBER,
    }  # fmt: skip
    kit.api_alipay_trade_order_settle(
        "S1", report.trade_no, [share], extend_params={"royalty_finish": "true"}
    )
    assert built == [("alipay.trade.order.settle", ours)]


@pytest.mark.parametrize("fake", ["stripe"], indirect=True)
def test_stripe_is_asked_for_what_its_kit_knows(fake):
    """Each field of a transfer is one of the official package's, with the required ones."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from stripe.params import TransferCreateParams
    report = _paid(fake)
    _split(fake, report)
    sent = {name.partition("[")[0] for name in fake.asked[-1].form}
    known = TransferCreateParams.__annotations__
    assert sent <= set(known) and {"currency", "destination"} <= sent
    assert fake.asked[-1].form["source_transaction"] == f"ch_{report.trade_no}"
    assert fake.asked[-1].headers["idempotency-key"] == "gongdao-S1"
    assert report.told is Told.PAID
