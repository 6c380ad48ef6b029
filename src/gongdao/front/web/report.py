"""The report of a case as pages show it: judged anew on every view, in the language in use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from gongdao.casework.check import Judgement
from gongdao.casework.online.assemble_case import AssembledCase, assemble_case
from gongdao.casework.online.letter_drafts import drafts_of, with_drafts
from gongdao.casework.online.open_case import OpenCase
from gongdao.casework.report import report_case, report_letters
from gongdao.front.clock import now


@dataclass(frozen=True)
class SeenCase:
    """A case with its report at ``as_of``, letters apart."""

    assembled: AssembledCase
    report: dict[str, Any]
    as_of: datetime
    judgement: Judgement

    @cached_property
    def letters(self) -> dict[str, Any]:
        """The report's letters by name, which few pages show."""
        return report_letters(self.judgement)

    def context(self, here: str, **more: Any) -> dict[str, Any]:
        """What every page of a case needs in its template; ``here`` names its section."""
        case = self.assembled.case
        return {
            "case": case.row,
            "link": case.content.link,
            "here": here,
            "files": self.assembled.files,
            "filings": self.assembled.filings,
            "unread": self.assembled.unread,
            "report": self.report,
            "as_of": self.as_of,
            "statement": case.content.statement,
            **more,
        }


def report_of(case: OpenCase, as_of: datetime | None = None, *, edited: bool = False) -> SeenCase:
    """Assemble and judge ``case`` now, or at ``as_of``; ``edited``: with the letters as the buyer
    changed them, for those to whom the case is shown."""
    at = as_of or now()
    assembled = assemble_case(case=case, as_of=at)
    judgement = assembled.judgement
    if edited:
        judgement = with_drafts(judgement, drafts_of(case))
    report = report_case(judgement, notes=case.content.notes, letters=False)
    return SeenCase(assembled, report, at, judgement)
