"""What an auditor remembers between runs, and in the middle of one: a folder.

    STATE/state.json        how far; the newest checkpoint seen, and the newest one audited
    STATE/public/<origin>/  the mirror, laid out like the log itself: any web server can serve it
    STATE/runs/             records of subjects (see audit_runs)
    STATE/forks/            signed notes that contradict each other
    STATE/lock              one audit at a time

state.json is replaced whole, and names the runs that count; other runs are left-overs of an audit
that was killed, and are thrown away. So an audit can be killed at any moment.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from gongdao.core.durable import make_folder, sync_folder
from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.log.audit_runs import BrokenRun, Run
from gongdao.log.file_lock import file_lock
from gongdao.log.witness import origin_name

_VERSION = 1


@dataclass(frozen=True)
class Progress:
    """How far the audit of one log is.

    ``seen``: the newest signed checkpoint that continues all before it ("" if none). ``audited``:
    the newest one whose every leaf was checked. Leaves below ``position`` are checked in form, and
    lie in ``leaves`` (run files, in order) until their subjects are judged; ``heads`` are the run
    files of subjects that were. ``cosigned_at``: seconds of the last cosignature's time.
    """

    origin: str
    seen: str = ""
    audited: str = ""
    audited_size: int = 0
    position: int = 0
    leaves: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    cosigned_at: int = 0
    cosignature: str = ""


@dataclass
class AuditFolder:
    """The folder ``root`` of an audit of the log ``origin``."""

    root: Path
    origin: str
    progress: Progress = field(init=False)

    def __post_init__(self) -> None:
        self.progress = Progress(self.origin)

    @property
    def mirror(self) -> Path:
        """Where the mirrored log lies."""
        return self.root / "public" / origin_name(self.origin)

    @property
    def runs(self) -> Path:
        """Where runs lie."""
        return self.root / "runs"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Load what is remembered; nobody else audits here meanwhile. InputError: somebody does,
        or the folder is damaged or another log's."""
        for folder in (self.root, self.runs, self.mirror):
            make_folder(folder)
        with ExitStack() as stack:
            try:
                stack.enter_context(file_lock(self.root / "lock", wait=False))
            except BlockingIOError:
                raise InputError(_("另一个审计正在用这个文件夹"), file=str(self.root)) from None
            self._load()
            yield

    def remember(self, **changed: Any) -> None:
        """Remember ``changed`` (fields of Progress), durably; runs that no longer count go."""
        self.progress = replace(self.progress, **changed)
        text = json.dumps({"v": _VERSION, **asdict(self.progress)}, ensure_ascii=False, indent=1)
        write_durably(self.root / "state.json", text.encode())
        self._sweep()

    def new_run(self) -> Path:
        """A path for a run that does not count until it is saved."""
        return self.runs / secrets.token_hex(8)

    def open_runs(self) -> tuple[list[Run], list[Run]]:
        """The runs of leaves and of heads that count."""
        leaves = [Run(self.runs / name) for name in self.progress.leaves]
        return leaves, [Run(self.runs / name) for name in self.progress.heads]

    def keep_fork(self, one: bytes, other: bytes) -> Path:
        """Put two contradicting notes away, for people; the file's path."""
        make_folder(self.root / "forks")
        path = self.root / "forks" / f"{origin_name(self.origin)[:16]}-{_digest(one, other)}.txt"
        write_durably(path, one + b"\n" + other)
        return path

    def put(self, path: str, data: bytes) -> None:
        """Keep ``data`` in the mirror; it need not survive a power cut, for it is checked again."""
        whole = self.mirror / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        new = whole.with_name(f".{whole.name}")
        new.write_bytes(data)
        os.replace(new, whole)

    def _load(self) -> None:
        path = self.root / "state.json"
        try:
            given: dict[str, Any] = json.loads(path.read_bytes())
            version = given.pop("v")
            for name in ("leaves", "heads"):
                given[name] = tuple(given[name])
            loaded = Progress(**given)
        except FileNotFoundError:
            return
        except (ValueError, TypeError, KeyError, AttributeError):
            raise InputError(_("审计的记录坏了"), file=str(path)) from None
        if version != _VERSION:
            raise InputError(_("审计的记录是别的版本写的"), file=str(path))
        if loaded.origin != self.origin:
            raise InputError(
                _("这个文件夹是审计日志 {origin} 用的").format(origin=loaded.origin),
                file=str(path),
                hint=_("一本日志用一个文件夹。"),
            )
        self.progress = loaded
        try:
            self.open_runs()
        except BrokenRun:
            # Records can be made again from the mirror; what was signed is not forgotten.
            self.remember(position=0, leaves=(), heads=())
        self._sweep()

    def _sweep(self) -> None:
        counting = {*self.progress.leaves, *self.progress.heads}
        for path in self.runs.iterdir():
            if path.name not in counting:
                path.unlink(missing_ok=True)


def write_durably(path: Path, data: bytes) -> None:
    """Replace ``path``; it is on disk, or as it was, whatever happens."""
    new = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        with new.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)
    sync_folder(path.parent)


def _digest(*notes: bytes) -> str:
    return sha256(b"\0".join(notes)).hexdigest()[:16]
