"""What the page of one merchant shows on the operator's desk."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from gongdao.core.clock import beijing
from gongdao.core.errors import KeyGone
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.core.models import User
from gongdao.core.subject import SubjectRef
from gongdao.front.gateways import get_gateways
from gongdao.front.stores import get_stores
from gongdao.front.web.market_words import gateway_name
from gongdao.front.web.operator_access import Desk
from gongdao.front.web.operator_forms import DepositForm, PaperForm
from gongdao.front.web.operator_money import sources
from gongdao.front.web.operator_words import MERCHANTS, PAPERS, deed_name
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.decide_payout import PayeeProof
from gongdao.ledger.find_receiver import find_receiver
from gongdao.ledger.models import Payee
from gongdao.ledger.payees import open_payee
from gongdao.ledger.queries import find_merchant_money
from gongdao.market.accounts import merchant_account
from gongdao.market.check_seller import find_obstacles, min_deposit
from gongdao.market.limits import payee_rest
from gongdao.market.models import Listing, Merchant, MerchantMember
from gongdao.market.pause_merchant import review_due
from gongdao.market.states import ListingState, MerchantState, PaperKind, Role
from gongdao.market.vetting_models import MerchantPaper, StaffDeed, TermsAccepted
from gongdao.payments.ask_split import find_splitter

_DEEDS = 10
"""How many deeds are shown; the record has all."""


def deposit_sources(merchant: Merchant) -> list[tuple[str, str]]:
    """Where this merchant's deposit can come from."""
    free = merchant_account(AccountKind.MERCHANT_FREE, merchant.id)
    return [*sources(), (str(free), _("商家自己的可用余额"))]


def merchant_context(found: Merchant, desk: Desk) -> dict[str, Any]:
    """Everything that the page needs; nine statements."""
    money = find_merchant_money(merchant=SubjectRef("merchant", found.id))
    return {
        "merchant": found,
        "state": translated(MERCHANTS[MerchantState(found.state)]),
        "active": found.state == MerchantState.ACTIVE,
        "obstacles": find_obstacles(found, at=desk.at),
        "review_due": review_due(found),
        "money": money,
        "least": min_deposit(desk.at.date()),
        "terms": TermsAccepted.objects.filter(merchant=found).order_by("-version"),
        "listed": Listing.objects.filter(merchant=found, state=ListingState.PUBLISHED).count(),
        "papers": _papers(found, desk),
        "members": _members(found),
        "payees": payees_of(found, at=desk.at) if desk.may(Role.FINANCE) else [],
        "splits_at": _splits_at(found, desk.at) if desk.may(Role.FINANCE) else [],
        "proofs": [(one.value, name) for one, name in _proofs().items()],
        "deeds": _deeds(found),
        "deposit_form": DepositForm(deposit_sources(found)),
        "paper_form": PaperForm(),
        "reviews": desk.may(Role.REVIEWER),
        "pays": desk.may(Role.FINANCE),
        "supplies": desk.may(Role.OPERATOR),
        "here": "operator",
        "part": "merchants",
    }


def payees_of(found: Merchant, *, at: datetime, opened: UUID | None = None) -> list[dict[str, Any]]:
    """His accounts. Of a number the end is shown; the whole of ``opened``, which somebody asked for
    on record. ``rests_until``: from when splits arrive there, where that is still to come."""
    rest = payee_rest(beijing(at).date())
    rows = Payee.objects.filter(owner_kind="merchant", owner_id=found.id, retired_at=None)
    shown = []
    for row in rows.order_by("added_at"):
        try:
            details = open_payee(stores=get_stores(), payee_id=row.id)
        except KeyGone:
            continue
        until = row.verified_at + rest if row.verified_at else at
        shown.append(
            {
                "id": row.id,
                "verified_at": row.verified_at,
                "bank": details.bank,
                "number": details.number if row.id == opened else f"…{details.number[-4:]}",
                "opened": row.id == opened,
                "rests_until": until if until > at else None,
                "name": details.name,
                "gateway": gateway_name(details.gateway) if details.gateway else "",
            }
        )
    return shown


def _splits_at(found: Merchant, at: datetime) -> list[dict[str, Any]]:
    """Of each payment service that splits, whether an account of his receives there by now."""
    owner = SubjectRef("merchant", found.id)
    until = at - payee_rest(beijing(at).date())
    return [
        {
            "name": gateway_name(one.name),
            "there": find_receiver(
                stores=get_stores(), merchant=owner, gateway=one.name, until=until
            ),
        }
        for one in get_gateways().values()
        if find_splitter(one, one.account)
    ]


def _proofs() -> dict[PayeeProof, str]:
    return {
        PayeeProof.SMALL_PAYMENT: _("小额打款"),
        PayeeProof.BANK_CHECK: _("银行核验"),
        PayeeProof.DOCUMENT: _("看了开户证明"),
    }


def _papers(found: Merchant, desk: Desk) -> list[dict[str, Any]]:
    today = desk.at.date()
    return [
        {
            "row": one,
            "name": translated(PAPERS[PaperKind(one.kind)]),
            "over": one.until is not None and one.until < today,
        }
        for one in MerchantPaper.objects.filter(merchant=found).order_by("-added_at")
    ]


def _members(found: Merchant) -> list[User]:
    rows = MerchantMember.objects.filter(merchant=found).select_related("user")
    return [row.user for row in rows.order_by("added_at", "id")]


def _deeds(found: Merchant) -> list[dict[str, Any]]:
    rows = StaffDeed.objects.filter(about_kind="merchant", about_id=str(found.id)).order_by("-id")
    return [
        {"at": row.at, "who": row.who_mail, "what": deed_name(row.deed), "reason": row.reason}
        for row in rows[:_DEEDS]
    ]
