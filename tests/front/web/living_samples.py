"""Samples for the living page: every part in every state, with long names and huge numbers."""

from __future__ import annotations

import struct
import zlib
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.paginator import Paginator

from gongdao.core.clock import BEIJING
from gongdao.core.money import Money
from gongdao.front.web.templatetags.meanings import MEANINGS

AT = datetime(2026, 11, 20, 10, 0, tzinfo=BEIJING)
LONG_NAME = (
    "2026年11月02日与示例数卡旗舰店（官方授权·全网最低价·24小时自动发货）"
    "的聊天记录截图第三张补充版.png"
)
UNBROKEN = "KM20261102140250017" * 6
HUGE = Money(99_999_999_999_999)


class Wishes(forms.Form):
    """One field of every kind, some with hints, all of them may be wrong."""

    order_no = forms.CharField(label="订单号", help_text="在订单页最上面，20 位左右。")
    paid = forms.DecimalField(label="实付金额（元）")
    mail = forms.EmailField(label="邮箱", required=False)
    what = forms.CharField(
        label="发生了什么", widget=forms.Textarea(attrs={"rows": 4}), max_length=200
    )
    kind = forms.ChoiceField(label="买的是什么", choices=[("game", "游戏卡"), ("phone", "话费")])
    demand = forms.ChoiceField(
        label="你要什么",
        help_text="只能选一个，后面可以改。",
        widget=forms.RadioSelect,
        choices=[("refund", "退款"), ("replace", "换发一张能用的卡密"), ("disclose", LONG_NAME)],
    )
    reasons = forms.MultipleChoiceField(
        label="哪里不对",
        widget=forms.CheckboxSelectMultiple,
        choices=[("late", "晚发货"), ("dead", "卡密无效"), ("used", "卡密已被使用")],
    )
    agree = forms.BooleanField(label="我已经核对过上面的内容", help_text="提交前请再看一遍。")


