"""Reasons about conduct: refund refused, identity withheld, bought by a minor. Pure."""

from __future__ import annotations

import re

from gongdao.core.codes import Kind, Outcome, Party, Proof
from gongdao.core.language import Phrase
from gongdao.evidence.breach.delivery import quote_of
from gongdao.evidence.chat_lines.label import Label
from gongdao.evidence.dossier import Dossier, quotable
from gongdao.evidence.finding import Finding, Judged, strongest

_IDENTITY = re.compile(
    r"(?:卖家|商家|店铺|对方|商户)[^。]{0,10}(?:信息|身份|资料|联系方式|名称|地址)"
)
_WITHHELD = re.compile(
    r"隐私|无法提供|不(?:能|便|予|可以)提供|拒绝提供|无权|保密|不方便|不对外|不公开"
)


def refund_refused(dossier: Dossier) -> Judged:
    """The refusal in the other side's own words, else in the buyer's notes."""
    found = quote_of(dossier, Label.REFUND_REFUSED, Label.VIRTUAL_NO_REFUND, code="refund_refused")
    if not found:
        found = tuple(
            Finding(
                "refusal_noted",
                Phrase("{at} 对方拒绝（买家记录）", at=f"{c.at:%Y-%m-%d %H:%M}"),
                (),
                Proof.WEAK,
            )
            for c in dossier.statement.contacts
            if c.outcome in (Outcome.REFUSED, Outcome.REJECTED)
        )[:1]
    return Judged(strongest(found), found)


def identity_withheld(dossier: Dossier) -> Judged:
    """A platform's answer that it will not name the seller, else the buyer's note of it."""
    found = tuple(
        Finding(
            "identity_refused",
            Phrase("平台答复：“{quote}”", quote=quotable(dossier, line.message.text)),
            (line.exhibit,),
        )
        for line in dossier.said
        if line.by_seller_side
        and _IDENTITY.search(line.message.text)
        and _WITHHELD.search(line.message.text)
    )[:1]
    if not found:
        found = tuple(
            Finding(
                "identity_refusal_noted",
                Phrase("{at} 平台没有给出卖家身份（买家记录）", at=f"{c.at:%Y-%m-%d %H:%M}"),
                (),
                Proof.WEAK,
            )
            for c in dossier.statement.contacts
            if c.party in (Party.PLATFORM, Party.MANAGEMENT)
            and c.outcome in (Outcome.SHIFTED, Outcome.REFUSED, Outcome.REJECTED, Outcome.NO_ANSWER)
        )[:1]
    return Judged(strongest(found), found)


def bought_by_minor(dossier: Dossier) -> Judged:
    """Documents of age and guardianship and of who paid are needed; chat alone is a hint."""
    found = tuple(
        Finding(
            "minor_document",
            Phrase("{file} 说明了年龄或监护关系", file=exhibit.path),
            (exhibit.path,),
            Proof.PROVEN if exhibit.kind is Kind.OTHER else Proof.WEAK,
        )
        for exhibit in dossier.exhibits
        if exhibit.problem is None
        and exhibit.kind is not Kind.COMPLAINT_RECEIPT
        and re.search(
            r"户口|出生|监护|未成年|学生证|身份证",
            " ".join((exhibit.path, *(line.text for line in exhibit.lines[:60]))),
        )
    )
    proven = any(finding.proof is Proof.PROVEN for finding in found)
    weakens = () if proven else (Phrase("没有证明年龄和监护关系的材料"),)
    return Judged(strongest(found), found, weakens)
