"""What tests of online cases share: the stores of the session."""

from __future__ import annotations

import pytest

from gongdao.front.stores import get_stores


@pytest.fixture
def stores():
    """Keys and blobs of the test session."""
    return get_stores()
