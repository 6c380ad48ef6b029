"""What the market's codes are called, and its times as people say them."""

from __future__ import annotations

from datetime import datetime, timedelta

from gongdao.core.clock import BEIJING, beijing
from gongdao.core.language import gettext as _
from gongdao.core.language import language, mark, translated
from gongdao.market.compared import ComparedKind
from gongdao.market.offer import Delivery, GoodsKind, SourceKind
from gongdao.market.promise import Promise, ServiceHours
from gongdao.market.states import CancelReason, OrderState

KIND_NAMES: dict[GoodsKind, str] = {
    GoodsKind.RETAIL_CARD: mark("零售卡密"),
    GoodsKind.TOP_UP: mark("直充"),
    GoodsKind.SERVICE: mark("服务"),
    GoodsKind.TEST_CARD: mark("测试卡"),
}
SOURCE_NAMES: dict[SourceKind, str] = {
    SourceKind.OFFICIAL: mark("发行方直供"),
    SourceKind.DISTRIBUTOR: mark("授权经销"),
    SourceKind.RESALE: mark("转售"),
    SourceKind.RECYCLED: mark("回收再售"),
}
DELIVERY_NAMES: dict[Delivery, str] = {
    Delivery.SECRET: mark("付款后系统自动发卡密"),
    Delivery.MANUAL: mark("付款后由商家人工处理"),
    Delivery.SUPPLIER: mark("付款后自动充到您填的账号"),
}
COMPARED_NAMES: dict[ComparedKind, str] = {
    ComparedKind.OWN_EARLIER: mark("和这个商品自己以前的价比"),
    ComparedKind.OFFICIAL: mark("和发行方的建议零售价比"),
    ComparedKind.COMBINED: mark("和各件分开买比"),
}
CATEGORY_NAMES: dict[str, str] = {
    "game_card": mark("游戏点卡"),
    "phone": mark("话费流量"),
    "video": mark("影音会员"),
    "gift_card": mark("礼品卡"),
    "software": mark("软件授权"),
    "service": mark("代办服务"),
    "other": mark("其他"),
}
"""Names of the common categories; another one is shown as the merchant wrote it."""
GATEWAY_NAMES: dict[str, str] = {
    "sandbox": mark("沙盒（试用，不会真的扣款）"),
    "epay": mark("易支付"),
    "epay_v1": mark("易支付"),
    "epay_v2": mark("易支付"),
    "alipay": mark("支付宝"),
    "wechat": mark("微信支付"),
    "stripe": mark("银行卡（Stripe）"),
}
STATE_NAMES: dict[OrderState, str] = {
    OrderState.PLACED: mark("等待付款"),
    OrderState.EXPIRED: mark("没有按时付款"),
    OrderState.PAID: mark("已付款，等待发货"),
    OrderState.DELIVERED: mark("已发货"),
    OrderState.COMPLETED: mark("已完成"),
    OrderState.REFUNDING: mark("正在退款"),
    OrderState.REFUNDED: mark("已退款"),
}
CANCEL_NAMES: dict[CancelReason, str] = {
    CancelReason.NO_STOCK: mark("没有货了"),
    CancelReason.SUPPLIER: mark("上游没有供上货"),
    CancelReason.CANNOT_SERVE: mark("这个账号或地区办不了"),
    CancelReason.LISTED_WRONG: mark("价格或说明写错了"),
    CancelReason.OTHER: mark("其他原因"),
}
STATE_SHAPES: dict[OrderState, str] = {
    OrderState.PLACED: "waiting",
    OrderState.EXPIRED: "barred",
    OrderState.PAID: "later",
    OrderState.DELIVERED: "open",
    OrderState.COMPLETED: "spent",
    OrderState.REFUNDING: "waiting",
    OrderState.REFUNDED: "spent",
}
_DAYS = (
    mark("周一"),
    mark("周二"),
    mark("周三"),
    mark("周四"),
    mark("周五"),
    mark("周六"),
    mark("周日"),
)


def category_name(code: str) -> str:
    """A category in the language in use."""
    return translated(CATEGORY_NAMES[code]) if code in CATEGORY_NAMES else code


def gateway_name(code: str) -> str:
    """A payment service in the language in use."""
    return translated(GATEWAY_NAMES[code]) if code in GATEWAY_NAMES else code


def say_moment(moment: datetime, at: datetime) -> str:
    """``今天 09:10``, ``周一 09:10`` within a week, else ``11 月 30 日 09:10``; Beijing time."""
    there, here = beijing(moment), beijing(at)
    days = (there.date() - here.date()).days
    clock = f"{there:%H:%M}"
    if days == 0:
        return _("今天 {time}").format(time=clock)
    if days == 1:
        return _("明天 {time}").format(time=clock)
    if 1 < days < 7:
        return f"{translated(_DAYS[there.weekday()])} {clock}"
    if language() == "en":
        return f"{there:%Y-%m-%d} {clock}"
    return f"{there.month} 月 {there.day} 日 {clock}"


def say_length(minutes: int) -> str:
    """``10 分钟``, ``2 小时``, ``3 天`` of service time."""
    if minutes % 1440 == 0:
        return _("{n} 天").format(n=minutes // 1440)
    if minutes % 60 == 0:
        return _("{n} 小时").format(n=minutes // 60)
    return _("{n} 分钟").format(n=minutes)


def say_promise(promise: Promise) -> str:
    """What the listing promises, in service time."""
    length = say_length(promise.minutes)
    if promise.instant:
        return _("即时发货，最多 {length}").format(length=length)
    return _("服务时间内 {length}").format(length=length)


def say_hours(hours: ServiceHours) -> list[str]:
    """The week in lines, days with the same hours together: ``周一至周五 09:00–18:00``."""
    lines: list[str] = []
    start = 0
    for day in range(1, 8):
        if day < 7 and hours.week[day] == hours.week[start]:
            continue
        lines.append(_say_days(start, day - 1, hours))
        start = day
    return lines


def _say_days(first: int, last: int, hours: ServiceHours) -> str:
    spans = hours.week[first]
    whole = len(spans) == 1 and f"{spans[0].start:%H:%M}{spans[0].end:%H:%M}" == "00:0000:00"
    told = "、".join(f"{s.start:%H:%M}–{_end(f'{s.end:%H:%M}')}" for s in spans)
    if language() == "en":
        told = told.replace("、", ", ")
    text = _("全天") if whole else told or _("休息")
    if (first, last) == (0, 6):
        return _("每天 {hours}").format(hours=text)
    names = [translated(_DAYS[day]) for day in (first, last)]
    if first == last:
        return f"{names[0]} {text}"
    return _("{first}至{last} {hours}").format(first=names[0], last=names[1], hours=text)


def _end(clock: str) -> str:
    return "24:00" if clock == "00:00" else clock


def say_closed(hours: ServiceHours, at: datetime) -> list[str]:
    """The closed days of the next sixty, as dates."""
    today = at.astimezone(BEIJING).date()
    soon = sorted(day for day in hours.closed if today <= day <= today + timedelta(days=60))
    return [day.isoformat() for day in soon]
