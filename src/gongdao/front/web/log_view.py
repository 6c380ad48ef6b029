"""What the pages of the log show of a leaf, a checkpoint and those who vouch for it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gongdao.core.clock import say_second
from gongdao.core.language import gettext as _
from gongdao.core.language import mark, translated

KINDS: dict[str, str] = {
    "order": mark("订单记录"),
    "batch": mark("批次记录"),
    "listing": mark("商品记录"),
    "merchant": mark("商家记录"),
    "thread": mark("对话记录"),
    "dispute": mark("争议记录"),
    "case": mark("卷宗"),
    "log": mark("日志自身"),
}
"""The kinds of subjects that people can look for, with their names."""
TITLES: dict[str, str] = {
    "log.genesis": mark("日志从这里开始"),
    "log.key": mark("日志的签名公钥"),
    "log.anchor": mark("检查点在别处留了底"),
    "case.sealed": mark("封存了一份卷宗"),
    "batch.imported": mark("入库了一批卡密"),
    "batch.quarantined": mark("一批卡密停售待查"),
    "batch.restored": mark("停售的一批卡密恢复出售"),
    "batch.withdrawn": mark("撤下了一批卡密"),
    "order.placed": mark("下了一单"),
    "order.expired": mark("一单过了付款时间"),
    "order.paid": mark("一单付款到账"),
    "order.delivered": mark("一单发货"),
    "order.replaced": mark("一单补发"),
    "order.revealed": mark("买家提卡"),
    "order.tested": mark("买家说了试用结果"),
    "order.confirmed": mark("买家确认收货"),
    "order.released": mark("货款结算给商家"),
    "order.cancelled": mark("商家取消了一单"),
    "order.charged_back": mark("一单的付款由银行或渠道退回"),
    "order.charge_back_returned": mark("退回的付款又还了回来"),
    "order.refund_requested": mark("申请退款"),
    "order.refunded": mark("退款到账"),
    "merchant.admitted": mark("准入了一个商家"),
    "merchant.changed": mark("商家的状态或资料变了"),
    "merchant.paused": mark("商家被暂停"),
    "merchant.closing": mark("一个商家开始退出"),
    "merchant.closed": mark("一个商家退出了"),
    "listing.published": mark("发布了一个商品版本"),
    "listing.withdrawn": mark("下架了一个商品"),
    "thread.opened": mark("买家和商家开始对话"),
    "thread.posted": mark("对话里多了一句"),
    "dispute.opened": mark("提起了一件争议"),
    "dispute.said": mark("争议里有人说明"),
    "dispute.answered": mark("争议里商家答复"),
    "dispute.excused": mark("争议里提出了理由"),
    "dispute.offered": mark("争议里提出了方案"),
    "dispute.handed_over": mark("争议转交"),
    "dispute.stopped": mark("争议的时钟暂停"),
    "dispute.resumed": mark("争议的时钟继续"),
    "dispute.judged": mark("争议到时重新判断"),
    "dispute.lapsed": mark("争议里一方到期没有动"),
    "dispute.decided": mark("争议有了裁决"),
    "dispute.executed": mark("裁决执行了"),
    "dispute.appealed": mark("争议申诉"),
    "dispute.cause": mark("争议查明了原因"),
    "dispute.limited": mark("争议里到了公布的限额"),
    "dispute.lifted": mark("争议里取消了一条限制"),
    "dispute.withdrawn": mark("争议撤回"),
    "dispute.closed": mark("争议结束"),
}
_SAYS: dict[str, str] = {
    "log.genesis": mark("这本日志的第一条：它叫什么，用哪把公钥签名。"),
    "log.key": mark("到这一条为止用旧公钥签名，从下一条起，检查点用这把公钥签名。"),
    "log.anchor": mark("一个检查点交给了日志以外的地方留底：它当时已经存在。"),
    "case.sealed": mark(
        "有人交来一份卷宗的摘要。日志里只有摘要，看不到卷宗里有什么，也看不出是谁的。"
    ),
    "batch.imported": mark(
        "这批卡密从这时起就定了：每张一个承诺，合成一个根。以后拿到其中一张的买家，能证明它早就在里面。"
    ),
    "order.placed": mark("下单时看到的商品、承诺、规则和价格，摘要记在这里，以后谁也改不了。"),
    "order.delivered": mark("发的是哪几张，各记一个承诺：同一张再发给别人，谁都看得出来。"),
    "order.replaced": mark("换给买家的是哪几张，各记一个承诺；换下来的不会再发给别人。"),
    "order.tested": mark("试用结果只记了承诺；说了什么，只有当事人打得开。"),
    "merchant.admitted": mark("谁被准入、凭什么，只记了承诺；是谁的名字，这里看不出来。"),
    "listing.published": mark(
        "这个版本写了什么，摘要记在这里；以后说“当时不是这样写的”，一对便知。"
    ),
}
FIELDS: dict[str, str] = {
    "manifest_sha256": mark("清单的 SHA-256"),
    "manifest_sm3": mark("清单的 SM3"),
    "seal_sha256": mark("封印的 SHA-256"),
    "origin": mark("日志的名称"),
    "key": mark("公钥"),
    "vkey": mark("公钥"),
    "kind": mark("方式"),
    "size": mark("检查点的条数"),
    "root": mark("检查点的根"),
    "batch.root": mark("这批卡密的根"),
    "batch.source": mark("申报的来源"),
    "batch.uses": mark("每张可用次数"),
    "batch.canon": mark("承诺格式的版本"),
    "batch.supplier": mark("供货商的代号"),
    "batch.proof_sha256": mark("来源证明的摘要"),
    "batch.listing": mark("商品的代号"),
    "batch.count": mark("有多少张（承诺）"),
    "order.snapshot": mark("下单快照的摘要"),
    "order.units": mark("所发卡密的承诺"),
    "order.works": mark("能不能用（承诺）"),
    "order.told": mark("买家说明的摘要（承诺）"),
    "listing.offer": mark("信息披露的摘要"),
    "listing.version": mark("第几版"),
    "listing.merchant": mark("商家的代号"),
    "merchant.name": mark("名称（承诺）"),
    "merchant.code": mark("登记代码（承诺）"),
    "merchant.reason": mark("理由（承诺）"),
    "merchant.state": mark("状态（承诺）"),
    "batch.reason": mark("理由（承诺）"),
    "thread.about": mark("关于哪一单或哪件商品（代号）"),
    "thread.side": mark("谁说的"),
    "thread.text": mark("说了什么（承诺）"),
    "dispute.event": mark("这一步的内容（承诺）"),
}
"""Names of what leaves hold; ``kind.name`` goes before ``name``."""
_ANCHORS: dict[str, str] = {"rfc3161": mark("可信时间戳"), "evm": mark("区块链")}
_ANCHOR_STATES: dict[str, str] = {
    "pending": mark("已提交，等确认"),
    "confirmed": mark("已确认"),
    "failed": mark("没有成功，会再试"),
}


@dataclass(frozen=True)
class Instant:
    """A moment for readers: Beijing time first, UTC beside it."""

    at: datetime

    @classmethod
    def of_seconds(cls, seconds: int) -> Instant:
        """So many seconds after 1970 began; ValueError or OverflowError where no year has it."""
        return cls(datetime.fromtimestamp(seconds, UTC))

    @property
    def beijing(self) -> str:
        """``2026-11-22 18:00:00``, Beijing time."""
        return say_second(self.at)

    @property
    def utc(self) -> str:
        """``2026-11-22 10:00:00``, UTC."""
        return self.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")

    @property
    def iso(self) -> str:
        """For machines: RFC 3339 in UTC."""
        return self.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def kind_name(kind: str) -> str:
    """The name of a kind of subjects; its code where we have none."""
    return translated(KINDS[kind]) if kind in KINDS else kind


def title_of(leaf_type: str) -> str:
    """What happened, in a few words; the type itself where it is newer than this table."""
    if leaf_type in TITLES:
        return translated(TITLES[leaf_type])
    return _("“{type}”类型的记录").format(type=leaf_type)


def says_of(leaf_type: str) -> str:
    """What such a leaf means, in a sentence; nothing for an unknown type."""
    return translated(_SAYS[leaf_type]) if leaf_type in _SAYS else ""


def anchor_name(kind: str) -> str:
    """The name of a way of anchoring."""
    return translated(_ANCHORS[kind]) if kind in _ANCHORS else kind


def anchor_state(state: str) -> str:
    """How far an anchor is."""
    return translated(_ANCHOR_STATES[state]) if state in _ANCHOR_STATES else state


def facts_of(kind: str, data: Mapping[str, Any]) -> list[dict[str, str]]:
    """Names and values of what a leaf of that kind holds, lists and objects as they stand."""
    return [
        {"code": name, "name": _field(kind, name), "value": _value(value)}
        for name, value in data.items()
    ]


def _field(kind: str, name: str) -> str:
    known = FIELDS.get(f"{kind}.{name}") or FIELDS.get(name)
    return translated(known) if known else name


def _value(value: object) -> str:
    if value is True or value is False:
        return _("是") if value else _("否")
    if value is None:
        return _("没有")
    if isinstance(value, Mapping):
        return " · ".join(f"{name}: {_value(one)}" for name, one in value.items())
    if isinstance(value, list):
        return " · ".join(_value(one) for one in value)
    return str(value)
