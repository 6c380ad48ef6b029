"""Files made to hurt: nothing runs, nothing breaks, and the other files are read."""

from __future__ import annotations

import pytest
from tests.e2e.hostile_files import CLIMBING, make_hostile
from tests.e2e.stories import CHAT

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_hostile_files_change_nothing_for_the_others(meet, scripts):
    """Scripts in pictures and names, bombs, wrong endings, and an empty file: each gets its own
    calm answer, no dialog opens, and the chat beside them is read."""
    buyer = meet("phone", java_script_enabled=scripts)
    buyer.go("/start/")
    buyer.choose_files([*make_hostile(), _payload(CHAT)])
    with buyer.expecting(*([400] if scripts else [])):
        buyer.press("放好了，开始")
    assert "空的.png" in buyer.page.locator(".notice").first.inner_text()
    buyer.wait_until_read()
    buyer.open_section("材料")
    cards = buyer.page.locator("[data-file]")
    assert cards.count() == len(make_hostile())
    chat = cards.filter(has_text="chat.txt")
    assert "已读" in chat.inner_text()
    _look_at_each(buyer)


def _payload(file):
    return {"name": file.name, "mimeType": "text/plain", "buffer": file.read_bytes()}


def _look_at_each(buyer):
    """Every file's own page opens and is calm; its original only ever comes as a download that
    no browser shows or runs."""
    places = [link.get_attribute("href") for link in buyer.page.locator("[data-file] a").all()]
    names = [name.inner_text() for name in buyer.page.locator("[data-file] h3").all()]
    assert any("executed" in name for name in names), names
    assert not [name for name in names if "\u202e" in name], names
    for place in places:
        buyer.go(place)
        answer = buyer.context.request.get(f"{buyer.site}{place}original/")
        assert answer.ok
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]


def test_a_name_that_climbs_stays_inside(meet):
    """A name with `../` that no browser would send is a plain file of the case, and nothing
    is written elsewhere."""
    buyer = meet("desktop")
    buyer.go("/start/")
    token = buyer.page.locator("[name=csrfmiddlewaretoken]").first.get_attribute("value")
    upload = {"name": CLIMBING, "mimeType": "text/plain", "buffer": "收款 1 元".encode()}
    fields = {"csrfmiddlewaretoken": token, "files": upload}
    headers = {"Referer": f"{buyer.site}/start/"}
    answer = buyer.context.request.post(f"{buyer.site}/start/", multipart=fields, headers=headers)
    assert answer.ok
    buyer.go(answer.url)
    buyer.wait_until_read()
    buyer.open_section("材料")
    assert "付款.txt" in buyer.text() and ".." not in buyer.text()
