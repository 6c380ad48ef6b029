"""What a buyer tells of his test: kept once, sealed, in the public log, never changed."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from PIL import Image
from tests.market.market_kit import AT, make_shop, order, pay

from gongdao.core.blobs import blob_name, case_prefix
from gongdao.core.errors import InputError
from gongdao.evidence.kept.models import Access, Original
from gongdao.evidence.kept.open_original import Purpose, Who
from gongdao.front.stores import get_stores
from gongdao.log.models import LogPending
from gongdao.market.drop_unkept import drop_unkept
from gongdao.market.models import Merchant, Order, OrderTest
from gongdao.market.own_orders import as_found
from gongdao.market.record_test import (
    MOST_FILES,
    MOST_TESTS,
    NewFile,
    ToldTest,
    open_tested_file,
    read_tests,
    record_test,
)
from gongdao.market.release_orders import confirm_receipt
from gongdao.market.reveal_order import reveal_order
from gongdao.market.states import Recording

pytestmark = pytest.mark.django_db(transaction=True)
WORKS = ToldTest(True, True, "余额 100 元")
FAILS = ToldTest(False, None, "提示已被使用")


def make_png(width, height):
    """A grey picture."""
    made = io.BytesIO()
    Image.new("L", (width, height), 128).save(made, "PNG")
    return made.getvalue()


PICTURE = make_png(3, 3)


def _tell(order_id, result, minutes=10, files=()):
    at = AT + timedelta(minutes=minutes)
    given = [NewFile(name, io.BytesIO(data)) for name, data in files]
    return record_test(stores=get_stores(), order_id=order_id, result=result, files=given, at=at)


@pytest.fixture
def revealed():
    """An order whose buyer has looked."""
    placed = order(make_shop())
    pay(placed)
    row = Order.objects.get(number=placed.number)
    looked = {"who": "t", "recording": Recording.YES, "at": AT + timedelta(minutes=2)}
    reveal_order(stores=get_stores(), order=as_found(row), **looked)
    row.refresh_from_db()
    return row


def _leaves(row):
    return LogPending.objects.filter(subject=row.log_subject).count()


def test_what_was_told_reads_back_in_order(revealed):
    """Both results are there, the words as they were written."""
    assert _tell(revealed.id, FAILS) and _tell(revealed.id, WORKS, 20)
    told = read_tests(stores=get_stores(), order_id=revealed.id, at=AT)
    assert told == [FAILS, WORKS] and told[1].at == AT + timedelta(minutes=20)


def test_each_telling_is_one_leaf_and_the_same_again_none(revealed):
    """Idempotent for the newest; another word is another leaf."""
    before = _leaves(revealed)
    for _n in range(3):
        assert _tell(revealed.id, WORKS)
    assert _leaves(revealed) == before + 1
    assert _tell(revealed.id, FAILS)
    assert _leaves(revealed) == before + 2


def test_words_that_were_told_are_no_plain_text_anywhere(revealed):
    """Neither the row nor the leaf holds them; the row of one test does not open another's."""
    assert _tell(revealed.id, ToldTest(False, True, "CANARY-SECRET"))
    assert _tell(revealed.id, WORKS, 20)
    first, second = OrderTest.objects.order_by("at")
    assert b"CANARY" not in bytes(first.sealed)
    leaves = LogPending.objects.filter(subject=revealed.log_subject)
    assert all(b"CANARY" not in bytes(leaf.entry) for leaf in leaves)
    assert bytes(first.sealed) != bytes(second.sealed)


def test_nothing_is_told_before_the_look_or_after_the_end(revealed):
    """A refusal moves nothing."""
    placed = order(_other_shop(revealed))
    pay(placed, trade_no="other")
    unseen = Order.objects.get(number=placed.number)
    assert not _tell(unseen.id, WORKS)
    assert confirm_receipt(stores=get_stores(), order_id=revealed.id, at=AT + timedelta(hours=1))
    before = _leaves(revealed)
    assert not _tell(revealed.id, WORKS, 90)
    assert OrderTest.objects.count() == 0 and _leaves(revealed) == before


def _other_shop(revealed):
    return make_shop(merchant=Merchant.objects.get(id=revealed.merchant_id))


def test_five_tellings_are_enough(revealed):
    """The sixth is refused: a page cannot fill the public log."""
    for number in range(MOST_TESTS):
        assert _tell(revealed.id, ToldTest(False, None, str(number)), 10 + number)
    assert not _tell(revealed.id, WORKS, 60)
    assert OrderTest.objects.count() == MOST_TESTS


