"""Typed facts with their source: all that a verdict may rest on. Pure.

A fact is a name out of ``FACTS``, a value of that name's type, who recorded it, when, and by which
exhibits or records. What somebody merely says is no fact. A fact that is absent is not known; a
thing known not to have happened has its own truth value (``delivered`` false, not a missing
``delivered_at``).

JSON form of one fact (canonical, strict; times in UTC, money in minor units):

    {"at": "2026-11-20T02:00:00+00:00", "evidence": ["order:8f…"], "name": "delivered",
     "source": "platform", "value": false}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Any

from gongdao.core.language import mark
from gongdao_verify.canonical import LARGEST_NUMBER

MOST_FACTS = 200
MOST_EVIDENCE = 50
MOST_PLACES = 1000
LONGEST_EVIDENCE = 200

Value = bool | int | str | datetime | tuple[int, ...]
"""By type: truth is bool, number and money int (minor units), choice str, time an aware datetime,
places a tuple"""


class BadFacts(ValueError):
    """Facts that are not what they claim to be: unknown name, wrong type, named twice."""


class Source(StrEnum):
    """Who recorded a fact."""

    PLATFORM = "platform"
    GATEWAY = "gateway"
    SUPPLIER = "supplier"
    ISSUER = "issuer"
    MERCHANT = "merchant"
    BUYER = "buyer"
    PERSON = "person"
    """An arbiter, who weighed what people brought."""


AUTOMATIC = frozenset({Source.PLATFORM, Source.GATEWAY, Source.SUPPLIER, Source.ISSUER})
"""Sources on which a verdict may rest without a person (B14)."""


class FactType(StrEnum):
    """What a fact's value is."""

    TRUTH = "truth"
    NUMBER = "number"
    MONEY = "money"
    """Minor units of the order's currency, never negative."""
    CHOICE = "choice"
    TIME = "time"
    PLACES = "places"
    """Which pieces of the order, counted from 1, ascending; at least one."""


class FactName(StrEnum):
    """Every fact that a rule can name; what each means stands in ``FACTS``."""

    JUDGED_AT = "judged_at"
    PAID_MINOR = "paid_minor"
    RETURNED_MINOR = "returned_minor"
    COMPENSATED_MINOR = "compensated_minor"
    """Of what was returned, the part that compensates for lateness or faults; 0 if none."""
    GIVEN_MINOR = "given_minor"
    """What earlier cases of the order gave back for the same thing; absent if nothing."""
    GIVEN_UNCLEAR_MINOR = "given_unclear_minor"
    """What they gave back that may be for the same thing: only a person can tell; absent if none.
    """
    SURPLUS_MINOR = "surplus_minor"
    QUANTITY = "quantity"
    DELIVERED = "delivered"
    DELIVERED_UNITS = "delivered_units"
    AFFECTED_UNITS = "affected_units"
    AFFECTED_PLACES = "affected_places"
    """Which they are; as many as ``affected_units`` says."""
    PAID_AT = "paid_at"
    PROMISE_BY = "promise_by"
    DELIVERED_AT = "delivered_at"
    DELIVERED_IN_HOURS = "delivered_in_hours"
    REVEALED = "revealed"
    REVEALED_AT = "revealed_at"
    TEST_TOLD = "test_told"
    TEST_TOLD_AT = "test_told_at"
    RECORDING_BEFORE_REVEAL = "recording_before_reveal"
    SECRET_IN_TWO_ORDERS = "secret_in_two_orders"
    SECRET_OPENED_BY_OTHERS = "secret_opened_by_others"
    ISSUER_STATUS = "issuer_status"
    """``unknown`` (source platform) where no issuer can be asked: left out, nothing is decided."""
    ISSUER_TELLS_TIME = "issuer_tells_time"
    ISSUER_USED_AT = "issuer_used_at"
    ISSUER_SAYS = "issuer_says"
    """Derived (``derive``), never given: what status and times mean beside the reveal."""
    LISTING_FACE_MINOR = "listing_face_minor"
    DELIVERED_FACE_MINOR = "delivered_face_minor"
    REGION_MATCHES = "region_matches"
    TEST_SECRET = "test_secret"
    LISTING_SAYS_TEST = "listing_says_test"
    CANCELLED_BY = "cancelled_by"
    PRICE_SUPPORTED = "price_supported"
    OVERCHARGE_MINOR = "overcharge_minor"
    SUPPLIER_STATE = "supplier_state"
    SUPPLIER_ASKED_AT = "supplier_asked_at"
    PLATFORM_INCIDENT = "platform_incident"
    GATEWAY_INCIDENT = "gateway_incident"
    REFUND_PROMISED_MINOR = "refund_promised_minor"
    DIFFERS_FROM_LISTING = "differs_from_listing"
    DEFECT_SHOWN = "defect_shown"
    BUYER_MISUSED = "buyer_misused"
    DEFECT_CLAIMED = "defect_claimed"
    NO_RETURN_CONFIRMED = "no_return_confirmed"
    PAID_OUT = "paid_out"
    WANTED = "wanted"
    ASKED_MINOR = "asked_minor"
    REPLACEMENT_IN_STOCK = "replacement_in_stock"
    SILENT = "silent"
    APPELLANT = "appellant"
    NOTICE_CONFIRMED = "notice_confirmed"
    BUYER_CLAIMS_30D = "buyer_claims_30d"
    BUYER_USED_CLAIMS_90D = "buyer_used_claims_90d"
    BUYER_DISPROVED_180D = "buyer_disproved_180d"
    BUYER_OPEN_CASES = "buyer_open_cases"
    MERCHANT_ORDERS_90D = "merchant_orders_90d"
    MERCHANT_USED_UPHELD_90D = "merchant_used_upheld_90d"
    MERCHANT_SILENCES_30D = "merchant_silences_30d"
    MERCHANT_EMPTY_ANSWERS_30D = "merchant_empty_answers_30d"
    MERCHANT_EXCUSES_FALLEN_90D = "merchant_excuses_fallen_90d"
    PARTIES_LINKED = "parties_linked"
    LINKED_ORDERS_30D = "linked_orders_30d"


