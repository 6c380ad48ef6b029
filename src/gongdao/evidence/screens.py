"""Which kind of screen a picture shows: many weak features, weighed; never one keyword alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gongdao.core.codes import Kind
from gongdao.evidence.layout import Page, lay_out
from gongdao.evidence.reading import TextLine
from gongdao.evidence.values import is_price, plain

KIND_OF_FORM: dict[str, Kind] = {
    "listing": Kind.LISTING_PAGE,
    "terms": Kind.SERVICE_TERMS,
    "licence": Kind.MERCHANT_LICENCE,
    "order": Kind.ORDER_PAGE,
    "receipt_alipay": Kind.PAYMENT_RECEIPT,
    "receipt_wechat": Kind.PAYMENT_RECEIPT,
    "receipt_bank": Kind.PAYMENT_RECEIPT,
    "transfer_wechat": Kind.PAYMENT_RECEIPT,
    "transfer_alipay": Kind.PAYMENT_RECEIPT,
    "chat": Kind.CHAT,
    "card": Kind.CARD_PAGE,
    "redemption_failure": Kind.REDEMPTION_FAILURE,
    "redemption_record": Kind.ISSUER_STATEMENT,
    "carrier_record": Kind.CARRIER_BILL,
    "balance": Kind.BALANCE_PAGE,
    "ticket": Kind.COMPLAINT_RECEIPT,
    "regulator_status": Kind.COMPLAINT_RECEIPT,
    "unknown": Kind.OTHER,
}

_TITLE = 3.0
"""Factor for a word that stands in the title bar."""


@dataclass(frozen=True)
class Screen:
    """What a picture shows: ``form`` (a key of KIND_OF_FORM), its kind of exhibit, and how sure
    that is (0–1)."""

    form: str
    kind: Kind
    confidence: float


# Weight, then the words that carry it; one hit per pattern counts.
_FEATURES: dict[str, tuple[tuple[float, str], ...]] = {
    "listing": (
        (3, "商品详情|货源详情|宝贝详情|商品页|商品信息"),
        (
            4,
            (
                "立即购买|立即抢购|加入购物车|加入进货单|马上抢|立即下单|去购买|立即充值话费|"
                "确认购买|现在购买|加购"
            ),
        ),
        (2, "服务承诺|商家承诺|发货承诺|服务保障|购买须知"),
        (2, "商品说明|商品介绍|商品描述|图文详情|产品说明"),
        (2, "已售|销量|月销|已抢|已充|已拼"),
        (2, "库存|有货|仅剩|剩余\\d|限购"),
        (2, "进店看看|进店|店铺:|关注店铺"),
        (2, "划线价|券后|秒杀价|到手价"),
        (1, "自动发货|秒发|秒到账|包换"),
    ),
    "terms": (
        (
            6,
            (
                "服务协议|用户协议|服务条款|交易规则|售后规则|平台规则|服务规则|退款规则|"
                "购卡须知|用户须知|充值协议|售后政策"
            ),
        ),
        (2, "第[一二三四五六七八九十]+条"),
        (2, "解释权|本协议|本规则|甲方|不予退款|概不退换"),
        (1, "生效|适用范围|争议"),
    ),
    "licence": (
        (6, "营业执照"),
        (4, "社会信用代码"),
        (2, "经营场所|住所|注册地址"),
        (2, "经营范围"),
        (2, "成立日期|注册日期"),
        (2, "登记机关"),
        (2, "经营者|法定代表人|负责人"),
        (1, "注册资本|营业期限|副本"),
        (2, "资质信息|证照信息|经营资质|主体信息|店铺资质|商家资质|工商信息"),
    ),
    "order": (
        (5, "订单详情|进货单详情|采购单详情|订单信息|我的订单|充值订单"),
        (3, "下单时间|下单日期|拍下时间|订购时间"),
        (2, "订单编号|订单号|进货单号"),
        (2, "发货时间|到账时间|取消时间|关闭时间|提货时间|交付时间"),
        (1, "付款时间|支付时间"),
        (
            3,
            (
                "联系客服|申请售后|再次购买|查看卡密|提取卡密|催发货|联系商家|申请退款|"
                "联系卖家|确认收货|再来一单"
            ),
        ),
        (
            2,
            (
                "(^|\\n)(已发货|待发货|已完成|已取消|已关闭|交易成功|交易关闭|充值成功|"
                "充值中|待付款|处理中)"
            ),
        ),
        (2, "(^|\\n)[x×X*]\\d{1,4}(\\n|$)"),
        (2, "实付|订单金额|应付|合计"),
        (2, "取消原因|关闭原因|购买数量"),
    ),
    "receipt_alipay": (
        (3, "账单管理"),
        (3, "账单分类"),
        (3, "计入收支"),
        (3, "商家订单号"),
        (3, "收款方全称"),
        (2, "查看往来记录|对此订单有疑问|申请电子回单"),
        (2, "付款方式"),
        (1, "商品说明"),
        (1, "全部账单"),
        (2, "标签和备注|标签"),
        (1, "创建时间|支付时间"),
        (1, "账单详情"),
        (2, "交易成功"),
    ),
    "receipt_wechat": (
        (4, "商户单号"),
        (3, "交易单号"),
        (3, "商户全称"),
        (3, "对订单有疑惑|对此订单有疑惑"),
        (2, "发起群收款|在此商户的交易"),
        (2, "账单服务"),
        (2, "当前状态"),
        (1, "支付方式"),
        (1, "申请转账电子凭证|申请电子凭证|查看电子凭证"),
        (1, "收单机构|零钱"),
        (1, "交易详情|账单详情"),
        (2, "支付成功|已全额退款|已退款"),
    ),
    "transfer_wechat": (
        (6, "转账单号"),
        (4, "转账时间"),
        (4, "对方已收钱|对方已收款|朋友已收款|已被领取|已存入对方零钱"),
        (3, "转账-|扫二维码付款"),
        (2, "收款时间|转账说明"),
        (2, "当前状态"),
        (3, "对订单有疑惑"),
        (2, "账单服务"),
        (1, "发起群收款"),
        (1, "申请转账电子凭证"),
    ),
    "transfer_alipay": (
        (5, "转账备注|转账附言|转账到|收款方式"),
        (4, "对方账户"),
        (3, "账单管理"),
        (3, "账单分类"),
        (3, "计入收支"),
        (2, "查看往来记录|对此订单有疑问|申请电子回单"),
        (2, "付款方式"),
        (1, "创建时间"),
        (2, "转账"),
        (1, "账单详情"),
    ),
    "receipt_bank": (
        (
            4,
            (
                "交易明细|明细详情|收支明细|收支详情|动账|电子回单|交易回单|账户明细|"
                "转账结果|转账详情|账单明细|银行卡交易"
            ),
        ),
        (
            3,
            (
                "对方户名|对方账号|对方账户|收款账号|收款账户|收款卡号|交易对手|收款银行|"
                "对方开户行|交易对方"
            ),
        ),
        (2, "交易卡号|付款账号|付款卡号|本方账号|付款账户|交易账户|交易账号"),
        (3, "账户余额|交易后余额|交易余额|(^|\\n)余额"),
        (2, "交易渠道|交易地点|交易场所|交易类型|摘要|附言"),
        (2, "币种|人民币|记账"),
        (2, "流水号|回单编号|凭证号"),
        (2, "交易金额|交易时间"),
        (2, "银行|储蓄卡|借记卡|信用卡|尾号"),
    ),
    "card": (
        (5, "提取卡密|查看卡密|卡密信息|卡密详情|我的卡密|卡密列表|提卡|卡券详情|我的卡券|取卡"),
        (4, "复制卡密|复制卡号|一键复制|复制密码|全部复制|复制兑换码|复制全部|导出卡密"),
        (2, "(^|\\n)(卡号|序列号)"),
        (2, "(^|\\n)(卡密|密码|兑换码|激活码|充值码|CDK)"),
        (2, "发放时间|发卡时间|提取时间"),
        (1, "请尽快使用|视为已交付|使用说明|妥善保管|请勿泄露"),
        (2, "(卡密|第)\\d{1,2}(张|$|\\n|:)|共\\d+张"),
    ),
    "redemption_failure": (
        (
            7,
            (
                "兑换失败|充值失败|无法兑换|激活失败|兑换不成功|无法充值|无法激活|绑定失败|"
                "使用失败|验证失败|无法使用|核销失败|操作失败|充值未成功|无法添加|出错了|"
                "兑换异常|兑换错误"
            ),
        ),
        (
            3,
            (
                "立即兑换|立即充值|确认兑换|立即激活|确认充值|立即绑定|立即使用|提交兑换|"
                "(^|\\n)兑换(\\n|$)"
            ),
        ),
        (2, "错误码|错误代码"),
        (
            3,
            (
                "(卡|码|密)[^\\n]{0,8}(无效|错误|不存在|已被使用|已使用|已失效|已过期|"
                "不支持|不正确|已被兑换|作废|冻结|禁用|未激活|已绑定|不可用)"
            ),
        ),
        (2, "(^|\\n)(知道了|我知道了|确定|好|重试|重新输入|关闭|返回修改|好的)(\\n|$)"),
        (2, "兑换礼品卡|点卡兑换|充值卡充值|点卡充值|卡密兑换|卡充值"),
    ),
    "redemption_record": (
        (
            5,
            (
                "卡密查询|卡状态查询|卡片查询|卡券查询|使用记录|兑换记录|充值卡查询|"
                "点卡查询|卡查询|状态查询|官方查询|查询结果|兑换明细"
            ),
        ),
        (2, "(^|\\n)(已使用|已激活|未使用|已核销|已兑换|未激活|已充值|已绑定|已作废)"),
        (2, "面值|面额"),
        (3, "充入点数|充入|到账点数"),
        (2, "充值账号|兑换账号|使用账号|绑定账号|使用账户|充值账户"),
        (2, "充值时间|使用时间|兑换时间|激活时间|绑定时间"),
        (4, "发卡方|发行方|发卡机构|经查询|经核实|经核查|卡状态|卡片状态|核验|官方回复|被充值"),
        (2, "该卡|此卡|卡号[^\\n]*已|已于[^\\n]*(充值|使用|兑换|激活)"),
        (1, "(^|\\n)卡号"),
    ),
    "carrier_record": (
        (4, "充值记录|缴费充值|缴费记录|交费记录|充值交费|交费历史"),
        (3, "话费|营业厅|运营商|套餐"),
        (2, "可用余额|话费余额|剩余话费|当前余额"),
        (2, "手机号码|服务号码|手机号|1[3-9]\\d\\*{3,4}\\d{4}"),
        (2, "查询时间|查询范围|查询月份|账期"),
        (1, "本人充值|他人充值|充值方式|代充"),
        (2, "(^|\\n)\\+\\d+(\\.\\d\\d)?"),
    ),
    "balance": (
        (
            4,
            (
                "我的钱包|账户余额|余额明细|我的余额|余额查询|账户中心|我的账户|会员中心|"
                "我的会员|点数查询|会员信息|余额记录|钱包"
            ),
        ),
        (2, "当前余额|余额|剩余点数|当前点数"),
        (2, "有效期|到期时间|剩余天数|会员到期|有效期至|剩余"),
        (2, "查询时间|更新时间|截至"),
        (2, "充值账号|账号|账户|用户ID|UID"),
        (1, "明细|收支记录|变动记录|开通记录|续费"),
    ),
    "ticket": (
        (
            5,
            (
                "投诉详情|工单详情|售后详情|投诉单详情|服务单详情|申诉详情|投诉进度|"
                "反馈详情|维权详情|我的投诉|纠纷详情|投诉记录"
            ),
        ),
        (4, "工单编号|工单号|投诉编号|投诉单号|服务单号|申诉编号|维权单号"),
        (3, "投诉类型|问题类型|投诉诉求|投诉问题|投诉要求|诉求"),
        (2, "关联订单|涉及订单|投诉订单"),
        (2, "处理进度|处理记录|沟通记录|协商记录|进度"),
        (2, "待处理|处理中|等待客服|已受理|已关闭|已驳回|客服回复|平台客服|已结案"),
        (1, "提交时间|投诉时间"),
    ),
    "regulator_status": (
        (6, "12315|全国互联网平台|消费者协会|消费投诉平台|市场监管投诉"),
        (4, "登记编号|受理编号|投诉单编号|受理回执|投诉登记"),
        (4, "被投诉主体|被投诉企业|被投诉方|被投诉经营者|被举报"),
        (3, "处理单位|受理单位|处理机关|受理部门|承办单位|处理部门|受理机关"),
        (3, "市场监督管理局|市场监管局|消费者权益保护"),
        (2, "已受理|不予受理|已登记|待受理|终止调解|办结|受理告知|调解"),
    ),
    "chat": (
        (3, "(^|\\n)(发送|按住说话|请输入消息|说点什么)"),
        (2, "拒收|好友验证|撤回了一条|以上是打招呼|对方正在输入"),
        (
            1,
            (
                "(^|\\n)(昨天|前天|今天|星期[一二三四五六日天]|周[一二三四五六日天])?\\d{1,2}:\\d{2}(\\"
                "n|$)"
            ),
        ),
        (1, "在吗|亲|老板"),
    ),
}
_LEAST = 4.0


def recognise_screen(
    lines: Sequence[TextLine], size: tuple[int, int] | None = None, *, hint: Kind | None = None
) -> Screen:
    """What the lines of one picture show; ``hint`` (what the buyer calls it) breaks near ties, and
    a page that the buyer calls something else is never a chat."""
    page = lay_out(lines=lines, size=size)
    scores = screen_scores(page)
    if hint is not None:
        for form, kind in KIND_OF_FORM.items():
            if kind is hint and scores.get(form, 0) > 0:
                scores[form] += 3.0
        if hint not in (Kind.CHAT, Kind.OTHER):
            # Taking a page for a talk would put words into somebody's mouth.
            scores["chat"] = 0.0
    form, best = max(scores.items(), key=lambda item: item[1], default=("unknown", 0.0))
    if best < _LEAST:
        return Screen("unknown", Kind.OTHER, 0.0)
    kind = KIND_OF_FORM[form]
    rival = max((s for f, s in scores.items() if KIND_OF_FORM[f] is not kind), default=0.0)
    sure = min(1.0, best / 12) * (0.5 + 0.5 * (best - rival) / best)
    return Screen(form, kind, round(max(0.05, sure), 2))


def screen_scores(page: Page) -> dict[str, float]:
    """The weight of evidence for each form."""
    text = "\n".join(plain(cell.text) for cell in page.cells)
    title = title_of(page)
    scores: dict[str, float] = {}
    for form, features in _FEATURES.items():
        score = 0.0
        for weight, pattern in features:
            if re.search(pattern, text):
                score += weight
                if title and weight >= 3 and re.search(pattern, title):
                    score += _TITLE
        scores[form] = score
    _by_shape(page, text, scores)
    return scores


def _by_shape(page: Page, text: str, scores: dict[str, float]) -> None:
    """What the arrangement tells beyond the words."""
    signed = [c for c in page.cells if re.match(r"[-+−][¥￥]?\d", c.text) and is_price(c.text)]
    if signed and max(c.height for c in signed) > 1.3 * page.em:
        for form in ("receipt_alipay", "receipt_wechat", "transfer_wechat", "transfer_alipay"):
            if scores[form] >= 3:
                scores[form] += 2
        scores["receipt_bank"] += 1
    if "转账单号" in text or ("对方账户" in text and "商家订单号" not in text):
        for form in ("receipt_alipay", "receipt_wechat"):
            scores[form] -= 4
    elif re.search("商户单号|商家订单号|商户全称|收款方全称", text):
        for form in ("transfer_wechat", "transfer_alipay"):
            scores[form] -= 6
    if re.search("账单管理|账单分类|计入收支|账单服务|对订单有疑惑", text):
        for form in ("receipt_bank", "order"):
            scores[form] -= 4
    if re.search("立即兑换|立即充值|确认兑换|立即激活", text):
        scores["card"] -= 4
        scores["redemption_record"] -= 3
    scores["chat"] += _chat_shape(page)


def _chat_shape(page: Page) -> float:
    """Bubbles: short texts at both edges, avatars of one letter, clocks in the middle."""
    wide = page.right - page.left or 1.0
    score = 0.0
    avatars = [
        c
        for c in page.cells
        if len(plain(c.text)) <= 2
        and (c.x0 < page.left + 0.06 * wide or c.x1 > page.right - 0.06 * wide)
        and not re.search(r"\d", c.text)
    ]
    beside = [
        c
        for c in avatars
        for row in page.rows
        if c in row and len(row) == 2 and any(len(plain(o.text)) > 2 for o in row)
    ]
    score += min(6.0, 1.5 * len(beside))
    clocks = [
        c
        for c in page.cells
        if re.search(r"\d{1,2}[:：]\d{2}$", c.text)
        and abs(c.cx - page.middle) < 0.06 * wide
        and len(c.text) < 20
    ]
    score += min(4.0, 2.0 * len(clocks))
    lefts = [
        c for c in page.cells if c.x1 < page.left + 0.85 * wide and c.x0 > page.left + 0.05 * wide
    ]
    rights = [
        c for c in page.cells if c.x0 > page.left + 0.2 * wide and c.x1 > page.left + 0.75 * wide
    ]
    if beside and lefts and rights:
        score += 1
    return score


def title_of(page: Page) -> str:
    """The words of the title bar in plain form; empty where the top was cut off."""
    for row in page.rows[:2]:
        for cell in row:
            near_top = cell.cy < 0.13 * page.height or row is page.rows[0]
            if (
                near_top
                and abs(cell.cx - page.width / 2) < 0.12 * page.width
                and len(cell.text) < 20
            ):
                return plain(cell.text)
    return ""
