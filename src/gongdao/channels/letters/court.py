"""Small claims: the statement of claim by its elements, with the list of evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
from gongdao.channels.letters.part import (
    LetterPart,
    cited,
    frame,
    free,
    running,
    stated,
    unique,
)
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
    values["evidence"] = _evidence(m)
    values["mediation"] = [free("", "【请选择：是否了解先行调解；是否同意调解】", own=True)]
    named = {code: _named(code, parts) for code, parts in values.items()}
    fields = filled(m, "court", named)
    parts = [frame("title", "民事起诉状（要素式）")]
    names = {f.code: f.name for f in fields}
    for heading, codes in _SECTIONS:
        parts.append(frame(f"section:{codes[0]}", f"【{heading}】", breaks=2))
        for code in codes:
            if code in names:
                parts.append(frame(f"{code}:head", f"{names[code]}："))
                parts += named.get(code) or [frame(f"{code}:none", _NONE, breaks=0)]
    rules = m.cites(articles_of(m), full=True)
    if rules:
        parts.append(cited("all", f"请求依据：{rules}。", breaks=2))
    whole = (*parts, *_close(m))
    court = "买家住所地或被告住所地基层人民法院"
    return Letter("court", "民事起诉状", court, whole, fields=fields)


def _close(m: Matter) -> tuple[LetterPart, ...]:
    return (
        frame("to:head", "此致", breaks=2),
        free("to", "【请填写：有管辖权的人民法院】", own=True),
        free("sign:name", f"具状人：{name_of(m)}", breaks=2, own=True),
        free("sign:day", say_day(m.on), own=True),
        frame("closing", CLOSING),
    )


_Values = dict[str, Sequence[LetterPart]]


def _named(code: str, parts: Sequence[LetterPart]) -> tuple[LetterPart, ...]:
    """``parts`` as the value of one field: keys begin with its code, the first goes on in the
    line of its name."""
    told = [replace(p, key=f"{code}:{p.key}".rstrip(":")) for p in parts if p.text]
    return unique([*running(told[:1]), *told[1:]])


def _parties(m: Matter) -> _Values:
    plaintiff = f"{name_of(m)}；联系电话：{phone_of(m)}"
    if m.minor:
        plaintiff = f"【请填写：未成年人姓名】；法定代理人：{plaintiff}"
    plaintiff += "；【请填写：性别、出生日期、民族、工作单位、住所地、证件号码】"
    where = clip(m.closure.respondent.address, 80)
    address = "【请填写：执照登记的地址】"
    return {
        "plaintiff": [free("", plaintiff, own=True)],
        "service": [free("", "【请填写：送达地址；是否同意电子送达】", own=True)],
        "defendant": [
            stated("respondent", f"{merchant_address(m)}；住所地：{where}"),
            free("address", "" if where else address, breaks=0, own=True),
        ],
    }


def _claims(m: Matter) -> _Values:
    claim = m.dossier.statement.claim
    wanted = [(first_demand(m), amount_claimed(m)), *((a.demand, a.amount) for a in claim.also)]
    values: dict[str, list[LetterPart]] = {}
    for demand, amount in wanted:
        ask = free("", f"请求判令被告{wish(m, demand, amount)}。", breaks=0)
        values.setdefault(_field_of(demand), []).append(ask)
    total = wanted[0][1]
    values["claim_total"] = [free("", say_sum(total) if total else "【请填写：标的总额】")]
    values["claim_costs"] = [free("", "本案诉讼费用由被告负担。")]
    if first_demand(m) is Demand.REFUND and not _partial(m):
        values["claim_end"] = [free("", "解除本单合同。")]
    forum = "【请核对：平台协议有无仲裁或管辖约定】；未申请诉前保全。"
    values["forum"] = [free("", forum, own=True)]
    return {**values}


def _partial(m: Matter) -> bool:
    amount = amount_claimed(m)
    return amount is not None and m.paid.amount is not None and amount < m.paid.amount


def _field_of(demand: Demand) -> str:
    if demand in (Demand.REFUND, Demand.REPLACEMENT, Demand.MAKE_UP):
        return "claim_defect"
    if demand is Demand.COMPENSATION:
        return "claim_loss"
    return "claim_other"


def _story(m: Matter) -> _Values:
    facts = facts_of(m)

    def told(codes: Iterable[str]) -> list[LetterPart]:
        return running(f.part() for f in facts if f.code in codes)

    skip = {*_CONTRACT, *_URGED, *_TALKED, "payment", "paid_to_person", "refunded", "delivered"}
    wrong = [f for f in facts if f.code not in skip | {"delivered_late", "admission"}]
    late = told(("delivered_late",))
    if not late and Reason.NOT_DELIVERED in m.dossier.statement.claim.reasons:
        late = [stated("not_delivered", "至今未交付（据买家陈述）。")]
    return {
        "contract": told(_CONTRACT) or [stated("ordered", "网上下单（据买家陈述）。")],
        "parties": _contracting(m),
        "object": _object(m),
        "price": told(("payment", "paid_to_person")) or _to_fill("价格与付款方式"),
        "delivery": told(("promise",)) or _promise(facts) or _to_fill("约定的交付时间和方式"),
        "quality": running(terms_sentences(m)),
        "performance": told(("payment", "delivered", "delivered_late", "refunded")),
        "late": late,
        "urged": told(_URGED) or [frame("", _NONE)],
        "defect": [*running(f.part() for f in wrong), *told(("admission",))],
        "negotiated": [*told(_TALKED), *_contacts(m)],
    }


def _to_fill(what: str) -> list[LetterPart]:
    return [free("", f"【请填写：{what}】", own=True)]


def _contracting(m: Matter) -> list[LetterPart]:
    return [
        free("buyer", f"买方：{name_of(m)}；", own=True),
        stated("respondent", f"卖方：{merchant_address(m)}。", breaks=0),
    ]


def _object(m: Matter) -> list[LetterPart]:
    quantity = m.dossier.statement.order.quantity
    number = f"，数量{quantity}" if quantity else ""
    if m.product:
        return [stated("product", f"{m.product}{number}。")]
    return [free("", f"【请填写：商品名称】{number}。", own=True)]


def _promise(facts: tuple[Fact, ...]) -> list[LetterPart]:
    found = (f for f in facts if f.code == "listing" and f.wording.short)
    return [stated(f.code, f.short, f.exhibits) for f in found][:1]


def _contacts(m: Matter) -> list[LetterPart]:
    return [
        stated(
            "contact",
            f"{say_chinese(c.at)}，以{MEANS[c.by]}方式与{PARTIES[c.party]}交涉，"
            f"{OUTCOMES[c.outcome]}（据买家陈述）。",
            breaks=0,
        )
        for c in m.dossier.statement.contacts[:8]
        if m.consumer or c.party.value not in ("association", "regulator")
    ]


def _evidence(m: Matter) -> list[LetterPart]:
    """Number, name, source, what it proves, when made (evidence rules, article 19)."""
    return [part for e in m.dossier.exhibits if e.problem is None for part in _exhibit(m, e)]


def _exhibit(m: Matter, exhibit: Exhibit) -> list[LetterPart]:
    """One line of the list; a time that no exhibit tells is the writer's to fill in."""
    head = (
        f"证据{m.numbers[exhibit.path]}：{KINDS[exhibit.kind]}；来源：{_source(m, exhibit)}；"
        f"证明：{PROVES[exhibit.kind]}；形成时间："
    )
    tail = f"；{'复制件' if exhibit.altered else '原件'}。"
    at = captured_at(exhibit, m.dossier)
    code, paths = f"exhibit:{exhibit.path}", (exhibit.path,)
    if at:
        return [stated(code, f"{head}{say_chinese(at)}{tail}", paths)]
    return [
        stated(code, head, paths),
        free(f"{exhibit.path}:at", "【请填写】", breaks=0, own=True),
        stated(f"{code}:form", tail, paths, breaks=0),
    ]


def _source(m: Matter, exhibit: Exhibit) -> str:
    wallet = m.dossier.statement.order.payment is Payment.BALANCE
    if exhibit.rows:
        return f"原告从{'平台余额明细' if wallet else '支付账单'}导出"
    return "原告保存"
