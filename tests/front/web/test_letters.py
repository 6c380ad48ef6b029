"""The list of letters, and a letter that is edited with its facts locked."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from tests.casework.online.online_kit import reopen
from tests.front.web.go_kit import Going, begin_going, form_of, words

from gongdao.casework.online.letter_drafts import draft_of
from gongdao.casework.online.state_facts import state_facts
from gongdao.core.money import Money

pytestmark = pytest.mark.django_db
ASK = "t:ask"


@pytest.fixture
def going(make_case, client, monkeypatch) -> Going:
    """A case with every kind of exhibit."""
    return begin_going(make_case, client, monkeypatch)


def saved(going: Going, name: str = "demand"):
    """What is kept of a letter."""
    return draft_of(going.case, name)


def test_the_list_names_each_letter_with_its_channel_and_state(going):
    """The demand and a letter per open channel, each with what is still to fill in."""
    page = going.page("letters/")
    assert f"{going.base}letters/demand/" in page
    assert f"{going.base}channels/payment/" in page
    assert "处要您填" in page


def test_facts_are_locked_to_their_exhibits(going):
    """No field holds a fact; beside it stands the number of its exhibit, with a link."""
    page = going.page("letters/demand/")
    form = form_of(page)
    assert not [name for name in form if name.startswith("t:fact")]
    fact = page[page.index("我通过支付宝付款98.00元") - 600 : page.index("我通过支付宝付款98.00元")]
    assert 'class="chip" href="/c/' in fact
    assert "/guides/law-and-policy/" in page


def test_a_form_sent_back_untouched_changes_nothing(going):
    """Saving without touching anything keeps no edit."""
    answer = going.post("letters/demand/", form_of(going.page("letters/demand/")))
    assert answer.status_code == 302
    assert saved(going).edits == {}
    assert saved(going).version == 1


def test_my_own_words_are_saved_and_used(going):
    """A changed request stands in the letter, its downloads and the list."""
    form = form_of(going.page("letters/demand/"))
    form[ASK] = "请原路退回 98.00 元，并说明原因。"
    assert going.post("letters/demand/", form).status_code == 302
    assert "请原路退回 98.00 元，并说明原因。" in going.page("letters/demand/")
    text = b"".join(going.get("letters/demand/letter.txt").streaming_content).decode()
    assert "请原路退回 98.00 元，并说明原因。" in text
    assert f'href="{going.base}letters/demand/letter.docx"' in going.page("letters/demand/")
    docx = b"".join(going.get("letters/demand/letter.docx").streaming_content)
    with zipfile.ZipFile(io.BytesIO(docx)) as parts:
        assert "请原路退回" in parts.read("word/document.xml").decode()
    assert "您改过" in going.page("letters/")


def test_nothing_of_a_draft_lies_in_the_clear(going):
    """The row of a draft holds no word of it."""
    from gongdao.casework.online.models import LetterDraft

    form = form_of(going.page("letters/demand/"))
    form["f:【请填写：姓名】"] = "李某某"
    going.post("letters/demand/", form)
    row = LetterDraft.objects.get()
    assert "李某某".encode() not in bytes(row.sealed)
    assert saved(going).fills == {"【请填写：姓名】": "李某某"}


def test_gaps_are_filled_once_and_offered_in_the_other_letters(going):
    """The name stands in the letter it was filled into, and is offered in the next."""
    form = form_of(going.page("letters/demand/"))
    form["f:【请填写：姓名】"] = "李某某"
    going.post("letters/demand/", form)
    page = going.page("letters/demand/")
    assert "联系人：李某某" in page
    assert form_of(page)["f:【请填写：姓名】"] == "李某某"
    other = going.page("letters/management/")
    assert form_of(other)["f:【请填写：姓名】"] == "李某某"
    assert "投诉人：【请填写：姓名】" in other
    assert "别处填过，保存以后用在这里" in other


def test_a_gap_of_a_form_field_is_filled_on_the_channel_page(going):
    """A field that stands for itself takes what was filled in."""
    form = form_of(going.page("letters/regulator_complaint/"))
    assert "f:field:address" in form
    form["f:field:address"] = "某省某市某路 1 号"
    assert going.post("letters/regulator_complaint/", form).status_code == 302
    assert "某省某市某路 1 号" in going.page("channels/regulator_complaint/")


def test_a_fact_can_be_left_out_and_taken_in_again(going):
    """The box leaves the sentence out of the text; without it the sentence is back."""
    before = going.page("letters/demand/")
    key = next(k for k in re.findall(r'name="(x:fact:[^"]+)"', before) if "test_invalid" in k)
    form = form_of(before)
    preview = before[before.index('id="preview"') :]
    assert "卡密无效”" in preview
    going.post("letters/demand/", {**form, key: "on"})
    page = going.page("letters/demand/")
    assert "兑换测试提示" not in page[page.index('id="preview"') :]
    form = form_of(page)
    assert form.pop(key) == "on"
    going.post("letters/demand/", form)
    page = going.page("letters/demand/")
    assert "兑换测试提示" in page[page.index('id="preview"') :]
    assert saved(going).edits == {}


def test_an_own_paragraph_is_added_moved_along_and_taken_out(going):
    """An own paragraph stands behind the sentence it follows; emptied it is gone."""
    form = form_of(going.page("letters/demand/"))
    form |= {"own:1": "据本人陈述，客服电话一直占线。", "after:1": "ask"}
    going.post("letters/demand/", form)
    page = going.page("letters/demand/")
    text = page[page.index('id="preview"') :]
    assert text.index("请按原支付方式") < text.index("客服电话一直占线")
    form = form_of(page)
    form["own:1"] = ""
    going.post("letters/demand/", form)
    assert "客服电话" not in going.page("letters/demand/")


def test_a_part_is_reset_by_its_button(going):
    """Reset brings the case's own words back and keeps the other changes."""
    form = form_of(going.page("letters/demand/"))
    going.post("letters/demand/", {**form, ASK: "改过的请求。", "t:next": "改过的后续。"})
    page = going.page("letters/demand/")
    assert 'name="reset" value="ask"' in page
    going.post("letters/demand/", {**form_of(page), "reset": "ask"})
    assert set(saved(going).edits) == {"next"}


