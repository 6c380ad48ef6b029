"""What a chat line amounts to: measured on lines never trained on, and never a false admission."""

from __future__ import annotations

import importlib.util
import json
from datetime import date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import train_chat_labels
from gongdao.core.clock import BEIJING, parse_iso
from gongdao.core.codes import Speaker
from gongdao.evidence.chat_lines.classify import load_model
from gongdao.evidence.chat_lines.features import normalise
from gongdao.evidence.chat_lines.label import ADMISSIONS, Label, labels_of
from gongdao.evidence.chat_lines.label_lines import Line, label_line, label_lines
from gongdao.evidence.chat_lines.promised_time import find_promised_time

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"
AT = datetime(2026, 11, 5, 14, 0, tzinfo=BEIJING)  # a Thursday

ADMITTED = (
    "您这单确实没发出去",
    "您这单是我们漏发了一张卡",
    "这张卡是我们发错了",
    "这批卡密确实有问题",
    "您这张卡已经被别人用过了",
    "是我们上架传错批次了",
    "价格标错了，是我们的失误",
    "我们把您的订单取消了",
    "这个卡密我们重复发给别人了",
    "区服是我们发错了",
    "这张是测试卡，发错了",
)


@pytest.fixture(scope="module")
def gold() -> list[dict[str, Any]]:
    """The labelled lines that are only scored on."""
    path = CASES / "lines.jsonl"
    if not path.is_file():
        pytest.skip("shared/cases/lines.jsonl is not here")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


