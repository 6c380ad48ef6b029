"""A verdict as canonical JSON, and back. Strict: what ``write_verdict`` cannot have written is
refused, so that one verdict has one text and one digest (``docs/formats/verdict.md``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from hashlib import sha256
from typing import Any, TypeVar

from gongdao.core.errors import RuleDataError
from gongdao.disputes.decide_excuse import Effect, ExcuseFinding, ExcuseState, NamedExcuse
from gongdao.disputes.decide_liability import Finding, Mode, Part, Party, Remedy, RowState, RowTrace
from gongdao.disputes.facts import (
    BadFacts,
    FactName,
    are_places,
    facts_from_json,
    facts_to_json,
    read_time,
)
from gongdao.disputes.facts import write_time as iso
from gongdao.disputes.states import ReasonCode
from gongdao.disputes.verdict_file import (
    NEWEST,
    BadVerdict,
    Basis,
    Decision,
    Result,
    VerdictFile,
    rules_of,
)
from gongdao.rules.dispute_kinds import Excuse, Liability, Share
from gongdao.rules.dispute_queries import embed_entry, read_embedded
from gongdao_verify.canonical import BadCanonical, canonical, parse_canonical

FORMATS = {1: "gongdao-verdict/1", NEWEST: "gongdao-verdict/2"}
"""By version of the form."""
MOST_BYTES = 1 << 20
LONGEST_TEXT = 4000
T = TypeVar("T")


def write_verdict(file: VerdictFile) -> bytes:
    """``file`` as canonical JSON; its SHA-256 is what the public log holds."""
    return canonical(plain_verdict(file))


def digest_verdict(data: bytes) -> str:
    """SHA-256 of a verdict's bytes, in hex."""
    return sha256(data).hexdigest()


def read_verdict(data: bytes) -> VerdictFile:
    """The verdict whose bytes are exactly ``data``; raise BadVerdict if there is none. That it
    recomputes is another question: ``verdict_file.differs``."""
    if len(data) > MOST_BYTES:
        raise BadVerdict("too large")
    try:
        file = _read(parse_canonical(data))
        same = write_verdict(file) == data
    except (BadCanonical, BadFacts, RuleDataError, ValueError, TypeError, KeyError) as error:
        raise BadVerdict(str(error)) from None
    if not same:
        raise BadVerdict("not in its one form")
    return file


def plain_verdict(file: VerdictFile) -> dict[str, Any]:
    """``file`` as plain values, in its own version of the form."""
    plain: dict[str, Any] = {
        "format": FORMATS[file.version],
        "case": file.case,
        "order": file.order,
        "reason": str(file.reason),
        "basis": str(file.basis),
        "decided_at": iso(file.decided_at),
        "currency": file.currency,
        "rules_on": file.rules_on.isoformat(),
        "facts": facts_to_json(file.facts),
        "rules": [embed_entry(rule) for rule in rules_of(file)],
        "excuses": [_plain_named(one) for one in file.excuses],
        "finding": plain_finding(file.finding),
        "excuse_findings": [_plain_excuse(one) for one in file.excuse_findings],
        "decision": None if file.decision is None else _plain_decision(file.decision),
        "result": _plain_result(file.result),
        "replaces": file.replaces,
    }
    for key in _WITH_PLACES if file.version == 1 else ():
        if plain[key] is not None:
            del plain[key]["places"]
    return plain


_WITH_PLACES = ("finding", "decision", "result")
"""What names pieces, from version 2 on."""


def plain_finding(found: Finding) -> dict[str, Any]:
    """A finding as plain values, with its trace."""
    return {
        "table": found.table,
        "row": found.row,
        "mode": str(found.mode),
        "remedy": str(found.remedy),
        "amount_minor": found.amount_minor,
        "units": found.units,
        "parts": _plain_parts(found.parts),
        "again_at": None if found.again_at is None else iso(found.again_at),
        "missing": [str(name) for name in found.missing],
        "untrusted": [str(name) for name in found.untrusted],
        "trace": [
            {"code": row.code, "state": str(row.state), "results": list(row.results)}
            for row in found.trace
        ],
        "places": list(found.places),
    }


def read_finding(plain: object) -> Finding:
    """The finding in ``plain``; raise BadVerdict, ValueError, KeyError or TypeError for anything
    else than ``plain_finding`` writes."""
    names = "table row mode remedy amount_minor units parts again_at missing untrusted trace"
    of = _keys(plain, f"{names} places")
    again = of["again_at"]
    return Finding(
        table=_text(of["table"]),
        row=_text(of["row"]),
        mode=Mode(of["mode"]),
        remedy=Remedy(of["remedy"]),
        amount_minor=_number(of["amount_minor"]),
        units=_number(of["units"]),
        parts=_each(of["parts"], _read_part),
        again_at=None if again is None else read_time(again),
        missing=_each(of["missing"], FactName),
        untrusted=_each(of["untrusted"], FactName),
        trace=_each(of["trace"], _read_row),
        places=_places(of["places"]),
    )


def _read(plain: object) -> VerdictFile:
    names = (
        "format case order reason basis decided_at currency rules_on facts rules excuses finding"
    )
    of = _keys(plain, f"{names} excuse_findings decision result replaces")
    version = {name: number for number, name in FORMATS.items()}.get(_text(of["format"]))
    if version is None:
        raise BadVerdict("another format")
    of = _with_places(of) if version == 1 else of
    rules = _each(of["rules"], read_embedded)
    if not rules or not isinstance(rules[0], Liability):
        raise BadVerdict("the first rule is no table of liability")
    by_ref = {rule.ref: rule for rule in rules if isinstance(rule, Excuse)}
    decision = of["decision"]
    return VerdictFile(
        case=_text(of["case"]),
        order=_text(of["order"]),
        reason=ReasonCode(of["reason"]),
        basis=Basis(of["basis"]),
        decided_at=read_time(of["decided_at"]),
        currency=_text(of["currency"]),
        rules_on=date.fromisoformat(_text(of["rules_on"])),
        facts=facts_from_json(of["facts"]),
        table=rules[0],
        finding=read_finding(of["finding"]),
        result=_read_result(of["result"]),
        excuses=_each(of["excuses"], lambda one: _read_named(one, by_ref)),
        excuse_findings=_each(of["excuse_findings"], _read_excuse),
        decision=None if decision is None else _read_decision(decision),
        replaces=_text(of["replaces"]),
        version=version,
    )


