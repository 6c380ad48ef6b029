"""The map of channels, the page of each, what to attach, and recording that it was filed."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from tests.casework.online.online_kit import put_reading, reopen
from tests.evidence.dossier_kit import at, receipt
from tests.front.web.go_kit import STATED, Going, begin_going, words

from gongdao.casework.online.filings import filings_of
from gongdao.casework.online.letter_drafts import Draft, save_draft
from gongdao.core.codes import Means, Outcome, Party
from gongdao.evidence.kept.models import Access
from gongdao.evidence.statement import Contact
from gongdao.front.web.pages import channels as pages

pytestmark = pytest.mark.django_db


@pytest.fixture
def going(make_case, client, monkeypatch) -> Going:
    """A case in which the platform has been silent for weeks."""
    monkeypatch.setattr(pages, "ask_for_reading", lambda *_: None)
    return begin_going(make_case, client, monkeypatch)


def filing(**more):
    """What the form sends."""
    return {"number": "TS-1", "filed_at": "2026-11-20T09:30", "receipt": "", "note": "", **more}


def test_the_map_shows_every_channel_with_word_and_shape(going):
    """Ten channels, each with its state in words; the recommended one comes first."""
    page = going.page("channels/")
    assert len(re.findall(r'id="channel-\w+"', page)) == 10
    first = page[page.index('<ol class="steps">') :]
    assert first.index("升级至平台管理层") < first.index("小额诉讼")
    cards = page[page.index('id="state-open"') :]
    assert cards.index("建议先走这条") < cards.index("建议第 2 个走")
    assert "还不到时候" in page


def test_what_acceptance_shuts_is_said_before_anybody_files(going):
    """The card and the page of the consumer association say that 12315 closes when it accepts."""
    shut = "消费者协会已经受理或处理过同一争议的，12315 投诉不予受理"
    assert shut in going.page("channels/")
    page = going.page("channels/consumer_association/")
    assert page.index(shut) < page.index('name="filed_at"')


def test_our_own_clock_is_marked_as_ours(going):
    """The 48 hours are said to be no statutory term."""
    page = going.page("channels/")
    card = page[page.index('id="channel-management"') : page.index('id="channel-payment"')]
    assert "这是公道的规则，不是法定期限" in card


def test_fields_carry_limits_and_what_is_unknown(going):
    """A field with a limit is counted in characters; one without a known limit says so."""
    page = going.page("channels/regulator_report/")
    assert re.search(r"\d+ / 400 字", page)
    page = going.page("channels/regulator_complaint/")
    assert "上限没有查到，这里按我们自己定的字数准备" in page
    assert "要您自己填" in page


def test_the_edited_letter_is_what_is_carried_over(going, stores):
    """What the buyer saved in the letter stands in the form's field and in the whole text."""
    draft = Draft("payment", edits={"ask": "请尽快把 98.00 元原路退回，谢谢。"})
    save_draft(case=going.case, draft=draft, at=going.clock.at)
    page = going.page("channels/payment/")
    assert page.count("请尽快把 98.00 元原路退回，谢谢。") >= 2


def test_a_channel_that_is_not_open_says_why_and_still_takes_a_note(going):
    """Police without suspected fraud: the reason is said, and what happened can be recorded."""
    page = going.page("channels/police/")
    assert "现在不要在这里提交" in page
    assert "一般的违约纠纷公安不受理" in page
    assert "我已经提交过" in page
    assert going.post("channels/police/", filing()).status_code == 302
    assert [one.filing.channel for one in filings_of(going.case)] == ["police"]


def test_i_filed_it_moves_the_case_on(going):
    """A recorded filing leads to the follow page and says what comes next."""
    answer = going.post("channels/regulator_complaint/", filing())
    assert answer["Location"] == f"{going.base}follow/"
    one = filings_of(going.case)[0].filing
    assert (one.channel, one.number, one.filed_at) == (
        "regulator_complaint",
        "TS-1",
        at("11-20 09:30:00"),
    )
    assert "已记下。接下来：" in going.page("follow/")
    assert "您已提交 1 次" in going.page("channels/")


def test_the_same_form_sent_twice_is_one_filing(going):
    """A double tap records one filing."""
    for _tap in range(2):
        assert going.post("channels/management/", filing()).status_code == 302
    assert len(filings_of(going.case)) == 1


