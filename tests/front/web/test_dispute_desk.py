"""The arbiter's desk: the case given on, its steps in the log, the buyer's files read apart."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from tests.disputes.disputes_kit import member, person
from tests.front.web.market_pages import make_shop, text_of
from tests.front.web.operator_kit import sign_in as staff_sign_in
from tests.front.web.test_desk import sign_in
from tests.front.web.test_disputes import at, complain, revealed

from gongdao.casework.online.read_file import ReadText
from gongdao.core.errors import ConflictOfInterest
from gongdao.core.language import use_language
from gongdao.core.money import Money
from gongdao.disputes.appeal import appeal_ends
from gongdao.disputes.models import Case, Exhibit, ExhibitRead, ExhibitReading, Verdict
from gongdao.evidence.read_exhibit import Reader, read_exhibit
from gongdao.front.clock import now
from gongdao.front.worker.dispute_reading import read_waiting_files
from gongdao.front.worker.retention_tasks import sweep_market
from gongdao.market.staff import add_role
from gongdao.market.states import Role

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _plain():
    """Chinese again after a page in English."""
    yield
    use_language("zh")


def picture() -> bytes:
    """A small picture."""
    data = BytesIO()
    Image.new("RGB", (60, 40), "white").save(data, "PNG")
    return data.getvalue()


@pytest.fixture
def contested(client, stores):
    """A case that waits for the platform, with a picture and a text of the buyer's, its desk, and
    the browser of the person who has it."""
    shop = make_shop()
    files = [
        SimpleUploadedFile("shot.png", picture(), "image/png"),
        SimpleUploadedFile("words.txt", "兑换页说卡密无效。".encode(), "text/plain"),
    ]
    case = complain(client, revealed(client, shop), files=files)
    seller = sign_in(shop.merchant)
    seller.post(f"/desk/disputes/{case.id}/", {"deed": "contest", "words": "我们测过，卡是好的。"})
    arbiter = staff_sign_in("arbiter@example.org", Role.ARBITER)
    desk = f"/operator/disputes/{case.id}/"
    arbiter.post(f"{desk}step/", {"deed": "take"})
    return case, desk, arbiter, shop


def read_here(wanted):
    """What the child process would read, in this one."""
    reader = Reader(wanted.statement)
    return ReadText(read_exhibit(root=wanted.root, path=wanted.path, reader=reader), b"")


def test_a_case_is_given_to_a_colleague(contested):
    """The owner chooses who decides disputes too and says why; the desk shows from whom to whom,
    and he has it no longer."""
    case, desk, arbiter, _shop = contested
    other = staff_sign_in("bela@example.org", Role.ARBITER)
    page = arbiter.get(desk)
    chosen = dict(page.context["colleagues"])
    assert list(chosen.values()) == ["bela@example.org"]
    more = {"deed": "give", "to": next(iter(chosen)), "reason": "absent"}
    assert "请写明为什么移交" in text_of(arbiter.post(f"{desk}step/", more, follow=True))
    due = Case.objects.get(id=case.id).clock_due_at
    arbiter.post(f"{desk}step/", {**more, "words": "我明天不在，请接着看录屏。"})
    case.refresh_from_db()
    assert str(case.owner_id) == next(iter(chosen)) and case.clock_due_at == due
    said = text_of(other.get(desk))
    assert "arbiter@example.org → bela@example.org" in said and "我不在，赶不上时限" in said
    assert "我明天不在" in said
    again = arbiter.post(f"{desk}step/", {**more, "words": "再移交一次。"})
    assert again.status_code == 302 and Case.objects.get(id=case.id).owner_id == case.owner_id


def test_over_the_limit_a_second_person_decides_too(contested, monkeypatch):
    """Above what one person may decide the first ruling is a proposal: the desk says so to him, the
    second person's page is headed as his, and with the same from him it stands."""
    case, desk, arbiter, _shop = contested
    limit = "gongdao.disputes.give_verdict.second_arbiter_limit"
    monkeypatch.setattr(limit, lambda _on: Money(100))
    page = arbiter.get(desk)
    assert ">作出裁决</h2>" in page.content.decode() and "第二位裁决" not in text_of(page)
    basis = page.context["form"].fields["rules"].choices[0][0]
    reasons = "买家的截图看得到时间和报错，商家没有拿出发行方的记录，举证不能由商家承担。"
    ruling = {"remedy": "refund_full", "share_merchant": "100", "rules": [basis]}
    ruling["reasons"] = reasons
    assert "已请第二位裁决人来看" in text_of(arbiter.post(desk, ruling, follow=True))
    other = staff_sign_in("bela@example.org", Role.ARBITER)
    assert ">第二位裁决</h2>" in other.get(desk).content.decode()
    assert not Verdict.objects.exists()
    assert other.post(desk, ruling).status_code == 302
    row = Verdict.objects.get(case=case)
    people = (row.decided_by.email, row.seconded_by.email)
    assert people == ("arbiter@example.org", "bela@example.org")


