"""Check a case folder: read, judge, route, write; the whole answer as one frozen object.

``check_case`` does the reading (files, cache, corrections); everything after it is pure and takes
the dossier alone, so that the web gives the same answer as the command line.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

from gongdao.casework.folder import (
    CORRECTIONS_FILE,
    CaseFolder,
    load_case_folder,
    parse_toml,
)
from gongdao.channels.letters.letter import Letter
from gongdao.channels.letters.write import write_letters
from gongdao.channels.recommend import Step, recommend
from gongdao.channels.route import Routes, State, find_routes
from gongdao.channels.tone import ToneFlag, check_tone
from gongdao.core.clock import beijing
from gongdao.core.codes import Element, Proof, Speaker
from gongdao.core.errors import CaseFolderError
from gongdao.core.language import gettext as _
from gongdao.core.os_errors import os_reason
from gongdao.evidence.closure import Closure, check_closure
from gongdao.evidence.dossier import Dossier
from gongdao.evidence.evasions import Evasion, find_evasions
from gongdao.evidence.gather import Corrections, gather
from gongdao.evidence.ocr import FolderOcrCache, OcrCache
from gongdao.evidence.read_exhibit import Reader, read_exhibit
from gongdao.evidence.suggest import Suggestion, before_buying, suggest

CACHE_FOLDER = ".gongdao"
_MAX_CORRECTIONS = 1 << 20
Progress = Callable[[str, int, int], None]
"""Called before each file with its path, how many are done, and how many there are."""


@dataclass(frozen=True)
class Judgement:
    """Everything that follows from a dossier. Letters are written when they are first asked for:
    most pages of a case show none, and they are half the work. ``written``: letters that take
    their place, as somebody changed them."""

    dossier: Dossier
    closure: Closure
    evasions: tuple[Evasion, ...]
    suggestions: tuple[Suggestion, ...]
    routes: Routes
    steps: tuple[Step, ...]
    tone: tuple[ToneFlag, ...]
    written: tuple[Letter, ...] | None = None

    @cached_property
    def letters(self) -> tuple[Letter, ...]:
        """The letters that fit the case now; none where nothing is known yet."""
        if self.written is not None:
            return self.written
        if not _is_begun(self.dossier):
            return ()
        return _letters(self.dossier, self.closure, self.evasions, self.routes)

    @property
    def asks_identity(self) -> bool:
        """Whether the demand for the seller's identity is among the letters. Writes none."""
        identity = self.closure.elements[Element.RESPONDENT_IDENTITY]
        unknown = identity.proof is not Proof.PROVEN
        return _is_begun(self.dossier) and unknown and not self.closure.refuted


@dataclass(frozen=True)
class CheckedCase:
    """A case folder with its judgement; ``notes`` are sentences about the folder itself."""

    folder: CaseFolder
    judgement: Judgement
    notes: tuple[str, ...]


def check_case(
    *,
    root: Path,
    as_of: datetime,
    password: str | None = None,
    use_cache: bool = True,
    progress: Progress | None = None,
) -> CheckedCase:
    """Read and judge the case folder ``root`` at ``as_of``. Originals are not touched; readings
    are kept in ``root/.gongdao`` (or the user's cache folder where ``root`` is read-only)."""
    folder = load_case_folder(root)
    corrections = read_corrections(root)
    reader = Reader(folder.statement, cache_for(root) if use_cache else None, password)
    files, notes = [], list(folder.notes)
    for done, path in enumerate(folder.files):
        if progress:
            progress(path, done, len(folder.files))
        try:
            with (root / path).open("rb"):
                pass
        except OSError as error:
            why = os_reason(error)
            notes.append(_("{file} 打不开（{why}），没有采用。").format(file=path, why=why))
            continue
        files.append(read_exhibit(root=root, path=path, reader=reader))
    notes += [
        _("{name} 更正了 {file}，但文件夹里没有这个文件。").format(name=CORRECTIONS_FILE, file=path)
        for path in corrections
        if path not in folder.files
    ]
    dossier = gather(statement=folder.statement, files=files, as_of=as_of, corrections=corrections)
    return CheckedCase(folder, judge_case(dossier), tuple(notes))


