"""Asking the issuer: on the record, of stock for sale only, never taken for more than it is."""

from __future__ import annotations

import pytest
from tests.vault.vault_kit import AT, LATER, STORES, claim, codes, count, make_shelf, put, run_sql

from gongdao.core.errors import KeyGone, NoSuchShelf
from gongdao.core.keys import destroy_key
from gongdao.core.subject import SubjectRef
from gongdao.vault.allocate import allocate
from gongdao.vault.check_units import check_units
from gongdao.vault.issuer_port import SecretStatus
from gongdao.vault.queries import last_checked

pytestmark = pytest.mark.django_db(transaction=True)


class Issuer:
    """An issuer that knows some codes as used; keeps what it was asked."""

    name = "issuer"

    def __init__(self, used=(), status=SecretStatus.VALID):
        self.used, self.status, self.asked = set(used), status, []

    def ask(self, fields):
        """One question at a time."""
        assert count("reveal", "purpose = 'check'") == len(self.asked) + 1
        self.asked.append(fields["code"])
        return SecretStatus.USED if fields["code"] in self.used else self.status


def test_a_sample_is_asked_about():
    """Each answer is kept beside its secret; that it was decrypted stood on record before."""
    shelf = make_shelf()
    texts = codes(40)
    batch = put(shelf, texts).batch
    issuer = Issuer(used=texts[::2])
    assert last_checked(batch) is None
    found = check_units(stores=STORES, batch=batch, port=issuer, sample=30, at=LATER)
    assert 5 < len(found) == len(set(issuer.asked)) <= 30
    used = sum(code in issuer.used for code in issuer.asked)
    assert [one.status for one in found].count(SecretStatus.USED) == used > 0
    assert count("statuscheck", "status = 'used'") == used
    assert last_checked(batch) == LATER


def test_only_what_is_for_sale_is_asked_about():
    """A buyer's secret is never sent anywhere."""
    shelf = make_shelf()
    batch = put(shelf, codes(12)).batch
    allocate(sku=shelf, claim=claim(), units=10, at=AT)
    issuer = Issuer()
    check_units(stores=STORES, batch=batch, port=issuer, sample=60, at=LATER)
    assert set(issuer.asked) == set(codes(12)[10:])
    allocate(sku=shelf, claim=claim(), units=2, at=AT)
    assert check_units(stores=STORES, batch=batch, port=issuer, sample=5, at=LATER) == []


def test_no_answer_is_no_check():
    """What the issuer could not tell does not count as "last checked"."""
    batch = put(make_shelf(), codes(3)).batch
    issuer = Issuer(status=SecretStatus.UNKNOWN)
    found = check_units(stores=STORES, batch=batch, port=issuer, sample=2, at=LATER)
    assert {one.status for one in found} == {SecretStatus.UNKNOWN}
    assert last_checked(batch) is None


def test_nothing_to_ask_about():
    """No such batch, or one that was erased."""
    batch = put(make_shelf(), codes(3)).batch
    with pytest.raises(NoSuchShelf):
        check_units(stores=STORES, batch=make_shelf(), port=Issuer(), sample=1, at=AT)
    destroy_key(subject=SubjectRef("batch", batch), at=AT)
    with pytest.raises(KeyGone):
        check_units(stores=STORES, batch=batch, port=Issuer(), sample=1, at=AT)
    assert run_sql("SELECT count(*) FROM vault_statuscheck") == [(0,)]
