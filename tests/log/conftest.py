"""A log of its own for each test of the sequencer."""

from __future__ import annotations

import pytest


@pytest.fixture
def ground(tmp_path, transactional_db):
    """An empty log over the tests' database, with its key and folders."""
    from tests.log.log_kit import make_ground

    return make_ground(tmp_path)
