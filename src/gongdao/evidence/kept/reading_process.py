"""The program that reads files apart: ``python -m gongdao.evidence.kept.reading_process``.

Started by ``read_apart``, never by hand. It walls itself in, says which walls stand, and then
answers one request after the other until its input ends.

A message is a count of frames (one byte) and the frames, each with its length before it (eight
bytes, big-endian). The first frame is a JSON object, the others are what their own modules dump:

    hello     {"walls": [...]}
    request   {"file": ..., "path": ..., "password": ..., "cpu_seconds": ...}, statement, kept texts
    answer    {"fault": ""}, reading, kept texts
    failure   {"fault": "memory" | "crash", "what": ...}

After a fault it leaves: what a broken decoder left behind must not touch the next file.
"""

from __future__ import annotations

import json
import os
import re
import struct
import sys
from pathlib import Path
from typing import IO

from gongdao.evidence.kept.confine import confine, limit_cpu

MAX_FRAME = 256 * 1024 * 1024
"""A longer frame is refused before anything is allocated for it."""

_MAX_FRAMES = 3
_OUT_OF_MEMORY = re.compile(r"bad[_ ]alloc|alloc\w* memory|insufficient memory|out of memory", re.I)


def send(pipe: IO[bytes], *frames: bytes) -> None:
    """Write one message. Raises OSError where the other side is gone."""
    pipe.write(struct.pack(">B", len(frames)))
    for frame in frames:
        pipe.write(struct.pack(">Q", len(frame)))
        pipe.write(frame)
    pipe.flush()


def receive(pipe: IO[bytes]) -> tuple[bytes, ...]:
    """Read one message; raise EOFError where the pipe ends before or within it, ValueError for
    too many or too long frames."""
    frames = []
    count = _exactly(pipe, 1)[0]
    if count > _MAX_FRAMES:
        raise ValueError("too many frames")
    for _number in range(count):
        (length,) = struct.unpack(">Q", _exactly(pipe, 8))
        if length > MAX_FRAME:
            raise ValueError("frame too long")
        frames.append(_exactly(pipe, length))
    return tuple(frames)


def _exactly(pipe: IO[bytes], length: int) -> bytes:
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError
    return data


def main(arguments: list[str]) -> int:
    """Serve requests from standard input; ``arguments``: the folder with the files, the limit of
    memory in bytes. Returns the exit code."""
    folder, memory_bytes = Path(arguments[0]), int(arguments[1])
    requests, answers = _own_pipes()
    walls = confine(memory_bytes=memory_bytes, readable=[folder])
    send(answers, json.dumps({"walls": walls}).encode())
    while True:
        try:
            request = receive(requests)
        except EOFError:
            return 0
        answer = _answer(*request)
        send(answers, *answer)
        if len(answer) == 1:
            return 1


def _own_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Standard input and output for us alone: what a library prints must not become an answer."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, answers


def _answer(header: bytes, statement: bytes, kept: bytes) -> tuple[bytes, ...]:
    """The frames that answer a request."""
    try:
        return _read(json.loads(header), statement, kept)
    except Exception as error:  # the edge of the process: whatever a decoder raises ends here
        short = isinstance(error, MemoryError) or _OUT_OF_MEMORY.search(str(error))
        fault = {"fault": "memory" if short else "crash", "what": type(error).__name__}
        return (json.dumps(fault).encode(),)


def _read(header: dict[str, str], statement: bytes, kept: bytes) -> tuple[bytes, ...]:
    # Loaded here, behind the walls.
    from gongdao.evidence.kept.kept_texts import KeptTexts
    from gongdao.evidence.kept.reading_json import dump_reading, load_statement
    from gongdao.evidence.read_exhibit import Reader, read_file

    limit_cpu(int(header["cpu_seconds"]))
    texts = KeptTexts.load(kept)
    reader = Reader(load_statement(statement), texts, header["password"] or None)
    read = read_file(file=Path(header["file"]), path=header["path"], reader=reader)
    return b'{"fault": ""}', dump_reading(read), texts.dump()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