def make_picture() -> bytes:
    """A PNG of 1080 × 2340, grey, as a phone's screenshot would be."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + crc

    rows = (b"\0" + b"\xc8" * 1080) * 2340
    head = struct.pack(">IIBBBBB", 1080, 2340, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def make_report() -> dict[str, Any]:
    """A case report as far as the figure reads it: every state of element and stage."""
    files = {
        "before/listing.png": "before",
        "before/licence.png": "before",
        "during/order.png": "during",
        "during/receipt.png": "during",
        "during/chat.txt": "during",
        "after/fail.png": "after",
    }
    shown = {
        "contract": [("before/listing.png", "weak"), ("during/order.png", "proven")],
        "payment": [("during/receipt.png", "proven"), ("during/order.png", "weak")],
        "breach": [("after/fail.png", "contradicted")],
        "notice": [("during/chat.txt", "weak")],
        "admission": [("during/chat.txt", "ambiguous")],
    }
    return {
        "stages": {"before": "complete", "during": "partial", "after": "missing"},
        "stage_details": {"during": {"has": [], "lacks": ["带编号、金额和时间的付款凭证原图"]}},
        "elements": {
            "contract": "proven",
            "payment": "proven",
            "breach": "contradicted",
            "notice": "weak",
            "admission": "ambiguous",
            "respondent_identity": "missing",
        },
        "evidence": {
            element: [{"exhibit": path, "shows": "…", "proof": proof} for path, proof in rows]
            for element, rows in shown.items()
        },
        "evidence_list": [
            {"no": no, "exhibit": path, "stage": stage}
            for no, (path, stage) in enumerate(files.items(), 1)
        ],
    }


def _empty_report() -> dict[str, Any]:
    names = ("contract", "payment", "breach", "notice", "respondent_identity")
    return {
        "stages": dict.fromkeys(("before", "during", "after"), "missing"),
        "elements": {**dict.fromkeys(names, "missing"), "admission": "none"},
        "evidence": {},
        "evidence_list": [],
    }


def _clocks() -> list[dict[str, Any]]:
    running = {
        "name": "等平台答复",
        "since": AT - timedelta(hours=30),
        "due": AT + timedelta(hours=18),
        "at": AT,
        "counted": "从 11 月 19 日 04:00 起 48 小时",
        "policy": True,
    }
    past = {**running, "name": "等 12315 受理", "due": AT - timedelta(hours=2), "policy": False}
    coming = {**past, "name": "起诉的时效", "due": AT + timedelta(days=1090), "estimated": True}
    return [running, past, coming]


def _story() -> dict[str, Any]:
    what = [
        ("买家", "付款 98.00 元", 3),
        ("商家", f"说“{UNBROKEN}”", 5),
        ("商家", "说“确实是我们这批卡密有问题，正在和上游核实，请您耐心等待一下”", 5),
    ]
    past = [
        {"at": AT - timedelta(days=18 - n), "who": who, "what": said, "no": no, "href": "#e"}
        for n, (who, said, no) in enumerate(what)
    ]
    now = {"at": AT, "who": "平台", "what": "轮到平台答复", "now": True}
    coming = {"at": AT + timedelta(days=2), "what": "可以升级至平台管理层", "later": True}
    return {
        "events": [*past, now, coming],
        "clocks": _clocks(),
        "move": {
            "who": "平台",
            "what": "平台应当答复你 11 月 18 日提交的工单。",
            "due": AT + timedelta(hours=18),
            "then": "到时没有答复，就可以升级至平台管理层；文书已经备好。",
            "link": "看看备好的文书",
        },
    }


def _evidence() -> dict[str, Any]:
    row = {"no": 3, "href": "#e3", "name": LONG_NAME, "shows": "2026-11-02 14:03:21 付款 98.00 元"}
    picture = {"src": "/picture.png", "width": 1080, "height": 2340, "box": (60, 700, 540, 760)}
    against = {"what": "付款金额", "said": "98.00", "shown": "89.00", "no": 3, "href": "#e3"}
    states = ("proven", "weak", "missing", "contradicted", "ambiguous", "not_applicable")
    return {
        "elements": [
            {
                "id": f"element-{state}",
                "name": "对方是谁" if state == "missing" else "合同成立",
                "state": state,
                "evidence": [] if state in ("missing", "not_applicable") else [row, row],
                "weakens": ["付款凭证不是原图"] if state == "weak" else [],
            }
            for state in states
        ],
        "contradictions": [
            {**against, "name": "付款凭证", "picture": {**picture, "href": "#whole"}},
            {**against, "what": "订单号", "said": UNBROKEN, "shown": UNBROKEN[1:], "name": "订单"},
        ],
        "ask": {
            "to": "问商家这一句",
            "why": "“稍等”不算答复；这一句只能回答是或者不是。",
            "text": "请明确回复：订单 KM20261102140250017 的卡密，是否已经发出？请只答是或否。",
        },
    }


def _lists() -> dict[str, Any]:
    channels = [
        {"code": state, "name": name, "state": state, "why": why, "href": "#c"}
        for state, name, why in (
            ("open", "支付机构投诉", "付款在 180 天内，凭证齐全。"),
            ("later", "升级至平台管理层", "平台还有 18 小时可以答复。"),
            ("spent", "平台客服投诉", "已于 11 月 18 日提交。"),
            ("barred", "消费者协会", "同一件事已被 12315 受理，这里不会再收。"),
        )
    ]
    channels[0] |= {"achieves": "冻结款项、退款", "cost": "不要钱"}
    channels[1]["clock"] = _clocks()[0]  # type: ignore[assignment]  # a nested dict
    files = [
        {"id": 1, "name": LONG_NAME, "state": "waiting", "size": 1_482_000, "percent": 40},
        {"id": 2, "name": "IMG_2041.HEIC", "state": "reading", "size": 3_100_000},
        {"id": 3, "name": "付款.png", "state": "read", "size": 812, "kind": "付款凭证", "no": 3},
        {
            "id": 4,
            "name": UNBROKEN + ".pdf",
            "state": "failed",
            "size": 99_999_999_999,
            "problem": "文件有密码，打不开。请去掉密码再传一份；这一份也保留着。",
        },
    ]
    for file in files:
        file["href"] = f"#f{file['id']}"
    rows = [
        [f"案件 {n}", LONG_NAME if n == 2 else "示例卡盟", HUGE, n * 10**9] for n in range(1, 4)
    ]
    table = {"caption": "你的案件", "head": ["名称", "平台", "金额", "编号"], "rows": rows}
    page = Paginator(range(1, 100_000), 20).page(37)
    return {"channels": channels, "files": files, "table": table, "page": page}


def _words() -> dict[str, Any]:
    return {
        "crumbs": [{"name": "我的案件", "href": "#a"}, {"name": LONG_NAME, "href": "#b"}],
        "long_title": f"{LONG_NAME} {UNBROKEN}",
        "paragraph": "卡密买来用不了，商家让你等，平台让你找商家。先把手里的材料放到一起：" * 4,
        "reading": "正在读取你的文件",
        "go": "下一步",
        "codes": [*MEANINGS, "unheard_of"],
        "stats": [
            {"name": "争议金额", "value": f"¥{HUGE}", "unit": ""},
            {"name": "已经等了", "value": 408, "unit": "小时"},
        ],
        "facts": [{"name": "订单号", "value": UNBROKEN}, {"name": "平台", "value": "示例卡盟"}],
        "empty": {"title": "还没有文件", "text": "先放三张截图进来就够了。", "link": "选择文件"},
        "confirm": {
            "title": "删除整个案件？",
            "text": "删除后谁也恢复不了，包括我们。",
            "gone": ["6 个原文件和它们的密钥", "所有文书和提醒"],
            "kept": ["你已经下载的卷宗"],
            "button": "永久删除",
        },
        "notices": [
            {"kind": "info", "title": "先别确认收货", "text": "确认之后有的平台就不受理了。"},
            {"kind": "success", "text": "已保存。"},
            {"kind": "attention", "text": LONG_NAME, "href": "#n", "link": "去改正"},
        ],
    }


def _copies() -> dict[str, Any]:
    long = "2026 年 11 月 2 日，我在该店购买游戏点卡一张，付款 98.00 元。\n" * 30
    return {
        "copies": [
            {"id": "copy-no", "name": "订单号", "value": UNBROKEN, "limit": 400},
            {"id": "copy-sum", "name": "金额", "value": "98.00", "hint": "只填数字。"},
            {"id": "copy-what", "name": "投诉内容", "value": long, "limit": 200, "long": True},
            {"id": "copy-who", "name": "被投诉人", "value": "示例数卡店", "limit_unknown": True},
        ],
        "letter": [
            {
                "locked": True,
                "text": "2026-11-02 14:03 付款 98.00 元，订单号 KM20261102140250017。",
                "exhibits": [{"no": n, "href": "#e"} for n in (1, 2, 3)],
            },
            {
                "id": "letter-demand",
                "name": "demand",
                "label": "你的要求",
                "text": "请于 11 月 25 日前退款 98.00 元。",
                "limit": 120,
            },
        ],
    }


def make_samples() -> dict[str, Any]:
    """Everything that templates/parts/living.html shows."""
    right = {
        "order_no": "KM1",
        "paid": "98.00",
        "what": "没有发货",
        "kind": "game",
        "demand": "refund",
        "reasons": ["late"],
        "agree": "on",
    }
    return {
        "report": make_report(),
        "empty_report": _empty_report(),
        "wrong_form": Wishes({"order_no": "", "mail": "x", "what": "长" * 201}, prefix="wrong"),
        "right_form": Wishes({f"right-{k}": v for k, v in right.items()}, prefix="right"),
        "limits": "",
        **_story(),
        **_evidence(),
        **_lists(),
        **_words(),
        **_copies(),
    }
