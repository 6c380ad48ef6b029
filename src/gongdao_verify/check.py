"""The judgement: intact, altered or unreadable; and apart from it, anchored in time or not.

1. `seal.sha256` lists the digests of both manifests and of the index PDF.
2. The manifests list the SHA-256 and the SM3 of every other file.
3. `seal.tsr`, if there, is somebody else's signed word that the seal existed at a time.
4. `seal.tlog-proof`, if there, is a receipt: the three lists' digests are in a public log.

So one changed byte breaks 1 or 2, and a wholly new seal has no old time-stamp (3). Without a
time-stamp from an authority that the *reader* trusts, nothing shows that the file was not sealed
anew: it may be intact, but it is UNANCHORED.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography import x509

from gongdao_verify import manifest
from gongdao_verify.anchor import ANCHORED, UNANCHORED, Anchor, check_token
from gongdao_verify.archive import Archive, Finding, Unreadable
from gongdao_verify.log_verdict import LogState, LogVerdict, judge_receipt
from gongdao_verify.receipt_extra import BadReceipt
from gongdao_verify.tlog_policy import Policy

__all__ = ["ALTERED", "ANCHORED", "INTACT", "UNANCHORED", "UNREADABLE", "Anchor", "Verdict"]
__all__ += ["check_token", "verify"]

INTACT, ALTERED, UNREADABLE = "intact", "altered", "unreadable"
LEAF_TYPE = "case.sealed"
_NO_STAMP = Anchor(UNANCHORED, "no_stamp")
_UNKNOWN = frozenset({"unknown_log", "unsigned"})
"""Reasons that are about whom the reader trusts: the receipt itself may be sound."""


@dataclass(frozen=True)
class Verdict:
    """What `verify` answers. ``problem`` (a key of words.py) only where unreadable; ``log`` only
    where the case file has a receipt of the public log."""

    state: str
    findings: tuple[Finding, ...] = ()
    anchor: Anchor = _NO_STAMP
    files: int = 0
    manifest_sha256: str = ""
    seal_sha256: str = ""
    problem: str = ""
    detail: str = ""
    log: LogVerdict | None = None

    @property
    def exit_code(self) -> int:
        """0 intact, 1 altered, 2 unreadable."""
        return {INTACT: 0, ALTERED: 1}.get(self.state, 2)


def verify(
    path: Path, roots: Sequence[x509.Certificate] = (), policy: Policy | None = None
) -> Verdict:
    """Judge the case file at ``path``.

    ``roots`` are the time-stamp roots that you trust, ``policy`` the logs and witnesses.
    """
    try:
        archive = Archive(path)
    except Unreadable as unreadable:
        return Verdict(UNREADABLE, problem=unreadable.code, detail=unreadable.detail)
    try:
        return _judge(archive, roots, policy)
    finally:
        archive.close()


def _judge(archive: Archive, roots: Sequence[x509.Certificate], policy: Policy | None) -> Verdict:
    if not archive.members.keys() & {manifest.SEAL, manifest.MANIFEST, manifest.MANIFEST_SM3}:
        return Verdict(UNREADABLE, problem="no_case_file")
    found = {name: archive.digests(name) for name in archive.members}
    findings = set(archive.findings)
    findings |= {Finding(name, "changed", "damaged") for name, ok in found.items() if ok is None}
    findings |= _check_seal(archive, found)
    findings |= _check_manifests(archive, found)
    anchor, stamp_findings = _check_stamp(archive, roots)
    log, log_findings = _check_receipt(archive, found, roots, policy)
    findings |= stamp_findings | log_findings
    return Verdict(
        ALTERED if findings else INTACT,
        tuple(sorted(_one_each(findings))),
        anchor,
        len(archive.members),
        (found.get(manifest.MANIFEST) or ("", ""))[0],
        (found.get(manifest.SEAL) or ("", ""))[0],
        log=log,
    )


Digests = Mapping[str, tuple[str, str] | None]


def _check_seal(archive: Archive, found: Digests) -> set[Finding]:
    listed, findings = _read_list(archive, manifest.SEAL)
    if listed is None:
        return findings
    if listed.keys() != manifest.SEALED:
        findings.add(Finding(manifest.SEAL, "bad_list", "names"))
    return findings | _compare(listed, found, 0, "seal")


def _check_manifests(archive: Archive, found: Digests) -> set[Finding]:
    sha, findings = _read_list(archive, manifest.MANIFEST)
    sm3, more = _read_list(archive, manifest.MANIFEST_SM3)
    findings |= more
    known: set[str] = set()
    for listed, which in ((sha, 0), (sm3, 1)):
        if listed is None:
            continue
        known |= listed.keys()
        findings |= _compare(listed, found, which, "manifest")
        if listed.keys() & manifest.OUTSIDE:
            findings.add(Finding((manifest.MANIFEST, manifest.MANIFEST_SM3)[which], "bad_list"))
    if sha is not None and sm3 is not None and sha.keys() != sm3.keys():
        findings.add(Finding(manifest.MANIFEST_SM3, "bad_list", "names"))
    if sha is not None or sm3 is not None:
        findings |= {Finding(n, "added") for n in found if n not in known | manifest.OUTSIDE}
    return findings


def _read_list(archive: Archive, name: str) -> tuple[dict[str, str] | None, set[Finding]]:
    if name not in archive.members:
        return None, {Finding(name, "missing")}
    data = archive.small(name)
    if data is None:
        return None, {Finding(name, "bad_list")}
    try:
        return manifest.parse(data), set()
    except manifest.BadList as bad:
        return None, {Finding(name, "bad_list", str(bad))}


def _compare(listed: Mapping[str, str], found: Digests, which: int, by: str) -> set[Finding]:
    findings = set()
    for name, digest in listed.items():
        if name not in found:
            findings.add(Finding(name, "missing", by))
        elif (is_now := found[name]) is not None and is_now[which] != digest:
            findings.add(Finding(name, "changed", by))
    return findings


def _one_each(findings: set[Finding]) -> list[Finding]:
    """One finding of each kind for each file, the first by detail."""
    kept: dict[tuple[str, str], Finding] = {}
    for finding in sorted(findings):
        kept.setdefault((finding.name, finding.kind), finding)
    return list(kept.values())


def _check_stamp(
    archive: Archive, roots: Sequence[x509.Certificate]
) -> tuple[Anchor, set[Finding]]:
    if manifest.STAMP not in archive.members:
        return _NO_STAMP, set()
    seal = archive.small(manifest.SEAL)
    token = archive.small(manifest.STAMP, limit=1 << 20)
    if seal is None or token is None:
        bad = set() if token else {Finding(manifest.STAMP, "bad_stamp", "too_long")}
        return Anchor(UNANCHORED, "bad_stamp"), bad
    return check_token(token, seal, roots)


def _check_receipt(
    archive: Archive, found: Digests, roots: Sequence[x509.Certificate], policy: Policy | None
) -> tuple[LogVerdict | None, set[Finding]]:
    """Judge the receipt, which must be of a leaf with the digests of this case file."""
    if manifest.RECEIPT not in archive.members:
        return None, set()
    receipt = archive.small(manifest.RECEIPT, limit=4 << 20)
    try:
        verdict = judge_receipt(receipt or b"", policy=policy, roots=roots)
    except BadReceipt as bad:
        return None, {Finding(manifest.RECEIPT, "bad_receipt", bad.code)}
    if verdict.leaf is not None and not _is_of_seal(verdict, found):
        verdict = replace(verdict, state=LogState.INVALID, reason="other_seal")
    broken = verdict.state is LogState.INVALID and verdict.reason not in _UNKNOWN
    return verdict, {Finding(manifest.RECEIPT, "bad_receipt", verdict.reason)} if broken else set()


def _is_of_seal(verdict: LogVerdict, found: Digests) -> bool:
    """Whether the leaf says that a case with these lists was sealed."""
    lists = (manifest.MANIFEST, 0), (manifest.MANIFEST_SM3, 1), (manifest.SEAL, 0)
    digests = [(found.get(name) or ("", ""))[which] for name, which in lists]
    names = ("manifest_sha256", "manifest_sm3", "seal_sha256")
    leaf = verdict.leaf
    return (
        leaf is not None
        and leaf.type == LEAF_TYPE
        and all(digests)
        and [leaf.data.get(name) for name in names] == digests
    )