@pytest.fixture(scope="module")
def scorer() -> ModuleType:
    """The scoring functions that come with the lines."""
    path = CASES / "score_lines.py"
    if not path.is_file():
        pytest.skip("shared/cases/score_lines.py is not here")
    spec = importlib.util.spec_from_file_location("score_lines", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _lines(rows: list[dict[str, Any]]) -> list[Line]:
    return [
        Line(
            Speaker(row["speaker"]),
            row["text"],
            parse_iso(row["at"]) if row.get("at") else None,
            row.get("context", ""),
        )
        for row in rows
    ]


def _is_admission(text: str, speaker: Speaker = Speaker.MERCHANT, context: str = "") -> bool:
    return bool(ADMISSIONS & set(label_line(Line(speaker, text, context=context))))


def test_unseen_lines_are_labelled_well(gold: list[dict[str, Any]], scorer: ModuleType) -> None:
    """Macro-F1 is at least 0.85 and at most one merchant line in fifty becomes an admission that
    is none."""
    pred = [{"labels": [str(x) for x in found.labels]} for found in label_lines(_lines(gold))]
    assert scorer.macro(scorer.table(gold, pred)) >= 0.85
    negative = [
        (row, found)
        for row, found in zip(gold, pred, strict=True)
        if row["speaker"] != "buyer" and not scorer.ADM & set(row["labels"])
    ]
    false = [row["text"] for row, found in negative if scorer.ADM & set(found["labels"])]
    assert len(false) <= 0.02 * len(negative), false


def test_promised_days_of_unseen_lines(gold: list[dict[str, Any]]) -> None:
    """Where a line promises a time, the time found is the right one, to the minute."""
    dated = [row for row in gold if row.get("by")]
    for row in dated:
        found = find_promised_time(row["text"], parse_iso(row["at"]))
        assert found is not None, row["text"]
        assert found.isoformat()[: len(row["by"])] == row["by"], row["text"]


def test_nothing_scored_on_was_trained_on(gold: list[dict[str, Any]]) -> None:
    """No training text equals a scored one, also after spelling and decoration are evened out."""
    trained = {
        normalise(line["text"]) for line in train_chat_labels.read_lines(train_chat_labels.LINES)
    }
    assert not trained & {normalise(row["text"]) for row in gold}


def test_model_was_trained_on_these_lines() -> None:
    """The model names the digest of its training files: a stale one is noticed."""
    assert load_model().digest == train_chat_labels.digest_lines(train_chat_labels.LINES)


def test_training_lines_are_well_formed() -> None:
    """Every training line has a known speaker and labels that this speaker can carry."""
    for row in train_chat_labels.read_lines(train_chat_labels.LINES):
        allowed = labels_of(Speaker(row["speaker"]))
        assert row["labels"], row
        assert {Label(label) for label in row["labels"]} <= allowed, row


@pytest.mark.parametrize("text", ADMITTED)
def test_plain_admissions_are_seen(text: str) -> None:
    """Said straight about this order, each of these is an admission."""
    assert _is_admission(text)


_FACTS = st.sampled_from(
    (
        "没发货",
        "漏发了",
        "发错了卡",
        "卡密无效",
        "卡密被用过了",
        "卡有问题",
        "面值发错了",
        "没给您充上",
        "重复发了卡",
        "发的是测试卡",
    )
)
_HYPOTHESES = st.sampled_from(
    (
        "如果是我们{0}，肯定给您处理",
        "如果真的{0}的话，我们会补的",
        "要是查出来确实{0}，就给您退",
        "假如{0}，我们承担责任",
        "万一{0}了我们会负责的",
        "核实后如果确实{0}再给您换",
        "真是我们{0}的话肯定赔",
        "只要查实是我们{0}就给您退",
    )
)
_QUESTIONS = st.sampled_from(
    ("您是说我们{0}吗？", "是{0}吗", "您那边显示{0}？", "确定{0}了吗？", "是不是{0}", "{0}吗亲")
)
_QUOTES = st.sampled_from(
    (
        "您反馈的“{0}”的问题已经记录",
        "您说“{0}”，这个需要核实",
        "工单标题：“{0}”，已受理",
        "您反映的「{0}」我们正在核查",
    )
)
_DENIALS = st.sampled_from(
    (
        "我们没有说{0}",
        "不存在{0}的情况",
        "我们不可能{0}",
        "从来没有{0}过",
        "谁说我们{0}了",
        "我可没承认{0}",
        "怎么可能{0}呢",
    )
)


@pytest.mark.parametrize("speaker", [Speaker.MERCHANT, Speaker.PLATFORM])
@given(frame=st.one_of(_HYPOTHESES, _QUESTIONS, _QUOTES, _DENIALS), fact=_FACTS)
@settings(max_examples=300, deadline=None)
def test_what_is_not_asserted_is_no_admission(frame: str, fact: str, speaker: Speaker) -> None:
    """A hypothesis, a question, a quotation or a denial puts no words into anybody's mouth."""
    assert not _is_admission(frame.format(fact), speaker)


@given(text=st.text(max_size=300), context=st.text(max_size=100))
@settings(max_examples=200, deadline=None)
def test_any_text_gets_labels_its_speaker_can_carry(text: str, context: str) -> None:
    """Whatever is typed, there is at least one label, and only labels of that speaker."""
    for speaker in (Speaker.BUYER, Speaker.MERCHANT, Speaker.PLATFORM):
        labels = label_line(Line(speaker, text, context=context))
        assert labels and set(labels) <= labels_of(speaker)


def test_system_lines_are_neutral() -> None:
    """A notice of the system is nobody's admission."""
    assert label_line(Line(Speaker.SYSTEM, "商家没发货")) == (Label.NEUTRAL,)


def test_a_line_of_ten_megabytes_is_no_trouble() -> None:
    """It is labelled like its beginning; what grew with its square would take hours."""
    said = "明天12点前退，“没发货”吗？"
    short = label_lines([Line(Speaker.MERCHANT, said * 1000, AT)])
    assert label_lines([Line(Speaker.MERCHANT, said * 600_000, AT)]) == short


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("半小时后给您发", "2026-11-05T14:30"),
        ("半个小时内给您", "2026-11-05T14:30"),
        ("一小时内", "2026-11-05T15:00"),
        ("1.5小时内", "2026-11-05T15:30"),
        ("一个半小时", "2026-11-05T15:30"),
        ("两个钟头", "2026-11-05T16:00"),
        ("48小时内", "2026-11-07T14:00"),
        ("24h内", "2026-11-06T14:00"),
        ("十五分钟", "2026-11-05T14:15"),
        ("三十五分钟内", "2026-11-05T14:35"),
        ("一百二十分钟内", "2026-11-05T16:00"),
        ("5-10分钟", "2026-11-05T14:10"),
        ("五六个小时", "2026-11-05T20:00"),
        ("两个工作日内", "2026-11-09"),
        ("1-3个工作日", "2026-11-10"),
        ("3到5个工作日内", "2026-11-12"),
        ("三天内", "2026-11-08"),
        ("两三天", "2026-11-08"),
        ("三日内", "2026-11-08"),
        ("一周内", "2026-11-12"),
        ("下周三前", "2026-11-11"),
        ("下周一", "2026-11-09"),
        ("下下周一", "2026-11-16"),
        ("周五之前", "2026-11-06"),
        ("本周日", "2026-11-08"),
        ("周日晚上8点", "2026-11-08T20:00"),
        ("最晚下周五下午6点", "2026-11-13T18:00"),
        ("明天", "2026-11-06"),
        ("明早9点", "2026-11-06T09:00"),
        ("明天上午10点前", "2026-11-06T10:00"),
        ("明天下午三点", "2026-11-06T15:00"),
        ("明晚8点", "2026-11-06T20:00"),
        ("明晚12点", "2026-11-06T23:59"),
        ("次日到账", "2026-11-06"),
        ("今明两天", "2026-11-06"),
        ("后天", "2026-11-07"),
        ("大后天", "2026-11-08"),
        ("今晚", "2026-11-05"),
        ("今晚零点", "2026-11-05T23:59"),
        ("今晚12点前", "2026-11-05T23:59"),
        ("今天24点前", "2026-11-05T23:59"),
        ("今天之内", "2026-11-05T23:59"),
        ("今天下班前", "2026-11-05"),
        ("今晚8点前", "2026-11-05T20:00"),
        ("晚上九点半前给您", "2026-11-05T21:30"),
        ("下午五点半之前", "2026-11-05T17:30"),
        ("凌晨2点前", "2026-11-06T02:00"),
        ("8点前给您", "2026-11-05T20:00"),
        ("18点30分前", "2026-11-05T18:30"),
        ("11月8号", "2026-11-08"),
        ("1月3日", "2027-01-03"),
        ("8号前", "2026-11-08"),
        ("3号", "2026-12-03"),
        ("下个月5号", "2026-12-05"),
        ("15日18:00前", "2026-11-15T18:00"),
        ("月底前给您退", "2026-11-30"),
        ("下月底", "2026-12-31"),
    ],
)
def test_promised_times(text: str, end: str) -> None:
    """Every usual spelling of a time gives its end, counted from when it was said."""
    found = find_promised_time(text, AT)
    assert found is not None
    kind = datetime if "T" in end else date
    assert type(found) is kind
    assert found.isoformat()[: len(end)] == end


@pytest.mark.parametrize(
    "text",
    [
        *("马上", "尽快", "一会", "稍等", "过两天", "过几天", "这两天", "几天内", "国庆后", "年后"),
        *("十来天", "彻底解决", "到底", "底价", "晚上给您"),
    ],
)
def test_vague_words_promise_no_time(text: str) -> None:
    """Words without a computable end give none rather than a guess."""
    assert find_promised_time(text, AT) is None


@given(
    st.text(
        alphabet="0123456789十百两三半个月日号点时分前后天周内明今晚下：:- 小时工作底", max_size=30
    )
)
@settings(max_examples=500, deadline=None)
def test_any_time_wording_is_survived(text: str) -> None:
    """However a time is garbled, the answer is a time or none, never an error."""
    found = find_promised_time(text, AT)
    assert found is None or isinstance(found, date)
