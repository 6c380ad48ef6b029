"""Django app ``ledger``: accounts, transfers, holds, payouts."""

from __future__ import annotations

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Tables of money."""

    name = "gongdao.ledger"
    label = "ledger"
    default_auto_field = "django.db.models.BigAutoField"
