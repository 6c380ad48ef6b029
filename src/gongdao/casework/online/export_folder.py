"""Write a case as the case folder that the command line reads; the way off the server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from gongdao.casework.case_toml import write_case_toml
from gongdao.casework.correct import say_corrections
from gongdao.casework.folder import CASE_FILE, CORRECTIONS_FILE
from gongdao.casework.follow.filings import with_filings
from gongdao.casework.online.assemble_case import AssembledCase
from gongdao.casework.online.files import CaseFileRow, free_path
from gongdao.core.codes import Stage
from gongdao.core.stores import Stores
from gongdao.evidence.kept.open_original import Purpose, Who, open_original

Member = tuple[str, Iterable[bytes]]
"""A POSIX path within the folder, and the bytes of the file there."""


def export_folder(
    *,
    stores: Stores,
    assembled: AssembledCase,
    into: Path,
    who: Who,
    purpose: Purpose,
    at: datetime,
) -> int:
    """Write the case folder into ``into``, which exists and is empty; return how many originals
    it has. Raises BlobMissing or SealedDataError where the store lost or altered one."""
    members = folder_members(stores=stores, assembled=assembled, who=who, purpose=purpose, at=at)
    for path, chunks in members:
        full = into / path
        full.parent.mkdir(parents=True, exist_ok=True)
        with full.open("wb") as sink:
            for chunk in chunks:
                sink.write(chunk)
    return len(assembled.files)


def folder_members(
    *, stores: Stores, assembled: AssembledCase, who: Who, purpose: Purpose, at: datetime
) -> Iterator[Member]:
    """Every file of the case folder: the statement with its filings, the corrections, and each
    original, which is decrypted (and its opening recorded) when its turn comes."""
    yield from ((path, [text]) for path, text in _texts(assembled, at))
    case = assembled.case
    for file, path in placed_files(assembled.files):
        yield (
            path,
            open_original(
                stores=stores, key=case.key, row=file.row, who=who, purpose=purpose, at=at
            ),
        )


def folder_sizes(*, assembled: AssembledCase, at: datetime) -> list[tuple[str, int]]:
    """Path and size in bytes of what ``folder_members`` gives at ``at``; opens no original."""
    texts = [(path, len(text)) for path, text in _texts(assembled, at)]
    return texts + [(path, file.row.size) for file, path in placed_files(assembled.files)]


def _texts(assembled: AssembledCase, at: datetime) -> list[tuple[str, bytes]]:
    content = assembled.case.content
    statement = with_filings(content.statement, [one.filing for one in assembled.filings])
    texts = [(CASE_FILE, write_case_toml(statement=statement).encode())]
    if content.corrections:
        texts.append((CORRECTIONS_FILE, say_corrections(content.corrections, at).encode()))
    return texts


def placed_files(files: Iterable[CaseFileRow]) -> list[tuple[CaseFileRow, str]]:
    """Every file with its path in the folder. One that was not read so far has none yet: it goes
    to ``during/`` rather than being left out."""
    files = list(files)
    taken = {file.facts.path for file in files}
    placed = []
    for file in files:
        path = file.facts.path or free_path(Stage.DURING, file.facts.name, taken)
        taken.add(path)
        placed.append((file, path))
    return placed
