"""The form "I filed it": number, time, receipt, note."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from gongdao.core.language import gettext as _
from gongdao.front.web.exhibit_links import ExhibitLink
from gongdao.front.web.forms import TimeField

_LONGEST_NUMBER, _LONGEST_NOTE = 80, 1000


class FilingForm(forms.Form):
    """What the buyer tells of a filing. ``receipt`` is the path of a file of the case,
    ``receipt_file`` a new one; labels are said in the language of the request."""

    use_required_attribute = False
    number = forms.CharField(max_length=_LONGEST_NUMBER, required=False)
    filed_at = TimeField()
    receipt = forms.ChoiceField(required=False)
    receipt_file = forms.FileField(required=False, allow_empty_file=True)
    note = forms.CharField(
        max_length=_LONGEST_NOTE, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *given: Any, exhibits: Iterable[ExhibitLink], **named: Any) -> None:
        super().__init__(*given, **named)
        fields = self.fields
        fields["number"].label = _("受理号、工单号或投诉单号")
        fields["number"].help_text = _("没有就空着，以后可以补。")
        fields["filed_at"].label = _("提交的时间（北京时间）")
        fields["filed_at"].error_messages["required"] = _("请填提交的时间。")
        fields["receipt"].label = _("提交回执：案件里已有的文件")
        fields["receipt_file"].label = _("或者现在上传回执截图")
        fields["receipt_file"].help_text = _("会放进“交易后”的材料里，原文件不改动。")
        fields["note"].label = _("备注")
        choices = [("", _("没有，或者以后再补"))]
        choices += [
            (one.path, _("证据 {no}：{name}").format(no=one.no, name=one.name)) for one in exhibits
        ]
        receipt = fields["receipt"]
        assert isinstance(receipt, forms.ChoiceField)
        receipt.choices = choices
