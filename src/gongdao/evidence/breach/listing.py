"""Reasons about what was announced: discount, hours, description. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from gongdao.core.codes import Kind, Proof, Reason
from gongdao.core.language import Phrase
from gongdao.evidence.breach.delivery import quote_of, topup_not_credited
from gongdao.evidence.breach.secret import (
    already_redeemed,
    invalid_secret,
    region_mismatch,
    test_card,
    wrong_denomination,
)
from gongdao.evidence.chat_lines.label import Label
from gongdao.evidence.dossier import Dossier
from gongdao.evidence.finding import Contradiction, Finding, Judged, strongest
from gongdao.evidence.price_check import PriceCheck, check_price


def fake_discount(dossier: Dossier) -> Judged:
    """A compared price that the deal records do not support."""
    check = check_price(dossier)
    found: list[Finding] = []
    weakens: list[Phrase] = []
    if check is None:
        weakens.append(Phrase("没有划线价或被比较价的画面"))
    elif check.supported is False:
        found.append(
            Finding(
                "price_not_supported",
                _too_high(check),
                check.exhibits,
            )
        )
    elif check.supported is None:
        weakens.append(Phrase("没有此前七日的成交记录，还不能说被比较价不成立"))
    else:
        weakens.append(Phrase("成交记录支持这个被比较价"))
    for path, price, at in check.shown_lower if check else ():
        found.append(
            Finding(
                "shown_lower_before",
                Phrase("{at} 的商品页售价为 {price} 元", at=f"{at:%Y-%m-%d}", price=price),
                (path,),
                Proof.WEAK,
            )
        )
    if check and check.supported and not check.shown_lower:
        return Judged(Proof.MISSING, (), tuple(weakens))
    return Judged(strongest(tuple(found)), tuple(found), tuple(weakens))


def _too_high(check: PriceCheck) -> Phrase:
    if check.lowest_deal_7_days:
        return Phrase(
            "被比较价 {compared} 元，高于此前七日最低成交价 {limit} 元（共 {count} 笔）",
            compared=check.compared_price,
            limit=check.lowest_deal_7_days,
            count=check.deals_counted,
        )
    return Phrase(
        "被比较价 {compared} 元，高于此前最后一次成交价 {limit} 元",
        compared=check.compared_price,
        limit=check.last_deal_before,
    )


def hours_misrepresented(dossier: Dossier, contradictions: Iterable[Contradiction]) -> Judged:
    """The promise and the page's own small print."""
    found = [
        Finding(
            "small_print_takes_back",
            Phrase(
                "页面承诺“{promise}”，同页小字却写“{small}”", promise=c.case, small=c.exhibit_value
            ),
            (c.exhibit,),
        )
        for c in contradictions
        if c.what == "promise_vs_small_print"
    ]
    listing = dossier.first("promise", Kind.LISTING_PAGE)
    if not found and listing:
        found.append(
            Finding(
                "promise_shown",
                Phrase("商品页承诺“{promise}”", promise=listing.value),
                (listing.exhibit.path,),
                Proof.WEAK,
            )
        )
    found += quote_of(dossier, Label.ADMISSION_OTHER_FAULT, code="admitted_fault")
    return Judged(strongest(tuple(found)), tuple(found))


def misdescribed(dossier: Dossier, contradictions: Iterable[Contradiction]) -> Judged:
    """What the listing said against what test, issuer or admission shows."""
    listing = dossier.first("promise", Kind.LISTING_PAGE) or dossier.first(
        "price", Kind.LISTING_PAGE
    )
    reasons = dossier.statement.claim.reasons
    shown: list[Finding] = list(
        quote_of(dossier, Label.ADMISSION_OTHER_FAULT, code="admitted_fault")
    )
    for judge in (
        test_card,
        wrong_denomination,
        already_redeemed,
        invalid_secret,
        region_mismatch,
    ):
        shown += [f for f in judge(dossier).carries if f.proof is Proof.PROVEN]
    if Reason.TOPUP_NOT_CREDITED in reasons:
        shown += topup_not_credited(dossier).carries
    shown += [
        Finding(
            "small_print_takes_back",
            Phrase(
                "页面承诺“{promise}”，同页小字却写“{small}”", promise=c.case, small=c.exhibit_value
            ),
            (c.exhibit,),
        )
        for c in contradictions
        if c.what == "promise_vs_small_print"
    ]
    if listing is None:
        weak = tuple(Finding(f.code, f.says, f.exhibits, Proof.WEAK) for f in shown)
        return Judged(strongest(weak), weak, (Phrase("没有商品页，说不清当时是怎么描述的"),))
    told = Finding(
        "listing_said",
        Phrase("商品页写的是“{promise}”", promise=listing.value),
        (listing.exhibit.path,),
        Proof.WEAK,
    )
    found = (told, *dict.fromkeys(shown))
    return Judged(strongest(found), found)
