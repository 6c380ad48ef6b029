"""What a backup is made of: one tar or one folder, members and a manifest over them.

``database.dump`` (``pg_dump``, custom format), ``blobs/…`` as the store names them, and last
``manifest.json`` with the size and SHA-256 of every member, sealed with a key derived from the
master key. The master key itself is in no backup. The format is docs/formats/backup.md.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import secrets
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from gongdao.core.blobs import is_name
from gongdao.core.durable import sync_folder
from gongdao.core.envelope import MasterKeys, derive
from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _

MANIFEST, DATABASE, BLOBS = "manifest.json", "database.dump", "blobs/"
FORMAT, VERSION = "gongdao-backup", 1
_IN_MEMORY = 8 << 20
_PIECE = 1 << 20
_LARGEST_MANIFEST = 1 << 30


@dataclass(frozen=True)
class Member:
    """One file of a backup: bytes, and their SHA-256 in hexadecimal."""

    size: int
    sha256: str


class Sink(Protocol):
    """Where a backup is written to."""

    def add(self, name: str, source: BinaryIO, size: int) -> None:
        """Take ``size`` bytes of ``source`` as the member ``name``."""
        ...

    def finish(self) -> None:
        """Everything is on disk afterwards."""
        ...

    def close(self) -> None:
        """Let go of what is open, finished or not."""
        ...


class Source(Protocol):
    """Where a backup is read from."""

    def names(self) -> list[str]:
        """The names of all members, the manifest included."""
        ...

    def open(self, name: str) -> BinaryIO:
        """A member, to be read in sequence and closed; KeyError where there is none."""
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...


class TarSink:
    """A backup as one tar; what it holds is encrypted or small, so nothing is compressed."""

    def __init__(self, path: Path) -> None:
        self._file = open_private(path)
        self._tar = tarfile.TarFile(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT)

    def add(self, name: str, source: BinaryIO, size: int) -> None:
        """See Sink."""
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        self._tar.addfile(info, source)

    def finish(self) -> None:
        """See Sink."""
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """See Sink."""
        self._file.close()


class FolderSink:
    """A backup as a folder of plain files."""

    def __init__(self, root: Path) -> None:
        root.mkdir(mode=0o700)
        self._root = root

    def add(self, name: str, source: BinaryIO, size: int) -> None:
        """See Sink."""
        full = self._root / name
        full.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open_private(full) as file:
            shutil.copyfileobj(source, file, _PIECE)
            file.flush()
            os.fsync(file.fileno())

    def finish(self) -> None:
        """See Sink."""
        for folder, _folders, _files in os.walk(self._root):
            sync_folder(Path(folder))

    def close(self) -> None:
        """See Sink: nothing is open."""


class TarSource:
    """A tar that is read; links and anything else but plain files are not members."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        try:
            self._tar = tarfile.TarFile(fileobj=self._file)
            self._members = {one.name: one for one in self._tar if one.isreg()}
        except (tarfile.TarError, EOFError) as error:
            self._file.close()
            raise broken(path, _("不是备份文件，或者不完整")) from error

    def names(self) -> list[str]:
        """See Source."""
        return list(self._members)

    def open(self, name: str) -> BinaryIO:
        """See Source."""
        file = self._tar.extractfile(self._members[name])
        if file is None:
            raise KeyError(name)
        return file  # type: ignore[return-value]  # a buffered reader, typed as its base

    def close(self) -> None:
        """See Source."""
        self._file.close()


