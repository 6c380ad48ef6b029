"""Make the merchants of the demonstration with their listings and stock. Run again it changes
nothing: whatever stands there already is left as it is."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from allauth.account.models import EmailAddress
from django.db import transaction

from gongdao.core.envelope import derive
from gongdao.core.ids import new_id
from gongdao.core.language import mark
from gongdao.core.models import User
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.front.demo.demo_goods import PAPER, SHOPS, DemoGood, DemoShop
from gongdao.front.gateways import make_sandbox
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.post_transfers import post_transfer
from gongdao.ledger.transfers import TransferKind
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf, new_subject
from gongdao.market.accounts import (
    merchant_account,
    open_merchant_accounts,
    open_platform_accounts,
    platform_account,
)
from gongdao.market.desk_models import SourceProof
from gongdao.market.draft_listing import keep_proof
from gongdao.market.models import Listing, ListingVersion, Merchant, MerchantMember
from gongdao.market.offer import Delivery
from gongdao.market.publish_listing import draft_listing, publish_listing
from gongdao.market.staff import add_role, find_user
from gongdao.market.states import Role
from gongdao.market.terms import accept_terms, terms_number
from gongdao.vault.import_secrets import import_secrets
from gongdao.vault.make_sku import make_sku
from gongdao.vault.split_line import Line
from gongdao.vault.write_batch import BatchSource
from gongdao.vault.write_batch import SourceKind as StockSource

OPERATOR = "operator@demo.invalid"
BUYER = "buyer@demo.invalid"
_SOURCES = {
    "official": StockSource.OFFICIAL,
    "distributor": StockSource.AUTHORIZED,
    "resale": StockSource.RESALE,
    "recycled": StockSource.RECYCLED,
}


@dataclass(frozen=True)
class Filled:
    """Who can sign in, with the password of all of them, and the listings by their titles."""

    password: str
    mails: dict[str, str]
    listings: dict[str, Listing]


def fill_market(*, stores: Stores, at: datetime) -> Filled:
    """Make what is missing of the merchants, listings and stock."""
    password = demo_password(stores)
    operator = _user(OPERATOR, password, at)
    for role in Role:
        add_role(user_id=operator.pk, role=role, at=at)
    mails = {mark("平台审核员"): OPERATOR, mark("买家"): BUYER}
    _user(BUYER, password, at)
    sandbox = make_sandbox()
    open_platform_accounts(gateways=[(sandbox.name, sandbox.account)], at=at)
    listings: dict[str, Listing] = {}
    for shop in SHOPS:
        merchant = _merchant(stores, shop, operator, at)
        _member(merchant, _user(shop.mail, password, at), at)
        _deposit(merchant, shop, at)
        _accept(merchant, shop.mail, at)
        mails[shop.name] = shop.mail
        for good in shop.goods:
            listing = _listing(stores, merchant, good, at)
            if good.stock is not None:
                _import(stores, listing, good, at)
            listings[good.offer.title] = listing
    return Filled(password, mails, listings)


def demo_password(stores: Stores) -> str:
    """One password for every account of the demonstration; another one on each installation."""
    key = derive(stores.masters.current, "demo accounts")
    return hmac.digest(key, b"password", "sha256").hex()[:16]


def _user(mail: str, password: str, at: datetime) -> User:
    found = User.objects.filter(email=mail).first()
    if found is None:
        found = User.objects.create_user(mail, password, id=new_id(at), joined_at=at)
        EmailAddress.objects.create(user=found, email=mail, verified=True, primary=True)
    return found


def _merchant(stores: Stores, shop: DemoShop, operator: User, at: datetime) -> Merchant:
    since = at - timedelta(days=shop.days)
    merchant, made = Merchant.objects.get_or_create(
        display_name=shop.name,
        defaults={
            "id": new_id(since),
            "legal_name": f"{shop.name}（演示）有限公司",
            "sealed": b"",
            "contact_proven_at": since,
            "licence_address": "demo/licence",
            "reason": "演示用，资料齐全。",
            "reviewer": operator,
            "reviewed_at": max(since, at - timedelta(days=60)),
            "admitted_at": since,
            "log_subject": new_subject("merchant"),
        },
    )
    if made:
        open_merchant_accounts(merchant_id=merchant.id, at=since)
        leaf = NewLeaf("merchant.admitted", merchant.log_subject)
        with transaction.atomic():
            append_leaves(stores=stores, leaves=[leaf], at=since)
    return merchant


def _member(merchant: Merchant, user: User, at: datetime) -> None:
    MerchantMember.objects.get_or_create(merchant=merchant, user=user, defaults={"added_at": at})


def _deposit(merchant: Merchant, shop: DemoShop, at: datetime) -> None:
    post_transfer(
        source=platform_account(AccountKind.OUTSIDE),
        target=merchant_account(AccountKind.MERCHANT_DEPOSIT, merchant.id),
        amount=shop.deposit,
        kind=TransferKind.DEPOSIT,
        about=SubjectRef("merchant", merchant.id),
        reference="demo",
        at=merchant.admitted_at,
    )


def _accept(merchant: Merchant, mail: str, at: datetime) -> None:
    """The terms that were in force when he was admitted, and those in force now."""
    member = find_user(mail)
    assert member is not None
    for moment in (merchant.admitted_at, at):
        number = terms_number(moment)
        accept_terms(merchant_id=merchant.id, number=number, by=member.id, at=moment)


def _listing(stores: Stores, merchant: Merchant, good: DemoGood, at: datetime) -> Listing:
    known = ListingVersion.objects.filter(
        listing__merchant=merchant, content__title=good.offer.title
    ).select_related("listing")
    if row := known.first():
        return row.listing
    since = max(merchant.admitted_at, at - timedelta(days=60))
    listing = draft_listing(merchant_id=merchant.id, sku_id=None, at=since)
    if good.offer.delivery is Delivery.SECRET:
        listing.sku_id = make_sku(
            owner=SubjectRef("listing", listing.id),
            seller=SubjectRef("merchant", merchant.id),
            rules=good.rules,
            at=since,
        )
        listing.save(update_fields=["sku_id"])
    offer = replace(good.offer, source_proof=_proof(stores, merchant, since))
    publish_listing(stores=stores, listing_id=listing.id, offer=offer, at=since)
    listing.refresh_from_db()
    return listing


def _proof(stores: Stores, merchant: Merchant, at: datetime) -> str:
    """How an offer names the merchant's paper: one of its own, handed in once."""
    kept = SourceProof.objects.filter(merchant=merchant).order_by("at", "id").first()
    if kept is not None:
        return f"proof:{kept.id}"
    by = MerchantMember.objects.filter(merchant=merchant).values_list("user_id", flat=True)[0]
    return keep_proof(stores=stores, merchant_id=merchant.id, data=PAPER, by=by, at=at)


