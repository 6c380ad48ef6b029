"""What nobody bought of a shop that closed: off the shelves, back to its merchant on the record,
and in the end unreadable; what was bought stays."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from tests.market.market_kit import AT, add_stock, make_merchant, make_shop, order, pay

from gongdao.core.errors import InputError
from gongdao.front.find_claims import find_claims
from gongdao.front.stores import get_stores
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf
from gongdao.market import close_merchant as closing
from gongdao.market.close_merchant import begin_closing, finish_closings
from gongdao.market.closed_stock import (
    clear_shelves,
    count_unsold,
    destroy_unsold,
    find_last_day,
    take_back,
)
from gongdao.market.find_order import find_order
from gongdao.market.models import MerchantClosing
from gongdao.market.release_orders import release_due
from gongdao.market.reveal_order import reveal_order
from gongdao.vault import write_batch
from gongdao.vault.after_restore import DOUBTED, restored_reason
from gongdao.vault.check_units import CheckedSecret, withdraw_bad
from gongdao.vault.check_vault import check_vault
from gongdao.vault.issuer_port import SecretStatus
from gongdao.vault.models import Batch, Fingerprint, Reveal, Sealed, Unit
from gongdao.vault.quarantine_batches import doubt_batch, lift_quarantine, quarantine_batches
from gongdao.vault.queries import count_available

pytestmark = pytest.mark.django_db(transaction=True)
BY = UUID(int=9)
DAY = timedelta(days=1)


@pytest.fixture
def shop(db):
    """A shop with four secrets and its deposit."""
    shop = make_shop(stock=4)
    admitted = NewLeaf("merchant.admitted", shop.merchant.log_subject)
    with transaction.atomic():
        append_leaves(stores=get_stores(), leaves=[admitted], at=AT)
    return shop


def close(shop, at=AT):
    """Close it; when it was."""
    given = {"merchant_id": shop.merchant.id, "wanted_by": "merchant", "by": BY, "reason": "不做了"}
    begin_closing(stores=get_stores(), at=at, **given)
    finish_closings(stores=get_stores(), find_claims=find_claims, at=at)
    return MerchantClosing.objects.get(merchant=shop.merchant).ended_at


def taken(shop, at=AT):
    """What its merchant gets back."""
    back = take_back(stores=get_stores(), merchant_id=shop.merchant.id, by=BY, at=at)
    return [fields for _title, *fields in back]


def states():
    """Batches by state, and whether their keys live."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT b.state, k.destroyed_at IS NULL FROM vault_batch b JOIN core_datakey k"
            " ON k.subject_kind = 'batch' AND k.subject_id = b.id ORDER BY b.began_at, b.id"
        )
        return cursor.fetchall()


def sold_one(shop):
    """An order of the shop that was paid and released; how to look at it."""
    placed = order(shop)
    pay(placed)
    assert release_due(stores=get_stores(), at=AT + 3 * DAY) == 1
    return placed


def test_nothing_of_a_closed_shop_is_for_sale(shop):
    """Its batches are withdrawn with their leaf, another shop's are not, and the secrets may be
    imported again by whoever has them."""
    other = make_shop(stock=2, merchant=make_merchant("另一家"))
    assert close(shop) == AT
    assert count_available([shop.sku, other.sku]) == {shop.sku: 0, other.sku: 2}
    batch = Batch.objects.get(sku_id=shop.sku)
    assert (batch.state, batch.reason) == ("withdrawn", "shop closed")
    assert clear_shelves(stores=get_stores(), at=AT) == 0
    add_stock(other.sku, [fields[0] for fields in taken(shop)])
    assert count_available([other.sku]) == {other.sku: 6}
    assert not check_vault(stores=get_stores(), open_every=1).findings


def test_a_shop_that_is_closing_keeps_what_its_buyers_reserved(shop):
    """An order that waits for money is honoured: only when all has ended the shelf is cleared."""
    placed = order(shop)
    assert close(shop) is None and count_available([shop.sku]) == {shop.sku: 3}
    with pytest.raises(InputError):
        taken(shop)
    pay(placed)
    found = find_order(stores=get_stores(), number=placed.number, code=placed.code, at=AT)
    assert len(reveal_order(stores=get_stores(), order=found, who="b", at=AT)) == 1


def test_what_is_handed_back_is_what_nobody_bought(shop):
    """Three of four, each on record for the account that took it; the sold one is not among
    them."""
    placed = sold_one(shop)
    closed = close(shop, AT + 40 * DAY)
    assert closed is not None and count_unsold(shop.merchant.id) == 3
    found = find_order(stores=get_stores(), number=placed.number, code=placed.code, at=AT)
    (bought,) = reveal_order(stores=get_stores(), order=found, who="b", at=closed)
    back = [one for (one,) in taken(shop, closed)]
    assert len(set(back)) == 3 and bought.fields["secret"] not in back
    on_record = Reveal.objects.filter(purpose="taken_back", owner_id=shop.merchant.id)
    assert on_record.count() == 3 and {bytes(one.who) for one in on_record} != {b""}


def test_in_the_end_nobody_can_read_it(shop):
    """After the published wait its key is gone; a batch of which something was sold keeps it, and
    the buyer still sees what he bought."""
    placed = sold_one(shop)
    add_stock(shop.sku, ["LATER-1", "LATER-2"])
    closed = close(shop, AT + 40 * DAY)
    last = find_last_day(closed)
    assert last == closed + 30 * DAY
    assert destroy_unsold(at=last - timedelta(seconds=1)) == 0
    assert len(taken(shop, closed)) == 5
    assert destroy_unsold(at=last) == 1 and destroy_unsold(at=last) == 0
    assert sorted(states()) == [("withdrawn", False), ("withdrawn", True)]
    assert len(taken(shop, last)) == 3
    found = find_order(stores=get_stores(), number=placed.number, code=placed.code, at=AT)
    assert reveal_order(stores=get_stores(), order=found, who="b", at=last)
    assert not check_vault(stores=get_stores(), open_every=1).findings


