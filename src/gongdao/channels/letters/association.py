"""To the consumer association: facts and a concrete demand, for mediation."""

from __future__ import annotations

from gongdao.channels.letters.compact import all_sentences
from gongdao.channels.letters.demand import wishes_within
from gongdao.channels.letters.form import filled, limit_of
from gongdao.channels.letters.grounds import articles_of
from gongdao.channels.letters.letter import Letter
from gongdao.channels.letters.matter import Matter
from gongdao.channels.letters.names import CLOSING
from gongdao.channels.letters.part import (
    cited,
    frame,
    free,
    shorten_parts,
    stated,
    unique,
    weighed,
)


def write_association(m: Matter) -> Letter:
    """The complaint text within our own limit."""
    at = f"在{m.platform}" if m.platform else ""
    opening = f"我{at}向{m.shop}购买{m.product or '商品'}，为生活消费使用。"
    if m.minor:
        opening = (
            f"我的被监护人（未成年人）{at}向{m.shop}购买{m.product or '商品'}，我不追认该交易。"
        )
    told = [weighed(stated("purchase", opening), 98), *all_sentences(m)]
    rules = m.cites(articles_of(m, most=4))
    if rules:
        told.append(weighed(cited("all", f"依据：{rules}。"), 50))
    told.append(weighed(free("ask", f"请组织调解，请求对方{wishes_within(m, 150)}。"), 99))
    nowhere = "本争议没有在其他机关或法院重复处理（请核对后保留本句）。"
    told += [weighed(free("nowhere_else", nowhere), 20), weighed(frame("closing", CLOSING), 10)]
    limit = limit_of(m, "consumer_association", "text")
    parts = unique(shorten_parts(told=told, limit=limit))
    fields = filled(m, "consumer_association", {"text": parts})
    return Letter("consumer_association", "消费投诉", "当地消费者协会", parts, fields=fields)
