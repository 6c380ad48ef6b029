"""The stores of this installation, made once from the settings."""

from __future__ import annotations

import os
from functools import cache

from gongdao.core.blobs import BlobStore, FolderBlobs
from gongdao.core.envelope import MasterKeys, load_master_keys
from gongdao.core.stores import Stores
from gongdao.front.settings import Settings


@cache
def get_settings() -> Settings:
    """The settings of this process."""
    return Settings.read(os.environ)


@cache
def get_stores() -> Stores:
    """Master keys and blobs of this process."""
    settings = get_settings()
    return Stores(get_masters(settings), make_blobs(settings))


def get_masters(settings: Settings) -> MasterKeys:
    """The master keys: from the environment, else from the key file, made on first use.

    Beside data that is there already no key is made: a new one would open nothing of it.
    """
    holds_data = any((settings.data_dir / name).exists() for name in ("blobs", "postgres"))
    return load_master_keys(settings.key_file, settings.master_key, may_create=not holds_data)


def make_blobs(settings: Settings) -> BlobStore:
    """The blob store the settings name: S3, or the folder ``blobs`` among the data."""
    if settings.s3 is None:
        return FolderBlobs(settings.data_dir / "blobs")
    from gongdao.core.blobs_s3 import S3Blobs, s3_client

    place = settings.s3
    client = s3_client(
        endpoint=place.endpoint,
        region=place.region,
        access_key=place.access_key,
        secret_key=place.secret_key,
    )
    return S3Blobs(bucket=place.bucket, prefix=place.prefix, client=client)
