"""The pages with the sandbox's among them, wherever the installation puts it."""

from __future__ import annotations

from django.urls import include, path

from gongdao.front.web import urls

urlpatterns = [path("sandbox/", include("gongdao.front.web.pages.sandbox")), *urls.urlpatterns]
