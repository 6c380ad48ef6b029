"""What a browser holds: the cases its session unlocked, and the network it comes from."""

from __future__ import annotations

import ipaddress
import re
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest

from gongdao.casework.online.models import Case

_HELD = "cases"
_MOST_HELD = 50
_WITH_PORT = re.compile(r"\[(?P<six>[^\]]+)\](?::\d+)?|(?P<four>[\d.]+):\d+")


def hold_case(request: HttpRequest, case_id: UUID) -> None:
    """Let this session see the case; a new session key keeps a planted one from it."""
    held = [one for one in request.session.get(_HELD, []) if one != str(case_id)]
    request.session.cycle_key()
    request.session[_HELD] = [*held, str(case_id)][-_MOST_HELD:]


def drop_case(request: HttpRequest, case_id: UUID) -> None:
    """Forget the case on this device."""
    held = request.session.get(_HELD, [])
    request.session[_HELD] = [one for one in held if one != str(case_id)]


def held_cases(request: HttpRequest) -> list[UUID]:
    """The cases that this session unlocked, latest last."""
    return [UUID(one) for one in request.session.get(_HELD, [])]


def may_see(request: HttpRequest, row: Case) -> bool:
    """Whether this session or its signed-in account may see the case."""
    if str(row.id) in request.session.get(_HELD, []):
        return True
    user = request.user
    return user.is_authenticated and row.owner_id is not None and row.owner_id == user.pk


def network_of(request: HttpRequest) -> str:
    """The network a request comes from: an IPv4 address, or the /64 of an IPv6 one. Behind a
    proxy of ours the last address it noted, which a client cannot forge."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    if settings.GONGDAO.behind_proxy:
        noted = request.headers.get("X-Forwarded-For", "").split(",")
        address = noted[-1].strip() or address
    return _network(address)


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
