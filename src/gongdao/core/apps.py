"""Django app ``core``: users, data keys, counted attempts."""

from __future__ import annotations

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Tables that every room may point at."""

    name = "gongdao.core"
    label = "core"
    default_auto_field = "django.db.models.BigAutoField"
