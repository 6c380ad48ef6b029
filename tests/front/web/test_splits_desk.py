"""Splits on the desks: who receives where, what became of each share, the list for finance."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from tests.front.web.market_pages import text_of
from tests.front.web.operator_kit import find_deeds, sign_in
from tests.front.web.test_desk import seller, shop, use_factor
from tests.market.market_kit import AT, make_shop
from tests.market.split_kit import OVER, add_receiver, free, released, send, share, wake
from tests.payments.conftest import FAKES
from tests.payments.fake_server import serve

from gongdao.core.ids import new_id
from gongdao.core.models import User
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.front.gateways import get_gateways
from gongdao.front.stores import get_stores
from gongdao.front.web import operator_access
from gongdao.front.web.pages import desk_money, operator_merchants, operator_splits
from gongdao.front.worker import money_tasks
from gongdao.ledger.find_receiver import find_receiver
from gongdao.ledger.models import Payee
from gongdao.ledger.payees import open_payee
from gongdao.market import prepare_split
from gongdao.market.models import Notice
from gongdao.market.plan_split import plan_split
from gongdao.market.states import Role
from gongdao.payments.models import Split

__all__ = ["seller", "shop"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fake(monkeypatch):
    """微信支付 on loopback, in use beside the sandbox."""
    made = FAKES["wechat"]()
    with serve(made) as url:
        made.url = url
        made.connect()
        both = {**get_gateways(), "wechat": made.gateway}
        for module in (desk_money, operator_splits, money_tasks):
            monkeypatch.setattr(module, "get_gateways", lambda: both)
        monkeypatch.setattr("gongdao.front.web.operator_merchant_view.get_gateways", lambda: both)
        yield made


@pytest.fixture
def staff(client):
    """Somebody of the finance desk."""
    return sign_in("finance@example.org", Role.FINANCE)


def test_the_job_asks_the_services_in_use(fake, monkeypatch):
    """What was released is split by the worker's round, as the pages will show it."""
    shop = make_shop()
    add_receiver(shop, fake)
    one = released(shop, fake)
    monkeypatch.setattr(money_tasks, "now", lambda: OVER)
    money_tasks.split_money.func(0)
    assert share(one).state == "confirmed" and free(shop).minor == 0


def test_shares_that_wait_keep_nobody_else_back(fake, monkeypatch):
    """More shares of a merchant without an account than one round takes are due first: the share of
    another merchant is still split in the same run of the job."""
    shop = make_shop()
    add_receiver(shop, fake)
    one = released(shop, fake)
    kept = share(one).id
    for place in range(20):
        plan_split(
            order_id=one.id,
            merchant_id=new_id(AT),
            released=Money(10),
            cause=f"other-{place}",
            at=AT,
        )
    monkeypatch.setattr(money_tasks, "now", lambda: OVER)
    money_tasks.split_money.func(0)
    assert Split.objects.filter(problem="no_receiver", tries=1).count() == 20
    assert Split.objects.get(id=kept).state == "confirmed" and free(shop).minor == 0


def test_what_is_not_done_yet_keeps_nobody_else_back(fake, monkeypatch):
    """A service that only promises is asked for every share that is due, not for one round's."""
    shop = make_shop()
    add_receiver(shop, fake)
    one, fake.late = released(shop, fake), True
    Split.objects.all().delete()  # its money goes in many small shares instead
    for place in range(10):
        plan_split(
            order_id=one.id,
            merchant_id=one.merchant_id,
            released=Money(10),
            cause=f"part-{place}",
            at=AT,
        )
    monkeypatch.setattr(money_tasks, "now", lambda: OVER)
    money_tasks.split_money.func(0)
    shares = Split.objects.filter(part="share")
    assert shares.filter(state="requested", problem="not_done_yet").count() == 10


