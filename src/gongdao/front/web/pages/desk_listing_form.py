"""The form of a listing: every field of what has to be disclosed, in groups, kept as typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from gongdao.core.language import gettext as _
from gongdao.core.language import mark, translated
from gongdao.front.web.forms import named, say
from gongdao.front.web.market_words import (
    CATEGORY_NAMES,
    COMPARED_NAMES,
    DELIVERY_NAMES,
    KIND_NAMES,
    SOURCE_NAMES,
)
from gongdao.market.compared import ComparedKind
from gongdao.market.draft_fields import DAYS, NAMES
from gongdao.market.offer import LONGEST_TEXT, LONGEST_TITLE, Missing

_GROUPS = (
    (
        say(mark("这是什么")),
        ("title", "kind", "category", "denomination", "region", "account_limits"),
    ),
    (say(mark("来源")), ("source", "proof")),
    (
        say(mark("什么时候到")),
        ("delivery", "promise", "instant", "always", *DAYS, "closed", "asks"),
    ),
    (
        say(mark("多少钱")),
        (
            *("price", "compared_price", "compared_kind", "compared_since", "compared_link"),
            *("compared_singles", "compared_why", "tiers"),
        ),
    ),
    (say(mark("限制")), ("most_per_buyer", "cap_days", "reserve_minutes", "protect_hours")),
    (say(mark("拿到以后")), ("how_to_redeem", "how_to_test", "after_sale")),
)
_OPTIONAL = frozenset(
    {
        *("instant", "always", *DAYS, "closed", "asks", "tiers", "compared_price", "compared_why"),
        *("cap_days", "compared_kind", "compared_since", "compared_link", "compared_singles"),
    }
)
_FIELD_OF = {"source_proof": "proof", "hours": "always"}


def _line(label: Any, hint: Any = "", most: int = 200, **attrs: str) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off", **attrs})
    return forms.CharField(
        label=label, help_text=hint, max_length=most, required=False, widget=widget
    )


def _text(label: Any, hint: Any = "", rows: int = 3) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        max_length=LONGEST_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


def _choice(label: Any, names: Any, hint: Any = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, help_text=hint, choices=list(named(names)), required=False
    )


class ListingForm(forms.Form):
    """What is required is only marked here: whatever is missing is said by `judge_draft`, all of it
    at once, and keeps nothing from being saved."""

    use_required_attribute = False

    title = _line(say(mark("标题")), say(mark("写清是什么、面额多少，最多 80 个字")), LONGEST_TITLE)
    kind = _choice(say(mark("商品种类")), KIND_NAMES, say(mark("测试卡、体验卡只能选“测试卡”")))
    category = forms.ChoiceField(label=say(mark("类别")), required=False)
    denomination = _line(say(mark("面额或规格")))
    region = _line(say(mark("适用地区")), say(mark("没有限制就写“不限”")))
    account_limits = _line(say(mark("账号限制")), say(mark("没有就写“无”")))
    source = _choice(say(mark("来源")), SOURCE_NAMES)
    proof = forms.FileField(
        label=say(mark("来源凭证")),
        help_text=say(
            mark("授权书或进货凭证，PDF、PNG 或 JPEG，最大 4 MB。加密保存，不公开原件。")
        ),
        required=False,
    )
    delivery = _choice(say(mark("怎样发货")), DELIVERY_NAMES)
    promise = _line(
        say(mark("最多多少分钟发货")),
        say(mark("只算服务时间；过了承诺时间按规则赔")),
        6,
        inputmode="numeric",
    )
    instant = forms.BooleanField(label=say(mark("标明“即时发货”")), required=False)
    always = forms.BooleanField(
        label=say(mark("每天全天服务（勾了就不用填下面七天）")), required=False
    )
    mon = _line(say(mark("周一")), say(mark("写成 09:00-12:00, 14:00-18:00；休息就空着")))
    tue = _line(say(mark("周二")))
    wed = _line(say(mark("周三")))
    thu = _line(say(mark("周四")))
    fri = _line(say(mark("周五")))
    sat = _line(say(mark("周六")))
    sun = _line(say(mark("周日")))
    closed = _text(say(mark("不营业的日子")), say(mark("一行一个日期，比如 2027-02-06")))
    asks = _text(
        say(mark("要买家填写什么")), say(mark("一行一项，比如“要充的手机号”；不需要就空着"))
    )
    price = _line(say(mark("单价（元）")), "", 24, inputmode="decimal")
    compared_price = _line(
        say(mark("划线价（元）")),
        say(mark("不高于近 7 天的最低成交价；要写得更高，就选好和什么比较。面额不是成交价。")),
        24,
        inputmode="decimal",
    )
    compared_kind = _choice(say(mark("划线价和什么比较")), {})
    compared_since = _line(
        say(mark("从哪一天起是这个价")),
        say(mark("和自己以前的价比才填；价格记录里要连着 7 天卖到划线价")),
        10,
    )
    compared_link = _line(
        say(mark("官方标价的网址")), say(mark("和官方建议零售价比才填，以 https:// 开头")), 255
    )
    compared_singles = _text(
        say(mark("单品和单价")),
        say(mark("和分开买比才填：一行一件，名称、空格、单价；加起来等于划线价")),
    )
    compared_why = _line(say(mark("划线价的补充说明")))
    tiers = _text(say(mark("批发价")), say(mark("一行一档：件数、空格、单价，比如 10 95.00")))
    most_per_buyer = _line(say(mark("每人最多几件")), "", 6, inputmode="numeric")
    cap_days = _line(
        say(mark("每人几天内合计最多这么多件")),
        say(mark("0 天：只限每一单；写 30，同一个人 30 天里付过款的都算在内")),
        6,
        inputmode="numeric",
    )
    reserve_minutes = _line(
        say(mark("下单后预留几分钟")), say(mark("5 到 60 分钟")), 6, inputmode="numeric"
    )
    protect_hours = _line(
        say(mark("发货后担保几小时")),
        say(mark("24 到 720 小时，其间钱不付给您")),
        6,
        inputmode="numeric",
    )
    how_to_redeem = _text(say(mark("怎样兑换")))
    how_to_test = _text(
        say(mark("买到后怎样马上验证")), say(mark("写到官方页面的哪一步能看出卡是好的"))
    )
    after_sale = _text(say(mark("售后条件")))

    def __init__(self, data: Any = None, files: Any = None, **more: Any) -> None:
        super().__init__(data, files, **more)
        category: Any = self.fields["category"]
        category.choices = [("", _("请选择")), *named_texts()]
        first = more.get("initial") or data or {}
        kinds: Any = self.fields["compared_kind"]
        kinds.choices = [("", _("和这个商品近期的成交价比")), *_named(COMPARED_NAMES)]
        other = str(first.get("category", ""))
        if other and other not in CATEGORY_NAMES:
            category.choices.append((other, other))
        for name, field in self.fields.items():
            field.required = name not in _OPTIONAL
        for name in ("instant", "always"):
            box: Any = self.fields[name]
            box.widget.attrs["value"] = "yes"
            box.widget.check_test = _is_yes

    def typed(self) -> dict[str, str]:
        """What was sent, by the names of the draft's fields."""
        return {name: str(self.data.get(name, "")) for name in NAMES}

    def groups(self) -> list[tuple[Any, list[BoundField]]]:
        """The fields under their headings."""
        return [(heading, [self[name] for name in names]) for heading, names in _GROUPS]

    def say_missing(self, missing: Sequence[Missing], *, proof: str = "") -> None:
        """Put each reason at its field. ``proof``: why the one that was sent is none."""
        self.full_clean()
        self.errors.clear()
        if proof:
            self.add_error("proof", proof)
        for one in missing:
            if not (proof and one.field == "source_proof"):
                self.add_error(_FIELD_OF.get(one.field, one.field), str(one.reason))

    def name_missing(self, missing: Sequence[Missing]) -> list[dict[str, Any]]:
        """Each thing that is missing with the name of its field and where it is."""
        found = []
        for one in missing:
            name = _FIELD_OF.get(one.field, one.field)
            field = self[name]
            found.append({"label": field.label, "id": field.id_for_label, "why": str(one.reason)})
        return found


def _is_yes(value: Any) -> bool:
    return value in ("yes", "on", True)


def _named(names: Mapping[ComparedKind, str]) -> list[tuple[str, str]]:
    return [(code.value, translated(name)) for code, name in names.items()]


def named_texts() -> list[tuple[str, str]]:
    """The common categories in the language in use."""
    return [(code, translated(name)) for code, name in CATEGORY_NAMES.items()]
