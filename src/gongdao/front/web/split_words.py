"""What the states and obstacles of splits (分账) are called."""

from __future__ import annotations

from gongdao.core.language import gettext as _
from gongdao.core.language import mark, translated
from gongdao.market.prepare_split import (
    CHARGE_BACK_TOLD,
    NEEDS_SECOND,
    NO_RECEIVER,
    PAID_OTHERWISE,
    PAYOUT_FIRST,
    PAYOUTS_HELD,
    RECEIVER_NEW,
    REFUND_FIRST,
    SHARES_FIRST,
    STILL_HELD,
)
from gongdao.market.push_split import BY_HAND
from gongdao.market.send_splits import (
    GATEWAY_OFF,
    NOT_DONE_YET,
    NOT_SPLITTING,
    NOTHING_FROZEN,
    RECEIVER_GONE,
    WITH_LAST,
)

SPLIT_STATES: dict[str, str] = {
    "waiting": mark("等着分"),
    "requested": mark("交给渠道了"),
    "confirmed": mark("已分到"),
    "refused": mark("渠道不分"),
    "skipped": mark("不走分账"),
    "stuck": mark("要人看"),
}
SPLIT_SHAPES: dict[str, str] = {
    "waiting": "waiting",
    "requested": "later",
    "confirmed": "spent",
    "refused": "barred",
    "skipped": "spent",
    "stuck": "attention",
}
_PROBLEMS: dict[str, str] = {
    NO_RECEIVER: mark("商家在这个渠道还没有核实过的分账账户"),
    RECEIVER_NEW: mark("分账账户刚核实，满 24 小时才分到那里"),
    NEEDS_SECOND: mark("这一天付出的超过限额，等平台的第二个人放行"),
    PAYOUT_FIRST: mark("有一笔付款在办，等它办完再分"),
    PAYOUTS_HELD: mark("商家的付款被限制挡着"),
    REFUND_FIRST: mark("有退款在办，先退"),
    CHARGE_BACK_TOLD: mark("渠道说这笔付款可能被拒付，核实以前不分"),
    STILL_HELD: mark("还有钱在担保里"),
    SHARES_FIRST: mark("商家的那份还没有办完"),
    PAID_OTHERWISE: mark("这份钱已经另外付出，或抵了欠款"),
    NOT_SPLITTING: mark("这个渠道没有开分账"),
    NOTHING_FROZEN: mark("这个渠道不冻结，没有要解冻的"),
    GATEWAY_OFF: mark("这个渠道现在没有开"),
    NOT_DONE_YET: mark("渠道还没有办完"),
    RECEIVER_GONE: mark("分账账户已经删除"),
    WITH_LAST: mark("和最后一份一起解冻了"),
    BY_HAND: mark("有人决定另外付"),
    "other_split": mark("渠道的答复对不上"),
}
_REFUSED = "refused:"


def split_state(state: str, part: str = "share") -> str:
    """A state in the language in use; of the rest nothing arrives, it is released."""
    if part == "rest" and state == "confirmed":
        return _("已解冻")
    return translated(SPLIT_STATES[state])


def split_problem(problem: str) -> str:
    """Why a split waits or ended as it did; a service's own code is shown as it is."""
    if not problem:
        return ""
    if problem.startswith(_REFUSED):
        return _("渠道的答复：{code}").format(code=problem.removeprefix(_REFUSED))
    if problem in _PROBLEMS:
        return translated(_PROBLEMS[problem])
    return _("渠道没有能用的答复（{code}）").format(code=problem)
