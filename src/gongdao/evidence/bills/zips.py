"""The password zips in which bill exports arrive. Opened in memory, never written out."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

from gongdao.core.errors import UnreadableFile
from gongdao.core.language import Phrase
from gongdao.evidence.zip_guard import (
    check_zip,
    is_aes,
    is_encrypted,
    member_name,
    password_error,
    read_member,
)

_MAX_TOTAL = 64 << 20
_BILL_NAMES = (".csv", ".xlsx", ".txt")


@dataclass(frozen=True)
class ZippedBill:
    """The one bill in a zip: its own name, and its bytes."""

    name: str
    data: bytes


def open_bill_zip(data: bytes, *, name: str, password: str | None) -> ZippedBill | None:
    """The bill in a zip; None when the zip is itself a workbook (XLSX).

    Raises UnreadableFile: damaged, unsafe, AES, no bill inside, password missing or wrong.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if (
                "[Content_Types].xml" in archive.NameToInfo
                or "xl/workbook.xml" in archive.NameToInfo
            ):
                return None
            check_zip(archive, name=name, max_total=_MAX_TOTAL)
            info = _bill_member(archive, name)
            if is_aes(info):
                raise UnreadableFile(
                    Phrase("压缩包用了 AES 加密，这里打不开"),
                    file=name or None,
                    hint=Phrase("请用解压软件和密码解开，把里面的账单文件放进来。"),
                )
            if is_encrypted(info) and not password:
                raise password_error(name, wrong=False)
            secret = password if is_encrypted(info) else None
            inner = read_member(
                archive, info.filename, limit=_MAX_TOTAL, name=name, password=secret
            )
            return ZippedBill(member_name(info).rpartition("/")[2], inner)
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError):
        raise UnreadableFile(
            Phrase("压缩包已损坏"), file=name or None, hint=Phrase("请重新下载账单。")
        ) from None


def _bill_member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    members = [i for i in archive.infolist() if not i.is_dir()]
    bills = [i for i in members if member_name(i).lower().endswith(_BILL_NAMES)]
    bills = [i for i in bills if not member_name(i).startswith("__MACOSX/")]
    if not bills:
        raise UnreadableFile(
            Phrase("压缩包里没有账单文件（CSV 或 XLSX）"),
            file=name or None,
            hint=Phrase("请把压缩包里需要的文件单独放进来。"),
        )
    return max(bills, key=lambda i: i.file_size)
