"""Moving a dujiaoka shop in: stock, what was sold, old orders, coupons, kills and repeats."""

from __future__ import annotations

import base64
import os
import random
import signal
import subprocess
import sys
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from tests.market.market_kit import AT, make_merchant, make_shop
from tests.market.moved_shop import card, coupon, goods, order, small_shop, write_dump

from gongdao.core.errors import InputError, OrderLocked, TooManyAttempts
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.front.stores import get_stores
from gongdao.market import market_key
from gongdao.market.desk_models import ListingDraft
from gongdao.market.draft_listing import judge_draft, read_draft
from gongdao.market.models import Coupon, Listing
from gongdao.market.moved_models import MovedDraft, MovedLook, MovedOrder, MovedThing
from gongdao.market.moving_in import move_dujiaoka as move_dujiaoka_module
from gongdao.market.moving_in import mysql_dump, stock_stream
from gongdao.market.moving_in.find_moved_order import find_moved_listing, open_moved_order
from gongdao.market.moving_in.keep_orders import OldShop
from gongdao.market.moving_in.move_dujiaoka import MoveIn, MoveReport, move_dujiaoka
from gongdao.market.moving_in.rows import RefusedRow, RowReason
from gongdao.vault.check_vault import check_vault
from gongdao.vault.models import Batch, Fingerprint, Sku, Unit
from gongdao.vault.reserve import reserve

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]


def move(dump: Path, merchant, **more) -> tuple[MoveReport, list[RefusedRow]]:
    """Move in; the report and every refused row."""
    refused: list[RefusedRow] = []
    with dump.open("rb") as file:
        report = move_dujiaoka(
            stores=get_stores(),
            wanted=MoveIn(OldShop(merchant.id, "dujiaoka"), file, **more),
            at=AT,
            refuse=refused.append,
        )
    return report, refused


def told(report: MoveReport) -> dict[str, tuple[int, int]]:
    """New and already there, of each kind."""
    return {name: (count["new"], count["already"]) for name, count in report.told.items()}


def shelf(title: str) -> Sku:
    """The shelf of the listing that came of these goods; the one with the fewest uses."""
    listings = ListingDraft.objects.filter(fields__title=title).values("listing__sku_id")
    return Sku.objects.filter(id__in=listings).order_by("uses_allowed")[0]


def for_sale(sku: Sku) -> int:
    """Units that can be bought."""
    return Unit.objects.filter(sku=sku, state="available", pos__lte=sku.open_upto).count()


def everything() -> tuple[int, ...]:
    """How many rows there are of all that moving in writes."""
    tables = (Listing, Sku, Batch, Unit, Fingerprint, MovedOrder, MovedThing, MovedDraft, Coupon)
    return tuple(table.objects.count() for table in tables)


REFUSED = {
    ("carmis", "13", "status", "unreadable"),
    ("carmis", "3", "carmi", "known"),
    ("carmis", "5", "carmi", "known"),
    ("carmis", "6", "carmi", "known"),
    ("carmis", "8", "goods_id", "no_goods"),
    ("carmis", "12", "carmi", "shape"),
    ("orders", "6", "actual_price", "number"),
    ("coupons", "2", "coupon", "code"),
    ("coupons", "4", "discount", "nothing_off"),
    ("coupons_goods", "", "coupons_id", "no_coupon"),
    ("coupons_goods", "", "goods_id", "no_goods"),
}


def test_a_whole_shop(tmp_path):
    """The dry run says exactly what then happens; the second run changes nothing."""
    merchant, dump = make_merchant(), small_shop(tmp_path / "shop.sql")
    nothing = everything()
    dry, dry_refused = move(dump, merchant, loop_uses=3, dry_run=True)
    assert everything() == nothing
    real, refused = move(dump, merchant, loop_uses=3)
    assert told(dry) == told(real) == {
        "listings": (5, 0),
        "orders": (5, 0),
        "sold": (4, 0),
        "cards": (5, 0),
        "coupons": (2, 0),
    }  # fmt: skip
    rows = [(one.table, one.id, one.field, one.reason.value) for one in refused]
    assert set(rows) == REFUSED and len(rows) == len(REFUSED)
    assert sorted(map(repr, dry_refused)) == sorted(map(repr, refused))
    assert all(str(one) for one in refused)
    card_shelf, loop = shelf("点卡 50 元"), shelf("共享账号")
    assert (for_sale(card_shelf), for_sale(loop), loop.uses_allowed) == (2, 3, 3)
    assert for_sale(shelf("混合")) == 1
    assert set(Listing.objects.values_list("state", flat=True)) == {"draft"}
    assert set(Batch.objects.values_list("source_kind", flat=True)) == {"moved_in"}
    before = everything()
    again, refused_again = move(dump, merchant, loop_uses=3)
    assert everything() == before
    assert {name: new for name, (new, _old) in told(again).items()} == dict.fromkeys(real.told, 0)
    assert set(map(repr, refused_again)) == set(map(repr, refused))
    assert not check_vault(stores=get_stores(), open_every=1).findings


