"""12315: the complaint (投诉) with identity and demand, the report (举报) with clues alone."""

from __future__ import annotations

from gongdao.channels.letters.compact import all_sentences, breach_sentences, fact_sentence
from gongdao.channels.letters.demand import wishes_within
from gongdao.channels.letters.form import Value, filled, limit_of
from gongdao.channels.letters.frame import name_of, phone_of
from gongdao.channels.letters.grounds import articles_of, articles_to_report
from gongdao.channels.letters.letter import Letter
from gongdao.channels.letters.matter import Matter
from gongdao.channels.letters.names import CLOSING, REASONS
from gongdao.channels.letters.part import (
    Weighed,
    cited,
    frame,
    free,
    shorten_parts,
    stated,
    unique,
    weighed,
)
from gongdao.channels.shorten import clip
from gongdao.core.codes import Category

_CATEGORIES = {
    Category.GAME_CARD: "游戏点卡",
    Category.PHONE_TOPUP: "话费充值",
    Category.VIRTUAL_SERVICE: "网络会员服务",
}


def write_complaint(m: Matter) -> Letter:
    """The complaint: facts within the limit, then the demand."""
    asked = (
        frame("asks", "投诉请求："),
        free("ask", f"请组织调解，要求被投诉人{wishes_within(m, 150)}。", breaks=0),
    )
    limit = limit_of(m, "regulator_complaint", "facts")
    room = None if limit is None else limit - 1 - sum(len(part.text) for part in asked)
    facts = unique(shorten_parts(told=_complained(m), limit=room))
    name, address = _respondent(m)
    values: dict[str, Value] = {
        "name": name_of(m),
        "phone": phone_of(m),
        "id_type": "【请填写：证件类型】",
        "id_no": "【请填写：证件号码】",
        "address": "【请填写：联系地址】",
        "publish": "【请选择：是／否】",
        "delegate": "【请选择：是／否】",
        "respondent_name": name,
        "respondent_address": address,
        "facts": facts,
        "demand": asked[1:],
    }
    fields = filled(m, "regulator_complaint", values)
    to = "被投诉人住所地或平台所在地市场监督管理部门"
    return Letter("regulator_complaint", "12315投诉", to, (*facts, *asked), fields=fields)


def _complained(m: Matter) -> list[Weighed]:
    purpose = weighed(stated("purpose", "本单为生活消费需要购买。"), 90)
    if m.minor:
        told = "下单人为未成年人，由监护人投诉，监护人不追认该交易。"
        purpose = weighed(stated("guardian", told), 92)
    rules = m.cites(articles_of(m, most=3))
    based = [weighed(cited("all", f"依据：{rules}。"), 30)] if rules else []
    return [*all_sentences(m), purpose, *based, weighed(frame("closing", CLOSING), 10)]


def _respondent(m: Matter) -> tuple[str, str]:
    known = m.closure.respondent
    shop = f"（店铺“{m.merchant}”）" if m.merchant else ""
    if known.name:
        return f"{clip(known.name, 40)}{shop}", clip(
            known.address, 80
        ) or "【请填写：被投诉人地址】"
    on = f"{m.platform}上的" if m.platform else ""
    name = f"{on}店铺“{m.merchant}”经营者" if m.merchant else f"{m.platform}经营者"
    return name, "【请填写：被投诉人地址（可向平台索要）】"


def write_report(m: Matter) -> Letter:
    """The report: clues and facts only, no demand, within 400 characters."""
    reasons = "、".join(REASONS[r] for r in m.dossier.statement.claim.reasons)
    name, address = _respondent(m)
    where = f"在{m.platform}" if m.platform and m.platform not in name else ""
    what = f"销售{m.product}" if m.product else "销售商品"
    head = f"被举报人{clip(name, 60)}{where}{what}，涉嫌存在下列情况：{reasons}。"
    limit = limit_of(m, "regulator_report", "text")
    parts = unique(shorten_parts(told=_reported(m, head), limit=limit))
    category = m.dossier.statement.order.category
    values: dict[str, Value] = {
        "reporter_address": "【请填写：详细地址，可不填】",
        "respondent_name": name,
        "respondent_address": address.replace("被投诉人", "被举报人"),
        "product": m.product,
        "category": "【请从列表选择】",
        "category_other": _CATEGORIES[category] if category else "",
        "sale_mode": "网购",
        "platform": clip(m.platform, 20),
        "order_no": m.order_no,
        "issue": "【请从列表选择】",
        "office": "【请选择：省、市、处理单位】",
        "text": parts,
    }
    fields = filled(m, "regulator_report", values)
    to = "被举报人住所地或平台所在地市场监督管理部门"
    return Letter("regulator_report", "12315举报", to, parts, fields=fields)


def _reported(m: Matter, head: str) -> list[Weighed]:
    told = [
        weighed(stated("respondent", head), 98),
        *fact_sentence(m, "listing", 80),
        *fact_sentence(m, "payment", 97),
        *breach_sentences(m),
        *fact_sentence(m, "paid_to_person", 74),
        *fact_sentence(m, "admission", 90),
        *fact_sentence(m, "refused", 62),
        *fact_sentence(m, "identity_refused", 64),
    ]
    articles = articles_to_report(m)
    if articles:
        told.append(weighed(cited("all", f"可能涉及{m.cites(articles)}。"), 50))
    told.append(weighed(free("ask", "上述线索均附证据，请依法核查。"), 96))
    return [*told, weighed(frame("closing", CLOSING), 10)]
