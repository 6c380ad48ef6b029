"""Open a case by link and code. An unknown link and a wrong code cannot be told apart."""

from __future__ import annotations

from datetime import datetime, timedelta

from gongdao.casework.online.begin_case import digest_link
from gongdao.casework.online.models import Case
from gongdao.core.attempts import Limit, count_attempt
from gongdao.core.envelope import code_fits
from gongdao.core.errors import CaseLocked
from gongdao.core.ids import tidy_code, tidy_token
from gongdao.core.stores import Stores

PER_LINK = Limit("code-of-link", 10, timedelta(hours=1))
PER_NETWORK = Limit("code-of-network", 40, timedelta(hours=1))


def find_case(link: str) -> Case | None:
    """The row behind a private link, None where there is none."""
    return Case.objects.filter(link_digest=digest_link(tidy_token(link))).first()


def unlock_case(*, stores: Stores, link: str, code: str, network: str, at: datetime) -> Case:
    """The row that ``link`` and ``code`` open. Raises CaseLocked without saying which is wrong,
    TooManyAttempts beyond ten tries an hour for one link or forty from one network.

    Both ways do the same work: one count each, one look-up, one digest, one comparison.
    """
    count_attempt(stores=stores, limit=PER_NETWORK, who=network, at=at)
    # what cannot be a link is counted as it is, or typing errors of all people would be one link
    count_attempt(stores=stores, limit=PER_LINK, who=tidy_token(link) or link, at=at)
    row = find_case(link)
    kept = bytes(row.code_digest) if row else bytes(32)
    if not code_fits(stores.masters, tidy_code(code), kept) or row is None:
        raise CaseLocked
    return row
