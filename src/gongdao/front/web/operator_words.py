"""What the codes on the operator's desk are called."""

from __future__ import annotations

from gongdao.core.language import mark, translated
from gongdao.ledger.states import PayoutState
from gongdao.market.states import MerchantState, PaperKind, Role

ROLES: dict[Role, str] = {
    Role.OPERATOR: mark("运营"),
    Role.REVIEWER: mark("审核"),
    Role.FINANCE: mark("财务"),
    Role.ARBITER: mark("裁决"),
}
PAPERS: dict[PaperKind, str] = {
    PaperKind.LICENCE: mark("营业执照"),
    PaperKind.IDENTITY: mark("身份证件"),
    PaperKind.AUTHORIZATION: mark("品牌授权"),
    PaperKind.PURCHASE: mark("进货凭证"),
}
MERCHANTS: dict[MerchantState, str] = {
    MerchantState.ACTIVE: mark("正常"),
    MerchantState.PAUSED: mark("已暂停"),
    MerchantState.CLOSING: mark("正在退出"),
    MerchantState.CLOSED: mark("已退出"),
}
PAYOUTS: dict[PayoutState, str] = {
    PayoutState.PROPOSED: mark("待批准"),
    PayoutState.APPROVED: mark("已批准"),
    PayoutState.REQUESTED: mark("已提交"),
    PayoutState.CONFIRMED: mark("已到账"),
    PayoutState.FAILED: mark("没有付成"),
    PayoutState.CANCELLED: mark("已撤回"),
    PayoutState.RETURNED: mark("被退回"),
}
DEEDS: dict[str, str] = {
    "staff.add": mark("给了角色"),
    "staff.remove": mark("收回角色"),
    "contact.send": mark("发出联系方式验证码"),
    "merchant.admit": mark("批准入驻"),
    "merchant.pause": mark("暂停商家"),
    "merchant.resume": mark("恢复商家"),
    "merchant.review": mark("复核商家"),
    "merchant.expire": mark("到期未复核，自动暂停"),
    "merchant.close": mark("让商家退出"),
    "merchant.paper": mark("收下材料"),
    "merchant.look": mark("查看保密资料"),
    "paper.look": mark("查看材料"),
    "merchant.invite": mark("邀请成员"),
    "merchant.dismiss": mark("移除成员"),
    "deposit.pay": mark("登记保证金"),
    "terms.accept": mark("接受交易条款"),
    "payee.verify": mark("核实收款账户"),
    "payee.look": mark("查看完整的收款账号"),
    "payout.propose": mark("提出付款"),
    "payout.approve": mark("批准付款"),
    "payout.cancel": mark("撤回付款"),
    "payout.request": mark("提交付款批次"),
    "payout.list": mark("导出付款清单"),
    "payout.confirm": mark("确认付款到账"),
    "payout.fail": mark("登记付款未成"),
    "payout.return": mark("登记付款退回"),
    "split.push": mark("再试一次分账"),
    "split.pass": mark("放行超过限额的分账"),
    "split.drop": mark("让一笔钱不走分账"),
    "split.list": mark("导出分账清单"),
    "ledger.check": mark("试算账目"),
    "booking.propose": mark("提出记账"),
    "booking.confirm": mark("确认记账"),
    "booking.cancel": mark("撤回记账"),
    "charge_back.book": mark("登记拒付"),
    "charge_back.return": mark("登记拒付退回"),
    "charge_back.none": mark("登记没有拒付"),
    "debt.collect": mark("登记还款"),
    "debt.write_off": mark("核销欠款"),
    "debt.propose": mark("提出核销欠款"),
    "debt.keep": mark("撤回核销"),
    "money.ask": mark("提出一笔登记，等另一个人"),
    "money.drop": mark("撤回一笔登记"),
    "ground.place": mark("加上限制"),
    "request.enter": mark("登记有关机关的要求"),
    "request.look": mark("查看有关机关的文书"),
    "request.confirm": mark("确认有关机关的要求"),
    "request.refuse": mark("有关机关的要求没有通过"),
    "request.ask_end": mark("提出结束有关机关的要求"),
    "request.end": mark("结束有关机关的要求"),
    "doubt.clear": mark("了结上游疑点"),
    "proof.look": mark("查看来源凭证"),
    "proof.accept": mark("来源凭证通过"),
    "proof.refuse": mark("来源凭证不通过"),
    "listing.accept": mark("同意商品价格"),
    "listing.refuse": mark("不同意商品价格"),
    "batch.back": mark("担保未发出，恢复出售"),
    "batch.replace": mark("下架待更换的批次"),
    "refund.push": mark("重试退款"),
    "finding.settle": mark("了结渠道说的事"),
    "refund.bounce": mark("记为没有退到"),
    "refund.elsewhere": mark("退款改由银行付"),
    "notice.push": mark("重发通知"),
    "supplier.add": mark("接上游"),
    "supplier.vouch": mark("核实上游不是商家自己"),
    "supplier.doubt": mark("不再认上游为独立"),
    "supplier.on": mark("启用上游"),
    "supplier.off": mark("停用上游"),
}
FINDINGS: dict[str, str] = {
    "supplier_doubt": mark("上游前后说法不一"),
    "secrets_missing": mark("发货记录不完整"),
    "top_up_no_supplier": mark("没有可用的上游"),
    "no_supplier": mark("没有可用的上游"),
    "refund_stuck": mark("退款没有办成"),
    "refund_slow": mark("退款迟迟没有确认"),
    "refund_lost": mark("退款没有发起"),
    "charged_back": mark("支付渠道说买家的银行要把钱拿回去"),
    "charge_back_returned": mark("支付渠道说被拿走的钱又回来了"),
    "bill_differs": mark("渠道账单和这里的记录不一样"),
    "came_back": mark("支付渠道说一笔退款没有退到买家"),
    "not_in_books": mark("渠道账单里没有一笔已确认的退款"),
    "release_refused": mark("保护期已过，钱结算不出去"),
    "restored_behind_log": mark("备份之后已发过货，恢复后这里没有记录"),
}
TO_DO: dict[str, str] = {
    "charged_back": mark(
        "银行真的拿走了钱，就在“登记拒付”里按渠道的编号和金额记下，这一项会自己了结；"
        "记少了的，余下的在同一编号后面加“-2”再记。"
        "没有拿走（只是查询，或争议赢了），在这里写明了结。"
    ),
    "charge_back_returned": mark(
        "看支付渠道的后台。钱真的回来了，就在“登记拒付退回”里记下，这一项会自己了结。"
        "当初没有登记过拒付，或者没有回来，在这里写明了结。"
    ),
    "came_back": mark(
        "到支付渠道的后台看这笔退款。确实失败、钱回到渠道账上的，在下面那笔退款里点“钱没有退到买家”"
        "登记，这一项会自己了结，买家会看到钱还没有退到。没有失败的，在这里写明了结。"
    ),
    "not_in_books": mark(
        "到支付渠道的后台按退款单号找下面的退款。已经失败、钱回到渠道账上的，在那笔退款里点"
        "“钱没有退到买家”登记，这一项会自己了结。退到了的，请渠道说明账单为什么没有，再在这里写明了结。"
    ),
    "bill_differs": mark(
        "金额不同，或在渠道后台直接退过款。对照渠道账单和下面的退款；后台直接退给买家的，"
        "按渠道流水号在“登记拒付”里记下，这单就不会再退一次。然后在这里写明了结。"
    ),
}
DOUBTS: dict[str, str] = {
    "done_after_refund": mark("退款以后，上游又说充成了"),
    "too_dear": mark("上游收的钱超过上限"),
    "said_done": mark("上游改口说充成了"),
    "said_rejected": mark("上游改口说没充"),
    "said_partial": mark("上游改口说只充了一部分"),
}
KINDS: dict[str, str] = {
    "merchant": mark("商家"),
    "order": mark("订单"),
    "payout": mark("付款"),
    "batch": mark("批次"),
    "supplier": mark("上游"),
    "account": mark("账户"),
    "user": mark("账号"),
    "contact": mark("联系方式"),
    "paper": mark("材料"),
    "proof": mark("来源凭证"),
    "listing": mark("商品"),
    "ledger": mark("账目"),
    "booking": mark("记账"),
    "request": mark("有关机关的要求"),
    "split": mark("分账"),
    "exhibit": mark("证据"),
}


def role_name(role: Role) -> str:
    """A role in the language in use."""
    return translated(ROLES[role])


def deed_name(code: str) -> str:
    """A deed in the language in use; one that is not known shows its code."""
    return translated(DEEDS[code]) if code in DEEDS else code


def word_of(names: dict[str, str], code: str) -> str:
    """The name of ``code`` in the language in use; one that is not known shows itself."""
    return translated(names[code]) if code in names else code
