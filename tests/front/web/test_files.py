"""The pages of files: what was read beside the picture, corrections, notes, removal, originals."""

from __future__ import annotations

import html
import io
import re
from dataclasses import replace
from datetime import timedelta
from typing import BinaryIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.casework.online.online_kit import put_reading, reopen
from tests.evidence.dossier_kit import AS_OF, FULL, ORDER, receipt, row
from tests.house.house_sources import REPO

from gongdao.core.blobs import FolderBlobs
from gongdao.core.clock import BEIJING
from gongdao.core.codes import Condition, Kind, Speaker
from gongdao.core.digest import digest_bytes
from gongdao.core.errors import UnreadableFile
from gongdao.core.language import Bilingual, Phrase
from gongdao.evidence.kept.models import Access, Original
from gongdao.evidence.reading import Basis, Exhibit, Field, Message, Sign
from gongdao.evidence.statement import Statement

pytestmark = pytest.mark.django_db
PICTURE = REPO / "examples/late-then-invalid/during/receipt.png"
STATEMENT = Statement(order=ORDER)
NO_DIGEST = digest_bytes(b"")


def _row(path: str = "") -> Original:
    found = Original.objects.order_by("id").last()
    assert found is not None
    return found


def _place(case) -> str:
    return f"/c/{case.content.link}/files/{_row().id}/"


def _text(answer) -> str:
    return html.unescape(answer.content.decode())


@pytest.fixture
def shown(stores, make_case):
    """A case with a real receipt, read with a box around its amount."""
    exhibit = receipt()
    fields = {**exhibit.fields, "amount": Field("98.00", 0.5, Basis.OCR, (40, 300, 400, 380))}
    case = make_case(statement=STATEMENT)
    put_reading(stores, case, replace(exhibit, fields=fields), data=PICTURE.read_bytes())
    return reopen(stores, case)


def test_files_stand_by_stage(client, make_case):
    """Every file is listed in its stage with its kind and number; nothing is said of no files."""
    case = make_case(statement=STATEMENT, readings=FULL)
    text = _text(client.get(f"/c/{case.content.link}/files/"))
    assert text.index("交易前") < text.index("listing.png") < text.index("交易中")
    assert text.index("receipt.png") < text.index("交易后") < text.index("card.png")
    assert "付款凭证" in text and "证据 1" in text


def test_no_files_say_what_to_do(client, make_case):
    """An empty case says which three pictures to add, and has the form for it."""
    case = make_case()
    text = _text(client.get(f"/c/{case.content.link}/files/"))
    assert "先放三张截图" in text and 'type="file"' in text


def test_a_field_stands_beside_its_place_in_the_picture(client, shown):
    """Once the picture was made, each field shows where it was read, and a doubtful one says so."""
    place = _place(shown)
    first = client.get(f"{place}picture/")
    assert first.status_code == 200 and first["Content-Type"] == "image/webp"
    text = _text(client.get(place))
    assert '<svg class="region"' in text and "看得不太清楚" in text
    assert 'value="98.00"' in text and 'class="whole"' in text


def test_the_picture_is_made_anew(client, shown):
    """What is shown is no byte of the original, cannot run anything, and every look is recorded."""
    place = _place(shown)
    for _time in range(2):
        answer = client.get(f"{place}picture/")
        assert answer.content[:4] == b"RIFF" and "sandbox" in answer["Content-Security-Policy"]
        assert "no-store" in answer["Cache-Control"]
    assert Access.objects.filter(purpose="view", who="owner").count() == 2
    for view in ("1", "-1", "x", "99999"):
        assert client.get(f"{place}picture/?view={view}").status_code == 404


def test_a_correction_stands_beside_the_reading(client, shown, stores):
    """A corrected value is shown with what had been read; emptied, the reading is back."""
    place = _place(shown)
    sent = {
        "field amount": "89",
        "shown amount": "98.00",
        "field order_no": "K",
        "shown order_no": "K",
    }
    assert client.post(f"{place}correct/", sent).status_code == 302
    text = _text(client.get(place))
    assert 'value="89.00"' in text and "读到的是“98.00”" in text
    assert reopen(stores, shown).content.corrections == {"during/receipt.png": {"amount": "89.00"}}
    client.post(f"{place}correct/", {"field amount": "", "shown amount": "89.00"})
    assert reopen(stores, shown).content.corrections == {}