def test_a_merchant_names_where_his_shares_arrive(shop, seller, fake, monkeypatch):
    """His own name, a number that the service knows, no bank to fill in; verified by finance, the
    account rests for a day, which both desks say, and he is told."""
    monkeypatch.setattr(operator_merchants, "reachable", lambda: ("mail",))
    Authenticator.objects.create(
        user=seller.user, type=Authenticator.Type.TOTP, data={"secret": "x"}
    )
    use_factor(seller)
    where = "/desk/money/payees/new/"
    page = text_of(seller.get("/desk/money/"))
    assert "还没有账户" in page and "微信支付" in page
    given = {"name": shop.merchant.legal_name, "gateway": "wechat", "number": "acct_12345678"}
    wrong = seller.post(where, given)
    assert wrong.status_code == 422 and "这不是这个支付渠道的账号" in text_of(wrong)
    bank = seller.post(where, {**given, "gateway": "", "number": "62220000"})
    assert bank.status_code == 422 and "请填写这一项" in text_of(bank)
    assert seller.post(where, {**given, "number": "1900000199"}).status_code == 302
    row = Payee.objects.get()
    kept = open_payee(stores=get_stores(), payee_id=row.id)
    assert (kept.gateway, kept.bank, kept.number) == ("wechat", "微信支付", "1900000199")
    assert "等平台核实" in text_of(seller.get("/desk/money/"))
    staff = sign_in("finance@example.org", Role.FINANCE)
    place = f"/operator/merchants/{shop.merchant.id}/"
    assert "还没有核实满 24 小时的分账账户" in text_of(staff.get(place))
    for _ in range(2):
        staff.post(f"/operator/payees/{row.id}/", {"proof": "document"})
    assert len(find_deeds("payee.verify")) == 1
    owner = SubjectRef("merchant", shop.merchant.id)
    found = find_receiver(stores=get_stores(), merchant=owner, gateway="wechat")
    assert found is not None and found.payee_id == row.id
    assert find_receiver(stores=get_stores(), merchant=owner, gateway="stripe") is None
    assert "起分账才到这里" in text_of(staff.get(place))
    assert "起才分到这里" in text_of(seller.get("/desk/money/"))
    assert Notice.objects.get(merchant=shop.merchant).event == f"payee:{row.id.hex}"
    for module in (desk_money, operator_access):
        monkeypatch.setattr(module, "now", lambda: found.verified_at + timedelta(hours=24))
    assert "结算后自动分到他的账户" in text_of(staff.get(place))
    assert "结算后自动分到" in text_of(seller.get("/desk/money/"))


def test_a_whole_number_is_a_look_on_record(shop, staff, fake):
    """The page shows the end of it; the whole one comes by a button, with the factor used just
    now, once on record."""
    add_receiver(shop, fake)
    row = Payee.objects.get()
    place, where = f"/operator/merchants/{shop.merchant.id}/", f"/operator/payees/{row.id}/number/"
    page = text_of(staff.get(place))
    assert "…0199" in page and "1900000199" not in page and not find_deeds("payee.look")
    stale = sign_in("late@example.org", Role.FINANCE, age_s=301)
    assert "reauthenticate" in stale.post(where).url and not find_deeds("payee.look")
    assert staff.get(where).status_code == 405
    assert "1900000199" in text_of(staff.post(where))
    (deed,) = find_deeds("payee.look")
    assert (deed.about_id, deed.reason) == (str(shop.merchant.id), str(row.id))
    assert sign_in("reviewer@example.org", Role.REVIEWER).post(where).status_code in (403, 404)
    assert staff.post(f"/operator/payees/{new_id(AT)}/number/").status_code == 404


