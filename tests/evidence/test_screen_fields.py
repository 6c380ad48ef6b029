"""Screens of kinds the example pictures do not show, as boxes of text."""

from __future__ import annotations

import pytest
from tests.evidence.screen_kit import SIZE, Drawn

from gongdao.core.codes import Kind
from gongdao.evidence.screen_fields.read import read_fields
from gongdao.evidence.screens import recognise_screen


def bank() -> Drawn:
    """A bank's detail of one payment."""
    d = Drawn().bar("交易详情", "09:12").gap()
    d.centre("-300.00", 90)
    d.pair("交易时间", "2026-11-03 20:15:33").pair("交易类型", "网上支付")
    d.pair("对方户名", "示例支付科技有限公司").pair("对方账号", "2190****0001")
    d.pair("交易卡号", "6222****0000").pair("账户余额", "1,204.55").pair("交易渠道", "网联")
    d.pair("交易流水号", "0311203300012345").pair("附言", "示例点卡铺-订单DK20261103201500777")
    return d


def bank_without_tall_amount() -> Drawn:
    """A bank that prints the amount as a row like the others."""
    d = Drawn().bar("交易明细", "09:12").gap()
    d.pair("交易金额", "-1,280.50元").pair("交易日期", "2026年11月03日 20:15:33")
    d.pair("收款人", "示例数码店").pair("付款账号", "尾号0000").pair("交易后余额", "8,000.00")
    return d.pair("流水号", "202611030001998877")


def alipay_transfer() -> Drawn:
    """A transfer to a person in the first payment service's form."""
    d = Drawn().bar("账单详情").gap()
    d.centre("示*例").centre("-520.00", 90).centre("交易成功")
    d.pair("付款方式", "余额").pair("转账备注", "点券").pair("对方账户", "示*例 138******00")
    d.pair("创建时间", "2026-11-01 12:00:09").pair("订单号", "20261101200040011100220033440055")
    return d.pair("账单管理", "").pair("账单分类", "其他").pair("计入收支", "")


def cards() -> Drawn:
    """Three cards on one page, number and secret with a colon."""
    d = Drawn().bar("卡密信息").gap()
    d.left("某游戏50元点卡").pair("订单编号", "KS202611020001").pair(
        "发货时间", "2026-11-02 10:00:01"
    )
    for n in range(1, 4):
        d.left(f"卡号：88001102{n}0001").left(f"卡密：AB{n}C-77QK-90PL-XYZ{n}").gap(30)
    return d.centre("复制全部")


def card_table() -> Drawn:
    """Cards as a table with heads."""
    d = Drawn().bar("我的卡密").gap().pair("订单号", "DK2611050007")
    d.row(("卡号", 60), ("密码", 640)).row(("2002611057770012", 60), ("998877665544332211", 640))
    return d.row(("2002611057770013", 60), ("112233445566778899", 640)).centre("复制卡密")


def twelve_315() -> Drawn:
    """The state of a complaint with an authority."""
    d = Drawn().bar("投诉详情").gap().left("已受理", 60)
    d.pair("登记编号", "1330000002026110512345678").pair("投诉时间", "2026-11-05 09:30:00")
    d.pair("被投诉主体", "示例市点心网络科技有限公司").pair(
        "处理单位", "示例市示例区市场监督管理局"
    )
    return (
        d.pair("诉求内容", "退款291元").pair("受理时间", "2026-11-10 10:00").left("全国12315平台")
    )


def inline_error() -> Drawn:
    """A refusal under the field instead of a dialog."""
    d = Drawn().bar("点卡兑换").gap().left("兑换码").left("XG1T-9C2P-77QA-0M3E", x=80).gap(20)
    return d.left("该兑换码己被使用，请重新输入").gap().centre("立即兑换")


def carrier_empty() -> Drawn:
    """A carrier's list without any top-up."""
    d = Drawn().bar("缴费充值记录", "20:41").gap().left("手机号码").left("137****0000", 60)
    d.pair("可用余额", "4.36元").left("2026年10月").centre("暂无充值记录")
    return d.left("查询时间：2026-10-20 20:41:05")


def carrier_two() -> Drawn:
    """A carrier's list with two top-ups."""
    d = (
        Drawn()
        .bar("充值记录", "20:41")
        .gap()
        .pair("手机号码", "137****0000")
        .pair("当前余额", "14.36元")
    )
    d.pair("2026-10-18 11:02:33", "+100.00").pair("2026-10-02 08:14:00", "+30.00")
    return d.left("查询时间：2026-10-20 20:41")


def balance() -> Drawn:
    """A membership page that counts days."""
    d = Drawn().bar("我的会员").gap().pair("会员账号", "ex***01").pair("剩余天数", "31天")
    return d.pair("到期时间", "2026-12-09").pair("查询时间", "2026-11-08 21:00")


def points() -> Drawn:
    """A balance in points."""
    d = Drawn().bar("账户余额").gap().left("当前余额").left("10000点", 90).pair("账号", "ex***62")
    return d.left("更新时间：2026-11-05 20:50:00")


def refund() -> Drawn:
    """A payment that came back."""
    d = Drawn().bar("交易详情").gap().centre("示例点卡小铺-退款").centre("+30.00", 90)
    d.pair("当前状态", "已全额退款(￥30.00)").pair("退款时间", "2026年11月3日 09:20:07")
    d.pair("商品", "Q币卡30元").pair("支付方式", "零钱").pair(
        "交易单号", "4200002001202611010000000002"
    )
    return d.pair("退款单号", "50300002001202611030000000000").pair(
        "商户单号", "DK20261101T0000000000002"
    )


