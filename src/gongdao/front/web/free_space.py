"""A floor under the disk: a database that cannot write stops everybody, one more file does not."""

from __future__ import annotations

import shutil

from django.conf import settings

from gongdao.core.errors import DiskFull


def check_free_space(coming: int = 0) -> None:
    """Raise DiskFull where ``coming`` more bytes would leave less free on the disk of the data
    folder than the setting keeps."""
    ground = settings.GONGDAO
    if shutil.disk_usage(ground.data_dir).free - coming < ground.min_free_bytes:
        raise DiskFull
