"""The merchant's stock: every line looked at first, then on the shelf; batches; never a secret."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.front.web.market_pages import make_merchant, make_shop, text_of
from tests.front.web.test_desk import sign_in
from tests.market.market_kit import AT

from gongdao.core.errors import InputError
from gongdao.core.models import DataKey
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.worker.desk_tasks import take_stock
from gongdao.market import take_stock as verbs
from gongdao.market.desk_models import DeskDeed, IntakeText, StockIntake
from gongdao.market.publish_listing import draft_listing
from gongdao.vault.after_restore import restored_reason
from gongdao.vault.models import Batch
from gongdao.vault.quarantine_batches import quarantine_batches
from gongdao.vault.queries import count_available
from gongdao.vault.split_line import Line
from gongdao.vault.states import SourceKind
from gongdao.vault.write_batch import BatchSource, BatchWriter

pytestmark = pytest.mark.django_db(transaction=True)
CANARY = "KANARIE"


@pytest.fixture
def shop(stores):
    """A listing with an empty shelf."""
    return make_shop(stock=0)


@pytest.fixture
def seller(shop, settings):
    """A browser signed in as a member of the shop's merchant."""
    return sign_in(shop.merchant)


def _secrets(count, start=0):
    return "\n".join(f"{CANARY}{n:06d}" for n in range(start, start + count))


def _hand_in(seller, shop, text="", file=None, work=True):
    """Hand a list in and, as a worker would, look it through; the address of its page."""
    fields = {"source": "authorized", "supplier": "某供货商", "text": text}
    if file is not None:
        fields["file"] = SimpleUploadedFile(*file)
    answer = seller.post(f"/desk/stock/{shop.listing.id}/", fields)
    assert answer.status_code == 302, text_of(answer)
    if work:
        _work(answer["Location"])
    return answer["Location"]


def _work(address):
    take_stock(address.split("/")[5])


def _left(shop):
    return count_available([shop.sku]).get(shop.sku, 0)


def test_a_list_is_looked_through_before_anything_is_on_the_shelf(seller, shop):
    """The dry run says how many and why not; only then it goes on the shelf, all of it."""
    address = _hand_in(seller, shop, text=f"{_secrets(5)}\n{CANARY}000002\n\n")
    page = text_of(seller.get(address))
    assert "检查完，等您决定" in page and _left(shop) == 0 and not Batch.objects.exists()
    assert "与本文件前面的一行重复" in page and "第 6 行" in page
    seller.post(f"{address}go-on/")
    assert _left(shop) == 0
    _work(address)
    done = text_of(seller.get(address))
    assert "已放上货架" in done and _left(shop) == 5
    assert not IntakeText.objects.exists()
    assert DataKey.objects.get(subject_kind="intake").destroyed_at is not None


def test_refused_lines_are_a_file_without_secrets(seller, shop):
    """Every line with its number and reason; what stood there is in neither page nor file."""
    address = _hand_in(seller, shop, text=f"{_secrets(3)}\n" * 60)
    answer = seller.get(f"{address}refused.csv")
    rows = b"".join(answer.streaming_content).decode().strip().splitlines()
    assert len(rows) == 1 + 177 and "in_file" in rows[1]
    page = text_of(seller.get(address))
    assert CANARY not in page and CANARY not in "".join(rows)
    assert "这里只列前 100 行" in page


def test_no_page_and_no_row_shows_a_secret(seller, shop):
    """What was pasted is in no answer, also when the form is wrong, and in no table readable."""
    wrong = seller.post(
        f"/desk/stock/{shop.listing.id}/", {"source": "nowhere", "text": _secrets(3)}
    )
    assert wrong.status_code == 422 and CANARY not in text_of(wrong)
    address = _hand_in(seller, shop, text=_secrets(3))
    assert CANARY.encode() not in bytes(IntakeText.objects.get().sealed)
    seller.post(f"{address}go-on/")
    _work(address)
    batch = Batch.objects.get()
    for path in (
        address,
        f"/desk/stock/{shop.listing.id}/",
        f"/desk/stock/{shop.listing.id}/batches/{batch.id}/",
        "/desk/stock/",
    ):
        assert CANARY not in text_of(seller.get(path))
    assert "某供货商" not in str(StockIntake.objects.values())


