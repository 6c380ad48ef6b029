"""The numbered list of evidence: source, what it proves, original or copy (证据规定 19). Pure."""

from __future__ import annotations

from dataclasses import dataclass

from gongdao.casework.words import KIND_NAMES
from gongdao.core.codes import STAGE_OF_KIND, Kind, Payment
from gongdao.core.language import Phrase
from gongdao.evidence.closure import Closure
from gongdao.evidence.dossier import Dossier
from gongdao.evidence.reading import Exhibit


@dataclass(frozen=True)
class Listed:
    """One line of the list; ``no`` counts from 1 in the order of the folder."""

    no: int
    exhibit: str
    title: Phrase
    source: Phrase
    proves: Phrase
    original: bool
    stage: str


_SOURCES: dict[Kind, Phrase] = {
    Kind.LISTING_PAGE: Phrase("买家在平台网页截取"),
    Kind.SERVICE_TERMS: Phrase("买家在平台网页保存"),
    Kind.MERCHANT_LICENCE: Phrase("买家在店铺页截取"),
    Kind.MERCHANT_AUTHORIZATION: Phrase("买家在店铺页截取"),
    Kind.ORDER_PAGE: Phrase("买家在平台订单页截取"),
    Kind.PAYMENT_RECEIPT: Phrase("买家在支付应用的账单中截取"),
    Kind.BILL_EXPORT: Phrase("买家从支付应用或平台导出"),
    Kind.CHAT: Phrase("买家保存的与对方的对话"),
    Kind.CARD_PAGE: Phrase("买家在提卡页截取"),
    Kind.REDEMPTION_FAILURE: Phrase("买家测试时截取"),
    Kind.REDEMPTION_RECORDING: Phrase("买家测试时录屏"),
    Kind.ISSUER_STATEMENT: Phrase("发行方提供给买家"),
    Kind.CARRIER_BILL: Phrase("买家在运营商处查询"),
    Kind.BALANCE_PAGE: Phrase("买家在账户页查询"),
    Kind.COMPLAINT_RECEIPT: Phrase("受理单位或平台出具"),
    Kind.OTHER: Phrase("买家提供"),
}
_PROVES: dict[Kind, Phrase] = {
    Kind.LISTING_PAGE: Phrase("下单前展示的商品、价格和承诺"),
    Kind.SERVICE_TERMS: Phrase("平台公示的规则"),
    Kind.MERCHANT_LICENCE: Phrase("经营者的登记名称和代码"),
    Kind.MERCHANT_AUTHORIZATION: Phrase("商家声称的授权或货源"),
    Kind.ORDER_PAGE: Phrase("订单号、商品、金额和状态"),
    Kind.PAYMENT_RECEIPT: Phrase("付款的金额、时间和对象"),
    Kind.BILL_EXPORT: Phrase("付款的金额、时间和对象"),
    Kind.CHAT: Phrase("双方就订单所说的话"),
    Kind.CARD_PAGE: Phrase("交付的卡密和时间"),
    Kind.REDEMPTION_FAILURE: Phrase("卡密不能兑换及提示内容"),
    Kind.REDEMPTION_RECORDING: Phrase("测试的经过和结果"),
    Kind.ISSUER_STATEMENT: Phrase("发行方记录的卡的状态"),
    Kind.CARRIER_BILL: Phrase("是否到账"),
    Kind.BALANCE_PAGE: Phrase("余额和到账情况"),
    Kind.COMPLAINT_RECEIPT: Phrase("提出要求和处理情况"),
    Kind.OTHER: Phrase("与本单有关的情况"),
}


def list_evidence(dossier: Dossier, closure: Closure) -> tuple[Listed, ...]:
    """Number every exhibit; what it proves comes from the findings that rest on it."""
    shown: dict[str, list[Phrase]] = {}
    for judged in closure.elements.values():
        for finding in judged.carries:
            for path in finding.exhibits:
                shown.setdefault(path, []).append(finding.says)
    return tuple(
        Listed(
            number,
            exhibit.path,
            Phrase.named(KIND_NAMES[exhibit.kind]),
            _source(exhibit, dossier),
            _proves(exhibit, shown.get(exhibit.path, [])),
            not exhibit.altered,
            _stage(exhibit),
        )
        for number, exhibit in enumerate(dossier.exhibits, 1)
    )


def _source(exhibit: Exhibit, dossier: Dossier) -> Phrase:
    if exhibit.kind is Kind.BILL_EXPORT and dossier.statement.order.payment is Payment.BALANCE:
        return Phrase("买家从平台余额明细导出")
    return _SOURCES[exhibit.kind]


def _proves(exhibit: Exhibit, says: list[Phrase]) -> Phrase:
    best = list(dict.fromkeys(says))[:2]
    if not best:
        return _PROVES[exhibit.kind]
    if len(best) == 1:
        return best[0]
    return Phrase("{first}；{second}", first=best[0], second=best[1])


def _stage(exhibit: Exhibit) -> str:
    stage = STAGE_OF_KIND.get(exhibit.kind)
    return stage.value if stage else exhibit.path.split("/")[0]
