"""A Django project of one page and one job, so that the server is tested without the real one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from psycopg.conninfo import conninfo_to_dict

_PLACE = conninfo_to_dict(os.environ.get("DATABASE_URL", "postgresql://x@127.0.0.1/x"))

SECRET_KEY = "only for these tests"
USE_TZ = True
INSTALLED_APPS = ["procrastinate.contrib.django"]
PROCRASTINATE_IMPORT_PATHS = ["tests.front.server.small_tasks"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _PLACE.get("dbname"),
        "USER": _PLACE.get("user"),
        "PASSWORD": _PLACE.get("password"),
        "HOST": _PLACE.get("host"),
        "PORT": str(_PLACE.get("port", "")),
        "CONN_HEALTH_CHECKS": True,
    }
}


def application(environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
    """Answer with the process's number; ``/job?path=…`` asks for the job first."""
    if environ["PATH_INFO"] == "/job":
        import django

        django.setup()
        from django.db import close_old_connections
        from tests.front.server.small_tasks import touch

        close_old_connections()  # as Django's own handler does: one that a dead server left breaks
        touch.defer(path=parse_qs(environ["QUERY_STRING"])["path"][0])
    start("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
