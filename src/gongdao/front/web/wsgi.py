"""The WSGI application: pages one way, the interface and payment callbacks another, shorter one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gongdao.front.web.django_settings")
_pages = get_wsgi_application()

from gongdao.front.api.lean_handler import LeanHandler  # noqa: E402  # needs Django set up
from gongdao.front.web.warm_up import warm_up  # noqa: E402  # its rooms need Django set up

_interface = LeanHandler()
_SWITCH_S = 0.0005
"""How long a thread keeps the interpreter while another waits for it. Requests are short and wait
for the database several times; with Python's own 5 ms each of these waits costs as much again."""
_LEAN = ("/api/v1/", "/pay/")


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Answer one request."""
    lean = environ.get("PATH_INFO", "").startswith(_LEAN)
    return (_interface if lean else _pages)(environ, start)


sys.setswitchinterval(_SWITCH_S)
warm_up()
