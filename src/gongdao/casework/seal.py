"""Seal a case: one zip with originals, report, lists, letters, manifest, index PDF and seal.

The format is docs/formats/case-file.md. The same folder, report and ``as_of`` give the same
bytes, time-stamp and receipt of the public log apart. Nothing is left behind when it fails, and
before the file gets its name the independent verifier has read it.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from cryptography import x509

from gongdao.casework import index_words as words
from gongdao.casework.case_lists import evidence_csv, number_evidence, timeline_csv
from gongdao.casework.index_pdf import index_pdf
from gongdao.casework.letter_docx import letter_docx
from gongdao.casework.log_seal import Logged, LogSeal, SealDigests
from gongdao.casework.mask import masker
from gongdao.casework.originals import (
    ROOT_FILES,
    Original,
    check_unchanged,
    gather_originals,
    open_plain,
)
from gongdao.casework.seal_readme import README
from gongdao.core.clock import beijing
from gongdao.core.codes import Stage
from gongdao.core.digest import Digests, digest_bytes
from gongdao.core.errors import ArgumentError, SealError
from gongdao.core.language import gettext as _
from gongdao.core.timestamp import (
    PATIENCE_S,
    Timestamp,
    check_tsa_url,
    load_roots,
    request_timestamp,
)
from gongdao_verify.check import INTACT, verify
from gongdao_verify.manifest import MANIFEST, MANIFEST_SM3, RECEIPT, SEAL

_CHUNK = 1 << 20
_T = TypeVar("_T")
_LETTER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class Sealed:
    """A sealed case file: where, its digests (hexadecimal), the names inside, its time-stamp, its
    receipt of a public log.

    ``timestamp_problem`` and ``log_problem`` say why there is none although one was asked for.
    """

    path: Path
    manifest_sha256: str
    seal_sha256: str
    files: tuple[str, ...]
    timestamp: Timestamp | None = None
    timestamp_problem: str = ""
    logged: Logged | None = None
    log_problem: str = ""


def seal_case(
    *,
    folder: Path,
    report: Mapping[str, Any],
    as_of: datetime,
    out: Path,
    tsa_url: str | None = None,
    tsa_roots: Sequence[Path] | None = None,
    overwrite: bool = False,
    log: LogSeal | None = None,
    unanchored_ok: bool = False,
    patience_s: float = PATIENCE_S,
) -> Sealed:
    """Seal the case in ``folder`` with its ``report`` into the zip ``out``.

    ``tsa_url`` asks for a time-stamp within ``patience_s`` seconds, which with ``tsa_roots`` (PEM
    files) must lead to one of them; ``log`` writes the seal into a public log and gives the
    receipt; ``unanchored_ok`` seals without what of the two fails. ``overwrite`` allows an existing
    ``out`` to be replaced. Raises CaseFolderError, ArgumentError or SealError; then ``out`` is as
    it was, and a leaf that the log took meanwhile is the same one at the next try.
    """
    _check_arguments(folder, as_of, out, overwrite)
    if tsa_url is not None:
        check_tsa_url(tsa_url)
    roots = load_roots(tsa_roots or ())
    originals = gather_originals(folder)
    report = json.loads(_report_json(report))  # the index shows what report.json says
    check_unchanged(originals, report)
    made, seal = _make_members(originals, report, as_of)
    digests = _digests(made)
    stamp, no_stamp = None, ""
    if tsa_url is not None:
        ask = partial(request_timestamp, url=tsa_url, roots=roots, patience_s=patience_s)
        stamp, no_stamp = _ask(lambda: ask(data=seal), unanchored_ok)
    logged, no_receipt = None, ""
    if log is not None:
        logged, no_receipt = _ask(partial(log, digests), unanchored_ok)
    made |= {"seal.tsr": stamp.response} if stamp else {}
    made |= {RECEIPT: logged.receipt} if logged else {}
    _write(out, as_of, originals, made, roots, overwrite)
    return Sealed(
        out,
        digests.manifest_sha256,
        digests.seal_sha256,
        tuple(sorted([*made, *(_inside(one) for one in originals)], key=str.encode)),
        stamp,
        no_stamp,
        logged,
        no_receipt,
    )


def _ask(deed: Callable[[], _T], may_fail: bool) -> tuple[_T | None, str]:
    """What somebody else vouches with; where it ``may_fail``, None and why."""
    try:
        return deed(), ""
    except SealError as error:
        if not may_fail:
            raise
        return None, str(error)


def _digests(made: Mapping[str, bytes]) -> SealDigests:
    return SealDigests(
        sha256(made[MANIFEST]).hexdigest(),
        digest_bytes(made[MANIFEST_SM3]).sm3,
        sha256(made[SEAL]).hexdigest(),
    )


def _check_arguments(folder: Path, as_of: datetime, out: Path, overwrite: bool) -> None:
    if as_of.tzinfo is None or not 1980 <= beijing(as_of).year <= 2107:
        raise ArgumentError(_("截至时间要带时区，且在 1980 到 2107 年之间"), field="as_of")
    place = out.resolve().parent
    if not place.is_dir():
        raise ArgumentError(_("要写入的文件夹不存在"), file=str(out.parent))
    if out.is_dir():
        raise ArgumentError(_("这是一个文件夹，请给出文件名"), file=str(out))
    if os.path.lexists(out) and not overwrite:
        raise ArgumentError(
            _("文件已存在，没有覆盖"), file=str(out), hint=_("换个名字，或明确要求覆盖。")
        )
    for stage in Stage:
        if place.is_relative_to((folder / stage.value).resolve()):
            raise ArgumentError(
                _("卷宗不能放在证据文件夹里"), file=str(out), hint=_("请放到别处。")
            )


def _inside(one: Original) -> str:
    return one.path if one.path in ROOT_FILES else f"originals/{one.path}"


def _make_members(
    originals: Sequence[Original], report: Mapping[str, Any], as_of: datetime
) -> tuple[dict[str, bytes], bytes]:
    """Everything in the zip besides the originals, by name; and the seal."""
    mask = masker(report)
    evidence = number_evidence(report, originals)
    letters = _letters(report)
    made = {
        "README.txt": README.encode(),
        "report.json": _report_json(report),
        "timeline.csv": timeline_csv(report, mask),
        "evidence-list.csv": evidence_csv(evidence, mask),
    }
    for name, (title, _to, text) in letters.items():
        made[f"letters/{name}.txt"] = text.rstrip("\n").encode("utf-8", "replace") + b"\n"
        made[f"letters/{name}.docx"] = letter_docx(title=title, text=text, as_of=as_of)
    digests = {_inside(one): one.digests for one in originals}
    digests |= {name: digest_bytes(data) for name, data in made.items()}
    made["manifest.sha256"] = _list(digests, lambda d: d.sha256)
    made["manifest.sm3"] = _list(digests, lambda d: d.sm3)
    made["index.pdf"] = index_pdf(
        report=report,
        evidence=evidence,
        letters={name: (title, to) for name, (title, to, _text) in letters.items()},
        as_of=as_of,
        manifest_sha256=digest_bytes(made["manifest.sha256"]).sha256,
        manifest_sm3=digest_bytes(made["manifest.sm3"]).sm3,
        mask=mask,
    )
    covered = ("index.pdf", "manifest.sha256", "manifest.sm3")
    seal = _list({name: digest_bytes(made[name]) for name in covered}, lambda d: d.sha256)
    made["seal.sha256"] = seal
    return made, seal


def _list(digests: Mapping[str, Digests], pick: Callable[[Digests], str]) -> bytes:
    """Lines as `sha256sum` writes them, sorted by the bytes of the names."""
    names = sorted(digests, key=str.encode)
    return "".join(f"{pick(digests[name])}  {name}\n" for name in names).encode()


def _report_json(report: Mapping[str, Any]) -> bytes:
    text = json.dumps(report, ensure_ascii=False, indent=1, sort_keys=True)
    return text.encode("utf-8", "replace") + b"\n"


def _letters(report: Mapping[str, Any]) -> dict[str, tuple[str, str, str]]:
    """Name → title, addressee, text, for every letter of the report that has a text."""
    given = report.get("letters")
    letters = {}
    for name, letter in sorted(given.items()) if isinstance(given, Mapping) else ():
        text = letter.get("text") if isinstance(letter, Mapping) else None
        if not isinstance(text, str) or not text.strip():
            continue
        if not _LETTER_NAME.fullmatch(name):
            raise SealError(_("文书名称不能用作文件名：{name}").format(name=ascii(name)))
        title = str(letter.get("title") or words.word(words.LETTERS, name))
        to = words.word(words.PARTIES, letter.get("to"))
        letters[name] = (title, to, text)
    return letters


def _write(
    out: Path,
    as_of: datetime,
    originals: Sequence[Original],
    made: Mapping[str, bytes],
    roots: Sequence[x509.Certificate],
    overwrite: bool,
) -> None:
    """Write beside ``out`` under a hidden name, have it verified, then give it its name."""
    try:
        handle, name = tempfile.mkstemp(prefix=".gongdao-seal-", suffix=".tmp", dir=out.parent)
    except OSError as error:
        raise _cannot_write(out, error) from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w+b") as file:
            _write_zip(file, as_of, originals, made)
            file.flush()
            os.fsync(file.fileno())
        if verify(temporary, roots).state != INTACT:
            raise SealError(_("封存后的自检没有通过，文件没有写出。"))
        temporary.chmod(0o644)
        _name(temporary, out, overwrite)
    except OSError as error:
        raise _cannot_write(out, error) from None
    finally:
        temporary.unlink(missing_ok=True)


def _write_zip(
    file: BinaryIO, as_of: datetime, originals: Sequence[Original], made: Mapping[str, bytes]
) -> None:
    local = beijing(as_of)
    when = (local.year, local.month, local.day, local.hour, local.minute, local.second)
    sources = {_inside(one): one for one in originals}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted([*made, *sources], key=str.encode):
            info = zipfile.ZipInfo(name, when)
            info.create_system, info.external_attr = 3, 0o100644 << 16
            if name in made:
                archive.writestr(info, made[name])
            else:
                _copy(archive, info, sources[name])


def _copy(archive: zipfile.ZipFile, info: zipfile.ZipInfo, one: Original) -> None:
    """Copy an original; it must still be what the manifest says."""
    info.file_size = one.digests.size
    seen, size = sha256(), 0
    with open_plain(one.source) as source, archive.open(info, "w") as member:
        while (chunk := source.read(_CHUNK)) and size <= one.digests.size:
            seen.update(chunk)
            size += len(chunk)
            member.write(chunk)
    if seen.hexdigest() != one.digests.sha256:
        raise SealError(_("{file} 在封存时有变动，请再试一次。").format(file=one.path))


def _name(temporary: Path, out: Path, overwrite: bool) -> None:
    """Give the finished file its name at once; never replaces unless ``overwrite``."""
    if overwrite:
        os.replace(temporary, out)
    else:
        try:
            os.link(temporary, out)
        except FileExistsError:
            raise ArgumentError(
                _("文件已存在，没有覆盖"), file=str(out), hint=_("换个名字，或明确要求覆盖。")
            ) from None
        except OSError:  # a file system without hard links
            os.replace(temporary, out)
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(out.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _cannot_write(out: Path, error: OSError) -> SealError:
    return SealError(
        _("卷宗写不出来（{file}）：{reason}").format(file=out, reason=error.strerror or error)
    )
