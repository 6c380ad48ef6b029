"""Behind a proxy the address that tries are counted by is the proxy's word alone."""

from __future__ import annotations

import socket
from urllib.parse import urlencode, urlsplit

from gongdao.casework.online.unlock_case import PER_NETWORK
from gongdao.core.errors import CaseLocked
from gongdao.core.ids import new_token

_TOKEN = "c" * 32
_TIMEOUT = 20


def _try_a_code(site: str, *headers: str) -> int:
    """The status of one try at a link that nobody has, with these headers as they are written."""
    place = urlsplit(site)
    body = urlencode({"csrfmiddlewaretoken": _TOKEN, "code": "AAAA-AAAA-AAAA"}).encode()
    lines = [
        f"POST /c/{new_token()}/open/ HTTP/1.1",
        f"Host: {place.netloc}",
        f"Cookie: csrf={_TOKEN}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    ]
    with socket.create_connection((place.hostname, place.port), timeout=_TIMEOUT) as wire:
        wire.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        return int(wire.makefile("rb").readline().split()[1])


def _claims(number: int) -> list[str]:
    """Every spelling in which a client may try to look like another one each time."""
    other = f"203.0.{number // 250}.{number % 250 + 1}"
    return [
        f"X-Forwarded-For: {other}",
        f"X_Forwarded_For: {other}",
        f"X_Forwarded-For: {other}",
        f"X-Real-IP: {other}",
        f"forwarded_: for={other}",
    ]


def test_no_client_chooses_its_address(real_server):
    """Whatever a client says beside the proxy's header, its tries count together; the control: for
    as many clients as the proxy tells apart there is no such limit."""
    most, proxy = PER_NETWORK.most, "Forwarded: for=198.51.100.77;proto=http"
    statuses = [_try_a_code(real_server.url, proxy, *_claims(n)) for n in range(most + 1)]
    assert set(statuses[:most]) == {CaseLocked.status} and statuses[most] == 429
    first = _try_a_code(real_server.url, *_claims(1), proxy)
    assert first == 429
    others = [
        _try_a_code(real_server.url, f'Forwarded: for=198.51.100.77, for="192.0.2.{n + 1}"')
        for n in range(most + 1)
    ]
    assert set(others) == {CaseLocked.status}
