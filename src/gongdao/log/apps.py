"""Django app ``log``: leaves, tiles, checkpoints and what vouches for them."""

from __future__ import annotations

from django.apps import AppConfig


class LogConfig(AppConfig):
    """Tables of the public log."""

    name = "gongdao.log"
    label = "log"
    default_auto_field = "django.db.models.BigAutoField"
