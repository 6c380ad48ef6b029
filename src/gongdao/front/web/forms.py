"""Form fields for facts: money, times, codes; labels said in the language of each request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from django import forms
from django.utils.functional import lazy

from gongdao.core.clock import beijing, find_instant, in_beijing, parse_iso
from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.core.money import Money

say = lazy(_, str)
"""``say("中文")`` is said when it is shown, so that a label written at import is in the language of
whoever looks."""


def text_of(value: object) -> str:
    """A fact as its form field holds it: the same text means the same fact."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return beijing(value).strftime("%Y-%m-%dT%H:%M:%S")
        case StrEnum():
            return value.value
        case tuple() | list() | frozenset():
            return "\n".join(text_of(one) for one in value)
        case _:
            return str(value)


class MoneyField(forms.CharField):
    """An amount in yuan as people write it."""

    def __init__(self, **given: Any) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off"}
        super().__init__(widget=forms.TextInput(attrs=attrs), max_length=24, **given)

    def clean(self, value: Any) -> Money | None:
        """The amount; None for nothing. Raises ValidationError for what is none, or below zero."""
        text = super().clean(value)
        if not text:
            return None
        try:
            amount = Money.parse(text)
        except InputError as error:
            raise forms.ValidationError(str(error)) from None
        if amount.minor < 0:
            raise forms.ValidationError(_("金额不能是负数"))
        return amount


class TimeField(forms.CharField):
    """A moment in Beijing time: picked, or typed as ``2026-11-02 14:03``."""

    def __init__(self, **given: Any) -> None:
        attrs = {"type": "datetime-local", "step": "1", "max": "2199-12-31T23:59:59"}
        super().__init__(widget=forms.TextInput(attrs=attrs), max_length=40, **given)

    def clean(self, value: Any) -> datetime | None:
        """The moment; None for nothing. Raises ValidationError for what is no time."""
        text = super().clean(value)
        if not text:
            return None
        try:
            found = find_instant(text)
            return in_beijing(found) if found else parse_iso(text)
        except InputError:
            raise forms.ValidationError(
                _("请写成 2026-11-02 14:03 这样的时间（北京时间）。")
            ) from None


class CodeField(forms.TypedChoiceField):
    """One code of a closed list by its name; ``empty`` is what no choice is called."""

    def __init__(
        self, names: Mapping[Any, str], *, empty: Any = None, radio: bool = False, **given: Any
    ) -> None:
        kind: Any = type(next(iter(names)))
        first = [] if empty is None else [("", empty)]
        super().__init__(
            choices=[*first, *named(names)],
            coerce=kind,
            empty_value=None,
            widget=forms.RadioSelect() if radio else forms.Select(),
            **given,
        )


def named(names: Mapping[Any, str]) -> Iterable[tuple[str, Any]]:
    """Choices of codes by their Chinese names, said when shown."""
    later = lazy(translated, str)
    return [(code.value, later(name)) for code, name in names.items()]
