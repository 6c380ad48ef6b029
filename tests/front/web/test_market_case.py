"""An order becomes a case with the platform's records as evidence; its receipt can be saved."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.front.web.market_pages import buy, grey_png, make_shop, pay, text_of
from tests.log.log_kit import make_ground

from gongdao.casework.check import check_case
from gongdao.casework.online.assemble_case import assemble_case
from gongdao.casework.online.models import Case
from gongdao.casework.online.open_case import open_row
from gongdao.core.codes import Element, Proof, Stage
from gongdao.core.ids import new_id
from gongdao.core.models import User
from gongdao.evidence.kept.models import Access
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.log.begin import begin_log
from gongdao.market.desk_states import Side
from gongdao.market.models import Merchant, Order
from gongdao.market.thread import post_about_order

USCC = "91350100M000100Y43"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(client, stores):
    """A delivered order that this browser holds, with a talk about it."""
    made = pay(buy(client, make_shop().listing))
    for side, text in (
        (Side.BUYER, "卡密提示无效，请退款，明天 12 点前答复"),
        (Side.MERCHANT, "您好，这批卡密确实有问题，给您退款"),
    ):
        post_about_order(stores=stores, order=made, side=side, text=text, by=None, at=now())
    return made


def test_a_zip_of_the_order_holds_evidence_that_counts(client, order, tmp_path):
    """`gongdao case check` on it finds price and promise, the order's number, the payment and the
    talk; nothing contradicts the statement, and no reason was chosen for the buyer."""
    answer = client.post(f"/orders/{order.number}/case/save/")
    data = b"".join(answer.streaming_content)
    assert int(answer["Content-Length"]) == len(data)
    zipfile.ZipFile(io.BytesIO(data)).extractall(tmp_path)
    checked = check_case(root=tmp_path, as_of=now() + timedelta(hours=1), use_cache=False)
    closure = checked.judgement.closure
    assert not checked.notes and not closure.contradictions
    assert closure.stages[Stage.BEFORE].state == "complete"
    assert closure.stages[Stage.DURING].state == "complete"
    assert closure.respondent.uscc_valid is None
    for element in (Element.CONTRACT, Element.PAYMENT, Element.NOTICE):
        assert closure.elements[element].proof is Proof.PROVEN, element
    said = checked.judgement.dossier.statement
    assert (said.order.order_no, said.claim.reasons) == (order.number, ())
    assert b"CARD-" not in data


def test_the_choice_at_the_look_and_the_files_of_the_test_are_in_the_folder(
    client, order, tmp_path
):
    """The delivery record says what was chosen and names the file; its bytes lie beside, noted as
    handed in after the test, and that they were taken out is recorded."""
    client.post(f"/orders/{order.number}/secrets/", {"recording": "yes"})
    sent = SimpleUploadedFile("屏幕.png", grey_png(), "image/png")
    client.post(f"/orders/{order.number}/test/", {"works": "no", "files": sent})
    answer = client.post(f"/orders/{order.number}/case/save/")
    zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))).extractall(tmp_path)
    told = (tmp_path / "after/delivery-record.txt").read_text("utf-8")
    assert "查看前问买家录不录屏：选了录屏" in told and "附件 屏幕.png，SHA-256" in told
    assert (tmp_path / "after/test-1-1.png").read_bytes() == grey_png()
    assert "买家试用后交来的文件" in (tmp_path / "case.toml").read_text("utf-8")
    assert Access.objects.filter(subject_id=order.id, purpose="export").count() == 1
    client.post(f"/orders/{order.number}/case/")
    assert (
        len(
            assemble_case(
                case=open_row(stores=get_stores(), row=Case.objects.get()), as_of=now()
            ).files
        )
        == 7
    )


def test_a_company_is_named_and_a_person_is_not(client, order, tmp_path):
    """A company's registered name and code stand in the records; a person's name does not."""
    for uscc in ("", USCC):
        Merchant.objects.update(uscc=uscc)
        answer = client.post(f"/orders/{order.number}/case/save/")
        place = tmp_path / (uscc or "person")
        zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))).extractall(place)
        checked = check_case(root=place, as_of=now() + timedelta(hours=1), use_cache=False)
        found = checked.judgement.closure.respondent
        assert (found.uscc, found.uscc_valid) == (uscc, True if uscc else None)
        said = (place / "case.toml").read_text("utf-8")
        assert ("有限公司" in said) == bool(uscc)


def test_one_click_makes_a_case_once(client, order, stores):
    """The case is held by this browser, its statement is filled in, its files wait for a worker; a
    second click opens the same one."""
    first = client.post(f"/orders/{order.number}/case/")
    assert first.status_code == 302 and first["Location"].startswith("/c/")
    assert client.post(f"/orders/{order.number}/case/")["Location"] == first["Location"]
    row = Case.objects.get()
    case = open_row(stores=stores, row=row)
    assert case.content.statement.order.order_no == order.number
    assembled = assemble_case(case=case, as_of=now())
    assert len(assembled.files) == 6
    page = text_of(client.get(first["Location"], follow=True))
    assert order.number in page and case.content.code in page


def test_a_case_belongs_to_the_account_that_is_signed_in(client, order):
    """It stands among the account's cases."""
    user = User.objects.create(id=new_id(now()), email="me@example.invalid", joined_at=now())
    Order.objects.filter(id=order.id).update(buyer=user)
    client.force_login(user)
    client.post(f"/orders/{order.number}/case/")
    assert Case.objects.get().owner_id == user.id
    assert "/c/" in text_of(client.get("/me/"))


def test_nobody_makes_a_case_of_anothers_order(client, order):
    """Without the code the form for the code comes, and no case is made."""
    stranger = Client(HTTP_HOST="127.0.0.1")
    for what in ("case", "case/save", "receipt/save"):
        answer = stranger.post(f"/orders/{order.number}/{what}/")
        assert "application" not in answer["Content-Type"]
    assert not Case.objects.exists()
    assert client.get(f"/orders/{order.number}/case/").status_code == 405


def test_the_receipt_waits_for_the_log_and_is_saved(client, stores, tmp_path):
    """Before a checkpoint the page says to wait; after it the bare form tells no secret, the whole
    one does, and the page of the order leads there."""
    ground = make_ground(tmp_path)
    begin_log(stores=stores, key=ground.key, at=now())
    order = pay(buy(client, make_shop().listing))
    place = f"/orders/{order.number}/receipt/"
    assert "还在等签名" in text_of(client.get(place))
    assert client.post(f"{place}save/", {"form": "bare"}).status_code == 302
    ground.run()
    assert "凭证成立" in text_of(client.get(place))
    bare = client.post(f"{place}save/", {"form": "bare"})
    assert b"salt" not in bare.content and "attachment" in bare["Content-Disposition"]
    assert Order.objects.filter(id=order.id, revealed_at__isnull=True).exists()
    whole = json.loads(client.post(f"{place}save/", {"form": "whole"}).content)
    assert len(whole["units"][0]["salt"]) == 64
    assert Order.objects.filter(id=order.id, revealed_at__isnull=False).exists()
    assert place in text_of(client.get(f"/orders/{order.number}/"))
