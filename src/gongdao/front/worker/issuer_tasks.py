"""Jobs that ask issuers: about stock, after its import and then daily; about secrets in dispute.
Issuers may be slow, so they are asked outside every transaction."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F
from procrastinate.contrib.django import app

from gongdao.core.errors import GongdaoError
from gongdao.core.subject import SubjectRef
from gongdao.disputes.models import Case
from gongdao.disputes.open_case import find_unasked, judge_again
from gongdao.front.clock import now
from gongdao.front.issuers import get_issuers
from gongdao.front.stores import get_stores
from gongdao.market.models import ListingVersion
from gongdao.market.shown import find_shown
from gongdao.vault.check_units import check_claim, check_units, find_unchecked, withdraw_bad
from gongdao.vault.issuer_port import IssuerPort, SecretStatus

log = logging.getLogger("gongdao.issuers")
CALLS = "calls"
SAMPLE = 20
"""Secrets of a batch that are asked about at a time."""
MORE = 200
"""How many are asked about at once where one of the sample was bad."""
EVERY = timedelta(days=1)
AGAIN = timedelta(hours=1)
"""When an issuer that did not answer about a secret in dispute is asked once more."""
FOR = timedelta(days=1)
"""How long after a case was opened."""
_MOST = 10
"""Batches and cases of one run, so that slow issuers keep no other job waiting for long."""


@app.periodic(cron="* * * * *")
@app.task(name="check_batches", queue=CALLS, queueing_lock="check_batches")
def check_batches(timestamp: int) -> None:
    """Ask about batches that were not asked about for a day: new ones within a minute."""
    check_stock(issuers=get_issuers(), at=now())


def check_stock(*, issuers: Mapping[str, IssuerPort], at: datetime) -> int:
    """Ask about a sample of each batch that is due, and take what is bad off the shelf; how many
    units left it."""
    ports = _ports(issuers)
    gone = 0
    for batch, sku in find_unchecked(skus=ports, since=at - EVERY, most=_MOST):
        try:
            gone += _check_batch(batch, ports[sku], at)
        except GongdaoError as error:
            log.error("batch %s cannot be checked: %s", batch, error.code)
    return gone


def _ports(issuers: Mapping[str, IssuerPort]) -> dict[UUID, IssuerPort]:
    """Whom to ask about each shelf, by what its listing shows now."""
    if not issuers:
        return {}
    shown = ListingVersion.objects.filter(
        number=F("listing__version"),
        content__category__in=list(issuers),
        listing__sku_id__isnull=False,
    ).values_list("listing__sku_id", "content__category")
    return {sku: issuers[category] for sku, category in shown if sku is not None}


def _check_batch(batch: UUID, port: IssuerPort, at: datetime) -> int:
    gone = 0
    for sample in (SAMPLE, MORE):
        found = check_units(stores=get_stores(), batch=batch, port=port, sample=sample, at=at)
        left = withdraw_bad(batch=batch, checked=found)
        bad = sum(one.bad for one in found)
        gone += left
        if not bad:
            break
        words = "batch %s: %s says %s of %s secrets are bad; %s units withdrawn"
        log.warning(words, batch, port.name, bad, len(found), left)
    return gone


@app.periodic(cron="* * * * * */10")
@app.task(name="ask_about_disputes", queue=CALLS, queueing_lock="ask_about_disputes")
def ask_about_disputes(timestamp: int) -> None:
    """Ask about the secrets of cases that were opened, and judge these again on the answer."""
    check_disputes(issuers=get_issuers(), at=now())


def check_disputes(*, issuers: Mapping[str, IssuerPort], at: datetime) -> int:
    """Ask about each case that waits for an issuer's word; how many cases it decided."""
    if not issuers:
        return 0
    decided = 0
    for case in _find_cases(issuers, at):
        try:
            decided += _check_case(case, issuers, at)
        except GongdaoError as error:
            log.error("case %s: the issuer cannot be asked: %s", case.id, error.code)
    return decided


def _find_cases(issuers: Mapping[str, IssuerPort], at: datetime) -> list[Case]:
    return find_unasked(categories=list(issuers), since=at - FOR, again=at - AGAIN, most=_MOST)


def _check_case(case: Case, issuers: Mapping[str, IssuerPort], at: datetime) -> bool:
    order = case.order
    offer = find_shown(order.listing_id, order.listing_version).offer
    port = issuers[offer.category]
    claim = SubjectRef("order", order.id)
    found = check_claim(stores=get_stores(), claim=claim, port=port, at=at)
    if not any(one.status is not SecretStatus.UNKNOWN for one in found):
        return False
    return judge_again(stores=get_stores(), case_id=case.id, at=at)