def _import(stores: Stores, listing: Listing, good: DemoGood, at: datetime) -> None:
    """One batch whose id and secrets follow from the listing: again it is the same one."""
    assert listing.sku_id is not None and good.stock is not None
    import_secrets(
        stores=stores,
        sku=listing.sku_id,
        batch=_batch_id(listing),
        source=BatchSource(kind=_SOURCES[good.offer.source.value], supplier="demo"),
        lines=_lines(stores, listing, good),
        at=at - timedelta(days=40) if listing.created_at < at - timedelta(days=40) else at,
    )


def _batch_id(listing: Listing) -> UUID:
    return uuid5(NAMESPACE_URL, f"gongdao:demo:{listing.id}")


def _lines(stores: Stores, listing: Listing, good: DemoGood) -> Iterator[Line]:
    """Secrets that nobody else has and that open nothing anywhere."""
    key = derive(stores.masters.current, "demo secrets")
    for number in range(1, (good.stock or 0) + 1):
        drawn = hmac.digest(key, listing.id.bytes + number.to_bytes(4, "big"), "sha256").hex()
        parts: tuple[str, ...] = (f"DEMO{drawn[:12].upper()}", drawn[12:24].upper())
        if len(good.rules.fields) == 1:
            parts = (f"DEMO-{drawn[:5]}-{drawn[5:10]}-{drawn[10:15]}".upper(),)
        yield Line(number, parts)
