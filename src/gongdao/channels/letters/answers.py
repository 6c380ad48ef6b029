"""The answer and the counter-question to each excuse that occurred."""

from __future__ import annotations

import re
from collections.abc import Collection

from gongdao.channels.letters.matter import Matter
from gongdao.channels.letters.part import LetterPart, cited, free
from gongdao.core.codes import Kind, Reason, Speaker
from gongdao.evidence.dossier import time_of
from gongdao.evidence.evasions import Evasion
from gongdao.rules import queries
from gongdao.rules.model import Article

_MOST_CITED = 2
_ABOUT_SECRETS = frozenset(
    {
        Reason.INVALID_SECRET,
        Reason.ALREADY_REDEEMED,
        Reason.DUPLICATE_SECRET,
        Reason.TEST_CARD_SOLD_AS_REAL,
        Reason.WRONG_DENOMINATION,
        Reason.MISDESCRIBED,
        Reason.REGION_MISMATCH,
        Reason.RECLAIMED_OR_BANNED,
    }
)
_MUST_NAME = {
    "already_shipped": r"已[^，。]{0,5}(?:发|充|到账|交付|完成)|发货|发出(?!去)|发了|充值成功|到账",
    "user_error": r"自己|本人|操作|用掉|[记输填弄搞选看]错|误[操使]"
    r"|使用不当|泄露|网页版|客户端|账号"
    r"|(?:您|你|客户|买家|用户)[^，。？]{0,8}(?:用过|充过|看过|使用|兑换|领)",
    "upstream": r"上游|供货|供应|货源|渠道|库存|进货|厂家|总代|卡商|缺货|没货|断货|补货|来货|到货",
    "third_party": r"第三方|接口|运营商|移动|联通|电信|厂商|官方|游戏公司|通道|发行|代充|外包"
    r"|公司|平台",
}
_CRIMINAL_LAWS = frozenset({"criminal_law", "anti_telecom_fraud_law", "spc_spp_fraud_2011"})


def answers_of(m: Matter, speakers: Collection[Speaker]) -> list[LetterPart]:
    """One numbered paragraph for each excuse of these speakers: what was said and why it does
    not do, which is locked; what to show, which can be worded otherwise."""
    by_line: dict[tuple[str, str], list[Evasion]] = {}
    for evasion in m.evasions:
        if evasion.speaker in speakers and _is_meant(evasion):
            by_line.setdefault((evasion.exhibit, evasion.quote), []).append(evasion)
    return [part for group in by_line.values() for part in _answer(m, group)]


def short_answers(m: Matter, speakers: Collection[Speaker]) -> tuple[str, ...]:
    """The counter-questions alone."""
    said = [e for e in m.evasions if e.speaker in speakers and _is_meant(e)]
    return tuple(_texts(m, e)[1] for e in said)


def _is_meant(evasion: Evasion) -> bool:
    """Whether the line names what its excuse is about: an answer to what nobody said is silly."""
    words = _MUST_NAME.get(evasion.code)
    return words is None or bool(re.search(words, evasion.quote))


def _answer(m: Matter, said: list[Evasion]) -> tuple[LetterPart, LetterPart]:
    """The answer to one line, which may hold several excuses."""
    first = said[0]
    who = "平台" if first.speaker is Speaker.PLATFORM else "商家"
    quote = m.quote(first.quote) if m.quotable(first.quote) else ""
    if not quote:
        rules = (queries.evasion(e.code, m.on).name for e in said)
        quote = "、".join(f"“{name}”" for name in rules) + "一类的说法"
    texts = [_texts(m, e) for e in said]
    why = "；".join(text.rstrip("。") for text, _ in texts)
    asks = "".join(dict.fromkeys(ask for _, ask in texts))
    cites = m.cites(_articles(m, said))
    basis = f"（参见{cites}）" if cites else ""
    told = f"就{who}所称{quote}{m.cite((first.exhibit,))}：{why}{basis}。"
    return (
        cited(f"answer:{first.code}", told, (first.exhibit,), group="answers"),
        free(f"answer:{first.code}:ask", asks, breaks=0),
    )


def _articles(m: Matter, said: list[Evasion]) -> list[Article]:
    """The first articles of each answer that may be named and were in force."""
    found: dict[str, Article] = {}
    for evasion in said:
        fits = [
            a
            for a in queries.answer_to(evasion.code, m.consumer, m.on).articles
            if (m.consumer or a.law not in queries.CONSUMER_LAWS)
            and (m.fraud or a.law not in _CRIMINAL_LAWS)
            and queries.articles((a.id,), m.event_day).articles
        ]
        found |= {a.id: a for a in fits[:_MOST_CITED]}
    return list(found.values())


def _texts(m: Matter, evasion: Evasion) -> tuple[str, str]:
    """Answer and question, fitted where the excuse is true as far as it goes."""
    reasons = frozenset(m.dossier.statement.claim.reasons)
    if evasion.code == "already_shipped" and reasons & _ABOUT_SECRETS and _arrived(m):
        return (
            "争议不在是否发出，而在所发的东西是否符合约定；发出不符合约定的商品，不等于已经履行",
            "请说明依据哪条规定，发出之后就不承担与约定不符的责任。",
        )
    answer = queries.answer_to(evasion.code, m.consumer, m.on)
    if evasion.code == "system_delay" and _arrived(m):
        return answer.text, "请提供系统延迟的起止时间和依据，并说明为什么由买家承担后果。"
    return answer.text, answer.ask


def _arrived(m: Matter) -> bool:
    seen = m.dossier.first("delivered_at", Kind.ORDER_PAGE, Kind.CARD_PAGE)
    if time_of(seen) or m.dossier.statement.order.delivered_at:
        return True
    return bool(m.dossier.of(Kind.CARD_PAGE))