def test_the_check_says_what_no_exhibit_carries_and_keeps_nothing(going):
    """Live: an amount that stands nowhere and an insult are told beside the part; nothing is
    saved, and the preview comes along."""
    form = form_of(going.page("letters/demand/"))
    form[ASK] = "你们这帮骗子，请退还 777.00 元。"
    answer = going.post("letters/demand/check/", form, HTTP_HX_REQUEST="true")
    said = answer.content.decode()
    assert "证据里没有这个金额" in said
    assert "骂人的话" in said
    assert re.search(r'id="flag-\d+" data-instead><p class="problem"', said)
    assert "777.00" in said[said.index('id="preview"') :]
    assert saved(going).version == 0


def test_without_scripts_the_button_checks_and_keeps_what_was_typed(going):
    """The button checks on the page itself; what was typed stays in its field, unsaved."""
    form = form_of(going.page("letters/demand/"))
    form |= {ASK: "请退还 777.00 元。", "do": "check"}
    page = going.post("letters/demand/", form).content.decode()
    assert "还没有保存" in page
    assert "证据里没有这个金额" in page
    assert form_of(page)[ASK] == "请退还 777.00 元。"
    assert saved(going).version == 0
    again = {**form_of(page), "do": "save"}
    assert going.post("letters/demand/", again).status_code == 302
    assert saved(going).edits == {"ask": "请退还 777.00 元。"}


def test_a_field_over_its_limit_is_told(going):
    """A text of more than the form takes is counted and told."""
    form = form_of(going.page("letters/payment/"))
    form[ASK] = "请核查。" * 100
    said = going.post("letters/payment/check/", form).content.decode()
    assert "，超出了" in said


