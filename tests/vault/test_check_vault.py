"""`check_vault` finds each way in which a vault can be wrong, and nothing in one that is whole."""

from __future__ import annotations

import pytest
from django.db import transaction
from tests.vault.vault_kit import (
    AT,
    SOON,
    STORES,
    claim,
    codes,
    make_shelf,
    put,
    run_sql,
    tamper,
    whole,
)

from gongdao.core.keys import destroy_key
from gongdao.core.subject import SubjectRef
from gongdao.vault.allocate import allocate
from gongdao.vault.check_vault import check_vault
from gongdao.vault.replace_unit import replace_unit
from gongdao.vault.reserve import reserve
from gongdao.vault.withdraw_batch import withdraw_batch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def busy():
    """Shelves with all that happens in a life, whole."""
    shelf, loops = make_shelf(), make_shelf(uses_allowed=3)
    put(shelf, codes(300))
    put(loops, codes(4, "LOOP"))
    gone = put(shelf, codes(5, "GONE")).batch
    for sku in (shelf, loops):
        who = claim()
        units = allocate(sku=sku, claim=who, units=2, at=AT)
        reserve(sku=sku, claim=claim(), units=2, until=SOON, at=AT)
        replace_unit(claim=who, unit=units[0].unit, at=AT)
    withdraw_batch(stores=STORES, batch=gone, reason="x", may_return=True, at=AT)
    assert not whole()
    return shelf


FAULTS = [
    ("unit_without_claim", "unit", "UPDATE vault_unit SET state = 'claimed' WHERE pos = 9"),
    ("claim_without_unit", "unit", "UPDATE vault_unit SET state = 'available' WHERE pos = 1"),
    ("unit_without_secret", "sealed", "DELETE FROM vault_sealed WHERE line = 200"),
    ("secret_without_unit", "unit", "DELETE FROM vault_unit WHERE pos = 200"),
    ("secret_without_fingerprint", "fingerprint", "DELETE FROM vault_fingerprint WHERE sealed_id ="
     " (SELECT id FROM vault_sealed WHERE line = 200)"),
    ("fingerprint_without_secret", "sealed", "DELETE FROM vault_sealed WHERE line = 200"),
    ("for_sale_in_closed_batch", "unit", "UPDATE vault_unit SET state = 'available'"
     " WHERE state = 'withdrawn'"),
    ("for_sale_before_its_end", "batch", "UPDATE vault_batch SET state = 'incoming', root = NULL,"
     " imported_at = NULL WHERE secrets = 300"),
    ("two_in_one_position", "unit", "UPDATE vault_unit SET pos = 9 WHERE pos = 8"),
    ("wrong_count", "unit", "DELETE FROM vault_unit WHERE pos = 300"),
    ("wrong_root", "sealed", "UPDATE vault_sealed SET commitment = sha256(commitment)"
     " WHERE line = 200"),
    ("wrong_root", "group", "UPDATE vault_group SET root = sha256(root) WHERE n = 1"),
    ("wrong_root", "batch", "UPDATE vault_batch SET root = sha256(root) WHERE secrets = 300"),
    ("not_open", "sealed", "UPDATE vault_sealed SET ciphertext ="
     " set_byte(ciphertext, 40, get_byte(ciphertext, 40) # 1) WHERE line = 200"),
    ("not_open", "sku", "UPDATE vault_sku SET seller_id = gen_random_uuid()"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "table", "change"), FAULTS)
def test_each_fault_is_found(busy, code, table, change):
    """A hand that got past the triggers is seen, and what it did has its name."""
    tamper(table, change)
    found = check_vault(stores=STORES, open_every=1).findings
    assert code in {one.code for one in found}
    assert all(one.count > 0 and str(one) for one in found)


def test_a_missing_key_is_found(busy):
    """A batch whose key's row is gone, which no verb does."""
    run_sql("DELETE FROM core_datakey WHERE subject_kind = 'batch'")
    assert "batch_without_key" in {one for one, _n in whole()}


def test_an_erased_batch_is_no_fault(busy):
    """A key that was destroyed on purpose leaves a vault that is whole."""
    batch = run_sql("SELECT id FROM vault_batch WHERE secrets = 300")[0][0]
    destroy_key(subject=SubjectRef("batch", batch), at=AT)
    assert not whole()


def test_how_many_are_opened(busy):
    """None, some or all secrets are decrypted, as asked; progress goes over the batches."""
    told = []
    assert check_vault(stores=STORES, open_every=None).opened == 0
    some = check_vault(stores=STORES, open_every=100, progress=lambda n, of: told.append((n, of)))
    assert (some.opened, some.batches, some.secrets) == (5, 3, 309)
    assert told == [(0, 3), (1, 3), (2, 3)]
    assert check_vault(stores=STORES, open_every=1).opened == 309
    with transaction.atomic(), pytest.raises(RuntimeError):
        check_vault(stores=STORES)
