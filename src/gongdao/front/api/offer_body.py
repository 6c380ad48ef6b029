"""Read an offer from a JSON body: every field of the disclosure (A5), checked for its kind here and
for its sense by the verb that publishes it."""

from __future__ import annotations

from datetime import date, time
from enum import StrEnum
from typing import Any, TypeVar

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.front.api.read_body import Body
from gongdao.market.compared import (
    LONGEST_LINK,
    LONGEST_NAME,
    MOST_SINGLES,
    Compared,
    ComparedKind,
    Single,
)
from gongdao.market.offer import (
    LONGEST_CAP,
    LONGEST_TEXT,
    LONGEST_TITLE,
    Delivery,
    GoodsKind,
    Offer,
    SourceKind,
    Tier,
)
from gongdao.market.promise import ALWAYS, Promise, ServiceHours, Span, merged

_COMPARED = {"own_earlier": "since", "official": "link", "combined": "singles"}
_E = TypeVar("_E", bound=StrEnum)
_LONGEST_MINUTES = 60 * 24 * 14
_TEXTS = (
    "category",
    "denomination",
    "region",
    "account_limits",
    "source_proof",
    "after_sale",
    "how_to_redeem",
    "how_to_test",
)
FIELDS = (
    "title",
    "kind",
    *_TEXTS,
    "source",
    "delivery",
    "promise",
    "hours",
    "price",
    "compared_price",
    "compared_why",
    "compared_with",
    "tiers",
    "most_per_buyer",
    "cap_days",
    "reserve_minutes",
    "protect_hours",
    "asks",
)


def read_offer_body(body: Body) -> Offer:
    """The offer in ``body``; raise InputError naming the field."""
    texts = {name: body.text(name, longest=LONGEST_TEXT) for name in _TEXTS}
    return Offer(
        title=body.text("title", longest=LONGEST_TITLE),
        kind=one_of(GoodsKind, body, "kind"),
        source=one_of(SourceKind, body, "source"),
        delivery=one_of(Delivery, body, "delivery"),
        promise=_promise(body.raw("promise")),
        hours=_hours(body.raw("hours")),
        price=_money(body.text("price", longest=20), "price"),
        compared_price=(
            _money(body.text("compared_price", longest=20), "compared_price")
            if body.has("compared_price")
            else None
        ),
        compared_why=body.text("compared_why", longest=LONGEST_TEXT, default=""),
        compared_with=_compared_with(body.raw("compared_with")),
        tiers=_tiers(body.raw("tiers")),
        most_per_buyer=body.whole("most_per_buyer", 1, 500, default=10),
        cap_days=body.whole("cap_days", 0, LONGEST_CAP, default=0),
        reserve_minutes=body.whole("reserve_minutes", 5, 60, default=15),
        protect_hours=body.whole("protect_hours", 24, 24 * 30, default=48),
        asks=_asks(body.raw("asks")),
        **texts,
    )


def one_of(kind: type[_E], body: Body, name: str, default: str | None = None) -> _E:
    """One of the codes of ``kind``."""
    text = body.text(name, longest=16, default=default)
    if text not in set(kind):
        raise InputError(_("要是这些之一：{codes}。").format(codes=" ".join(kind)), field=name)
    return kind(text)


def _money(text: str, field: str) -> Money:
    money = Money.parse(text, field=field)
    if not 0 < money.minor <= 100_000_000:
        raise InputError(_("价格要大于零"), field=field)
    return money


def _promise(given: Any) -> Promise:
    if not isinstance(given, dict) or not given.keys() <= {"minutes", "instant"}:
        raise InputError(_("要是一个 JSON 对象。"), field="promise")
    minutes: Any = given.get("minutes")
    instant = given.get("instant", False)
    if not _is_whole(minutes, 1, _LONGEST_MINUTES) or not isinstance(instant, bool):
        raise InputError(
            _("要是 {low} 到 {high} 的整数。").format(low=1, high=_LONGEST_MINUTES), field="promise"
        )
    return Promise(minutes, instant)