def test_a_wrong_correction_says_what_to_do(client, shown, stores):
    """A value that cannot be is refused with what to write instead; nothing is kept."""
    sent = {"field paid_at": "gestern", "shown paid_at": "2026-11-02 14:03:21"}
    answer = client.post(f"{_place(shown)}correct/", sent)
    assert answer.status_code == 422
    assert "不是时间" in _text(answer) and "gestern" in _text(answer)
    assert reopen(stores, shown).content.corrections == {}


@pytest.mark.parametrize("field", ["colour", "__class__", "amount'; --", ""])
def test_a_field_that_does_not_exist_is_refused(client, shown, stores, field):
    """Names that no reading has are refused and kept nowhere."""
    client.post(f"{_place(shown)}correct/", {f"field {field}": "x"})
    assert reopen(stores, shown).content.corrections == {}


def test_a_note_moves_the_file(client, shown, stores):
    """Said to be something else of another stage, the file moves and is read again meanwhile."""
    place = _place(shown)
    sent = {"kind": "balance_page", "stage": "after", "note": "到账页"}
    assert client.post(f"{place}note/", sent).status_code == 302
    assert "正在重新读取" in _text(client.get(place))
    notes = reopen(stores, shown).content.statement.exhibits
    assert notes["after/receipt.png"].kind is Kind.BALANCE_PAGE


def test_a_wrong_note_keeps_what_was_typed(client, shown):
    """A stage that does not exist is an error on the page; the note typed is still in its field."""
    answer = client.post(f"{_place(shown)}note/", {"stage": "later", "note": "我写的"})
    assert answer.status_code == 422 and "我写的" in _text(answer)


def test_the_original_comes_back_byte_for_byte(client, shown):
    """The download is the file as it was given, under its name, as an attachment; recorded."""
    answer = client.get(f"{_place(shown)}original/")
    assert b"".join(answer.streaming_content) == PICTURE.read_bytes()
    assert answer["Content-Disposition"].startswith("attachment")
    assert Access.objects.filter(purpose="download", who="owner").count() == 1


def test_a_download_broken_off_leaves_nothing_open(client, shown, monkeypatch):
    """Closed before its first byte was sent, a download closes the file in the store."""
    opened: list[BinaryIO] = []
    real = FolderBlobs.open

    def open_blob(self, name):
        opened.append(real(self, name))
        return opened[-1]

    monkeypatch.setattr(FolderBlobs, "open", open_blob)
    client.get(f"{_place(shown)}original/").close()
    assert [file.closed for file in opened] == [True]


def test_removing_asks_first(client, shown, stores):
    """A look at the page and a form without its yes remove nothing; the yes does."""
    place = f"{_place(shown)}remove/"
    assert "删掉“receipt.png”？" in _text(client.get(place))
    client.post(place)
    assert Original.objects.count() == 1
    answer = client.post(place, {"confirmed": "yes"}, follow=True)
    assert not Original.objects.exists() and "已删掉" in _text(answer)
    assert client.get(place).status_code == 404


def test_a_zip_asks_for_its_password(client, make_case, stores):
    """A bill in a zip with a password has a field for it; sent, the file is read again with it."""
    problem = Bilingual.of(Phrase("压缩包设了密码"))
    exhibit = Exhibit(
        "during/bill.zip", NO_DIGEST, "application/zip", Kind.OTHER, "folder", problem=problem
    )
    case = make_case(statement=STATEMENT, readings=[exhibit])
    place = _place(case)
    assert 'name="password"' in _text(client.get(place))
    assert client.post(f"{place}again/", {"password": ""}).status_code == 422
    assert client.post(f"{place}again/", {"password": "830572"}).status_code == 302
    row = Original.objects.get()
    assert row.state == "waiting" and b"830572" not in bytes(row.sealed)
    assert "830572" not in _text(client.get(place))


