"""A shop for a benchmark: one merchant, one listing, secrets that nobody else has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from uuid import UUID

from django.db import connection

from gongdao.core.clock import beijing
from gongdao.core.ids import new_id
from gongdao.core.models import User
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.front.clock import now
from gongdao.front.gateways import make_sandbox
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import AccountKind
from gongdao.log.new_leaf import new_subject
from gongdao.market.accounts import (
    open_merchant_accounts,
    open_platform_accounts,
    platform_account,
)
from gongdao.market.check_seller import min_deposit
from gongdao.market.draft_listing import keep_proof
from gongdao.market.models import Merchant
from gongdao.market.offer import Delivery, GoodsKind, Offer, SourceKind
from gongdao.market.pay_deposit import pay_deposit
from gongdao.market.promise import ALWAYS, Promise
from gongdao.market.publish_listing import draft_listing, publish_listing
from gongdao.market.terms import accept_terms, terms_number
from gongdao.payments.port import Report, Told
from gongdao.vault.allocate import allocate
from gongdao.vault.canonical_form import CanonRules, FieldRule
from gongdao.vault.import_secrets import import_secrets
from gongdao.vault.make_sku import make_sku
from gongdao.vault.queries import count_available
from gongdao.vault.split_line import Line
from gongdao.vault.write_batch import BatchSource
from gongdao.vault.write_batch import SourceKind as StockSource

_AT_ONCE = 10_000
_OFFER = Offer(
    title="测速点卡",
    kind=GoodsKind.RETAIL_CARD,
    category="game_card",
    denomination="1 元",
    region="不限",
    account_limits="无",
    source=SourceKind.OFFICIAL,
    source_proof="proof",
    delivery=Delivery.SECRET,
    promise=Promise(10, instant=True),
    hours=ALWAYS,
    after_sale="不适用",
    how_to_redeem="不适用",
    how_to_test="不适用",
    price=Money(100),
    compared_price=None,
    compared_why="",
    tiers=(),
    most_per_buyer=10,
    reserve_minutes=15,
    protect_hours=48,
    asks=(),
)


@dataclass(frozen=True)
class BenchShop:
    """What the buyers order; ``terms`` is the version of the terms that they accept."""

    listing_id: UUID
    version: int
    sku: UUID
    terms: int


def make_bench_shop(*, stock: int, sold: int = 0) -> BenchShop:
    """Make the shop with ``stock`` secrets on its shelf, and ``sold`` others that are sold."""
    at, stores = now(), get_stores()
    reviewer = User.objects.create(id=new_id(at), email="bench@example.invalid", joined_at=at)
    merchant = Merchant.objects.create(
        id=new_id(at),
        display_name="bench",
        legal_name="bench",
        sealed=b"",
        contact_proven_at=at,
        licence_address="none",
        reason="bench",
        reviewer=reviewer,
        reviewed_at=at,
        admitted_at=at,
        log_subject=new_subject("merchant"),
    )
    sandbox = make_sandbox()
    open_merchant_accounts(merchant_id=merchant.id, at=at)
    open_platform_accounts(gateways=[(sandbox.name, sandbox.account)], at=at)
    _make_ready(merchant.id, reviewer.id, at)
    deposit = min_deposit(beijing(at).date())
    bank = platform_account(AccountKind.OUTSIDE)
    pay_deposit(merchant_id=merchant.id, amount=deposit, source=bank, reference="bench", at=at)
    accept_terms(merchant_id=merchant.id, number=terms_number(at), by=reviewer.id, at=at)
    listing = draft_listing(merchant_id=merchant.id, sku_id=None, at=at)
    listing.sku_id = make_sku(
        owner=SubjectRef("listing", listing.id),
        seller=SubjectRef("merchant", merchant.id),
        rules=CanonRules((FieldRule("secret"),)),
        at=at,
    )
    listing.save(update_fields=["sku_id"])
    proof = keep_proof(
        stores=stores, merchant_id=merchant.id, data=b"%PDF-1.4 bench", by=reviewer.id, at=at
    )
    offer = replace(_OFFER, source_proof=proof)
    version = publish_listing(stores=stores, listing_id=listing.id, offer=offer, at=at)
    import_secrets(
        stores=stores,
        sku=listing.sku_id,
        batch=new_id(at),
        source=BatchSource(kind=StockSource.RESALE),
        lines=(Line(n, (f"BENCH-{n:012d}",)) for n in range(1, sold + stock + 1)),
        at=at,
    )
    _sell(listing.sku_id, sold, at)
    return BenchShop(listing.id, version.number, listing.sku_id, terms_number(at))


def _sell(sku: UUID, count: int, at: datetime) -> None:
    """Take ``count`` units off the shelf for good, the first ones: as after so many sales."""
    for start in range(0, count, _AT_ONCE):
        units = min(_AT_ONCE, count - start)
        allocate(sku=sku, claim=SubjectRef("bench", new_id(at)), units=units, at=at)
    if count:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE vault_unit, vault_claim, vault_sealed")


def count_left(shop: BenchShop) -> int:
    """How many units are for sale, counted up to a few thousand."""
    return count_available([shop.sku], most=_AT_ONCE)[shop.sku]


def _make_ready(merchant_id: UUID, member: UUID, at: datetime) -> None:
    """What stands between being admitted and selling: the deposit, and the terms."""
    pay_deposit(
        merchant_id=merchant_id,
        amount=min_deposit(beijing(at).date()),
        source=platform_account(AccountKind.OUTSIDE),
        reference="bench",
        at=at,
    )
    accept_terms(merchant_id=merchant_id, number=terms_number(at), by=member, at=at)


def sign_payment(number: str, trade_no: str, amount: str) -> Mapping[str, str]:
    """The sandbox's callback: ``number`` was paid."""
    sandbox = _sandbox()
    report = Report(number, trade_no, Told.PAID, Money.parse(amount), sandbox.account)
    return sandbox.sign_callback(report)


_sandbox = cache(make_sandbox)
