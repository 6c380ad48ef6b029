"""12315: the complaint (投诉) with identity and demand, the report (举报) with clues alone."""

from __future__ import annotations

from gongdao.channels.letters.compact import all_sentences, breach_sentences, fact_sentence
from gongdao.channels.letters.demand import wishes_within
from gongdao.channels.letters.form import filled, limit_of
from gongdao.channels.letters.frame import name_of, phone_of
from gongdao.channels.letters.grounds import articles_of, articles_to_report
from gongdao.channels.letters.letter import Letter
from gongdao.channels.letters.matter import Matter
from gongdao.channels.letters.names import CLOSING, REASONS
from gongdao.channels.shorten import Sentence, clip, fit, shorten
from gongdao.core.codes import Category

_CATEGORIES = {
    Category.GAME_CARD: "游戏点卡",
    Category.PHONE_TOPUP: "话费充值",
    Category.VIRTUAL_SERVICE: "网络会员服务",
}


def write_complaint(m: Matter) -> Letter:
    """The complaint: facts within the limit, then the demand."""
    demand = wishes_within(m, 150)
    asked = f"\n投诉请求：请组织调解，要求被投诉人{demand}。"
    limit = limit_of(m, "regulator_complaint", "facts")
    room = None if limit is None else limit - len(asked)
    purpose = Sentence("本单为生活消费需要购买。", 90)
    if m.minor:
        purpose = Sentence("下单人为未成年人，由监护人投诉，监护人不追认该交易。", 92)
    rules = m.cites(articles_of(m, most=3))
    told = [*all_sentences(m), purpose]
    if rules:
        told.append(Sentence(f"依据：{rules}。", 30))
    told.append(Sentence(CLOSING, 10))
    facts = shorten(sentences=told, limit=room)
    name, address = _respondent(m)
    values = {
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
        "demand": f"请组织调解，要求被投诉人{demand}。",
    }
    fields = filled(m, "regulator_complaint", values)
    to = "被投诉人住所地或平台所在地市场监督管理部门"
    return Letter("regulator_complaint", "12315投诉", to, facts + asked, fields=fields)


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
    told = [
        Sentence(f"被举报人{clip(name, 60)}{where}{what}，涉嫌存在下列情况：{reasons}。", 98),
        fact_sentence(m, "listing", 80),
        fact_sentence(m, "payment", 97),
        *breach_sentences(m),
        fact_sentence(m, "paid_to_person", 74),
        fact_sentence(m, "admission", 90),
        fact_sentence(m, "refused", 62),
        fact_sentence(m, "identity_refused", 64),
    ]
    articles = articles_to_report(m)
    if articles:
        told.append(Sentence(f"可能涉及{m.cites(articles)}。", 50))
    told.append(Sentence("上述线索均附证据，请依法核查。", 96))
    told.append(Sentence(CLOSING, 10))
    told = [s for s in told if s.text]
    text = shorten(sentences=told, limit=limit_of(m, "regulator_report", "text"))
    category = m.dossier.statement.order.category
    values = {
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
        "text": text,
    }
    fields = filled(m, "regulator_report", values)
    to = "被举报人住所地或平台所在地市场监督管理部门"
    return Letter("regulator_report", "12315举报", to, fit(text, 400), fields=fields)
