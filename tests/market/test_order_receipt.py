"""The buyer's receipt: made by the market from the public log, judged by the verifier alone."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.log.log_kit import make_ground
from tests.market.market_kit import AT, add_stock, make_shop, order, pay
from tests.market.offer_kit import OFFER
from tests.market.supply_kit import BY_HAND

from gongdao.core.errors import NotDelivered
from gongdao.core.money import Money
from gongdao.front.stores import get_stores
from gongdao.log.begin import begin_log
from gongdao.log.errors import LeafNotCovered
from gongdao.market import shown
from gongdao.market.deliver_by_hand import deliver_by_hand, read_handed
from gongdao.market.expire_orders import expire_orders
from gongdao.market.models import Order
from gongdao.market.order_receipt import Pieces, make_order_receipt, snapshot_of
from gongdao.market.own_orders import as_found
from gongdao.market.reveal_order import reveal_order
from gongdao.rules.load import load_rules
from gongdao_verify.canonical import canonical
from gongdao_verify.log_verdict import LogState
from gongdao_verify.main import main
from gongdao_verify.order_verdict import judge_order
from gongdao_verify.tlog_policy import Policy

pytestmark = pytest.mark.django_db(transaction=True)
LATER = AT + timedelta(minutes=5)


@pytest.fixture
def ground(tmp_path):
    """A public log that has begun; leaves are sequenced when it runs."""
    ground = make_ground(tmp_path)
    begin_log(stores=get_stores(), key=ground.key, at=AT)
    return ground


def _policy(ground) -> Policy:
    return Policy.parse(f"log {ground.key.verifier.text()}\nquorum none\n")


def _row(placed) -> Order:
    return Order.objects.get(number=placed.number)


def _open(row: Order) -> Pieces:
    found = reveal_order(stores=get_stores(), order=as_found(row), who="test", at=LATER)
    return Pieces(secrets=found)


def _bought(quantity: int = 1):
    shop = make_shop(stock=1)
    add_stock(shop.sku, [f"SECOND-{n}" for n in range(300)])
    placed = order(shop, quantity=quantity)
    pay(placed)
    return placed


def test_a_receipt_holds_with_and_without_the_secrets(ground):
    """Opened, each secret is compared with its commitment; bare, it can be shown to anybody and
    holds neither secret nor salt."""
    placed = _bought(3)
    ground.run()
    row = _row(placed)
    whole = make_order_receipt(stores=get_stores(), order=row, opened=_open(row))
    verdict = judge_order(whole, policy=_policy(ground))
    assert (verdict.state, verdict.reason) == (LogState.CONSISTENT_UNWITNESSED, "no_witness")
    assert (verdict.opened, len(verdict.batches), verdict.sources) == (3, 2, ("resale",))
    assert verdict.placed is not None and verdict.placed.log_known
    bare = make_order_receipt(stores=get_stores(), order=row)
    assert judge_order(bare, policy=_policy(ground)).opened == 0
    assert b"salt" not in bare and b"form" not in bare.replace(b"format", b"")
    assert "np_order_secret" in judge_order(bare, policy=None).not_proven()


def test_what_was_shown_is_what_was_logged(ground):
    """The snapshot is put together again from the order's row, byte for byte, also at another
    price for more pieces."""
    tiered = replace(OFFER, price=Money(9800), after_sale="不退不换。")
    placed = order(make_shop(stock=5, offer=tiered), quantity=4)
    row = _row(placed)
    digest = hashlib.sha256(canonical(snapshot_of(row))).digest()
    assert digest == bytes(row.snapshot_digest)


def test_goods_handed_over_have_a_receipt_too(ground):
    """A person's delivery is committed to as well; there is no batch."""
    shop = make_shop(stock=0, offer=BY_HAND)
    placed = order(shop)
    pay(placed)
    row = _row(placed)
    stores = get_stores()
    with pytest.raises(NotDelivered):
        make_order_receipt(stores=stores, order=row)
    deliver_by_hand(
        stores=stores,
        order_id=row.id,
        merchant_id=shop.merchant.id,
        texts=["账号 a 密码 b"],
        by=row.id,
        at=LATER,
    )
    ground.run()
    row.refresh_from_db()
    handed = read_handed(stores=stores, order_id=row.id, at=LATER)
    receipt = make_order_receipt(stores=stores, order=row, opened=Pieces(handed=handed))
    verdict = judge_order(receipt, policy=_policy(ground))
    assert (verdict.opened, verdict.batches, verdict.exit_code) == (1, (), 0)


