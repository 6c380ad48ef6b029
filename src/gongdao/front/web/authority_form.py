"""The form in which a request of an authority is entered."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms

from gongdao.core.clock import BEIJING
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.disputes.authority_register import LONGEST_KEPT, Said, longest
from gongdao.disputes.authority_requests import LONGEST_WORDS, MOST_ORDERS, NewRequest
from gongdao.disputes.authority_states import Asks, Tell
from gongdao.front.web.authority_view import ASKS, TELLS


def _words(label: str, help_text: str = "", rows: int = 0) -> forms.CharField:
    field = forms.CharField(label=label, max_length=LONGEST_WORDS, help_text=help_text)
    if rows:
        field.widget = forms.Textarea(attrs={"rows": rows})
    return field


def _day(label: str, *, required: bool, help_text: str = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        help_text=help_text,
        required=required,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("请写成 2026-11-20 这样的日期。")},
    )


class RequestForm(forms.Form):
    """What the authority asks, in its own words as they stand on the paper."""

    def __init__(self, at: datetime, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files)
        add, hold = self.fields, longest(Asks.HOLD, at=at) or timedelta(0)
        add["authority"] = _words(_("哪个机关"))
        add["paper_no"] = _words(_("文书编号"), _("照文书写。同一份文书只登记一次。"))
        add["dated_on"] = _day(_("文书的日期"), required=True)
        add["basis"] = _words(_("依据"), _("用自己的话写明文书说的依据。"), 2)
        add["asked"] = _words(_("要求什么"), _("用自己的话写。"), 3)
        add["asks"] = forms.ChoiceField(
            label=_("属于哪一种"),
            choices=[(one.value, translated(ASKS[one])) for one in Asks],
            widget=forms.RadioSelect,
        )
        until = _(
            "要求不动的最长 {hold} 天，要求不销毁的最长 {keep} 天；要延长，凭新的文书再登记。"
        )
        add["until"] = _day(
            _("到哪一天为止"),
            required=False,
            help_text=until.format(hold=hold.days, keep=LONGEST_KEPT.days),
        )
        add["orders"] = forms.CharField(
            label=_("哪些订单"),
            required=False,
            widget=forms.Textarea(attrs={"rows": 2}),
            help_text=_("订单号，一行一个，最多 {most} 个。").format(most=MOST_ORDERS),
        )
        add["tell"] = forms.ChoiceField(
            label=_("双方可以知道什么"),
            choices=[(one.value, translated(TELLS[one])) for one in Tell],
            widget=forms.RadioSelect,
            help_text=_("看文书怎么说；没有说的，选不能告诉双方。"),
        )
        add["paper"] = forms.FileField(
            label=_("文书的文件"),
            help_text=_("PDF 或图片，最大 20 MB，加密保存，每次打开都有记录。"),
        )
        for field in add.values():
            field.error_messages["required"] = _("请填写这一项。")

    def request(self) -> NewRequest:
        """What was entered, as the verb takes it."""
        given = self.cleaned_data
        said = Said(given["authority"], given["basis"], given["asked"], given["paper_no"])
        return NewRequest(
            said=said,
            asks=Asks(given["asks"]),
            tell=Tell(given["tell"]),
            dated_on=given["dated_on"],
            until=_end_of(given["until"]) if given["until"] else None,
            orders=given["orders"].split(),
            name=given["paper"].name,
            paper=given["paper"].file,
        )


def _end_of(day: date) -> datetime:
    """24:00 of a day in Beijing."""
    return datetime.combine(day + timedelta(days=1), time(), BEIJING)