def _hours(given: Any) -> ServiceHours:
    """``always``, or seven lists of ``["09:00", "18:00"]``, Monday first, and closed days."""
    if given is None or given == "always":
        return ALWAYS
    try:
        if not isinstance(given, dict) or not given.keys() <= {"week", "closed"}:
            raise ValueError("hours")
        week = tuple(
            merged([Span(time.fromisoformat(a), time.fromisoformat(b)) for a, b in day])
            for day in given["week"]
        )
        closed = frozenset(date.fromisoformat(day) for day in given.get("closed", []))
        spans = [span for day in week for span in day]
        if len(week) != 7 or len(closed) > 100 or any(one.start.tzinfo for one in spans):
            raise ValueError("hours")
        if any(one.end != time(0) and one.end <= one.start for one in spans):
            raise ValueError("hours")
    except (ValueError, TypeError, KeyError, AttributeError):
        hint = _('写 "always"，或每天的时段，如 [["09:00", "18:00"]]，周一在前，共七天。')
        raise InputError(_("服务时间看不懂。"), field="hours", hint=hint) from None
    return ServiceHours(week, closed)


def _tiers(given: Any) -> tuple[Tier, ...]:
    if given is None:
        return ()
    if not isinstance(given, list) or len(given) > 10:
        raise InputError(_("要是一个 JSON 数组。"), field="tiers")
    found = []
    for one in given:
        if not isinstance(one, dict) or one.keys() != {"quantity", "unit"}:
            raise InputError(_("要是一个 JSON 对象。"), field="tiers")
        if not _is_whole(one["quantity"], 2, 500) or not isinstance(one["unit"], str):
            raise InputError(_("批发价从两件起，并且低于零售价"), field="tiers")
        found.append(Tier(one["quantity"], _money(one["unit"][:20], "tiers")))
    return tuple(found)


def _compared_with(given: Any) -> Compared | None:
    """What each kind needs; what belongs to another kind is refused."""
    if given is None:
        return None
    needs = _COMPARED.get(str(given.get("kind"))) if isinstance(given, dict) else None
    if needs is None or given.keys() - {"kind", needs}:
        hint = _("kind 是 own_earlier（再写 since）、official（link）或 combined（singles）。")
        raise InputError(_("要是一个 JSON 对象。"), field="compared_with", hint=hint)
    kind, value = ComparedKind(given["kind"]), given.get(needs)
    if kind is ComparedKind.COMBINED:
        return Compared(kind, singles=_singles(value))
    if not isinstance(value, str) or len(value) > LONGEST_LINK or not value.isprintable():
        raise InputError(_("要是一段短的文字。"), field=f"compared_{needs}")
    if kind is ComparedKind.OFFICIAL:
        return Compared(kind, link=value)
    try:
        return Compared(kind, since=date.fromisoformat(value))
    except ValueError:
        said = _("日期写成 2026-12-31 这样")
        raise InputError(said, field="compared_since") from None


def _singles(given: Any) -> tuple[Single, ...]:
    if not isinstance(given, list) or len(given) > MOST_SINGLES:
        raise InputError(_("要是一个 JSON 数组。"), field="compared_singles")
    found = []
    for one in given:
        fits = isinstance(one, dict) and one.keys() == {"name", "price"}
        if not fits or not all(isinstance(text, str) for text in one.values()):
            raise InputError(_("要是一个 JSON 对象。"), field="compared_singles")
        if not one["name"].isprintable() or len(one["name"]) > LONGEST_NAME:
            raise InputError(_("要是一段短的文字。"), field="compared_singles")
        found.append(Single(one["name"].strip(), _money(one["price"][:20], "compared_singles")))
    return tuple(found)


def _asks(given: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    fits = isinstance(given, list) and len(given) <= 5
    if not fits or not all(isinstance(one, str) and 0 < len(one.strip()) <= 80 for one in given):
        raise InputError(_("要是最多 5 个短标签。"), field="asks")
    if not all("\0" not in one and one.isprintable() for one in given):
        raise InputError(_("要是最多 5 个短标签。"), field="asks")
    return tuple(one.strip() for one in given)


def _is_whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
