"""The pages to follow a case, as a buyer uses them: no script, two tabs, both languages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.casework.online.follow_kit import (
    BEGUN,
    COMPLAINT,
    FILED,
    Clock,
    add_confirmed,
    begin,
)
from tests.evidence.dossier_kit import at
from tests.front.web.follow_browser import NOW, Buyer, follow_now, hidden, plain

from gongdao.casework.follow.filings import Filing
from gongdao.casework.online.addresses import addresses_of
from gongdao.casework.online.filings import filings_of
from gongdao.casework.online.follow_case import follow_case
from gongdao.casework.online.models import Case, CaseOutcome, Deadline, Reminder
from gongdao.evidence.statement import Statement
from gongdao.front.stores import get_stores
from gongdao.front.worker.follow_tasks import follow_one
from gongdao.rules.load import Rules

pytestmark = pytest.mark.django_db


def test_where_the_case_stands(clock: Clock):
    """Whose move, until when, how counted, law or own rule, the filing, the story."""
    buyer = Buyer(begin(COMPLAINT))
    said = buyer.text()
    assert "现在轮到：市场监管部门" in said and "最晚 2026-11-19 23:59" in said
    assert "工作日" in said and "依据：" in said and "这是公道的规则，不是法定期限。" in said
    assert "12315 投诉 等结果" in said and COMPLAINT.number in said
    assert "提交：12315 投诉（编号 1330106002026111012345678）" in said
    assert "期限“" in said and "之后" in said


def test_an_empty_case(clock: Clock):
    """Nothing filed, nothing dated: it says what to do."""
    said = Buyer(begin(statement=Statement())).text()
    assert "还没有记过提交" in said and "现在没有在算的期限" in said and "还没有带时间的事" in said


def test_few_queries(clock: Clock):
    """The page of a case with ten filings stays within its budget."""
    filings = [Filing("board", FILED + timedelta(hours=n)) for n in range(9)]
    case = begin(COMPLAINT, *filings)
    add_confirmed(case, as_of=BEGUN)
    follow_now(case)
    buyer = Buyer(case)
    for path in ("", "reminders/", "outcome/", "calendar.ics"):
        with CaptureQueriesContext(connection) as queries:
            assert buyer.get(path).status_code == 200
        assert len(queries) <= 15, [q["sql"][:90] for q in queries]


def test_english(clock: Clock):
    """The same pages in English."""
    buyer = Buyer(begin(COMPLAINT))
    for path in ("", "reminders/", "outcome/", "calendar/"):
        page = buyer.get(f"{path}?lang=en")
        assert page.status_code == 200 and b'<html lang="en"' in page.content
    assert "现在轮到" in buyer.text("?lang=zh") and "现在轮到" not in buyer.text("?lang=en")


def test_an_outcome_opens_what_is_next(clock: Clock):
    """Choose, date, save: what changed is shown, the deadline stops, the job is asked for."""
    buyer = Buyer(begin(COMPLAINT))
    [one] = filings_of(buyer.case)
    path = f"filings/{one.id}/outcome/"
    page = buyer.get(path).content.decode()
    given = {"mark": hidden(page, "mark"), "outcome": "rejected", "at": "2026-11-12T09:00"}
    answer = buyer.post(path, given)
    assert answer.status_code == 302 and answer["Location"].endswith(f"filings/{one.id}/next/")
    said = buyer.text(f"filings/{one.id}/next/")
    assert "记下了。" in said and "这一笔改变了什么" in said and "不再计算" in said
    [after] = filings_of(buyer.case)
    assert after.filing.outcome == "rejected" and after.filing.outcome_at == at("11-12 09:00:00")
    assert jobs() == [str(buyer.case.row.id)]
    follow_one(str(buyer.case.row.id))
    assert "驳回" in buyer.text()


def jobs() -> list[str]:
    """The cases that are to be followed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args->>'case_id' FROM procrastinate_jobs WHERE task_name = 'follow_case'"
            " AND status = 'todo' ORDER BY id"
        )
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"outcome": "", "at": "2026-11-12T09:00"}, "怎么样了"),
        ({"outcome": "promised", "at": "2026-11-12T09:00"}, "怎么样了"),
        ({"outcome": "rejected", "at": "2026-11-09T09:00"}, "结果不能早于提交"),
        ({"outcome": "rejected", "at": "2026-11-13T09:00"}, "这个时间还没有到"),
        ({"outcome": "rejected", "at": "bald"}, "什么时候知道的"),
        ({"outcome": "partial", "at": "2026-11-12T09:00"}, "请填退回了多少"),
        ({"outcome": "partial", "at": "2026-11-12T09:00", "returned": "viel"}, "不是金额"),
        ({"outcome": "rejected", "at": "2026-11-12T09:00", "returned": "5"}, "没有退回的金额"),
    ],
)
def test_an_outcome_that_cannot_be(clock: Clock, given: dict[str, str], says: str):
    """Said beside its field, with the entries kept; nothing is written."""
    buyer = Buyer(begin(COMPLAINT))
    [one] = filings_of(buyer.case)
    answer = buyer.post(f"filings/{one.id}/outcome/", given)
    assert answer.status_code == 422 and says in plain(answer)
    assert "还差一点" in plain(answer)
    assert f'value="{given["at"]}"' in answer.content.decode()
    assert filings_of(buyer.case) == (one,) and jobs() == []


