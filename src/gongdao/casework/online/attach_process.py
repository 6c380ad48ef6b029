"""The program that makes one attachment: ``python -m gongdao.casework.online.attach_process``.

Started by ``make_attachment``, never by hand. It walls itself in, reads what to make from its
argument and the originals from one folder, writes the file to standard output, and ends. Nothing
on standard output: it cannot be made.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from gongdao.evidence.kept.confine import confine, limit_cpu


def main(arguments: list[str]) -> int:
    """``arguments``: the folder, seconds, bytes of memory, and the item as JSON."""
    folder = Path(arguments[0])
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    confine(memory_bytes=int(arguments[2]), readable=[folder])
    limit_cpu(int(arguments[1]))
    # Loaded here, behind the walls.
    from gongdao.channels.attachments import Attachable, AttachmentItem, Form
    from gongdao.channels.prepare_attachment import prepare_attachment
    from gongdao.core.codes import Kind
    from gongdao.core.errors import UnreadableFile
    from gongdao.core.language import Phrase

    told = json.loads(arguments[3])
    exhibits = tuple(
        Attachable(number, name, Kind.OTHER, "image/*", 0)
        for number, name in enumerate(told["names"], 1)
    )
    item = AttachmentItem(
        exhibits,
        Form(told["form"]),
        "",
        told["max_bytes"],
        Phrase.named(""),
        told["piece"],
        told["pieces"],
    )
    try:
        made = prepare_attachment(item, [(folder / name).read_bytes() for name in told["names"]])
    except UnreadableFile:
        return 0
    with answer:
        answer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