def lose(shop, lines):
    """A backup is restored: the secrets in ``lines`` were delivered since; its batch waits."""
    stock = Unit.objects.filter(sku_id=shop.sku).order_by("pos").values_list("sealed_id", flat=True)
    wait = {"stores": get_stores(), "reason": restored_reason(1), "at": AT}
    (batch,) = quarantine_batches(batches=None, **wait).batches
    return batch, [bytes(Sealed.objects.get(id=stock[n]).commitment) for n in lines]


def test_what_a_restored_backup_lost_stays_with_its_buyers(shop):
    """Three of four were delivered in the lost time: nobody imports them again, their merchant gets
    the fourth only, and the key stays for those who bought."""
    texts = [f"CARD-{shop.listing.id.hex[-12:]}-{n:06d}" for n in range(4)]
    batch, sold = lose(shop, (0, 1, 2))
    lift_quarantine(stores=get_stores(), batch=batch, sold=sold, reason="replayed", at=AT)
    closed = close(shop)
    assert count_unsold(shop.merchant.id) == 1 and taken(shop) == [[texts[3]]]
    other = make_shop(stock=0, merchant=make_merchant("另一家"))
    for text in texts[:3]:
        with pytest.raises(AssertionError, match="ON_PLATFORM"):
            add_stock(other.sku, [text])
    add_stock(other.sku, texts[3:])
    assert destroy_unsold(at=find_last_day(closed)) == 0
    assert [one for one in states() if one[0] == "withdrawn"] == [("withdrawn", True)]
    assert not check_vault(stores=get_stores(), open_every=1).findings


def test_a_batch_in_doubt_waits_for_whoever_answers_for_it(shop):
    """Closing neither takes it off nor hands it back; once somebody made sure, the merchant has
    as long as others."""
    batch, _none = lose(shop, ())
    doubt_batch(batch=batch, sold=(), reason=DOUBTED, at=AT)
    closed = close(shop)
    assert states() == [("quarantined", True)] and taken(shop) == []
    assert Fingerprint.objects.count() == 4
    late = find_last_day(closed) + DAY
    lift_quarantine(stores=get_stores(), batch=batch, sold=(), reason="sure", at=late)
    assert clear_shelves(stores=get_stores(), at=late) == 1
    assert destroy_unsold(at=late) == 0 and len(taken(shop, late)) == 4
    assert destroy_unsold(at=find_last_day(late)) == 1


def test_what_an_issuer_called_bad_is_not_handed_back(shop):
    """It left the shelf before the shop closed, and nobody may import it again."""
    batch = Batch.objects.get(sku_id=shop.sku)
    bad = CheckedSecret(batch.first_id, SecretStatus.USED)
    assert withdraw_bad(batch=batch.id, checked=[bad]) == 1
    close(shop)
    assert count_unsold(shop.merchant.id) == 3
    assert [one.sealed_id for one in Fingerprint.objects.all()] == [batch.first_id]


def test_an_import_that_waits_for_the_log_is_not_dropped(shop):
    """It was perhaps finished, and sold from, in the lost time."""
    Batch.objects.create(
        id=BY, sku_id=shop.sku, state="incoming", source_kind="own", first_pos=5,
        log_subject="batch:waits", reason=restored_reason(1), began_at=AT, changed_at=AT,
    )  # fmt: skip
    close(shop)
    assert {one.state for one in Batch.objects.all()} == {"withdrawn", "incoming"}


def test_an_open_shop_loses_nothing(shop):
    """Neither shelf nor key, however much time passes; and nothing is handed back."""
    assert clear_shelves(stores=get_stores(), at=AT) == 0
    assert destroy_unsold(at=AT + 4000 * DAY) == 0
    assert states() == [("live", True)] and count_unsold(shop.merchant.id) == 0
    with pytest.raises(InputError):
        taken(shop)


def test_an_import_that_had_not_ended_goes(shop, monkeypatch):
    """Nothing of it was ever for sale, so nothing of it stays."""
    monkeypatch.setattr(write_batch, "CHUNK", 2)
    finish = write_batch.BatchWriter.finish

    def stop(_writer):
        raise ConnectionAbortedError

    monkeypatch.setattr(write_batch.BatchWriter, "finish", stop)
    with pytest.raises(ConnectionAbortedError):
        add_stock(shop.sku, ["HALF-1", "HALF-2", "HALF-3"])
    monkeypatch.setattr(write_batch.BatchWriter, "finish", finish)
    assert Batch.objects.filter(state="incoming").count() == 1
    close(shop)
    assert states() == [("withdrawn", True)]


def test_what_breaks_off_is_taken_up_again(shop, monkeypatch):
    """The shop is closed and the worker dies before the shelf: the next turn clears it."""

    def lost(**_given):
        raise ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(closing, "clear_shelves", lost)
        with pytest.raises(ConnectionError):
            close(shop)
    assert count_available([shop.sku]) == {shop.sku: 4}
    finish_closings(stores=get_stores(), find_claims=find_claims, at=AT)
    assert count_available([shop.sku]) == {shop.sku: 0}
