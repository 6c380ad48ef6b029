"""Gather the files of a case folder for sealing: plain files, with names every system can hold."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from gongdao.core.codes import Stage
from gongdao.core.digest import Digests, digest_file
from gongdao.core.errors import CaseFolderError, SealError
from gongdao.core.language import gettext as _

ROOT_FILES = ("case.toml", "corrections.toml")
MOST_BYTES = 4 << 30
_MOST_FILES = 2_000
_LONGEST_NAME = 400
_FORBIDDEN = set("\\\x7f\u2028\u2029")


@dataclass(frozen=True)
class Original:
    """One file to seal: ``path`` POSIX within the folder, ``digests`` as just read."""

    path: str
    source: Path
    digests: Digests


def gather_originals(folder: Path) -> list[Original]:
    """Every file of before/, during/, after/ and the TOML files beside them, sorted by path.

    Hidden files and what lies elsewhere are not taken. Raises CaseFolderError for links, special
    files, names that cannot be kept, and too much.
    """
    found: list[Original] = []
    total = 0
    for path, source in sorted(_walk(folder)):
        if len(found) >= _MOST_FILES:
            raise CaseFolderError(_("文件太多，无法封存"), file=str(folder))
        total += source.lstat().st_size
        if total > MOST_BYTES:
            raise CaseFolderError(
                _("文件合计超过 4 GiB，无法封存"), file=path, hint=_("请截取录像的关键部分。")
            )
        found.append(Original(path, source, _digest(path, source)))
    if not any(one.path == ROOT_FILES[0] for one in found):
        raise CaseFolderError(_("没有 case.toml，不能封存"), file=str(folder))
    _check_alike(found)
    return found


def check_unchanged(found: list[Original], report: Mapping[str, Any]) -> None:
    """Raise SealError if a file differs from the digest that the report was made of."""
    exhibits = report.get("exhibits")
    if not isinstance(exhibits, Mapping):
        return
    now = {one.path: one.digests.sha256 for one in found}
    for path, exhibit in exhibits.items():
        seen = exhibit.get("sha256") if isinstance(exhibit, Mapping) else None
        if seen is not None and now.get(path) != seen:
            raise SealError(
                _("{file} 在检查之后有变动或被移走，请重新检查再封存。").format(file=path)
            )


def open_plain(source: Path) -> BinaryIO:
    """Open a plain file for reading; never follows a link, never waits on a pipe."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(source, flags | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("not a plain file")
    return os.fdopen(descriptor, "rb")


def _walk(folder: Path) -> Iterator[tuple[str, Path]]:
    for name in ROOT_FILES:
        if os.path.lexists(folder / name):
            yield name, _plain(name, folder / name)
    for stage in Stage:
        if os.path.lexists(folder / stage.value):
            yield from _walk_stage(folder, folder / stage.value)


def _walk_stage(folder: Path, at: Path) -> Iterator[tuple[str, Path]]:
    name = at.relative_to(folder).as_posix()
    mode = at.lstat().st_mode
    if not stat.S_ISDIR(mode):
        yield name, _plain(name, at)
        return
    try:
        inside = sorted(entry.name for entry in os.scandir(at))
    except OSError as error:
        raise CaseFolderError(error.strerror or _("打不开"), file=name) from None
    for one in inside:
        if not one.startswith("."):
            yield from _walk_stage(folder, at / one)


def _plain(name: str, path: Path) -> Path:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        raise CaseFolderError(_("是链接，不能封存"), file=_shown(name), hint=_("请换成文件本身。"))
    if not stat.S_ISREG(mode):
        raise CaseFolderError(_("不是普通文件，不能封存"), file=_shown(name))
    parts = name.split("/")
    unfit = (
        any(ch < " " or ch in _FORBIDDEN or "\x80" <= ch <= "\x9f" for ch in name)
        or any("\ud800" <= ch <= "\udfff" for ch in name)
        or len(name.encode("utf-8", "replace")) > _LONGEST_NAME
        or (len(parts[0]) == 2 and parts[0][1] == ":")
    )
    if unfit:
        raise CaseFolderError(
            _("文件名过长或含有不能保存的字符"), file=_shown(name), hint=_("请改名后再试。")
        )
    return path


def _digest(path: str, source: Path) -> Digests:
    try:
        open_plain(source).close()
        return digest_file(source)
    except OSError as error:
        raise CaseFolderError(error.strerror or _("打不开"), file=path) from None


def _check_alike(found: list[Original]) -> None:
    """Names that differ only by case or accents' spelling would clash on many systems."""
    seen: dict[str, str] = {}
    for one in found:
        key = unicodedata.normalize("NFC", one.path).casefold()
        if key in seen:
            raise CaseFolderError(
                _("与 {other} 几乎同名").format(other=seen[key]),
                file=one.path,
                hint=_("请改名后再试。"),
            )
        seen[key] = one.path


def _shown(name: str) -> str:
    return "".join(ch if ch.isprintable() else "?" for ch in name)
