"""What the platform recorded of an order's disputes, as documents for the "after" stage of a case.

One page for each dispute: number, times, claim, steps, words, offers, decisions with their reasons,
what was carried out; and each verdict file byte for byte, so that it can be recomputed outside.
Chinese in every language, as the other records are.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from gongdao.core.clock import beijing, say_second
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.disputes.models import Case
from gongdao.disputes.queries import cases_of_order
from gongdao.disputes.states import Mover
from gongdao.front.web.dispute_view import CaseSight, make_case_sight
from gongdao.market.models import Order


def dispute_files(*, stores: Stores, order: Order, at: datetime) -> dict[str, bytes]:
    """The documents of every dispute about ``order`` by path, the oldest dispute first; call it
    with Chinese in use."""
    cases = list(cases_of_order(order_id=order.id).select_related("order"))[::-1]
    found: dict[str, bytes] = {}
    for number, case in enumerate(cases, 1):
        found[record_path(number)] = _text(stores, case, at).encode()
        for row in case.verdicts.order_by("number"):
            found[f"after/dispute-{number}-verdict-{row.number}.json"] = row.file.encode()
    return found


def record_path(number: int) -> str:
    """Where the record of the order's dispute ``number`` lies in the folder."""
    return f"after/dispute-{number}.txt"


def is_dispute_record(path: str) -> bool:
    """Whether ``path`` is the record of a dispute, rather than a verdict file."""
    return path.startswith("after/dispute-") and path.endswith(".txt")


def is_verdict(path: str) -> bool:
    """Whether ``path`` is a verdict file."""
    return path.startswith("after/dispute-") and path.endswith(".json")


def _text(stores: Stores, case: Case, at: datetime) -> str:
    sight = make_case_sight(stores=stores, case=case, side=Mover.PLATFORM, at=at)
    wanted = "换货" if case.wanted == "replacement" else "退款"
    lines = [
        "平台投诉工单记录",
        f"工单编号：{case.id.hex[:16].upper()}",
        f"订单号：{case.order.number}",
        f"提交时间：{_when(case.opened_at)}",
        f"投诉类型：{sight.reason}",
        f"诉求：{wanted} {sight.amount} 元",
        f"状态：{sight.outcome or sight.step}",
        *([f"办结时间：{_when(case.closed_at)}"] if case.closed_at else []),
        "",
        "经过",
        *(f"· {_when(one['at'])}　{one['who']}　{one['what']}" for one in sight.events),
        "",
        "双方和平台说的话",
        *_words(sight),
        *_decisions(sight),
        *_remedies(sight),
    ]
    return "\n".join((*lines, ""))


def _words(sight: CaseSight) -> Iterator[str]:
    for post in sight.posts:
        yield f"{_when(post['at'])} {post['who']}: {_flat(post['words']) or '（只有附件）'}"
        for file in post["files"]:
            yield f"　附件 {_flat(file['name'])}，SHA-256 {file['sha256']}"
    for one in sight.offers:
        amount = f" {one['amount']} 元" if one["amount"].minor else ""
        told = f"方案：{one['remedy']}{amount} {_flat(one['words'])}".rstrip()
        yield f"{_when(one['at'])} {one['who']}: {told}（{one['answer'] or '还没有答复'}）"


def _decisions(sight: CaseSight) -> Iterator[str]:
    for one in sight.verdicts:
        by = "平台按规则自动调处" if one["automatic"] else "平台裁决"
        amount: Money = one["amount"]
        yield ""
        yield f"{by}，第 {one['number']} 次，{_when(one['at'])}"
        yield f"结果：{one['remedy']}" + (f" {amount} 元" if amount.minor else "")
        if one["fault"]:
            yield f"责任：{one['fault']}"
        yield from (f"理由：{_flat(line)}" for line in one["lines"])
        yield f"裁决文件摘要 SHA-256：{one['digest']}"


def _remedies(sight: CaseSight) -> Iterator[str]:
    if sight.remedies:
        yield ""
        yield "执行"
    for one in sight.remedies:
        amount = f" {one['amount']} 元" if one["amount"] else ""
        yield f"· {_when(one['at'])}　{one['what']}{amount}　{one['state']}"


def _flat(text: str) -> str:
    return " ".join(text.split())


def _when(at: datetime) -> str:
    return say_second(beijing(at))