def test_a_failed_file_can_be_read_again(client, shown):
    """Where the machine failed, the page says that it was not the buyer, and offers another try."""
    Original.objects.update(state="failed")
    place = _place(shown)
    assert "再读一次" in _text(client.get(place))
    assert client.post(f"{place}again/").status_code == 302
    assert Original.objects.get().state == "waiting"


def _chat(*texts: str) -> Exhibit:
    at = AS_OF.astimezone(BEIJING)
    messages = tuple(Message(Speaker.MERCHANT, "店小二", text, at) for text in texts)
    return Exhibit("during/chat.txt", NO_DIGEST, "text/plain", Kind.CHAT, "read", messages=messages)


def test_a_chat_shows_who_said_what(client, make_case, stores):
    """Messages stand with speaker and what they amount to; a name can be given to somebody else."""
    case = make_case(
        statement=STATEMENT, readings=[_chat("确实是我们这批卡密有问题", "<b>稍等</b>")]
    )
    place = _place(case)
    page = client.get(place)
    assert "承认卡密有问题" in _text(page) and "<b>稍等</b>" not in page.content.decode()
    assert client.post(f"{place}speakers/", {_field("店小二"): "platform"}).status_code == 302
    names = reopen(stores, case).content.statement.chat_names
    assert names == {"店小二": Speaker.PLATFORM}
    client.post(f"{place}speakers/", {_field("店小二"): ""})
    assert reopen(stores, case).content.statement.chat_names == {}


def _field(name: str) -> str:
    from gongdao.front.web.case_forms import SpeakersForm

    return SpeakersForm.field_of(name)


def test_every_name_of_a_long_chat_can_be_given(client, make_case, stores, monkeypatch):
    """Of a chat of which only the newest lines are judged, all names are listed, those who said
    most first, many of them folded; each answer goes to its own name, and a name that the form
    did not ask for keeps its speaker."""
    from gongdao.evidence import bound_talks

    at = AS_OF.astimezone(BEIJING)
    old = [Message(None, f"群友{n}", "路过", at - timedelta(days=400, hours=n)) for n in range(12)]
    new = [Message(None, "店小二", f"稍等{n}", at - timedelta(minutes=n)) for n in range(3)]
    monkeypatch.setattr(bound_talks, "MOST_MESSAGES", 3)
    monkeypatch.setattr(bound_talks, "SHORT", 1)
    chat = replace(_chat(), messages=(*old, *new))
    case = make_case(statement=STATEMENT, readings=[chat])
    place = _place(case)
    text = _text(client.get(place))
    assert "另有 12 条" in text and "其他名字" in text
    names = re.findall(r'<label for="id_(sender_\w+)">\s*(\S+?)\s*(?:<|$)', text, re.M)
    assert names[0][1] == "店小二" and len(names) == 13
    answers = {_field("群友7"): "merchant", _field("店小二"): "platform"}
    assert client.post(f"{place}speakers/", answers).status_code == 302
    wanted = {"群友7": Speaker.MERCHANT, "店小二": Speaker.PLATFORM}
    assert reopen(stores, case).content.statement.chat_names == wanted
    client.post(f"{place}speakers/", {_field("店小二"): ""})
    assert reopen(stores, case).content.statement.chat_names == {"群友7": Speaker.MERCHANT}


def test_a_bill_shows_the_rows_that_matter_first(client, make_case):
    """Of many rows, the one of this order stands first and is marked."""
    rows = [row("11-01 10:00:00", "5.00", counterparty=f"店{n}") for n in range(120)]
    rows.append(row("11-02 14:03:21", "98.00", counterparty="示例数卡店"))
    bill = Exhibit(
        "during/bill.csv", NO_DIGEST, "text/csv", Kind.BILL_EXPORT, "read", rows=tuple(rows)
    )
    case = make_case(statement=STATEMENT, readings=[bill])
    text = _text(client.get(_place(case)))
    assert text.index("示例数卡店") < text.index("店0") and "和这笔订单对得上" in text
    assert "还有 21 行" in text