@dataclass(frozen=True)
class FactKind:
    """What a fact is: ``meaning`` a marked Chinese name (say it with ``translated``); ``sources``
    that may record it; ``choices`` its values if it is a choice."""

    type: FactType
    meaning: str
    sources: frozenset[Source]
    choices: tuple[str, ...] = ()

    @property
    def automatic(self) -> frozenset[Source]:
        """The sources with which it may carry an automatic verdict; empty: a person weighs it."""
        return self.sources & AUTOMATIC


_P = frozenset({Source.PLATFORM})
_PG = frozenset({Source.PLATFORM, Source.GATEWAY})
_PI = frozenset({Source.PLATFORM, Source.ISSUER, Source.PERSON})
_I = frozenset({Source.ISSUER, Source.PERSON})
_S = frozenset({Source.SUPPLIER, Source.PLATFORM, Source.MERCHANT})
_WEIGHED = frozenset({Source.BUYER, Source.MERCHANT, Source.PERSON})
_CLAIMED = _P | {Source.BUYER, Source.PERSON}
_TOLD = _PI | {Source.BUYER, Source.MERCHANT}
_T = FactType
_N = FactName

FACTS: Mapping[FactName, FactKind] = {
    _N.JUDGED_AT: FactKind(_T.TIME, mark("判断所依据的时间"), _P),
    _N.PAID_MINOR: FactKind(_T.MONEY, mark("买家已付金额"), _PG),
    _N.RETURNED_MINOR: FactKind(_T.MONEY, mark("已退还或已补偿金额"), _PG),
    _N.COMPENSATED_MINOR: FactKind(_T.MONEY, mark("其中已经补偿的金额"), _PG),
    _N.GIVEN_MINOR: FactKind(_T.MONEY, mark("以前的案件已经为同一问题退还的金额"), _P),
    _N.GIVEN_UNCLEAR_MINOR: FactKind(
        _T.MONEY, mark("以前的案件退还的、可能是为同一问题的金额"), _P
    ),
    _N.SURPLUS_MINOR: FactKind(_T.MONEY, mark("多付的金额"), _PG),
    _N.QUANTITY: FactKind(_T.NUMBER, mark("购买件数"), _P),
    _N.DELIVERED: FactKind(_T.TRUTH, mark("已经全部发货"), _P),
    _N.DELIVERED_UNITS: FactKind(_T.NUMBER, mark("已发货件数"), _P),
    _N.AFFECTED_UNITS: FactKind(_T.NUMBER, mark("有问题的件数"), _CLAIMED),
    _N.AFFECTED_PLACES: FactKind(_T.PLACES, mark("有问题的是第几件"), _CLAIMED),
    _N.PAID_AT: FactKind(_T.TIME, mark("付款时间"), _PG),
    _N.PROMISE_BY: FactKind(_T.TIME, mark("承诺的最晚发货时间"), _P),
    _N.DELIVERED_AT: FactKind(_T.TIME, mark("发货时间"), _P),
    _N.DELIVERED_IN_HOURS: FactKind(_T.TRUTH, mark("在公布的服务时段内发货"), _P),
    _N.REVEALED: FactKind(_T.TRUTH, mark("买家已经提卡"), _P),
    _N.REVEALED_AT: FactKind(_T.TIME, mark("提卡时间"), _P),
    _N.TEST_TOLD: FactKind(
        _T.CHOICE, mark("提卡后买家记录的测试结果"), _P, ("none", "works", "fails")
    ),
    _N.TEST_TOLD_AT: FactKind(_T.TIME, mark("买家记录测试结果的时间"), _P),
    _N.RECORDING_BEFORE_REVEAL: FactKind(_T.TRUTH, mark("提卡前已开始录屏"), _WEIGHED),
    _N.SECRET_IN_TWO_ORDERS: FactKind(_T.TRUTH, mark("同一卡密发给了另一订单"), _P),
    _N.SECRET_OPENED_BY_OTHERS: FactKind(_T.TRUTH, mark("提卡前有买家以外的人看过卡密"), _P),
    _N.ISSUER_STATUS: FactKind(
        _T.CHOICE, mark("发行方接口给出的卡密状态"), _PI, ("valid", "used", "invalid", "unknown")
    ),
    _N.ISSUER_TELLS_TIME: FactKind(_T.TRUTH, mark("发行方接口给出了使用时间"), _PI),
    _N.ISSUER_USED_AT: FactKind(_T.TIME, mark("发行方记录的使用时间"), _I),
    _N.ISSUER_SAYS: FactKind(
        _T.CHOICE,
        mark("发行方的答复与提卡相比"),
        _I,
        ("unused", "invalid", "before", "after", "not_told"),
    ),
    _N.LISTING_FACE_MINOR: FactKind(_T.MONEY, mark("下单快照上的面值"), _P),
    _N.DELIVERED_FACE_MINOR: FactKind(_T.MONEY, mark("实际交付的面值"), _PI | _S),
    _N.REGION_MATCHES: FactKind(_T.TRUTH, mark("适用地区与下单快照一致"), _TOLD),
    _N.TEST_SECRET: FactKind(_T.TRUTH, mark("交付的是测试卡"), _TOLD),
    _N.LISTING_SAYS_TEST: FactKind(_T.TRUTH, mark("下单快照写明是测试卡"), _P),
    _N.CANCELLED_BY: FactKind(
        _T.CHOICE, mark("取消订单的一方"), _P, ("none", "merchant", "buyer", "platform")
    ),
    _N.PRICE_SUPPORTED: FactKind(_T.TRUTH, mark("划线价有成交记录支持"), _P),
    _N.OVERCHARGE_MINOR: FactKind(_T.MONEY, mark("比有记录支持的价格多付的金额"), _P),
    _N.SUPPLIER_STATE: FactKind(
        _T.CHOICE, mark("上游的处理结果"), _S, ("none", "delivered", "rejected", "unknown")
    ),
    _N.SUPPLIER_ASKED_AT: FactKind(_T.TIME, mark("向上游提交的时间"), _S),
    _N.PLATFORM_INCIDENT: FactKind(_T.TRUTH, mark("平台故障影响了这一单"), _P),
    _N.GATEWAY_INCIDENT: FactKind(_T.TRUTH, mark("支付渠道故障影响了这一单"), _PG),
    _N.REFUND_PROMISED_MINOR: FactKind(_T.MONEY, mark("双方已经约定、尚未退还的金额"), _P),
    _N.DIFFERS_FROM_LISTING: FactKind(_T.TRUTH, mark("交付内容与下单快照不符"), _WEIGHED),
    _N.DEFECT_SHOWN: FactKind(_T.TRUTH, mark("证据显示卡密不能正常使用"), _WEIGHED),
    _N.BUYER_MISUSED: FactKind(_T.TRUTH, mark("问题是买家操作错误造成的"), _I | _WEIGHED),
    _N.DEFECT_CLAIMED: FactKind(_T.TRUTH, mark("买家主张商品或交付有问题"), _P | {Source.PERSON}),
    _N.NO_RETURN_CONFIRMED: FactKind(_T.TRUTH, mark("买家下单时确认过不适用无理由退货"), _P),
    _N.PAID_OUT: FactKind(_T.TRUTH, mark("货款已经结算给商家"), _PG),
    _N.WANTED: FactKind(_T.CHOICE, mark("买家要的处理"), _P, ("refund", "replacement")),
    _N.ASKED_MINOR: FactKind(_T.MONEY, mark("买家主张的金额"), _P),
    _N.REPLACEMENT_IN_STOCK: FactKind(_T.TRUTH, mark("有同样的卡密可以补发"), _P),
    _N.SILENT: FactKind(
        _T.CHOICE, mark("到期没有答复的一方"), _P, ("none", "merchant", "management")
    ),
    _N.APPELLANT: FactKind(_T.CHOICE, mark("提出申诉的一方"), _P, ("none", "buyer", "merchant")),
    _N.NOTICE_CONFIRMED: FactKind(_T.TRUTH, mark("通知已确认送达"), _P),
    _N.BUYER_CLAIMS_30D: FactKind(_T.NUMBER, mark("买家 30 天内的投诉数"), _P),
    _N.BUYER_USED_CLAIMS_90D: FactKind(_T.NUMBER, mark("买家 90 天内称卡密已被使用的投诉数"), _P),
    _N.BUYER_DISPROVED_180D: FactKind(_T.NUMBER, mark("买家 180 天内被发行方记录推翻的投诉数"), _P),
    _N.BUYER_OPEN_CASES: FactKind(_T.NUMBER, mark("买家未结案件数"), _P),
    _N.MERCHANT_ORDERS_90D: FactKind(_T.NUMBER, mark("商家 90 天内发货的订单数"), _P),
    _N.MERCHANT_USED_UPHELD_90D: FactKind(
        _T.NUMBER, mark("商家 90 天内成立的卡密已被使用案件数"), _P
    ),
    _N.MERCHANT_SILENCES_30D: FactKind(_T.NUMBER, mark("商家 30 天内逾期不答复的次数"), _P),
    _N.MERCHANT_EMPTY_ANSWERS_30D: FactKind(_T.NUMBER, mark("商家 30 天内的空洞答复数"), _P),
    _N.MERCHANT_EXCUSES_FALLEN_90D: FactKind(_T.NUMBER, mark("商家 90 天内未能证明的理由数"), _P),
    _N.PARTIES_LINKED: FactKind(_T.TRUTH, mark("买卖双方共用账户、收款人或设备"), _P),
    _N.LINKED_ORDERS_30D: FactKind(_T.NUMBER, mark("关联双方 30 天内的订单数"), _P),
}
"""The one table of facts."""

