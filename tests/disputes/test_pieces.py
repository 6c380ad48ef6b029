"""Of several pieces those that are bad: named by the buyer or by records, and these alone replaced,
refunded, written into the verdict and its leaf."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.disputes.disputes_kit import (
    BUYER,
    LATE,
    MERCHANT,
    check_money,
    complain,
    delivered,
    make_shop,
    person,
)
from tests.market.market_kit import add_stock, make_merchant

from gongdao.core.errors import DisputeRefused, InputError, NotYourMove
from gongdao.core.subject import SubjectRef
from gongdao.disputes.decide_liability import Remedy as Kind
from gongdao.disputes.hand_over import take_case
from gongdao.disputes.models import Event, RecordedFact, Remedy, Verdict
from gongdao.disputes.offers import Terms, accept_claim, accept_offer, offer
from gongdao.disputes.states import ReasonCode, Step
from gongdao.disputes.verdict_file import differs
from gongdao.disputes.verdict_json import read_verdict
from gongdao.front.issuers import SandboxIssuer
from gongdao.front.stores import get_stores
from gongdao.front.worker.issuer_tasks import check_disputes
from gongdao.payments.models import Refund
from gongdao.vault.models import StatusCheck, Unit
from gongdao.vault.queries import get_units

pytestmark = pytest.mark.django_db(transaction=True)
SOON = LATE + timedelta(minutes=1)
MIXED = ("SANDBOX-VALID-1", "SANDBOX-INVALID-2", "SANDBOX-VALID-3")


def of_three(*secrets, more=0):
    """An order of three pieces out of a shop that has ``more`` beside them, seen by its buyer."""
    shop = make_shop(stock=0)
    add_stock(shop.sku, list(secrets or MIXED))
    order = delivered(shop, quantity=3)
    if more:
        add_stock(shop.sku, [f"SANDBOX-VALID-9{n}" for n in range(more)])
    return order


def ask_issuer(at=SOON):
    """The sandbox answers about every case; how many that decided."""
    issuer = {"game_card": SandboxIssuer(clock=lambda: at)}
    return check_disputes(issuers=issuer, at=at)


def pieces(order):
    """The order's units by place."""
    return {one.place: one.unit for one in get_units(SubjectRef("order", order.id))}


def bad_places(order):
    """Where the issuer found an invalid secret."""
    sealed = set(StatusCheck.objects.filter(status="invalid").values_list("sealed_id", flat=True))
    units = {one.id: one.sealed_id for one in Unit.objects.all()}
    return [place for place, unit in pieces(order).items() if units[unit] in sealed]


def test_the_issuer_finds_the_bad_piece_and_it_alone_is_replaced():
    """All three are claimed, the issuer says that one is invalid: the verdict names it, the event
    and its leaf too, and the two others stay with the buyer."""
    order = of_three(more=2)
    before = pieces(order)
    case = complain(order, ReasonCode.INVALID, wanted="replacement", places=(1, 2, 3))
    assert ask_issuer() == 1
    file = read_verdict(Verdict.objects.get().file.encode())
    assert (file.result.remedy, file.result.units) == (Kind.REPLACEMENT, 1)
    assert differs(file) == () and file.version == 2
    changed = [place for place, unit in pieces(order).items() if unit != before[place]]
    assert changed == list(file.result.places) and len(changed) == 1
    said = Event.objects.get(case=case, kind="decided").data["places"]
    assert said == changed and Event.objects.get(case=case, kind="opened").data["places"]
    check_money()


def test_money_goes_back_for_the_bad_piece_alone():
    """The same with money: a third of the price, by records alone."""
    order = of_three()
    complain(order, ReasonCode.INVALID, places=(1, 2, 3))
    assert ask_issuer() == 1
    assert Refund.objects.get().amount_minor == order.total_minor // 3
    fact = RecordedFact.objects.filter(name="affected_places", source="platform").get()
    assert fact.value == bad_places(order)


def test_what_is_not_claimed_is_not_judged():
    """The buyer names a piece that the issuer says is unused: refused, whatever is wrong with
    another one."""
    order = of_three("SANDBOX-INVALID-1", "SANDBOX-VALID-2", "SANDBOX-VALID-3")
    complain(order, ReasonCode.INVALID, places=(2, 3))
    assert ask_issuer() == 1
    assert Verdict.objects.get().reason_code.endswith("/unused")


def test_named_pieces_are_claimed_offered_and_replaced():
    """Without an issuer: the claim is the price of what was named, an offer of other secrets is
    for these pieces, and they alone change hands."""
    order = of_three(more=2)
    before = pieces(order)
    case = complain(order, ReasonCode.NOT_AS_DESCRIBED, places=(3, 1))
    assert (case.places, case.amount_minor) == ([1, 3], -(-order.total_minor * 2 // 3))
    told = RecordedFact.objects.get(case=case, name="affected_places")
    assert (told.value, told.source) == ([1, 3], "buyer")
    terms, stores = Terms(Kind.REPLACEMENT), get_stores()
    one = offer(stores=stores, case_id=case.id, by=MERCHANT, terms=terms, at=LATE)
    accept_offer(stores=stores, case_id=case.id, offer_id=one, by=BUYER, at=LATE)
    assert [place for place, unit in pieces(order).items() if unit != before[place]] == [1, 3]
    case.refresh_from_db()
    assert case.step == Step.CLOSED and not Refund.objects.exists()


def test_an_empty_shelf_pays_for_the_named_pieces():
    """Other secrets are granted for two of three and none is there: the price of these two."""
    order = of_three()
    case = complain(order, ReasonCode.NOT_AS_DESCRIBED, wanted="replacement", places=(1, 2))
    accept_claim(stores=get_stores(), case_id=case.id, by=MERCHANT, at=LATE)
    assert Remedy.objects.get(state="failed").problem == "out_of_stock"
    assert Refund.objects.get().amount_minor == -(-order.total_minor * 2 // 3)


@pytest.mark.parametrize(
    "asked",
    [{"places": (0,)}, {"places": (4,)}, {"places": (2,), "minor": 20_000}],
    ids=["none", "beyond", "too much"],
)
def test_what_cannot_be_claimed_is_refused(asked):
    """A piece that the order does not have, and more than the named pieces cost."""
    with pytest.raises((DisputeRefused, InputError)):
        complain(of_three(), ReasonCode.INVALID, **asked)


def test_nobody_takes_a_case_that_is_closed():
    """What is decided needs nobody to answer for it; the control, one that is open, is taken."""
    stores, by = get_stores(), person("anna").id
    ended = complain(delivered(revealed=False), ReasonCode.NOT_DELIVERED)
    assert ended.state == "closed"
    with pytest.raises(NotYourMove):
        take_case(stores=stores, case_id=ended.id, user_id=by, at=SOON)
    shop = make_shop(merchant=make_merchant("另一家"))
    waits = complain(delivered(shop), ReasonCode.OTHER)
    assert take_case(stores=stores, case_id=waits.id, user_id=by, at=SOON).owner_id == by
