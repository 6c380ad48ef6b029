"""Goods that may not be listed are found in whatever an offer says; honest words are left be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from tests.market.offer_kit import OFFER

from gongdao.market.offer_words import find_forbidden

DAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    "field",
    [
        *("title", "category", "denomination", "region", "account_limits", "after_sale"),
        *("how_to_redeem", "how_to_test", "compared_why"),
    ],
)
def test_no_text_of_an_offer_is_left_unread(field):
    """The same words are found in each text, and the field is named."""
    (one,) = find_forbidden(replace(OFFER, **{field: "另售微信 老号"}), on=DAY)
    assert (one.rule.id, one.field) == ("prohibited/internet_accounts", field)


def test_questions_for_the_buyer_are_read():
    """A question can carry an offer as well."""
    (one,) = find_forbidden(replace(OFFER, asks=("手机号", "要接·码的平台")), on=DAY)
    assert one.field == "asks"


@pytest.mark.parametrize(
    "change",
    [
        {"account_limits": "不支持物联网卡、流量卡；虚拟号段除外"},
        {"account_limits": "每个账号每天最多充 5 张"},
        {"asks": ("要充的支付宝账号",)},
        {},
    ],
)
def test_limits_and_questions_may_name_what_is_not_sold(change):
    """An account limit that excludes phone cards sells none; nor does asking for the buyer's own
    account."""
    assert find_forbidden(replace(OFFER, **change), on=DAY) == ()


def test_one_field_does_not_run_into_the_next():
    """Words that only meet across two fields are no words."""
    assert (
        find_forbidden(replace(OFFER, how_to_redeem="直接", how_to_test="码上可用"), on=DAY) == ()
    )
