"""``gongdao log check-anchor``: look up the transactions that a receipt names, at any node."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gongdao.core.language import gettext as _
from gongdao.front.cli.options import AsJson, Lang, escape_controls, print_json

if TYPE_CHECKING:
    from gongdao.log.anchors.check_receipt import CheckedAnchor

_LARGEST = 2 << 20
ReceiptFile = Annotated[Path, typer.Argument(metavar="FILE", help="回执 .tlog-proof。Receipt.")]
NodeUrl = Annotated[
    str, typer.Option("--node", metavar="URL", help="您信得过的链上节点。A node that you trust.")
]
Confirmations = Annotated[
    int, typer.Option("--confirmations", help="要有几个区块确认。Blocks needed.", min=1, max=1000)
]


def check_anchor(
    file: ReceiptFile,
    node: NodeUrl,
    confirmations: Confirmations = 12,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """Ask the node whether each transaction of the receipt is on its chain and names the anchored
    checkpoint. Exit 1 where one is not."""
    from gongdao.core.errors import ArgumentError
    from gongdao.log.anchors.check_receipt import check_receipt_anchors
    from gongdao_verify.log_verdict import LogState
    from gongdao_verify.receipt_extra import BadReceipt
    from gongdao_verify.words import say

    with file.open("rb") as opened:
        receipt = opened.read(_LARGEST)
    try:
        verdict, checked = check_receipt_anchors(
            receipt=receipt, node_url=node, confirmations=confirmations
        )
    except BadReceipt as bad:
        raise ArgumentError(say(bad.code, lang), file=str(file)) from None
    except ValueError:
        raise ArgumentError(_("要以 http:// 或 https:// 开头"), field="--node") from None
    if verdict.state is LogState.INVALID:
        raise ArgumentError(say(verdict.reason, lang), file=str(file))
    if not checked:
        raise ArgumentError(
            _("回执里没有链上的锚定"), file=str(file), hint=_("时间戳用 gongdao-verify 离线核对。")
        )
    if as_json:
        print_json({"anchors": [_as_json(one) for one in checked]})
    else:
        for one in checked:
            _show(one)
    if not all(one.check.holds for one in checked):
        raise typer.Exit(1)


def _as_json(one: CheckedAnchor) -> dict[str, Any]:
    found = one.check
    return {
        "chain_id": one.chain_id,
        "tx": one.transaction,
        "size": one.size,
        "holds": found.holds,
        "at": found.at.isoformat() if found.at else None,
        "account": found.authority or None,
        "why": str(found.why) if found.why else None,
        "unchecked": [str(phrase) for phrase in found.unchecked],
    }


def _show(one: CheckedAnchor) -> None:
    found = one.check
    where = _("链 {chain}，交易 {tx}").format(chain=one.chain_id, tx=one.transaction)
    if not found.holds:
        print(_("不成立：{where}：{why}").format(where=where, why=found.why))
        return
    at = f"{found.at:%Y-%m-%d %H:%M:%S} UTC" if found.at else "?"
    text = _("成立：{where}，写明有 {size} 条记录的检查点，区块时间 {at}，发送账户 {account}")
    account = escape_controls(found.authority)
    print(text.format(where=where, size=one.size, at=at, account=account))
    for phrase in found.unchecked:
        print(f"  {phrase}")