def test_shares_over_the_limit_are_let_go_by_somebody_else(shop, seller, fake, monkeypatch):
    """The desk shows what waits and where it would go; who verified the account sees no button, a
    colleague's click lets it go once; the merchant reads why it waits."""
    monkeypatch.setattr(operator_access, "now", lambda: OVER)
    monkeypatch.setattr(prepare_split, "share_limit", lambda on: Money(1))
    first = sign_in("first@example.org", Role.FINANCE)
    second = sign_in("second@example.org", Role.FINANCE)
    mine = User.objects.get(email="first@example.org").pk
    payee = add_receiver(shop, fake, by=mine)
    one = released(shop, fake)
    send(fake)
    assert "等平台的第二个人放行" in text_of(seller.get("/desk/money/"))
    assert "等第二个人放行的分账" in text_of(first.get("/operator/"))
    page = text_of(first.get("/operator/splits/"))
    assert "…0199" in page and "这个账户是您核实的" in page and 'name="receiver"' not in page
    page = text_of(second.get("/operator/splits/"))
    where = f"/operator/splits/let-go/{shop.merchant.id}/"
    fields = r'name="(gateway|receiver|newest|count|total|currency)" value="([^"]+)"'
    given = dict(re.findall(fields, page))
    assert given["receiver"] == str(payee)
    assert "要由另一个人放行" in text_of(first.post(where, given, follow=True))
    assert second.post(where, given | {"newest": "2026-11-23"}).status_code == 404
    assert second.post(where, given | {"receiver": "x"}).status_code == 404
    assert second.post(where, given | {"count": "x"}).status_code == 404
    assert "变了" in text_of(second.post(where, given | {"total": "1"}, follow=True))
    assert "放行了" in text_of(second.post(where, given, follow=True))
    (deed,) = find_deeds("split.pass")
    assert deed.who_mail == "second@example.org" and deed.reason.startswith("wechat: 1, ")
    send(fake)
    assert share(one).state == "confirmed"
    assert "没有再做" in text_of(second.post(where, given, follow=True))


def test_the_merchant_sees_each_share_and_why_it_waits(shop, seller, fake):
    """Order, amount, state and obstacle of his own; then that it arrived."""
    one = released(shop, fake)
    send(fake)
    page = text_of(seller.get("/desk/money/"))
    assert one.number in page and "还没有核实过的分账账户" in page
    add_receiver(shop, fake)
    later = OVER.replace(year=2027)
    wake(fake, later)
    send(fake, later)
    assert "已分到" in text_of(seller.get("/desk/money/"))


def test_finance_lists_finds_and_exports(staff, fake):
    """Each with the trade number that the service's own books have; the download is noted."""
    shop = make_shop()
    add_receiver(shop, fake)
    one = released(shop, fake)
    send(fake)
    trade = fake.paid[one.number].trade_no
    page = text_of(staff.get("/operator/splits/"))
    assert all(text in page for text in (one.number, trade, share(one).split_no, "已分到"))
    assert one.number in text_of(staff.get(f"/operator/splits/?q={trade}&state=confirmed"))
    for none in ("q=NOSUCH", "state=stuck"):
        assert one.number not in text_of(staff.get(f"/operator/splits/?{none}"))
    day = f"{OVER:%Y-%m-%d}"
    answer = staff.get(f"/operator/splits/list.csv?begin={day}&until={day}")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["part"] for row in rows] == ["share", "rest"]
    assert (rows[0]["trade_no"], rows[0]["order"], rows[0]["state"]) == (
        trade, one.number, "confirmed",
    )  # fmt: skip
    assert rows[0]["amount"] == f"{share(one).amount_minor / 100:.2f}"
    assert len(find_deeds("split.list")) == 1
    assert staff.get("/operator/splits/list.csv?begin=x&until=y").status_code == 422


def test_finance_decides_what_does_not_go_by_itself(staff, fake):
    """Dropped with a reason, tried again, each once and in the record; the front page counts."""
    shop = make_shop()
    one = released(shop, fake)
    send(fake)
    where = f"/operator/splits/{share(one).id}/"
    staff.post(where, {"step": "drop", "said": ""})
    assert share(one).state == "waiting"
    staff.post(where, {"step": "drop", "said": "按付款付"})
    assert "没有再做" in text_of(staff.post(where, {"step": "drop", "said": "x"}, follow=True))
    assert share(one).state == "skipped" and len(find_deeds("split.drop")) == 1
    staff.post(where, {"step": "push"})
    assert share(one).state == "waiting" and len(find_deeds("split.push")) == 1
    assert staff.post(where, {"step": "other"}).status_code == 404
    share_of = type(share(one)).objects.filter(id=share(one).id)
    share_of.update(state="refused", problem="refused:NO_AUTH")
    assert "NO_AUTH" in text_of(staff.get("/operator/splits/"))
    assert "没办成的分账" in text_of(staff.get("/operator/"))


def test_splits_are_for_finance_alone(client, fake):
    """Another role of the staff sees neither list nor numbers."""
    other = sign_in("reviewer@example.org", Role.REVIEWER)
    assert other.get("/operator/splits/").status_code in (403, 404)
    assert other.get("/operator/splits/list.csv").status_code in (403, 404)