def test_nobody_concerned_and_no_stranger_is_given_a_case(contested):
    """Who acts for the merchant is refused for conflict of interest; who does not decide disputes,
    or a reason that is none, is not what the form offers."""
    case, desk, arbiter, shop = contested
    clerk = member(shop)
    add_role(user_id=clerk.id, role=Role.ARBITER, at=now())
    more = {"deed": "give", "reason": "other", "words": "请您来看这一件。"}
    refused = arbiter.post(f"{desk}step/", {**more, "to": str(clerk.id)}, follow=True)
    assert str(ConflictOfInterest()) in text_of(refused)
    stranger = str(person("somebody").id)
    assert arbiter.post(f"{desk}step/", {**more, "to": stranger}).status_code == 404
    bad = {**more, "to": str(clerk.id), "reason": "bribe"}
    assert arbiter.post(f"{desk}step/", bad).status_code == 404
    case.refresh_from_db()
    assert case.owner.email == "arbiter@example.org"


def test_each_step_leads_to_its_leaf_and_receipt(contested):
    """Beside each step of the case stand the page of its leaf and the file that proves it."""
    case, desk, arbiter, _shop = contested
    page = arbiter.get(desk).content.decode()
    for event in case.events.all():
        leaf = bytes(event.leaf_hash).hex()
        assert f'href="/log/find/?q={leaf}"' in page
        assert f'href="/log/receipt/{leaf}"' in page
        assert arbiter.get(f"/log/receipt/{leaf}").status_code in (200, 202)


def test_the_buyers_files_are_read_in_a_job(contested):
    """Until the job has run his picture and his text are being read; then the closure check beside
    the case counts them, nobody of the desk has opened them, and nothing is read twice."""
    _case, desk, arbiter, _shop = contested
    before = arbiter.get(desk)
    assert list(before.context["check"]["being_read"]) == ["shot.png", "words.txt"]
    assert "正在读的材料" in text_of(before) and "要证明的事" in text_of(before)
    assert read_waiting_files(read=read_here) == 2
    after = arbiter.get(desk)
    assert not after.context["check"]["being_read"] and "正在读的材料" not in text_of(after)
    exhibits = set(after.context["check"]["report"]["exhibits"])
    assert {"after/buyer-1.png", "after/buyer-2.txt"} <= exhibits
    assert {row.by for row in ExhibitReading.objects.all()} == {"nobody"}
    assert read_waiting_files(read=read_here) == 0
    kept = ExhibitRead.objects.first()
    assert "兑换页" not in bytes(kept.sealed).decode("latin-1")
    assert "after/buyer-1.png" in set(
        arbiter.get(f"{desk}closure/").context["check"]["report"]["exhibits"]
    )


def test_what_was_read_goes_when_nobody_can_appeal_any_more(contested, client):
    """The daily job lets it stand while the case is open and in the time to appeal, and deletes it
    after; the files stay, and the desk does not wait for them."""
    case, desk, arbiter, _shop = contested
    read_waiting_files(read=read_here)

    def sweep(moment):
        with patch("gongdao.front.worker.retention_tasks.now", lambda: moment):
            sweep_market(timestamp=0)
        return ExhibitRead.objects.count()

    assert sweep(now() + timedelta(days=365)) == 2
    at(case, client, deed="withdraw")
    case.refresh_from_db()
    assert case.state == "closed" and sweep(appeal_ends(case)) == 2
    assert sweep(appeal_ends(case) + timedelta(seconds=1)) == 0
    assert Exhibit.objects.count() == 2
    assert not arbiter.get(f"{desk}closure/").context["check"]["being_read"]


def test_a_file_that_is_lost_is_said_to_be_so(contested, stores):
    """What the store has lost is named as not read, and is not tried for ever."""
    case, desk, arbiter, _shop = contested
    for post in case.posts.filter(by="buyer"):
        for exhibit in post.exhibits.all():
            stores.blobs.delete(exhibit.blob)
    assert read_waiting_files(read=read_here) == 2
    assert "打不开、没有读的材料" in text_of(arbiter.get(desk))
    assert read_waiting_files(read=read_here) == 0


def test_only_what_waits_for_a_person_is_read(client, stores):
    """While it is the merchant's move nobody needs his files read."""
    shop = make_shop()
    complain(client, revealed(client, shop), files=SimpleUploadedFile("a.txt", b"proof"))
    assert read_waiting_files(read=read_here) == 0