def judge_case(dossier: Dossier, group: bool = False) -> Judgement:
    """Everything that follows from ``dossier``; ``group``: others with the same complaint are
    known. Pure."""
    closure = check_closure(dossier)
    evasions = find_evasions(dossier)
    routes = find_routes(dossier, closure)
    begun = _is_begun(dossier)
    return Judgement(
        dossier,
        closure,
        evasions,
        suggest(dossier, closure) if begun else before_buying(dossier),
        routes,
        recommend(dossier, closure, routes, group) if begun else (),
        check_tone(texts=_own_words(dossier)),
    )


def _is_begun(dossier: Dossier) -> bool:
    """Whether the buyer has said enough for anything to be advised."""
    return bool(dossier.statement.claim.reasons or dossier.statement.order.order_no)


def _letters(
    dossier: Dossier, closure: Closure, evasions: tuple[Evasion, ...], routes: Routes
) -> tuple[Letter, ...]:
    open_now = frozenset(routes.open())
    # The public text is drafted ahead: worded in calm, it lies ready when its time comes.
    drafts = frozenset({"board"} if routes.state("board") is State.LATER else ())
    letters = write_letters(
        dossier=dossier,
        closure=closure,
        evasions=evasions,
        open_channels=frozenset() if closure.refuted else open_now | drafts,
        on=beijing(dossier.as_of).date(),
    )
    if closure.refuted:
        return letters[:1]  # against the evidence, only the request to check the records
    return tuple(
        replace(letter, title=f"{letter.title}（草稿，还不到时候）")
        if letter.name in drafts
        else letter
        for letter in letters
    )


def _own_words(dossier: Dossier) -> list[tuple[str, str]]:
    """The buyer's own words: chat lines, and the notes in case.toml."""
    texts = [(line.exhibit, line.message.text) for line in dossier.lines_of(Speaker.BUYER)]
    texts += [("case.toml", c.note) for c in dossier.statement.contacts if c.note]
    texts += [("case.toml", n.note) for n in dossier.statement.exhibits.values() if n.note]
    return texts


def cache_for(root: Path) -> OcrCache | None:
    """Where readings of ``root`` are kept: beside the case, so that erasing the folder erases
    them; in the user's cache folder where the case is read-only; nowhere if neither can be."""
    for folder in (root / CACHE_FOLDER / "readings", _user_cache()):
        if folder is None or folder.is_symlink() or folder.parent.is_symlink():
            continue
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return FolderOcrCache(folder)
    return None


def _user_cache() -> Path | None:
    """The user's own cache folder; None for a user without a home."""
    given = os.environ.get("XDG_CACHE_HOME")
    try:
        base = Path(given) if given else Path.home() / ".cache"
    except RuntimeError:
        return None
    return base / "gongdao" / "readings"


def read_corrections(root: Path) -> Corrections:
    """Corrections a person made, by file and field; raise CaseFolderError for a broken file."""
    path = root / CORRECTIONS_FILE
    if not path.is_file():
        return {}
    if path.stat().st_size > _MAX_CORRECTIONS:
        raise CaseFolderError(_("文件大于 1 MiB"), file=CORRECTIONS_FILE)
    rows = parse_toml(path.read_bytes(), CORRECTIONS_FILE)[1].get("correction", [])
    if not isinstance(rows, list):
        raise CaseFolderError(
            _("要写成 [[{name}]]").format(name="correction"), file=CORRECTIONS_FILE
        )
    found: dict[str, dict[str, str]] = {}
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping) or not all(
            isinstance(row.get(key), str) for key in ("file", "field", "value")
        ):
            raise CaseFolderError(
                _("要有 file、field、value 三项文字"),
                file=CORRECTIONS_FILE,
                field=f"correction[{number}]",
            )
        found.setdefault(row["file"], {})[row["field"]] = row["value"]
    return found