def test_a_file_of_any_common_kind_is_taken(seller, shop):
    """CSV with a header in GBK, as shops export it."""
    data = f"卡密\r\n{CANARY}1\r\n{CANARY}2\r\n".encode("gbk")
    address = _hand_in(seller, shop, file=("cards.csv", data))
    seller.post(f"{address}go-on/")
    _work(address)
    assert _left(shop) == 2


def test_the_same_list_again_changes_nothing(seller, shop):
    """The same file is the same batch: looked through it says so, put on the shelf it adds none."""
    for _again in range(2):
        address = _hand_in(seller, shop, text=_secrets(4))
        seller.post(f"{address}go-on/")
        _work(address)
    assert _left(shop) == 4 and Batch.objects.count() == 1
    assert StockIntake.objects.order_by("-made_at").first().already == 4


def test_given_up_before_or_after_the_look_nothing_stays(seller, shop):
    """The list, its key and what was imported of it go; the same list may come again."""
    for work in (False, True):
        address = _hand_in(seller, shop, text=_secrets(4), work=work)
        assert seller.post(f"{address}give-up/").status_code == 302
        _work(address)
        assert "已放弃" in text_of(seller.get(address))
    assert not IntakeText.objects.exists() and not Batch.objects.exists()
    address = _hand_in(seller, shop, text=_secrets(4))
    assert StockIntake.objects.order_by("-made_at").first().accepted == 4


def test_an_import_that_was_killed_goes_on(seller, shop, monkeypatch):
    """A worker dies between two chunks; the next one takes the rest, no secret twice or lost."""
    monkeypatch.setattr("gongdao.vault.write_batch.CHUNK", 1000)
    address = _hand_in(seller, shop, text=_secrets(3500))
    seller.post(f"{address}go-on/")
    real, calls = BatchWriter.write, []

    def dies(self, chunk):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(self, chunk)

    monkeypatch.setattr(BatchWriter, "write", dies)
    with pytest.raises(KeyboardInterrupt):
        _work(address)
    assert Batch.objects.get().state == "incoming" and _left(shop) == 0
    assert "正在放上货架" in text_of(seller.get(address))
    monkeypatch.setattr(BatchWriter, "write", real)
    seller.post(f"{address}go-on/")
    _work(address)
    row = StockIntake.objects.get()
    assert (row.state, row.accepted + row.already) == ("done", 3500)
    assert count_available([shop.sku], most=9999)[shop.sku] == 3500


def test_an_import_given_up_in_the_middle_leaves_nothing(seller, shop, monkeypatch):
    """The job sees it after its chunk, stops, and what it had written goes."""
    monkeypatch.setattr("gongdao.vault.write_batch.CHUNK", 1000)
    address = _hand_in(seller, shop, text=_secrets(3000))
    seller.post(f"{address}go-on/")
    real = BatchWriter.write

    def stopped(self, chunk):
        known = real(self, chunk)
        seller.post(f"{address}give-up/")
        return known

    monkeypatch.setattr(BatchWriter, "write", stopped)
    _work(address)
    assert StockIntake.objects.get().state == "given_up"
    assert not Batch.objects.exists() and _left(shop) == 0


def test_a_list_whose_import_a_restore_holds_up_is_not_given_up(seller, shop):
    """The page says why, and the list stays as it is."""
    address = _hand_in(seller, shop, text=_secrets(1))
    row = StockIntake.objects.get()
    Batch.objects.create(
        id=row.batch_id, sku_id=shop.sku, state="incoming", source_kind="own", first_pos=1,
        log_subject="batch:waits", reason=restored_reason(1), began_at=AT, changed_at=AT,
    )  # fmt: skip
    before = row.state
    assert "从备份恢复" in text_of(seller.post(f"{address}give-up/", follow=True))
    row.refresh_from_db()
    assert row.state == before and Batch.objects.exists()


def test_one_list_at_a_time_for_a_listing(seller, shop):
    """A second one is refused with a word until the first has ended; an empty one always."""
    _hand_in(seller, shop, text=_secrets(1))
    again = seller.post(f"/desk/stock/{shop.listing.id}/", {"source": "own", "text": _secrets(2)})
    assert again.status_code == 422 and "没有处理完" in text_of(again)
    assert StockIntake.objects.count() == 1


def test_an_empty_or_too_large_list_is_refused(seller, shop, monkeypatch):
    """With a word at the field, and nothing kept."""
    monkeypatch.setattr(verbs, "LARGEST", 10)
    monkeypatch.setattr("gongdao.front.web.pages.desk_stock_form.LARGEST", 10)
    for text, said in (("  ", "选一个文件"), (_secrets(3), "请分成几份")):
        page = seller.post(f"/desk/stock/{shop.listing.id}/", {"source": "own", "text": text})
        assert page.status_code == 422 and said in text_of(page)
    assert not StockIntake.objects.exists()


