"""Small claims: the statement of claim by its elements, with the list of evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gongdao.channels.letters.demand import (
    amount_claimed,
    first_demand,
    merchant_address,
    wish,
)
from gongdao.channels.letters.fact import Fact
from gongdao.channels.letters.facts import facts_of
from gongdao.channels.letters.form import filled
from gongdao.channels.letters.frame import name_of, phone_of
from gongdao.channels.letters.grounds import articles_of, terms_sentences
from gongdao.channels.letters.letter import Letter
from gongdao.channels.letters.matter import Matter, say_day, say_sum
from gongdao.channels.letters.names import CLOSING, KINDS, MEANS, OUTCOMES, PARTIES, PROVES
from gongdao.channels.shorten import clip
from gongdao.core.clock import say_chinese
from gongdao.core.codes import Demand, Payment, Reason
from gongdao.evidence.dossier import captured_at
from gongdao.evidence.reading import Exhibit

_NONE = "无"
_CONTRACT = ("listing", "promise", "order")
_URGED = ("demanded", "ticket", "promised")
_TALKED = (
    "refused",
    "platform_silent",
    "platform_turned",
    "identity_refused",
    "regulator_accepted",
)
_SECTIONS = (
    ("当事人", ("plaintiff", "service", "defendant")),
    (
        "诉讼请求",
        (
            "claim_price",
            "claim_delay",
            "claim_loss",
            "claim_defect",
            "claim_end",
            "claim_costs",
            "claim_other",
            "claim_total",
        ),
    ),
    ("约定管辖和诉前保全", ("forum",)),
    (
        "事实与理由",
        (
            "contract",
            "parties",
            "object",
            "price",
            "delivery",
            "quality",
            "penalty",
            "performance",
            "late",
            "urged",
            "defect",
            "negotiated",
        ),
    ),
    ("证据清单", ("evidence",)),
    ("对纠纷解决方式的意愿", ("mediation",)),
)


def write_court(m: Matter) -> Letter:
    """The form of the elements, filled as far as the evidence goes."""
    m = replace(m, voice="原告")
    values = {**_parties(m), **_claims(m), **_story(m)}
    values["evidence"] = "\n".join(_evidence(m))
    values["mediation"] = "【请选择：是否了解先行调解；是否同意调解】"
    fields = filled(m, "court", values)
    names = {f.code: f.name for f in fields}
    lines = ["民事起诉状（要素式）"]
    for heading, codes in _SECTIONS:
        lines += ["", f"【{heading}】"]
        for code in codes:
            if code in names:
                lines.append(f"{names[code]}：{values.get(code) or _NONE}")
    rules = m.cites(articles_of(m), full=True)
    if rules:
        lines += ["", f"请求依据：{rules}。"]
    lines += ["", "此致", "【请填写：有管辖权的人民法院】", ""]
    lines += [f"具状人：{name_of(m)}", say_day(m.on), CLOSING]
    court = "买家住所地或被告住所地基层人民法院"
    return Letter("court", "民事起诉状", court, "\n".join(lines), fields=fields)


def _parties(m: Matter) -> dict[str, str]:
    plaintiff = f"{name_of(m)}；联系电话：{phone_of(m)}"
    if m.minor:
        plaintiff = f"【请填写：未成年人姓名】；法定代理人：{plaintiff}"
    address = clip(m.closure.respondent.address, 80) or "【请填写：执照登记的地址】"
    return {
        "plaintiff": f"{plaintiff}；【请填写：性别、出生日期、民族、工作单位、住所地、证件号码】",
        "service": "【请填写：送达地址；是否同意电子送达】",
        "defendant": f"{merchant_address(m)}；住所地：{address}",
    }


def _claims(m: Matter) -> dict[str, str]:
    claim = m.dossier.statement.claim
    wanted = [(first_demand(m), amount_claimed(m)), *((a.demand, a.amount) for a in claim.also)]
    values: dict[str, str] = {}
    for demand, amount in wanted:
        text = f"请求判令被告{wish(m, demand, amount)}。"
        code = _field_of(demand)
        values[code] = f"{values[code]}{text}" if code in values else text
    total = [amount for _, amount in wanted[:1] if amount]
    values["claim_total"] = say_sum(total[0]) if total else "【请填写：标的总额】"
    values["claim_costs"] = "本案诉讼费用由被告负担。"
    if first_demand(m) is Demand.REFUND and not _partial(m):
        values["claim_end"] = "解除本单合同。"
    values["forum"] = "【请核对：平台协议有无仲裁或管辖约定】；未申请诉前保全。"
    return values


def _partial(m: Matter) -> bool:
    amount = amount_claimed(m)
    return amount is not None and m.paid.amount is not None and amount < m.paid.amount


def _field_of(demand: Demand) -> str:
    if demand in (Demand.REFUND, Demand.REPLACEMENT, Demand.MAKE_UP):
        return "claim_defect"
    if demand is Demand.COMPENSATION:
        return "claim_loss"
    return "claim_other"


def _story(m: Matter) -> dict[str, str]:
    facts = facts_of(m)

    def told(codes: Iterable[str]) -> str:
        return "".join(f.full for f in facts if f.code in codes)

    skip = {*_CONTRACT, *_URGED, *_TALKED, "payment", "paid_to_person", "refunded", "delivered"}
    wrong = [f for f in facts if f.code not in skip | {"delivered_late", "admission"}]
    late = told(("delivered_late",))
    if not late and Reason.NOT_DELIVERED in m.dossier.statement.claim.reasons:
        late = "至今未交付（据买家陈述）。"
    quantity = m.dossier.statement.order.quantity
    number = f"，数量{quantity}" if quantity else ""
    return {
        "contract": told(_CONTRACT) or "网上下单（据买家陈述）。",
        "parties": f"买方：{name_of(m)}；卖方：{merchant_address(m)}。",
        "object": f"{m.product or '【请填写：商品名称】'}{number}。",
        "price": told(("payment", "paid_to_person")) or "【请填写：价格与付款方式】",
        "delivery": told(("promise",)) or _promise(facts) or "【请填写：约定的交付时间和方式】",
        "quality": "".join(terms_sentences(m)),
        "performance": told(("payment", "delivered", "delivered_late", "refunded")),
        "late": late,
        "urged": told(_URGED) or _NONE,
        "defect": "".join(f.full for f in wrong) + told(("admission",)),
        "negotiated": told(_TALKED) + "".join(_contacts(m)),
    }


def _promise(facts: tuple[Fact, ...]) -> str:
    found = next((f for f in facts if f.code == "listing" and f.wording.short), None)
    return found.short if found else ""


def _contacts(m: Matter) -> list[str]:
    return [
        f"{say_chinese(c.at)}，以{MEANS[c.by]}方式与{PARTIES[c.party]}交涉，"
        f"{OUTCOMES[c.outcome]}（据买家陈述）。"
        for c in m.dossier.statement.contacts[:8]
        if m.consumer or c.party.value not in ("association", "regulator")
    ]


def _evidence(m: Matter) -> list[str]:
    """Number, name, source, what it proves, when made (evidence rules, article 19)."""
    return [
        f"证据{m.numbers[e.path]}：{KINDS[e.kind]}；来源：{_source(m, e)}；"
        f"证明：{PROVES[e.kind]}；形成时间：{_made(m, e)}；{'复制件' if e.altered else '原件'}。"
        for e in m.dossier.exhibits
        if e.problem is None
    ]


def _source(m: Matter, exhibit: Exhibit) -> str:
    wallet = m.dossier.statement.order.payment is Payment.BALANCE
    if exhibit.rows:
        return f"原告从{'平台余额明细' if wallet else '支付账单'}导出"
    return "原告保存"


def _made(m: Matter, exhibit: Exhibit) -> str:
    at = captured_at(exhibit, m.dossier)
    return say_chinese(at) if at else "【请填写】"