def test_what_was_sold_is_never_sold_again(tmp_path):
    """It is fingerprinted, lies on a shelf of no listing, and is withdrawn; imported by anybody, it
    is refused."""
    merchant, dump = make_merchant(), small_shop(tmp_path / "shop.sql")
    move(dump, merchant)
    sold = Sku.objects.get(owner_kind="moved_sold")
    assert set(Unit.objects.filter(sku=sold).values_list("state", flat=True)) == {"withdrawn"}
    assert Batch.objects.get(sku=sold).state == "withdrawn"
    until = AT + timedelta(minutes=5)
    with pytest.raises(Exception, match="库存"), transaction.atomic():
        claim = SubjectRef("order", sold.id)
        reserve(sku=sold.id, claim=claim, units=1, until=until, at=AT)
    other = make_merchant("另一家")
    cards = ["SOLD-0004", "RACE-0006", "deleted card", "AAAA-0001", "NEW-1"]
    again = write_dump(
        tmp_path / "other.sql",
        carmis=[card(n, 1, text) for n, text in enumerate(cards, 1)],
        goods=[goods(1, "转卖")],
    )
    report, refused = move(again, other)
    assert told(report)["cards"] == (1, 0)
    assert [one.reason for one in refused] == [RowReason.ON_PLATFORM] * 4


def test_sold_there_while_it_is_for_sale_here(tmp_path):
    """A later dump of a shop that went on selling: each such row is named."""
    merchant = make_merchant()
    first = write_dump(
        tmp_path / "a.sql",
        carmis=[card(1, 1, "AAAA-1"), card(2, 1, "AAAA-2")],
        goods=[goods(1, "卡")],
    )
    move(first, merchant)
    later = write_dump(
        tmp_path / "b.sql",
        carmis=[card(1, 1, "AAAA-1", sold=True), card(2, 1, "AAAA-2"), card(3, 1, "AAAA-3")],
        goods=[goods(1, "卡")],
    )
    report, refused = move(later, merchant)
    assert told(report)["cards"] == (1, 0) and told(report)["listings"] == (0, 1)
    assert [(one.id, one.reason) for one in refused] == [
        ("1", RowReason.STILL_FOR_SALE),
        ("2", RowReason.KNOWN),
    ]


def test_secrets_without_end_need_a_limit(tmp_path):
    """Nothing is invented: without the number of uses neither they nor their listing are taken."""
    merchant, dump = make_merchant(), small_shop(tmp_path / "shop.sql")
    report, refused = move(dump, merchant)
    asked = [(one.table, one.id) for one in refused if one.reason is RowReason.NO_LIMIT]
    assert asked == [("goods", "2"), ("carmis", "7"), ("carmis", "11")]
    assert told(report)["listings"] == (3, 0)
    move(dump, merchant, loop_uses=2)
    assert for_sale(shelf("共享账号")) == 2
    mixed = MovedThing.objects.filter(old_id=3, kind__in=["goods", "loop_goods"])
    assert mixed.count() == 2


def test_drafts_say_what_they_lack(tmp_path):
    """What follows from the dump is in the draft, the rest is listed; nothing can be bought."""
    merchant, dump = make_merchant(), small_shop(tmp_path / "shop.sql")
    report, _refused = move(dump, merchant, loop_uses=2)
    made = {one.title: one for one in report.listings}
    lacks = {one.field for one in made["点卡 50 元"].missing}
    assert {"kind", "region", "source_proof", "how_to_test", "hours", "promise"} <= lacks
    assert {"compared_price", "tiers"} <= lacks and not lacks & {"most_per_buyer", "price", "title"}
    assert "most_per_buyer" in {one.field for one in made["共享账号"].missing}
    listing = Listing.objects.get(id=made["点卡 50 元"].listing_id)
    fields = read_draft(listing)
    assert {name: text for name, text in fields.items() if text} == {
        "title": "点卡 50 元",
        "delivery": "secret",
        "price": "9.90",
        "tiers": "10 9.50\n20 12.00",
        "most_per_buyer": "5",
    }
    _offer, desk_says = judge_draft(listing=listing, fields=fields, at=AT)
    assert {one.field for one in desk_says} == lacks - {"compared_price"}
    beside = listing.moved_draft.beside
    assert beside["category"] == "游戏点卡" and beside["description"] == "说明 & 用法"
    by_hand = Listing.objects.get(draft__fields__title="代充")
    assert read_draft(by_hand)["asks"] == "QQ号" and by_hand.sku_id is None
    assert find_moved_listing(old_id=1) is None, "a draft is on no page"


