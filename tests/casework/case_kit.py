"""What the tests of the case folder share: small folders, texts that read as exhibits."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gongdao.casework.check import CACHE_FOLDER, check_case
from gongdao.casework.report import report_case
from gongdao.core.clock import parse_iso

AS_OF = parse_iso("2026-11-20T10:00:00+08:00")
CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "late-then-invalid"
CHAT = """\
2026-11-02 15:10:03 买家: 付款一个小时了还没收到卡密
2026-11-02 15:12:40 商家: 系统有点延迟，稍等
2026-11-02 16:50:11 买家: 提示卡密无效，请退款
2026-11-02 17:02:30 商家: 查了一下，确实是我们这批卡密有问题
"""
CASE = """\
version = 1
[order]
platform = "示例站"
merchant = "示例店"
order_no = "KM20261102000001"
paid = "98.00"
paid_at = 2026-11-02T14:03:21+08:00
promise = "10 分钟内发货"
[claim]
reasons = ["late_delivery", "invalid_secret"]
demand = "refund"
amount = "98.00"
"""


def make_case(root: Path, case: str | bytes = CASE, files: dict[str, str] | None = None) -> Path:
    """A case folder with ``case`` as its case.toml and text ``files``."""
    for stage in ("before", "during", "after"):
        (root / stage).mkdir(parents=True, exist_ok=True)
    raw = case.encode() if isinstance(case, str) else case
    (root / "case.toml").write_bytes(raw)
    for name, text in (files if files is not None else {"during/chat.txt": CHAT}).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def report_folder(root: Path) -> dict[str, Any]:
    """The report of the case folder ``root`` at AS_OF."""
    case = check_case(root=root, as_of=AS_OF)
    return report_case(case.judgement, notes=case.notes)


@contextmanager
def kept_readings(root: Path, kept: Path) -> Iterator[None]:
    """Give the case at ``root`` the readings of pictures that tests of this run made already, and
    keep those it makes: reading one takes seconds, and it is always the same."""
    readings = root / CACHE_FOLDER / "readings"
    readings.mkdir(parents=True, mode=0o700)
    _copy_flat(kept, readings)
    yield
    _copy_flat(readings, kept)


def _copy_flat(source: Path, target: Path) -> None:
    """Each file under its name at once: two workers may copy the same one."""
    for path in source.glob("*.json"):
        if not (target / path.name).exists():
            shutil.copy2(path, target / f".{path.name}.{id(path)}")
            (target / f".{path.name}.{id(path)}").replace(target / path.name)
