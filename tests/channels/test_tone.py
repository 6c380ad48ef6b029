"""The tone check: what it must find and where it must stay silent."""

from __future__ import annotations

import json

import pytest
from tests.channels.stories import CASES, NAMES, read_story

from gongdao.channels.tone import check_tone
from gongdao.core.codes import Speaker
from gongdao.core.language import use_language


def _codes(text: str) -> set[str]:
    return {flag.code for flag in check_tone(texts=[("a", text)])}


@pytest.mark.parametrize(
    "text",
    [
        "骗子",
        "你们这些骗子还钱",
        "黑心店去死",
        "垃圾店 还钱！！",
        "TMD 一天了不发货",
        "什么狗屁客服",
        "你个王八蛋",
        "sb商家",
        "傻X客服",
        "真不要脸",
        "滚蛋",
        "放你妈的屁",
        "你们是一伙的",
        "300块钱你拿去买棺材吧",
    ],
)
def test_insults_from_mild_to_curse(text: str) -> None:
    """Words and abbreviations of abuse are found."""
    assert "abusive" in _codes(text)


@pytest.mark.parametrize(
    "text",
    [
        "今天不退款我就发抖音曝光你们",
        "要么退钱要么我找媒体曝光",
        "赔我一千，否则发到全网",
        "给我2000我就撤诉",
        "退款我就删帖",
        "你等着，我知道你家在哪",
        "再不退钱弄死你",
        "让你们店开不下去",
    ],
)
def test_threats_and_pay_or_publish(text: str) -> None:
    """Threats of harm, and anything like money for silence."""
    assert "threat" in _codes(text)


@pytest.mark.parametrize(
    "text", ["全是骗人的", "所有人都说没到账", "我找了你们无数次", "绝对是假的", "说了一万遍"]
)
def test_exaggeration(text: str) -> None:
    """Claims about everybody and countless times."""
    assert "exaggeration" in _codes(text)


@pytest.mark.parametrize(
    "text",
    [
        "你这是犯罪",
        "你们构成诈骗罪",
        "必须赔三倍",
        "退一赔三，一分不能少",
        "你要坐牢的",
        "这属于诈骗",
    ],
)
def test_legal_over_claims(text: str) -> None:
    """Findings that are a court's to make."""
    assert "legal_overclaim" in _codes(text)


@pytest.mark.parametrize(
    "text",
    [
        "不退我就走投诉了",
        "请今天内退款，不退我就走投诉了",
        "再不处理我就打12315，该起诉起诉",
        "我会报警",
        "请问这算诈骗吗",
        "我担心是诈骗，先问一下",
        "怎么防诈骗？",
        "卡密无效，请退款",
        "输了十遍都说不存在",
        "垃圾分类小程序会员能充吗",
        "滚动条拉不下去，看不到订单",
        "页面写的假一赔十 失效24小时包换",
        "电脑卡死了，稍后发截图",
        "凭什么取消我订单？我付款成功了",
        "一天了。到底充没充？不充就退钱",
        "要么给我充会员，要么原路退并赔差价",
        "不是秒到账吗？？",
        "请在3天内退款，否则我将向市场监管部门投诉",
        "没收到，不退款我只能去消协了",
        "商品标签是sbw-12",
        "我买的是《骗子酒馆》的激活码",
        "吸血鬼幸存者激活码无效",
        "我可没骂你们骗子，只是要退款",
        "猪年纪念卡还没到",
        "体操直播会员打不开",
        "我已经公开透明地把截图发给你了",
    ],
)
def test_silent_on_calm_words(text: str) -> None:
    """Lawful announcements, questions and plain facts are nobody's insult or threat."""
    assert _codes(text) == set()


@pytest.mark.parametrize("name", NAMES)
def test_example_cases(name: str) -> None:
    """Only the abusive buyer is told so."""
    story = read_story(name)
    texts = [(line.exhibit, line.message.text) for line in story.dossier.lines_of(Speaker.BUYER)]
    texts += [("case.toml", c.note) for c in story.dossier.statement.contacts]
    codes = {flag.code for flag in check_tone(texts=texts)}
    want = {t if isinstance(t, str) else t["code"] for t in story.expected["tone_flags"]}
    assert want <= codes
    assert want or "abusive" not in codes


def test_labelled_lines() -> None:
    """On the labelled buyer lines ``abusive`` is found exactly where it is marked."""
    if not CASES.is_dir():
        pytest.skip("the shared example cases are not at hand")
    for raw in (CASES / "lines.jsonl").read_text(encoding="utf-8").splitlines():
        line = json.loads(raw)
        if line["speaker"] == "buyer":
            assert ("abusive" in _codes(line["text"])) is ("abusive" in line["labels"]), line


def test_flags_name_place_words_and_a_calmer_wording() -> None:
    """One flag a kind and text, with a wording that is itself calm, in both languages."""
    for language in ("zh", "en"):
        use_language(language)
        try:
            flags = check_tone(texts=[("during/chat.txt", "骗子！！骗子。不退钱我就曝光你")])
        finally:
            use_language("zh")
        assert [f.code for f in flags] == ["abusive", "threat"]
        assert flags[0].exhibit == "during/chat.txt" and flags[0].quote == "骗子！！"
        assert all(f.calmer for f in flags)
