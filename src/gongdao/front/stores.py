"""The stores of this installation, made once from the settings."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from gongdao.core.blobs import BlobStore, FolderBlobs
from gongdao.core.envelope import MasterKeys, load_master_keys
from gongdao.core.key_service import CommandKeyService
from gongdao.core.service_keys import load_service_keys
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


def get_masters(settings: Settings, *, may_create: bool | None = None) -> MasterKeys:
    """The master keys: from the environment, from the key service, or from the key file, made on
    first use.

    Beside data that is there already no key is made, unless ``may_create`` says otherwise: a new
    one would open nothing of it. Raise InputError, KeyServiceError.
    """
    if may_create is None:
        names = ("blobs", "postgres")
        may_create = not any((settings.data_dir / name).exists() for name in names)
    if settings.kms_command:
        return _from_service(settings.kms_file, settings.kms_command, may_create)
    return load_master_keys(settings.key_file, settings.master_key, may_create=may_create)


@cache
def _from_service(path: Path, command: str, may_create: bool) -> MasterKeys:
    """Once in a process: a service may take a second for an answer, or ask a person."""
    return load_service_keys(path, CommandKeyService(command), may_create=may_create)


def forget_masters() -> None:
    """Have the key service asked again: its file was changed."""
    _from_service.cache_clear()


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
