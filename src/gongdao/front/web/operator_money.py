"""Where money can come in and go out of, for forms of the operator's desk."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import Http404

from gongdao.core.clock import beijing
from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.core.subject import SubjectRef
from gongdao.front.clock import now
from gongdao.front.gateways import get_gateways
from gongdao.front.web.market_words import gateway_name
from gongdao.ledger.accounts import NAMES, Account, AccountKind
from gongdao.ledger.decide_payout import PayoutPolicy
from gongdao.ledger.models import LedgerAccount
from gongdao.market.accounts import clearing_account, platform_account
from gongdao.rules.queries import policy


def gateway_accounts() -> dict[str, Account]:
    """The clearing account of each payment service in use, by the service's name."""
    return {one.name: clearing_account(one.name, one.account) for one in get_gateways().values()}


def sources() -> list[tuple[str, str]]:
    """Accounts that money comes in on or leaves from, and what they are called: those of payment
    services, and the bank where the platform may hold money itself."""
    found = [(str(a), gateway_name(name)) for name, a in gateway_accounts().items()]
    if settings.GONGDAO.gateways.hold_money:
        bank = platform_account(AccountKind.OUTSIDE)
        found.append((str(bank), _("平台自己的银行账户")))
    return found


def read_source(text: str) -> Account:
    """The account that a form named; raise InputError for one that was not on offer."""
    if text not in dict(sources()):
        raise InputError(_("请选一个账户。"), field="source")
    return Account.parse(text)


def payout_policy() -> PayoutPolicy:
    """The published limit over which a second person approves, and whose custody it is."""
    limit = policy("payout_second_person", beijing(now()).date()).amount
    assert limit is not None
    return PayoutPolicy(second_person_over=limit, own_custody=settings.GONGDAO.gateways.hold_money)


def account_name(account: Account) -> str:
    """What an account is called; whose it is says the page."""
    named = translated(NAMES[account.kind])
    if account.kind is AccountKind.GATEWAY_CLEARING:
        for name, one in gateway_accounts().items():
            if one == account:
                return f"{named} · {gateway_name(name)}"
    return named


def read_account(account_id: UUID) -> Account:
    """An account of the ledger by its id; Http404 for none."""
    row = LedgerAccount.objects.filter(id=account_id).first()
    if row is None:
        raise Http404
    return Account(AccountKind(row.kind), SubjectRef(row.owner_kind, row.owner_id), row.currency)
