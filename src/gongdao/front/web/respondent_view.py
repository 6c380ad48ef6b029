"""Who is behind the shop, as the page shows it: what was seen, where, and what it is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gongdao.core.language import mark, translated
from gongdao.front.web.exhibit_links import ExhibitLink
from gongdao.front.web.report import SeenCase

IDENTITY_NAMES = {
    "company": mark("企业或个体户名称"),
    "uscc": mark("统一社会信用代码"),
    "icp": mark("ICP 备案号"),
    "police_record": mark("公安备案号"),
    "telecom_licence": mark("增值电信许可证"),
    "email": mark("邮箱"),
    "url": mark("网址"),
    "domain": mark("域名"),
    "qq": mark("QQ 号"),
    "wechat": mark("微信号"),
    "phone": mark("电话"),
    "payee": mark("收款方"),
}
_FIRST = tuple(IDENTITY_NAMES)


@dataclass(frozen=True)
class ShownIdentity:
    """One trace: ``valid`` None where the kind has no check digit."""

    kind: str
    name: str
    value: str
    valid: bool | None
    seen_in: tuple[ExhibitLink, ...]


@dataclass(frozen=True)
class ShownRespondent:
    """The other party; ``letter`` leads to the demand for the identity, empty where it is known."""

    name: str
    address: str
    uscc: str
    uscc_ok: bool | None
    paid_to_person: bool
    identities: tuple[ShownIdentity, ...]
    letter: str
    price: Mapping[str, Any] | None
    shop: str


def show_respondent(
    seen: SeenCase, links: Mapping[str, ExhibitLink], case_url: str
) -> ShownRespondent:
    """Everything the report knows of the other party."""
    report, found = seen.report, seen.report["respondent"]
    check = report.get("uscc", {}).get("check")
    wanted = seen.judgement.asks_identity
    return ShownRespondent(
        found["name"],
        found["address"],
        found["uscc"],
        None if check is None else check == "ok",
        found["paid_to_person"],
        tuple(sorted((_identity(one, links) for one in found["identities"]), key=_place)),
        f"{case_url}letters/identity_demand/" if wanted else "",
        report.get("price_check"),
        report["case"]["merchant"],
    )


def _identity(one: Mapping[str, Any], links: Mapping[str, ExhibitLink]) -> ShownIdentity:
    where = tuple(links[path] for path in one["seen_in"] if path in links)
    return ShownIdentity(one["kind"], say_kind(one["kind"]), one["value"], one["valid"], where)


def _place(one: ShownIdentity) -> int:
    return _FIRST.index(one.kind) if one.kind in _FIRST else len(_FIRST)


def say_kind(kind: str) -> str:
    """The kind of a trace in words; one newer than this table shows its code."""
    return translated(IDENTITY_NAMES.get(kind, kind))
