"""What the tests of sealing share: a case folder, its report, and a local time-stamp authority."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.casework.local_tsa import LocalTsa, openssl
from tests.casework.sample_case import make_folder, make_report


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The sample case folder, fresh."""
    return make_folder(tmp_path)


@pytest.fixture
def report() -> dict[str, Any]:
    """The report that goes with it."""
    return make_report()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> LocalTsa:
    """A local time-stamp authority with its root in ``roots``."""
    if openssl() is None:
        pytest.skip("the openssl command is not installed: no local time-stamp authority")
    return LocalTsa(tmp_path_factory.mktemp("tsa"))


@pytest.fixture
def tsa(authority: LocalTsa) -> LocalTsa:
    """The same, behaving well until told otherwise."""
    authority.mode, authority.first = "good", b""
    return authority
