"""One sealed case file for all tests of the verifier."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.casework.sample_case import AS_OF, make_folder, make_report

from gongdao.casework.seal import seal_case


@pytest.fixture(scope="session")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sealed case file without time-stamp; tests copy it before they change it."""
    place = tmp_path_factory.mktemp("sealed")
    out = place / "case.zip"
    seal_case(folder=make_folder(place), report=make_report(), as_of=AS_OF, out=out)
    return out