def test_coupons_keep_their_uses(tmp_path):
    """What is left of them, for the goods that they were for, on or off as they were."""
    merchant, dump = make_merchant(), small_shop(tmp_path / "shop.sql")
    move(dump, merchant)
    spring, off = Coupon.objects.order_by("-uses_left")
    assert (spring.off_minor, spring.uses_left, spring.on) == (500, 3, True)
    assert (off.uses_left, off.on, spring.everywhere) == (0, False, False)
    titles = spring.listings.values_list("listing__draft__fields__title", flat=True)
    assert list(titles) == ["点卡 50 元"]


def test_a_generous_coupon_comes_switched_off(tmp_path):
    """The goods are on offer by now and the coupon brings them far under the market: it is there,
    off and named with the reason, once, and the one behind it comes all the same."""
    for name in "甲乙丙丁戊":
        make_shop(0, merchant=make_merchant(name))
    shop = make_shop(0)
    MovedThing.objects.create(
        merchant_id=shop.merchant.id,
        shop="dujiaoka",
        kind="goods",
        old_id=1,
        new_id=shop.listing.id,
        moved_at=AT,
    )
    dump = write_dump(
        tmp_path / "shop.sql",
        coupons=[coupon(1, "HALF-PRICE", "90.00"), coupon(2, "SPRING")],
        coupons_goods=[["1", "1", "1"], ["2", "1", "2"]],
        goods=[goods(1, "点卡")],
    )
    report, refused = move(dump, shop.merchant)
    assert told(report)["coupons"] == (2, 0)
    assert [(one.table, one.id, one.reason) for one in refused] == [("coupons", "1", RowReason.OFF)]
    assert list(Coupon.objects.order_by("off_minor").values_list("on", flat=True)) == [True, False]
    assert told(move(dump, shop.merchant)[0])["coupons"] == (0, 2)


def open_old(number: str, proof: str):
    """What the buyer of an old order does."""
    return open_moved_order(stores=get_stores(), number=number, proof=proof, who="x", at=AT)


def test_old_orders(tmp_path):
    """Number and password, or number and address where no password was chosen; nothing less."""
    merchant, dump = make_merchant(), small_shop(tmp_path / "shop.sql")
    move(dump, merchant)
    opened = open_old("AAAABBBBCCCC0001", "pw 1")
    assert opened.content == "SOLD-0004\nRACE-0006" and opened.paid == Money(990)
    assert (opened.merchant_name, opened.automatic) == (merchant.display_name, True)
    assert open_old("AAAABBBBCCCC0002", " buyer@example.INVALID").content == "LOOP-0007"
    assert open_old("AAAABBBBCCCC0005", "0").content == "DELETED-CARD"
    assert MovedLook.objects.count() == 3
    for number, proof in (
        ("AAAABBBBCCCC0001", "a@b.invalid"),
        ("AAAABBBBCCCC0001", ""),
        ("AAAABBBBCCCC0001", "PW 1"),
        ("AAAABBBBCCCC0005", ""),
        ("AAAABBBBCCCC0009", "pw 1"),
    ):
        with pytest.raises(OrderLocked):
            open_old(number, proof)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(o::text, ' ') FROM market_movedorder o")
        text = cursor.fetchone()[0]
    for hidden in ("SOLD-0004", "a@b.invalid", "pw 1"):
        assert hidden not in text and hidden.encode().hex() not in text


def test_guesses_at_an_old_order_are_limited(tmp_path):
    """After ten wrong ones the right one is refused too, for an hour."""
    merchant, dump = make_merchant(), small_shop(tmp_path / "shop.sql")
    move(dump, merchant)
    for _guess in range(10):
        with pytest.raises(OrderLocked):
            open_old("AAAABBBBCCCC0001", "wrong")
    with pytest.raises(TooManyAttempts):
        open_old("AAAABBBBCCCC0001", "pw 1")
    assert open_old("AAAABBBBCCCC0002", "buyer@example.invalid")


