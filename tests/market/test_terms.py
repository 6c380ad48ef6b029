"""Versioned terms (A22): what is in force, what an order names, who accepted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from tests.market.market_kit import AT, make_merchant, make_shop, order
from tests.market.vetting_kit import admit, reviewer

from gongdao.core.errors import TermsOutdated
from gongdao.log.models import LogPending
from gongdao.market import terms as terms_module
from gongdao.market.models import Order
from gongdao.market.terms import (
    accept_terms,
    check_terms,
    find_acceptance,
    find_terms,
    list_terms,
    terms_number,
)
from gongdao.market.vetting_models import TermsAccepted
from gongdao.rules import queries
from gongdao.rules.load import load_rules
from gongdao.rules.lockfile import read_lock
from gongdao.rules.queries import digest_of, terms_at, terms_versions

NOW = terms_number(AT)
"""The version in force when the tests happen; ``NEXT`` is made by them."""
NEXT = NOW + 1


@pytest.fixture
def second_version(monkeypatch):
    """One more version, which begins two days after the others' moment."""
    known = terms_versions()
    begins = AT.date() + timedelta(days=2)
    second = replace(known[-1], version=NEXT, in_force_from=begins, changes="改了。")
    data = load_rules()
    changed = replace(
        data,
        by_id={**data.by_id, "terms/market": (*known, second)},
        digests={**data.digests, ("terms/market", NEXT): "ab" * 32},
    )
    monkeypatch.setattr(queries, "load_rules", lambda: changed)
    monkeypatch.setattr("gongdao.rules.at.load_rules", lambda: changed)
    terms_module._number_on.cache_clear()
    yield AT + timedelta(days=2)
    terms_module._number_on.cache_clear()


def test_the_terms_are_published_rule_data():
    """They are locked, speak both languages, and say what the requirement names."""
    found = terms_at(date(2026, 11, 23))
    assert read_lock()[found.id, found.version] == digest_of(found)
    text = "".join(point for part in found.parts for point in part.points)
    for word in ("保证金", "担保时间", "没有答复", "不答复", "透明日志", "离线核对"):
        assert word in text, word
    for part in found.parts:
        assert len(part.points) == len(part.points_en) > 0
        assert all(point.isascii() or "’" in point for point in part.points_en)
    assert "不是仲裁" in text and "没有任何一条限制投诉" in text


def test_the_second_version_says_fee_coupons_and_guarantee():
    """In both languages, with what changed; the first one stays as it was accepted."""
    first, second = terms_versions()[:2]
    assert (first.version, second.version) == (1, 2) and second.changes_en
    said = [{point for part in one.parts for point in part.points} for one in (first, second)]
    new = "".join(said[1] - said[0])
    assert all(word in new for word in ("服务费", "优惠码", "担保金", "规则的摘要"))
    assert terms_at(AT.date()).version == 2 and terms_at(AT.date() - timedelta(days=1)) == first


def test_the_version_in_force_follows_the_day_in_beijing(second_version):
    """It changes at midnight in Beijing, not in Greenwich."""
    midnight = second_version.replace(hour=0, minute=0)
    assert terms_number(midnight - timedelta(seconds=1)) == NOW
    assert terms_number(midnight) == NEXT
    numbers = [one.version for one in list_terms()]
    assert numbers == sorted(numbers, reverse=True) and numbers[:2] == [NEXT, NOW]
    assert find_terms(NEXT + 1) is None


def test_only_the_version_in_force_can_be_accepted(second_version):
    """An older or newer number says which one to read."""
    check_terms(NOW, at=AT)
    with pytest.raises(TermsOutdated, match=f"第 {NEXT} 版") as error:
        check_terms(NOW, at=second_version)
    assert (error.value.accepted, error.value.in_force) == (NOW, NEXT)
    with pytest.raises(TermsOutdated):
        check_terms(NEXT, at=AT)


@pytest.mark.django_db(transaction=True)
def test_an_order_names_the_version_in_force(second_version):
    """With an old version nothing is set aside, and no leaf is written; with the new one it is."""
    shop = make_shop()
    leaves = LogPending.objects.count()
    with pytest.raises(TermsOutdated):
        order(shop, terms=NOW, at=second_version)
    assert not Order.objects.exists() and LogPending.objects.count() == leaves
    placed = order(shop, terms=NEXT, at=second_version)
    assert Order.objects.get(number=placed.number).terms == NEXT


@pytest.mark.django_db(transaction=True)
def test_the_check_asks_no_database():
    """Once a version is known, checking an order's costs no statement."""
    check_terms(NOW, at=AT)
    with connection.execute_wrapper(_refuse):
        check_terms(NOW, at=AT)


def _refuse(*given):
    raise AssertionError("a statement was sent")


@pytest.mark.django_db(transaction=True)
def test_a_merchants_acceptance_names_who_when_and_what(second_version):
    """The digest is that of the version; accepting again changes nothing, a new version asks
    again."""
    merchant, by = admit(), reviewer()
    given = {"merchant_id": merchant.id, "by": by.id}
    assert accept_terms(**given, number=NOW, at=AT)
    assert not accept_terms(**given, number=NOW, at=AT + timedelta(hours=1))
    kept = find_acceptance(merchant_id=merchant.id, number=NOW)
    assert (kept.digest, kept.at) == (digest_of(find_terms(NOW)), AT)
    assert find_acceptance(merchant_id=merchant.id, number=NEXT) is None
    with pytest.raises(TermsOutdated):
        accept_terms(**given, number=NOW, at=second_version)
    assert accept_terms(**given, number=NEXT, at=second_version)


@pytest.mark.django_db(transaction=True)
def test_an_acceptance_cannot_be_changed():
    """The database refuses it."""
    make_merchant()
    for statement in (
        "UPDATE market_termsaccepted SET version = 9",
        "DELETE FROM market_termsaccepted",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert TermsAccepted.objects.get().version == NOW
