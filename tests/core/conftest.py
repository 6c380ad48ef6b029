"""A store of each kind, empty, for tests that hold for both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.core.local_s3 import ACCESS_KEY, BUCKET, SECRET_KEY, LocalS3, run_s3

from gongdao.core.blobs import BlobStore, FolderBlobs
from gongdao.core.blobs_s3 import S3Blobs, s3_client


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalS3]:
    """One server for all tests; each uses a prefix of its own."""
    with run_s3(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobStore]:
    """An empty store of each kind."""
    if request.param == "folder":
        yield FolderBlobs(tmp_path / "blobs")
        return
    server: LocalS3 = request.getfixturevalue("s3_server")
    client: Any = s3_client(endpoint=server.endpoint, access_key=ACCESS_KEY, secret_key=SECRET_KEY)
    yield S3Blobs(bucket=BUCKET, client=client, prefix=f"/{uuid4().hex}/")
    client.close()