def test_a_filing_in_the_future_is_refused_with_its_entries_kept(going):
    """A time that has not come is an error on that field; nothing is recorded."""
    answer = going.post("channels/management/", filing(filed_at="2026-11-21T09:30", note="电话"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "这个时间还没有到" in page
    assert 'href="#id_filed_at"' in page
    assert "TS-1" in page
    assert "电话" in page
    assert filings_of(going.case) == ()


def test_a_receipt_sent_along_becomes_a_file_of_the_case(going):
    """The screenshot lies among the files of the stage after, and the filing names it."""
    sent = SimpleUploadedFile("回执.png", b"\x89PNG receipt")
    going.post("channels/management/", filing(receipt_file=sent))
    assert filings_of(going.case)[0].filing.receipt == "after/回执.png"


def test_an_empty_receipt_is_refused_and_nothing_recorded(going):
    """An empty file is an error at its field."""
    answer = going.post(
        "channels/management/", filing(receipt_file=SimpleUploadedFile("a.png", b""))
    )
    assert answer.status_code == 422
    assert filings_of(going.case) == ()


def test_a_file_of_another_case_cannot_be_the_receipt(going):
    """Only paths of this case are taken as a receipt."""
    assert going.post("channels/management/", filing(receipt="after/theirs.png")).status_code == 422
    good = going.post("channels/management/", filing(receipt="during/receipt.png"))
    assert good.status_code == 302


def test_an_accepted_complaint_bars_the_other(make_case, client, monkeypatch):
    """After the association accepted, 12315 is shown as closed with the day."""
    accepted = Contact(at("11-12 09:00"), Party.ASSOCIATION, Means.FORM, Outcome.ACCEPTED)
    statement = replace(STATED, contacts=(*STATED.contacts, accepted))
    going = begin_going(make_case, client, monkeypatch, statement=statement)
    page = going.page("channels/")
    barred = page[page.index('id="state-barred"') :]
    assert 'id="channel-regulator_complaint"' in barred
    assert "2026-11-12" in barred


def _picture(width: int, height: int) -> bytes:
    sink = io.BytesIO()
    Image.effect_noise((width, height), 60).convert("RGB").save(sink, "PNG")
    return sink.getvalue()


@pytest.fixture
def pictured(make_case, client, monkeypatch, stores) -> Going:
    """A case with one small picture that can be opened."""
    going = begin_going(make_case, client, monkeypatch, pages=())
    put_reading(stores, reopen(stores, going.case), receipt(), data=_picture(60, 90))
    return going


def test_attachments_are_prepared_and_each_look_is_recorded(pictured):
    """A file that fits is given byte for byte, under its number; the opening is recorded."""
    page = pictured.page("channels/payment/")
    links = re.findall(r'href="(/c/[^"]+/attachments/\d+/)"', page)
    assert len(links) == 1
    answer = pictured.client.get(links[0])
    assert "attachment" in answer["Content-Disposition"]
    made = b"".join(answer.streaming_content)
    assert Image.open(io.BytesIO(made)).size == (60, 90)
    assert Access.objects.filter(purpose="attach", who="owner").count() == 1
    packed = b"".join(pictured.get("channels/payment/attachments/").streaming_content)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.read("证据1_付款凭证.png") == made
    assert pictured.get("channels/payment/attachments/99/").status_code == 404


def test_a_big_picture_becomes_a_copy_that_fits(make_case, client, monkeypatch, stores):
    """A picture over the limit is made into a JPEG below it, in a process of its own."""
    going = begin_going(make_case, client, monkeypatch, pages=())
    case = reopen(stores, going.case)
    data = _picture(1500, 2300)
    assert len(data) > 5_000_000
    put_reading(stores, case, receipt(), data=data)
    page = going.page("channels/payment/")
    assert "证据1_付款凭证.jpg" in page
    answer = going.get("channels/payment/attachments/1/")
    made = b"".join(answer.streaming_content)
    assert len(made) <= 4_900_000
    assert Image.open(io.BytesIO(made)).format == "JPEG"


def test_a_file_that_cannot_be_opened_does_not_stop_the_others(
    make_case, client, monkeypatch, stores
):
    """In the zip of all attachments a broken picture is named, and alone it is an error page."""
    going = begin_going(make_case, client, monkeypatch, pages=())
    case = reopen(stores, going.case)
    put_reading(stores, case, receipt(), data=b"no picture" * 600_000)
    packed = b"".join(going.get("channels/payment/attachments/").streaming_content)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.namelist() == ["没有做成的.txt"]
    assert going.get("channels/payment/attachments/1/").status_code == 400


def test_attachments_are_not_made_without_end(pictured, monkeypatch):
    """Preparing files is limited per case."""
    monkeypatch.setattr(pages, "_MAKING", replace(pages._MAKING, most=1))
    assert pictured.get("channels/payment/attachments/1/").status_code == 200
    assert pictured.get("channels/payment/attachments/1/").status_code == 429


def test_public_channels_warn_and_hide_the_card_page(going):
    """On a public board the page says that everybody reads it and leaves the card page out."""
    said = words(going.page("channels/board/"))
    assert "这里人人看得到" in said
    assert "提卡页上有卡密，不要公开上传" in said
