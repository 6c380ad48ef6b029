"""Django app ``casework``: cases behind private links."""

from __future__ import annotations

from django.apps import AppConfig


class CaseworkConfig(AppConfig):
    """Tables of cases."""

    name = "gongdao.casework.online"
    label = "casework"
    default_auto_field = "django.db.models.BigAutoField"
