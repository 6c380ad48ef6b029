"""The program that makes one preview: ``python -m gongdao.evidence.kept.preview_process``.

Started by ``make_preview_apart``, never by hand. It walls itself in, reads one file, writes width
and height (four bytes each, big-endian) and the picture to standard output, and ends. Nothing on
standard output: the file cannot be shown.
"""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

from gongdao.evidence.kept.confine import confine, limit_cpu


def main(arguments: list[str]) -> int:
    """``arguments``: the file, page, frame in milliseconds, seconds, bytes of memory."""
    file = Path(arguments[0])
    page, frame_ms, seconds, memory_bytes = (int(one) for one in arguments[1:])
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    confine(memory_bytes=memory_bytes, readable=[file.parent])
    limit_cpu(seconds)
    # Loaded here, behind the walls.
    from gongdao.core.errors import UnreadableFile
    from gongdao.evidence.preview_picture import make_preview

    try:
        made = make_preview(data=file.read_bytes(), name=file.name, page=page, frame_ms=frame_ms)
    except UnreadableFile:
        return 0
    with answer:
        answer.write(struct.pack(">II", made.width, made.height) + made.webp)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
