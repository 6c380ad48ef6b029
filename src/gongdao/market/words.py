"""The words for why an order is where it is: ``Order.why`` as a sentence, in either language.

Every code that a verb writes has its sentence here; a test sees to it.
"""

from __future__ import annotations

from gongdao.core.language import Phrase, mark
from gongdao.market.states import OrderState

WHY: dict[str, str] = {
    "": mark("等待付款。"),
    "cancelled_by_merchant": mark("商家说办不了，取消了订单，钱正在原路退回。"),
    "by_verdict": mark("平台裁决退款，钱正在原路退回。"),
    "charge_back_returned": mark(
        "银行把这笔付款还给了支付渠道；这一单的钱该退给您，正在原路退回。"
    ),
    "charged_back": mark("付款已由银行或支付渠道退回给买家，这单不再发货，已经结束。"),
    "not_paid_in_time": mark(
        "没有在保留时间内付款，商品已放回。之后到账的钱仍然有效：有货就发，没货就退。"
    ),
    "delivered": mark("已发货，可以查看。"),
    "payment_in_doubt": mark(
        "支付渠道说这笔付款可能被银行拿回，平台正在核实；核实以前不发货，也不退款，免得给两次。"
    ),
    "waiting_for_delivery": mark("已付款，等商家发货；过了承诺时间还没有发，会自动退款。"),
    "late_merchant": mark("商家已超过承诺的发货时间。再过一会儿还没有发货，会自动原路退款。"),
    "not_delivered_in_time": mark("没有按承诺发货，钱正在原路退回。"),
    "delivered_by_merchant": mark("商家已发货，可以查看。"),
    "delivered_late": mark("已发货，但晚于承诺；补偿正在原路退给您。"),
    "top_up_asked": mark("已交给上游充值，等对方答复。"),
    "top_up_charging": mark("上游正在充值，我们一直在查。"),
    "top_up_unknown": mark(
        "上游没有答复，充没充上还不知道；我们在不断查询，不会当作失败，也不会不管。"
    ),
    "late_supplier": mark("上游比承诺的慢，我们在不断查询；等到上限仍没有结果，会自动退款。"),
    "top_up_no_supplier": mark("这个商品现在没有可用的上游，已转人工；承诺时间过后会自动退款。"),
    "top_up_done": mark("充值成功。"),
    "top_up_partial": mark("只充了一部分，没有充上的部分正在原路退款。"),
    "top_up_failed": mark("上游没有充上，钱正在原路退回。"),
    "top_up_too_long": mark("上游一直没有明确结果，先把钱退给您；上游的事由商家承担。"),
    "restored_unknown": mark("这笔付款所在的那段记录丢了，是否发过货已无法确认，钱正在原路退回。"),
    "out_of_stock": mark("付款到账时已经没有货，钱正在原路退回。"),
    "coupon_used_up": mark(
        "付款到账时，这单的保留时间已过，优惠券也被别人用完了，钱正在原路退回。"
    ),
    "cap_reached": mark(
        "付款到账时，这单的保留时间已过，您在限购期内能买的件数也已经满了，钱正在原路退回。"
    ),
    "secrets_missing": mark("发货记录不完整，正在补发；补不上会退款。"),
    "payment_unknown": mark("有一笔付款没有对上订单，钱正在原路退回。"),
    "refund_bounced": mark(
        "退款没有退到您手里，钱又回到了支付渠道；已转人工，会再退一次或改由银行付给您。"
    ),
    "refund_waits_for_service": mark("退款已提交，支付渠道还没有确认；已转人工跟进。"),
    "refund_waits_for_person": mark("支付渠道没有办成退款，已转人工处理；钱没有少。"),
    "asks_first_high_value": mark(
        "发货前先问您一句：是不是有人让您买卡，并把卡密发给他？如果是，多半是诈骗，"
        "请不要继续，并拨打 96110。"
    ),
    "asks_velocity": mark(
        "您短时间内买得很多。发货前先问您一句：是不是有人让您买卡，并把卡密发给他？"
        "如果是，多半是诈骗，请拨打 96110。"
    ),
    "delivery_delayed": mark("首次大额订单会晚一些发货，这段时间里您随时可以要求退款。"),
    "risk_unanswered": mark("没有收到您对防诈骗提问的回答，钱正在原路退回。"),
    "scam_suspected": mark(
        "您说是别人让您买的，钱正在原路退回。请拨打反诈专线 96110，不要再按对方说的做。"
    ),
    "buyer_withdrew": mark("您在发货前取消了订单，钱正在原路退回。"),
    "confirmation": mark("您已确认收货，交易完成。"),
    "expiry": mark("保护期已过，没有争议，交易完成。"),
    "not_owed": mark("这笔钱不是本单应付的，正在原路退回。"),
    "wrong_amount": mark(
        "付来的金额和订单不一样，不能算付款，正在原路退回。请重新下单，按订单金额付款。"
    ),
}
"""A sentence for each code."""

QUESTION = mark("是不是有人（客服、网友、“领导”、兼职平台）让您买卡，并把卡密发给他？")
ANSWER_YES = mark("是，有人让我买")
ANSWER_NO = mark("不是，我自己用")
WARNING = mark(
    "任何人让您买卡密、再把卡密念给他或拍给他，都是诈骗。不要发，马上拨打反诈专线 96110。"
)


def why_words(code: str) -> Phrase:
    """The sentence for ``code``; one that is not known says that a person can be asked."""
    return Phrase.named(WHY.get(code) or mark("正在核实，请联系客服。"))


def standing_words(state: OrderState, code: str) -> Phrase:
    """Why an order is in ``state``, with its ``code``. Where the money is back, what was said of
    it on its way is true no more."""
    if state is OrderState.REFUNDED:
        return Phrase("支付渠道确认退回了。到账要看银行，通常几个工作日内。")
    if not code and state is not OrderState.PLACED:
        return why_words("unknown")
    return why_words(code)
