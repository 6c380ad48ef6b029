"""Jobs around merchants: those who are due for re-verification are told, those who let it pass are
paused, those who leave are seen off."""

from __future__ import annotations

import logging

from procrastinate.contrib.django import app

from gongdao.core.clock import beijing
from gongdao.core.errors import GongdaoError
from gongdao.front.clock import now
from gongdao.front.find_claims import find_claims
from gongdao.front.stores import get_stores
from gongdao.front.worker.market_tasks import reachable, read_contact
from gongdao.market.close_merchant import finish_closings
from gongdao.market.look_again import find_fallen, pause_fallen, switch_off_fallen
from gongdao.market.models import ListingReview, Merchant
from gongdao.market.notices_merchant import plan_merchant_notice, plan_review_notices
from gongdao.market.pause_merchant import expire_merchant, find_expired
from gongdao.market.states import ReviewCode

log = logging.getLogger("gongdao.market")
QUICK = "quick"


@app.periodic(cron="15 * * * *")
@app.task(name="look_at_reviews", queue=QUICK, queueing_lock="look_at_reviews")
def look_at_reviews(timestamp: int) -> None:
    """Tell who is due soon, and pause who let the day pass."""
    plan_review_notices(stores=get_stores(), read=read_contact, channels=reachable(), at=now())
    for merchant_id in find_expired(at=now()):
        try:
            expire_merchant(stores=get_stores(), merchant_id=merchant_id, at=now())
        except GongdaoError as error:
            log.error("merchant %s cannot be paused: %s", merchant_id, error.code)


@app.periodic(cron="40 3 * * *")
@app.task(name="look_at_listings", queue=QUICK, queueing_lock="look_at_listings")
def look_at_listings(timestamp: int) -> None:
    """Pause listings that fall under the catalogue of what may not be listed, switch off coupons
    named after such goods, and tell their merchants."""
    for listing_id in find_fallen(at=now()):
        try:
            review = pause_fallen(stores=get_stores(), listing_id=listing_id, at=now())
        except GongdaoError as error:
            log.error("listing %s cannot be paused: %s", listing_id, error.code)
        else:
            if review is not None:
                tell_of_review(review)
    for coupon in switch_off_fallen(at=now()):
        _tell(coupon.merchant, f"coupon:{coupon.id}:{beijing(now()).date():%Y%m%d}")


def tell_of_review(review: ListingReview) -> bool:
    """Plan a notice to the merchant about what was found or decided; False where he was told, or
    left no address that can be reached."""
    event = "paused" if review.code == ReviewCode.PROHIBITED else "price"
    return _tell(review.listing.merchant, f"{event}:{review.id}")


def _tell(merchant: Merchant, event: str) -> bool:
    return plan_merchant_notice(
        stores=get_stores(),
        merchant=merchant,
        event=event,
        read=read_contact,
        channels=reachable(),
        at=now(),
    )


@app.periodic(cron="*/10 * * * *")
@app.task(name="close_merchants", queue=QUICK, queueing_lock="close_merchants")
def close_merchants(timestamp: int) -> None:
    """Return the deposits of those who leave, where nothing is open any more."""
    finish_closings(stores=get_stores(), find_claims=find_claims, at=now())