def test_two_tabs_keep_both_texts(going):
    """The second tab is told, sees what the first saved and keeps its own words; what only the
    first changed is kept."""
    first = form_of(going.page("letters/demand/"))
    second = form_of(going.page("letters/demand/"))
    going.post("letters/demand/", {**first, ASK: "第一处写的。", "t:next": "只有第一处改的。"})
    answer = going.post("letters/demand/", {**second, ASK: "第二处写的。"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "另一个窗口保存的" in page
    assert "第一处写的。" in page
    assert form_of(page)[ASK] == "第二处写的。"
    assert form_of(page)["t:next"] == "只有第一处改的。"
    assert saved(going).edits["ask"] == "第一处写的。"
    assert going.post("letters/demand/", form_of(page)).status_code == 302
    assert saved(going).edits == {"ask": "第二处写的。", "next": "只有第一处改的。"}


def test_two_tabs_keep_both_own_paragraphs(going):
    """A paragraph of the second tab does not take the place of the first tab's."""
    page = going.page("letters/demand/")
    first, second = form_of(page), form_of(page)
    going.post("letters/demand/", {**first, "own:1": "第一段。", "after:1": ""})
    stale = going.post("letters/demand/", {**second, "own:1": "第二段。", "after:1": ""})
    assert stale.status_code == 409
    going.post("letters/demand/", form_of(stale.content.decode()))
    assert set(saved(going).edits.values()) == {"第一段。", "第二段。"}


def test_when_the_case_goes_on_the_old_edit_is_shown_beside_the_new_text(going, stores):
    """After the amount was corrected the buyer's own request is marked, with both originals; he
    can say that he has seen it."""
    form = form_of(going.page("letters/demand/"))
    going.post("letters/demand/", {**form, ASK: "请退款 98.00 元，三日内办完。"})
    state_facts(
        stores=stores,
        case=reopen(stores, going.case),
        values={"claim.amount": Money(5000)},
        version=None,
        ask=lambda *_: None,
        at=going.clock.at,
    )
    page = going.page("letters/demand/")
    assert "您改的时候，原文是" in page
    assert "50.00" in page
    assert "案情变了" in going.page("letters/")
    form = form_of(page)
    going.post("letters/demand/", {**form, "ok:ask": "on"})
    page = going.page("letters/demand/")
    assert "您改的时候，原文是" not in page
    assert form_of(page)[ASK] == "请退款 98.00 元，三日内办完。"


def test_an_untouched_field_follows_the_case(going, stores):
    """A page that was open while the case changed does not freeze the old text."""
    old = form_of(going.page("letters/demand/"))
    state_facts(
        stores=stores,
        case=reopen(stores, going.case),
        values={"claim.amount": Money(5000)},
        version=None,
        ask=lambda *_: None,
        at=going.clock.at,
    )
    going.post("letters/demand/", old)
    assert saved(going).edits == {}
    assert "50.00" in form_of(going.page("letters/demand/"))[ASK]


def test_a_letter_too_long_to_keep_is_refused_with_its_text(going):
    """What is too long is not saved, said so, and still stands in its field."""
    form = form_of(going.page("letters/demand/"))
    answer = going.post("letters/demand/", {**form, ASK: "很长" * 60_000})
    assert answer.status_code == 422
    assert "写得太长" in answer.content.decode()
    assert saved(going).version == 0


def test_nonsense_in_the_form_changes_nothing_it_should_not(going):
    """Broken hidden fields and unknown keys do no harm."""
    form = form_of(going.page("letters/demand/"))
    for broken in ({"version": "x"}, {"shown": "[1"}, {"shown": "[]"}, {"version": "9" * 50}):
        answer = going.post("letters/demand/", {**form, **broken})
        assert answer.status_code in (302, 409), broken
    form = form_of(going.page("letters/demand/"))
    sent = {**form, "t:fact:payment": "我付了 1 万元", "t:title": "x", "own:abc": "y"}
    going.post("letters/demand/", sent)
    assert saved(going).edits == {}


def test_what_is_typed_is_escaped(going):
    """Markup in an edit is text."""
    form = form_of(going.page("letters/demand/"))
    going.post("letters/demand/", {**form, ASK: "<script>alert(1)</script>"})
    page = going.page("letters/demand/")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_page_says_in_english_that_letters_are_chinese(going):
    """An English reader is told why the text is Chinese; the letter is the same."""
    chinese = going.page("letters/demand/")
    page = going.page("letters/demand/", HTTP_ACCEPT_LANGUAGE="en")
    assert '<html lang="en"' in page
    cut = chinese[
        chinese.index('id="preview"') : chinese.index("</div>", chinese.index('id="preview"'))
    ]
    assert cut in page


def test_a_public_letter_warns(going):
    """The text for a public board says that anybody can read it."""
    assert "人人看得到" in words(going.page("letters/board/"))
