"""The forms of the money pages."""

from __future__ import annotations

from typing import Any

from django import forms

from gongdao.core.language import gettext as _
from gongdao.front.web.forms import MoneyField
from gongdao.front.web.market_words import gateway_name
from gongdao.payments.split_port import RECEIVERS


class PayeeForm(forms.Form):
    """An account that money may go to."""

    name = forms.CharField(max_length=120)
    gateway = forms.ChoiceField(required=False)
    bank = forms.CharField(max_length=120, required=False)
    branch = forms.CharField(max_length=120, required=False)
    number = forms.CharField(max_length=80)

    def __init__(self, services: list[str], data: Any = None, **more: Any) -> None:
        """``services``: the payment services whose splits may arrive at the account."""
        super().__init__(data, **more)
        self.fields["name"].label = _("户名")
        self.fields["name"].help_text = _("只能是商家自己的名称。")
        gateway: Any = self.fields["gateway"]
        gateway.label = _("收什么钱")
        gateway.choices = [("", _("只收提现：银行或支付机构的账户"))] + [
            (one, _("收 {service} 的分账").format(service=gateway_name(one))) for one in services
        ]
        gateway.help_text = _("分账由支付渠道直接打到您在那里的账户，不用申请提现。")
        self.fields["bank"].label = _("银行或支付机构")
        self.fields["bank"].help_text = _("收分账的账户不用填。")
        self.fields["branch"].label = _("开户网点")
        self.fields["number"].label = _("账号")
        self.fields["number"].help_text = _(
            "收分账的：微信支付填商户号，支付宝填 2088 开头的用户号，Stripe 填 acct_ 开头的账户号。"
        )
        if not services:
            del self.fields["gateway"]
            for name in ("bank", "number"):
                self.fields[name].help_text = ""
            self.fields["bank"].required = True
        for field in self.fields.values():
            field.error_messages["required"] = _("请填写这一项。")
            field.widget.attrs["autocomplete"] = "off"

    def clean(self) -> dict[str, Any]:
        """A bank is needed where no payment service is named, and a number that the service knows
        where one is."""
        given: dict[str, Any] = super().clean() or {}
        service = given.get("gateway", "")
        if not service:
            if not given.get("bank"):
                self.add_error("bank", _("请填写这一项。"))
            return given
        given["bank"] = gateway_name(service)
        number = "".join(given.get("number", "").split())
        if number and not RECEIVERS[service].fullmatch(number):
            self.add_error("number", _("这不是这个支付渠道的账号，请照下面的说明填。"))
        return given


class PayoutForm(forms.Form):
    """How much, and to which verified account."""

    amount = MoneyField()
    payee = forms.ChoiceField()

    def __init__(self, payees: list[dict[str, Any]], data: Any = None, **more: Any) -> None:
        super().__init__(data, **more)
        self.fields["amount"].label = _("金额（元）")
        payee: Any = self.fields["payee"]
        payee.label = _("付到")
        payee.choices = [
            (str(one["id"]), f"{one['bank']} {one['number']}") for one in payees if one["verified"]
        ]
        for field in self.fields.values():
            field.error_messages["required"] = _("请填写这一项。")
        payee.error_messages["invalid_choice"] = _("选一个已核实的收款账户。")
