"""The forms of a supplier, and of where the goods of a listing come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from gongdao.core.language import gettext as _
from gongdao.front.web.forms import MoneyField
from gongdao.market.models import Supplier
from gongdao.market.staff import LONGEST_REASON
from gongdao.market.suppliers.keep_supplier import KINDS, SupplierPlace

_LONGEST_REF = 64
_KINDS = {"yrapi": "yrapi", "dujiao_next": "dujiao-next"}


def _say_needed(form: forms.Form) -> None:
    for field in form.fields.values():
        field.widget.attrs["autocomplete"] = "off"
        field.error_messages["required"] = _("请填写这一项。")
        field.error_messages["invalid_choice"] = _("请从列出的里面选。")


class SupplierForm(forms.Form):
    """A supplier of one merchant: where he is, who we are to him, and whether he was checked."""

    use_required_attribute = False

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.fields["name"] = forms.CharField(label=_("上游的名称"), max_length=_LONGEST_REF)
        self.fields["kind"] = forms.ChoiceField(
            label=_("接口"), choices=[(one, _KINDS[one]) for one in KINDS]
        )
        self.fields["url"] = forms.CharField(
            label=_("接口地址"),
            help_text=_("写成 https://主机，不带路径。"),
            max_length=255,
            widget=forms.TextInput(attrs={"inputmode": "url"}),
        )
        self.fields["account"] = forms.CharField(
            label=_("商家在上游的账号"), max_length=_LONGEST_REF
        )
        self.fields["key"] = forms.CharField(
            label=_("密钥"),
            help_text=_("加密保存，以后不再显示。"),
            max_length=500,
            widget=forms.PasswordInput(),
        )
        self.fields["vouched"] = forms.BooleanField(
            label=_("核实过：上游和商家不是一家"),
            help_text=_("没有核实的，上游说的话在争议里只算商家自己说的。"),
            required=False,
        )
        self.fields["reason"] = forms.CharField(
            label=_("理由"),
            help_text=_("看了什么材料、怎样核实的。"),
            max_length=LONGEST_REASON,
            widget=forms.Textarea(attrs={"rows": 2}),
        )
        _say_needed(self)

    def place(self) -> SupplierPlace:
        """What was entered."""
        given = self.cleaned_data
        names = ("kind", "name", "url", "account", "key", "vouched")
        return SupplierPlace(**{name: given[name] for name in names})


class SupplyForm(forms.Form):
    """Which product of which supplier one piece is, and what it may cost."""

    use_required_attribute = False

    def __init__(
        self, suppliers: Sequence[Supplier], asks: Sequence[str], data: Any = None, **more: Any
    ) -> None:
        super().__init__(data, **more)
        self._suppliers = {str(one.id): one for one in suppliers}
        self.fields["supplier"] = forms.ChoiceField(
            label=_("上游"), choices=[(str(one.id), one.name) for one in suppliers]
        )
        self.fields["product"] = forms.CharField(label=_("上游的商品编号"), max_length=_LONGEST_REF)
        self.fields["ask"] = forms.ChoiceField(
            label=_("充到哪里"),
            help_text=_("买家下单时填的这一项，会发给上游。"),
            choices=[(one, one) for one in asks],
        )
        self.fields["face"] = MoneyField(label=_("每件充多少（元）"), help_text=_("充到账的面值。"))
        self.fields["most"] = MoneyField(
            label=_("每件最多花多少（元）"), help_text=_("上游要得更多就不买，钱退给买家。")
        )
        _say_needed(self)

    def clean(self) -> dict[str, Any]:
        """Amounts above zero, as the table wants them."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for name in ("face", "most"):
            if given.get(name) is not None and given[name].minor == 0:
                self.add_error(name, _("要大于 0。"))
        return given

    def supplier(self) -> Supplier:
        """The one that was chosen."""
        return self._suppliers[self.cleaned_data["supplier"]]
