"""Django app ``web``: templates and static files, no tables."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The pages."""

    name = "gongdao.front.web"
    label = "web"