def test_signs_of_alteration_have_their_reasons(client, make_case):
    """A forwarded picture says what it is and why."""
    sign = Sign(Condition.FORWARDED, Phrase("从聊天软件另存"))
    case = make_case(statement=STATEMENT, readings=[replace(receipt(), signs=(sign,))])
    text = _text(client.get(_place(case)))
    assert "转发或另存过" in text and "从聊天软件另存" in text


def test_nobody_else_sees_a_file(client, shown, make_case):
    """Without the case every address leads to the code form; in another case it is not found."""
    place = _place(shown)
    stranger = Client(HTTP_HOST="127.0.0.1")
    other = make_case()
    for page in ("", "picture/", "original/", "remove/"):
        text = stranger.get(place + page).content.decode()
        assert 'name="code"' in text and "receipt.png" not in text
        elsewhere = place.replace(shown.content.link, other.content.link)
        assert client.get(elsewhere + page).status_code == 404
    for page in ("correct/", "note/", "again/", "speakers/"):
        assert client.post(elsewhere + page, {"stage": "after"}).status_code in (400, 404)
    assert Original.objects.count() == 1 and not Access.objects.filter(who="owner").exists()


def test_in_english(client, shown):
    """The page of a file speaks English where asked."""
    answer = client.get(f"{_place(shown)}?lang=en")
    assert answer["Content-Language"] == "en" and b'lang="en"' in answer.content


@pytest.mark.parametrize("page", ["files/", ""])
def test_pages_take_few_queries(client, make_case, page):
    """Whatever the number of files, a page takes at most fifteen queries and stays small."""
    readings = [receipt(f"during/receipt-{n}.png") for n in range(40)]
    case = make_case(statement=STATEMENT, readings=[*FULL, *readings])
    client.get(f"/c/{case.content.link}/{page}")
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(f"/c/{case.content.link}/{page}")
    assert len(queries) <= 15 and len(answer.content) <= 100_000


def test_a_preview_that_cannot_be_made_harms_nothing(client, stores, make_case):
    """A picture that does not open has no preview; its page stands without it."""
    case = make_case(statement=STATEMENT)
    put_reading(stores, case, receipt(), data=b"\x89PNG\r\n\x1a\n" + io.BytesIO(b"x").read())
    place = _place(case)
    assert client.get(f"{place}picture/").status_code == 404
    text = _text(client.get(place))
    assert 'class="whole"' not in text and 'value="98.00"' in text


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"file": "during/坏的.pdf"}, "打不开。请重新导出。"),
        ({"file": "during/坏的.pdf", "line": 3}, "第 3 行：打不开。请重新导出。"),
        ({"file": "during/坏的.pdf", "field": "x"}, "打不开。请重新导出。"),
        ({}, "打不开。请重新导出。"),
    ],
)
def test_a_problem_does_not_name_the_inner_place(client, make_case, where, said):
    """On its card, its page, the overview and the standing a file that was not read is called by
    its own name, with what is wrong in words."""
    error = UnreadableFile(Phrase("打不开"), hint=Phrase("请重新导出。"), **where)
    broken = replace(
        blank("during/坏的.pdf"), media_type="application/pdf", problem=Bilingual.of(error)
    )
    case = make_case(statement=STATEMENT, readings=(broken,))
    link = f"/c/{case.content.link}/"
    for path in ("files/", f"files/{_row().id}/"):
        assert said in _text(client.get(link + path))
    for path in ("", "standing/", "files/", f"files/{_row().id}/"):
        text = _text(client.get(link + path))
        assert "打不开" in text and "during/坏的.pdf: " not in text, path
        assert "没能读取：during/" not in text


def blank(path: str) -> Exhibit:
    """A file of which nothing is known."""
    return Exhibit(path, NO_DIGEST, "", Kind.OTHER, "folder")
