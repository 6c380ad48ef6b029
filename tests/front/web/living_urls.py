"""No addresses at all: pages must stand without the project's."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
