"""A new master key takes over everything, also after it was stopped; then the old one may go."""

from __future__ import annotations

import pytest
from tests.market.market_kit import AT, make_shop, order, pay

from gongdao.casework.online.begin_case import begin_case
from gongdao.core.envelope import MasterKeys, code_fits, new_master_key
from gongdao.core.errors import SealedDataError
from gongdao.core.ids import tidy_code
from gongdao.core.stores import Stores
from gongdao.front.server import rewrap_all as rewrapping
from gongdao.front.server.check_masters import check_masters
from gongdao.front.server.rewrap_all import RewrappedAll, check_keys, rewrap_all
from gongdao.front.stores import get_stores
from gongdao.market import market_key
from gongdao.market.find_order import find_order
from gongdao.market.reveal_order import reveal_order

pytestmark = pytest.mark.django_db(transaction=True)
NOTHING = RewrappedAll(0, 0, 0, 0)


@pytest.fixture
def sold():
    """A sold secret and a case, under the old key: what opens them."""
    market_key._held.clear()  # of a database that is gone
    old = get_stores()
    placed = order(make_shop(stock=3))
    pay(placed)
    case = begin_case(stores=old, at=AT)
    new = MasterKeys.parse(new_master_key()).current
    return old, Stores(MasterKeys((new, *old.masters.keys)), old.blobs), placed, case


def _alone(stores: Stores) -> Stores:
    """With the newest key and no other."""
    return Stores(MasterKeys(stores.masters.keys[:1]), stores.blobs)


def _read(stores: Stores, placed) -> str:
    found = find_order(stores=stores, number=placed.number, code=placed.code, at=AT)
    (one,) = reveal_order(stores=stores, order=found, who="buyer", at=AT)
    return one.fields["secret"]


def test_the_old_key_may_go(sold):
    """Before, the new key alone opens nothing, and no server starts with it; afterwards it opens
    every key, every opening of the log, the secret and the case, and the old one opens nothing."""
    old, both, placed, case = sold
    alone = _alone(both)
    assert check_keys(masters=alone.masters).unopened >= 5
    with pytest.raises(SealedDataError):
        check_masters(alone)
    secret = _read(old, placed)
    done = rewrap_all(stores=both)
    assert done.data_keys >= 3 and done.openings >= 1
    assert (done.fingerprint_keys, done.case_codes) == (1, 1)
    assert rewrap_all(stores=both) == NOTHING
    seen = check_keys(masters=both.masters)
    assert seen.unopened == 0 and set(seen.wrapped) == set(seen.openings) == {both.masters.ids[0]}
    check_masters(alone)
    assert _read(alone, placed) == secret
    case.row.refresh_from_db()
    assert code_fits(alone.masters, tidy_code(case.content.code), bytes(case.row.code_digest))
    assert check_keys(masters=old.masters).wrapped == {}


def test_stopped_in_the_middle_it_goes_on(sold, monkeypatch):
    """Stopped between keys and openings, everything still opens; run again it does the rest."""
    _old, both, placed, _case = sold

    def stop(**_given):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(rewrapping, "reseal_openings", stop)
        with pytest.raises(KeyboardInterrupt):
            rewrap_all(stores=both)
    assert check_keys(masters=both.masters).unopened == 0 and _read(both, placed)
    rest = rewrap_all(stores=both)
    assert (rest.data_keys, rest.fingerprint_keys) == (0, 0) and rest.openings
    assert check_keys(masters=_alone(both).masters).unopened == 0


def test_without_the_old_key_nothing_is_touched(sold):
    """A key that something needs is not there: refused, and nothing is lost."""
    old, both, placed, _case = sold
    with pytest.raises(SealedDataError):
        rewrap_all(stores=_alone(both))
    assert check_keys(masters=old.masters).unopened == 0 and _read(old, placed)