def test_two_tabs_record_different_outcomes(clock: Clock):
    """The second is told, keeps what it entered, and can save once more."""
    buyer = Buyer(begin(COMPLAINT))
    [one] = filings_of(buyer.case)
    path = f"filings/{one.id}/outcome/"
    mark = hidden(buyer.get(path).content.decode(), "mark")
    first = {"mark": mark, "outcome": "accepted", "at": "2026-11-12T09:00"}
    assert buyer.post(path, first).status_code == 302
    second = {"mark": mark, "outcome": "rejected", "at": "2026-11-12T09:30"}
    answer = buyer.post(path, second)
    assert answer.status_code == 409 and "刚在别处改过" in plain(answer)
    assert 'value="2026-11-12T09:30"' in answer.content.decode()
    [kept] = filings_of(buyer.case)
    assert kept.filing.outcome == "accepted"
    fresh = hidden(answer.content.decode(), "mark")
    assert buyer.post(path, second | {"mark": fresh}).status_code == 302
    assert filings_of(buyer.case)[0].filing.outcome == "rejected"


def test_a_filing_is_corrected(clock: Clock):
    """Another time moves its deadline; a time taken by another filing is refused."""
    buyer = Buyer(begin(COMPLAINT, Filing(COMPLAINT.channel, FILED - timedelta(days=1))))
    one = filings_of(buyer.case)[1]
    path = f"filings/{one.id}/edit/"
    page = buyer.get(path).content.decode()
    given = {"mark": hidden(page, "mark"), "filed_at": "2026-11-11T09:00", "number": "N2"}
    assert buyer.post(path, given).status_code == 302
    said = buyer.text()
    assert "编号 N2" in said and "2026-11-11 09:00 提交" in said
    taken = {"filed_at": "2026-11-09T09:00:00", "number": "N2"}
    answer = buyer.post(path, taken)
    assert answer.status_code == 422 and "同一时间已经有一条记录" in plain(answer)
    late = {"filed_at": "2026-12-09T09:00:00", "number": "N2"}
    assert "这个时间还没有到" in plain(buyer.post(path, late))


def test_a_filing_is_removed_after_a_question(clock: Clock):
    """The question says what goes and what stays; asking alone removes nothing."""
    buyer = Buyer(begin(COMPLAINT))
    [one] = filings_of(buyer.case)
    said = buyer.text(f"filings/{one.id}/remove/")
    assert "会被删掉" in said and "这里删掉不等于撤回" in said
    assert len(filings_of(buyer.case)) == 1
    assert buyer.post(f"filings/{one.id}/remove/", {"confirmed": "yes"}).status_code == 302
    assert filings_of(buyer.case) == () and "删掉了这条记录" in buyer.text()
    assert buyer.get(f"filings/{one.id}/remove/").status_code == 404


def test_nobody_else(clock: Clock):
    """Another case's filing, address or page is not to be had, with or without a session."""
    mine, theirs = Buyer(begin()), Buyer(begin(COMPLAINT))
    [one] = filings_of(theirs.case)
    address = add_confirmed(theirs.case, as_of=BEGUN)
    for path in (
        f"filings/{one.id}/outcome/",
        f"filings/{one.id}/edit/",
        f"filings/{one.id}/next/",
        f"reminders/{address.id}/",
    ):
        assert mine.get(path).status_code == 404, path
    stranger = Client(HTTP_HOST="127.0.0.1")
    for path in ("", "reminders/", "calendar.ics", "calendar/", "outcome/"):
        answer = stranger.get(theirs.base + path)
        assert "提取码" in plain(answer) and COMPLAINT.number not in plain(answer)
        assert answer["Content-Type"].startswith("text/html")
    mine.post(f"reminders/{address.id}/remove/")
    assert len(addresses_of(theirs.case)) == 1


