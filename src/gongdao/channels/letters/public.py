"""Public texts: reported, not proven; no secret, no personal data; the platform stays named."""

from __future__ import annotations

import re
from dataclasses import replace

from gongdao.channels.letters.compact import breach_facts
from gongdao.channels.letters.demand import amount_claimed, platform_due, wishes
from gongdao.channels.letters.fact import Fact
from gongdao.channels.letters.facts import facts_of
from gongdao.channels.letters.form import Value, filled, limit_of
from gongdao.channels.letters.letter import Letter
from gongdao.channels.letters.matter import Matter, say_sum
from gongdao.channels.letters.names import REASONS
from gongdao.channels.letters.part import (
    LetterPart,
    Weighed,
    frame,
    free,
    shorten_parts,
    stated,
    unique,
    weighed,
)
from gongdao.channels.shorten import clip, fit
from gongdao.evidence.card_secrets import mask_personal

_CONTACT = re.compile(
    r"[\w.*+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+|"
    r"(?:QQ|qq|微信|VX|vx|wx|V信|电话|手机|账号|帐号|户号|卡号|旺旺|昵称|用户名)\s*(?:号|为|是)?\s*[:：]?\s*[A-Za-z0-9_*\-]{4,}|"
    r"(?<!\d)(?:0\d{2,3}-?)\d{7,8}(?!\d)|(?<![A-Za-z0-9])[A-Za-z]?\*{2,}\d{1,4}|(?<!\d)1[3-9]\d[\d*]{4,8}(?!\d)|"
    r"(?:\d{1,3}\.){3}\d{1,3}"
)
_SURNAMED = re.compile(
    r"[王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤]"
    r"(?:某{1,2}|[\u4e00-\u9fff]{0,2})(?:先生|女士|小姐|老师|经理|师傅)"
)
_PRIVATE = frozenset(
    {"ticket", "minor_document", "regulator_accepted", "paid_to_person", "demanded"}
)


def public_text(m: Matter, text: str) -> str:
    """``text`` without secrets, numbers of persons, contacts and names of persons."""
    buyer = m.dossier.statement.buyer
    for private in (buyer.name, buyer.phone):
        if len(private.strip()) > 1:
            text = text.replace(private.strip(), "＊＊")
    payee = m.paid.payee
    if m.closure.respondent.paid_to_person and len(payee) > 1:
        text = text.replace(payee, "收款人")
    text = mask_personal(m.clean(text))
    text = _CONTACT.sub("（略）", text)
    return _SURNAMED.sub("相关人员", text)


def _public(m: Matter, fact: Fact) -> LetterPart:
    told = fact.wording.public or fact.wording.short or fact.wording.full
    told = told.replace("被监护人", "我").replace("本人保存", "我保存")
    told = f"{told}{'' if fact.exhibits else '（据我陈述）'}。"
    return stated(fact.code, told, fact.exhibits, breaks=0)


def _masked(m: Matter, told: list[Weighed], limit: int | None) -> tuple[LetterPart, ...]:
    """What of ``told`` fits the limit, fit for the public."""
    public = [weighed(replace(w.part, text=public_text(m, w.text)), w.weight) for w in told]
    return unique(shorten_parts(told=public, limit=limit))


def write_board(m: Matter) -> Letter:
    """Title and text for a public board."""
    title = _title(m)
    parts = _masked(m, _board(m), limit_of(m, "board", "text"))
    amount = amount_claimed(m)
    values: dict[str, Value] = {
        "respondent": public_text(m, "，".join(x for x in (m.platform, m.merchant) if x)),
        "problem": "、".join(REASONS[r] for r in m.dossier.statement.claim.reasons),
        "demand": "；".join(_wishes(m)),
        "amount": say_sum(amount) if amount else "",
        "title": title,
        "text": parts,
        "images": "凭证中的卡密、姓名、电话和账号请遮盖后再上传。",
    }
    return Letter("board", title, "公开投诉平台", parts, True, filled(m, "board", values))


def _title(m: Matter) -> str:
    limit = limit_of(m, "board", "title") or 30
    reasons = [REASONS[r] for r in m.dossier.statement.claim.reasons]
    head = f"反映{m.platform or m.merchant or '卖家'}："
    if len(head) > limit - 8:
        head = f"反映{clip(m.platform or m.merchant, limit - 12)}："
    title = head + (reasons[0] if reasons else "履行问题")
    for reason in reasons[1:]:
        if len(f"{title}、{reason}") <= limit:
            title = f"{title}、{reason}"
    return fit(public_text(m, title), limit)


def _board(m: Matter) -> list[Weighed]:
    where = f"我在{m.platform}" if m.platform else "我"
    shop = f"向{m.shop}" if m.merchant else ""
    what = f"购买{m.product}" if m.product else "下单"
    number = f"，订单号{m.order_no}" if m.order_no else ""
    head = f"{where}{shop}{what}{number}，现反映如下情况，据我的证据显示："
    told = [weighed(stated("order", head, m.order_exhibits), 98)]
    facts = [f for f in facts_of(m) if f.code not in _PRIVATE | {"order"}]
    told += [weighed(_public(m, f), f.weight) for f in facts]
    caveat = "以上为我一方反映的情况，是否违约违法以有权机关认定为准。"
    ask = f"请{'；'.join(_wishes(m))}，并于{platform_due(m)}前答复（我的请求期限）。"
    return [*told, weighed(frame("caveat", caveat), 60), weighed(free("ask", ask), 99)]


def _wishes(m: Matter) -> tuple[str, ...]:
    return ("核实情况并说明",) if m.refuted else wishes(m)


def write_social(m: Matter) -> Letter:
    """A short message under the platform's official account."""
    number = f"订单{m.order_no}" if m.order_no else "我的订单"
    head = f"{m.platform}您好，{number}反映问题：" if m.platform else f"您好，{number}反映问题："
    told = [weighed(stated("order", head, m.order_exhibits), 98)]
    worst = sorted(breach_facts(m), key=lambda f: -f.weight)[:2]
    told += [weighed(_public(m, f), f.weight - 5) for f in breach_facts(m) if f in worst]
    told += [weighed(_public(m, f), 70) for f in facts_of(m) if f.code == "platform_silent"]
    if any(f.exhibits for f in worst):
        told.append(weighed(frame("caveat", "以上据我的证据显示。"), 85))
    told.append(weighed(free("ask", f"请于48小时内答复，{_wishes(m)[0]}。"), 99))
    parts = _masked(m, told, limit_of(m, "social", "text"))
    fields = filled(m, "social", {"text": parts})
    return Letter("social", "致平台官方账号", m.platform or "平台官方账号", parts, True, fields)
