"""To the platform: its service, its management, and the demand for the seller's identity."""

from __future__ import annotations

from gongdao.channels.letters.answers import answers_of
from gongdao.channels.letters.demand import (
    platform_address,
    platform_due,
    subject,
    wishes,
)
from gongdao.channels.letters.facts import facts_of
from gongdao.channels.letters.form import filled
from gongdao.channels.letters.frame import exhibits_listed, numbered, signature
from gongdao.channels.letters.grounds import articles_by_id, terms_sentences
from gongdao.channels.letters.letter import Letter
from gongdao.channels.letters.matter import Matter
from gongdao.core.codes import Party, Payment, Speaker

_DUTIES = ("ecommerce_law/59", "ecommerce_law/62", "ecommerce_law/63")
_CONSUMER_DUTIES = ("ecommerce_law/61", "ecommerce_law/38")
_IDENTITY = ("ecommerce_law/27", "ecommerce_law/31", "ecommerce_law/62")
_CONSUMER_IDENTITY = ("consumer_protection_law/44", "seven_day_return_measures/24")
_SHOWN = 8


def write_in_platform(m: Matter) -> Letter:
    """To the platform's service: asks for a ruling and the money."""
    lines = ["平台投诉", f"致：{platform_address(m)}客服部门", f"事由：{subject(m)}", ""]
    lines += ["一、事实", *_facts(m), "", "二、依据", *_rules(m)]
    lines += ["", "三、请求", *_requests(m, "客服")]
    lines += ["", *exhibits_listed(m), "", *signature(m, "投诉人")]
    return _letter(m, "in_platform", "平台投诉", lines)


def write_management(m: Matter) -> Letter:
    """To the management: what the service did not solve, with the answers to every excuse."""
    lines = ["致平台管理层的函", f"致：{platform_address(m)}管理层", f"事由：{subject(m)}", ""]
    lines += ["一、事实", *_facts(m), "", "二、依据", *_rules(m)]
    answers = answers_of(m, (Speaker.PLATFORM, Speaker.MERCHANT))
    if answers:
        lines += ["", "三、对平台和商家说法的回应", *numbered(answers)]
    lines += ["", f"{'四' if answers else '三'}、请求", *_requests(m, "管理层")]
    lines += ["", *exhibits_listed(m), "", *signature(m, "投诉人")]
    return _letter(m, "management", "致平台管理层的函", lines)


def _letter(m: Matter, name: str, title: str, lines: list[str]) -> Letter:
    text = "\n".join(lines)
    fields = filled(m, name, {"order_no": m.order_no, "text": text})
    return Letter(name, title, platform_address(m), text, fields=fields)


def _facts(m: Matter) -> list[str]:
    facts = facts_of(m)
    kept = set(sorted(range(len(facts)), key=lambda i: -facts[i].weight)[: _SHOWN + 2])
    return numbered(f.full for i, f in enumerate(facts) if i in kept)


def _rules(m: Matter) -> list[str]:
    ids = (*_DUTIES, *(_CONSUMER_DUTIES if m.consumer else ()))
    told = numbered(f"{a.cite}：{a.gives}" for a in articles_by_id(m, *ids))
    return [*told, *terms_sentences(m)]


def _requests(m: Matter, whom: str) -> list[str]:
    if m.refuted:
        told = ["请核实上述记录并书面说明。"]
    else:
        held = (
            ""
            if m.dossier.statement.order.payment is Payment.TRANSFER
            else "暂停向卖家结算本单货款，"
        )
        told = [f"请核查本单，{held}责成卖家处理下列事项：{'；'.join(wishes(m))}。"]
        told.append("请调取并提供本单的商品快照、发货记录和交易日志。")
        if not m.known:
            told.append("请书面提供该卖家的真实名称、地址和有效联系方式。")
        told.append("不予支持的，请书面说明事实、理由和所依据的规则条款编号，并由人工复核。")
    due = f"请平台{whom}于{platform_due(m)}前书面答复。48小时是我的请求，不是法定期限。"
    return [*numbered(told), due]


def write_identity(m: Matter) -> Letter:
    """Who is the seller? The answer opens 12315 and the court."""
    lines = ["要求提供卖家身份的函", f"致：{platform_address(m)}"]
    number = f"订单{m.order_no}" if m.order_no else "本人订单"
    lines += [f"事由：{number}的卖家{m.shop if m.merchant else ''}身份信息", "", "一、事实"]
    codes = {"order", "payment", "paid_to_person", "identity_refused", "ticket", "platform_silent"}
    told = [f.full for f in facts_of(m) if f.code in codes | {"platform_turned"}]
    lines += numbered([*told, *_asked_before(m)])
    lines += ["", "二、依据"]
    ids = (*(_CONSUMER_IDENTITY if m.consumer else ()), *_IDENTITY)
    lines += numbered(f"{a.cite}：{a.gives}" for a in articles_by_id(m, *ids))
    said = tuple(x for x in m.evasions if x.code in ("identity_private", "merchant_responsible"))
    answers = answers_of(_only(m, said), (Speaker.PLATFORM,))
    if answers:
        lines += ["", "三、对平台说法的回应", *numbered(answers)]
    lines += ["", f"{'四' if answers else '三'}、请求"]
    lines += numbered(
        [
            "请书面提供该卖家的真实名称、统一社会信用代码（个人卖家为真实姓名）、地址和有效联系方式。",
            "请保存并提供本单的商品快照、发货记录、支付与结算记录。",
            "不予提供的，请书面写明依据哪条规定。",
        ]
    )
    lines.append(f"请于{platform_due(m)}前书面答复。48小时是我的请求，不是法定期限。")
    lines += ["", *exhibits_listed(m), "", *signature(m, "申请人")]
    title = "要求提供卖家身份的函"
    return Letter("identity_demand", title, platform_address(m), "\n".join(lines))


def _only(m: Matter, evasions: tuple[object, ...]) -> Matter:
    kept = tuple(e for e in m.evasions if e in evasions)
    return Matter(m.dossier, m.closure, kept, m.on)


def _asked_before(m: Matter) -> list[str]:
    asked = any(c.party is Party.PLATFORM for c in m.dossier.statement.contacts)
    return (
        [] if asked else [f"{m.who}此前没有取得卖家的登记名称、地址和有效联系方式（据买家陈述）。"]
    )
