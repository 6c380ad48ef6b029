"""Remove what a killed process left in the clear: files being read, sealed or sent."""

from __future__ import annotations

import shutil
from contextlib import suppress
from datetime import datetime
from pathlib import Path


def sweep_scratch(*, folder: Path, before: datetime) -> int:
    """Remove every entry of ``folder`` that was last written before ``before``; return how many.

    A file that still comes in is written all the time; a private folder is younger than the longest
    job. So what is older belongs to nobody.
    """
    swept = 0
    for path in list(folder.iterdir()):
        with suppress(FileNotFoundError):  # its owner was quicker
            if path.lstat().st_mtime >= before.timestamp():
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
            swept += 1
    return swept
