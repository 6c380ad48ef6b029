"""One click makes the outside case file of an order in dispute: what the platform recorded of the
dispute is evidence of the stage after the purchase."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
from tests.disputes.disputes_kit import pay_refunds
from tests.front.web.market_pages import make_shop, text_of
from tests.front.web.test_desk import sign_in
from tests.front.web.test_disputes import WORDS, complain, overdue, revealed

from gongdao.casework.check import check_case
from gongdao.casework.online.assemble_case import assemble_case
from gongdao.casework.online.models import Case as OnlineCase
from gongdao.casework.online.open_case import open_row
from gongdao.core.codes import STAGE_OF_KIND, Kind, Stage
from gongdao.disputes.execute_remedies import execute_remedies
from gongdao.disputes.models import Case, Verdict
from gongdao.disputes.verdict_file import differs
from gongdao.disputes.verdict_json import read_verdict
from gongdao.front.clock import now

pytestmark = pytest.mark.django_db(transaction=True)


def saved(client, order, place):
    """The zip of the order, unpacked."""
    answer = client.post(f"/orders/{order.number}/case/save/")
    zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))).extractall(place)
    return place


def test_thread_and_offers_are_in_the_folder(client, stores, tmp_path):
    """Words of both sides with their times, the offer, the claim and its number; the workbench
    reads it as a complaint of the stage after the purchase, and finds nothing against it."""
    shop = make_shop()
    seller, order = sign_in(shop.merchant), revealed(client, shop)
    case = complain(client, order)
    desk = f"/desk/disputes/{case.id}/"
    offered = {"deed": "offer", "remedy": "refund_part", "amount": "1", "words": "先退一元"}
    seller.post(desk, offered)
    root = saved(client, order, tmp_path)
    text = (root / "after/dispute-1.txt").read_text("utf-8")
    assert f"工单编号：{case.id.hex[:16].upper()}" in text and WORDS in text and "先退一元" in text
    assert "商家" in text and order.number in text and "仲裁" not in text
    checked = check_case(root=root, as_of=now() + timedelta(hours=1), use_cache=False)
    assert not checked.notes and not checked.judgement.closure.contradictions
    dossier = checked.judgement.dossier
    found = next(one for one in dossier.exhibits if one.path == "after/dispute-1.txt")
    assert found.kind is Kind.COMPLAINT_RECEIPT and STAGE_OF_KIND[found.kind] is Stage.AFTER
    assert found.fields["order_no"].value == order.number and "at" in found.fields


def test_the_verdict_is_in_it_and_recomputes(client, stores, tmp_path):
    """The decision with its reasons stands in the record; the file beside it is the one that was
    hashed."""
    order = overdue(client)
    client.post(f"/orders/{order.number}/problem/not_delivered/", {"wanted": "refund", "words": ""})
    root = saved(client, order, tmp_path)
    verdict = Verdict.objects.get()
    file = (root / "after/dispute-1-verdict-1.json").read_bytes()
    assert file == verdict.file.encode() and not differs(read_verdict(file))
    text = (root / "after/dispute-1.txt").read_text("utf-8")
    assert "理由：" in text and bytes(verdict.digest).hex() in text and "全额退款" in text
    checked = check_case(root=root, as_of=now() + timedelta(hours=1), use_cache=False)
    assert not checked.judgement.closure.contradictions


def test_made_again_the_case_holds_the_later_rounds(client, stores):
    """A second click after an appeal opens the case that was made, with the dispute's record as it
    is now beside the older one; a third adds nothing."""
    order = overdue(client)
    client.post(f"/orders/{order.number}/problem/not_delivered/", {"wanted": "refund", "words": ""})
    client.post(f"/orders/{order.number}/case/")
    case = Case.objects.get()
    soon = now() + timedelta(hours=1)
    pay_refunds(soon)
    execute_remedies(stores=stores, at=soon)
    url = f"/orders/{order.number}/disputes/{case.id}/"
    client.post(url, {"deed": "appeal", "ground": "request", "words": "另外还有损失，请人来看。"})

    def files():
        """What the workbench's case holds of the dispute, by path."""
        made = open_row(stores=stores, row=OnlineCase.objects.get())
        rows = assemble_case(case=made, as_of=now()).files
        return {one.facts.path for one in rows if "dispute-1" in one.facts.path}

    before = files()
    again = client.post(f"/orders/{order.number}/case/", follow=True)
    assert "补进了 1 份记录" in text_of(again)
    assert before < files() and len(files()) == len(before) + 1
    third = client.post(f"/orders/{order.number}/case/", follow=True)
    assert "补进了" not in text_of(third) and len(files()) == len(before) + 1


def test_on_the_server_it_is_the_same(client, stores):
    """The case that one click makes holds the files, whatever language the buyer reads."""
    order = overdue(client)
    client.post(f"/orders/{order.number}/problem/not_delivered/", {"wanted": "refund", "words": ""})
    client.cookies["gongdao_language"] = "en"
    assert client.post(f"/orders/{order.number}/case/?lang=en").status_code == 302
    case = open_row(stores=stores, row=OnlineCase.objects.get())
    names = {one.facts.path for one in assemble_case(case=case, as_of=now()).files}
    assert {"after/dispute-1.txt", "after/dispute-1-verdict-1.json"} <= names
    assert Case.objects.get().order_id == order.id
