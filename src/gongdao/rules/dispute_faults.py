"""What can be wrong with one entry of the dispute rules, by itself."""

from __future__ import annotations

from collections.abc import Iterator

from gongdao.core.language import gettext as _
from gongdao.rules.dispute_kinds import (
    AbuseRule,
    Condition,
    DisputeClock,
    DisputeStop,
    Excuse,
    ExcuseProof,
    Liability,
    LiabilityRow,
    Share,
)
from gongdao.rules.model import Entry, Unit

PARTIES = frozenset({"merchant", "platform", "supplier", "payment", "buyer"})
MODES = frozenset({"automatic", "person", "wait"})
REMEDIES = frozenset({"refund_full", "refund_part", "replacement", "compensation", "none"})
BASES = frozenset(
    {
        "nothing",
        "paid",
        "affected",
        "undelivered",
        "shortfall",
        "overcharge",
        "surplus",
        "promised",
        "asked",
    }
)
EFFECTS = frozenset({"defeats_claim", "shifts_fault", "changes_nothing"})
MEASURES = frozenset({"warn", "ask_recording", "person_first", "limit_cases", "hold"})
CLOCK_UNITS = frozenset({Unit.HOURS, Unit.WORKING_DAYS})


def dispute_faults(entry: Entry) -> Iterator[str]:
    """Each fault as a sentence; nothing for entries of other kinds."""
    if isinstance(entry, Liability):
        if not entry.id.endswith(f"/{entry.reason}"):
            yield _("编号与理由不一致")
        yield from _repeated([row.code for row in entry.rows])
        for row in entry.rows:
            yield from (f"{row.code}: {why}" for why in _row_faults(row))
    elif isinstance(entry, Excuse):
        if entry.by not in PARTIES or entry.hours < 1:
            yield _("没有写清由谁在多少小时内证明")
        yield from _repeated([proof.code for proof in entry.proofs])
        for proof in entry.proofs:
            yield from (f"{proof.code}: {why}" for why in _proof_faults(proof))
    elif isinstance(entry, AbuseRule):
        if entry.who not in ("buyer", "merchant", "both") or entry.measure not in MEASURES:
            yield _("不认识的对象或措施")
        if entry.hours < 1 or not entry.when:
            yield _("措施必须有条件和期限")
        yield from _condition_faults(entry.when)
    elif isinstance(entry, DisputeClock):
        yield from _clock_faults(entry)
    elif isinstance(entry, DisputeStop) and entry.hours < 1:
        yield _("停止计时必须有最长的小时数")


def _repeated(codes: list[str]) -> Iterator[str]:
    if len(set(codes)) != len(codes) or not codes:
        yield _("编码重复，或一条也没有")


def _row_faults(row: LiabilityRow) -> Iterator[str]:
    if row.mode not in MODES or row.remedy not in REMEDIES or row.amount.of not in BASES:
        yield _("不认识的方式、处理或金额基数")
    if not 0 <= row.amount.percent <= 100:
        yield _("百分比必须在 0 到 100 之间")
    if (row.mode == "wait") != bool(row.until):
        yield _("等待的行必须写明等到何时，其他行不能写")
    pays = row.remedy != "none"
    if pays != (row.amount.of != "nothing") or (pays and not row.fault):
        yield _("有处理就要有责任方和金额，没有处理就不能有金额")
    yield from _share_faults(row.fault)
    yield from _condition_faults(row.when)


def _proof_faults(proof: ExcuseProof) -> Iterator[str]:
    if proof.effect not in EFFECTS or (proof.effect == "shifts_fault") != bool(proof.fault):
        yield _("不认识的效果，或责任方与效果不配")
    if not proof.when:
        yield _("没有写要证明什么")
    yield from _share_faults(proof.fault)
    yield from _condition_faults(proof.when)


def _share_faults(shares: tuple[Share, ...]) -> Iterator[str]:
    parties = [share.party for share in shares]
    if not set(parties) <= PARTIES or len(set(parties)) != len(parties):
        yield _("不认识的责任方，或同一方写了两次")
    whole = sum(share.percent for share in shares) in ((100,) if shares else (0,))
    if not whole or any(share.percent < 1 for share in shares):
        yield _("责任比例之和必须是 100")


def _condition_faults(conditions: tuple[Condition, ...]) -> Iterator[str]:
    for one in conditions:
        tests = [
            bool(one.one_of),
            one.at_least is not None,
            one.below is not None,
            bool(one.over),
            bool(one.not_over),
        ]
        if sum(tests) != 1:
            yield _("条件“{fact}”必须正好有一种判断").format(fact=one.fact)
        if one.plus and not (one.over or one.not_over):
            yield _("条件“{fact}”的 plus 只能用于比较两个事实").format(fact=one.fact)


def _clock_faults(clock: DisputeClock) -> Iterator[str]:
    if clock.who not in PARTIES:
        yield _("不认识的一方“{who}”").format(who=clock.who)
    if (clock.length is None) != (clock.unit is None):
        yield _("时长和单位要么都写，要么都不写")
    if clock.length is not None and (clock.length < 1 or clock.unit not in CLOCK_UNITS):
        yield _("时限只按小时或工作日计算，至少为 1")
