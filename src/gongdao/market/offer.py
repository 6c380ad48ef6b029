"""What a listing must say (A5): structured, checked as a whole, never free text for what matters.

Pure. An `Offer` is what a version of a listing holds; its canonical JSON is what is hashed, logged
and kept with every order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from gongdao.core.errors import InputError
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.market.compared import Compared, compared_of, find_compared_gaps
from gongdao.market.promise import Promise, ServiceHours, hours_of, promise_of
from gongdao.rules.queries import plain_words

LONGEST_TEXT = 2000
LONGEST_TITLE = 80
LONGEST_CAP = 365
"""Days."""


class GoodsKind(StrEnum):
    """What is sold. A test card is a kind of its own and can never look like a real one."""

    RETAIL_CARD = "retail_card"
    TOP_UP = "top_up"
    SERVICE = "service"
    TEST_CARD = "test_card"


class SourceKind(StrEnum):
    """Where the secrets come from, as the merchant declares and proves it."""

    OFFICIAL = "official"
    DISTRIBUTOR = "distributor"
    RESALE = "resale"
    RECYCLED = "recycled"


class Delivery(StrEnum):
    """Who delivers: the vault by itself, a person, or a supplier's top-up interface."""

    SECRET = "secret"
    MANUAL = "manual"
    SUPPLIER = "supplier"


@dataclass(frozen=True)
class Tier:
    """From ``quantity`` on each piece costs ``unit``."""

    quantity: int
    unit: Money


@dataclass(frozen=True)
class Offer:
    """Everything a buyer is shown before he orders. Texts are the merchant's own words."""

    title: str
    kind: GoodsKind
    category: str
    denomination: str
    region: str
    account_limits: str
    source: SourceKind
    source_proof: str
    """Address of the proof in the blob store; shown as "checked", not as a picture."""
    delivery: Delivery
    promise: Promise
    hours: ServiceHours
    after_sale: str
    how_to_redeem: str
    how_to_test: str
    price: Money
    compared_price: Money | None
    compared_why: str
    tiers: tuple[Tier, ...]
    most_per_buyer: int
    reserve_minutes: int
    protect_hours: int
    asks: tuple[str, ...]
    """What the buyer has to fill in (account to top up), as labels."""
    cap_days: int = 0
    """Within how many days one buyer may have ``most_per_buyer`` pieces, over all his orders that
    are paid or wait for money; 0: it counts for each order alone."""
    compared_with: Compared | None = None
    """What the struck-through price is compared with; None: with the listing's own deals."""

    def unit_for(self, quantity: int) -> Money:
        """The price of each of ``quantity`` pieces."""
        fitting = [tier.unit for tier in self.tiers if quantity >= tier.quantity]
        return min([self.price, *fitting])

    def plain(self) -> dict[str, Any]:
        """As JSON that `read_offer` reads back."""
        plain = asdict(self)
        for name in ("price", "compared_price"):
            plain[name] = _plain_money(getattr(self, name))
        plain["tiers"] = [
            {"quantity": t.quantity, "unit": _plain_money(t.unit)} for t in self.tiers
        ]
        plain["promise"] = self.promise.plain()
        plain["hours"] = self.hours.plain()
        plain["asks"] = list(self.asks)
        del plain["compared_with"], plain["cap_days"]  # offers from before there were have none
        if self.cap_days:
            plain["cap_days"] = self.cap_days
        if self.compared_with is not None:
            plain["compared_with"] = self.compared_with.plain()
        return plain


def read_offer(plain: Mapping[str, Any]) -> Offer:
    """The offer that `Offer.plain` wrote."""
    given = dict(plain)
    return Offer(
        **{
            **given,
            "kind": GoodsKind(given["kind"]),
            "source": SourceKind(given["source"]),
            "delivery": Delivery(given["delivery"]),
            "promise": promise_of(given["promise"]),
            "hours": hours_of(given["hours"]),
            "price": _money(given["price"]),
            "compared_price": _money(given["compared_price"]) if given["compared_price"] else None,
            "tiers": tuple(Tier(t["quantity"], _money(t["unit"])) for t in given["tiers"]),
            "asks": tuple(given["asks"]),
            "compared_with": compared_of(basis) if (basis := given.get("compared_with")) else None,
        }
    )


def _plain_money(money: Money | None) -> dict[str, Any] | None:
    return None if money is None else {"minor": money.minor, "currency": money.currency}


def _money(plain: Mapping[str, Any]) -> Money:
    return Money(plain["minor"], plain["currency"])


@dataclass(frozen=True)
class Missing:
    """One field that keeps an offer from being published, and why."""

    field: str
    reason: Phrase


