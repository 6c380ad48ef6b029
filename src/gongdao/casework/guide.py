"""Guide page for one problem [C16]: what to save, what to ask, where to go, what to expect.

Generated from the rules in force on a day, so that it cannot go stale unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from gongdao.casework.guide_page import (
    Basis,
    Circumstance,
    Guide,
    Line,
    Place,
    Section,
    Used,
    basis_of,
    cite,
    clock_line,
    text_of,
    texts_of,
)
from gongdao.casework.guide_words import KIND_HINTS
from gongdao.casework.words import DEMAND_NAMES, KIND_NAMES, REASON_NAMES, STAGE_NAMES
from gongdao.core.clock import BEIJING
from gongdao.core.codes import STAGE_OF_KIND, Demand, Kind, Reason, Stage
from gongdao.core.language import gettext as _
from gongdao.core.language import language, translated
from gongdao.core.money import Money
from gongdao.evidence.dossier import Dossier
from gongdao.evidence.statement import Claim, Order, Statement
from gongdao.evidence.suggest import question_to_merchant
from gongdao.rules import queries
from gongdao.rules.model import Article, Effect, ReasonRule

CHANNELS = (
    "in_platform",
    "management",
    "payment",
    "board",
    "consumer_association",
    "regulator_complaint",
    "regulator_report",
    "court",
)
"""The ways out a guide names, the nearest first."""
_SITUATIONS = ("fraud_suspected", "paid_to_person", "resale")
_MORE_SITUATIONS = {
    Reason.BOUGHT_BY_MINOR: ("minor",),
    Reason.TOPUP_NOT_CREDITED: ("carrier_dispute",),
    Reason.IDENTITY_WITHHELD: ("platform_unvetted",),
}
_ALWAYS = (Kind.LISTING_PAGE, Kind.ORDER_PAGE, Kind.PAYMENT_RECEIPT, Kind.CHAT)
_LAWS_SHOWN = 5
_FREE = "免费"
"""How the channels' data says that nothing is charged."""
_LEAST_CLAIM = Money(1, "CNY")


def guide_for(reason: Reason, on: date) -> Guide:
    """The guide page for ``reason`` as of ``on``, in the language in use.

    Raises NotKnown for a day before the rules begin.
    """
    used = Used()
    rule = queries.reason(reason.value, on)
    used.of(rule)
    places = tuple(place_of(code, on, used) for code in CHANNELS)
    sections = (
        *_save(rule),
        Section("law", _("依据（法律）"), tuple(_law(reason, on, used))),
        Section("expect", _("可以指望什么"), tuple(_expect(rule))),
        Section("cost", _("要花多少钱"), tuple(_cost(on, used))),
        Section("bars", _("先后顺序会影响什么"), tuple(_bars(on, used))),
        Section("policy", _("公道的做法，不是法律"), tuple(_policies(on, used))),
        Section("know", _("要知道的"), tuple(_know(rule))),
    )
    situations = (*_MORE_SITUATIONS.get(reason, ()), *_SITUATIONS)
    return Guide(
        code=reason.value,
        title=translated(REASON_NAMES[reason]),
        summary=text_of(rule, "reasoning"),
        on=on,
        sections=sections,
        ask=_ask(reason),
        places=places,
        circumstances=tuple(circumstance_of(code, on, used) for code in situations),
        checked=used.checked,
        rules=used.refs,
    )


def _save(rule: ReasonRule) -> Iterator[Section]:
    """What to save, by stage; what every case needs stands in it as well."""
    named = [Kind(kind) for kind in rule.evidence]
    kinds = [*named, *(kind for kind in _ALWAYS if kind not in named)]
    colon = ": " if language() == "en" else "："
    for stage in Stage:
        lines = tuple(
            Line(f"{translated(KIND_NAMES[kind])}{colon}{translated(KIND_HINTS[kind])}")
            for kind in kinds
            if STAGE_OF_KIND.get(kind, Stage.AFTER) is stage
        )
        if lines:
            name = translated(STAGE_NAMES[stage])
            yield Section(f"save-{stage.value}", _("存什么：{stage}").format(stage=name), lines)