def test_an_import_begun_elsewhere_can_be_given_up(seller, shop):
    """The page names it, and gives it up; one of another merchant is not there."""
    writer = BatchWriter(
        get_stores(), verbs.get_shelf(shop.sku), uuid4(), BatchSource(SourceKind.OWN), now()
    )
    from gongdao.vault.prepare_chunk import prepare_chunk

    writer.write(prepare_chunk(iter([Line(1, ("ELSEWHERE1",))]), writer.shelf.rules, 10))
    batch = Batch.objects.get()
    page = text_of(seller.get(f"/desk/stock/{shop.listing.id}/"))
    assert "没有做完" in page
    other = sign_in(make_merchant("别人"), "other-seller@example.invalid")
    address = f"/desk/stock/{shop.listing.id}/batches/{batch.id}/drop/"
    assert other.post(address).status_code == 404
    Batch.objects.update(reason=restored_reason(1))
    assert "从备份恢复" in text_of(seller.post(address, follow=True)) and Batch.objects.exists()
    Batch.objects.update(reason="")
    assert seller.post(address).status_code == 302
    assert not Batch.objects.exists()


def test_a_shelf_is_made_once_for_a_new_listing(seller, shop):
    """What a secret looks like is asked before the first list, and fixed."""
    listing = draft_listing(merchant_id=shop.merchant.id, sku_id=None, at=AT)
    address = f"/desk/stock/{listing.id}/"
    assert "建库位" in text_of(seller.get(address))
    assert seller.post(address, {"shape": "", "uses": "0"}).status_code == 422
    fields = {"shape": "number_password", "uses": "1", "fold_case": "on"}
    assert seller.post(address, fields).status_code == 302
    listing.refresh_from_db()
    rules = verbs.get_shelf(listing.sku_id).rules
    assert [one.name for one in rules.fields] == ["number", "password"] and rules.fold_case


def test_a_batch_is_withdrawn_after_a_confirmation(seller, shop):
    """Reason and confirmation are asked; what is left goes off the shelf, on the record."""
    address = _hand_in(seller, shop, text=_secrets(4))
    seller.post(f"{address}go-on/")
    _work(address)
    batch = Batch.objects.get()
    page = f"/desk/stock/{shop.listing.id}/batches/{batch.id}/"
    for fields in ({"confirmed": "yes"}, {"reason": "坏卡"}):
        assert seller.post(page, fields).status_code == 422
    assert _left(shop) == 4
    assert seller.post(page, {"reason": "坏卡", "confirmed": "yes"}).status_code == 302
    assert _left(shop) == 0 and "已撤下" in text_of(seller.get(page))
    assert DeskDeed.objects.filter(deed="stock.withdrawn", about_id=batch.id).count() == 1


def test_nothing_of_a_batch_in_quarantine_may_return(seller, shop):
    """Whether it was sold is not known: the page does not offer it, and whoever sends it anyway is
    refused; a recall without it is taken."""
    address = _hand_in(seller, shop, text=_secrets(4))
    seller.post(f"{address}go-on/")
    _work(address)
    batch = Batch.objects.get()
    page = f"/desk/stock/{shop.listing.id}/batches/{batch.id}/"
    assert 'name="may_return"' in seller.get(page).content.decode()
    quarantine_batches(stores=get_stores(), batches=None, reason="restored:1", at=AT)
    assert 'name="may_return"' not in seller.get(page).content.decode()
    fields = {"reason": "放错了", "confirmed": "yes"}
    seller.post(page, fields | {"may_return": "yes"})
    batch.refresh_from_db()
    assert batch.state == "quarantined"
    seller.post(page, fields)
    batch.refresh_from_db()
    assert batch.state == "withdrawn"


def test_a_list_that_cannot_be_read_is_said(seller, shop, monkeypatch):
    """A list that cannot be read ends as failed, with the reason, and its text goes."""

    def fails(**given):
        raise InputError("x")

    address = _hand_in(seller, shop, text=_secrets(4), work=False)
    monkeypatch.setattr(verbs, "import_secrets", fails)
    _work(address)
    assert "没有成功" in text_of(seller.get(address))
    assert not IntakeText.objects.exists()
