"""What the disputes know about a merchant who leaves, for the market, which knows no disputes."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Max

from gongdao.disputes.models import Case
from gongdao.market.close_merchant import Claims


def find_claims(merchant_id: UUID) -> Claims:
    """How many disputes with this merchant are open, and when the last one was settled."""
    cases = Case.objects.filter(merchant_id=merchant_id)
    last = cases.filter(state="closed").aggregate(last=Max("closed_at"))["last"]
    return Claims(cases.filter(state="open").count(), last)
