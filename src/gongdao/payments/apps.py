"""The Django app of this room."""

from __future__ import annotations

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """Tables begin with `payments_`."""

    name = "gongdao.payments"
    label = "payments"
    default_auto_field = "django.db.models.BigAutoField"
