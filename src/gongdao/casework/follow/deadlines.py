"""The deadlines of a case as people follow them: due, whose move, how counted, what then. Pure.

A deadline is counted anew each time from its start, by the rule data given; what was stored is
compared with that, so that a corrected calendar moves a date visibly and never silently.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from gongdao.channels.clocks import Clock
from gongdao.core.clock import beijing, say_minute
from gongdao.core.language import Bilingual, Phrase, mark, use_language
from gongdao.rules import queries
from gongdao.rules.at import find_at
from gongdao.rules.count import Count
from gongdao.rules.load import Rules, load_rules
from gongdao.rules.model import Article, Status, Unit

WHOSE: dict[str, str] = {
    "buyer": mark("您"),
    "merchant": mark("商家"),
    "platform": mark("平台"),
    "payment": mark("支付机构"),
    "carrier": mark("运营商"),
    "carrier_authority": mark("通信管理部门"),
    "consumer_association": mark("消费者协会"),
    "regulator": mark("市场监管部门"),
    "court": mark("法院"),
    "defendant": mark("被告"),
    "police": mark("公安机关"),
}
"""Who has to move, by the code in the rule data."""
WHEN_PASSED: dict[str, str] = {
    "platform_answer": mark("平台没有答复：可以升级到平台管理层，也可以如实公开反映"),
    "management_answer": mark("管理层没有答复：可以走支付机构、12315 投诉等外部渠道"),
    "wechat_pay_first_reply": mark("商家没有首次回复：在微信支付的投诉里请平台介入"),
    "wechat_pay_resolve": mark("商家没有处理完：在微信支付的投诉里请平台判定"),
    "regulator_acceptance": mark("没有告知是否受理：带着编号书面询问，仍可走法院"),
    "regulator_mediation": mark("调解期满：书面询问结果，没有谈成可以去法院"),
    "regulator_report_check": mark("核查期满：书面询问是否立案，对方可能已依法延期一次"),
    "court_filing": mark("法院没有立案也没有裁定：打电话给立案庭询问"),
    "court_service": mark("问承办法官起诉状是否已经送达"),
    "small_claims_trial": mark("审限已到：询问承办法官，可能已依法延长"),
    "limitation": mark("超过诉讼时效，对方提出抗辩就会败诉"),
    "complaint_barred": mark("12315 投诉不再受理"),
}
"""What passing opens, or closes, by deadline."""


@dataclass(frozen=True)
class StoredDeadline:
    """What is kept of a deadline once shown. ``rules`` is the digest of all rule data then."""

    key: str
    due: datetime
    rule: str
    rules: str
    estimated: bool = False


@dataclass(frozen=True)
class DeadlineView:
    """One running deadline.

    ``key`` never changes while channel, rule and start stay; ``rule`` names the version counted
    with, ``rules`` the digest of all rule data. ``acts``: code of who has to move. ``policy``:
    our own choice, no law behind it; ``basis``: Chinese citations of the law there is.
    ``readings`` are further due times where a text can be read in two ways.
    """

    key: str
    channel: str
    code: str
    rule: str
    rules: str
    since: datetime
    due: datetime
    by_hours: bool
    acts: str
    overdue: bool
    estimated: bool
    policy: bool
    basis: tuple[str, ...]
    readings: tuple[datetime, ...]
    opens: tuple[str, ...]
    name: Bilingual = field(compare=False)
    counted: Bilingual = field(compare=False)
    says: Bilingual = field(compare=False)

    @property
    def whose(self) -> Phrase:
        """Who has to move, to be shown."""
        return Phrase.named(WHOSE[self.acts])

    @property
    def then(self) -> Phrase | None:
        """What passing opens or closes, None where nothing is known of it."""
        return Phrase.named(WHEN_PASSED[self.code]) if self.code in WHEN_PASSED else None

    @property
    def buyer_acts(self) -> bool:
        """Whether the buyer has to move before it runs out."""
        return self.acts == "buyer"

    def stored(self) -> StoredDeadline:
        """What to keep, to compare with later."""
        return StoredDeadline(self.key, self.due, self.rule, self.rules, self.estimated)


def find_deadlines(
    clocks: Iterable[Clock], *, as_of: datetime, rules: Rules | None = None
) -> tuple[DeadlineView, ...]:
    """Every deadline of ``clocks`` (``judgement.routes.clocks``), the nearest first; two of the
    same channel, rule and start are one. Counted by ``rules``, the published ones if not given."""
    known = rules or load_rules()
    found = {view.key: view for view in (_view(c, as_of, known, known.digest) for c in clocks)}
    return tuple(sorted(found.values(), key=lambda view: (view.due, view.key)))


def deadline_key(channel: str, code: str, since: datetime) -> str:
    """``regulator_complaint/regulator_acceptance/20261110T010000Z``: stable, without a word of
    the case. Starts within one second are one."""
    return f"{channel}/{code}/{since.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _view(clock: Clock, as_of: datetime, rules: Rules, digest: str) -> DeadlineView:
    on = beijing(as_of).date()
    rule = queries.deadline(clock.deadline, on, rules=rules)
    chinese = copy_context().run(_count, "zh", rule.id, clock.since, as_of, rules)
    english = copy_context().run(_count, "en", rule.id, clock.since, as_of, rules)
    articles = (find_at(id, on=on, rules=rules) for id in rule.basis)
    return DeadlineView(
        key=deadline_key(clock.channel, rule.code, clock.since),
        channel=clock.channel,
        code=rule.code,
        rule=rule.ref,
        rules=digest,
        since=clock.since,
        due=chinese.due,
        by_hours=chinese.unit is Unit.HOURS,
        acts=rule.acts,
        overdue=as_of > chinese.due,
        estimated=chinese.estimated,
        policy=rule.status is Status.HOUSE_POLICY,
        basis=tuple(article.cite for article in articles if isinstance(article, Article)),
        readings=tuple(r.due for r in chinese.readings if r.due != chinese.due),
        opens=tuple(c.code for c in queries.channels(on) if rule.code in c.opens_after),
        name=Bilingual(rule.name, rule.name_en),
        counted=Bilingual(chinese.counted, english.counted),
        says=Bilingual(rule.says, rule.says_en),
    )


def _count(language: str, id: str, since: datetime, as_of: datetime, rules: Rules) -> Count:
    """Count in ``language``; run in a context of its own, so that the caller's stays."""
    use_language(language)
    return queries.count(id, since, beijing(as_of).date(), rules=rules)


