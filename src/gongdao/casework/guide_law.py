"""Which numbers are law and which are a platform's rule or our own choice, from the rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from gongdao.casework.guide_page import (
    Basis,
    Guide,
    Line,
    Section,
    Used,
    basis_of,
    clock_line,
    text_of,
)
from gongdao.core.language import gettext as _
from gongdao.core.language import language
from gongdao.rules import queries
from gongdao.rules.model import Deadline


def law_and_policy(on: date) -> Guide:
    """Every time limit and every choice of ours in force on ``on``, by what stands behind it."""
    used = Used()
    ours = (*_policies(on, used), *_limits(on, used, Basis.POLICY))
    platform = tuple(_limits(on, used, Basis.PLATFORM))
    law = tuple(_limits(on, used, Basis.LAW))
    return Guide(
        code="law-and-policy",
        title=_("哪些是法律，哪些是我们的做法"),
        summary=_(
            "引错依据的投诉会输。这里每个数字都写明从哪来：法律、平台的规则，还是公道自己定的。"
        ),
        on=on,
        sections=(
            Section("policy", _("公道的做法，不是法律"), ours),
            Section("platform", _("支付或投诉平台的规则"), platform),
            Section("law", _("法律、法规、规章和司法解释"), law),
        ),
        checked=used.checked,
        rules=used.refs,
    )


def _policies(on: date, used: Used) -> Iterator[Line]:
    colon = ": " if language() == "en" else "："
    for policy in queries.policies(on):
        used.of(policy)
        yield Line(f"{text_of(policy, 'name')}{colon}{text_of(policy, 'says')}", Basis.POLICY)


def _limits(on: date, used: Used, basis: Basis) -> Iterator[Line]:
    for deadline in queries.deadlines(on):
        if basis_of(deadline.status) is basis and _is_new(deadline, on):
            articles = queries.articles(deadline.basis, on).articles
            used.of(deadline)
            used.all(articles)
            yield clock_line(deadline, articles)


def _is_new(deadline: Deadline, on: date) -> bool:
    """Whether it says something that no policy says already."""
    said = {text_of(policy, "says") for policy in queries.policies(on)}
    return text_of(deadline, "says") not in said
