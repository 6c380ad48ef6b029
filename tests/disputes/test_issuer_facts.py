"""What an issuer's answers mean beside reveal and complaint, from records to verdict."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.disputes.disputes_kit import AT, LATE, MERCHANT, complain, delivered, make_shop
from tests.market.market_kit import add_stock

from gongdao.core.subject import SubjectRef
from gongdao.disputes.collect_facts import Asked, collect_facts
from gongdao.disputes.facts import FactName
from gongdao.disputes.models import RecordedFact, Verdict
from gongdao.disputes.offers import accept_claim
from gongdao.disputes.states import ReasonCode, Step
from gongdao.front.issuers import SandboxIssuer
from gongdao.front.stores import get_stores
from gongdao.front.worker.issuer_tasks import check_disputes, check_stock
from gongdao.market.record_test import ToldTest, record_test
from gongdao.vault.issuer_port import NO_ANSWER
from gongdao.vault.reveal import reveal

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)
SOON = LATE + MINUTE


class Silent:
    """Answers nothing."""

    name = "issuer"

    def ask(self, fields):
        """No word."""
        return NO_ANSWER


def shop_with(*secrets):
    """A shop whose stock is these secrets."""
    shop = make_shop(stock=0)
    add_stock(shop.sku, list(secrets))
    return shop


def ask_sandbox(at):
    """The sandbox's answers at a moment; how many cases they decided."""
    return check_disputes(issuers={"game_card": SandboxIssuer(clock=lambda: at)}, at=at)


def test_used_before_the_reveal_is_refunded():
    """The issuer dates the use before the buyer read the secret (04:05 UTC): the rules decide."""
    case = complain(delivered(shop_with("SANDBOX-USED-20261123T040100Z")), ReasonCode.ALREADY_USED)
    assert ask_sandbox(SOON) == 1
    assert Verdict.objects.get().reason_code.endswith("/before")
    evidence = RecordedFact.objects.filter(case=case, name="issuer_status").last().evidence
    assert evidence == ["issuer:sandbox"]


def test_used_after_the_reveal_stays_for_a_person():
    """A use after the reveal decides nothing alone, and the merchant's excuse can rest on it."""
    from gongdao.disputes.derive import derive
    from gongdao.disputes.events import Docket
    from gongdao.disputes.judge import facts_of

    case = complain(delivered(shop_with("SANDBOX-USED-20261123T042000Z")), ReasonCode.ALREADY_USED)
    assert ask_sandbox(SOON) == 0
    case.refresh_from_db()
    assert case.step == Step.MERCHANT_ANSWER and not Verdict.objects.exists()
    known = derive(facts_of(Docket(get_stores(), case, case.order, SOON)))
    assert known.get(FactName.ISSUER_SAYS) == "after"


def test_an_answer_from_before_the_complaint_refuses_nobody():
    """That it was valid when the batch came in says nothing of the day of the complaint: with the
    issuer silent now, the merchant is heard."""
    shop = shop_with("SANDBOX-VALID-1")
    check_stock(issuers={"game_card": SandboxIssuer(clock=lambda: AT)}, at=AT)
    case = complain(delivered(shop), ReasonCode.ALREADY_USED)
    check_disputes(issuers={"game_card": Silent()}, at=SOON)
    case.refresh_from_db()
    assert case.step == Step.MERCHANT_ANSWER


def test_of_several_secrets_all_must_be_unused():
    """One "valid" of two secrets refuses nothing while the other is not answered about."""
    shop = shop_with("SANDBOX-VALID-1", "SANDBOX-SILENT-1")
    case = complain(delivered(shop, quantity=2), ReasonCode.ALREADY_USED)
    assert ask_sandbox(SOON) == 0
    case.refresh_from_db()
    assert case.step == Step.MERCHANT_ANSWER


def test_the_check_of_stock_is_nobody_else_reading_it():
    """What was sent to its issuer before the sale was not opened by others."""
    shop = shop_with("SANDBOX-SILENT-1")
    check_stock(issuers={"game_card": SandboxIssuer(clock=lambda: AT)}, at=AT)
    case = complain(delivered(shop), ReasonCode.ALREADY_USED)
    row = RecordedFact.objects.filter(case=case, name="secret_opened_by_others").last()
    assert row.value is False


def replaced(secret):
    """An order whose first secret, read and told of as failing, its merchant replaced at LATE by
    ``secret``; another complaint about it."""
    order, stores = delivered(shop_with("SANDBOX-SILENT-1", secret)), get_stores()
    told = ToldTest(works=False, recorded=True, note="")
    assert record_test(stores=stores, order_id=order.id, result=told, at=AT + 6 * MINUTE)
    case = complain(order, ReasonCode.ALREADY_USED, wanted="replacement")
    accept_claim(stores=stores, case_id=case.id, by=MERCHANT, at=LATE)
    case.refresh_from_db()
    assert case.outcome == "settled"
    order.refresh_from_db()
    return order


def look(order, at, **more):
    """Somebody reads what the order has."""
    claim = SubjectRef("order", order.id)
    reveal(stores=get_stores(), claim=claim, who="somebody", at=at, **more)


def known_of(order, at):
    """What is recorded for a complaint at a moment."""
    asked = Asked(ReasonCode.ALREADY_USED)
    return collect_facts(stores=get_stores(), order=order, asked=asked, case_id=None, at=at)


def test_after_a_replacement_the_look_at_the_new_secret_counts():
    """The new secret was used (04:20 UTC) after the buyer read the old one and before he read the
    new one: that is before he saw it, and the rules decide."""
    order = replaced("SANDBOX-USED-20261123T042000Z")
    assert known_of(order, SOON).get(FactName.REVEALED) is False
    look(order, SOON)
    complain(order, ReasonCode.ALREADY_USED, at=SOON + MINUTE)
    assert ask_sandbox(SOON + 2 * MINUTE) == 1
    verdict = Verdict.objects.order_by("-at").first()
    assert verdict.automatic and verdict.reason_code.endswith("/before")


@pytest.mark.parametrize("others", ["before", "after"])
def test_after_a_replacement_old_tests_and_looks_of_others_are_told_apart(others):
    """What was told of the old secret is no test of the new one; somebody else's look at it counts
    where it came before the buyer's own, and not after."""
    order = replaced("SANDBOX-SILENT-2")
    look(order, SOON + MINUTE)
    look(order, SOON if others == "before" else SOON + 2 * MINUTE, purpose="support")
    known = known_of(order, SOON + 3 * MINUTE)
    assert known.time(FactName.REVEALED_AT) == SOON + MINUTE
    assert known.get(FactName.TEST_TOLD) == "none"
    assert known.get(FactName.SECRET_OPENED_BY_OTHERS) is (others == "before")
