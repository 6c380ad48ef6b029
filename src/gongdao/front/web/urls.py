"""Every address of the pages; each page module lists its own below its prefix."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("gongdao.front.web.pages.home")),
    path("", include("gongdao.front.web.pages.start")),
    path("", include("gongdao.front.web.pages.guides")),
    path("log/", include("gongdao.front.web.pages.log")),
    path("sandbox/", include("gongdao.front.web.pages.sandbox")),
    path("market/", include("gongdao.front.web.pages.market")),
    path("market/", include("gongdao.front.web.pages.market_buy")),
    path("market/", include("gongdao.front.web.pages.market_terms")),
    path("orders/", include("gongdao.front.web.pages.market_orders")),
    path("orders/", include("gongdao.front.web.pages.market_reveal")),
    path("orders/", include("gongdao.front.web.pages.market_risk")),
    path("orders/", include("gongdao.front.web.pages.market_receipt")),
    path("orders/", include("gongdao.front.web.pages.market_case")),
    path("orders/", include("gongdao.front.web.pages.market_thread")),
    path("desk/coupons/", include("gongdao.front.web.pages.desk_coupons")),
    path("desk/", include("gongdao.front.web.pages.desk")),
    path("operator/", include("gongdao.front.web.pages.operator")),
    path("operator/", include("gongdao.front.web.pages.operator_admit")),
    path("operator/", include("gongdao.front.web.pages.operator_merchants")),
    path("operator/", include("gongdao.front.web.pages.operator_proofs")),
    path("operator/", include("gongdao.front.web.pages.operator_listings")),
    path("operator/", include("gongdao.front.web.pages.operator_orders")),
    path("operator/", include("gongdao.front.web.pages.operator_refunds")),
    path("operator/", include("gongdao.front.web.pages.operator_suppliers")),
    path("operator/", include("gongdao.front.web.pages.operator_ledger")),
    path("operator/", include("gongdao.front.web.pages.operator_bookings")),
    path("operator/", include("gongdao.front.web.pages.operator_debts")),
    path("operator/", include("gongdao.front.web.pages.operator_payouts")),
    path("operator/", include("gongdao.front.web.pages.operator_splits")),
    path("orders/", include("gongdao.front.web.pages.dispute_open")),
    path("orders/", include("gongdao.front.web.pages.dispute_buyer")),
    path("desk/close/", include("gongdao.front.web.pages.desk_close")),
    path("operator/", include("gongdao.front.web.pages.operator_close")),
    path("desk/", include("gongdao.front.web.pages.desk_disputes")),
    path("operator/", include("gongdao.front.web.pages.operator_causes")),
    path("operator/", include("gongdao.front.web.pages.operator_grounds")),
    path("operator/", include("gongdao.front.web.pages.operator_disputes")),
    path("me/keys/", include("gongdao.front.web.pages.mine_api_keys")),
    path("me/", include("gongdao.front.web.pages.mine")),
    path("", include("gongdao.front.web.pages.market_moved")),
    path("accounts/", include("allauth.urls")),
    path("s/<str:token>/", include("gongdao.front.web.pages.shared")),
    path("c/<str:link>/", include("gongdao.front.web.pages.unlock")),
    path("c/<str:link>/", include("gongdao.front.web.pages.overview")),
    path("c/<str:link>/files/", include("gongdao.front.web.pages.files")),
    path("c/<str:link>/upload/", include("gongdao.front.web.pages.upload")),
    path("c/<str:link>/facts/", include("gongdao.front.web.pages.facts")),
    path("c/<str:link>/standing/", include("gongdao.front.web.pages.standing")),
    path("c/<str:link>/channels/", include("gongdao.front.web.pages.channels")),
    path("c/<str:link>/letters/", include("gongdao.front.web.pages.letters")),
    path("c/<str:link>/follow/", include("gongdao.front.web.pages.follow")),
    path("c/<str:link>/keep/", include("gongdao.front.web.pages.keep")),
]
handler400 = "gongdao.front.web.pages.errors.bad_request"
handler403 = "gongdao.front.web.pages.errors.forbidden"
handler404 = "gongdao.front.web.pages.errors.not_found"
handler500 = "gongdao.front.web.pages.errors.server_error"