def scan_hint() -> Drawn:
    """商户单号 with a hint in its place and the number below; a clock that must not be taken."""
    d = Drawn().bar("账单详情", "14:06").gap().centre("示例数卡专营店").centre("-98.50", 90)
    d.pair("当前状态", "支付成功").pair("支付时间", "2026年11月2日14:03:21").pair(
        "商户全称", "示例数卡网络科技有限公司"
    )
    d.pair("交易单号", "4200002000202611020000000001").pair("商户单号", "可在支持的商户扫码退款")
    return d.centre("SK20261102140300000000000001").left("账单服务").left("对订单有疑惑")


def advert() -> Drawn:
    """An advert with a price below the payment."""
    d = (
        Drawn()
        .bar("账单详情")
        .gap()
        .centre("示例数卡专营店")
        .centre("夫98.50", 90)
        .centre("交易成功")
    )
    d.pair("支付时间", "2026-11-0214:03:21").pair("付款方式", "招商银行储蓄卡(0000) >").pair(
        "商品说明", "骏网一卡通100元", "自动发卡密"
    )
    d.pair("收款方全称", "示例数卡网络科技有限公司").pair("订单号", "2026110222001400000000000001")
    return (
        d.pair("商家订单号", "SK20261102140300000000", "000001")
        .pair("账单管理", "")
        .left("5元 天天秒杀")
    )


CASES = [
    (
        bank,
        Kind.PAYMENT_RECEIPT,
        {
            "amount": "300.00",
            "paid_at": "2026-11-03 20:15:33",
            "txn_no": "0311203300012345",
            "payee": "示例支付科技有限公司",
            "order_no": "DK20261103201500777",
            "balance": "1204.55",
        },
    ),
    (
        bank_without_tall_amount,
        Kind.PAYMENT_RECEIPT,
        {
            "amount": "1280.50",
            "paid_at": "2026-11-03 20:15:33",
            "txn_no": "202611030001998877",
            "merchant": "示例数码店",
        },
    ),
    (
        alipay_transfer,
        Kind.PAYMENT_RECEIPT,
        {
            "amount": "520.00",
            "to_person": "true",
            "paid_at": "2026-11-01 12:00:09",
            "txn_no": "20261101200040011100220033440055",
        },
    ),
    (
        cards,
        Kind.CARD_PAGE,
        {
            "card_no": "8800110210001",
            "secret": "AB1C-77QK-90PL-XYZ1",
            "secret_3": "AB3C-77QK-90PL-XYZ3",
            "order_no": "KS202611020001",
            "delivered_at": "2026-11-02 10:00:01",
        },
    ),
    (
        card_table,
        Kind.CARD_PAGE,
        {
            "card_no": "2002611057770012",
            "secret": "998877665544332211",
            "card_no_2": "2002611057770013",
            "secret_2": "112233445566778899",
        },
    ),
    (
        twelve_315,
        Kind.COMPLAINT_RECEIPT,
        {
            "receipt_no": "1330000002026110512345678",
            "at": "2026-11-05 09:30:00",
            "status": "已受理",
            "respondent": "示例市点心网络科技有限公司",
            "body": "示例市示例区市场监督管理局",
        },
    ),
    (
        inline_error,
        Kind.REDEMPTION_FAILURE,
        {"error": "该兑换码已被使用", "secret": "XG1T-9C2P-77QA-0M3E"},
    ),
    (
        carrier_empty,
        Kind.CARRIER_BILL,
        {
            "credited": "0.00",
            "queried_at": "2026-10-20 20:41:05",
            "account": "137****0000",
            "balance": "4.36",
        },
    ),
    (
        carrier_two,
        Kind.CARRIER_BILL,
        {
            "credited": "100.00",
            "credited_at": "2026-10-18 11:02:33",
            "queried_at": "2026-10-20 20:41",
        },
    ),
    (
        balance,
        Kind.BALANCE_PAGE,
        {
            "days": "31",
            "account": "ex***01",
            "queried_at": "2026-11-08 21:00",
            "valid_until": "2026-12-09",
        },
    ),
    (
        points,
        Kind.BALANCE_PAGE,
        {"balance": "10000", "account": "ex***62", "queried_at": "2026-11-05 20:50:00"},
    ),
    (
        refund,
        Kind.PAYMENT_RECEIPT,
        {
            "amount": "30.00",
            "refunded": "30.00",
            "refunded_at": "2026-11-03 09:20:07",
            "order_no": "DK20261101T0000000000002",
            "merchant": "示例点卡小铺",
        },
    ),
    (
        scan_hint,
        Kind.PAYMENT_RECEIPT,
        {
            "amount": "98.50",
            "paid_at": "2026-11-02 14:03:21",
            "order_no": "SK20261102140300000000000001",
            "txn_no": "4200002000202611020000000001",
        },
    ),
    (
        advert,
        Kind.PAYMENT_RECEIPT,
        {
            "amount": "98.50",
            "paid_at": "2026-11-02 14:03:21",
            "order_no": "SK20261102140300000000000001",
            "txn_no": "2026110222001400000000000001",
            "product": "骏网一卡通100元自动发卡密",
            "method": "招商银行储蓄卡(0000)",
        },
    ),
]


@pytest.mark.parametrize(("draw", "kind", "want"), CASES, ids=lambda v: getattr(v, "__name__", ""))
def test_fields_of_screens_the_examples_lack(draw, kind, want):
    """Each layout is recognised and gives its fields, from the boxes alone."""
    lines = draw().lines()
    screen = recognise_screen(lines, SIZE)
    got = {k: f.value for k, f in read_fields(lines=lines, screen=screen, size=SIZE).items()}
    assert screen.kind is kind, screen
    assert {k: got.get(k) for k in want} == want
