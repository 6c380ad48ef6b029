"""Facts about what was said and done afterwards: admission, promise, demand, refusal, silence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime

from gongdao.channels.clocks import platform_silent_since
from gongdao.channels.letters.fact import Fact, Wording
from gongdao.channels.letters.matter import Matter, say_times
from gongdao.channels.shorten import clip
from gongdao.core.clock import beijing, find_instant, say_chinese
from gongdao.core.codes import Kind, Outcome, Party, Speaker
from gongdao.evidence.chat_lines.label import Label
from gongdao.evidence.dossier import SaidLine, Seen, refund_rows
from gongdao.evidence.reading import Exhibit

_DEMANDS = {Label.DEMAND_REFUND: "退款", Label.DEMAND_REDELIVER: "继续履行"}
_DEMAND_WORDS = {
    Label.DEMAND_REFUND: r"退|还钱|还我|钱还",
    Label.DEMAND_REDELIVER: r"发|补|换|充|到账|给我",
}
_REFUSALS = (Label.REFUND_REFUSED, Label.VIRTUAL_NO_REFUND)
_IDENTITY = re.compile(r"(?:卖家|商家|店铺|商户)[^。]{0,10}(?:信息|身份|资料|联系方式|名称|地址)")
_WITHHELD = re.compile(r"隐私|无法提供|不(?:能|便|予|可以)提供|拒绝提供|无权|保密|不对外|不公开")


def conduct_facts(m: Matter) -> tuple[Fact, ...]:
    """What was said and done after the breach, in the order in which it happened."""
    found = [
        *_notice(m),
        *_admission(m),
        *_promises(m),
        *_refusals(m),
        *_tickets(m),
        *_platform(m),
        *_regulator(m),
    ]
    return tuple(sorted(found, key=lambda f: (f.at or m.dossier.as_of).timestamp()))


def _admission(m: Matter) -> Iterator[Fact]:
    line = m.closure.admission_line
    if not m.admitted or line is None or not m.quotable(line.message.text):
        return
    head, quote = m.said(line), m.quote(line.message.text)
    told = Wording(f"{head}承认：{quote}", f"商家承认：{quote}", f"商家在聊天中表示：{quote}")
    yield Fact(m, "admission", told, (line.exhibit,), 88, line.message.at)


def _promises(m: Matter) -> Iterator[Fact]:
    """The last promise to refund and the last to deliver by a time that can be told."""
    kept: dict[Label, SaidLine] = {}
    for line in m.dossier.labelled(Label.PROMISE_REFUND, Label.PROMISE_REDELIVER):
        if not line.by_seller_side or not m.quotable(line.message.text) or _before(m, line):
            continue
        if Label.PROMISE_REFUND in line.labels:
            kept[Label.PROMISE_REFUND] = line
        elif line.by:
            kept[Label.PROMISE_REDELIVER] = line
    for line in dict.fromkeys(kept.values()):
        if line is m.closure.admission_line:
            continue
        quote = m.quote(line.message.text)
        passed = "，该时间已过" if _passed(line.by, m.dossier.as_of) else ""
        still = ""
        if passed and Label.PROMISE_REFUND in line.labels and not refund_rows(m.dossier):
            still = "，账单及聊天中未见退款" if _has_bill(m) else "，至今未收到退款"
        short = f"{_speaker(line)}答复{m.quote(line.message.text, 40)}{passed}"
        told = Wording(f"{m.said(line)}答复：{quote}{passed}{still}", short)
        yield Fact(m, "promised", told, (line.exhibit,), 58, line.message.at)


def _before(m: Matter, line: SaidLine) -> bool:
    """Said before the payment: then it belongs to the contract, not to the answers."""
    return bool(line.message.at and m.paid.at and line.message.at < m.paid.at)


def _has_bill(m: Matter) -> bool:
    return bool(m.dossier.of(Kind.BILL_EXPORT))


def _passed(by: datetime | date | None, at: datetime) -> bool:
    if by is None:
        return False
    if isinstance(by, datetime):
        return by < at
    return by < beijing(at).date()


def _notice(m: Matter) -> Iterator[Fact]:
    """The buyer's first and last demand, in our words: theirs may hold what they regret."""
    lines = m.dossier.labelled(*_DEMANDS, by=Speaker.BUYER)
    said = tuple(dict.fromkeys([*lines[:1], *lines[-1:]]))
    if not said:
        return
    asked = dict.fromkeys(what for line in said for what in _asked(line))
    times = [line.message.at for line in said if line.message.at]
    when = "、".join(dict.fromkeys(say_chinese(at) for at in times))
    head = f"{when}，{m.side}" if when else m.side
    what = "或".join(asked) or "处理"
    talks = {exhibit.path for exhibit in m.dossier.of(Kind.CHAT)}
    where = "在聊天中" if all(line.exhibit in talks for line in said) else ""
    told = Wording(f"{head}{where}要求{what}", f"{head}要求{what}")
    paths = tuple(line.exhibit for line in said)
    yield Fact(m, "demanded", told, paths, 55, times[-1] if times else None)


