"""How a whole matter can end, as the buyer says. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gongdao.casework.follow.filings import CHANNELS
from gongdao.core.errors import InputError
from gongdao.core.language import Phrase, mark
from gongdao.core.money import Money

LONGEST_NOTE = 1000


class Result(StrEnum):
    """How it stands, as a code that statistics can count."""

    REFUNDED = "refunded"
    PARTLY_REFUNDED = "partly_refunded"
    REPLACED = "replaced"
    REJECTED = "rejected"
    WAITING = "waiting"
    GAVE_UP = "gave_up"
    WITHDRAWN = "withdrawn"
    OTHER = "other"


RESULT_NAMES: dict[Result, str] = {
    Result.REFUNDED: mark("全部退款了"),
    Result.PARTLY_REFUNDED: mark("退了一部分"),
    Result.REPLACED: mark("换了能用的，或补到账了"),
    Result.REJECTED: mark("被驳回或拒绝了"),
    Result.WAITING: mark("还在等"),
    Result.GAVE_UP: mark("不想继续了"),
    Result.WITHDRAWN: mark("撤回了，是我弄错了"),
    Result.OTHER: mark("别的结果"),
}
"""Names of the results, in the order in which they are offered."""
PAYS = frozenset({Result.REFUNDED, Result.PARTLY_REFUNDED})
"""Results with which money came back."""
DIRECT = "direct"
"""Not through a channel: settled with the merchant."""


@dataclass(frozen=True)
class SaidResult:
    """What the buyer said: ``channel`` through which it came about, ``direct`` or empty; ``at``
    when it was so; ``closes``: whether the case ends with it."""

    result: Result
    at: datetime
    closes: bool
    channel: str = ""
    amount: Money | None = None
    note: str = ""

    @property
    def name(self) -> Phrase:
        """The result, to be shown."""
        return Phrase.named(RESULT_NAMES[self.result])


def check_result(said: SaidResult, *, as_of: datetime) -> SaidResult:
    """``said`` if it can be kept; raise InputError for an unknown channel, a time to come, an
    amount that is missing or has no place, or an end while still waiting."""
    if said.channel not in ("", DIRECT, *CHANNELS):
        raise InputError(Phrase("没有这个渠道"), field="channel")
    if said.at > as_of:
        raise InputError(Phrase("这个时间还没有到"), field="at")
    if said.result is Result.PARTLY_REFUNDED and said.amount is None:
        raise InputError(Phrase("请填退回了多少"), field="amount")
    if said.amount is not None and (said.result not in PAYS or said.amount.minor <= 0):
        raise InputError(Phrase("这个结果没有退回的金额，或者金额不是正数"), field="amount")
    if said.result is Result.WAITING and said.closes:
        raise InputError(Phrase("还在等就还没有结束；不想再等，请选“不想继续了”"), field="closes")
    if len(said.note) > LONGEST_NOTE:
        raise InputError(Phrase("备注最多 {n} 字", n=LONGEST_NOTE), field="note")
    return said
