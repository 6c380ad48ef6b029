"""Goods become draft listings with shelves, coupons become coupons; each once, with its old id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.core.clock import BEIJING
from gongdao.core.errors import InputError
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.market.coupons import NewCoupon, make_coupon
from gongdao.market.decide_coupon import CouponKind, CouponTerms
from gongdao.market.draft_listing import save_draft
from gongdao.market.models import Listing
from gongdao.market.moved_models import MovedDraft, MovedThing
from gongdao.market.moving_in.draft_of_goods import Draft, draft_of_goods
from gongdao.market.moving_in.dujiaoka_dump import MovedCoupon, MovedGoods
from gongdao.market.moving_in.keep_orders import OldShop
from gongdao.market.moving_in.rows import RefusedRow, RowReason
from gongdao.market.moving_in.survey import CARD_RULES, Survey
from gongdao.market.offer import Delivery, Missing
from gongdao.market.publish_listing import draft_listing
from gongdao.market.refusals import PriceUnderReview
from gongdao.vault.make_sku import make_sku

GOODS, LOOP_GOODS, COUPON = "goods", "loop_goods", "coupon"
_NOBODY = UUID(int=0)
"""Who saved the drafts: no account did."""
Refuse = Callable[[RefusedRow], None]


@dataclass(frozen=True)
class MovedListing:
    """A draft that came of goods ``old_id``, and what it still lacks."""

    old_id: int
    listing_id: UUID
    title: str
    missing: tuple[Missing, ...]


@dataclass
class Drafts:
    """Listings by (kind, old id) with their shelves, and how many are new."""

    skus: dict[tuple[str, int], UUID] = field(default_factory=dict)
    listings: dict[tuple[str, int], UUID] = field(default_factory=dict)
    made: list[MovedListing] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)


def find_moved(shop: OldShop, kind: str) -> dict[int, UUID]:
    """What rows of this kind became, by their old ids."""
    rows = MovedThing.objects.filter(merchant_id=shop.merchant_id, shop=shop.name, kind=kind)
    return dict(rows.values_list("old_id", "new_id"))


def make_drafts(
    *, shop: OldShop, survey: Survey, loop_uses: int | None, refuse: Refuse, at: datetime
) -> Drafts:
    """A draft listing for each goods of ``survey`` that has none yet. Goods with secrets to be sold
    once and others to be sold again and again become two: a shelf has one number of uses."""
    drafts = Drafts()
    known = {kind: find_moved(shop, kind) for kind in (GOODS, LOOP_GOODS)}
    for goods in survey.goods.values():
        wanted = _kinds(goods, survey, loop_uses)
        if not wanted:
            refuse(RefusedRow("goods", str(goods.id), "is_loop", RowReason.NO_LIMIT))
        category = survey.category_of(goods)
        draft = draft_of_goods(goods, category=category, on=at.astimezone(BEIJING).date())
        for kind, uses in wanted.items():
            place = kind, goods.id
            listing_id = known[kind].get(goods.id)
            drafts.told["already" if listing_id else "new"] += 1
            if listing_id is None:
                listing_id = _make(shop, place, draft, uses, at)
            row = Listing.objects.get(id=listing_id)
            drafts.listings[place] = row.id
            if row.sku_id is not None:
                drafts.skus[place] = row.sku_id
            drafts.made.append(MovedListing(goods.id, row.id, goods.name.strip(), draft.missing))
    return drafts


def _kinds(goods: MovedGoods, survey: Survey, loop_uses: int | None) -> dict[str, int]:
    """Which listings ``goods`` become, with the uses of a secret on their shelves."""
    if goods.id not in survey.loop:
        return {GOODS: 1}
    if goods.id not in survey.plain:
        return {} if loop_uses is None else {GOODS: loop_uses}
    return {GOODS: 1} | ({} if loop_uses is None else {LOOP_GOODS: loop_uses})


@transaction.atomic
def _make(shop: OldShop, place: tuple[str, int], draft: Draft, uses: int, at: datetime) -> UUID:
    listing = draft_listing(merchant_id=shop.merchant_id, sku_id=None, at=at)
    if draft.fields["delivery"] == Delivery.SECRET:
        listing.sku_id = make_sku(
            owner=SubjectRef("listing", listing.id),
            seller=SubjectRef("merchant", shop.merchant_id),
            rules=CARD_RULES,
            uses_allowed=uses,
            at=at,
        )
        listing.save(update_fields=["sku_id"])
    save_draft(listing=listing, fields=draft.fields, by=_NOBODY, at=at)
    MovedDraft.objects.create(listing=listing, beside=draft.beside)
    _keep(shop, place, listing.id, at)
    return listing.id


def _keep(shop: OldShop, place: tuple[str, int], new_id: UUID, at: datetime) -> None:
    kind, old_id = place
    MovedThing.objects.create(
        merchant_id=shop.merchant_id,
        shop=shop.name,
        kind=kind,
        old_id=old_id,
        new_id=new_id,
        moved_at=at,
    )


def make_coupons(
    *, stores: Stores, shop: OldShop, survey: Survey, drafts: Drafts, refuse: Refuse, at: datetime
) -> Counter[str]:
    """A coupon for each of ``survey`` that is not here yet, with the uses it has left; switched off
    where it brings a price far under the market, which a person looks at before it holds."""
    told: Counter[str] = Counter()
    known = find_moved(shop, COUPON)
    for coupon in survey.coupons.values():
        if coupon.id in known:
            told["already"] += 1
            continue
        goods = survey.coupon_goods.get(coupon.id, set())
        listings = {
            drafts.listings[kind, one]
            for one in goods
            for kind in (GOODS, LOOP_GOODS)
            if (kind, one) in drafts.listings
        }
        reason = _make_coupon(stores, shop, coupon, frozenset(listings), at)
        if reason in (None, RowReason.OFF):
            told["new"] += 1
        if reason is not None:
            field = "discount" if reason is RowReason.NOTHING_OFF else "coupon"
            refuse(RefusedRow("coupons", str(coupon.id), field, reason))
    _tell_lost_links(survey, drafts, refuse)
    return told


def _make_coupon(
    stores: Stores,
    shop: OldShop,
    coupon: MovedCoupon,
    listings: frozenset[UUID],
    at: datetime,
) -> RowReason | None:
    """Make one; or why not, or not as it was."""
    if coupon.off.minor <= 0:
        return RowReason.NOTHING_OFF
    terms = CouponTerms(
        kind=CouponKind.FIXED,
        percent=None,
        fixed=coupon.off,
        minimum=Money(0, coupon.off.currency),
        on=coupon.is_open,
        uses_left=max(0, coupon.uses_left),
        per_buyer=None,
        starts_at=None,
        ends_at=None,
        listings=listings,
    )
    if not coupon.code.strip():
        return RowReason.CODE
    wanted = NewCoupon(f"{shop.name} #{coupon.id}", terms, coupon.code)
    try:
        try:
            _add(stores, shop, coupon, wanted, at)
        except PriceUnderReview:
            _add(stores, shop, coupon, replace(wanted, terms=replace(terms, on=False)), at)
            return RowReason.OFF
    except InputError:
        return RowReason.CODE
    return None


def _add(
    stores: Stores, shop: OldShop, coupon: MovedCoupon, wanted: NewCoupon, at: datetime
) -> None:
    with transaction.atomic():
        row, _code = make_coupon(stores=stores, merchant_id=shop.merchant_id, wanted=wanted, at=at)
        _keep(shop, (COUPON, coupon.id), row.id, at)


def _tell_lost_links(survey: Survey, drafts: Drafts, refuse: Refuse) -> None:
    """Rows that join a coupon to goods, where one of the two is not here."""
    for coupon_id, goods in sorted(survey.coupon_goods.items()):
        for one in sorted(goods):
            if coupon_id not in survey.coupons:
                refuse(RefusedRow("coupons_goods", "", "coupons_id", RowReason.NO_COUPON))
            elif (GOODS, one) not in drafts.listings:
                refuse(RefusedRow("coupons_goods", "", "goods_id", RowReason.NO_GOODS))
