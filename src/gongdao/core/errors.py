"""The one error tree.

    GongdaoError
    ├── InputError            something handed in cannot be used; names file, line, field, reason
    │   ├── CaseFolderError   case.toml, or the folder around it
    │   ├── UnreadableFile    one exhibit; the rest of the case goes on
    │   └── ArgumentError     a command-line argument or option
    ├── RuleDataError         the rule data itself is broken or was changed after publication
    ├── NotKnown              a rule, calendar year or place the data does not hold
    └── SealError             a case file cannot be made or time-stamped

Each class has a stable ``code`` (documented in docs/reference/errors.md), an HTTP ``status`` for
the pages and an ``exit_code`` for the command line.
"""

from __future__ import annotations

from dataclasses import dataclass


class GongdaoError(Exception):
    """Base of everything Gongdao raises on purpose; ``str()`` is fit to be shown to a person."""

    code = "error"
    status = 500
    exit_code = 2


@dataclass(frozen=True)
class Place:
    """Where an input is wrong: file (as the user knows it), 1-based line, dotted field."""

    file: str | None = None
    line: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        parts = [self.file or ""]
        if self.line is not None:
            parts.append(f":{self.line}")
        if self.field:
            parts.append(f" [{self.field}]")
        return "".join(parts).strip()


class InputError(GongdaoError):
    """Something handed in cannot be used. ``reason`` says why, ``hint`` what to do."""

    code = "input"
    status = 400

    def __init__(
        self,
        reason: str,
        *,
        file: str | None = None,
        line: int | None = None,
        field: str | None = None,
        hint: str = "",
    ) -> None:
        self.reason = reason
        self.place = Place(file, line, field)
        self.hint = hint
        where = str(self.place)
        text = f"{where}: {reason}" if where else reason
        stop = "" if not hint or text[-1:] in "。.？?！!" else ". " if text[-1:].isascii() else "。"
        super().__init__(f"{text}{stop}{hint}")


class CaseFolderError(InputError):
    """case.toml or the folder around it cannot be used."""

    code = "case_folder"


class UnreadableFile(InputError):
    """One exhibit cannot be read; it keeps its digests and its place, the rest goes on."""

    code = "unreadable_file"


class ArgumentError(InputError):
    """A command-line argument or option cannot be used."""

    code = "argument"


class RuleDataError(GongdaoError):
    """The rule data is broken, or a published version was changed."""

    code = "rule_data"


class NotKnown(GongdaoError):
    """The rule data does not hold what was asked for; saying so beats guessing."""

    code = "not_known"
    status = 404


class SealError(GongdaoError):
    """A case file cannot be made or time-stamped."""

    code = "seal"
