"""Every address of the interface. `operations` describes each; a test holds the two together."""

from __future__ import annotations

from django.urls import include, path

from gongdao.front.api.by_method import ByMethod
from gongdao.front.api.openapi import describe

urlpatterns = [
    path("api/v1/openapi.json", ByMethod(GET=describe)),
    path("api/v1/listings", include("gongdao.front.api.listings")),
    path("api/v1/orders", include("gongdao.front.api.orders")),
    path("api/v1/merchant", include("gongdao.front.api.merchant")),
    path("api/v1/supply/", include("gongdao.front.api.supply")),
    path("pay/", include("gongdao.front.api.pay")),
]