def _asked(line: SaidLine) -> list[str]:
    """What was asked; a plain word of it must be in the line, else only that something was."""
    return [
        text
        for label, text in _DEMANDS.items()
        if label in line.labels and re.search(_DEMAND_WORDS[label], line.message.text)
    ]


def _refusals(m: Matter) -> Iterator[Fact]:
    lines = [x for x in m.dossier.labelled(*_REFUSALS) if x.by_seller_side]
    lines = [x for x in lines if m.quotable(x.message.text)]
    if not m.admitted or m.closure.admission_line not in lines[-1:]:
        for line in _one_each(lines):
            told = f"{m.said(line)}答复：{m.quote(line.message.text)}"
            short = f"{_speaker(line)}答复{m.quote(line.message.text, 40)}"
            yield Fact(m, "refused", Wording(told, short), (line.exhibit,), 64, line.message.at)
    for line in m.dossier.said:
        text = line.message.text
        if _refuses_identity(line):
            if m.quotable(text) and line not in lines:
                told = f"{m.said(line)}就卖家身份答复：{m.quote(text)}"
                at = line.message.at
                yield Fact(m, "identity_refused", Wording(told), (line.exhibit,), 62, at)
            break


def _refuses_identity(line: SaidLine) -> bool:
    text = line.message.text
    return bool(line.by_seller_side and _IDENTITY.search(text) and _WITHHELD.search(text))


def _speaker(line: SaidLine) -> str:
    return "平台" if line.message.speaker is Speaker.PLATFORM else "商家"


def _one_each(lines: list[SaidLine]) -> list[SaidLine]:
    """The last refusal of the merchant and of the platform: the last one stands."""
    last = {line.message.speaker: line for line in lines}
    return list(last.values())


def _is_ticket(exhibit: Exhibit) -> bool:
    return exhibit.form != "regulator_status" and "accepted_at" not in exhibit.fields


def _tickets(m: Matter) -> Iterator[Fact]:
    for seen in m.dossier.seen("ticket_no", Kind.COMPLAINT_RECEIPT)[:2]:
        if not _is_ticket(seen.exhibit):
            continue
        at = _at(seen)
        when = f"{say_chinese(at)}，" if at else ""
        told = Wording(
            f"{when}{m.side}向平台提交工单，编号{clip(seen.value, 40)}",
            f"{when}{m.side}向平台提交工单{clip(seen.value, 40)}",
            f"{when}{m.side}向平台提交了工单",
        )
        yield Fact(m, "ticket", told, (seen.exhibit.path,), 56, at)


def _at(seen: Seen) -> datetime | None:
    field = seen.exhibit.fields.get("at")
    return find_instant(field.value) if field else None


def _platform(m: Matter) -> Iterator[Fact]:
    since = platform_silent_since(m.dossier)
    exhibits = tuple(
        e.path for e in m.dossier.of(Kind.COMPLAINT_RECEIPT) if _is_ticket(e) and "at" in e.fields
    )
    if since:
        now = m.dossier.as_of
        hours = int((now - since).total_seconds() // 3600)
        days, rest = divmod(hours, 24)
        near = f"近{days + 1}天" if rest >= 12 else f"超过{days}天"
        length = near if days >= 3 else f"{hours}小时"
        told = Wording(
            f"自{say_chinese(since)}{m.side}向平台提出起，截至{say_chinese(now)}已{length}，平台没有实质答复",
            f"平台{'' if days >= 3 else '已'}{length}没有实质答复",
        )
        yield Fact(m, "platform_silent", told, exhibits, 70)
        return
    turned = {Outcome.REJECTED: "驳回", Outcome.REFUSED: "拒绝", Outcome.SHIFTED: "推给他人处理"}
    last = [c for c in m.dossier.statement.contacts if c.party is Party.PLATFORM][-1:]
    answered = any(
        line.message.speaker is Speaker.PLATFORM and line.labels & frozenset(_REFUSALS)
        for line in m.dossier.said
    ) or any(_refuses_identity(line) for line in m.dossier.said)
    for contact in last:
        if contact.outcome in turned and not answered:
            turn = f"{say_chinese(contact.at)}，{m.side}向平台提出，被{turned[contact.outcome]}"
            yield Fact(m, "platform_turned", Wording(turn), exhibits, 57, contact.at)


def _regulator(m: Matter) -> Iterator[Fact]:
    """What a saved page of the regulator says; left out for a reseller."""
    if not m.consumer:
        return
    for seen in m.dossier.seen("accepted_at", Kind.COMPLAINT_RECEIPT, Kind.OTHER)[:1]:
        told = Wording(f"市场监管部门已于{say_times(clip(seen.value, 40))}受理本单的投诉")
        yield Fact(m, "regulator_accepted", told, (seen.exhibit.path,), 44)
