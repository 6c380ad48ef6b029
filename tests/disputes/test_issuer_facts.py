"""What an issuer's answers mean beside reveal and complaint, from records to verdict."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.disputes.disputes_kit import AT, LATE, complain, delivered, make_shop
from tests.market.market_kit import add_stock

from gongdao.disputes.models import RecordedFact, Verdict
from gongdao.disputes.states import ReasonCode, Step
from gongdao.front.issuers import SandboxIssuer
from gongdao.front.worker.issuer_tasks import check_disputes, check_stock
from gongdao.vault.issuer_port import NO_ANSWER

pytestmark = pytest.mark.django_db(transaction=True)
SOON = LATE + timedelta(minutes=1)


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
    from gongdao.disputes.facts import FactName
    from gongdao.disputes.judge import facts_of
    from gongdao.front.stores import get_stores

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