def _ask(reason: Reason) -> str:
    empty = Dossier(
        Statement(order=Order(), claim=Claim(reasons=(reason,))),
        (),
        (),
        (),
        datetime(2026, 1, 1, tzinfo=BEIJING),
    )
    return question_to_merchant(empty)


def place_of(code: str, on: date, used: Used) -> Place:
    """One channel with its clocks, each marked as law, a platform's rule or ours."""
    channel = queries.channel(code, on)
    used.of(channel)
    clocks = queries.clocks(code, on)
    used.all(clocks)
    return Place(
        code=code,
        name=text_of(channel, "name"),
        who=channel.who_en if language() == "en" else channel.who_zh,
        achieves=text_of(channel, "achieves"),
        cannot=text_of(channel, "cannot"),
        cost=text_of(channel, "cost"),
        entry=text_of(channel, "entry"),
        clocks=tuple(clock_line(d, _articles(d.basis, on, used)) for d in clocks),
    )


def circumstance_of(code: str, on: date, used: Used) -> Circumstance:
    """One situation as the rules have it."""
    found = queries.situation(code, on)
    used.of(found)
    return Circumstance(
        code=code,
        name=text_of(found, "name"),
        says=text_of(found, "says"),
        do=texts_of(found, "do"),
        never=texts_of(found, "never"),
        phones=found.phones,
    )


def _articles(ids: tuple[str, ...], on: date, used: Used) -> tuple[Article, ...]:
    found = queries.articles(ids, on).articles
    used.all(found)
    return found


def _law(reason: Reason, on: date, used: Used) -> Iterator[Line]:
    for article in queries.articles_for(reason.value, True, on)[:_LAWS_SHOWN]:
        used.of(article)
        yield Line(text_of(article, "gives"), Basis.LAW, article.cite_short)


def _expect(rule: ReasonRule) -> Iterator[Line]:
    comma = ", " if language() == "en" else "、"
    asked = [Demand(d) for d in rule.remedies if Demand(d) is not Demand.PUNITIVE]
    demands = comma.join(translated(DEMAND_NAMES[demand]) for demand in asked)
    yield Line(_("可以提出：{demands}。").format(demands=demands))
    yield Line(_("关键在：{fact}").format(fact=text_of(rule, "decides")))
    if rule.punitive_if:
        condition = text_of(rule, "punitive_if")
        yield Line(_("惩罚性赔偿要满足的条件：{condition}").format(condition=condition))


def _cost(on: date, used: Used) -> Iterator[Line]:
    free = [c for code in CHANNELS if (c := queries.channel(code, on)).cost == _FREE]
    comma = ", " if language() == "en" else "、"
    yield Line(_("免费：{names}。").format(names=comma.join(text_of(c, "name") for c in free)))
    fee = queries.court_fee(_LEAST_CLAIM, on)
    if fee is not None:
        used.of(fee)
        yield Line(text_of(fee, "says"), basis_of(fee.status))


def _bars(on: date, used: Used) -> Iterator[Line]:
    """Edges between the channels of a guide that close one of them."""
    for edge in queries.exclusions(on):
        among = edge.from_ in CHANNELS and edge.to in CHANNELS
        if among and edge.effect in (Effect.REFUSED, Effect.MERGED):
            used.of(edge)
            articles = _articles(edge.basis, on, used)
            yield Line(text_of(edge, "says"), basis_of(edge.status), cite(articles))


def _policies(on: date, used: Used) -> Iterator[Line]:
    for code in ("escalate_after", "amount_moves_up"):
        policy = queries.policy(code, on)
        used.of(policy)
        yield Line(text_of(policy, "says"), Basis.POLICY)


def _know(rule: ReasonRule) -> Iterator[Line]:
    for name in ("caveats", "consumer_caveats"):
        for text in texts_of(rule, name):
            yield Line(text)
