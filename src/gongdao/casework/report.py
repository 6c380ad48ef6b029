"""The case report as one JSON object (docs/formats/case-report.md). Pure.

Codes and values never depend on the language; sentences are in the language in use, letters in
Chinese.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from gongdao.casework.case_facts import find_facts
from gongdao.casework.check import Judgement
from gongdao.casework.evidence_list import list_evidence
from gongdao.casework.timeline import find_timeline
from gongdao.casework.warnings import find_warnings
from gongdao.casework.words import DEMAND_NAMES, REASON_NAMES, STEP_NAMES
from gongdao.channels.letters.letter import Letter
from gongdao.channels.route import State
from gongdao.core.clock import beijing
from gongdao.core.codes import Admission, Element
from gongdao.core.errors import NotKnown
from gongdao.core.language import gettext as _
from gongdao.core.language import language, translated
from gongdao.evidence.price_check import check_price
from gongdao.evidence.reading import Exhibit, Field
from gongdao.rules import queries
from gongdao.rules.at import at
from gongdao.rules.check import digest_rules

VERSION = 1


def report_case(
    judgement: Judgement,
    *,
    notes: Sequence[str] = (),
    group: Mapping[str, Any] | None = None,
    letters: bool = True,
) -> dict[str, Any]:
    """The report of a judged case; ``notes`` are sentences about where its files came from,
    ``group`` is what ``compare_beside`` found; ``letters`` False leaves the letters out."""
    j = judgement
    return {
        "version": VERSION,
        "as_of": beijing(j.dossier.as_of).isoformat(),
        "case": _summary(j),
        **_standing(j),
        **_advice(j),
        **({"letters": report_letters(j)} if letters else {}),
        "warnings": [
            *(str(w) for w in find_warnings(j.dossier, j.closure, j.routes)),
            *notes,
        ],
        "facts": find_facts(j.dossier),
        "respondent": _respondent(j),
        "timeline": _timeline(j),
        "evidence_list": _evidence_list(j),
        "exhibits": {exhibit.path: _exhibit(exhibit) for exhibit in j.dossier.exhibits},
        "rules": {"digest": digest_rules(), "used": _used(j)},
        **_optional(j, group),
        "disclaimer": disclaimer(),
    }


def report_letters(judgement: Judgement) -> dict[str, Any]:
    """The part ``letters`` of the report, by name."""
    return {letter.name: _letter(letter) for letter in judgement.letters}


def _standing(j: Judgement) -> dict[str, Any]:
    """Where the case stands: stages, elements, what carries and weakens them."""
    closure = j.closure
    states = {element.value: judged.proof.value for element, judged in closure.elements.items()}
    states[Element.ADMISSION.value] = closure.admission.value
    line = closure.admission_line if closure.admission is Admission.EXPLICIT else None
    return {
        "stages": {stage.value: judged.state for stage, judged in closure.stages.items()},
        "stage_details": {
            stage.value: {"has": list(judged.has), "lacks": [str(x) for x in judged.lacks]}
            for stage, judged in closure.stages.items()
        },
        "elements": {element.value: states[element.value] for element in Element},
        "evidence": _evidence(j),
        "weakens": {e.value: [str(w) for w in x.weakens] for e, x in closure.elements.items()},
        "breaches": {
            reason.value: {"proof": judged.proof.value, "weakens": [str(w) for w in judged.weakens]}
            for reason, judged in closure.breaches.items()
        },
        "admission_quote": line.message.text if line else None,
        "contradictions": [
            {"what": c.what, "case": c.case, "exhibit": c.exhibit, "exhibit_value": c.exhibit_value}
            for c in closure.contradictions
        ],
        "against_claim": [c.exhibit for c in closure.refuted],
    }


def _advice(j: Judgement) -> dict[str, Any]:
    """What to answer, get and do, and in which tone."""
    return {
        "evasions": _evasions(j),
        "suggestions": [
            {"code": s.code, "why": str(s.why), "how": str(s.how), "say": s.say}
            for s in j.suggestions
        ],
        "recommended": [step.code for step in j.steps],
        "next_steps": [
            {"code": step.code, "title": translated(STEP_NAMES[step.code]), "why": str(step.why)}
            for step in j.steps
        ],
        "channels": _channels(j),
        "tone_flags": [
            {"code": t.code, "exhibit": t.exhibit, "quote": t.quote, "calmer": str(t.calmer)}
            for t in j.tone
        ],
    }


def _timeline(j: Judgement) -> list[dict[str, str]]:
    return [
        {
            "at": beijing(event.at).isoformat(),
            "stage": event.stage.value,
            "who": event.who,
            "what": str(event.what),
            "exhibit": event.exhibit,
        }
        for event in find_timeline(j.dossier)
    ]


def _evidence_list(j: Judgement) -> list[dict[str, Any]]:
    return [
        {
            "no": row.no,
            "exhibit": row.exhibit,
            "title": str(row.title),
            "source": str(row.source),
            "proves": str(row.proves),
            "original": row.original,
            "stage": row.stage,
        }
        for row in list_evidence(j.dossier, j.closure)
    ]


def disclaimer() -> str:
    """What the report is not: said on every output."""
    return _(
        "这是根据所交材料作出的整理和建议，不是法律意见，也不保证结果。没有替您提交任何东西：要提交的，请自己核对后提交。"
    )


def _summary(j: Judgement) -> dict[str, Any]:
    order, claim = j.dossier.statement.order, j.dossier.statement.claim
    amount = claim.amount or order.paid
    demand = f"{translated(DEMAND_NAMES[claim.demand])} {amount or ''}" if claim.demand else ""
    return {
        "platform": order.platform,
        "merchant": order.merchant,
        "order_no": order.order_no,
        "product": order.product,
        "paid": str(order.paid) if order.paid else "",
        "currency": order.paid.currency if order.paid else "CNY",
        "paid_at": beijing(order.paid_at).isoformat() if order.paid_at else "",
        "reasons": [translated(REASON_NAMES[reason]) for reason in claim.reasons],
        "demand": demand.strip(),
    }


def _evidence(j: Judgement) -> dict[str, list[dict[str, str]]]:
    found = {
        element.value: [
            {"exhibit": path, "shows": str(finding.says), "proof": finding.proof.value}
            for finding in judged.carries
            for path in (finding.exhibits or ("case.toml",))
        ]
        for element, judged in j.closure.elements.items()
    }
    line = j.closure.admission_line
    found[Element.ADMISSION.value] = (
        [{"exhibit": line.exhibit, "shows": line.message.text, "proof": j.closure.admission.value}]
        if line
        else []
    )
    return found


def _evasions(j: Judgement) -> list[dict[str, Any]]:
    on = beijing(j.dossier.as_of).date()
    consumer = j.dossier.statement.buyer.own_use
    found = []
    for evasion in j.evasions:
        answer = queries.answer_to(evasion.code, consumer, on)
        english = language() == "en"
        found.append(
            {
                "code": evasion.code,
                "exhibit": evasion.exhibit,
                "quote": evasion.quote,
                "answer": answer.text_en if english else answer.text,
                "ask": answer.ask,  # to be sent: Chinese, whoever reads the page
                "articles": [article.cite for article in answer.articles],
            }
        )
    return found


def _channels(j: Judgement) -> dict[str, Any]:
    on = beijing(j.dossier.as_of).date()
    return {
        "open": list(j.routes.open()),
        "not_now": {
            route.channel: str(route.why)
            for route in j.routes.routes
            if route.state is not State.OPEN
        },
        "states": {
            route.channel: {"state": route.state.value, "why": str(route.why)}
            for route in j.routes.routes
        },
        "clocks": [
            {
                "channel": clock.channel,
                "deadline": clock.deadline,
                "since": beijing(clock.since).isoformat(),
                "due": beijing(clock.count.due).isoformat(),
                "counted": clock.count.counted,
                "estimated": clock.count.estimated,
                "house_policy": clock.policy,
                "overdue": clock.overdue(j.dossier.as_of),
            }
            for clock in j.routes.clocks
        ],
        "about": {route.channel: _about(route.channel, on) for route in j.routes.routes},
        "small_claims": _small_claims(j, on),
    }


def _small_claims(j: Judgement, on: date) -> dict[str, str]:
    """What is known of ceiling and fee for this province and amount; unknown is said so."""
    english = language() == "en"
    claim, order = j.dossier.statement.claim, j.dossier.statement.order
    found: dict[str, str] = {}
    province = j.dossier.statement.buyer.province
    try:
        ceiling = queries.small_claims_ceiling(province, on)
        found["ceiling"] = ceiling.says_en if english else ceiling.says
    except NotKnown as error:
        found["ceiling"] = str(error) if province else _("没有填省份，小额诉讼的上限说不出来。")
    amount = claim.amount or order.paid
    fee = queries.court_fee(amount, on) if amount else None
    if fee:
        found["fee"] = fee.says_en if english else fee.says
    return found


def _about(code: str, on: date) -> dict[str, Any]:
    channel = queries.channel(code, on)
    english = language() == "en"
    return {
        "name": channel.name_en if english else channel.name,
        "cost": channel.cost_en if english else channel.cost,
        "achieves": channel.achieves_en if english else channel.achieves,
        "cannot": channel.cannot_en if english else channel.cannot,
        "entry": channel.entry_en if english else channel.entry,
        "status": channel.status.value,
        "review": channel.review.isoformat(),
    }


def _letter(letter: Letter) -> dict[str, Any]:
    return {
        "title": letter.title,
        "to": letter.to,
        "text": letter.text,
        "public": letter.public,
        "fields": [
            {
                "code": f.code,
                "name": f.name,
                "value": f.value,
                "limit": f.limit,
                "limit_known": f.limit_known,
            }
            for f in letter.fields
        ],
    }


def _respondent(j: Judgement) -> dict[str, Any]:
    r = j.closure.respondent
    return {
        "name": r.name,
        "address": r.address,
        "uscc": r.uscc,
        "paid_to_person": r.paid_to_person,
        "identities": [
            {"kind": i.kind, "value": i.value, "seen_in": list(i.seen_in), "valid": i.valid}
            for i in r.identities
        ],
    }


def _exhibit(exhibit: Exhibit) -> dict[str, Any]:
    return {
        "kind": exhibit.kind.value,
        "kind_basis": exhibit.kind_basis,
        "form": exhibit.form,
        "media_type": exhibit.media_type,
        "size": exhibit.digests.size,
        "sha256": exhibit.digests.sha256,
        "sm3": exhibit.digests.sm3,
        "altered": exhibit.altered,
        "signs": [{"condition": s.condition.value, "reason": str(s.reason)} for s in exhibit.signs],
        "times": [
            {"at": beijing(t.at).isoformat(), "basis": t.basis.value, "how": str(t.how)}
            for t in exhibit.times
        ],
        "fields": {name: field.value for name, field in exhibit.fields.items()},
        "readings": {name: _reading(field) for name, field in exhibit.fields.items()},
        "messages": len(exhibit.messages) + exhibit.left_out,
        "rows": len(exhibit.rows),
        "problem": str(exhibit.problem) if exhibit.problem else None,
    }


def _reading(field: Field) -> dict[str, Any]:
    found: dict[str, Any] = {
        "confidence": round(field.confidence, 2),
        "basis": field.basis.value,
    }
    for name in ("box", "page", "frame_ms", "line", "read"):
        value = getattr(field, name)
        if value is not None:
            found[name] = list(value) if isinstance(value, tuple) else value
    return found


def _used(j: Judgement) -> list[str]:
    """Every rule entry the answer rests on, with the version in force: ``channel/payment@1``."""
    on = beijing(j.dossier.as_of).date()
    consumer = j.dossier.statement.buyer.own_use
    ids = {use for route in j.routes.routes for use in route.used}
    ids |= {clock.deadline for clock in j.routes.clocks}
    ids |= {queries.evasion(evasion.code, on).id for evasion in j.evasions}
    for reason in j.dossier.statement.claim.reasons:
        ids.add(queries.reason(reason.value, on).id)
        ids |= {article.id for article in queries.articles_for(reason.value, consumer, on)}
    return sorted(at(id, on=on).ref for id in ids)


def _optional(j: Judgement, group: Mapping[str, Any] | None) -> dict[str, Any]:
    """Parts where the notion applies."""
    found: dict[str, Any] = {}
    check = check_price(j.dossier)
    if check:
        lowest = check.lowest_deal_7_days
        found["price_check"] = {
            "compared_price": str(check.compared_price),
            "lowest_deal_7_days": str(lowest) if lowest else None,
            "last_deal_before": str(check.last_deal_before) if check.last_deal_before else None,
            "supported": check.supported,
            "deals_counted": check.deals_counted,
        }
    r = j.closure.respondent
    if r.uscc:
        found["uscc"] = {"code": r.uscc, "check": "ok" if r.uscc_valid else "failed"}
    consumer = j.dossier.statement.buyer.own_use
    found["statute_set"] = "consumer" if consumer else "contract and e-commerce law only"
    if group is not None:
        found["group"] = dict(group)
    return found
