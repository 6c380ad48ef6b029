"""Who is behind the shop [C13]: names, codes, contacts, with where each was seen. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from gongdao.core.codes import Kind, Payment, Proof
from gongdao.core.language import Phrase
from gongdao.evidence.dossier import Dossier, payments_of
from gongdao.evidence.finding import Finding, Judged, strongest
from gongdao.evidence.identities import Identity, check_uscc, find_identities

_COMPANY = re.compile(r"公司|商行|经营部|工作室|商店|中心|个体|店$|厂$|集团")


@dataclass(frozen=True)
class Respondent:
    """The other party as far as the exhibits show it; ``uscc_valid`` None where no code was seen
    (a failed check means "read it again", never "forged")."""

    judged: Judged
    name: str
    address: str
    uscc: str
    uscc_valid: bool | None
    identities: tuple[Identity, ...]
    paid_to_person: bool


def find_respondent(dossier: Dossier) -> Respondent:
    """Bring together who the other party is, and judge how well it is shown."""
    order = dossier.statement.order
    identities = find_identities(_texts(dossier))
    name = dossier.first("name", Kind.MERCHANT_LICENCE)
    address = dossier.first("address", Kind.MERCHANT_LICENCE)
    code = dossier.first("uscc", Kind.MERCHANT_LICENCE)
    usccs = [i for i in identities if i.kind == "uscc"]
    valid = [i for i in usccs if i.valid]
    uscc = code.value if code else (valid[0].value if valid else "")
    uscc_valid = check_uscc(uscc) if uscc else None
    found: list[Finding] = []
    weakens: list[Phrase] = []
    if name and (uscc_valid or (address and not uscc)):
        paths = tuple(dict.fromkeys(s.exhibit.path for s in (name, address, code) if s))
        found.append(
            Finding(
                "licence", Phrase("营业执照：{name}，{code}", name=name.value, code=uscc), paths
            )
        )
    elif name:
        found.append(
            Finding(
                "licence_name",
                Phrase("执照名称：{name}", name=name.value),
                (name.exhibit.path,),
                Proof.WEAK,
            )
        )
    if uscc and uscc_valid is False:
        weakens.append(Phrase("统一社会信用代码 {code} 校验不通过，请对照原图重读", code=uscc))
    companies = _payees(dossier)
    for company, path in companies:
        found.append(Finding("payee", Phrase("收款方：{name}", name=company), (path,), Proof.WEAK))
    shops = dossier.seen("merchant", Kind.LISTING_PAGE, Kind.ORDER_PAGE)
    if shops or order.merchant:
        found.append(
            Finding(
                "shop_name",
                Phrase("店铺名：{name}", name=order.merchant or shops[0].value),
                tuple(dict.fromkeys(s.exhibit.path for s in shops)),
                Proof.WEAK,
            )
        )
    if not (name and uscc):
        weakens.append(Phrase("没有经营者的登记名称加统一社会信用代码或地址"))
    person = _paid_to_person(dossier)
    return Respondent(
        Judged(strongest(tuple(found)), tuple(found), tuple(weakens)),
        name.value if name else (companies[0][0] if companies else ""),
        address.value if address else "",
        uscc,
        uscc_valid,
        identities,
        person,
    )


def _payees(dossier: Dossier) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for seen in payments_of(dossier):
        if seen.payee and _COMPANY.search(seen.payee):
            found.setdefault(seen.payee, seen.exhibit.path)
    return list(found.items())


def _paid_to_person(dossier: Dossier) -> bool:
    if dossier.statement.order.payment is Payment.TRANSFER:
        return True
    return any(s.value == "true" for s in dossier.seen("to_person"))


def _texts(dossier: Dossier) -> Iterable[tuple[str, str]]:
    for exhibit in dossier.exhibits:
        if exhibit.problem is None:
            text = "\n".join(line.text for line in exhibit.lines)
            said = "\n".join(m.text for m in exhibit.messages)
            yield exhibit.path, f"{text}\n{said}"