class Change(StrEnum):
    """What became of a deadline since it was last shown."""

    NEW = "new"
    MOVED = "moved"
    FIRM = "firm"
    """The same day, but no longer an estimate."""
    OVER = "over"


@dataclass(frozen=True)
class DeadlineChange:
    """One change: ``before`` is None for a new deadline, ``after`` for one that is over. ``why``
    says it with both dates."""

    key: str
    change: Change
    before: datetime | None
    after: datetime | None
    why: Phrase


def compare_deadlines(
    stored: Iterable[StoredDeadline], fresh: Iterable[DeadlineView]
) -> tuple[DeadlineChange, ...]:
    """What changed since ``stored``, by key. A date that moved always says old, new and why."""
    before = {one.key: one for one in stored}
    after = {one.key: one for one in fresh}
    changes = (_change(key, before.get(key), after.get(key)) for key in sorted(before | after))
    return tuple(change for change in changes if change is not None)


def _change(
    key: str, old: StoredDeadline | None, new: DeadlineView | None
) -> DeadlineChange | None:
    if new is None:
        return DeadlineChange(
            key, Change.OVER, old.due if old else None, None, Phrase("这个期限不再适用")
        )
    if old is None:
        why = Phrase("新的期限，到 {due}", due=say_minute(new.due))
        return DeadlineChange(key, Change.NEW, None, new.due, why)
    if old.due != new.due:
        return DeadlineChange(key, Change.MOVED, old.due, new.due, _why_moved(old, new))
    if old.estimated and not new.estimated:
        why = Phrase("放假安排已经公布，{due} 不再是估算", due=say_minute(new.due))
        return DeadlineChange(key, Change.FIRM, old.due, new.due, why)
    return None


def _why_moved(old: StoredDeadline, new: DeadlineView) -> Phrase:
    dates = {"old": say_minute(old.due), "new": say_minute(new.due)}
    if old.rule != new.rule:
        return Phrase(
            "期限的规定有了新版本（{before} → {after}）：由 {old} 改为 {new}",
            before=old.rule.rpartition("/")[2],
            after=new.rule.rpartition("/")[2],
            **dates,
        )
    digests = {"before": old.rules[:8], "after": new.rules[:8]}
    if old.rules == new.rules:
        return Phrase("重新计算：由 {old} 改为 {new}", **dates)
    if old.estimated and not new.estimated:
        return Phrase(
            "放假安排公布了，估算改为实算：由 {old} 改为 {new}（规则数据 {before} → {after}）",
            **digests,
            **dates,
        )
    return Phrase(
        "放假安排或规则数据作了更正：由 {old} 改为 {new}（规则数据 {before} → {after}）",
        **digests,
        **dates,
    )
