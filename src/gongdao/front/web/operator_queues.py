"""What waits for a person: each queue with its rows, and how many there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import CharField, Exists, OuterRef, QuerySet
from django.db.models.functions import Cast
from django.urls import reverse

from gongdao.core.clock import beijing
from gongdao.core.language import gettext as _
from gongdao.disputes.authority_states import RequestState
from gongdao.disputes.models import AuthorityRequest, Remedy
from gongdao.ledger.models import LedgerPending, Payee, Payout
from gongdao.ledger.states import PayoutState, PendingState
from gongdao.market.book_money import BOOKED
from gongdao.market.charge_back_notice import CHARGED_BACK
from gongdao.market.desk_models import SourceProof
from gongdao.market.models import Finding, Merchant, Notice, TopUp
from gongdao.market.pass_shares import waiting_shares
from gongdao.market.pause_merchant import review_cutoff
from gongdao.market.review_listing import PRICES, open_reviews
from gongdao.market.review_proof import ProofWord
from gongdao.market.states import MerchantState, OrderState
from gongdao.market.take_word import waiting_words
from gongdao.market.vetting_models import StaffDeed
from gongdao.payments.models import Refund, Split
from gongdao.payments.read_bills import find_unread
from gongdao.vault.models import Batch
from gongdao.vault.states import BatchState

LONGEST_DOUBT = timedelta(days=3)
"""How long what a service told of a chargeback may wait for a person, before the desk says so."""


@dataclass(frozen=True)
class Queue:
    """Something that waits: its name, how many there are, and where they are."""

    name: str
    count: int
    href: str


def open_findings() -> QuerySet[Finding]:
    """What the watchdog could not settle by itself, the oldest first. A refund that was confirmed
    meanwhile needs nobody any more."""
    rows = Finding.objects.filter(closed_at=None).select_related("order")
    over = rows.filter(code__startswith="refund_", order__state=OrderState.REFUNDED)
    return rows.exclude(id__in=over.values("id")).order_by("found_at", "id")


def doubted() -> QuerySet[TopUp]:
    """Top-ups about which a supplier contradicts himself."""
    return TopUp.objects.exclude(doubt="").select_related("order", "supplier").order_by("id")


def stuck_refunds() -> QuerySet[Refund]:
    """Refunds that were given up; the oldest first."""
    rows = Refund.objects.filter(state="stuck").select_related("credit__intent")
    return rows.order_by("requested_at")


def stuck_splits() -> QuerySet[Split]:
    """Splits that a service refused, or of which nobody knows what became."""
    return Split.objects.filter(state__in=["refused", "stuck"]).order_by("planned_at")


def uncovered_steps() -> QuerySet[Remedy]:
    """What rulings gave and neither the order, the deposit nor the guarantee can pay now."""
    return Remedy.objects.filter(state="planned", problem="no_cover").order_by("planned_at")


def unchecked_requests() -> QuerySet[AuthorityRequest]:
    """Requests of authorities that wait for a second person."""
    return AuthorityRequest.objects.filter(state=RequestState.ENTERED)


def waiting_bookings() -> QuerySet[LedgerPending]:
    """The platform's own bookings that wait for confirmation."""
    rows = LedgerPending.objects.filter(state=PendingState.PENDING.value, kind__in=BOOKED)
    return rows.order_by("created_at")


def failed_notices() -> QuerySet[Notice]:
    """Notices that were given up; the newest first."""
    failed = Notice.objects.filter(state="failed", order__isnull=False)
    return failed.select_related("order").order_by("-ended_at")


def quarantined() -> QuerySet[Batch]:
    """Batches that are kept off the shelves."""
    rows = Batch.objects.filter(state=BatchState.QUARANTINED.value)
    return rows.select_related("sku").order_by("changed_at")


def waiting_payouts() -> QuerySet[Payout]:
    """Payouts that wait for approval, or for the bank's word."""
    states = [PayoutState.PROPOSED, PayoutState.APPROVED, PayoutState.REQUESTED]
    return Payout.objects.filter(state__in=[one.value for one in states])


def unverified_payees() -> QuerySet[Payee]:
    """Accounts that merchants gave and nobody has verified."""
    return Payee.objects.filter(verified_at=None, retired_at=None).order_by("added_at")


def unread_proofs() -> QuerySet[SourceProof]:
    """Papers about the source of goods of which nobody has spoken; the oldest first."""
    said = StaffDeed.objects.filter(
        about_kind="proof",
        about_id=Cast(OuterRef("pk"), CharField()),
        deed__in=[one.value for one in ProofWord],
    )
    return SourceProof.objects.filter(~Exists(said)).select_related("merchant").order_by("at")


def expired_licences(at: datetime) -> QuerySet[Merchant]:
    """Merchants whose licence is over; they cannot list."""
    today = beijing(at).date()
    return Merchant.objects.filter(state=MerchantState.ACTIVE, licence_until__lt=today)


def overdue_reviews(at: datetime) -> QuerySet[Merchant]:
    """Merchants whom nobody has verified for longer than the rules allow."""
    return Merchant.objects.filter(state=MerchantState.ACTIVE, reviewed_at__lt=review_cutoff(at))


def old_charge_backs(at: datetime) -> QuerySet[Finding]:
    """Orders whose money waits because a service told of a chargeback, and nobody has looked."""
    told = Finding.objects.filter(code=CHARGED_BACK, closed_at=None)
    return told.filter(acted_at__lte=at - LONGEST_DOUBT)


def count_queues(at: datetime) -> list[Queue]:
    """Every queue; one short statement each."""
    orders, merchants = reverse("operator_orders"), reverse("operator_merchants")
    payouts = reverse("operator_payouts")
    return [
        Queue(_("需要人工的订单"), open_findings().count(), f"{orders}#findings"),
        Queue(_("拖了三天没核实的拒付"), old_charge_backs(at).count(), f"{orders}#findings"),
        Queue(_("上游说法不一"), doubted().count(), f"{orders}#doubts"),
        Queue(_("没办成的退款"), stuck_refunds().count(), f"{orders}#refunds"),
        Queue(_("没办成的分账"), stuck_splits().count(), reverse("operator_splits")),
        Queue(
            _("没读到的渠道账单"), find_unread(at).count(), f"{reverse('operator_ledger')}#bills"
        ),
        Queue(_("没有钱可付的裁决"), uncovered_steps().count(), reverse("operator_bookings")),
        Queue(_("等核对的机关要求"), unchecked_requests().count(), reverse("operator_requests")),
        Queue(_("没送到的通知"), failed_notices().count(), f"{orders}#notices"),
        Queue(_("隔离的批次"), quarantined().count(), f"{orders}#batches"),
        Queue(_("进行中的付款"), waiting_payouts().count(), payouts),
        Queue(_("等确认的记账"), waiting_bookings().count(), reverse("operator_bookings")),
        Queue(
            _("等第二个人放行的分账"),
            waiting_shares().count(),
            f"{reverse('operator_splits')}#second",
        ),
        Queue(_("等第二个人的登记"), waiting_words().count(), reverse("operator_second")),
        Queue(_("待核实的收款账户"), unverified_payees().count(), f"{payouts}#payees"),
        Queue(_("没看过的来源凭证"), unread_proofs().count(), reverse("operator_proofs")),
        Queue(
            _("等着看的低价商品"),
            open_reviews(*PRICES).count(),
            reverse("operator_listings"),
        ),
        Queue(_("证照过期的商家"), expired_licences(at).count(), f"{merchants}?state=expired"),
        Queue(_("该复核的商家"), overdue_reviews(at).count(), f"{merchants}?state=overdue"),
    ]
