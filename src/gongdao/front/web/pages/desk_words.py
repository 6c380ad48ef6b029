"""What the codes of the desk are called."""

from __future__ import annotations

from gongdao.core.language import mark
from gongdao.ledger.states import PayoutState
from gongdao.market.desk_states import IntakeState
from gongdao.market.states import ListingState
from gongdao.vault.states import BatchState, SourceKind, UnitState

LISTING_STATES: dict[ListingState, str] = {
    ListingState.DRAFT: mark("草稿"),
    ListingState.PUBLISHED: mark("在卖"),
    ListingState.PAUSED: mark("暂停"),
    ListingState.WITHDRAWN: mark("已下架"),
}
LISTING_SHAPES: dict[ListingState, str] = {
    ListingState.DRAFT: "waiting",
    ListingState.PUBLISHED: "open",
    ListingState.PAUSED: "later",
    ListingState.WITHDRAWN: "barred",
}
INTAKE_STATES: dict[IntakeState, str] = {
    IntakeState.LOOKING: mark("正在检查"),
    IntakeState.LOOKED: mark("检查完，等您决定"),
    IntakeState.IMPORTING: mark("正在放上货架"),
    IntakeState.DONE: mark("已放上货架"),
    IntakeState.FAILED: mark("没有成功"),
    IntakeState.GIVEN_UP: mark("已放弃"),
}
INTAKE_SHAPES: dict[IntakeState, str] = {
    IntakeState.LOOKING: "waiting",
    IntakeState.LOOKED: "attention",
    IntakeState.IMPORTING: "waiting",
    IntakeState.DONE: "spent",
    IntakeState.FAILED: "barred",
    IntakeState.GIVEN_UP: "barred",
}
BATCH_STATES: dict[BatchState, str] = {
    BatchState.INCOMING: mark("导入中"),
    BatchState.LIVE: mark("在架"),
    BatchState.QUARANTINED: mark("隔离中"),
    BatchState.WITHDRAWN: mark("已撤下"),
}
UNIT_STATES: dict[UnitState, str] = {
    UnitState.AVAILABLE: mark("在架"),
    UnitState.CLAIMED: mark("已预留或已卖"),
    UnitState.HELD: mark("隔离中"),
    UnitState.WITHDRAWN: mark("已撤下"),
}
STOCK_SOURCES: dict[SourceKind, str] = {
    SourceKind.OFFICIAL: mark("发行方直供"),
    SourceKind.AUTHORIZED: mark("授权经销"),
    SourceKind.RESALE: mark("转售"),
    SourceKind.RECYCLED: mark("回收再售"),
    SourceKind.OWN: mark("自己生成"),
}
BATCH_SOURCES = STOCK_SOURCES | {SourceKind.MOVED_IN: mark("从旧店搬来")}
"""The same with what nobody declares: stock that came with an old shop."""
PAYOUT_STATES: dict[PayoutState, str] = {
    PayoutState.PROPOSED: mark("已申请，等平台批准"),
    PayoutState.APPROVED: mark("已批准，等付款"),
    PayoutState.REQUESTED: mark("已交给银行"),
    PayoutState.CONFIRMED: mark("银行确认已付"),
    PayoutState.RETURNED: mark("被退回"),
    PayoutState.FAILED: mark("银行没有付成"),
    PayoutState.CANCELLED: mark("已撤回"),
}
PAYOUT_SHAPES: dict[PayoutState, str] = {
    PayoutState.PROPOSED: "waiting",
    PayoutState.APPROVED: "waiting",
    PayoutState.REQUESTED: "later",
    PayoutState.CONFIRMED: "spent",
    PayoutState.RETURNED: "attention",
    PayoutState.FAILED: "attention",
    PayoutState.CANCELLED: "barred",
}
