"""Asking the issuer: on the record, of stock for sale only, never taken for more than it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from tests.vault.vault_kit import (
    AT,
    LATER,
    SOON,
    STORES,
    claim,
    codes,
    count,
    make_shelf,
    put,
    run_sql,
    whole,
)

from gongdao.core.errors import KeyGone, NoSuchShelf
from gongdao.core.keys import destroy_key
from gongdao.core.subject import SubjectRef
from gongdao.vault.allocate import allocate
from gongdao.vault.check_units import CheckedSecret, check_claim, check_units, withdraw_bad
from gongdao.vault.forget_checks import forget_checks
from gongdao.vault.issuer_port import SANDBOX, IssuerAnswer, SecretStatus
from gongdao.vault.queries import last_checked
from gongdao.vault.reserve import reserve

pytestmark = pytest.mark.django_db(transaction=True)


class Issuer:
    """An issuer that knows some codes as used; keeps what it was asked."""

    name = "issuer"

    def __init__(self, used=(), status=SecretStatus.VALID):
        self.used, self.status, self.asked, self.recorded = set(used), status, [], []

    def ask(self, fields):
        """One question at a time."""
        try:  # a thread of its own, hence a connection of its own
            self.recorded.append(count("reveal", "purpose = 'check'"))
        finally:
            connection.close()
        self.asked.append(fields["code"])
        used = fields["code"] in self.used
        return IssuerAnswer(SecretStatus.USED if used else self.status)


def test_a_sample_is_asked_about():
    """Each answer is kept beside its secret; that it was decrypted stood on record before."""
    shelf = make_shelf()
    texts = codes(40)
    batch = put(shelf, texts).batch
    issuer = Issuer(used=texts[::2])
    assert last_checked(batch) is None
    found = check_units(stores=STORES, batch=batch, port=issuer, sample=30, at=LATER)
    assert 5 < len(found) == len(set(issuer.asked)) <= 30
    assert issuer.recorded == list(range(1, len(found) + 1))
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


def test_the_sandbox_checks_nothing():
    """What only plays an issuer never counts as "last checked"."""
    batch = put(make_shelf(), codes(3)).batch
    issuer = Issuer()
    issuer.name = SANDBOX
    assert check_units(stores=STORES, batch=batch, port=issuer, sample=3, at=LATER)
    assert count("statuscheck", "port = 'sandbox' AND status = 'valid'") > 0
    assert last_checked(batch) is None


def test_what_is_bad_leaves_the_shelf():
    """Used and invalid secrets are withdrawn from stock and from reservations, with every use; what
    was sold stays with its buyer, and the rest stays for sale."""
    shelf = make_shelf(uses_allowed=2)
    batch = put(shelf, codes(6)).batch
    sold, waiting = claim(), claim()
    allocate(sku=shelf, claim=sold, units=3, at=AT)
    reserve(sku=shelf, claim=waiting, units=1, until=SOON, at=AT)
    ids = [one for (one,) in run_sql("SELECT id FROM vault_sealed ORDER BY id")]
    statuses = [SecretStatus.INVALID, SecretStatus.USED, SecretStatus.USED]
    told = [CheckedSecret(one, status) for one, status in zip(ids, statuses, strict=False)]
    told += [CheckedSecret(ids[3], SecretStatus.UNKNOWN), CheckedSecret(ids[4], SecretStatus.VALID)]
    assert withdraw_bad(batch=batch, checked=told) == 3
    assert withdraw_bad(batch=batch, checked=told) == 0
    assert count("unit", "state = 'withdrawn'") == 3
    assert count("unit", "state = 'available'") == 6
    assert (count("claim", "state = 'allocated'"), count("claim", "state = 'reserved'")) == (3, 0)
    assert whole() == []


def test_a_claim_in_dispute_is_asked_about():
    """Every secret of the claim and no other; when it was used is kept, where the issuer tells."""

    class Telling(Issuer):
        def ask(self, fields):
            self.asked.append(fields["code"])
            return IssuerAnswer(SecretStatus.USED, AT)

    shelf = make_shelf()
    put(shelf, codes(5))
    mine = claim()
    allocate(sku=shelf, claim=claim(), units=1, at=AT)
    allocate(sku=shelf, claim=mine, units=2, at=AT)
    issuer = Telling()
    found = check_claim(stores=STORES, claim=mine, port=issuer, at=LATER)
    assert set(issuer.asked) == set(codes(5)[1:3])
    assert [(one.status, one.used_at) for one in found] == [(SecretStatus.USED, AT)] * 2
    assert run_sql("SELECT used_at FROM vault_statuscheck") == [(AT,)] * 2
    seen = run_sql("SELECT DISTINCT owner_id, purpose FROM vault_reveal")
    assert seen == [(mine.id, "check")]


def test_answers_go_after_three_years_and_the_database_keeps_younger_ones():
    """The old one is deleted; a younger one cannot be, whoever tries."""
    batch = put(make_shelf(), codes(2)).batch
    old = datetime(2020, 1, 1, tzinfo=UTC)
    for at in (old, datetime.now(UTC)):
        check_units(stores=STORES, batch=batch, port=Issuer(), sample=1, at=at)
    assert forget_checks(before=old + timedelta(days=1096)) == 1
    assert count("statuscheck") == 1
    with pytest.raises(DatabaseError), transaction.atomic():
        forget_checks(before=datetime.now(UTC) + timedelta(days=1))
    assert count("statuscheck") == 1
