"""What tests of the ledger share."""

from __future__ import annotations

import pytest


@pytest.fixture
def house(db):
    """Accounts opened, in a transaction that is thrown away."""
    from tests.ledger.ledger_kit import open_house

    open_house()


@pytest.fixture
def shared_house(transactional_db):
    """Accounts opened for good, so that other connections see them; emptied at the end."""
    from tests.ledger.ledger_kit import open_house

    open_house()


@pytest.fixture
def stores():
    """Keys and blobs of the test session."""
    from gongdao.front.stores import get_stores

    return get_stores()
