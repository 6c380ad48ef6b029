"""The address that the pages listen on: whether it can be had, and when it answers."""

from __future__ import annotations

import errno
import http.client
import socket

from gongdao.core.errors import ServerError
from gongdao.core.language import gettext as _
from gongdao.core.os_errors import os_reason

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def find_address(host: str, port: int) -> str:
    """The number of ``host``; raise ServerError if nobody can listen there or somebody does."""
    try:
        family, kind, _protocol, _name, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise ServerError(_("没有 {host} 这个地址。").format(host=host)) from error
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(place)
            probe.listen(1)
        except OSError as error:
            raise _refusal(host, port, error) from error
    return str(place[0])


def _refusal(host: str, port: int, error: OSError) -> ServerError:
    if error.errno == errno.EADDRINUSE:
        return ServerError(
            _(
                "{host} 的端口 {port} 已被别的程序占用。"
                "换一个端口（GONGDAO_PORT），或先停掉那个程序。"
            ).format(host=host, port=port)
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return ServerError(_("{host} 不是这台机器的地址。").format(host=host))
    return ServerError(
        _("不能在 {host} 的端口 {port} 上提供网页：{reason}").format(
            host=host, port=port, reason=os_reason(error)
        )
    )


def own_url(address: str, port: int) -> str:
    """Where this machine itself reaches the pages."""
    near = _EVERYWHERE.get(address, address)
    return f"http://[{near}]:{port}" if ":" in near else f"http://{near}:{port}"


def answers(address: str, port: int) -> bool:
    """Whether a request over HTTP gets an answer, whatever it says."""
    connection = http.client.HTTPConnection(_EVERYWHERE.get(address, address), port, timeout=10)
    try:
        connection.request("HEAD", "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
