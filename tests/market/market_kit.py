"""A small market for tests: one merchant, one listing with secrets in stock, and ways to order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from tests.market.offer_kit import OFFER

from gongdao.core.clock import parse_iso
from gongdao.core.ids import new_id
from gongdao.core.models import User
from gongdao.core.subject import SubjectRef
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import AccountKind
from gongdao.log.new_leaf import new_subject
from gongdao.market.accounts import (
    open_merchant_accounts,
    open_platform_accounts,
    platform_account,
)
from gongdao.market.check_seller import min_deposit
from gongdao.market.confirm_payment import Confirmed, confirm_payment
from gongdao.market.desk_models import SourceProof
from gongdao.market.draft_listing import keep_proof
from gongdao.market.models import Listing, ListingVersion, Merchant
from gongdao.market.offer import Offer
from gongdao.market.pay_deposit import pay_deposit
from gongdao.market.place_order import Placed, Wanted, place_order
from gongdao.market.publish_listing import draft_listing, publish_listing
from gongdao.market.terms import accept_terms, terms_number
from gongdao.payments.port import Report, Told
from gongdao.vault.canonical_form import CanonRules, FieldRule
from gongdao.vault.import_secrets import import_secrets
from gongdao.vault.make_sku import make_sku
from gongdao.vault.split_line import Line
from gongdao.vault.write_batch import BatchSource, SourceKind

AT = parse_iso("2026-11-23T12:00:00+08:00")
GATEWAY, ACCOUNT = "sandbox", "sandbox"
PAPER = b"%PDF-1.4 a paper"


@dataclass(frozen=True)
class Shop:
    """A merchant with one listing."""

    merchant: Merchant
    listing: Listing
    sku: UUID


def make_merchant(name: str = "示例商家") -> Merchant:
    """An admitted merchant with his accounts."""
    user, _ = User.objects.get_or_create(
        email="reviewer@example.invalid", defaults={"id": new_id(AT), "joined_at": AT}
    )
    merchant = Merchant.objects.create(
        id=new_id(AT),
        display_name=name,
        legal_name=f"{name}有限公司",
        uscc="",
        sealed=b"",
        contact_proven_at=AT,
        licence_address="licence/1",
        reason="资料齐全",
        reviewer=user,
        reviewed_at=AT,
        admitted_at=AT,
        log_subject=new_subject("merchant"),
    )
    open_merchant_accounts(merchant_id=merchant.id, at=AT)
    open_platform_accounts(gateways=[(GATEWAY, ACCOUNT)], at=AT)
    make_ready(merchant, user)
    return merchant


def make_ready(merchant: Merchant, member: User) -> None:
    """What stands between being admitted and selling: the deposit, and the terms."""
    bank = platform_account(AccountKind.OUTSIDE)
    least = min_deposit(AT.date())
    pay_deposit(merchant_id=merchant.id, amount=least, source=bank, reference="kit", at=AT)
    accept_terms(merchant_id=merchant.id, number=terms_number(AT), by=member.id, at=AT)


def make_shop(
    stock: int = 10,
    offer: Offer = OFFER,
    merchant: Merchant | None = None,
    prepare: Callable[[Listing], object] | None = None,
) -> Shop:
    """A published listing with ``stock`` secrets; ``prepare`` is done before it is published."""
    merchant = merchant or make_merchant()
    listing = draft_listing(merchant_id=merchant.id, sku_id=None, at=AT)
    sku = make_sku(
        owner=SubjectRef("listing", listing.id),
        seller=SubjectRef("merchant", merchant.id),
        rules=CanonRules((FieldRule("secret"),)),
        at=AT,
    )
    listing.sku_id = sku
    listing.save(update_fields=["sku_id"])
    if prepare is not None:
        prepare(listing)
    publish(listing, offer, at=AT)
    if stock:
        add_stock(sku, [f"CARD-{listing.id.hex[-12:]}-{n:06d}" for n in range(stock)])
    return Shop(merchant, listing, sku)


def publish(listing: Listing, offer: Offer, at: datetime) -> ListingVersion:
    """Publish ``offer``; where it names no paper of ours, with the merchant's own."""
    if not offer.source_proof.startswith("proof:"):
        offer = replace(offer, source_proof=own_proof(listing.merchant_id))
    version = publish_listing(stores=get_stores(), listing_id=listing.id, offer=offer, at=at)
    listing.refresh_from_db()
    return version


def own_proof(merchant_id: UUID) -> str:
    """How an offer names the paper that the merchant handed in; his first one is made here."""
    kept = SourceProof.objects.filter(merchant_id=merchant_id).order_by("at").first()
    if kept is not None:
        return f"proof:{kept.id}"
    by = new_id(AT)
    return keep_proof(stores=get_stores(), merchant_id=merchant_id, data=PAPER, by=by, at=AT)


def add_stock(sku: UUID, secrets: Sequence[str]) -> None:
    """Import ``secrets`` as one batch."""
    lines = [Line(n, (text,)) for n, text in enumerate(secrets, 1)]
    report = import_secrets(
        stores=get_stores(),
        sku=sku,
        batch=new_id(AT),
        source=BatchSource(kind=SourceKind.RESALE),
        lines=lines,
        at=AT,
    )
    assert report.accepted == len(secrets), report


def order(shop: Shop, quantity: int = 1, contact: str = "buyer@example.invalid", **more) -> Placed:
    """Place an order."""
    at = more.pop("at", AT)
    wanted = Wanted(
        listing_id=shop.listing.id,
        version=shop.listing.version,
        quantity=quantity,
        contact=contact,
        terms=terms_number(at),
        gateway=GATEWAY,
        account=ACCOUNT,
        answers={},
    )
    return place_order(stores=get_stores(), wanted=replace(wanted, **more), at=at)


def pay(placed: Placed, trade_no: str = "", after: timedelta = timedelta(minutes=1)) -> Confirmed:
    """The gateway's word that ``placed`` was paid."""
    trade = trade_no or f"T{placed.number}"
    report = Report(placed.number, trade, Told.PAID, placed.total, ACCOUNT)
    digest = hashlib.sha256(trade.encode()).digest()
    return confirm_payment(
        stores=get_stores(),
        report=report,
        gateway=GATEWAY,
        way="callback",
        digest=digest,
        at=AT + after,
    )
