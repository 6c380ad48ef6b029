"""Evasions: which excuse a line is, by its labels and by wordings too narrow for a label. Pure.

A narrow wording counts only outside questions and hypotheses, and only from the seller's side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gongdao.core.codes import Kind, Outcome, Speaker
from gongdao.evidence.chat_lines.label import Label
from gongdao.evidence.chat_lines.label_lines import LONGEST
from gongdao.evidence.dossier import Dossier, SaidLine, quotable, since_payment
from gongdao.evidence.reading import Exhibit, Message

_BY_LABEL: dict[Label, str] = {
    Label.EVASION_USER_ERROR: "user_error",
    Label.EVASION_SYSTEM_DELAY: "system_delay",
    Label.EVASION_THIRD_PARTY: "third_party",
    Label.EVASION_UPSTREAM: "upstream",
    Label.EVASION_TO_MERCHANT: "merchant_responsible",
    Label.EVASION_TO_PLATFORM: "platform_responsible",
    Label.EVASION_TO_PAYMENT: "payment_responsible",
    Label.VIRTUAL_NO_REFUND: "virtual_no_refund",
    Label.ALREADY_SHIPPED: "already_shipped",
    Label.FINAL_INTERPRETATION: "final_interpretation",
}
_BY_WORDING: tuple[tuple[str, str], ...] = (
    ("wait", r"稍等|再等等|等一?等|等一下|耐心|别急|在处理|处理中|正在处理|帮您?催|催了|马上就?[到好补]|快了|晚点|看一下哈|会处理"),
    ("system_delay", r"(?:系统|网络|服务器|渠道|通道|后台)[^，。；？]{0,6}(?:延迟|维护|卡|慢|升级|故障|拥堵|排队|繁忙)"),
    ("merchant_responsible", r"责任在(?:商家|卖家|店铺|商户)|由(?:商家|卖家|商户)(?:自行)?(?:负责|承担|处理)|(?:联系|找)(?:商家|卖家|店铺|商户)(?:处理|协商|解决)?"),
    ("reference_price_only", r"(?:划线价|原价|吊牌价|市场价|标价|官方价)[^。？]{0,8}(?:参考|不是[^。]{0,6}(?:卖|售|成交)价|展示|不代表)"),
    ("payment_not_contract", r"(?:付款|支付|付钱)(?:成功)?[^。？]{0,4}(?:不等于|不代表|并?不[是算]|≠)[^。？]{0,6}(?:下单|成交|成立|订单|抢到|购买|合同)"),
    ("price_mistake", r"(?:价格?|标价|价钱|金额)[^。？]{0,6}(?:设|标|填|改|写|录|挂|配)(?:置)?[^。？]{0,2}错|(?:设|标|填|写|录|挂)错[^。？]{0,3}价|价格(?:异常|错误|有误)|系统(?:价|标价)(?:错|异常)"),
    ("identity_private", r"(?:信息|身份|资料|姓名|地址|联系方式)[^。？]{0,10}(?:隐私|保密|无法提供|不(?:能|便|方便|可以?)?(?:透露|提供|公开|给))|(?:隐私|保密)[^。？]{0,8}(?:无法|不能|不便|不可)提供"),
    ("as_is", r"以(?:实物|实际|收到的|具体商品|实际到账|到手)[^。？]{0,6}为准|图片(?:仅供|只是?)参考"),
    ("discount_no_refund", r"(?:打折|特价|折扣|优惠|活动|秒杀|促销|清仓|特惠|低价)[^。？]{0,8}(?:不退|不予?(?:退|支持)|概不|不参与售后|不支持)"),
    ("payment_virtual_excluded", r"(?:虚拟|数字)(?:商品|类|物品|交易|产品)?[^。？]{0,12}(?:不(?:在|属于)[^。？]{0,8}(?:范围|受理|保障)|不(?:予|支持)?受理|不支持(?:投诉|争议|拒付|赔付|保障))"),
    ("virtual_no_refund", r"(?:虚拟|数字|卡密|电子卡?|点卡|充值卡?|话费|会员)[^。？]{0,10}(?:一律|一经|概)?[^。？]{0,6}(?:不退|不予?退|概不|不支持退|不能退|无法退|不给退|不支持售后)"),
    ("already_shipped", r"(?:已|已经|早就?|货已?)[^。？，]{0,3}发(?:货|出|了|放)|显示已?(?:发货|到账|发放|交付|充值成功)"),
    ("user_error", r"(?:您|你)(?:自己|本人)?[^。？]{0,8}(?:记错|输错|填错|操作错|弄错|搞错|选错|用掉|看错|操作不当|操作失误)|是不是[^。？]{0,12}(?:别的号|其他号|家人|朋友|别人|自己)[^。？]{0,6}(?:用|充|兑|登)"),
    ("final_interpretation", r"(?:最终)?解释权"),
)  # fmt: skip
_CONDITIONAL = re.compile(r"如果|要是|假如|假设|万一|若是|的话")
_WAIT_LABELS = frozenset({Label.AMBIGUOUS, Label.PROMISE_TIME, Label.EVASION_SYSTEM_DELAY})


@dataclass(frozen=True)
class Evasion:
    """One excuse: its code (docs/formats/case-report.md), where and in which words it was said,
    and who said it."""

    code: str
    exhibit: str
    quote: str
    speaker: Speaker


def find_evasions(dossier: Dossier) -> tuple[Evasion, ...]:
    """Every excuse of merchant, platform or payment service, first saying of each code."""
    found: dict[str, Evasion] = {}
    for line in since_payment(dossier):
        speaker = line.message.speaker
        if speaker not in (Speaker.MERCHANT, Speaker.PLATFORM):
            continue
        for code in excuses(line):
            found.setdefault(code, Evasion(code, line.exhibit, line.message.text, speaker))
    for evasion in (*_in_answers(dossier), *_in_terms(dossier)):
        found.setdefault(evasion.code, evasion)
    return tuple(found.values())


_TERMS = frozenset(
    {
        "as_is",
        "discount_no_refund",
        "final_interpretation",
        "payment_not_contract",
        "reference_price_only",
        "virtual_no_refund",
    }
)
"""Excuses that are written into a page before anybody makes them."""
_ANSWERS = ("result", "reply", "progress", "status")


def _in_answers(dossier: Dossier) -> Iterator[Evasion]:
    """Excuses in the written answer of a platform, payment service or office."""
    for exhibit in dossier.of(Kind.COMPLAINT_RECEIPT, Kind.OTHER):
        for name in _ANSWERS:
            if name in exhibit.fields:
                yield from _written(exhibit, exhibit.fields[name].value, dossier, None)
        if not exhibit.messages and not exhibit.fields.keys() & set(_ANSWERS):
            for line in exhibit.lines[:80]:
                if _ANSWERED.search(line.text):
                    yield from _written(exhibit, line.text, dossier, None)


_ANSWERED = re.compile(r"(?:答复|回复|结果|客服|处理意见|不予受理|驳回)")


def _in_terms(dossier: Dossier) -> Iterator[Evasion]:
    """Clauses of listing and terms that will be held against the buyer, where something was
    refused; a clause that nobody has invoked is no excuse yet."""
    outcomes = {c.outcome for c in dossier.statement.contacts}
    if not outcomes & {Outcome.REFUSED, Outcome.REJECTED, Outcome.SHIFTED}:
        return
    for exhibit in dossier.of(Kind.LISTING_PAGE, Kind.SERVICE_TERMS):
        for name, field in exhibit.fields.items():
            if name == "small_print" or name.startswith("clause "):
                for clause in re.split(r"[。；;\n]", field.value):
                    yield from _written(exhibit, clause, dossier, _TERMS)


def _written(
    exhibit: Exhibit, text: str, dossier: Dossier, codes: frozenset[str] | None
) -> Iterator[Evasion]:
    speaker = Speaker.PLATFORM if codes is None else Speaker.MERCHANT
    line = SaidLine(exhibit.path, Message(speaker, "", text), frozenset())
    for code in excuses(line):
        if codes is None or code in codes:
            yield Evasion(code, exhibit.path, quotable(dossier, text.strip()), speaker)


def excuses(line: SaidLine) -> list[str]:
    """The excuses that one line makes."""
    codes = [code for label, code in _BY_LABEL.items() if label in line.labels]
    text = line.message.text[:LONGEST]
    if not _CONDITIONAL.search(text):
        for code, pattern in _BY_WORDING:
            if code in codes or not re.search(pattern, text):
                continue
            if code == "wait" and not line.labels & _WAIT_LABELS:
                continue
            if code == "merchant_responsible" and line.message.speaker is Speaker.MERCHANT:
                continue
            codes.append(code)
    return codes
