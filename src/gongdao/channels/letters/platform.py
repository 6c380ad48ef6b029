"""To the platform: its service, its management, and the demand for the seller's identity."""

from __future__ import annotations

from gongdao.channels.letters.answers import answers_of
from gongdao.channels.letters.demand import (
    opening,
    platform_address,
    platform_due,
    subject,
    wishes,
)
from gongdao.channels.letters.facts import facts_of
from gongdao.channels.letters.form import filled
from gongdao.channels.letters.frame import exhibits_listed, signature
from gongdao.channels.letters.grounds import articles_by_id, rules_listed, terms_sentences
from gongdao.channels.letters.letter import Letter
from gongdao.channels.letters.matter import Matter
from gongdao.channels.letters.part import (
    LetterPart,
    frame,
    free,
    numbered,
    stated,
    unique,
)
from gongdao.core.codes import Party, Payment, Speaker

_DUTIES = ("ecommerce_law/59", "ecommerce_law/62", "ecommerce_law/63")
_CONSUMER_DUTIES = ("ecommerce_law/61", "ecommerce_law/38")
_IDENTITY = ("ecommerce_law/27", "ecommerce_law/31", "ecommerce_law/62")
_CONSUMER_IDENTITY = ("consumer_protection_law/44", "seven_day_return_measures/24")
_IDENTITY_ASKS = {
    "identity": "请书面提供该卖家的真实名称、统一社会信用代码（个人卖家为真实姓名）、"
    "地址和有效联系方式。",
    "records": "请保存并提供本单的商品快照、发货记录、支付与结算记录。",
    "explain": "不予提供的，请书面写明依据哪条规定。",
}
_SHOWN = 8


def write_in_platform(m: Matter) -> Letter:
    """To the platform's service: asks for a ruling and the money."""
    parts = opening("平台投诉", f"{platform_address(m)}客服部门", subject(m))
    parts += [*_facts(m), *_rules(m), frame("asks", "三、请求", breaks=2), *_requests(m, "客服")]
    return _letter(m, "in_platform", "平台投诉", parts)


def write_management(m: Matter) -> Letter:
    """To the management: what the service did not solve, with the answers to every excuse."""
    parts = opening("致平台管理层的函", f"{platform_address(m)}管理层", subject(m))
    parts += [*_facts(m), *_rules(m)]
    answers = answers_of(m, (Speaker.PLATFORM, Speaker.MERCHANT))
    if answers:
        parts += [frame("answers", "三、对平台和商家说法的回应", breaks=2), *answers]
    parts.append(frame("asks", f"{'四' if answers else '三'}、请求", breaks=2))
    return _letter(m, "management", "致平台管理层的函", [*parts, *_requests(m, "管理层")])


def _letter(m: Matter, name: str, title: str, parts: list[LetterPart]) -> Letter:
    whole = unique([*parts, *exhibits_listed(m), *signature(m, "投诉人")])
    fields = filled(m, name, {"order_no": m.order_no, "text": whole})
    return Letter(name, title, platform_address(m), whole, fields=fields)


def _facts(m: Matter) -> list[LetterPart]:
    facts = facts_of(m)
    kept = set(sorted(range(len(facts)), key=lambda i: -facts[i].weight)[: _SHOWN + 2])
    told = (f.part() for i, f in enumerate(facts) if i in kept)
    return [frame("facts", "一、事实", breaks=2), *numbered(told, "facts")]


def _rules(m: Matter) -> list[LetterPart]:
    ids = (*_DUTIES, *(_CONSUMER_DUTIES if m.consumer else ()))
    told = rules_listed(articles_by_id(m, *ids))
    return [frame("rules", "二、依据", breaks=2), *told, *terms_sentences(m)]


def _requests(m: Matter, whom: str) -> list[LetterPart]:
    if m.refuted:
        told = [free("ask:check", "请核实上述记录并书面说明。")]
    else:
        held = (
            ""
            if m.dossier.statement.order.payment is Payment.TRANSFER
            else "暂停向卖家结算本单货款，"
        )
        ask = f"请核查本单，{held}责成卖家处理下列事项：{'；'.join(wishes(m))}。"
        told = [free("ask", ask)]
        told.append(free("ask:records", "请调取并提供本单的商品快照、发货记录和交易日志。"))
        if not m.known:
            ask = "请书面提供该卖家的真实名称、地址和有效联系方式。"
            told.append(free("ask:identity", ask))
        ask = "不予支持的，请书面说明事实、理由和所依据的规则条款编号，并由人工复核。"
        told.append(free("ask:explain", ask))
    due = f"请平台{whom}于{platform_due(m)}前书面答复。48小时是我的请求，不是法定期限。"
    return [*numbered(told, "asks"), free("due", due)]


def write_identity(m: Matter) -> Letter:
    """Who is the seller? The answer opens 12315 and the court."""
    title, to = "要求提供卖家身份的函", platform_address(m)
    number = f"订单{m.order_no}" if m.order_no else "本人订单"
    parts = opening(title, to, f"{number}的卖家{m.shop if m.merchant else ''}身份信息")
    codes = {"order", "payment", "paid_to_person", "identity_refused", "ticket", "platform_silent"}
    told = [f.part() for f in facts_of(m) if f.code in codes | {"platform_turned"}]
    parts.append(frame("facts", "一、事实", breaks=2))
    parts += numbered([*told, *_asked_before(m)], "facts")
    ids = (*(_CONSUMER_IDENTITY if m.consumer else ()), *_IDENTITY)
    parts += [frame("rules", "二、依据", breaks=2), *rules_listed(articles_by_id(m, *ids))]
    said = tuple(x for x in m.evasions if x.code in ("identity_private", "merchant_responsible"))
    answers = answers_of(_only(m, said), (Speaker.PLATFORM,))
    if answers:
        parts += [frame("answers", "三、对平台说法的回应", breaks=2), *answers]
    parts.append(frame("asks", f"{'四' if answers else '三'}、请求", breaks=2))
    parts += numbered((free(f"ask:{key}", ask) for key, ask in _IDENTITY_ASKS.items()), "asks")
    due = f"请于{platform_due(m)}前书面答复。48小时是我的请求，不是法定期限。"
    parts += [free("due", due), *exhibits_listed(m), *signature(m, "申请人")]
    return Letter("identity_demand", title, to, unique(parts))


def _only(m: Matter, evasions: tuple[object, ...]) -> Matter:
    kept = tuple(e for e in m.evasions if e in evasions)
    return Matter(m.dossier, m.closure, kept, m.on)


def _asked_before(m: Matter) -> list[LetterPart]:
    if any(c.party is Party.PLATFORM for c in m.dossier.statement.contacts):
        return []
    told = f"{m.who}此前没有取得卖家的登记名称、地址和有效联系方式（据买家陈述）。"
    return [stated("seller_unknown", told)]
