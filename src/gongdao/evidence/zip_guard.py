"""Zip archives without trust: sizes, ratios, counts and paths are checked before a byte is read.

Nothing is ever written to disk. Member names that lack the UTF-8 flag are re-decoded, because
Chinese programs write UTF-8 or GBK there without saying so.
"""

from __future__ import annotations

import zipfile
import zlib

from gongdao.core.errors import UnreadableFile
from gongdao.core.language import Phrase

MAX_MEMBERS = 2000
MAX_RATIO = 1000
_FREE_SIZE = 1 << 20
_AES = 99
_UTF8_FLAG = 0x800
_ENCRYPTED_FLAG = 0x1


def member_name(info: zipfile.ZipInfo) -> str:
    """The member's name as its maker meant it: UTF-8 flag, else UTF-8, else GBK, else as is."""
    if info.flag_bits & _UTF8_FLAG:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


def check_zip(archive: zipfile.ZipFile, *, name: str, max_total: int) -> None:
    """Raise UnreadableFile for too many members, too much data, a bomb's ratio or a path that
    leaves the folder (``..``, absolute, drive letter, symbolic link)."""
    infos = archive.infolist()
    if len(infos) > MAX_MEMBERS:
        raise _refused(
            name,
            Phrase("里面有 {count} 个文件，超过 {limit} 个", count=len(infos), limit=MAX_MEMBERS),
        )
    total = 0
    for info in infos:
        total += info.file_size
        path = member_name(info).replace("\\", "/")
        if path.startswith("/") or ".." in path.split("/") or path[1:2] == ":" or "\x00" in path:
            raise _refused(name, Phrase("里面有指向文件夹之外的路径“{path}”", path=path[:60]))
        if (info.external_attr >> 16) & 0o170000 == 0o120000:
            raise _refused(name, Phrase("里面有符号链接“{path}”", path=path[:60]))
        if info.file_size > _FREE_SIZE and info.file_size > MAX_RATIO * max(info.compress_size, 1):
            raise _refused(name, Phrase("压缩比异常，像压缩炸弹"))
    if total > max_total:
        raise _refused(name, Phrase("解压后超过 {limit} MB", limit=max_total >> 20))


def is_encrypted(info: zipfile.ZipInfo) -> bool:
    """Whether the member needs a password."""
    return bool(info.flag_bits & _ENCRYPTED_FLAG)


def is_aes(info: zipfile.ZipInfo) -> bool:
    """Whether the member is encrypted with AES, which is not supported."""
    return info.compress_type == _AES


def read_member(
    archive: zipfile.ZipFile, member: str, *, limit: int, name: str, password: str | None = None
) -> bytes:
    """The member's bytes, at most ``limit`` whatever its header claims; raise UnreadableFile for
    more, for damage, and for a missing or wrong password."""
    pwd = password.encode("utf-8", "replace") if password else None
    try:
        with archive.open(member, pwd=pwd) as file:
            data = file.read(limit + 1)
    except (RuntimeError, NotImplementedError) as error:
        if "password" in str(error).lower() or "encrypted" in str(error).lower():
            raise password_error(name, wrong=bool(password)) from None
        raise _refused(name, Phrase("压缩方式不支持")) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, ValueError):
        # ZipCrypto checks one byte of the password only: a wrong one may show as damage.
        if password:
            raise password_error(name, wrong=True) from None
        raise _refused(name, Phrase("压缩包已损坏")) from None
    if len(data) > limit:
        raise _refused(name, Phrase("解压后超过 {limit} MB", limit=limit >> 20))
    return data


def password_error(name: str, *, wrong: bool) -> UnreadableFile:
    """The error for a missing or wrong password; says where the password is found."""
    return UnreadableFile(
        Phrase("压缩包的密码不对") if wrong else Phrase("压缩包要密码"),
        file=name or None,
        field="password",
        hint=Phrase(
            "密码是 6 位数字：微信在“微信支付”公众号的账单消息里，支付宝在 App 的“消息”里"
            "（服务提醒）；也可以先解压再放进来。"
        ),
    )


def _refused(name: str, why: Phrase) -> UnreadableFile:
    return UnreadableFile(
        Phrase("压缩包不能用：{why}", why=why),
        file=name or None,
        hint=Phrase("请解压后把需要的文件单独放进来。"),
    )
