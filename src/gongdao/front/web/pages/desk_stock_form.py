"""The forms of the stock pages: what a secret looks like, and a list of them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict

from gongdao.core.language import gettext as _
from gongdao.core.language import mark
from gongdao.front.web.forms import named, say
from gongdao.front.web.pages.desk_words import STOCK_SOURCES
from gongdao.market.take_stock import LARGEST
from gongdao.vault.canonical_form import CanonRules, FieldRule
from gongdao.vault.models import MAX_USES
from gongdao.vault.states import SourceKind

_SHAPES: dict[str, tuple[tuple[str, ...], bool]] = {
    "secret": (("secret",), False),
    "number_password": (("number", "password"), False),
    "account_password": (("account", "password"), True),
    "link": (("link",), True),
}
"""The fields of a secret, and whether blanks and hyphens belong to it."""


class ShelfForm(forms.Form):
    """What a secret of this listing looks like; it cannot be changed later."""

    shape = forms.ChoiceField(widget=forms.RadioSelect())
    fold_case = forms.BooleanField(required=False)
    uses = forms.IntegerField(min_value=1, max_value=MAX_USES)

    def __init__(self, data: Any = None, **more: Any) -> None:
        super().__init__(data, **more)
        shape: Any = self.fields["shape"]
        shape.label = _("一条卡密是什么样")
        shape.choices = [
            ("secret", _("一个码（兑换码、充值码）")),
            ("number_password", _("卡号和密码")),
            ("account_password", _("账号和密码（保留空格和连字符）")),
            ("link", _("一个链接")),
        ]
        shape.initial = "secret"
        shape.error_messages["required"] = _("请选一个")
        self.fields["fold_case"].label = _("大小写不分")
        uses: Any = self.fields["uses"]
        uses.label, uses.initial = _("每条卡密能卖几次"), 1
        uses.help_text = _("一般是 1 次。可以多人共用的才写更多。")
        uses.error_messages["required"] = _("请写一个整数")

    def rules(self) -> CanonRules:
        """As the vault has it."""
        names, keeps = _SHAPES[self.cleaned_data["shape"]]
        return CanonRules(
            tuple(FieldRule(name) for name in names),
            fold_case=self.cleaned_data["fold_case"],
            keep_gaps=keeps,
        )


class IntakeForm(forms.Form):
    """A list of secrets: a file, or pasted. What was pasted is never shown again."""

    file = forms.FileField(required=False)
    text = forms.CharField(
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}
        ),
    )
    source = forms.ChoiceField(
        label=say(mark("这一批从哪里来")), choices=list(named(STOCK_SOURCES))
    )
    supplier = forms.CharField(max_length=80, required=False)

    def __init__(self, data: Any = None, files: Any = None, **more: Any) -> None:
        super().__init__(data, files, **more)
        self.fields["file"].label = _("卡密文件")
        self.fields["file"].help_text = _(
            "文本、CSV 或 XLSX，最大 {most} MB；一行一条，常见的编码和分隔符都认得。"
        ).format(most=LARGEST // 1024 // 1024)
        self.fields["text"].label = _("或者粘贴在这里")
        self.fields["source"].initial = SourceKind.AUTHORIZED.value
        self.fields["supplier"].label = _("供货商")
        self.fields["supplier"].help_text = _("只留下一个代号，不公开名字。")

    def data_given(self) -> bytes:
        """The bytes of the file, else of the text."""
        sent: Any = self.cleaned_data.get("file")
        if sent:
            return bytes(sent.read())
        return str(self.cleaned_data.get("text", "")).encode()

    def name_given(self) -> str:
        """How the file is called; empty for a text."""
        sent: Any = self.cleaned_data.get("file")
        return str(sent.name) if sent else ""

    def clean(self) -> dict[str, Any]:
        """Too large is said before it is read. A list that was pasted is not put into the page
        again."""
        given: dict[str, Any] = super().clean() or {}
        sent: Any = given.get("file")
        if sent and sent.size > LARGEST:
            most = LARGEST // 1024 // 1024
            self.add_error("file", _("一次最多 {most} MB，请分成几份。").format(most=most))
        self.data = {**self.data.dict(), "text": ""} if isinstance(self.data, QueryDict) else {}
        return given
