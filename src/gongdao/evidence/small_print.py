"""A promise that the same page's small print takes back [C4]. Pure.

Hours of the people who answer questions (客服时间) restrict no automatic delivery; a no-refund
clause restricts only a promised refund; what the small print denies ("no second-hand cards") it
does not take back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from gongdao.core.codes import Kind
from gongdao.evidence.dossier import Dossier
from gongdao.evidence.finding import Contradiction
from gongdao.evidence.promise import read_promise
from gongdao.evidence.reading import Exhibit

_SOON = timedelta(hours=2)
_DAYS = r"(?:工作日|周[一二三四五六日]至周[一二三四五六日]|每[天日])?\s*"
_CLOCKS = re.compile(
    _DAYS
    + r"\d{1,2}\s*[:：点时]\s*\d{0,2}\s*[-—–~～至到]+\s*(?:次日)?\d{1,2}\s*[:：点时]\s*\d{0,2}"
)
_ABOUT_TALK = re.compile(r"客服|售后|人工|咨询|答疑|在线时间|退款处理|回复")
_ABOUT_GOODS = re.compile(
    r"充值|发[货卡码]|到账|提卡|处理订单|订单处理|出卡|交付|下单后|营业|服务时间"
)
_HOURS_WORD = re.compile(
    r"工作日|每[天日]|(?:服务|充值|营业|发货|发卡|处理|客服|人工|工作|到账)(?:在线)?时间|发[货卡]|充值|到账|处理"
)
_NEGATED = re.compile(
    r"(?:非|不是|绝不|并不|不|无|没有|拒绝|杜绝|未|不含|不卖|不售|不收)[^，,；]{0,3}$"
)
_OPPOSITES: tuple[tuple[str, str], ...] = (
    (
        r"全国通用|全网通用|全网通|三网|不限地区|不限区|全区|全服|全球|任意|通用",
        r"(?:仅限|只限|限于|仅支持|只支持|仅可|仅能|只能)(?!全国|国内|中国大陆)[^，,；]{0,10}(?:地区|省|[区服]|移动|联通|电信|账号|账户)"
        r"|不支持[^，,；]{0,8}(?:地区|省份|国服|中国大陆|移动|联通|电信)"
        r"|(?:移动|联通|电信|[\u4e00-\u9fff]{2}省)[^，,；]{0,4}除外",
    ),
    (
        r"国服|国区|中国大陆",
        r"(?:仅限|只限|限于|仅支持|只支持|仅可|只能)[^，,；]{0,6}(?:[美日港台韩欧外]|海外)[区服]"
        r"|不支持[^，,；]{0,6}(?:国服|国区|中国大陆)",
    ),
    (
        r"足额|全额到账|面值.{0,6}元",
        r"实际到账[^，,；]{0,8}(?:折|[89]\d%)|扣除[^，,；]{0,6}手续费|以实际到账",
    ),
    (r"永久|终身", r"有效期|到期|(?:\d+|[一两三六])\s*(?:天|个月|月|年)(?:内|后)?(?:有效|失效)"),
    (
        r"正式卡|全新|未使用|未激活|正品|一手",
        r"体验卡|测试卡|试用卡|非正式|二手卡?|回收卡|回收渠道|可能(?:已|被)使用",
    ),
    (
        r"不到.{0,2}退|充不上.{0,4}退|包退|无效.{0,3}退|不满意.{0,3}退",
        r"一经.{0,4}概不(?:退|负责)|不退不换|概不退[换款]|不支持退款|不予退款",
    ),
)  # fmt: skip


def find_taken_back(dossier: Dossier) -> Iterator[Contradiction]:
    """``promise_vs_small_print``: at most one for each page."""
    stated = dossier.statement.order.promise
    for exhibit in dossier.of(Kind.LISTING_PAGE, Kind.SERVICE_TERMS):
        shown = "；".join(
            exhibit.fields[n].value for n in ("promise", "promises") if n in exhibit.fields
        )
        clause = _hours_against(f"{stated}；{shown}", exhibit) or _taken_back(
            stated or shown, _text(exhibit, "small_print")
        )
        if clause and (stated or shown):
            yield Contradiction("promise_vs_small_print", stated or shown, exhibit.path, clause)


def _text(exhibit: Exhibit, name: str) -> str:
    return exhibit.fields[name].value if name in exhibit.fields else ""


def _hours_against(promised: str, exhibit: Exhibit) -> str:
    """The hours on the page that restrict a prompt or round-the-clock promise, or nothing."""
    promise = read_promise(promised)
    soon = promise.within is not None and promise.within <= _SOON
    if not (soon or promise.all_day):
        return ""
    talk = bool(re.search(r"客服|售后|人工", promised)) and promise.all_day
    hours, small = _text(exhibit, "service_hours"), _text(exhibit, "small_print")
    if hours:
        around = _clause_with(hours, exhibit)
        if _round_the_clock(hours) or not _restricts(around, talk=talk):
            return ""
        return hours
    for clause in re.split(r"[。；;\n]", small):
        match = _CLOCKS.search(clause)
        if match and _HOURS_WORD.search(clause) and _restricts(clause, talk=talk):
            if _round_the_clock(match.group(0)):
                return ""
            return match.group(0).strip()
    return ""


def _clause_with(hours: str, exhibit: Exhibit) -> str:
    """The clause of the page that holds these hours, blanks and width apart."""
    wanted = _plain(hours)
    texts = (_text(exhibit, "small_print"), *(line.text for line in exhibit.lines))
    for text in texts:
        for clause in re.split(r"[。；;\n]", text):
            if wanted in _plain(clause):
                return clause
    return ""


def _plain(text: str) -> str:
    return re.sub(r"[\s—–~～至到-]+", "-", text.replace("：", ":")).replace("-", "")


def _restricts(clause: str, *, talk: bool) -> bool:
    """Whether hours in ``clause`` bind the delivery; hours of customer service bind only a
    promise about customer service (``talk``)."""
    parts = re.split(r"[，,]", clause)
    with_clock = next((part for part in parts if _CLOCKS.search(part)), clause)
    if _ABOUT_TALK.search(with_clock) and not _ABOUT_GOODS.search(with_clock):
        return talk
    if re.search(r"自动发[货卡]|24\s*小时", clause) and _ABOUT_TALK.search(clause):
        return talk
    return True


def _round_the_clock(hours: str) -> bool:
    return bool(re.search(r"24\s*小时|全天|0?0[:：]00\s*[-—–~～至到]+\s*2[34][:：]", hours))


def _taken_back(promise: str, small_print: str) -> str:
    """The clause of the small print that takes back what ``promise`` gives, or nothing."""
    for gives, takes in _OPPOSITES:
        if not re.search(gives, promise):
            continue
        for clause in re.split(r"[。；;\n]", small_print):
            match = re.search(takes, clause)
            if match and not _NEGATED.search(clause[: match.start()]):
                return clause.strip()
    return ""