def test_there_is_none_before_the_log_covers_it(ground):
    """Paid and delivered, but not sequenced: come again in a moment."""
    placed = _bought()
    with pytest.raises(LeafNotCovered):
        make_order_receipt(stores=get_stores(), order=_row(placed))


def test_stock_that_came_after_the_order_is_told(ground):
    """A secret of a batch that was imported only after the order, delivered for money that came
    late, makes a receipt that does not hold: its provenance before the order is not shown."""
    shop = make_shop(stock=1)
    first = order(shop)
    later = AT + timedelta(hours=1)
    expire_orders(stores=get_stores(), at=later)
    late = order(shop, contact="other@example.invalid", at=later)
    pay(late, after=timedelta(hours=1, minutes=1))
    add_stock(shop.sku, ["NEW-1"])
    pay(first, after=timedelta(hours=2))
    ground.run()
    verdict = judge_order(
        make_order_receipt(stores=get_stores(), order=_row(first)), policy=_policy(ground)
    )
    assert (verdict.state, verdict.reason) == (LogState.INVALID, "batch_after_order")
    held = make_order_receipt(stores=get_stores(), order=_row(late))
    assert judge_order(held, policy=_policy(ground)).exit_code == 0


def test_more_pieces_than_one_leaf_holds(ground):
    """Forty-one pieces are two leaves of the delivery, and one receipt."""
    shop = make_shop(stock=0, offer=replace(OFFER, most_per_buyer=50, price=Money(100)))
    add_stock(shop.sku, [f"MANY-{n}" for n in range(41)])
    placed = order(shop, quantity=41)
    pay(placed)
    ground.run()
    verdict = judge_order(make_order_receipt(stores=get_stores(), order=_row(placed)), policy=None)
    assert (len(verdict.delivered), verdict.exit_code, verdict.replaced) == (2, 0, 0)


def test_the_command_judges_it_offline(ground, tmp_path, capsys):
    """`gongdao-verify FILE --policy FILE` in both languages and as JSON; nothing in it is a secret,
    and one changed sign makes it invalid."""
    placed = _bought(2)
    ground.run()
    row = _row(placed)
    whole = make_order_receipt(stores=get_stores(), order=row, opened=_open(row))
    file, policy = tmp_path / "order.json", tmp_path / "policy"
    file.write_bytes(whole)
    policy.write_text(f"log {ground.key.verifier.text()}\nquorum none\n", "utf-8")
    for language, said in (("zh", "成立"), ("en", "It holds")):
        assert main([str(file), "--policy", str(policy), "--lang", language]) == 0
        out = capsys.readouterr().out
        assert said in out.splitlines()[0] and placed.number in out and "CARD-" not in out
    assert main([str(file), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["kind"], told["opened"], told["units"]) == ("order", 2, 2)
    file.write_bytes(whole.replace(placed.number.encode(), b"0" * len(placed.number)))
    assert main([str(file), "--policy", str(policy)]) == 1
    assert "下单时看到的" in capsys.readouterr().out
    file.write_bytes(b'{"batches":[]}')
    assert main([str(file)]) == 2


def test_a_snapshot_names_the_rules_and_the_fee(ground):
    """Fee and digest of the rule data of its moment, under a form of its own, committed to by the
    order's leaf."""
    placed = _bought()
    ground.run()
    row = _row(placed)
    told = json.loads(make_order_receipt(stores=get_stores(), order=row, opened=_open(row)))
    seen = told["snapshot"]
    assert (seen["format"], seen["fee_permyriad"]) == ("gongdao-order-snapshot/v2", 100)
    assert seen["rules"] == load_rules().digest
    assert hashlib.sha256(canonical(seen)).digest() == bytes(row.snapshot_digest)


def test_an_order_from_before_rules_were_in_snapshots_still_verifies(ground, monkeypatch):
    """Its snapshot is told in the first form, whatever the rules are now."""
    monkeypatch.setattr(shown, "rules_then", lambda **given: None)
    placed = _bought()
    monkeypatch.undo()
    ground.run()
    row = _row(placed)
    assert row.rules_digest is None
    whole = make_order_receipt(stores=get_stores(), order=row, opened=_open(row))
    assert not {"format", "rules", "fee_permyriad"} & set(json.loads(whole)["snapshot"])
    verdict = judge_order(whole, policy=_policy(ground))
    assert (verdict.state, verdict.reason) == (LogState.CONSISTENT_UNWITNESSED, "no_witness")
    row.rules_digest = b"r" * 32
    other = judge_order(
        make_order_receipt(stores=get_stores(), order=row, opened=_open(row)),
        policy=_policy(ground),
    )
    assert (other.state, other.reason) == (LogState.INVALID, "other_snapshot")