def test_the_database_refuses_to_change_what_was_told(revealed):
    """Neither an edit nor a deletion gets past the trigger."""
    assert _tell(revealed.id, FAILS)
    for change in (
        lambda: OrderTest.objects.update(works=True),
        lambda: OrderTest.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
            change()
    assert not OrderTest.objects.get().works


def test_the_choice_of_the_first_look_is_kept_and_no_later_one_changes_it(revealed):
    """A second look with another answer leaves the first; the database refuses to rewrite it."""
    assert revealed.recording == "yes"
    looked = {"who": "t", "recording": Recording.NO, "at": AT + timedelta(minutes=3)}
    assert reveal_order(stores=get_stores(), order=as_found(revealed), **looked)
    assert Order.objects.get(id=revealed.id).recording == "yes"
    with pytest.raises(DatabaseError, match="first look"), transaction.atomic():
        Order.objects.filter(id=revealed.id).update(recording="no")


def test_a_picture_beside_the_test_is_kept_sealed_and_read_back_on_the_record(revealed):
    """Its bytes come back; the store holds none of them; the opening is written down."""
    files = [("屏幕.png", PICTURE)]
    assert _tell(revealed.id, FAILS, files=files)
    ((file,),) = (one.files for one in read_tests(stores=get_stores(), order_id=revealed.id, at=AT))
    assert (file.name, file.ending, file.size) == ("屏幕.png", ".png", len(PICTURE))
    row = Original.objects.get(subject_kind="order", subject_id=revealed.id)
    with get_stores().blobs.open(blob_name(revealed.id, row.address)) as blob:
        assert PICTURE[:8] not in blob.read()
    opened = open_tested_file(
        stores=get_stores(),
        order_id=revealed.id,
        file=file,
        who=Who.OWNER,
        purpose=Purpose.EXPORT,
        at=AT,
    )
    assert b"".join(opened) == PICTURE
    assert Access.objects.get(original_id=row.id).purpose == "export"


def test_the_same_telling_with_the_same_file_is_one_and_another_file_is_another(revealed):
    """What is the same is judged by the bytes, not by the name."""
    for _n in range(2):
        assert _tell(revealed.id, FAILS, files=[("a.png", PICTURE)])
    assert OrderTest.objects.count() == 1
    assert _tell(revealed.id, FAILS, 20, files=[("a.png", make_png(4, 4))])
    assert OrderTest.objects.count() == 2 and Original.objects.count() == 2


@pytest.mark.parametrize(
    "files",
    [
        [("a.txt", b"words")],
        [("a.png", b"MZ" + bytes(100))],
        [("a.png", b"")],
        [(f"{n}.png", make_png(n + 1, 1)) for n in range(MOST_FILES + 1)],
    ],
    ids=["text", "program", "empty", "many"],
)
def test_what_is_no_picture_or_too_much_is_refused_and_nothing_is_kept(revealed, files):
    """The reason names the field; neither row nor leaf nor file is left."""
    before = _leaves(revealed)
    with pytest.raises(InputError) as refused:
        _tell(revealed.id, FAILS, files=files)
    assert refused.value.place.field == "files"
    assert not OrderTest.objects.exists() and not Original.objects.exists()
    assert _leaves(revealed) == before


def test_files_of_one_order_have_room_for_so_many_bytes_together(revealed, monkeypatch):
    """The bound counts what earlier tellings brought."""
    monkeypatch.setattr("gongdao.market.record_test.MOST_BYTES", len(PICTURE) + 5)
    assert _tell(revealed.id, FAILS, files=[("a.png", PICTURE)])
    with pytest.raises(InputError, match="MB"):
        _tell(revealed.id, FAILS, 20, files=[("b.png", make_png(4, 4))])
    assert Original.objects.count() == 1


def test_an_upload_that_was_rolled_back_goes(revealed, monkeypatch):
    """The log refuses the leaf after the file was stored: the file is removed a day later, and not
    before; one that is kept stays, also where it was told again in between."""

    def refuse(**_given):
        raise DatabaseError("no leaf")

    other = make_png(5, 5)
    _tell(revealed.id, WORKS, files=[("a.png", PICTURE)])
    with monkeypatch.context() as patch:
        patch.setattr("gongdao.market.record_test.append_leaves", refuse)
        for place, data in enumerate((other, make_png(7, 7))):
            with pytest.raises(DatabaseError):
                _tell(revealed.id, FAILS, 20 + place, files=[("b.png", data)])
    _tell(revealed.id, FAILS, 30, files=[("b.png", other)])
    stores = get_stores()
    prefix = case_prefix(revealed.id)
    kept = set(Original.objects.values_list("address", flat=True))
    stored = {name.rpartition("/")[2]: at for name, at in stores.blobs.names(prefix)}
    assert len(stored) == 3 and kept < set(stored)
    assert drop_unkept(stores=stores, before=min(stored.values())) == 0
    later = max(stored.values()) + timedelta(seconds=1)
    assert drop_unkept(stores=stores, before=later) == 1
    assert {name.rpartition("/")[2] for name, _at in stores.blobs.names(prefix)} == kept
    assert drop_unkept(stores=stores, before=later) == 0
