"""Cases with everything in them, read without OCR, for tests of keeping and erasing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.casework.case_kit import make_case

from gongdao.casework.follow.filings import Filing
from gongdao.casework.online.filings import record_filing
from gongdao.casework.online.import_folder import import_folder
from gongdao.casework.online.models import Case
from gongdao.casework.online.open_case import OpenCase, open_row
from gongdao.casework.online.read_file import ReadText, ToRead, read_file
from gongdao.casework.online.share_case import Shows, share_case
from gongdao.core.blobs import FolderBlobs
from gongdao.core.clock import parse_iso
from gongdao.core.envelope import MasterKeys, new_master_key
from gongdao.core.stores import Stores
from gongdao.evidence.kept.models import Original
from gongdao.evidence.read_exhibit import Reader, read_exhibit

AT = parse_iso("2026-11-20T10:00:00+08:00")
LATER = AT + timedelta(hours=2)
PLANTED = ("示例密语店", "KM20261102777001", "KM7Q-2D9X-8H4T-PLW3", "王小明", "13800138000")
"""Words that must never be found in the clear: shop, order number, secret, buyer's name, phone."""
CASE_TOML = """\
version = 1
[order]
platform = "示例站"
merchant = "示例密语店"
order_no = "KM20261102777001"
paid = "98.00"
paid_at = 2026-11-02T14:03:21+08:00
promise = "10 分钟内发货"
[buyer]
name = "王小明"
phone = "13800138000"
[claim]
reasons = ["late_delivery", "invalid_secret"]
demand = "refund"
amount = "98.00"
"""
CHAT = """\
2026-11-02 15:10:03 买家: 我是王小明，电话 13800138000，付款一个小时了还没收到卡密
2026-11-02 15:12:40 商家: 系统有点延迟，稍等，卡密 KM7Q-2D9X-8H4T-PLW3
2026-11-02 16:50:11 买家: 提示卡密无效，请退款
2026-11-02 17:02:30 商家: 查了一下，确实是我们这批卡密有问题
"""
FILES = {"during/王小明聊天.txt": CHAT, "before/listing.txt": "商品：点卡 100 元，10 分钟内发货"}


def make_stores(folder: Path) -> Stores:
    """Fresh master key, blobs in ``folder``."""
    return Stores(MasterKeys.parse(new_master_key()), FolderBlobs(folder / "blobs"))


def read_here(wanted: ToRead) -> ReadText:
    """Read a file in this process; the files of these tests need no OCR."""
    reader = Reader(wanted.statement, None, wanted.password or None)
    return ReadText(read_exhibit(root=wanted.root, path=wanted.path, reader=reader), b"")


def nobody(*_given: Any) -> None:
    """Asks for nothing: the test does the job itself, or not at all."""


def read_all(stores: Stores, case: OpenCase, *, at: datetime = AT) -> None:
    """Read every file of the case that is not read yet."""
    for row in Original.objects.filter(subject_id=case.row.id, state="waiting"):
        read_file(stores=stores, original_id=row.id, read=read_here, ask=None, at=at)


def full_case(stores: Stores, folder: Path, *, at: datetime = AT) -> OpenCase:
    """A case with files, readings, a filing and a shared link."""
    root = make_case(folder / f"folder-{at:%H%M%S%f}", CASE_TOML, FILES)
    case = import_folder(stores=stores, root=root, ask=nobody, at=at)
    read_all(stores, case, at=at)
    filing = Filing("payment", AT - timedelta(days=2), number="工单 20261102", note="示例密语店")
    record_filing(case=case, filing=filing, at=at)
    lasts = timedelta(days=7)
    share_case(case=case, shows=Shows.STANDING, note="给王小明的家人", lasts=lasts, at=at)
    return fresh(stores, case)


def fresh(stores: Stores, case: OpenCase) -> OpenCase:
    """The case as it is now."""
    return open_row(stores=stores, row=Case.objects.get(id=case.row.id))


class Asked:
    """Notes what was asked for."""

    def __init__(self) -> None:
        self.ids: list[UUID] = []

    def __call__(self, found: UUID) -> None:
        """Note one."""
        self.ids.append(found)


Ask = Callable[[UUID], None]
