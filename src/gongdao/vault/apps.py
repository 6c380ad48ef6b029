"""Django app ``vault``: card secrets and who holds them."""

from __future__ import annotations

from django.apps import AppConfig


class VaultConfig(AppConfig):
    """Tables of the vault."""

    name = "gongdao.vault"
    label = "vault"
    default_auto_field = "django.db.models.BigAutoField"
