"""What keeps an offer from being published beyond what it must say: judged in one place, so that
the desk, the interface and whoever else publishes meet the same checks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from gongdao.core.clock import beijing
from gongdao.core.language import Phrase
from gongdao.market.compared import EARLIEST, SHOWN_FOR, ComparedKind, is_possible_day, was_shown
from gongdao.market.decide_price import Support, judge_compared_price, says_face
from gongdao.market.desk_models import SourceProof
from gongdao.market.models import Listing, Supply
from gongdao.market.offer import Delivery, Missing, Offer
from gongdao.market.offer_words import find_forbidden, say_forbidden
from gongdao.market.price_history import all_prices
from gongdao.market.queries import recent_deals
from gongdao.market.review_listing import why_price_refused
from gongdao.market.review_official import why_official_refused
from gongdao.market.review_proof import why_refused
from gongdao.market.shown import find_shown


def find_obstacles_of_offer(*, listing: Listing, offer: Offer, at: datetime) -> tuple[Missing, ...]:
    """Everything that keeps ``offer`` from being the listing's next version, beside what
    `find_missing` finds in it: prohibited goods (F1), a struck-through price without support (A7),
    no shelf, no supplier, no paper of the merchant's own, or one that the staff refused, or a
    price far under the market that they refused."""
    found = [*_judge_words(offer, at), *_judge_price(listing, offer, at)]
    if offer.delivery is Delivery.SECRET and listing.sku_id is None:
        found.append(Missing("delivery", Phrase("先在“库存”里建好库位，再上架")))
    if offer.delivery is Delivery.SUPPLIER:
        found += _judge_supply(listing, offer)
    if offer.source_proof:
        found += _judge_proof(listing, offer.source_proof)
    if refused := why_price_refused(listing=listing, offer=offer, at=at):
        found.append(Missing("price", refused))
    if refused := why_official_refused(listing=listing, offer=offer, at=at):
        found.append(Missing("compared_price", refused))
    return tuple(found)


def _judge_words(offer: Offer, at: datetime) -> Iterator[Missing]:
    for one in find_forbidden(offer, on=beijing(at).date()):
        yield Missing(one.field, say_forbidden(one.rule))


def _judge_price(listing: Listing, offer: Offer, at: datetime) -> Iterator[Missing]:
    if offer.compared_price is None:
        return
    with_ = offer.compared_with
    if with_ is not None and with_.since is not None and not is_possible_day(with_.since, at=at):
        reason = Phrase("要在 {low} 到 {high} 之间", low=EARLIEST, high=beijing(at).date())
        yield Missing("compared_since", reason)
        return
    verdict = judge_compared_price(
        compared=offer.compared_price,
        why=offer.compared_why,
        with_=offer.compared_with,
        deals=recent_deals(listing.id),
        at=at,
    )
    if verdict.allowed:
        if verdict.support is Support.EXPLAINED:
            yield from _judge_earlier(listing, offer, at)
        return
    if verdict.support is Support.FACE_VALUE:
        field = "compared_why" if says_face(offer.compared_why) else "compared_singles"
        yield Missing(field, Phrase("面额不是成交价，不能拿来划线。"))
    elif verdict.ceiling is None:
        reason = Phrase("还没有成交，请选好和什么比较，或不写划线价。")
        yield Missing("compared_price", reason)
    else:
        reason = Phrase("划线价没有成交记录支持，目前最高可写 {most} 元", most=verdict.ceiling)
        yield Missing("compared_price", reason)


def _judge_earlier(listing: Listing, offer: Offer, at: datetime) -> Iterator[Missing]:
    """An earlier price of one's own has to stand in the listing's own record."""
    price, with_ = offer.compared_price, offer.compared_with
    if price is None or with_ is None or with_.since is None:
        return
    if with_.kind is ComparedKind.OWN_EARLIER and not was_shown(
        price, since=with_.since, steps=all_prices(listing.id), at=at
    ):
        yield Missing(
            "compared_since",
            Phrase(
                "价格记录里，从这一天起没有连着 {days} 天卖到划线价，不能这样写",
                days=SHOWN_FOR.days,
            ),
        )


def _judge_supply(listing: Listing, offer: Offer) -> Iterator[Missing]:
    supply = Supply.objects.filter(listing=listing).select_related("supplier").first()
    if supply is None or not supply.supplier.on:
        yield Missing("delivery", Phrase("先在“上游”里选好上游，再上架"))
    elif supply.ask not in offer.asks:
        reason = Phrase("上游要的“{ask}”不在里面，加上它，或在“上游”里改", ask=supply.ask)
        yield Missing("asks", reason)


def _judge_proof(listing: Listing, named: str) -> Iterator[Missing]:
    if not _is_own_proof(listing, named):
        yield Missing("source_proof", Phrase("上传来源的凭证"))
    elif why := why_refused(named):
        yield Missing("source_proof", why)


def _is_own_proof(listing: Listing, named: str) -> bool:
    """Versions made elsewhere name a proof of another form; those stay as they were accepted."""
    if listing.version and find_shown(listing.id, listing.version).offer.source_proof == named:
        return True
    try:
        proof_id = UUID(named.removeprefix("proof:"))
    except ValueError:
        return False
    return SourceProof.objects.filter(id=proof_id, merchant_id=listing.merchant_id).exists()
