"""Which articles and which of the platform's own clauses a letter rests on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gongdao.channels.letters.matter import Matter
from gongdao.channels.letters.part import LetterPart, cited, free
from gongdao.core.codes import Demand, Kind, Reason
from gongdao.evidence.reading import Exhibit
from gongdao.rules import queries
from gongdao.rules.model import Article

_OF_DECEIT = frozenset({"civil_code/148", "civil_code/152", "civil_code/500"})
_OF_NULLITY = frozenset({"civil_code/155", "civil_code/157"})
_OF_CRIME = frozenset({"anti_telecom_fraud_law", "criminal_law", "spc_spp_fraud_2011"})
_TOPICS: dict[Reason, str] = {
    Reason.CANCELLED_BY_MERCHANT: r"取消|成立|下单|标价|缺货",
    Reason.REFUND_REFUSED: r"退款|退货|售后|退换",
    Reason.LATE_DELIVERY: r"发货|时效|延迟|到账",
    Reason.NOT_DELIVERED: r"发货|未发|到账|退款",
    Reason.TOPUP_NOT_CREDITED: r"到账|充值|退款",
    Reason.HOURS_MISREPRESENTED: r"服务时间|时效|到账|发货",
    Reason.FAKE_DISCOUNT: r"价格|划线|促销|折扣",
    Reason.IDENTITY_WITHHELD: r"商家信息|入驻|资质|卖家信息|身份",
    Reason.REGION_MISMATCH: r"地区|区服|限制|退款",
}
_ANY_TOPIC = r"退款|售后|卡密|无效|赔付|争议|投诉"
_CLAUSE = re.compile(
    r"\s*(第[一二三四五六七八九十百零〇\d]{1,6}[条款]|\d{1,2}(?:\.\d{1,2}){1,3}"
    r"|\d{1,2}(?=[.、．][^\d])|[（(][一二三四五六七八九十\d]{1,3}[)）])[、.．:：]?\s*(.+)"
)
_MOST_CLAUSES, _MOST_ARTICLES, _LONGEST_CLAUSE = 2, 6, 600


@dataclass(frozen=True)
class Clause:
    """A numbered clause of the saved terms. ``number`` as written there."""

    number: str
    text: str
    exhibit: str


def articles_of(m: Matter, *, most: int = _MOST_ARTICLES) -> tuple[Article, ...]:
    """The articles for the claimed reasons, taking turns, the strongest first: in force when it
    happened and still on the day of the letter."""
    reasons = m.dossier.statement.claim.reasons
    lists = []
    for reason in reasons:
        rule = queries.reason(reason.value, m.on)
        ids = rule.consumer if m.consumer else rule.non_consumer
        lists.append(_lawful(m, queries.articles(ids, m.event_day).articles))
    if m.closure.respondent.paid_to_person:
        situation = queries.situation("paid_to_person", m.on)
        ids = situation.adds if m.consumer else situation.non_consumer_adds
        lists.append(_lawful(m, queries.articles(ids, m.event_day).articles))
    return tuple(_take_turns(lists))[:most]


def articles_to_report(m: Matter, *, most: int = 4) -> tuple[Article, ...]:
    """The articles whose breach an authority can punish."""
    reasons = m.dossier.statement.claim.reasons
    lists = [
        _lawful(m, queries.articles(queries.reason(r.value, m.on).report, m.event_day).articles)
        for r in reasons
    ]
    return tuple(_take_turns(lists))[:most]


def articles_by_id(m: Matter, *ids: str) -> tuple[Article, ...]:
    """Those of ``ids`` in force on the day of the letter."""
    return _lawful(m, queries.articles(ids, m.on).articles)


def _lawful(m: Matter, found: Iterable[Article]) -> tuple[Article, ...]:
    kept = []
    for article in found:
        if article.law in queries.CONSUMER_LAWS and not m.consumer:
            continue
        if not m.fraud and (article.id in _OF_DECEIT or article.law in _OF_CRIME):
            continue
        if article.id in _OF_NULLITY and not m.minor:
            continue
        if queries.articles((article.id,), m.on).articles:
            kept.append(article)
    return tuple(kept)


def _take_turns(lists: list[tuple[Article, ...]]) -> list[Article]:
    found: dict[str, Article] = {}
    for place in range(max((len(one) for one in lists), default=0)):
        for one in lists:
            if place < len(one):
                found.setdefault(one[place].id, one[place])
    return list(found.values())


def reasoning_of(m: Matter) -> tuple[str, ...]:
    """For each claimed reason our own sentence why the law supports the demand."""
    told: list[str] = []
    for reason in m.dossier.statement.claim.reasons:
        rule = queries.reason(reason.value, m.on)
        told.append(rule.reasoning)
        if m.consumer and rule.consumer_reasoning:
            told.append(rule.consumer_reasoning)
    return tuple(dict.fromkeys(told))


def clauses_of(m: Matter) -> tuple[Clause, ...]:
    """The platform's own clauses that speak to the matter, from the saved terms."""
    found: list[tuple[int, Clause]] = []
    reasons = m.dossier.statement.claim.reasons
    topics = [_TOPICS[r] for r in reasons if r in _TOPICS]
    for exhibit in m.dossier.of(Kind.SERVICE_TERMS):
        for number, text in _numbered(exhibit):
            if len(text) < 6 or not m.quotable(text):
                continue
            score = 2 * sum(bool(re.search(t, text)) for t in topics)
            score += bool(re.search(_ANY_TOPIC, text))
            if score:
                found.append((score, Clause(number, text, exhibit.path)))
    found.sort(key=lambda pair: -pair[0])
    return tuple(clause for _, clause in found[:_MOST_CLAUSES])


