"""Guide pages that cut across problems: a minor bought, before buying, screenshots, being scammed.

What they state of the rules comes from the rules; the rest is advice on how to save and send.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from gongdao.casework.guide import circumstance_of, place_of
from gongdao.casework.guide_page import Basis, Circumstance, Guide, Line, Section, Used, text_of
from gongdao.casework.guide_words import KIND_HINTS
from gongdao.casework.words import KIND_NAMES, STAGE_NAMES
from gongdao.core.codes import STAGE_OF_KIND, Kind, Stage
from gongdao.core.language import gettext as _
from gongdao.core.language import language, translated
from gongdao.rules import queries

_MOST_ARTICLES = 9


def topics() -> tuple[str, ...]:
    """The codes of all such pages."""
    return tuple(_TOPICS)


def topic_for(code: str, on: date) -> Guide:
    """One page, in the language in use; raise KeyError for an unknown code."""
    return _TOPICS[code](code, on)


def _lines(*texts: str) -> tuple[Line, ...]:
    return tuple(Line(text) for text in texts)


def _do_and_never(one: Circumstance) -> tuple[Section, ...]:
    do = Section("do", _("要做"), _lines(*one.do))
    never = Section("never", _("不要做"), _lines(*one.never))
    return (do, never) if one.never else (do,)


def _law_of(code: str, on: date, used: Used) -> Section:
    found = queries.situation(code, on)
    articles = queries.articles(found.adds, on).articles[:_MOST_ARTICLES]
    used.all(articles)
    lines = tuple(Line(text_of(a, "gives"), Basis.LAW, a.cite_short) for a in articles)
    return Section("law", _("依据（法律）"), lines)


def _evidence_of(code: str, on: date) -> Section:
    kinds = [Kind(kind) for kind in queries.situation(code, on).evidence]
    return Section("save", _("存什么"), tuple(_hint(kind) for kind in kinds))


def _hint(kind: Kind) -> Line:
    colon = ": " if language() == "en" else "："
    return Line(f"{translated(KIND_NAMES[kind])}{colon}{translated(KIND_HINTS[kind])}")


def _minor(code: str, on: date) -> Guide:
    used = Used()
    one = circumstance_of("minor", on, used)
    rule = queries.reason("bought_by_minor", on)
    used.of(rule)
    who = Section(
        "papers",
        _("监护人要准备的"),
        _lines(
            _("亲子关系和年龄的证明：户口簿或出生证明。只交给要核对的单位，不要公开。"),
            _("孩子操作的证明：用的是谁的设备和账号、登录时间、聊天的口气和内容、付款方式。"),
            _("您知道以后什么时候、怎样表示不同意：写下日期，留好发出的记录。"),
            _("账户里还剩多少没有用掉：余额或到账页的截图。"),
        ),
    )
    expect = Section(
        "expect",
        _("可以指望什么"),
        (
            Line(text_of(rule, "reasoning")),
            Line(_("关键在：{fact}").format(fact=text_of(rule, "decides"))),
            *_lines(*(rule.caveats_en if language() == "en" else rule.caveats)),
        ),
    )
    law = _law_of("minor", on, used)
    first = queries.situation("minor", on).first
    return Guide(
        code=code,
        title=_("未成年人买了怎么办"),
        summary=one.says,
        on=on,
        sections=(*_do_and_never(one), who, _evidence_of("minor", on), law, expect),
        ask=_demand_of_guardian(),
        places=tuple(place_of(c, on, used) for c in (*first, "regulator_complaint", "court")),
        checked=used.checked,
        rules=used.refs,
    )


def _demand_of_guardian() -> str:
    """Goes to a Chinese recipient, so it is Chinese in every language."""
    return (
        "您好，订单（订单号）是我未成年的孩子自行购买和付款的，我作为监护人不同意、不追认这笔交易，"
        "请停止使用并退回款项。请在三日内书面答复；需要核对身份和年龄的材料，我可以按你方的核验渠道提供。"
    )


def _before(code: str, on: date) -> Guide:
    used = Used()
    test = queries.policy("test_at_once", on)
    used.of(test)
    before = [kind for kind in Kind if STAGE_OF_KIND.get(kind) is Stage.BEFORE]
    during = (Kind.ORDER_PAGE, Kind.PAYMENT_RECEIPT, Kind.CHAT)
    after = (Kind.REDEMPTION_RECORDING, Kind.CARD_PAGE)
    stages = ((Stage.BEFORE, tuple(before)), (Stage.DURING, during), (Stage.AFTER, after))
    sections = tuple(
        Section(
            f"save-{stage.value}",
            _("存什么：{stage}").format(stage=translated(STAGE_NAMES[stage])),
            tuple(_hint(kind) for kind in kinds),
        )
        for stage, kinds in stages
    )
    policy = Section(
        "policy", _("公道的做法，不是法律"), (Line(text_of(test, "says"), Basis.POLICY),)
    )
    flags = Section("ask-yourself", _("付款前问自己"), _lines(*red_flags()))
    return Guide(
        code=code,
        title=_("买之前存什么"),
        summary=_("页面上写的，下单以后随时可能改掉；先存下来的改不掉。五分钟就够。"),
        on=on,
        sections=(*sections, flags, policy),
        checked=used.checked,
        rules=used.refs,
    )


def red_flags() -> tuple[str, ...]:
    """Questions before paying, in the language in use. They accuse nobody: each says what to do
    where the answer is not what it should be."""
    return (
        _("价格是不是比别家低很多？低得离谱的，先弄清楚为什么便宜、是不是测试卡。"),
        _("收款的是公司还是个人？在平台以外付给个人的，平台的保障可能用不上，别付。"),
        _("网页底部有没有公司名称和备案号，店铺有没有营业执照？都没有，就不知道能找谁。"),
        _("发货时间和服务时间写清楚了吗？“秒发”后面的小字也要截下来。"),
        _("是不是有人让您买卡，再把卡密发给他？停下来，打 96110 问。"),
        _("对方催您快付、要您离开平台聊，或者要验证码？停下来。"),
    )


def _screens(code: str, on: date) -> Guide:
    whole = Section(
        "whole",
        _("怎么截才完整"),
        _lines(
            _("整页：从店名或订单号一直截到底；一屏放不下就截长图或连续几张，首尾有重叠。"),
            _("时间看得见：手机顶部的时间、订单里的时间、聊天的日期都不要裁掉。"),
            _("号码看得见：订单号、支付单号、店铺名、对方账号。"),
        ),
    )
    original = Section(
        "original",
        _("怎么存才是原件"),
        _lines(
            _("用手机自带的截屏和录屏，存原文件；不要再拍屏幕。"),
            _("不裁剪、不涂画、不拼图；要给人看时另做一份遮住卡密和隐私的，原件留着。"),
            _("不要只靠聊天软件转发：转发会压缩、丢掉时间。直接从相册上传，或发“原图”“文件”。"),
            _("原来的手机、账号和聊天记录别删，需要时可以当面打开核对。"),
        ),
    )
    recording = Section(
        "recording",
        _("怎么录屏"),
        _lines(
            _("先开始录，再打开订单，再点开卡密，再去兑换，直到出现结果；中间不停、不剪。"),
            _("录之前打开时间显示；录的时候顺手点开“账号信息”，让人看到是哪个账号。"),
            _("失败提示停留几秒，把原文录清楚。"),
        ),
    )
    used = Used()
    articles = queries.articles(_SCREEN_LAW, on).articles
    used.all(articles)
    lines = tuple(Line(text_of(a, "gives"), Basis.LAW, a.cite_short) for a in articles)
    return Guide(
        code=code,
        title=_("怎么截图录屏才算数"),
        summary=_("完整、原件、有时间，能对上订单和付款：这样的截图和录屏最难被否认。"),
        on=on,
        sections=(whole, original, recording, Section("law", _("依据（法律）"), lines)),
        checked=used.checked,
        rules=used.refs,
    )


_SCREEN_LAW = (
    "spc_civil_evidence_rules/14",
    "spc_civil_evidence_rules/15",
    "spc_civil_evidence_rules/90",
    "spc_civil_evidence_rules/93",
    "spc_civil_evidence_rules/94",
)


def _scam(code: str, on: date) -> Guide:
    used = Used()
    one = circumstance_of("fraud_suspected", on, used)
    person = circumstance_of("paid_to_person", on, used)
    policy = queries.policy("fraud_moves_up", on)
    used.of(policy)
    phones = Section(
        "phones",
        _("先打电话"),
        _lines(
            _("110：报警。说清什么时候、付给谁、多少钱、怎么付的。"),
            _("96110：反诈专线，不确定是不是被骗也可以问。"),
        ),
    )
    ours = Line(text_of(policy, "says"), Basis.POLICY)
    first = queries.situation("fraud_suspected", on).first
    return Guide(
        code=code,
        title=_("被骗了先做什么"),
        summary=one.says,
        on=on,
        sections=(
            phones,
            *_do_and_never(one),
            _evidence_of("fraud_suspected", on),
            _law_of("fraud_suspected", on, used),
            Section("policy", _("公道的做法，不是法律"), (ours,)),
        ),
        places=tuple(place_of(c, on, used) for c in first),
        circumstances=(person,),
        checked=used.checked,
        rules=used.refs,
    )


_TOPICS: Mapping[str, Callable[[str, date], Guide]] = {
    "scammed": _scam,
    "minor": _minor,
    "before-buying": _before,
    "screenshots": _screens,
}
