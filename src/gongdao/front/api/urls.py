"""Every address of the interface."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("api/v1/orders", include("gongdao.front.api.orders")),
    path("api/v1/supply/", include("gongdao.front.api.supply")),
    path("pay/", include("gongdao.front.api.pay")),
]
