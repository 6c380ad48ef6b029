"""What tests of the vault share."""

from __future__ import annotations

import pytest


@pytest.fixture
def shelf(transactional_db):
    """An empty shelf in the tests' database, which other connections see."""
    from tests.vault.vault_kit import make_shelf

    return make_shelf()
