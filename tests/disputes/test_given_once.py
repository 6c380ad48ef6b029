"""A piece that was given in another secret is given: an appeal brings neither its money nor a
further secret; and what the platform bears of a secret it pays to the merchant who gave it."""

from __future__ import annotations

import pytest
from tests.disputes.disputes_kit import (
    AT,
    BUYER,
    HOUR,
    LATE,
    MERCHANT,
    balance,
    check_money,
    complain,
    delivered,
    fund,
    make_shop,
    undelivered,
)
from tests.disputes.test_merchant_appeal import PRICE, ask, carry_out, decide
from tests.disputes.test_pieces import SOON, ask_issuer, of_three, pieces
from tests.disputes.test_price_of_pieces import DESCRIBED, contested, paid_back
from tests.disputes.test_silent_management import let_pass, up
from tests.market.market_kit import add_stock

from gongdao.core.errors import InputError, NotYourMove
from gongdao.core.money import Money
from gongdao.disputes.decide_liability import Remedy as Kind
from gongdao.disputes.execute_remedies import execute_remedies
from gongdao.disputes.fire_clocks import fire_due_clocks, follow_orders
from gongdao.disputes.models import Verdict
from gongdao.disputes.offers import accept_claim
from gongdao.disputes.states import ReasonCode
from gongdao.disputes.verdict_file import differs
from gongdao.disputes.verdict_json import read_verdict
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.models import LedgerTransfer
from gongdao.market.release_orders import fee_of

pytestmark = pytest.mark.django_db(transaction=True)
FREE, GUARANTEE = AccountKind.MERCHANT_FREE, AccountKind.PLATFORM_GUARANTEE


def _cost(percent=100):
    """The platform's share of one piece's price, less the fee."""
    minor = PRICE * percent // 100
    return minor - fee_of(Money(minor), placed_at=AT).minor


@pytest.fixture
def replaced(db):
    """Of three pieces the issuer called one invalid, another secret came for it by the rules alone,
    and the buyer appealed; there are more on the shelf, and in the guarantee."""
    order = of_three(more=4)
    fund(GUARANTEE, 60_000)
    case = complain(order, ReasonCode.INVALID, wanted="replacement", places=(1, 2, 3))
    assert ask_issuer() == 1
    case.refresh_from_db()
    assert (case.state, case.verdicts.get().remedy) == ("closed", "replacement")
    ask(case, BUYER, SOON + HOUR)
    return case


@pytest.fixture
def replaced_whole(db, request):
    """The same of an order of one piece, all of which is given thereby; one more secret, or as
    many as the test says, is left."""
    shop = make_shop(stock=0)
    add_stock(shop.sku, ["SANDBOX-INVALID-1"])
    order = delivered(shop)
    left = getattr(request, "param", 1)
    add_stock(shop.sku, [f"SANDBOX-VALID-{n}" for n in range(2, 3 + left)])
    fund(GUARANTEE, 60_000)
    case = complain(order, ReasonCode.INVALID, wanted="replacement")
    assert ask_issuer() == 1
    case.refresh_from_db()
    ask(case, BUYER, SOON + HOUR)
    return case


@pytest.mark.parametrize("replaced_whole", [1, 0], indirect=True, ids=["stock", "empty"])
def test_silence_gives_the_replaced_piece_no_more(replaced_whole):
    """Nobody answers the appeal: the secret stays the one that came, nothing is paid on top, and
    the case ends; the same where the shelf is empty."""
    case = replaced_whole
    before = pieces(case.order)
    at = let_pass(case)
    carry_out(case, at)
    assert (case.state, case.verdicts.count()) == ("closed", 2)
    assert pieces(case.order) == before and paid_back() == 0
    assert balance(GUARANTEE) == 60_000
    newest = Verdict.objects.get(case=case, number=2)
    assert differs(read_verdict(newest.file.encode())) == ()
    check_money()


def test_a_person_and_a_tap_give_it_no_more(replaced_whole):
    """A refund, a further secret and the merchant's tap are refused with words; refusing the appeal
    leaves the buyer what came, and then there is nothing to tap."""
    case, at = replaced_whole, SOON + 2 * HOUR
    for kind in (Kind.REFUND_FULL, Kind.REFUND_PART, Kind.REPLACEMENT):
        minor = 0 if kind is Kind.REPLACEMENT else PRICE
        with pytest.raises(InputError, match="已经补发过"):
            decide(case, "anna", kind, minor, at)
    up(case)
    later = case.clock_started_at + HOUR
    with pytest.raises(InputError, match="已经补发过"):
        accept_claim(stores=get_stores(), case_id=case.id, by=MERCHANT, at=later)
    decide(case, "anna", Kind.NONE, 0, later)
    case.refresh_from_db()
    assert (case.state, case.outcome, paid_back()) == ("closed", "upheld", 0)
    with pytest.raises(NotYourMove):
        accept_claim(stores=get_stores(), case_id=case.id, by=MERCHANT, at=later)


