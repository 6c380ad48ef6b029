"""An installation with a backup, and what is restored from it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.front.server.backup_kit import Origin, Site, make_origin


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Origin:
    """A stopped installation with two cases, and its backup."""
    return make_origin(tmp_path_factory.mktemp("origin"))


@pytest.fixture
def copy(origin: Origin, tmp_path: Path) -> tuple[Site, Path]:
    """An empty installation with the origin's master key, and the backup."""
    return origin.empty(tmp_path / "data"), origin.backup


@pytest.fixture(scope="module")
def filled(origin: Origin, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The backup restored, for tests that change nothing of it."""
    site = origin.empty(tmp_path_factory.mktemp("filled") / "data")
    site.gongdao("restore", origin.backup)
    return site
