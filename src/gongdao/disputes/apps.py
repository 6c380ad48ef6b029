"""The Django app of this room."""

from __future__ import annotations

from django.apps import AppConfig


class DisputesConfig(AppConfig):
    """Tables begin with `dispute_`."""

    name = "gongdao.disputes"
    label = "disputes"
    default_auto_field = "django.db.models.BigAutoField"
