"""Audit a log: everything that its checkpoint stands for is read and checked, from nothing.

    1. the checkpoint is signed by the log, and continues the one seen before; or it is a fork
    2. the tiles make the root, every bundle makes its tile, every leaf has our form
    3. every leaf names its subject's leaf before, and may follow it by the table
    4. only then is the checkpoint remembered as audited, and cosigned

Whoever serves the log is not trusted with anything; what it may cost us is bounded. An audit that
was killed goes on where it was.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.log.audit_leaves import Fault
from gongdao.log.audit_mirror import BadLog, MirroredTree
from gongdao.log.audit_runs import Run
from gongdao.log.audit_source import MOST_CHECKPOINT_BYTES, FolderLog, LogSource
from gongdao.log.audit_state import AuditFolder
from gongdao.log.audit_subjects import BadStep, Table, judge_leaves, merge_heads, runs_to_merge
from gongdao.log.audit_walk import walk_leaves
from gongdao.log.cosigner_key import CosignerKey
from gongdao.log.life_cycles import LifeCycles
from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.leaf_form import parse_leaf
from gongdao_verify.merkle import EMPTY_ROOT, BadProof, check_consistency
from gongdao_verify.signed_note import BadNote, join_note, parse_note, verify_note
from gongdao_verify.tlog_policy import LogSigner
from gongdao_verify.tlog_tiles import TILE_WIDTH, full_tiles, partial_width, tile_path
from gongdao_verify.tree_reader import MissingTile

Progress = Callable[[str, int, int], None]
"""Called with what is done ("leaves" or "subjects"), how many, and of how many."""


class AuditState(StrEnum):
    """How an audit ended."""

    AUDITED = "audited"
    BAD = "bad"
    FORKED = "forked"
    BEHIND = "behind"


@dataclass(frozen=True)
class AuditReport:
    """What an audit found. ``checkpoint`` is the newest one that was audited, if any; ``checked``
    how many leaves were new this time; ``cosignature`` a signature line. ``fault`` with BAD,
    ``notes`` (two signed notes that cannot both be honest) and ``kept`` with FORKED."""

    state: AuditState
    origin: str
    checkpoint: Checkpoint | None = None
    checked: int = 0
    cosignature: str = ""
    fault: Fault | None = None
    notes: tuple[str, ...] = ()
    kept: Path | None = None


@dataclass(frozen=True)
class Auditor:
    """What an audit goes by: the log's keys, the table of legal steps, maybe a key to cosign with.

    With ``jobs`` above 1 so many processes of their own check leaves.
    """

    key: LogSigner
    cycles: LifeCycles
    cosigner: CosignerKey | None = None
    jobs: int = 1


class _Forked(Exception):
    def __init__(self, old: str, new: str) -> None:
        super().__init__("two histories")
        self.notes = (old, new)


def audit_log(
    *,
    source: LogSource,
    state: Path,
    auditor: Auditor,
    at: int,
    progress: Progress = lambda what, done, total: None,
) -> AuditReport:
    """Audit the log in ``source`` up to its present checkpoint; ``at`` (seconds since 1970) is now.

    InputError: the source cannot be read or is no log of this key, or the folder cannot be used.
    What is wrong with the log itself is in the report, never raised.
    """
    folder = AuditFolder(state, auditor.key.name)
    with folder.held():
        before = folder.progress.audited_size
        try:
            note, checkpoint, behind = _choose_target(source, folder, auditor.key)
            tree = MirroredTree(folder, source, checkpoint.size, checkpoint.root)
            _audit_leaves(tree, folder, auditor, progress)
        except _Forked as fork:
            one, other = (text.encode() for text in fork.notes)
            kept = folder.keep_fork(one, other)
            return AuditReport(AuditState.FORKED, folder.origin, notes=fork.notes, kept=kept)
        except BadLog as bad:
            return AuditReport(AuditState.BAD, folder.origin, fault=bad.fault)
        cosignature = _finish(folder, note, checkpoint, auditor, at)
        ended = AuditState.BEHIND if behind else AuditState.AUDITED
        new = checkpoint.size - before
        return AuditReport(ended, folder.origin, checkpoint, new, cosignature)


def read_signed(data: bytes, key: LogSigner) -> tuple[str, Checkpoint]:
    """The checkpoint in ``data`` with the log's own signature alone; BadNote."""
    note = parse_note(data)
    checkpoint = Checkpoint.parse(note.text)
    held = verify_note(note, key.keys_at(checkpoint.size))
    if not held or checkpoint.origin != key.name:
        raise BadNote("not signed by this log")
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise BadNote("the empty tree has another root")
    return join_note(note.text, [one.signature.line for one in held]).decode(), checkpoint


def _choose_target(
    source: LogSource, folder: AuditFolder, key: LogSigner
) -> tuple[str, Checkpoint, bool]:
    """The newest signed checkpoint of what was seen and what is shown now; True if that shown is
    an older one. It is remembered before anything else, so that no fork goes unnoticed."""
    place = f"{source.name}/checkpoint"
    try:
        shown, now = read_signed(source.read("checkpoint", limit=MOST_CHECKPOINT_BYTES), key)
    except MissingTile:
        raise InputError(_("这里没有检查点，不是日志的地址"), file=place) from None
    except BadNote as bad:
        raise InputError(
            _("不是日志 {origin} 签过的检查点：{problem}").format(origin=key.name, problem=bad),
            file=place,
            hint=_("如果日志换过密钥，信任文件里要加上新公钥那两行。"),
        ) from None
    if not folder.progress.seen:
        folder.remember(seen=shown)
        return shown, now, False
    try:
        seen, last = read_signed(folder.progress.seen.encode(), key)
    except BadNote as bad:
        raise InputError(
            _("上次审计到的检查点，不是这些公钥签的：{problem}").format(problem=bad),
            file=str(folder.mirror.parent),
            hint=_("如果日志换过密钥，信任文件里新旧公钥都要有。"),
        ) from None
    _check_same_history(source, folder, (seen, last), (shown, now))
    if now.size < last.size:
        return seen, last, True
    if now.size > last.size:
        folder.remember(seen=shown)
    return shown, now, False


