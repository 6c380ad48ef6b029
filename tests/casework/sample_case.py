"""A case folder and its report, made by code, for the tests of sealing and verifying."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

AS_OF = datetime.fromisoformat("2026-11-20T10:00:00+08:00")
SECRET = "KM7Q-2D9X-8H4T-PLW3"
FILES: Mapping[str, bytes] = {
    "case.toml": b'version = 1\n\n[order]\nplatform = "\xe7\xa4\xba\xe4\xbe\x8b"\n',
    "before/listing.png": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "before/营业执照.png": b"\x89PNG\r\n\x1a\nlicence",
    "during/receipt.png": b"\x89PNG\r\n\x1a\nreceipt",
    "during/chat.txt": "2026-11-02 16:52:18 商家: 确实是我们这批卡密有问题\n".encode(),
    "after/card.png": b"\x89PNG\r\n\x1a\n" + SECRET.encode(),
    "after/redeem fail.png": b"\x89PNG\r\n\x1a\nfail",
    "after/empty.txt": b"",
}

_REPORT: dict[str, Any] = {
    "version": 1,
    "as_of": "2026-11-20T10:00:00+08:00",
    "case": {
        "platform": "示例卡盟",
        "merchant": "示例数卡店",
        "order_no": "KM20261102140250017",
        "product": "某游戏 100 元点卡",
        "paid": "98.00",
        "currency": "CNY",
        "paid_at": "2026-11-02T14:03:21+08:00",
        "reasons": ["延迟发货", "卡密无效"],
        "demand": "退款 98.00 元",
    },
    "stages": {"before": "complete", "during": "complete", "after": "partial"},
    "elements": {
        "contract": "proven",
        "payment": "proven",
        "breach": "weak",
        "notice": "proven",
        "admission": "explicit",
        "respondent_identity": "missing",
    },
    "evidence": {
        "contract": [{"exhibit": "before/listing.png", "shows": "…"}],
        "payment": [{"exhibit": "during/receipt.png", "shows": "…"}],
        "breach": [
            {"exhibit": "after/card.png", "shows": SECRET},
            {"exhibit": "after/redeem fail.png", "shows": "…"},
        ],
        "admission": [{"exhibit": "during/chat.txt", "shows": "…"}],
    },
    "admission_quote": "确实是我们这批卡密有问题",
    "contradictions": [
        {
            "what": "paid_amount",
            "case": "98.00",
            "exhibit": "during/receipt.png",
            "exhibit_value": "88.00",
        }
    ],
    "timeline": [
        {
            "at": "2026-11-02T14:03:21+08:00",
            "stage": "during",
            "who": "buyer",
            "what": "付款 98.00 元",
            "exhibit": "during/receipt.png",
        },
        {
            "at": "2026-11-02T16:40:00+08:00",
            "stage": "after",
            "who": "merchant",
            "what": f"发来卡密 {SECRET}，晚了 147 分钟",
            "exhibit": "after/card.png",
        },
        {
            "at": "2026-11-02T16:52:18+08:00",
            "stage": "during",
            "who": "merchant",
            "what": "承认：“确实是我们这批卡密有问题”，答应 22 点前退 98 元",
            "exhibit": "during/chat.txt",
        },
    ],
    "evidence_list": [
        {
            "no": 1,
            "exhibit": "before/listing.png",
            "title": "商品页面截图",
            "source": "买家手机截图",
            "proves": "承诺“付款后 10 分钟内自动发货”，售价 98.00 元",
            "original": True,
            "stage": "before",
        },
        {
            "no": 2,
            "exhibit": "during/receipt.png",
            "title": "支付凭证",
            "source": "支付宝账单详情",
            "proves": "2026-11-02 14:03:21 付款 98.00 元，订单号一致",
            "original": True,
            "stage": "during",
        },
        {
            "no": 3,
            "exhibit": "during/chat.txt",
            "title": "聊天记录",
            "source": "平台导出",
            "proves": "商家承认这批卡密有问题并答应退款",
            "original": False,
            "stage": "during",
        },
        {
            "no": 4,
            "exhibit": "after/card.png",
            "title": "卡密页面",
            "source": "买家手机截图",
            "proves": f"卡密 {SECRET} 已交付",
            "original": True,
            "stage": "after",
        },
    ],
    "exhibits": {"after/card.png": {"kind": "card_page", "fields": {"secret": SECRET}}},
    "letters": {
        "demand": {
            "title": "维权函",
            "to": "merchant",
            "text": "维权函\n示例数卡店：\n本人于 2026年11月2日14:03 在示例卡盟购买"
            "“某游戏 100 元点卡”，付款 98.00 元，订单号 KM20261102140250017。\n"
            "一、事实\n卡密经核实无法兑换。\n"
            "请在 3 日内退款 98.00 元。\n联系人：\n2026年11月20日\n",
        },
        "payment": {"text": "致支付机构：\n请核实并协助退款。\n"},
    },
    "next_steps": [
        {"code": "management", "title": "升级至平台管理层", "why": "平台已 408 小时没有答复"},
        {"code": "payment", "why": "付款凭证齐全，支付机构可以介入"},
        "board",
    ],
    "warnings": ["聊天记录不是原件，最好保留手机里的原始聊天。"],
    "disclaimer": "本卷宗由软件整理，不是法律意见。",
}


def make_folder(at: Path) -> Path:
    """Write the sample case below ``at``, with a hidden file and a stray one besides."""
    folder = at / "my-case"
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "before" / ".DS_Store").write_bytes(b"x")
    (folder / ".gongdao").mkdir()
    (folder / ".gongdao" / "cache").write_bytes(b"x")
    (folder / "notes.txt").write_bytes(b"x")
    return folder


def make_report() -> dict[str, Any]:
    """A fresh copy of the report that goes with the folder."""
    return copy.deepcopy(_REPORT)