def _numbered(exhibit: Exhibit) -> Iterator[tuple[str, str]]:
    """Number and text of each clause; lines without a number continue the one before."""
    number, text = "", ""
    for line in exhibit.lines:
        match = _CLAUSE.match(line.text[:2000])
        if match:
            if number:
                yield number, text
            number, text = match[1], match[2].strip()
        elif number and len(text) < _LONGEST_CLAUSE:
            text += line.text.strip()[:_LONGEST_CLAUSE]
    if number:
        yield number, text


def rules_listed(articles: Iterable[Article]) -> list[LetterPart]:
    """The articles, numbered, each with our own sentence of what it gives."""
    return [cited(a.id, f"{a.cite}：{a.gives}", group="rules") for a in articles]


def terms_sentences(m: Matter) -> list[LetterPart]:
    """The clauses by number, or that no terms were supplied and the platform is to name them."""
    clauses = clauses_of(m)
    if clauses:
        return [
            cited(
                f"clause:{c.number}",
                f"平台规则{_number(c.number)}：{m.quote(c.text, 120)}{m.cite((c.exhibit,))}。",
                (c.exhibit,),
            )
            for c in clauses
        ]
    terms = tuple(e.path for e in m.dossier.of(Kind.SERVICE_TERMS))
    if terms:
        told = f"已保存的平台规则{m.cite(terms)}中未见可直接引用的编号条款，"
        return [cited("clause", f"{told}请写明处理本单所依据的条款编号。", terms)]
    told = "目前没有取得平台规则文本；如以平台规则作为处理依据，请写明条款编号并提供全文。"
    return [free("no_terms", told)]


def _number(number: str) -> str:
    return number if number.startswith(("第", "（", "(")) else f"第{number}条"


def punitive_sentence(m: Matter) -> str:
    """The conditional wording for extra damages; empty unless they were asked for."""
    if not m.punitive:
        return ""
    ids = ("consumer_protection_law/55",)
    cites = "、".join(a.cite for a in articles_by_id(m, *ids))
    if not cites:
        return ""
    return (
        f"如经查明存在欺诈行为，请依照{cites}承担增加赔偿的责任，是否构成欺诈以有权机关的认定为准"
    )


def is_wanted(m: Matter, demand: Demand) -> bool:
    """Whether the buyer asks for ``demand`` at all."""
    claim = m.dossier.statement.claim
    return demand in {claim.demand, *(also.demand for also in claim.also)}
