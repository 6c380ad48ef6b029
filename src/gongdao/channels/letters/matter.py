"""What every letter draws on: the dossier, its judgement, and the values the exhibits show.

Where exhibit and statement disagree, the exhibit's value is used; where only the statement has a
value, it is marked as the buyer's word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from gongdao.channels.shorten import clip, clip_clauses
from gongdao.channels.tone import is_abusive
from gongdao.core.clock import beijing, say_chinese
from gongdao.core.codes import Admission, Demand, Element, Kind, Proof, Speaker
from gongdao.core.money import Money
from gongdao.evidence.card_secrets import mask_secrets
from gongdao.evidence.closure import Closure
from gongdao.evidence.dossier import (
    Dossier,
    PaymentSeen,
    SaidLine,
    carries_number,
    money_of,
    payments_of,
    same_number,
    time_of,
)
from gongdao.evidence.evasions import Evasion
from gongdao.rules.model import Article, say_article

_CRIME = re.compile(r"诈骗|犯罪|刑事|犯法|坐牢|涉案")
_CONSUMER = re.compile(r"消费者|退一赔|消协|12315|[三3]倍赔|赔[^，。]{0,4}[三3]倍")
_PUNITIVE = re.compile(r"退一赔|[三十3]倍(?:赔|价)|赔[^，。]{0,4}[三十3]倍")
_ADMITS = re.compile(r"商家(?:已)?承认")
_NAME, _PRODUCT, _QUOTE, _NUMBER, _LONGEST = 40, 40, 70, 40, 5000


@dataclass(frozen=True)
class Paid:
    """The payment as far as it is shown: ``exhibits`` empty where only the buyer says so."""

    amount: Money | None
    at: datetime | None
    exhibits: tuple[str, ...]
    transaction_no: str
    payee: str
    altered: bool = False
    amount_shown: bool = True
    at_shown: bool = True
    """Whether the exhibits show amount and time, where there are exhibits."""


@dataclass(frozen=True)
class Matter:
    """One case, ready to be written about. ``on`` is the day of the letters."""

    dossier: Dossier
    closure: Closure
    evasions: tuple[Evasion, ...]
    on: date
    voice: str = ""
    """How the writer speaks of himself; empty: 我, or 被监护人 where a guardian writes."""

    @cached_property
    def memo(self) -> dict[str, Any]:
        """What was worked out once for this matter: a long chat is read for one letter, not ten."""
        return {}

    @property
    def consumer(self) -> bool:
        """Whether consumer law may be named."""
        return self.dossier.statement.buyer.own_use

    @property
    def minor(self) -> bool:
        """Whether a guardian writes."""
        return not self.dossier.statement.buyer.adult

    @property
    def fraud(self) -> bool:
        """Whether the buyer suspects fraud."""
        return self.dossier.statement.claim.suspect_fraud

    @property
    def refuted(self) -> bool:
        """Whether the evidence speaks against the claim."""
        return bool(self.closure.refuted)

    @property
    def punitive(self) -> bool:
        """Whether extra damages were asked for by somebody who may ask for them."""
        claim = self.dossier.statement.claim
        wanted = {claim.demand, *(also.demand for also in claim.also)}
        return self.consumer and Demand.PUNITIVE in wanted

    @property
    def admitted(self) -> bool:
        """Whether the merchant admitted it in plain words."""
        line = self.closure.admission_line
        return (
            self.closure.admission is Admission.EXPLICIT
            and line is not None
            and line.message.speaker is Speaker.MERCHANT
        )

    @property
    def known(self) -> bool:
        """Whether name and code or address of the other party are shown."""
        return self.closure.elements[Element.RESPONDENT_IDENTITY].proof is Proof.PROVEN

    @property
    def who(self) -> str:
        """Who bought, in the words of the writer."""
        return self.voice or ("被监护人" if self.minor else "我")

    @property
    def side(self) -> str:
        """Who pressed and complained: the guardian's side where a child bought."""
        return self.voice or ("我方" if self.minor else "我")

    @property
    def platform(self) -> str:
        """The platform's name, clipped; empty where unknown."""
        return clip(self.dossier.statement.order.platform, _NAME)

    @cached_property
    def merchant(self) -> str:
        """The shop's name: as exhibits show it where the statement is contradicted."""
        for found in self.closure.contradictions:
            if found.what == "merchant_name":
                return clip(found.exhibit_value, _NAME)
        stated = self.dossier.statement.order.merchant
        seen = self.dossier.first("merchant", Kind.LISTING_PAGE, Kind.ORDER_PAGE)
        return clip(stated or (seen.value if seen else ""), _NAME)

    @property
    def shop(self) -> str:
        """The shop in quotation marks, or 卖家."""
        return f"“{self.merchant}”" if self.merchant else "卖家"

    @cached_property
    def product(self) -> str:
        """What was bought, clipped and without a secret."""
        return clip(self.clean(self.dossier.statement.order.product[:_LONGEST]), _PRODUCT)

    @cached_property
    def order_no(self) -> str:
        """The order number; the exhibit's where the statement's is contradicted."""
        for found in self.closure.contradictions:
            if found.what == "order_no":
                return clip(found.exhibit_value, _NUMBER)
        return clip(self.dossier.statement.order.order_no, _NUMBER)

    @cached_property
    def order_exhibits(self) -> tuple[str, ...]:
        """Exhibits that show the order number, the order's own pages first."""
        number = self.order_no
        order = (Kind.ORDER_PAGE, Kind.PAYMENT_RECEIPT, Kind.BILL_EXPORT, Kind.CARD_PAGE)
        found: list[str] = []
        for kind in order:
            for exhibit in self.dossier.of(kind):
                field = exhibit.fields.get("order_no")
                if (field and same_number(field.value, number)) or any(
                    carries_number(f"{r.merchant_order_no} {r.item} {r.note}", number)
                    for r in exhibit.rows
                ):
                    found.append(exhibit.path)
        if not found:
            found = [
                seen.exhibit.path
                for seen in self.dossier.seen("order_no", Kind.CHAT, Kind.COMPLAINT_RECEIPT)
                if carries_number(seen.value, number)
            ]
        return tuple(dict.fromkeys(found))

    @cached_property
    def paid(self) -> Paid:
        """The payment: the best exhibit of it, the order page beside it, else the statement."""
        order = self.dossier.statement.order
        seen = sorted(payments_of(self.dossier), key=self._fit, reverse=True)
        page_sum = self.dossier.first("amount", Kind.ORDER_PAGE)
        page_at = self.dossier.first("paid_at", Kind.ORDER_PAGE, Kind.CARD_PAGE)
        same = [p for p in seen if p.amount == seen[0].amount and p.at in (seen[0].at, None)]
        amount = seen[0].amount if seen else None
        at = seen[0].at if seen and seen[0].to_the_minute else None
        paths = [p.exhibit.path for p in same]
        if amount is None and (amount := money_of(page_sum)) and page_sum:
            paths.append(page_sum.exhibit.path)
        if at is None and (at := time_of(page_at)) and page_at:
            paths.append(page_at.exhibit.path)
        number = next((p.transaction_no for p in same if p.transaction_no), "")
        payee = next((p.payee for p in same if p.payee), "")
        return Paid(
            amount or order.paid,
            at or order.paid_at,
            tuple(dict.fromkeys(paths)),
            clip(number or order.transaction_no, _NUMBER),
            clip(payee or order.payee, _NAME),
            bool(seen) and seen[0].exhibit.altered,
            amount is not None,
            at is not None,
        )

    def _fit(self, seen: PaymentSeen) -> tuple[bool, bool, bool, bool]:
        number = self.order_no
        return (
            bool(number) and same_number(seen.order_no, number),
            seen.amount == self.dossier.statement.order.paid,
            not seen.exhibit.altered,
            seen.at is not None,
        )

    @property
    def event_day(self) -> date:
        """The day whose law decides: that of the payment."""
        order = self.dossier.statement.order
        at = self.paid.at or order.ordered_at
        return beijing(at).date() if at else self.on

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Exhibit path → number, in the order of the dossier, from 1."""
        return {e.path: n for n, e in enumerate(self.dossier.exhibits, 1)}

    def cite(self, paths: tuple[str, ...]) -> str:
        """``（证据1、证据4）``, or that only the buyer says so."""
        numbers = sorted({self.numbers[p] for p in paths if p in self.numbers})
        if not numbers:
            return "（据买家陈述）"
        return "（" + "、".join(f"证据{n}" for n in numbers[:4]) + "）"

    @cached_property
    def _secrets(self) -> tuple[str, ...]:
        return tuple(
            field.value
            for exhibit in self.dossier.exhibits
            for name, field in exhibit.fields.items()
            if name.startswith("secret")
        )

    @cached_property
    def _kept(self) -> frozenset[str]:
        names = ("order_no", "ticket_no", "txn_no", "uscc", "receipt_no")
        order = self.dossier.statement.order
        return frozenset(
            {order.order_no, order.transaction_no}
            | {e.fields[n].value for e in self.dossier.exhibits for n in names if n in e.fields}
            | {r.transaction_no for e in self.dossier.exhibits for r in e.rows}
        ) - {""}

    def clean(self, text: str) -> str:
        """``text`` without card secrets, however they are grouped."""
        known = [s for s in self._secrets if s not in self._kept]
        return mask_secrets(text, known=known, keep=self._kept)

    def quotable(self, text: str) -> bool:
        """Whether somebody's words may stand in a letter: no insult, no crime, no consumer word
        for a reseller, nothing that could be read as an admission that is none."""
        if not text.strip() or is_abusive(text):
            return False
        barred = [_CRIME] if not self.fraud else []
        barred += [_CONSUMER] if not self.consumer else []
        barred += [_PUNITIVE] if not self.punitive else []
        barred += [_ADMITS] if not self.admitted else []
        return not any(pattern.search(text) for pattern in barred)

    def lawful(self, text: str) -> str:
        """The clauses of ``text`` that are ``quotable``: a page's promise without its boast."""
        if self.quotable(text):
            return text
        parts = re.findall(r"[^，；。！、,;!]+[，；。！、,;!]?", text)
        return "".join(p for p in parts if self.quotable(p)).rstrip("，；。！、,;!")

    def quote(self, text: str, limit: int = _QUOTE) -> str:
        """``text`` in quotation marks, clipped, without secrets; inner marks made single."""
        inner = clip_clauses(self.clean(text[:_LONGEST]), limit).replace("“", "‘").replace("”", "’")
        inner = re.sub(r'"([^"]*)"', "‘\\1’", inner)
        return f"“{inner.rstrip('。')}”"

    def cites(self, articles: Iterable[Article], *, full: bool = False) -> str:
        """``《电子商务法》第二十条、第五十一条、《民法典》第五百七十七条``; ``full`` law names."""
        by_law: dict[str, list[str]] = {}
        for article in articles:
            law = article.law_title if full else article.law_short
            by_law.setdefault(law, []).append(say_article(article.article))
        return "、".join(f"《{law}》{'、'.join(told)}" for law, told in by_law.items())

    def said(self, line: SaidLine) -> str:
        """``2026年11月2日16:52，商家`` for the head of a quotation."""
        speaker = "平台客服" if line.message.speaker is Speaker.PLATFORM else "商家"
        at = line.message.at
        return f"{say_chinese(at)}，{speaker}" if at else speaker


def say_sum(amount: Money) -> str:
    """``98.00元``; other currencies by their code."""
    return f"{amount}元" if amount.currency == "CNY" else f"{amount}{amount.currency}"


def say_times(text: str) -> str:
    """Times as letters write them, and no blank between Chinese and figures outside quotes."""
    text = re.sub(
        r"(\d{4})-(\d{2})-(\d{2})[T ](\d{2}:\d{2})(?::\d{2})?",
        lambda m: f"{m[1]}年{int(m[2])}月{int(m[3])}日{m[4]}",
        text,
    )
    text = re.sub(
        r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)",
        lambda m: f"{m[1]}年{int(m[2])}月{int(m[3])}日",
        text,
    )
    parts = re.split(r"(“[^”]*”)", text)
    for i in range(0, len(parts), 2):
        parts[i] = re.sub(r"(?<=[^\x00-\x7f]) +| +(?=[^\x00-\x7f])", "", parts[i])
    return "".join(parts).strip()


def say_day(day: date) -> str:
    """``2026年11月20日``."""
    return f"{day.year}年{day.month}月{day.day}日"