def _with_places(of: dict[str, Any]) -> dict[str, Any]:
    """A file of version 1 as one of version 2, which names pieces; it must name none itself."""
    there = {key: of[key] for key in _WITH_PLACES if isinstance(of[key], dict)}
    if any("places" in one for one in there.values()):
        raise BadVerdict("a key of a later version")
    return {**of, **{key: {**one, "places": []} for key, one in there.items()}}


def _plain_parts(parts: Iterable[Part]) -> list[dict[str, Any]]:
    return [{"party": str(p.party), "percent": p.percent, "minor": p.minor} for p in parts]


def _read_part(plain: object) -> Part:
    of = _keys(plain, "party percent minor")
    return Part(Party(of["party"]), _number(of["percent"]), _number(of["minor"]))


def _read_row(plain: object) -> RowTrace:
    of = _keys(plain, "code state results")
    return RowTrace(_text(of["code"]), RowState(of["state"]), _each(of["results"], _truth))


def _plain_named(one: NamedExcuse) -> dict[str, Any]:
    return {"rule": one.rule.ref, "named_at": iso(one.named_at)}


def _read_named(plain: object, rules: dict[str, Excuse]) -> NamedExcuse:
    of = _keys(plain, "rule named_at")
    return NamedExcuse(rules[_text(of["rule"])], read_time(of["named_at"]))


def _plain_shares(shares: Iterable[Share]) -> list[dict[str, Any]]:
    return [{"party": str(share.party), "percent": share.percent} for share in shares]


def _read_share(plain: object) -> Share:
    of = _keys(plain, "party percent")
    return Share(str(Party(of["party"])), _number(of["percent"]))


def _plain_excuse(one: ExcuseFinding) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "state": str(one.state),
        "until": iso(one.until),
        "proof": one.proof,
        "effect": None if one.effect is None else str(one.effect),
        "fault": _plain_shares(one.fault),
        "missing": [str(name) for name in one.missing],
        "untrusted": [str(name) for name in one.untrusted],
    }


def _read_excuse(plain: object) -> ExcuseFinding:
    of = _keys(plain, "rule state until proof effect fault missing untrusted")
    return ExcuseFinding(
        rule=_text(of["rule"]),
        state=ExcuseState(of["state"]),
        until=read_time(of["until"]),
        proof=_text(of["proof"]),
        effect=None if of["effect"] is None else Effect(of["effect"]),
        fault=_each(of["fault"], _read_share),
        missing=_each(of["missing"], FactName),
        untrusted=_each(of["untrusted"], FactName),
    )


def _plain_decision(one: Decision) -> dict[str, Any]:
    return {
        "remedy": str(one.remedy),
        "amount_minor": one.amount_minor,
        "units": one.units,
        "shares": _plain_shares(one.shares),
        "reasons": one.reasons,
        "by": list(one.by),
        "rules": list(one.rules),
        "places": list(one.places),
    }


def _read_decision(plain: object) -> Decision:
    of = _keys(plain, "remedy amount_minor units shares reasons by rules places")
    return Decision(
        remedy=Remedy(of["remedy"]),
        amount_minor=_number(of["amount_minor"]),
        shares=_each(of["shares"], _read_share),
        reasons=_text(of["reasons"]),
        by=_each(of["by"], _text),
        rules=_each(of["rules"], _text),
        units=_number(of["units"]),
        places=_places(of["places"]),
    )


def _plain_result(one: Result) -> dict[str, Any]:
    return {
        "remedy": str(one.remedy),
        "amount_minor": one.amount_minor,
        "units": one.units,
        "parts": _plain_parts(one.parts),
        "places": list(one.places),
    }


def _read_result(plain: object) -> Result:
    of = _keys(plain, "remedy amount_minor units parts places")
    return Result(
        Remedy(of["remedy"]),
        _number(of["amount_minor"]),
        _number(of["units"]),
        _each(of["parts"], _read_part),
        _places(of["places"]),
    )


def _keys(plain: object, names: str) -> dict[str, Any]:
    if not isinstance(plain, dict) or set(plain) != set(names.split()):
        raise BadVerdict(f"an object has other keys than {names}")
    return plain


def _each(plain: object, read: Callable[[Any], T]) -> tuple[T, ...]:
    if not isinstance(plain, list):
        raise BadVerdict("a list was expected")
    return tuple(read(one) for one in plain)


def _places(plain: object) -> tuple[int, ...]:
    places = _each(plain, _number)
    if places and not are_places(places):
        raise BadVerdict("places of pieces were expected")
    return places


def _text(plain: object) -> str:
    if not isinstance(plain, str) or len(plain) > LONGEST_TEXT:
        raise BadVerdict("a text of bounded length was expected")
    return plain


def _number(plain: object) -> int:
    if not isinstance(plain, int) or isinstance(plain, bool) or plain < 0:
        raise BadVerdict("a whole number that is not negative was expected")
    return plain


def _truth(plain: object) -> bool | None:
    if plain is not None and not isinstance(plain, bool):
        raise BadVerdict("true, false or null was expected")
    return plain
