"""Asking issuers: bad stock leaves the shelf, and an answer decides a dispute."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.disputes.disputes_kit import AT, HOUR, LATE, check_money, complain, delivered, make_shop
from tests.market.market_kit import add_stock, make_merchant
from tests.vault.vault_kit import count, whole

from gongdao.disputes.models import Verdict
from gongdao.disputes.states import ReasonCode, Step
from gongdao.front.issuers import SandboxIssuer
from gongdao.front.stores import get_stores
from gongdao.front.worker import issuer_tasks
from gongdao.front.worker.issuer_tasks import check_disputes, check_stock
from gongdao.market.models import Order
from gongdao.vault.issuer_port import NO_ANSWER, IssuerAnswer, SecretStatus
from gongdao.vault.models import Batch
from gongdao.vault.queries import count_available, last_checked

pytestmark = pytest.mark.django_db(transaction=True)
SOON = LATE + timedelta(minutes=1)


class Issuer:
    """Says one thing, and keeps what it was asked."""

    name = "issuer"

    def __init__(self, answer=NO_ANSWER):
        self.answer, self.asked = answer, []

    def ask(self, fields):
        """The same answer to everything."""
        self.asked.append(fields["secret"])
        return self.answer


def desk(answer=NO_ANSWER):
    """An issuer of game cards that says ``answer``, and the table it stands in."""
    issuer = Issuer(answer)
    return issuer, {"game_card": issuer}


def shop_with(*secrets):
    """A shop whose stock is these secrets."""
    shop = make_shop(stock=0)
    add_stock(shop.sku, list(secrets))
    return shop


def test_new_stock_is_asked_about_and_what_is_bad_leaves():
    """The first run after an import withdraws used and invalid secrets; what the issuer does not
    answer about stays for sale."""
    bad = [f"SANDBOX-USED-{n:04d}" for n in range(3)] + ["SANDBOX-INVALID-0001"]
    shop = shop_with(*bad, "SANDBOX-VALID-0001", "SANDBOX-SILENT-0001", "SANDBOX-RUBBISH-0001")
    sandbox = {"game_card": SandboxIssuer(clock=lambda: AT)}
    assert check_stock(issuers=sandbox, at=AT) == 4
    assert count_available([shop.sku]) == {shop.sku: 3}
    assert count("unit", "state = 'withdrawn'") == 4
    assert whole(get_stores()) == []


def test_a_batch_is_asked_about_once_a_day():
    """Within a day nothing is asked twice, also where the issuer was silent; the next day it is."""
    shop_with("CARD-A-000001", "CARD-A-000002")
    issuer, table = desk()
    check_stock(issuers=table, at=AT)
    asked = len(issuer.asked)
    assert asked > 0
    check_stock(issuers=table, at=AT + timedelta(hours=23))
    assert len(issuer.asked) == asked
    check_stock(issuers=table, at=AT + timedelta(hours=25))
    assert len(issuer.asked) > asked


def test_the_job_asks_about_a_new_batch(monkeypatch):
    """Run as the worker runs it, with whoever can be asked: the secret of the import is asked
    about."""
    shop_with("CARD-A-000001")
    issuer, table = desk()
    monkeypatch.setattr(issuer_tasks, "get_issuers", lambda: table)
    issuer_tasks.check_batches.func(0)
    assert issuer.asked == ["CARD-A-000001"]


def test_a_real_answer_is_the_last_check():
    """What an issuer said of one secret dates the whole batch, for the page and the receipt."""
    shop_with("CARD-A-000001")
    batch = Batch.objects.get().id
    _silent, table = desk()
    check_stock(issuers=table, at=AT)
    assert last_checked(batch) is None
    later = AT + timedelta(days=2)
    check_stock(issuers=desk(IssuerAnswer(SecretStatus.VALID))[1], at=later)
    assert last_checked(batch) == later


def test_only_goods_of_an_issuer_are_asked_about():
    """Goods of another category, and an installation without issuers: nothing is decrypted."""
    shop_with("CARD-A-000001")
    issuer, _table = desk()
    check_stock(issuers={"phone_topup": issuer}, at=AT)
    complain(delivered(make_shop(merchant=make_merchant("另一家"))), ReasonCode.INVALID)
    check_disputes(issuers={"phone_topup": issuer}, at=SOON)
    assert check_stock(issuers={}, at=AT) == check_disputes(issuers={}, at=SOON) == 0
    assert issuer.asked == [] and count("reveal", "purpose = 'check'") == 0


def test_an_invalid_secret_is_refunded_on_the_answer():
    """The merchant's move ends the moment the issuer says that the secret never worked: the verdict
    is automatic, and the money goes back."""
    one = delivered(shop_with("SANDBOX-INVALID-0001"))
    case = complain(one, ReasonCode.INVALID)
    assert case.step == Step.MERCHANT_ANSWER
    sandbox = {"game_card": SandboxIssuer(clock=lambda: SOON)}
    assert check_disputes(issuers=sandbox, at=SOON) == 1
    case.refresh_from_db()
    verdict = Verdict.objects.get()
    assert verdict.automatic and verdict.reason_code.endswith("/invalid")
    assert (case.step, verdict.amount_minor) == (Step.EXECUTING, one.total_minor)
    assert Order.objects.get(id=one.id).state == "refunding"
    check_money()


def test_silence_decides_nothing_and_is_asked_again():
    """Without an answer the case stays where it is; the issuer is asked again after an hour and no
    sooner, and no more after a day."""
    case = complain(delivered(), ReasonCode.ALREADY_USED)
    issuer, table = desk()
    for after, asked in ((HOUR / 60, 1), (HOUR / 2, 1), (2 * HOUR, 2), (25 * HOUR, 2)):
        assert check_disputes(issuers=table, at=LATE + after) == 0
        assert len(issuer.asked) == asked
    case.refresh_from_db()
    assert case.step == Step.MERCHANT_ANSWER
    assert not Verdict.objects.exists()


def test_nobody_is_asked_where_it_decides_nothing():
    """A reason that no issuer's word weighs in sends no secret anywhere."""
    complain(delivered(), ReasonCode.NOT_AS_DESCRIBED)
    issuer, table = desk(IssuerAnswer(SecretStatus.VALID))
    check_disputes(issuers=table, at=SOON)
    assert issuer.asked == []


def test_a_secret_nobody_read_is_not_sent():
    """Before the reveal there is nothing to ask about."""
    complain(delivered(revealed=False), ReasonCode.ALREADY_USED)
    issuer, table = desk(IssuerAnswer(SecretStatus.VALID))
    check_disputes(issuers=table, at=SOON)
    assert issuer.asked == []
