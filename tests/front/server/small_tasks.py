"""The one job of the small project."""

from __future__ import annotations

import os
from pathlib import Path

from procrastinate.contrib.django import app


@app.task(queue="quick")
def touch(path: str) -> None:
    """Write this process's number to ``path``."""
    Path(path).write_text(str(os.getpid()))