def test_too_many_points_go_on_pages(clock: Clock):
    """The page with the present comes first; the others are one link away."""
    many = [Filing("board", FILED - timedelta(hours=n)) for n in range(120)]
    buyer = Buyer(begin(*many))
    said = buyer.text()
    assert "第 3 页，共 3 页" in said and "上一页" in said
    first = buyer.get("?page=1").content.decode()
    assert first.count("<li", first.index('class="timeline"')) >= 50
    assert "第 1 页" in buyer.text("?page=1") and "第 3 页" in buyer.text("?page=99")


def test_the_outcome_closes_the_case(clock: Clock):
    """Said, shown, reminders cancelled; changed later, and opened again."""
    case = begin(COMPLAINT)
    buyer = Buyer(case)
    add_confirmed(case, as_of=BEGUN)
    follow_now(case)
    page = buyer.text("outcome/")
    assert "现在怎样了" in page and "全部退款了" in page
    given = {"after": "", "result": "partly_refunded", "amount": "60", "channel": "payment",
             "at": "2026-11-12T09:00", "closes": "yes", "note": "说好的"}  # fmt: skip
    assert buyer.post("outcome/", given).status_code == 302
    follow_one(str(case.row.id))
    assert not Reminder.objects.filter(state="pending").exists()
    row = CaseOutcome.objects.get(case_id=case.row.id)
    assert (row.result, row.channel) == ("partly_refunded", "payment")
    assert "说好的".encode() not in bytes(row.sealed)
    assert Case.objects.get(id=case.row.id).closed_at == NOW
    said = buyer.text()
    assert "这个案件已经结束" in said and "退了一部分" in said and "现在轮到" not in said
    assert "现在轮到" not in said and "60.00 元" in said
    clock.go(days=1)
    assert buyer.post("outcome/reopen/").status_code == 302
    follow_one(str(case.row.id))
    assert Reminder.objects.filter(state="pending").exists() and "现在轮到" in buyer.text()


def test_the_same_outcome_twice_is_said_once(clock: Clock):
    """A form sent twice; a different one from an old page is told."""
    buyer = Buyer(begin(COMPLAINT))
    given = {"after": "", "result": "waiting", "at": "2026-11-12T09:00", "closes": "no"}
    for _time in range(2):
        assert buyer.post("outcome/", given).status_code == 302
    assert CaseOutcome.objects.count() == 1
    answer = buyer.post("outcome/", given | {"result": "gave_up", "closes": "yes"})
    assert answer.status_code == 409 and "刚在别处改过" in plain(answer)
    fresh = hidden(answer.content.decode(), "after")
    again = given | {"result": "gave_up", "closes": "yes", "after": fresh}
    assert buyer.post("outcome/", again).status_code == 302
    assert CaseOutcome.objects.count() == 2 and "以前说过的" in buyer.text("outcome/")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"result": ""}, "结果："),
        ({"result": "partly_refunded"}, "请填退回了多少"),
        ({"result": "gave_up", "amount": "5"}, "没有退回的金额"),
        ({"result": "waiting", "closes": "yes"}, "还在等就还没有结束"),
        ({"result": "refunded", "at": "2027-01-01T00:00"}, "这个时间还没有到"),
        ({"result": "refunded", "closes": ""}, "接下来"),
    ],
)
def test_an_outcome_of_the_case_that_cannot_be(clock: Clock, given: dict[str, str], says: str):
    """Said beside its field; nothing is kept."""
    buyer = Buyer(begin(COMPLAINT))
    answer = buyer.post("outcome/", {"at": "2026-11-12T09:00", "closes": "no"} | given)
    assert answer.status_code == 422 and says in plain(answer)
    assert not CaseOutcome.objects.exists()


def test_a_corrected_calendar_on_the_page(clock: Clock, corrected: Rules):
    """Counted with older data, then with today's: both dates on the page, reminder moved, nothing
    doubled."""
    case = begin(COMPLAINT)
    buyer = Buyer(case)
    add_confirmed(case, as_of=BEGUN)
    follow_case(stores=get_stores(), case_id=case.row.id, at=FILED, rules=corrected)
    rows = (Deadline.objects.count(), Reminder.objects.count())
    wanted = "原来算到 2026-11-23 23:59 ，因放假安排或规则数据更正，改为 2026-11-19 23:59"
    assert wanted in buyer.text()
    follow_one(str(case.row.id))
    said = buyer.text()
    assert wanted in said and "更正：由 2026-11-23 23:59 改为 2026-11-19 23:59" in said
    assert (Deadline.objects.count(), Reminder.objects.count()) == rows
    [moved] = Reminder.objects.filter(key__contains="acceptance")
    assert moved.due == at("11-20 09:00:00")
