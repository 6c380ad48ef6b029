"""The Django app of this room."""

from __future__ import annotations

from django.apps import AppConfig


class MarketConfig(AppConfig):
    """Tables begin with `market_`."""

    name = "gongdao.market"
    label = "market"
    default_auto_field = "django.db.models.BigAutoField"