_NEEDED = {
    "title": Phrase("写明卖的是什么"),
    "category": Phrase("选一个类别"),
    "denomination": Phrase("写明面额或规格"),
    "region": Phrase("写明适用地区；没有限制就写“不限”"),
    "account_limits": Phrase("写明账号限制；没有就写“无”"),
    "source_proof": Phrase("上传来源的凭证"),
    "after_sale": Phrase("写明售后条件"),
    "how_to_redeem": Phrase("写明怎样兑换"),
    "how_to_test": Phrase("写明买到后怎样马上验证"),
}
_TEST_WORDS: tuple[str, ...] = (
    *("测试", "试用", "体验卡", "体验装", "testcard", "trial", "demopass", "democard"),
)
"""What a name may not say of a real card."""
_TEST_CARDS: tuple[str, ...] = (
    *("测试卡", "试用卡", "体验卡", "体验装", "testcard", "trialcard", "trialcode"),
    *("demopass", "democard"),
)
"""What no sentence may say of a real card, whose buyer has to test it too."""
_NAMES = frozenset({"title", "category", "denomination"})
_TEXTS = (
    *("title", "category", "denomination", "region", "after_sale"),
    *("how_to_redeem", "how_to_test", "compared_why"),
)
_CLAUSE = re.compile(r"[，。；！？,;!?\n]+")
_EXCEPTED = re.compile("不支持|不能|不可|不适用|不含|不充|除外|请勿|不得|^非|not |except", re.I)
_DENIED = re.compile("不是|并非|不卖|不提供|没有|拒绝|no |never ", re.I)


def said_in(offer: Offer) -> Iterator[tuple[str, str]]:
    """Every text of ``offer`` with its field, for whoever looks for words (by `plain_words`). An
    account limit that excludes something says nothing of it."""
    for name in _TEXTS:
        yield name, str(getattr(offer, name))
    for clause in _CLAUSE.split(offer.account_limits):
        if not _EXCEPTED.search(clause.strip()):
            yield "account_limits", clause
    for one in offer.asks:
        yield "asks", one
    if offer.compared_with is not None:
        for single in offer.compared_with.singles:
            yield "compared_singles", single.name


def find_missing(offer: Offer) -> tuple[Missing, ...]:
    """Everything that keeps ``offer`` from being published, in the order of the form."""
    found = [
        Missing(name, reason)
        for name, reason in _NEEDED.items()
        if not str(getattr(offer, name)).strip()
    ]
    found += [
        Missing(name, Phrase("最多 {most} 个字", most=LONGEST_TEXT))
        for name in _NEEDED
        if len(str(getattr(offer, name))) > (LONGEST_TITLE if name == "title" else LONGEST_TEXT)
    ]
    if offer.kind is not GoodsKind.TEST_CARD and _says_test_card(offer):
        found.append(Missing("kind", Phrase("测试卡、体验卡只能按“测试卡”上架，不能写成正式卡")))
    if offer.price.minor <= 0:
        found.append(Missing("price", Phrase("价格要大于零")))
    if offer.compared_price is not None and offer.compared_price <= offer.price:
        found.append(Missing("compared_price", Phrase("划线价要高于售价，否则不要写")))
    if offer.compared_with is not None:
        found += _judge_compared(offer, offer.compared_with)
    if not offer.hours.is_ever_open():
        found.append(Missing("hours", Phrase("至少有一段服务时间")))
    if offer.delivery is Delivery.SUPPLIER and not offer.asks:
        found.append(Missing("asks", Phrase("直充要让买家填写充到哪个账号")))
    for name, low, high in _BOUNDS:
        if not low <= getattr(offer, name) <= high:
            found.append(Missing(name, Phrase("要在 {low} 到 {high} 之间", low=low, high=high)))
    if any(t.quantity < 2 or not 0 < t.unit.minor < offer.price.minor for t in offer.tiers):
        found.append(Missing("tiers", Phrase("批发价从两件起，并且低于零售价")))
    return tuple(found)


def _judge_compared(offer: Offer, with_: Compared) -> Iterator[Missing]:
    if offer.compared_price is None:
        yield Missing("compared_price", Phrase("写明划线价，或不要写和什么比较"))
        return
    for field, reason in find_compared_gaps(with_, offer.compared_price):
        yield Missing(field, reason)


def _says_test_card(offer: Offer) -> bool:
    for name, text in said_in(offer):
        if name in _NAMES:
            said, words = plain_words(text), _TEST_WORDS
        else:
            said, words = plain_words(_affirmed(text)), _TEST_CARDS
        if any(word in said for word in words):
            return True
    return False


def _affirmed(text: str) -> str:
    """``text`` without the clauses that deny something."""
    clauses = (one.strip() for one in _CLAUSE.split(text))
    return "，".join(
        one for one in clauses if not _EXCEPTED.search(one) and not _DENIED.search(one)
    )


_BOUNDS = (
    ("most_per_buyer", 1, 500),
    ("cap_days", 0, LONGEST_CAP),
    ("reserve_minutes", 5, 60),
    ("protect_hours", 24, 24 * 30),
)


def check_offer(offer: Offer) -> None:
    """Raise InputError for the first thing that is missing; the form shows all of them."""
    for missing in find_missing(offer):
        raise InputError(missing.reason, field=missing.field)
