"""Forms of the operator's desk."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms

from gongdao.core.language import gettext as _
from gongdao.front.web.forms import MoneyField
from gongdao.front.web.operator_words import PAPERS, word_of
from gongdao.market.admit_merchant import Application, NewPaper
from gongdao.market.staff import LONGEST_REASON
from gongdao.market.states import PaperKind

BRANDS = 3
"""Rows for brands on the form; more are added on the merchant's page."""
_PROOFS = (PaperKind.AUTHORIZATION, PaperKind.PURCHASE)
_LONGEST_BRAND = 64


def _date(label: str, help_text: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        help_text=help_text,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("请写成 2026-11-20 这样的日期。")},
    )


def _kinds(*kinds: PaperKind) -> list[tuple[str, str]]:
    return [(one.value, word_of({k.value: v for k, v in PAPERS.items()}, one)) for one in kinds]


def _say_needed(form: forms.Form) -> None:
    for field in form.fields.values():
        field.error_messages["required"] = _("请填写这一项。")


class ContactForm(forms.Form):
    """Where the code is sent."""

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        contact = forms.CharField(label=_("商家的邮箱"), max_length=254)
        contact.help_text = _("验证码发到这里，请商家念给您。平台以后的通知也用它。")
        contact.widget.attrs |= {"autocomplete": "off", "inputmode": "email"}
        self.fields["contact"] = contact
        _say_needed(self)


class CodeForm(forms.Form):
    """The code that came back."""

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        code = forms.CharField(label=_("验证码"), max_length=40)
        code.help_text = _("商家收到的那封信里的 10 位字母和数字，大小写都可以。")
        code.widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}
        self.fields["code"] = code
        _say_needed(self)


class AdmitForm(forms.Form):
    """Everything else that a merchant shows."""

    def __init__(self, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files)
        add = self.fields
        add["display_name"] = forms.CharField(label=_("店铺名称"), max_length=64)
        add["legal_name"] = forms.CharField(
            label=_("法定名称"), max_length=128, help_text=_("执照上的全称；个人写身份证上的姓名。")
        )
        add["uscc"] = forms.CharField(label=_("统一社会信用代码"), max_length=40, required=False)
        add["identity"] = forms.CharField(
            label=_("身份证号"),
            max_length=40,
            required=False,
            help_text=_("只有个人才填，和信用代码二者填一项。加密保存，每次查看都有记录。"),
        )
        add["licence"] = forms.FileField(
            label=_("营业执照或身份证件"), help_text=_("图片或 PDF，最大 20 MB，加密保存。")
        )
        add["licence_until"] = _date(_("证照有效期至"), _("长期有效就不填。"))
        for n in range(1, BRANDS + 1):
            self._add_brand(n)
        add["reason"] = forms.CharField(
            label=_("批准的理由"),
            max_length=LONGEST_REASON,
            widget=forms.Textarea(attrs={"rows": 3}),
            help_text=_("核对了什么、怎样核对的。和您的名字一起记下来。"),
        )
        _say_needed(self)

    def _add_brand(self, n: int) -> None:
        add, needed = self.fields, n == 1
        add[f"brand_{n}"] = forms.CharField(
            label=_("品牌 {n}").format(n=n), max_length=_LONGEST_BRAND, required=needed
        )
        add[f"proof_kind_{n}"] = forms.ChoiceField(
            label=_("品牌 {n} 的凭证").format(n=n), choices=_kinds(*_PROOFS), required=needed
        )
        add[f"proof_{n}"] = forms.FileField(
            label=_("品牌 {n} 的凭证文件").format(n=n), required=needed
        )
        add[f"proof_until_{n}"] = _date(
            _("品牌 {n} 的凭证有效期至").format(n=n), _("没有写就不填。")
        )

    def clean(self) -> dict[str, Any]:
        """A brand comes with its proof, and a proof with its brand."""
        given: dict[str, Any] = super().clean() or {}
        for n in range(2, BRANDS + 1):
            brand, proof = given.get(f"brand_{n}"), given.get(f"proof_{n}")
            if brand and not proof:
                self.add_error(f"proof_{n}", _("这个品牌还没有凭证。"))
            if proof and not brand:
                self.add_error(f"brand_{n}", _("写明是哪个品牌。"))
        return given

    def application(self, proof: UUID) -> Application:
        """What was entered, as the verb takes it."""
        given = self.cleaned_data
        person = bool(given["identity"].strip())
        licence = NewPaper(
            kind=PaperKind.IDENTITY if person else PaperKind.LICENCE,
            name=given["licence"].name,
            source=given["licence"].file,
            until=given["licence_until"],
        )
        papers = [
            NewPaper(
                kind=PaperKind(given[f"proof_kind_{n}"]),
                name=given[f"proof_{n}"].name,
                source=given[f"proof_{n}"].file,
                brand=given[f"brand_{n}"],
                until=given[f"proof_until_{n}"],
            )
            for n in range(1, BRANDS + 1)
            if given.get(f"proof_{n}")
        ]
        return Application(
            display_name=given["display_name"],
            legal_name=given["legal_name"],
            proof=proof,
            licence=licence,
            uscc=given["uscc"],
            identity=given["identity"],
            papers=papers,
        )


