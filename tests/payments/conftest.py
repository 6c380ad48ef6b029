"""What tests of payments share: every service with its fake beside it."""

from __future__ import annotations

import pytest
from tests.payments.fake_alipay import FakeAlipay
from tests.payments.fake_epay import FakeEpayV1, FakeEpayV2
from tests.payments.fake_sandbox import FakeSandbox
from tests.payments.fake_server import serve
from tests.payments.fake_stripe import FakeStripe
from tests.payments.fake_wechat import FakeWechat

FAKES = {
    "sandbox": FakeSandbox,
    "epay": FakeEpayV1,
    "epay_amp_key": lambda: FakeEpayV1(joint="&key="),
    "epay_posts": lambda: FakeEpayV1(posts=True),
    "epay2": FakeEpayV2,
    "epay2_sha256": lambda: FakeEpayV2(sign_type="SHA256WithRSA"),
    "alipay": FakeAlipay,
    "wechat": FakeWechat,
    "stripe": FakeStripe,
}
EPAY_V1 = ("epay", "epay_amp_key", "epay_posts")
REMOTE = [name for name in FAKES if name != "sandbox"]


@pytest.fixture
def fake(request):
    """A service that answers on loopback; ``fake.gateway`` is our side of it."""
    made = FAKES[request.param]()
    with serve(made) as url:
        made.url = url
        made.connect()
        yield made