ALWAYS = frozenset({_N.JUDGED_AT, _N.PAID_MINOR, _N.RETURNED_MINOR, _N.QUANTITY})
"""What every judgement needs, whatever the reason: without them nothing is decided."""


@dataclass(frozen=True)
class Fact:
    """One fact. ``at``: when it was recorded; ``evidence``: ids of records or exhibits.

    Raise BadFacts for a value of the wrong type or a source that cannot record this fact.
    """

    name: FactName
    value: Value
    source: Source
    at: datetime
    evidence: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        kind = FACTS[self.name]
        if self.source not in kind.sources:
            raise BadFacts(f"{self.name}: cannot come from {self.source}")
        if not _fits(kind, self.value):
            raise BadFacts(f"{self.name}: {self.value!r} is no {kind.type}")
        if self.at.tzinfo is None:
            raise BadFacts(f"{self.name}: a time without a zone")
        too_long = any(not 0 < len(one) <= LONGEST_EVIDENCE for one in self.evidence)
        if too_long or len(self.evidence) > MOST_EVIDENCE:
            raise BadFacts(f"{self.name}: evidence ids are too many, empty or too long")

    @property
    def automatic(self) -> bool:
        """Whether it may carry a verdict without a person."""
        return self.source in AUTOMATIC


def _fits(kind: FactKind, value: object) -> bool:
    if kind.type is FactType.TRUTH:
        return isinstance(value, bool)
    if kind.type is FactType.CHOICE:
        return isinstance(value, str) and value in kind.choices
    if kind.type is FactType.TIME:
        return isinstance(value, datetime) and value.tzinfo is not None
    if kind.type is FactType.PLACES:
        return isinstance(value, tuple) and are_places(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return False
    return 0 <= value <= LARGEST_NUMBER


def are_places(value: Sequence[object]) -> bool:
    """Whether these are places of pieces: whole numbers from 1, ascending, at least one."""
    numbers = [one for one in value if isinstance(one, int) and not isinstance(one, bool)]
    ascending = all(one < other for one, other in pairwise(numbers))
    return 0 < len(numbers) == len(value) <= MOST_PLACES and numbers[0] > 0 and ascending


@dataclass(frozen=True)
class Facts:
    """Facts of one case, each name once, in the order of their names; raise BadFacts otherwise."""

    items: tuple[Fact, ...]

    def __post_init__(self) -> None:
        names = [fact.name for fact in self.items]
        if len(set(names)) != len(names) or len(names) > MOST_FACTS:
            raise BadFacts("a fact is named twice, or there are too many")
        object.__setattr__(self, "items", tuple(sorted(self.items, key=lambda f: f.name)))

    @cached_property
    def by_name(self) -> Mapping[FactName, Fact]:
        """Each fact under its name."""
        return {fact.name: fact for fact in self.items}

    def get(self, name: FactName) -> Value | None:
        """The value, None where it is not known."""
        fact = self.by_name.get(name)
        return None if fact is None else fact.value

    def whole(self, name: FactName) -> int | None:
        """The value of a number or an amount, None where it is not known."""
        value = self.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def time(self, name: FactName) -> datetime | None:
        """The value of a time, None where it is not known."""
        value = self.get(name)
        return value if isinstance(value, datetime) else None

    def places(self, name: FactName) -> tuple[int, ...]:
        """Which pieces; none where it is not known."""
        value = self.get(name)
        return value if isinstance(value, tuple) else ()

    def with_facts(self, more: Iterable[Fact]) -> Facts:
        """These facts with ``more`` in place of those of the same name."""
        return Facts(tuple({**self.by_name, **{f.name: f for f in more}}.values()))


def facts_to_json(facts: Facts) -> list[dict[str, Any]]:
    """``facts`` as plain values, by name; ``facts_from_json`` reads them back equal."""
    return [
        {
            "name": str(fact.name),
            "value": _plain_value(fact.value),
            "source": str(fact.source),
            "at": write_time(fact.at),
            "evidence": list(fact.evidence),
        }
        for fact in facts.items
    ]


def _plain_value(value: Value) -> object:
    if isinstance(value, datetime):
        return write_time(value)
    return list(value) if isinstance(value, tuple) else value


def facts_from_json(plain: object) -> Facts:
    """The facts in ``plain``; raise BadFacts for anything that ``facts_to_json`` cannot have
    written: other keys, other types, another order, times not in UTC."""
    if not isinstance(plain, list) or len(plain) > MOST_FACTS:
        raise BadFacts("facts must be a list of bounded length")
    facts = Facts(tuple(_read_fact(one) for one in plain))
    if facts_to_json(facts) != plain:
        raise BadFacts("facts are not in their canonical form")
    return facts


def _read_fact(plain: object) -> Fact:
    if not isinstance(plain, dict) or set(plain) != {"name", "value", "source", "at", "evidence"}:
        raise BadFacts("a fact has other keys than name, value, source, at, evidence")
    evidence = plain["evidence"]
    if not isinstance(evidence, list) or not all(isinstance(one, str) for one in evidence):
        raise BadFacts("evidence must be a list of ids")
    try:
        name, source = FactName(plain["name"]), Source(plain["source"])
    except ValueError as unknown:
        raise BadFacts(str(unknown)) from None
    value = plain["value"]
    if FACTS[name].type is FactType.TIME:
        value = read_time(value)
    elif FACTS[name].type is FactType.PLACES:
        value = tuple(value) if isinstance(value, list) else None
    return Fact(name, value, source, read_time(plain["at"]), tuple(evidence))


def write_time(at: datetime) -> str:
    """``at`` in UTC as ISO 8601."""
    return at.astimezone(UTC).isoformat()


def read_time(text: object) -> datetime:
    """What ``write_time`` wrote; raise BadFacts for any other spelling."""
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
        if at is not None and at.tzinfo is not None and write_time(at) == text:
            return at
    except (ValueError, OverflowError):
        pass
    raise BadFacts(f"{str(text)[:40]!r} is no time in UTC")