def test_silence_brings_the_other_pieces(replaced):
    """Management lets the appeal about three pieces pass, one of which was replaced: the two others
    are, that one is not again, and the platform pays for the two."""
    before = pieces(replaced.order)
    (found,) = read_verdict(Verdict.objects.get().file.encode()).result.places
    carry_out(replaced, let_pass(replaced))
    after = pieces(replaced.order)
    assert [place for place in before if after[place] == before[place]] == [found]
    assert paid_back() == 0 and replaced.state == "closed"
    due = Money(2 * PRICE) - fee_of(Money(2 * PRICE), placed_at=AT)
    assert balance(GUARANTEE) == 60_000 - due.minor
    check_money()


def test_a_person_gives_the_money_of_the_other_pieces(replaced):
    """All of it is the price of the two that were not replaced, and not one unit more."""
    at = SOON + 2 * HOUR
    with pytest.raises(InputError, match="最多还能退"):
        decide(replaced, "anna", Kind.REFUND_PART, 2 * PRICE + 1, at)
    decide(replaced, "anna", Kind.REFUND_FULL, 3 * PRICE, at)
    carry_out(replaced, at)
    assert paid_back() == 2 * PRICE and replaced.state == "closed"
    check_money()


def test_another_complaint_about_the_new_secret(replaced_whole):
    """The control: that the new one is bad too is another case, which gives its price."""
    decide(replaced_whole, "anna", Kind.NONE, 0, SOON + 2 * HOUR)
    at = SOON + 3 * HOUR
    case = complain(replaced_whole.order, ReasonCode.ALREADY_USED, at)
    contested(case, at)
    decide(case, "boris", Kind.REFUND_FULL, PRICE, at)
    carry_out(case, at)
    assert paid_back() == PRICE


@pytest.mark.parametrize(
    ("shares", "percent"),
    [({"platform": 100}, 100), ({"merchant": 70, "platform": 30}, 30), ({"merchant": 100}, 0)],
    ids=["all", "part", "none"],
)
def test_the_platform_pays_its_share_of_a_secret(shares, percent):
    """A person rules another secret: of its price, less the fee, the merchant gets what the
    platform bears, out of the guarantee, once; where he bears all of it, nothing."""
    shop = make_shop(stock=3)
    fund(GUARANTEE, 30_000)
    case = complain(delivered(shop), ReasonCode.INVALID, wanted="replacement")
    contested(case, LATE)
    decide(case, "anna", Kind.REPLACEMENT, 0, LATE, shares)
    carry_out(case, LATE)
    execute_remedies(stores=get_stores(), at=LATE + 2 * HOUR)
    due = _cost(percent) if percent else 0
    assert (case.state, balance(FREE, shop)) == ("closed", due)
    assert balance(GUARANTEE) == 30_000 - due and paid_back() == 0
    assert LedgerTransfer.objects.filter(kind="correction").count() == (1 if due else 0)
    check_money()


def test_without_cover_the_merchants_pay_waits():
    """The platform was silent twice and its guarantee is empty: the buyer has his secret at once,
    the case stays open until the merchant is paid for it."""
    order = of_three("CARD-1", "CARD-2", "CARD-3", more=2)
    case = complain(order, DESCRIBED, places=(2,), wanted="replacement")
    before = pieces(order)
    for _turn in range(3):
        at = case.clock_due_at
        fire_due_clocks(stores=get_stores(), at=at)
        case.refresh_from_db()
    assert pieces(order)[2] != before[2]
    assert (case.state, case.needs_person) == ("open", "no_cover")
    fund(GUARANTEE, 30_000)
    execute_remedies(stores=get_stores(), at=at + HOUR)
    case.refresh_from_db()
    assert (case.state, balance(GUARANTEE)) == ("closed", 30_000 - _cost())
    check_money()


@pytest.mark.parametrize("answered", [True, False])
def test_an_appeal_after_all_the_money_waits_for_a_person(answered):
    """The rules gave all of it back and the buyer appeals: the sweeps leave it to a person, whose
    word it ends with; where nobody answers, it ends with what he has."""
    case = carry_out(complain(undelivered(), ReasonCode.NOT_DELIVERED), LATE)
    assert (case.state, case.outcome, case.order.state) == ("closed", "upheld", "refunded")
    at = LATE + 3 * HOUR
    ask(case, BUYER, at)
    assert follow_orders(stores=get_stores(), at=at + HOUR) == 0
    case.refresh_from_db()
    assert (case.state, case.step) == ("open", "appeal_arbiter")
    if answered:
        decide(case, "anna", Kind.NONE, 0, at + HOUR)
    else:
        let_pass(case)
    case.refresh_from_db()
    assert (case.state, case.outcome) == ("closed", "upheld")
    assert paid_back() == case.order.total_minor
    check_money()
