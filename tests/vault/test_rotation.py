"""Fingerprint keys: no gap while one takes over, none depends on the master key."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest
from tests.vault.vault_kit import (
    AT,
    LATER,
    STORES,
    claim,
    codes,
    count,
    in_threads,
    make_shelf,
    put,
    put_and_list,
    run_sql,
    whole,
)

from gongdao.core.envelope import MasterKeys, new_master_key
from gongdao.core.errors import SealedDataError
from gongdao.core.keys import destroy_key
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.vault import rotate_fingerprints as rotating
from gongdao.vault import write_batch
from gongdao.vault.allocate import allocate
from gongdao.vault.fingerprint_keys import find_fp_keys
from gongdao.vault.reveal import reveal
from gongdao.vault.rewrap_keys import Rewrapped, rewrap_keys
from gongdao.vault.rotate_fingerprints import rotate_fingerprints

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def small(monkeypatch):
    """Ten secrets in each step of a rotation."""
    monkeypatch.setattr(rotating, "_CHUNK", 10)


def test_the_old_key_goes_and_nothing_gets_in_twice(small):
    """After a rotation every secret is known under the new key, and the old key is destroyed."""
    put(make_shelf(), codes(35))
    done = rotate_fingerprints(stores=STORES, at=LATER)
    assert (done.kid, done.filled, done.finished, done.left) == (2, 35, True, 0)
    assert run_sql("SELECT kid, state, octet_length(wrapped) > 0 FROM vault_key ORDER BY kid") == [
        (1, "gone", False),
        (2, "live", True),
    ]
    assert count("fingerprint", "kid = 1") == 0 and count("fingerprint") == 35
    assert put(make_shelf(), codes(35)).accepted == 0 and not whole()


def test_a_rotation_goes_on_where_it_stopped(small):
    """In portions of any size; in between both keys guard the stock."""
    put(make_shelf(), codes(35))
    filled = 0
    while True:
        done = rotate_fingerprints(stores=STORES, at=LATER, most=7)
        filled += done.filled
        assert done.kid == 2
        assert put_and_list(make_shelf(), codes(35)[::3]) != [] and not whole()
        if done.finished:
            break
    assert filled == 35 and count("key", "state = 'live'") == 1


def test_what_comes_in_meanwhile_is_known_under_both(small):
    """A secret imported during a rotation is refused before, during and after its end."""
    put(make_shelf(), codes(30))
    rotate_fingerprints(stores=STORES, at=LATER, most=10)
    put(make_shelf(), codes(5, "NEW"))
    assert count("fingerprint", "kid = 1") == 35 and count("fingerprint", "kid = 2") == 15
    assert put(make_shelf(), codes(5, "new")).accepted == 0
    assert put(make_shelf(), codes(30)).accepted == 0
    rotate_fingerprints(stores=STORES, at=LATER)
    assert put(make_shelf(), codes(5, "new")).accepted == 0
    assert count("fingerprint") == 35 and not whole()


def test_imports_and_rotations_at_once(small, monkeypatch):
    """Eight shops bring the same secrets while the key changes twice: each gets in once."""
    monkeypatch.setattr(write_batch, "CHUNK", 20)
    put(make_shelf(), codes(50, "OLD"))
    texts = [*codes(150), *codes(50, "OLD")]
    shelves = [make_shelf(seller=SubjectRef("merchant", uuid4())) for _ in range(6)]

    def bring(place):
        return lambda: put(shelves[place], texts[place * 20 :] + texts[: place * 20])

    def rotate():
        for _ in range(2):
            rotate_fingerprints(stores=STORES, at=LATER)
        return None

    results = in_threads([*(bring(place) for place in range(6)), rotate])
    assert results[6] is None
    assert sum(one.accepted for one in results[:6]) == 150
    assert count("sealed") == count("fingerprint") == 200 and not whole()
    assert threading.active_count() < 10


def test_an_erased_batch_keeps_its_old_key(small):
    """What cannot be read any more cannot be fingerprinted anew: its key stays, to be looked up."""
    erased = put(make_shelf(), codes(5)).batch
    put(make_shelf(), codes(5, "B"))
    destroy_key(subject=SubjectRef("batch", erased), at=AT)
    done = rotate_fingerprints(stores=STORES, at=LATER)
    assert (done.finished, done.left) == (True, 5)
    assert [(one.kid, one.registers) for one in find_fp_keys(stores=STORES)] == [
        (1, False),
        (2, True),
    ]
    assert put(make_shelf(), [*codes(5), *codes(5, "B")]).accepted == 0
    assert put(make_shelf(), codes(2, "C")).accepted == 2
    assert count("fingerprint", "kid = 1") == 5 and not whole()
    assert rotate_fingerprints(stores=STORES, at=LATER).left == 5


def test_a_new_master_key_changes_no_fingerprint():
    """All keys are wrapped anew; afterwards the old master key is needed for nothing here."""
    old, new = STORES.masters.current, MasterKeys.parse(new_master_key()).current
    shelf, who = make_shelf(), claim()
    put(shelf, codes(5))
    erased = put(make_shelf(), codes(2, "E")).batch
    destroy_key(subject=SubjectRef("batch", erased), at=AT)
    allocate(sku=shelf, claim=who, units=1, at=AT)
    before = run_sql("SELECT kid, fp FROM vault_fingerprint ORDER BY fp")
    both = Stores(MasterKeys((new, old)), STORES.blobs)
    assert rewrap_keys(stores=both) == Rewrapped(1, 1)
    assert rewrap_keys(stores=both) == Rewrapped(0, 0)
    alone = Stores(MasterKeys((new,)), STORES.blobs)
    assert find_fp_keys(stores=alone)[0].key == find_fp_keys(stores=both)[0].key
    with pytest.raises(SealedDataError):
        find_fp_keys(stores=STORES)
    assert put(make_shelf(), codes(5), stores=alone).accepted == 0
    assert reveal(stores=alone, claim=who, who="b", at=AT)[0].fields["code"] == codes(1)[0]
    with pytest.raises(SealedDataError):
        reveal(stores=STORES, claim=who, who="b", at=AT)
    assert run_sql("SELECT kid, fp FROM vault_fingerprint ORDER BY fp") == before
    assert rewrap_keys(stores=Stores(MasterKeys((old, new)), STORES.blobs)) == Rewrapped(1, 1)
