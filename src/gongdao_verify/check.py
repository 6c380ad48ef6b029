"""The judgement: intact, altered or unreadable; and apart from it, anchored in time or not.

1. `seal.sha256` lists the digests of both manifests and of the index PDF.
2. The manifests list the SHA-256 and the SM3 of every other file.
3. `seal.tsr`, if there, is somebody else's signed word that the seal existed at a time.

So one changed byte breaks 1 or 2, and a wholly new seal has no old time-stamp (3). Without a
time-stamp from an authority that the *reader* trusts, nothing shows that the file was not sealed
anew: it may be intact, but it is UNANCHORED.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gongdao_verify import manifest
from gongdao_verify.archive import Archive, Finding, Unreadable
from gongdao_verify.chain import NotTrusted, find_chain
from gongdao_verify.timestamp import BadStamp, read_stamp

INTACT, ALTERED, UNREADABLE = "intact", "altered", "unreadable"
ANCHORED, UNANCHORED = "anchored", "unanchored"


@dataclass(frozen=True)
class Anchor:
    """Whether the seal is tied to a time: ``state`` anchored or unanchored.

    ``reason`` is a key of words.py where unanchored; ``at`` and ``authority`` are what the
    time-stamp says, and worth something only where anchored.
    """

    state: str
    reason: str = ""
    at: datetime | None = None
    authority: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Verdict:
    """What `verify` answers. ``problem`` (a key of words.py) only where unreadable."""

    state: str
    findings: tuple[Finding, ...] = ()
    anchor: Anchor = Anchor(UNANCHORED, "no_stamp")
    files: int = 0
    manifest_sha256: str = ""
    seal_sha256: str = ""
    problem: str = ""
    detail: str = ""

    @property
    def exit_code(self) -> int:
        """0 intact, 1 altered, 2 unreadable."""
        return {INTACT: 0, ALTERED: 1}.get(self.state, 2)


def verify(path: Path, roots: Sequence[x509.Certificate] = ()) -> Verdict:
    """Judge the case file at ``path``; ``roots`` are the time-stamp roots that you trust."""
    try:
        archive = Archive(path)
    except Unreadable as unreadable:
        return Verdict(UNREADABLE, problem=unreadable.code, detail=unreadable.detail)
    try:
        return _judge(archive, roots)
    finally:
        archive.close()


def _judge(archive: Archive, roots: Sequence[x509.Certificate]) -> Verdict:
    if not archive.members.keys() & {manifest.SEAL, manifest.MANIFEST, manifest.MANIFEST_SM3}:
        return Verdict(UNREADABLE, problem="no_case_file")
    found = {name: archive.digests(name) for name in archive.members}
    findings = set(archive.findings)
    findings |= {Finding(name, "changed", "damaged") for name, ok in found.items() if ok is None}
    findings |= _check_seal(archive, found)
    findings |= _check_manifests(archive, found)
    anchor, stamp_findings = _check_stamp(archive, roots)
    findings |= stamp_findings
    return Verdict(
        ALTERED if findings else INTACT,
        tuple(sorted(_one_each(findings))),
        anchor,
        len(archive.members),
        (found.get(manifest.MANIFEST) or ("", ""))[0],
        (found.get(manifest.SEAL) or ("", ""))[0],
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
        return Anchor(UNANCHORED, "no_stamp"), set()
    seal = archive.small(manifest.SEAL)
    token = archive.small(manifest.STAMP, limit=1 << 20)
    if seal is None or token is None:
        bad = set() if token else {Finding(manifest.STAMP, "bad_stamp", "too_long")}
        return Anchor(UNANCHORED, "bad_stamp"), bad
    return check_token(token, seal, roots)


def check_token(
    token: bytes, seal: bytes, roots: Sequence[x509.Certificate]
) -> tuple[Anchor, set[Finding]]:
    """Judge the RFC 3161 response ``token`` over ``seal``; any finding is an alteration."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd certificates: what matters is judged below
        return _judge_token(token, seal, roots)


def _judge_token(
    token: bytes, seal: bytes, roots: Sequence[x509.Certificate]
) -> tuple[Anchor, set[Finding]]:
    try:
        stamp = read_stamp(token, seal, roots)
    except BadStamp as bad:
        return (
            Anchor(UNANCHORED, "bad_stamp"),
            {Finding(manifest.STAMP, "bad_stamp", bad.code)},
        )
    except NotTrusted as doubt:
        return Anchor(UNANCHORED, doubt.code, doubt.at, doubt.authority), set()
    if not roots:
        return Anchor(UNANCHORED, "no_roots", stamp.at, stamp.authority), set()
    try:
        root = find_chain(stamp.signer, stamp.certificates, roots, stamp.at)
    except NotTrusted as doubt:
        return Anchor(UNANCHORED, doubt.code, stamp.at, stamp.authority), set()
    fingerprint = hashlib.sha256(root.public_bytes(Encoding.DER)).hexdigest()
    return Anchor(ANCHORED, "", stamp.at, stamp.authority, fingerprint), set()