def _check_same_history(
    source: LogSource,
    folder: AuditFolder,
    seen: tuple[str, Checkpoint],
    shown: tuple[str, Checkpoint],
) -> None:
    """Raise _Forked unless the smaller tree is the beginning of the larger one; BadLog where the
    tiles of the larger one do not hold."""
    (_text, old), (_text, new) = sorted((seen, shown), key=lambda one: one[1].size)
    if old.size == new.size:
        same = old.root == new.root
    elif old.size == 0:
        same = True
    else:
        path = _prove(source, folder, new, old.size)
        try:
            check_consistency(
                old_size=old.size,
                old_root=old.root,
                new_size=new.size,
                new_root=new.root,
                path=path,
            )
            same = True
        except BadProof:
            same = False
    if not same:
        raise _Forked(seen[0], shown[0])


def _prove(source: LogSource, folder: AuditFolder, new: Checkpoint, old: int) -> list[bytes]:
    """The proof from the tree ``new`` that its first ``old`` leaves are its beginning.

    If that tree was seen before, the mirror has it, or what was read of it: who is doubted need
    not be asked. InputError where nobody has what would tell.
    """
    try:
        ours = MirroredTree(folder, FolderLog(folder.mirror), new.size, new.root)
        return ours.consistency_path(old)
    except (BadLog, InputError):
        return MirroredTree(folder, source, new.size, new.root).consistency_path(old)


def _audit_leaves(
    tree: MirroredTree, folder: AuditFolder, auditor: Auditor, progress: Progress
) -> None:
    """Check all leaves that are new; BadLog at the first fault."""
    table = Table(auditor.cycles)
    if tree.size:
        tree.check_edge()
    walk_leaves(
        tree=tree,
        folder=folder,
        jobs=auditor.jobs,
        progress=lambda done, total: progress("leaves", done, total),
    )
    tree.forget_upper()
    leaves, heads = folder.open_runs()
    if not leaves:
        return
    into = folder.new_run()
    bad = judge_leaves(
        leaves=leaves,
        heads=heads,
        into=into,
        table=table,
        progress=lambda done, total: progress("subjects", done, total),
    )
    if bad is not None:
        raise BadLog(_describe(tree, bad))
    folder.remember(leaves=(), heads=_merged(folder, [*heads, Run(into)]))


def _merged(folder: AuditFolder, heads: list[Run]) -> tuple[str, ...]:
    """The runs of heads, the youngest ones merged where there are many."""
    count = runs_to_merge([run.size for run in heads])
    if not count:
        return tuple(run.path.name for run in heads)
    into = folder.new_run()
    merge_heads(heads[-count:], into)
    return (*(run.path.name for run in heads[:-count]), into.name)


def _describe(tree: MirroredTree, bad: BadStep) -> Fault:
    """The fault with the leaf's own words: its subject, its type, what it says came before."""
    form = parse_leaf(tree.entry(bad.index))
    n = bad.index // TILE_WIDTH
    width = TILE_WIDTH if n < full_tiles(tree.size, None) else partial_width(tree.size, None)
    before = form.prev.hex() if form.prev else "null"
    detail = f"{form.type}, prev {before}"
    return Fault(bad.rule, tile_path(None, n, width), bad.index, form.subject, detail)


def _finish(
    folder: AuditFolder, note: str, checkpoint: Checkpoint, auditor: Auditor, at: int
) -> str:
    """Remember ``checkpoint`` as audited, cosign it, and show both in the mirror; the cosignature.

    What was audited is on disk before it is cosigned. A clock behind the last cosignature signs
    nothing: that would contradict what it said then.
    """
    old = folder.progress.audited_size
    folder.remember(audited=note, audited_size=checkpoint.size)
    line = ""
    if auditor.cosigner is not None and at >= folder.progress.cosigned_at:
        line = auditor.cosigner.cosign(checkpoint.text(), at=at)
        folder.remember(cosigned_at=at, cosignature=line)
    text, _gap, lines = note.rpartition("\n\n")
    shown = [*lines.splitlines(), *([line] if line else [])]
    folder.put("checkpoint", join_note(f"{text}\n", shown))
    _drop_partials(folder, old, checkpoint.size)
    return line


def _drop_partials(folder: AuditFolder, old: int, new: int) -> None:
    """Partial tiles of the ``old`` right edge that the tree of ``new`` leaves has no more."""
    for level in (None, *range((old.bit_length() + 7) // 8)):
        width, n = partial_width(old, level), full_tiles(old, level)
        if width and (width, n) != (partial_width(new, level), full_tiles(new, level)):
            partial = folder.mirror / tile_path(level, n, width)
            partial.unlink(missing_ok=True)
            if not any(partial.parent.iterdir()):
                shutil.rmtree(partial.parent, ignore_errors=True)
