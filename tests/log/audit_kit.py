"""What the tests of the auditor share: how an audit is run, and what a good one has left behind."""

from __future__ import annotations

import json

from tests.log.story_log import KEY, audit_folder

from gongdao.log.audit import AuditState
from gongdao.log.audit_runs import Run, subject_key
from gongdao.log.witness import origin_name
from gongdao_verify.merkle import leaf_hash
from gongdao_verify.signed_note import parse_note, verify_note
from gongdao_verify.tlog_tiles import split_bundle, tile_path
from gongdao_verify.tree_reader import TreeReader


def audit(place, log, **more):
    """Audit what lies there."""
    return audit_folder(place[0], place[1], log, **more)


def files_of(folder):
    """Every file below ``folder`` with its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def heads_of(state):
    """Every subject's newest leaf, from all runs that count."""
    names = json.loads((state / "state.json").read_text("utf-8"))["heads"]
    found = {}
    for name in names:
        run = Run(state / "runs" / name)
        for part in range(1024):
            data = run.part(part)
            found |= {data[at : at + 32]: data[at + 32 : at + 64] for at in range(0, len(data), 68)}
    return found  # of logs that deliver no units; those have records of their own


def check_audited(report, log, state):
    """The report, the mirror, the subjects and the cosignature are those of the whole log."""
    assert (report.state, report.fault) == (AuditState.AUDITED, None)
    assert (report.checkpoint.size, report.checkpoint.root) == (log.size, log.root())
    mirror = state / "public" / origin_name(log.origin)
    note = parse_note((mirror / "checkpoint").read_bytes())
    held = verify_note(note, [log.key, KEY.verifier()])
    assert [one.key.name for one in held] == [log.origin, KEY.name]
    assert note.signatures[1].line == report.cosignature
    reader = TreeReader(lambda path: (mirror / path).read_bytes(), log.size, log.root())
    entries = []
    for n in range((log.size + 255) // 256):
        width = min(256, log.size - n * 256)
        entries += split_bundle((mirror / tile_path(None, n, width)).read_bytes())
        assert reader.hash_at(0, n * 256) == leaf_hash(log.entries[n * 256])
    assert entries == log.entries
    assert heads_of(state) == {subject_key(name): one for name, one in log.heads.items()}


def published(place, log):
    """The folder with ``log`` in it."""
    log.publish(place[0])
    return place[0]


def spoil(path, at=None):
    """Change one byte in the middle of a file, or at ``at``."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2 if at is None else at] ^= 1
    path.write_bytes(bytes(data))
