"""What the pages about where a case stands show, drawn from its report. Pure but for pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gongdao.casework.words import ELEMENT_NAMES, KIND_NAMES, STAGE_NAMES
from gongdao.core.clock import parse_iso, say_minute
from gongdao.core.codes import Element, Kind, Stage
from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.core.language import mark, translated
from gongdao.front.web.exhibit_links import ExhibitLink, Picture, find_picture
from gongdao.front.web.report import SeenCase

CONFLICT_NAMES = {
    "paid_amount": mark("付款金额对不上"),
    "paid_at": mark("付款时间对不上"),
    "receipt_before_order": mark("付款早于下单"),
    "order_no": mark("订单号对不上"),
    "delivered_at": mark("发货时间对不上"),
    "merchant_name": mark("商家名称对不上"),
    "promise_vs_small_print": mark("承诺和小字说明不一致"),
    "claim_vs_issuer": mark("主张和发行方的记录不一致"),
    "claim_vs_redemption": mark("主张和兑换记录不一致"),
}
_FACT_OF = {
    "paid_amount": "order/#id_paid",
    "paid_at": "order/#id_paid_at",
    "receipt_before_order": "order/#id_ordered_at",
    "order_no": "order/#id_order_no",
    "delivered_at": "order/#id_delivered_at",
    "merchant_name": "order/#id_merchant",
    "claim_vs_issuer": "reasons/",
    "claim_vs_redemption": "reasons/",
}
"""The field in which the buyer states what a contradiction is about, below the facts."""
_FIELDS_OF = {
    "paid_amount": ("amount",),
    "paid_at": ("paid_at", "at"),
    "receipt_before_order": ("paid_at", "at"),
    "order_no": ("order_no",),
    "delivered_at": ("delivered_at",),
    "merchant_name": ("merchant",),
    "promise_vs_small_print": ("promise", "service_hours"),
    "claim_vs_issuer": ("redeemed_at", "reason", "body"),
    "claim_vs_redemption": ("error", "at"),
}
"""The readings of an exhibit that a contradiction is about, the best first."""
_STEPS_OF: dict[Element, tuple[str, ...]] = {
    Element.CONTRACT: ("order_page", "listing_page", "original_listing", "service_terms"),
    Element.PAYMENT: ("payment_receipt", "original_receipt", "bill_export"),
    Element.BREACH: (
        "redemption_failure",
        "redemption_recording",
        "issuer_statement",
        "card_page",
        "balance_page",
        "carrier_bill",
        "listing_page",
        "order_page",
        "other",
    ),
    Element.NOTICE: ("complaint_receipt", "chat"),
    Element.ADMISSION: ("clear_admission",),
    Element.RESPONDENT_IDENTITY: ("merchant_licence", "merchant_identity_from_platform"),
}
"""Suggestions that lift an element, the best first."""
_SHOWN_IN: dict[Element, tuple[str, ...]] = {
    Element.CONTRACT: ("order_no", "promise", "price", "listed_price"),
    Element.PAYMENT: ("amount", "paid_at", "txn_no"),
    Element.BREACH: ("error", "delivered_at", "redeemed_at", "cancelled_at", "status", "credited"),
    Element.NOTICE: ("ticket_no", "at"),
    Element.ADMISSION: (),
    Element.RESPONDENT_IDENTITY: ("uscc", "name", "merchant"),
}
"""The readings on which an element usually rests, the best first."""
WHAT_IT_MEANS: dict[Element, str] = {
    Element.CONTRACT: mark("您和谁、就什么商品、按什么价格和承诺成交。"),
    Element.PAYMENT: mark("付了多少、什么时候、付给谁。"),
    Element.BREACH: mark("说好的没有做到：没发、晚发、卡密不能用，或者与描述不符。"),
    Element.NOTICE: mark("您向商家或平台提过明确的要求，并留下了记录。"),
    Element.ADMISSION: mark("对方自己承认了问题。“稍等”“在处理”不算承认。"),
    Element.RESPONDENT_IDENTITY: mark(
        "对方的登记名称，加上统一社会信用代码或地址。市场监管和法院都要它。"
    ),
}
_ON_THE_WEB = {
    "correct_case": mark("看下面的对照：写错了就改您写的；图上没读对，就改识别结果。"),
    "merchant_identity_from_platform": mark(
        "把写好的函件发给平台，并注明答复日期：在“文书”里可以修改、复制和下载。"
    ),
}
"""How to do it here, where the report speaks of a folder on one's own machine."""


@dataclass(frozen=True)
class ShownEvidence:
    """One line of what carries an element; no ``exhibits``: the buyer's own word."""

    exhibits: tuple[ExhibitLink, ...]
    shows: str
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class NextStep:
    """The one thing to get for an element: ``say`` is the sentence to send, where asking helps."""

    title: str
    why: str
    how: str
    say: str


@dataclass(frozen=True)
class ShownElement:
    """One element as its part of the page shows it."""

    code: str
    name: str
    meaning: str
    state: str
    evidence: tuple[ShownEvidence, ...]
    weakens: tuple[str, ...]
    step: NextStep | None


@dataclass(frozen=True)
class ShownConflict:
    """Statement and exhibit side by side; ``mend`` leads to the fact, ``href`` to the
    reading; ``refutes`` where the evidence speaks against the claim itself."""

    id: str
    what: str
    said: str
    shown: str
    no: int | None
    href: str
    name: str
    picture: Picture | None
    mend: str
    refutes: bool


