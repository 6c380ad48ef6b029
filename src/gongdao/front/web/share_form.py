"""The form that makes a share link."""

from __future__ import annotations

from typing import Any

from django import forms

from gongdao.casework.online.share_case import DAYS, LONGEST_NOTE, Shows
from gongdao.core.language import mark
from gongdao.front.web.forms import CodeField
from gongdao.front.web.forms import say as _

SHOWS_NAMES: dict[Shows, str] = {
    Shows.STANDING: mark("现状、时间线、证据目录"),
    Shows.LETTERS: mark("再加上文书"),
    Shows.FILES: mark("再加上文书和材料的图片"),
}


class ShareForm(forms.Form):
    """What a link shows, how long, and for whom it is."""

    use_required_attribute = False
    shows = CodeField(
        SHOWS_NAMES,
        label=_("对方能看到什么"),
        radio=True,
        initial=Shows.STANDING.value,
        help_text=_("目录和文书里的卡密、单号、电话、您的名字都遮住一部分；图片是原样的，遮不住。"),
    )
    days = forms.TypedChoiceField(
        label=_("多久以后失效"),
        coerce=int,
        choices=[(str(days), str(days)) for days in DAYS],
        initial="7",
    )
    note = forms.CharField(
        label=_("给谁的"),
        required=False,
        max_length=LONGEST_NOTE,
        help_text=_("只有您看得到，方便以后认出来。"),
    )

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        days = self.fields["days"]
        if isinstance(days, forms.TypedChoiceField):
            days.choices = [(str(one), _("{n} 天").format(n=one)) for one in DAYS]