def test_an_order_without_any_proof_never_opens(tmp_path):
    """Neither password nor address: no empty word opens it."""
    merchant = make_merchant()
    move(write_dump(tmp_path / "a.sql", orders=[order(1, "AAAA", "SECRET-1")]), merchant)
    for proof in ("", " ", "None"):
        with pytest.raises(OrderLocked):
            open_old("AAAA", proof)


def test_the_database_keeps_what_came(tmp_path):
    """Old orders, looks and origins are neither changed nor deleted."""
    merchant, dump = make_merchant(), small_shop(tmp_path / "shop.sql")
    move(dump, merchant)
    open_old("AAAABBBBCCCC0001", "pw 1")
    for statement in (
        "UPDATE market_movedorder SET paid_minor = 1",
        "DELETE FROM market_movedorder",
        "DELETE FROM market_movedlook",
        "DELETE FROM market_movedthing",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_what_is_no_dump(tmp_path):
    """One clear error, and nothing is written."""
    merchant, dump = make_merchant(), tmp_path / "x.sql"
    dump.write_text("INSERT INTO `carmis` (`id`) VALUES (1), ('broken off")
    before = everything()
    with pytest.raises(InputError):
        move(dump, merchant)
    assert everything() == before


def large_shop(path: Path, many: int) -> Path:
    """``many`` cards, half of them sold, in ten goods; an order for each sold one."""
    return write_dump(
        path,
        carmis=(
            card(n, n % 10 + 1, f"CARD-{n:08d}-{n * 7919 % 99991:05d}", sold=n % 2 == 0)
            for n in range(1, many + 1)
        ),
        coupons=[coupon(1, "SPRING", left=1000)],
        coupons_goods=[[str(n), str(n), "1"] for n in range(1, 11)],
        goods=[goods(n, f"点卡 {n}") for n in range(1, 11)],
        orders=(
            order(n, f"ORDER{n:011d}", f"CARD-{n:08d}-{n * 7919 % 99991:05d}", password=f"p{n}")
            for n in range(2, many + 1, 2)
        ),
    )


def _url() -> str:
    place = connection.settings_dict
    user, password = place["USER"], place["PASSWORD"]
    return f"postgresql://{user}:{password}@{place['HOST']}:{place['PORT']}/{place['NAME']}"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.soak)])
def test_killed_at_any_point(seed, tmp_path, monkeypatch):
    """Killed three times wherever it was, and run again: all of it is there, once."""
    monkeypatch.setattr(market_key, "_held", {})  # the key is the one that the killed one made
    many, dice = 1500, random.Random(seed)
    merchant, dump = make_merchant(), large_shop(tmp_path / "shop.sql", many)
    master = base64.b64encode(get_stores().masters.current).decode()
    words = [_url(), master, str(merchant.id), str(dump)]
    killed = 0
    for _try in range(3):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.market.kill_move_in", *words],
            cwd=ROOT,
            env={**os.environ, "GONGDAO_DATA": str(tmp_path)},
            stdout=subprocess.PIPE,
            text=True,
        )
        stop_at = dice.randrange(1, 13)
        for n, _line in enumerate(process.stdout, 1):
            if n == stop_at:
                process.send_signal(signal.SIGKILL)
                break
        process.stdout.close()
        killed += process.wait() == -signal.SIGKILL
    assert killed
    report, refused = move(dump, merchant)
    assert not refused
    assert {name: sum(both) for name, both in told(report).items()} == {
        "listings": 10,
        "orders": many // 2,
        "sold": many // 2,
        "cards": many // 2,
        "coupons": 1,
    }
    assert Unit.objects.filter(state="withdrawn").count() == many // 2
    assert Unit.objects.filter(state="available").count() == many // 2
    assert MovedOrder.objects.count() == many // 2 and Coupon.objects.get().uses_left == 1000
    assert not check_vault(stores=get_stores(), open_every=None).findings


def test_memory_is_flat(tmp_path, monkeypatch):
    """Six times the rows take hardly more memory, once every buffer has been full: they are made
    small enough here that the first run fills them."""
    monkeypatch.setattr(move_dujiaoka_module, "_ORDERS", 100)
    monkeypatch.setattr(mysql_dump, "_PIECE", 1 << 14)
    monkeypatch.setattr(stock_stream, "CHUNK", 100)
    monkeypatch.setattr(stock_stream, "_MOST_WAITING", 400)
    peaks = []
    for many in (500, 3_000):
        dump = large_shop(tmp_path / f"{many}.sql", many)
        merchant = make_merchant(f"商家 {many}")
        tracemalloc.start()
        move(dump, merchant, dry_run=True)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.4, peaks
