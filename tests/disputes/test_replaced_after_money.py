"""What a piece is worth is given once, in money or in another secret: a replacement that is ruled
after a refund of the same piece is refused, or becomes the rest of the money."""

from __future__ import annotations

import pytest
from tests.disputes.disputes_kit import (
    BUYER,
    HOUR,
    LATE,
    MERCHANT,
    check_money,
    complain,
    delivered,
    fund,
    make_shop,
)
from tests.disputes.test_merchant_appeal import PRICE, ask, carry_out, decide
from tests.disputes.test_silent_management import let_pass

from gongdao.core.errors import InputError
from gongdao.core.subject import SubjectRef
from gongdao.disputes.decide_liability import Remedy as Kind
from gongdao.disputes.models import Remedy, Verdict
from gongdao.disputes.offers import Terms, offer
from gongdao.disputes.say import say
from gongdao.disputes.states import Deed, ReasonCode
from gongdao.disputes.verdict_file import differs
from gongdao.disputes.verdict_json import read_verdict
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import AccountKind
from gongdao.payments.models import Refund
from gongdao.vault.queries import get_units

pytestmark = pytest.mark.django_db(transaction=True)
PAID = 3_000


def _secret(case):
    (unit,) = get_units(SubjectRef("order", case.order_id))
    return unit.commitment


@pytest.fixture
def refunded(db):
    """A case about the whole order, of which a person gave 30.00, carried out, and the buyer, who
    wants another secret, appealed. There are others on the shelf."""
    shop = make_shop(stock=3)
    fund(AccountKind.PLATFORM_GUARANTEE, 30_000)
    case = complain(delivered(shop), ReasonCode.INVALID, wanted="replacement")
    words = "卡密出库时有效，请查发行方的兑换记录。"
    more = {"case_id": case.id, "by": MERCHANT, "deed": Deed.CONTEST, "words": words}
    say(stores=get_stores(), **more, at=LATE)
    decide(case, "anna", Kind.REFUND_PART, PAID, LATE)
    carry_out(case, LATE)
    assert case.state == "closed"
    ask(case, BUYER, LATE + 3 * HOUR)
    return case


def test_a_person_cannot_rule_it(refunded):
    """Refused with words, nothing given; the same person gives the rest of the price instead, of
    which what was paid is a part."""
    secret = _secret(refunded)
    with pytest.raises(InputError, match="已经退过款，不能再补发"):
        decide(refunded, "boris", Kind.REPLACEMENT, 0, LATE + 4 * HOUR)
    assert Verdict.objects.count() == 1 and _secret(refunded) == secret
    decide(refunded, "boris", Kind.REFUND_FULL, PRICE, LATE + 4 * HOUR)
    carry_out(refunded, LATE + 4 * HOUR)
    assert sum(Refund.objects.values_list("amount_minor", flat=True)) == PRICE
    assert _secret(refunded) == secret
    check_money()


def test_silence_brings_the_rest_of_the_money(refunded):
    """Management lets the appeal pass, which grants another secret: what was paid counts, so that
    the rest of the price goes back and the secret stays."""
    secret = _secret(refunded)
    at = let_pass(refunded)
    verdict = Verdict.objects.latest("number")
    assert (verdict.number, verdict.remedy) == (2, "replacement")
    assert differs(read_verdict(verdict.file.encode())) == ()
    carry_out(refunded, at)
    step = Remedy.objects.get(kind="replacement")
    assert (step.state, step.problem) == ("failed", "paid_before")
    assert _secret(refunded) == secret and refunded.state == "closed"
    assert sum(Refund.objects.values_list("amount_minor", flat=True)) == PRICE
    check_money()


@pytest.mark.parametrize("paid", [True, False])
def test_another_case_about_the_same_piece(paid):
    """An earlier case paid for the piece: neither a person's ruling nor an offer replaces it; the
    control, where nothing was paid, does."""
    stores = get_stores()
    order = delivered(make_shop(stock=3))
    first = complain(order, ReasonCode.OTHER, minor=PAID)
    words = "商品没有问题，请看发货记录和测试记录。"
    given = {"stores": stores, "by": MERCHANT, "deed": Deed.CONTEST, "words": words}
    say(**given, case_id=first.id, at=LATE)
    decide(first, "anna", *((Kind.REFUND_PART, PAID) if paid else (Kind.NONE, 0)), LATE)
    carry_out(first, LATE)
    case = complain(order, ReasonCode.INVALID, LATE + 2 * HOUR, wanted="replacement", places=(1,))
    offered = Terms(Kind.REPLACEMENT, 0, "给您换一张。")
    secret = _secret(case)
    if paid:
        with pytest.raises(InputError, match="已经退过款"):
            offer(stores=stores, case_id=case.id, by=MERCHANT, terms=offered, at=LATE + 3 * HOUR)
    say(**given, case_id=case.id, at=LATE + 3 * HOUR)
    if paid:
        with pytest.raises(InputError, match="已经退过款"):
            decide(case, "boris", Kind.REPLACEMENT, 0, LATE + 4 * HOUR)
    else:
        decide(case, "boris", Kind.REPLACEMENT, 0, LATE + 4 * HOUR)
    assert (_secret(case) == secret) is paid
    check_money()
