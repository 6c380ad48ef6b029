"""Put a case together from its rows and judge it: the same answer as the command line gives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gongdao.casework.check import Judgement, judge_case
from gongdao.casework.follow.filings import with_filings
from gongdao.casework.online.files import CaseFileRow, list_files
from gongdao.casework.online.filings import RecordedFiling, filings_of
from gongdao.casework.online.open_case import OpenCase
from gongdao.evidence.dossier import Dossier
from gongdao.evidence.gather import gather
from gongdao.evidence.kept.write_reading import reading_of
from gongdao.evidence.read_exhibit import ReadFile
from gongdao.evidence.statement import Statement


@dataclass(frozen=True)
class AssembledCase:
    """A case with its files, filings and judgement at one moment."""

    case: OpenCase
    files: tuple[CaseFileRow, ...]
    filings: tuple[RecordedFiling, ...]
    judgement: Judgement

    @property
    def unread(self) -> int:
        """How many files are still to be read."""
        return sum(file.row.state in ("waiting", "reading") for file in self.files)

    @property
    def statement(self) -> Statement:
        """What the buyer says, without the contacts that come from filings."""
        return self.case.content.statement


def assemble_case(*, case: OpenCase, as_of: datetime) -> AssembledCase:
    """Read, judge and route ``case`` at ``as_of``; three queries, nothing is written."""
    files = tuple(list_files(case))
    filings = filings_of(case)
    dossier = gather_case(case=case, files=files, filings=filings, as_of=as_of)
    return AssembledCase(case, files, filings, judge_case(dossier))


def gather_case(
    *,
    case: OpenCase,
    files: tuple[CaseFileRow, ...],
    filings: tuple[RecordedFiling, ...],
    as_of: datetime,
) -> Dossier:
    """The dossier of a case: everything that has been read so far, in the order of paths."""
    return gather(
        statement=with_filings(case.content.statement, [one.filing for one in filings]),
        files=readings_of(case, files),
        as_of=as_of,
        corrections=case.content.corrections,
    )


def readings_of(case: OpenCase, files: tuple[CaseFileRow, ...]) -> list[ReadFile]:
    """What was read from ``files``, sorted by path as a folder would list them."""
    placed = sorted((f for f in files if f.facts.path), key=lambda f: f.facts.path)
    read = (reading_of(key=case.key, row=file.row) for file in placed)
    return [one for one in read if one is not None]
