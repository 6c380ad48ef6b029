"""The form of an order: what the listing asks for, how to reach the buyer, how to pay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms

from gongdao.core.language import gettext as _
from gongdao.front.web.market_words import gateway_name
from gongdao.market.coupons import LONGEST_CODE
from gongdao.market.offer import GoodsKind, Offer
from gongdao.market.record_test import LARGEST_FILE, LONGEST_NOTE, MOST_FILES, NewFile

_LONGEST_CONTACT = 254
_LONGEST_ANSWER = 200
_SHORTEST_CONTACT = 5


def bounds_of(most: int) -> Callable[[int], None]:
    """A check that a number of pieces is one to ``most``, in our own words."""

    def check(pieces: int) -> None:
        if not 1 <= pieces <= most:
            raise forms.ValidationError(_("每人每次买 1 到 {most} 件。").format(most=most))

    return check


class OrderForm(forms.Form):
    """Made for one offer: ``asks`` become fields, a test card has to be acknowledged."""

    contact = forms.CharField(max_length=_LONGEST_CONTACT, min_length=_SHORTEST_CONTACT)
    pay_with = forms.ChoiceField(widget=forms.RadioSelect())

    def __init__(self, offer: Offer, gateways: list[str], data: Any = None, **more: Any) -> None:
        super().__init__(data, **more)
        self._asks = {f"answer_{n}": label for n, label in enumerate(offer.asks)}
        self._name_fields(offer)
        pay: Any = self.fields["pay_with"]
        pay.choices = [(name, gateway_name(name)) for name in gateways]
        pay.initial = gateways[0] if gateways else None
        for name, label in self._asks.items():
            self.fields[name] = forms.CharField(label=label, max_length=_LONGEST_ANSWER)
            self.fields[name].widget.attrs["autocomplete"] = "off"
        if offer.kind is GoodsKind.TEST_CARD:
            label = _("我知道这是测试卡，不能当正式卡用")
            self.fields["knows_test"] = forms.BooleanField(label=label)
        coupon = forms.CharField(
            required=False,
            max_length=LONGEST_CODE,
            label=_("优惠码"),
            help_text=_("整单退款以后，优惠券用掉的这一次会退回。"),
        )
        coupon.widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}
        self.fields["coupon"] = coupon
        no_return = forms.BooleanField(
            required=False,
            label=_("我确认：提卡以后，只是不想要了，不能退"),
            help_text=_("可以不勾。商品或发货有问题时，勾了也照样退。"),
        )
        self.fields["no_return"] = no_return
        self.fields["terms"] = forms.BooleanField(label=_("我看过并接受交易条款"))
        order = ["quantity", *self._asks, "contact", "pay_with", "coupon", "knows_test"]
        self.order_fields([*order, "no_return", "terms"])
        self._say_errors()

    def _name_fields(self, offer: Offer) -> None:
        most = offer.most_per_buyer
        quantity = forms.IntegerField(min_value=1, max_value=most, label=_("数量"), initial=1)
        quantity.help_text = _("每人每次 1 到 {most} 件").format(most=most)
        quantity.widget.attrs["inputmode"] = "numeric"
        quantity.validators = [bounds_of(most)]
        self.fields["quantity"], contact = quantity, self.fields["contact"]
        contact.label = _("邮箱或手机号")
        contact.help_text = _("订单有变化时用它找您。查订单靠订单号和查询码，不靠它。")
        contact.widget.attrs["autocomplete"] = "email"
        self.fields["pay_with"].label = _("怎样付款")

    def _say_errors(self) -> None:
        needed = _("请填写这一项。")
        for field in self.fields.values():
            field.error_messages["required"] = needed
        self.fields["terms"].error_messages["required"] = _("请先看交易条款，接受后再下单。")
        self.fields["pay_with"].error_messages["required"] = _("请选一种付款方式。")
        self.fields["pay_with"].error_messages["invalid_choice"] = _("没有这种支付方式。")
        self.fields["quantity"].error_messages["invalid"] = _("请写一个整数。")

    def clean_contact(self) -> str:
        """An address or a number, by the look of it."""
        text = str(self.cleaned_data["contact"]).strip()
        digits = sum(sign.isdigit() for sign in text)
        if "@" not in text[1:-1] and digits < 6:
            raise forms.ValidationError(_("请写邮箱或手机号，不然出了问题找不到您。"))
        return text

    def answers(self) -> Mapping[str, str]:
        """What the listing asked, by its labels."""
        return {label: self.cleaned_data[name] for name, label in self._asks.items()}


class _ManyFiles(forms.FileInput):
    """A field that takes several files."""

    allow_multiple_selected = True


class ShownFiles(forms.FileField):
    """Screenshots and recordings of the test; the market judges what they are."""

    def __init__(self) -> None:
        widget = _ManyFiles(attrs={"multiple": True, "accept": "image/*,video/*"})
        super().__init__(required=False, widget=widget, label=_("截图或录屏"))
        said = _("最多 {most} 个，每个 {size} MB 以内。加密保存，做案件时会带上。")
        self.help_text = said.format(most=MOST_FILES, size=LARGEST_FILE >> 20)

    def clean(self, data: Any, initial: Any = None) -> list[NewFile]:
        """The files that were sent."""
        sent = [one for one in data or [] if one]
        return [NewFile(str(one.name or ""), one) for one in sent]


class TestForm(forms.Form):
    """What came of the test right after the reveal."""

    __test__ = False

    works = forms.ChoiceField(widget=forms.RadioSelect())
    recorded = forms.BooleanField(required=False)
    note = forms.CharField(
        required=False, max_length=LONGEST_NOTE, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, data: Any = None, files: Any = None, **more: Any) -> None:
        super().__init__(data, files, **more)
        works: Any = self.fields["works"]
        works.label = _("试的结果")
        works.choices = [("yes", _("能用")), ("no", _("不能用"))]
        works.error_messages["required"] = _("请选一个结果。")
        works.error_messages["invalid_choice"] = _("请选一个结果。")
        self.fields["recorded"].label = _("从查看前到试用，我都录了屏")
        note = self.fields["note"]
        note.label = _("看到了什么")
        note.help_text = _("页面上的原话、时间、在哪里试的。不要写卡密本身。")
        self.fields["files"] = ShownFiles()