class FolderSource:
    """A folder that is read; links are not followed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def names(self) -> list[str]:
        """See Source."""
        found = []
        for folder, _folders, files in os.walk(self._root):
            for name in files:
                full = Path(folder) / name
                if not full.is_symlink() and full.is_file():
                    found.append(full.relative_to(self._root).as_posix())
        return found

    def open(self, name: str) -> BinaryIO:
        """See Source."""
        try:
            return (self._root / name).open("rb")
        except FileNotFoundError:
            raise KeyError(name) from None

    def close(self) -> None:
        """See Source: nothing is open."""


class Writer:
    """Takes members one after the other and remembers what they are. ``place`` is where they lie
    until the backup gets its name."""

    def __init__(self, sink: Sink, place: Path) -> None:
        self._sink = sink
        self.place = place
        self.members: dict[str, Member] = {}

    def add(self, name: str, source: BinaryIO) -> None:
        """Copy all of ``source`` as the member ``name``: through a file of its own, because a tar
        wants to know the size first and a store may break off in the middle."""
        digest, size = hashlib.sha256(), 0
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as held:
            while piece := source.read(_PIECE):
                digest.update(piece)
                size += len(piece)
                held.write(piece)
            held.seek(0)
            self._sink.add(name, held, size)  # type: ignore[arg-type]  # reads as any file does
        self.members[name] = Member(size, digest.hexdigest())

    def finish(self, manifest: Mapping[str, Any], masters: MasterKeys) -> None:
        """Write the manifest with all members, sealed; nothing can be added afterwards."""
        members = {name: [m.size, m.sha256] for name, m in sorted(self.members.items())}
        table = {"format": FORMAT, "version": VERSION, **manifest, "members": members}
        text = json.dumps(table, ensure_ascii=False, indent=1, sort_keys=True)
        sealed = {"seal": _seal(text, masters.current), "sealed_with": masters.ids[0]}
        data = json.dumps({"manifest": text, **sealed}, ensure_ascii=False).encode()
        self._sink.add(MANIFEST, io.BytesIO(data), len(data))
        self._sink.finish()


@contextmanager
def written_whole(target: Path, *, replace: bool) -> Iterator[Writer]:
    """A writer beside ``target`` that gets its name at the end of the block; where that fails,
    nothing is left. A name that ends in ``.tar`` is one file, any other a folder."""
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        sink: Sink = TarSink(part) if target.suffix == ".tar" else FolderSink(part)
        with closing(sink):
            yield Writer(sink, part)
        if replace and target.exists():
            old = target.with_name(f".{target.name}.{secrets.token_hex(4)}.old")
            target.rename(old)
            part.rename(target)
            _remove(old)
        else:
            part.rename(target)
        sync_folder(target.parent)
    finally:
        _remove(part)


@contextmanager
def opened_backup(path: Path) -> Iterator[Source]:
    """The backup at ``path``; raise InputError where there is none."""
    if not path.exists():
        raise InputError(_("没有这个备份"), file=str(path))
    source: Source = FolderSource(path) if path.is_dir() else TarSource(path)
    with closing(source):
        yield source


def read_manifest(source: Source, path: Path, masters: MasterKeys) -> dict[str, Any]:
    """The manifest. Raises InputError where it is missing or broken, where it was altered, and
    where the master key that is needed is not there."""
    try:
        with source.open(MANIFEST) as file:
            outer = json.loads(file.read(_LARGEST_MANIFEST))
        text, seal, key_id = outer["manifest"], outer["seal"], outer["sealed_with"]
        manifest = dict(json.loads(text))
    except (KeyError, ValueError, TypeError, tarfile.TarError) as error:
        raise broken(path, _("没有清单，或者清单不完整")) from error
    if manifest.get("format") != FORMAT or manifest.get("version") != VERSION:
        raise broken(path, _("不是这个版本认识的备份"))
    needed = {key_id, *manifest["master_keys"]}
    if missing := sorted(needed - set(masters.ids)):
        raise InputError(
            _("恢复需要编号为 {ids} 的主密钥，现在用的是 {have}。").format(
                ids=_("、").join(missing), have=_("、").join(masters.ids)
            ),
            file=str(path),
            hint=_("把备份时的主密钥放回原处再试；主密钥不在备份里，要另外保管。"),
        )
    key = masters.keys[masters.ids.index(key_id)]
    if not hmac.compare_digest(_seal(text, key), str(seal)):
        raise broken(path, _("清单被改动过"))
    return manifest


def members_of(manifest: Mapping[str, Any]) -> dict[str, Member]:
    """Every member that the manifest names."""
    return {name: Member(size, sha256) for name, (size, sha256) in manifest["members"].items()}


def check_members(source: Source, members: Mapping[str, Member], path: Path) -> Iterator[str]:
    """Read every member and compare it with the manifest; gives each name when it is done. Raises
    InputError for a member that is missing, altered, or that the manifest does not name."""
    there = set(source.names()) - {MANIFEST}
    for name in sorted(there ^ set(members)):
        say = _("多出了 {name}") if name in there else _("缺少 {name}")
        raise broken(path, say.format(name=name))
    for name in members:
        if name != DATABASE and not (name.startswith(BLOBS) and is_name(name.removeprefix(BLOBS))):
            raise broken(path, _("多出了 {name}").format(name=name))
    for name, member in members.items():
        if _measure(source, name, path) != member:
            raise broken(path, _("{name} 和清单对不上").format(name=name))
        yield name


def _measure(source: Source, name: str, path: Path) -> Member:
    digest, size = hashlib.sha256(), 0
    try:
        with source.open(name) as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                size += len(piece)
    except (KeyError, tarfile.TarError) as error:
        raise broken(path, _("{name} 读不出来").format(name=name)) from error
    return Member(size, digest.hexdigest())


def broken(path: Path, reason: str) -> InputError:
    """The backup cannot be used; nothing was changed."""
    return InputError(reason, file=str(path), hint=_("什么都没有改动。请换一份备份。"))


def open_private(path: Path) -> BinaryIO:
    """A new file for the owner alone."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")


def _seal(text: str, key: bytes) -> str:
    return hmac.digest(derive(key, "backup"), text.encode(), "sha256").hex()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
