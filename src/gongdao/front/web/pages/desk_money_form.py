"""The forms of the money pages."""

from __future__ import annotations

from typing import Any

from django import forms

from gongdao.core.language import gettext as _
from gongdao.front.web.forms import MoneyField


class PayeeForm(forms.Form):
    """An account that money may go to."""

    name = forms.CharField(max_length=120)
    bank = forms.CharField(max_length=120)
    branch = forms.CharField(max_length=120, required=False)
    number = forms.CharField(max_length=80)

    def __init__(self, data: Any = None, **more: Any) -> None:
        super().__init__(data, **more)
        self.fields["name"].label = _("户名")
        self.fields["name"].help_text = _("只能是商家自己的名称。")
        self.fields["bank"].label = _("银行或支付机构")
        self.fields["branch"].label = _("开户网点")
        self.fields["number"].label = _("账号")
        for field in self.fields.values():
            field.error_messages["required"] = _("请填写这一项。")
            field.widget.attrs["autocomplete"] = "off"


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