class PaperForm(forms.Form):
    """One more paper of a merchant."""

    def __init__(self, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files)
        add = self.fields
        add["kind"] = forms.ChoiceField(label=_("是什么"), choices=_kinds(*PaperKind))
        add["brand"] = forms.CharField(
            label=_("品牌"),
            max_length=_LONGEST_BRAND,
            required=False,
            help_text=_("授权和进货凭证要写。"),
        )
        add["file"] = forms.FileField(label=_("文件"))
        add["until"] = _date(_("有效期至"), _("没有写就不填。"))
        _say_needed(self)

    def paper(self) -> NewPaper:
        """What was entered, as the verb takes it."""
        given = self.cleaned_data
        return NewPaper(
            kind=PaperKind(given["kind"]),
            name=given["file"].name,
            source=given["file"].file,
            brand=given["brand"],
            until=given["until"],
        )


class DepositForm(forms.Form):
    """Money that came in as a deposit."""

    def __init__(self, sources: list[tuple[str, str]], data: Any = None) -> None:
        super().__init__(data)
        add = self.fields
        add["amount"] = MoneyField(label=_("金额（元）"))
        add["source"] = forms.ChoiceField(label=_("钱在哪里"), choices=sources)
        add["reference"] = forms.CharField(
            label=_("银行或支付渠道的流水号"),
            max_length=80,
            help_text=_("同一个流水号只记一次。"),
        )
        _say_needed(self)


class PayoutForm(forms.Form):
    """A payout to a verified account."""

    def __init__(
        self, payees: list[tuple[str, str]], sources: list[tuple[str, str]], data: Any = None
    ) -> None:
        super().__init__(data)
        add = self.fields
        add["payee"] = forms.ChoiceField(label=_("收款账户"), choices=payees)
        add["amount"] = MoneyField(label=_("金额（元）"))
        add["source"] = forms.ChoiceField(label=_("从哪里付"), choices=sources)
        add["reference"] = forms.CharField(
            label=_("付款用途或编号"),
            max_length=80,
            help_text=_("同一个商家的同一个编号只付一次。"),
        )
        _say_needed(self)


def _reason() -> forms.CharField:
    return forms.CharField(
        label=_("理由"),
        max_length=LONGEST_REASON,
        help_text=_("看了什么、在哪里看的。和您的名字一起记下来。"),
    )


def _reference(help_text: str) -> forms.CharField:
    return forms.CharField(label=_("银行或支付渠道的流水号"), max_length=60, help_text=help_text)


class BookingForm(forms.Form):
    """Money of the platform's own."""

    def __init__(
        self, bookings: list[tuple[str, str]], accounts: list[tuple[str, str]], data: Any = None
    ) -> None:
        super().__init__(data)
        add = self.fields
        add["booking"] = forms.ChoiceField(label=_("记什么"), choices=bookings)
        add["account"] = forms.ChoiceField(
            label=_("从哪里来"),
            choices=accounts,
            help_text=_("结算和手续费选支付渠道；拨入选银行或服务费。"),
        )
        add["amount"] = MoneyField(label=_("金额（元）"))
        add["reference"] = _reference(_("同一个流水号只记一次。"))
        add["reason"] = _reason()
        _say_needed(self)


class ChargeBackForm(forms.Form):
    """What a payment service took back."""

    def __init__(self, data: Any = None, number: str = "") -> None:
        super().__init__(data)
        add = self.fields
        add["number"] = forms.CharField(label=_("订单号"), max_length=32, initial=number)
        add["amount"] = MoneyField(label=_("金额（元）"))
        add["reference"] = _reference(_("支付渠道这笔拒付的编号；同一个编号只记一次。"))
        add["refunds"] = forms.ChoiceField(
            label=_("这一单还没办成的退款"),
            required=False,
            choices=[
                ("", _("由支付渠道说")),
                ("absent", _("渠道不说；我在它的后台看到没有退出去")),
                ("arrived", _("渠道不说；我在它的后台看到已经退给买家")),
            ],
            help_text=_("登记时会先问支付渠道；渠道说得清的，以渠道为准。"),
        )
        add["reason"] = _reason()
        _say_needed(self)


class ReturnedForm(forms.Form):
    """What a payment service has again of what it took back."""

    def __init__(self, data: Any = None, number: str = "") -> None:
        super().__init__(data, auto_id="back-%s")
        add = self.fields
        add["number"] = forms.CharField(label=_("订单号"), max_length=32, initial=number)
        add["amount"] = MoneyField(label=_("金额（元）"), help_text=_("只能整笔退回。"))
        add["reference"] = _reference(_("登记拒付时写的那个编号。"))
        add["reason"] = _reason()
        _say_needed(self)


class DebtForm(forms.Form):
    """A debt that is paid, or given up."""

    def __init__(self, data: Any = None, **given: Any) -> None:
        super().__init__(data, **given)
        add = self.fields
        add["amount"] = MoneyField(label=_("金额（元）"))
        add["reference"] = _reference(_("核销时写批准文件的编号。同一个编号只记一次。"))
        add["reason"] = _reason()
        _say_needed(self)


class GroundForm(forms.Form):
    """A hold that a person places."""

    def __init__(self, rules: list[tuple[str, str]], data: Any = None, merchant: str = "") -> None:
        super().__init__(data)
        add = self.fields
        add["merchant"] = forms.CharField(
            label=_("商家编号"),
            max_length=36,
            initial=merchant,
            help_text=_("商家页地址里的那一串。"),
        )
        add["rule"] = forms.ChoiceField(label=_("依据哪一条公布的规则"), choices=rules)
        add["hours"] = forms.IntegerField(
            label=_("多少小时"),
            min_value=1,
            max_value=8760,
            help_text=_("不超过那条规则写的时间。"),
        )
        add["reason"] = _reason()
        add["reason"].help_text = _("商家会看到。写清看到了什么。")
        _say_needed(self)
