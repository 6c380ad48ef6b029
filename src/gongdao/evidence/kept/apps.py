"""Django app ``evidence``: originals, readings, and who opened what."""

from __future__ import annotations

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """Tables of kept originals."""

    name = "gongdao.evidence.kept"
    label = "evidence"
    default_auto_field = "django.db.models.BigAutoField"