@dataclass(frozen=True)
class ShownStage:
    """One stage: what was found in it, and what it still lacks."""

    code: str
    name: str
    state: str
    has: tuple[str, ...]
    lacks: tuple[str, ...]


def show_element(
    seen: SeenCase, code: Element, links: Mapping[str, ExhibitLink], *, pictures: bool = False
) -> ShownElement:
    """One element; with the place in each picture where ``pictures`` is asked for."""
    report = seen.report
    rows = report["evidence"].get(code.value, ())
    state = report["elements"][code.value]
    return ShownElement(
        code.value,
        translated(ELEMENT_NAMES[code]),
        translated(WHAT_IT_MEANS[code]),
        state,
        _together(tuple(_evidence(seen, code, row, links, pictures) for row in rows)),
        tuple(report["weakens"].get(code.value, ())),
        None if state in ("proven", "explicit") else _step(report["suggestions"], code),
    )


def show_elements(seen: SeenCase, links: Mapping[str, ExhibitLink]) -> tuple[ShownElement, ...]:
    """All six, in their order."""
    return tuple(show_element(seen, code, links) for code in Element)


def _evidence(
    seen: SeenCase,
    code: Element,
    row: Mapping[str, str],
    links: Mapping[str, ExhibitLink],
    pictures: bool,
) -> ShownEvidence:
    exhibit = links.get(row["exhibit"])
    if exhibit is None:
        return ShownEvidence((), _("{what}（您自己写的）").format(what=row["shows"]))
    picture = find_picture(seen, exhibit, _SHOWN_IN[code]) if pictures else None
    return ShownEvidence((exhibit,), row["shows"], (picture,) if picture else ())


def _together(rows: Sequence[ShownEvidence]) -> tuple[ShownEvidence, ...]:
    """One line for everything that shows the same."""
    found: dict[str, ShownEvidence] = {}
    for row in rows:
        same = found.get(row.shows, ShownEvidence((), row.shows))
        found[row.shows] = ShownEvidence(
            (*same.exhibits, *row.exhibits), row.shows, (*same.pictures, *row.pictures)
        )
    return tuple(found.values())


def _step(suggestions: Sequence[Mapping[str, str]], code: Element) -> NextStep | None:
    for one in suggestions:
        if one["code"] in _STEPS_OF[code]:
            return show_step(one)
    return None


def show_step(suggestion: Mapping[str, str]) -> NextStep:
    """One suggestion of the report, in the words of a page."""
    code = suggestion["code"]
    name = KIND_NAMES[Kind(code)] if code in set(Kind) else _STEP_NAMES.get(code, code)
    how = translated(_ON_THE_WEB[code]) if code in _ON_THE_WEB else suggestion["how"]
    return NextStep(translated(name), suggestion["why"], how, suggestion["say"])


_STEP_NAMES = {
    "clear_admission": mark("对方明确的答复"),
    "original_receipt": mark("付款凭证原图"),
    "original_listing": mark("商品页原图"),
    "merchant_identity_from_platform": mark("向平台要卖家身份"),
    "correct_case": mark("改正陈述"),
}


def show_conflicts(
    seen: SeenCase, links: Mapping[str, ExhibitLink], case_url: str
) -> tuple[ShownConflict, ...]:
    """Every contradiction of the report, those against the claim last."""
    report = seen.report
    refuted = set(report["against_claim"])
    found = [
        _conflict(seen, number, one, links, case_url)
        for number, one in enumerate(report["contradictions"], 1)
    ]
    return tuple(sorted(found, key=lambda one: bool(refuted) and one.refutes))


def _conflict(
    seen: SeenCase,
    number: int,
    one: Mapping[str, str],
    links: Mapping[str, ExhibitLink],
    case_url: str,
) -> ShownConflict:
    what, exhibit = one["what"], links.get(one["exhibit"])
    return ShownConflict(
        f"conflict-{number}",
        translated(CONFLICT_NAMES.get(what, what)),
        say_value(one["case"]),
        say_value(one["exhibit_value"]),
        exhibit.no if exhibit else None,
        exhibit.href if exhibit else "",
        exhibit.name if exhibit else one["exhibit"],
        find_picture(seen, exhibit, _FIELDS_OF.get(what, ())) if exhibit else None,
        f"{case_url}facts/{_FACT_OF[what]}" if what in _FACT_OF else "",
        what.startswith("claim_vs_"),
    )


def say_value(value: str) -> str:
    """A value of the report as people read it: an instant as Beijing time, the rest as it is."""
    try:
        return say_minute(parse_iso(value)) if "T" in value and value[:2] == "20" else value
    except (ValueError, InputError):
        return value


def show_stages(
    report: Mapping[str, Any], links: Mapping[str, ExhibitLink]
) -> tuple[ShownStage, ...]:
    """The three stages with what they hold and lack."""
    details = report["stage_details"]
    return tuple(
        ShownStage(
            stage.value,
            translated(STAGE_NAMES[stage]),
            report["stages"][stage.value],
            tuple(_has(path, links) for path in details[stage.value]["has"]),
            tuple(details[stage.value]["lacks"]),
        )
        for stage in Stage
    )


def _has(what: str, links: Mapping[str, ExhibitLink]) -> str:
    """A kind of exhibit in words, or the name of a file."""
    if what in set(Kind):
        return translated(KIND_NAMES[Kind(what)])
    return links[what].name if what in links else what
