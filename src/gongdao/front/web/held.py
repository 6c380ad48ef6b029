"""What a browser holds: the cases its session unlocked, and the network it comes from."""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, datetime
from uuid import UUID

from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest

from gongdao.casework.online.list_cases import Held, SignedIn, fits
from gongdao.casework.online.models import Case

_HELD = "cases"
_MOST_HELD = 50
_WITH_PORT = re.compile(r"\[(?P<six>[^\]]+)\](?::\d+)?|(?P<four>[\d.]+):\d+")


def hold_case(request: HttpRequest, row: Case) -> None:
    """Let this session see the case; a new session key keeps a planted one from it."""
    request.session.cycle_key()
    keep_holding(request, row)


def keep_holding(request: HttpRequest, row: Case) -> None:
    """Let this session, which may see the case, go on seeing it with its new keys. Its own key
    stays, so that an answer that does not arrive shuts nobody out."""
    others = [one for one in held_cases(request) if one.id != row.id]
    held = [*others, Held(row.id, row.keys_changed_at)][-_MOST_HELD:]
    request.session[_HELD] = [_write(one) for one in held]


def drop_case(request: HttpRequest, case_id: UUID) -> None:
    """Forget the case on this device."""
    others = [one for one in held_cases(request) if one.id != case_id]
    request.session[_HELD] = [_write(one) for one in others]


def held_cases(request: HttpRequest) -> list[Held]:
    """The cases that this session unlocked, latest last."""
    return [_read(one) for one in request.session.get(_HELD, [])]


def account_of(request: HttpRequest) -> SignedIn | None:
    """The account that is signed in, None where none is."""
    user = request.user
    if not user.is_authenticated:
        return None
    proofs = [one["at"] for one in get_authentication_records(request, user)]
    since = datetime.fromtimestamp(max(proofs), UTC) if proofs else None
    return SignedIn(user.pk, since)


def may_see(request: HttpRequest, row: Case) -> bool:
    """Whether this session or its signed-in account may see the case."""
    held = held_cases(request)
    return fits(row, held=held, account=None) or fits(row, held=(), account=account_of(request))


def _write(held: Held) -> str:
    return f"{held.id}@{held.keys.isoformat()}" if held.keys else str(held.id)


def _read(written: str) -> Held:
    case_id, _at, keys = written.partition("@")
    return Held(UUID(case_id), datetime.fromisoformat(keys) if keys else None)


def network_of(request: HttpRequest) -> str:
    """The network a request comes from: an IPv4 address, or the /64 of an IPv6 one. Behind a
    proxy of ours it is the one that the proxy noted (``middleware.proxy``)."""
    return _network(str(request.META.get("REMOTE_ADDR", "")))


def _network(address: str) -> str:
    """``address`` with or without a port, however it is written, as the network it belongs to."""
    found = _WITH_PORT.fullmatch(address)
    plain = (found["six"] or found["four"]) if found else address
    try:
        ip = ipaddress.ip_address(plain.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)
