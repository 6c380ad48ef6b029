"""Verdicts about buyers' receipts, as JSON for machines and as lines for people."""

from __future__ import annotations

from typing import Any

from gongdao_verify.log_verdict import LogState, LogVerdict
from gongdao_verify.order_form import REPLACED
from gongdao_verify.order_verdict import OrderVerdict
from gongdao_verify.show_log import log_json
from gongdao_verify.words import plain, say


def order_json(verdict: OrderVerdict, language: str) -> dict[str, Any]:
    """The verdict in codes with the sentences beside them; no secret is in it."""
    form = verdict.form
    return {
        "version": 1,
        "kind": "order",
        "state": verdict.state.value,
        "exit_code": verdict.exit_code,
        "reason": verdict.reason or None,
        "detail": verdict.detail or None,
        "snapshot": dict(form.snapshot) if form else None,
        "units": len(form.units) if form else None,
        "opened": verdict.opened,
        "replaced": verdict.replaced,
        "sources": list(verdict.sources),
        "placed": None if verdict.placed is None else log_json(verdict.placed),
        "delivered": [log_json(one) for one in verdict.delivered],
        "batches": [log_json(one) for one in verdict.batches],
        "not_proven": list(verdict.not_proven()),
        "sentences": {
            "state": _headline(verdict, language),
            "log": say(verdict.state.value, language).partition("{")[0],
            "reason": say(verdict.reason, language) if verdict.reason else None,
            "not_proven": [say(key, language) for key in verdict.not_proven()],
        },
    }


def order_lines(verdict: OrderVerdict, language: str) -> list[str]:
    """The verdict in words, a line each."""
    lines = [_headline(verdict, language)]
    if verdict.form is None or verdict.placed is None:
        detail = f" ({plain(verdict.detail)})" if verdict.detail else ""
        return [*lines, f"  {say(verdict.reason, language)}{detail}"]
    lines += _log_lines(verdict, language)
    number = plain(str(verdict.form.snapshot.get("order", "?")))
    lines.append(f"{say('order_number', language)}: {number}")
    lines.append(_leaf_line("order_placed", verdict.placed, language))
    lines += [_leaf_line(_key_of(one), one, language) for one in verdict.delivered]
    lines += [_leaf_line("order_batch", one, language) for one in verdict.batches]
    if verdict.sources:
        sources = ", ".join(plain(one) for one in verdict.sources)
        lines.append(f"{say('order_source', language)}: {sources}")
    checked = sorted({one.checked_at for one in verdict.form.units if one.checked_at})
    lines += [f"{say('order_checked', language)}: {plain(one)}" for one in checked]
    shown = f"{verdict.opened} / {len(verdict.form.units)}"
    lines.append(f"{say('order_opened', language)}: {shown}")
    lines.append(say("not_proven", language))
    return lines + [f"  - {say(key, language)}" for key in verdict.not_proven()]


def _headline(verdict: OrderVerdict, language: str) -> str:
    if verdict.state is LogState.INVALID or verdict.form is None:
        return say("order_INVALID", language)
    key = "order_holds" if verdict.batches else "order_holds_handed"
    if verdict.replaced:
        key = "order_holds_replaced"
    return say(key, language).format(count=len(verdict.form.units), replaced=verdict.replaced)


def _key_of(leaf: LogVerdict) -> str:
    replaced = leaf.leaf is not None and leaf.leaf.type == REPLACED
    return "order_replaced" if replaced else "order_delivered"


def _log_lines(verdict: OrderVerdict, language: str) -> list[str]:
    """Who vouches for the log, as the least vouched leaf has it."""
    weakest = next(one for one in verdict.leaves if one.state is verdict.state)
    stamp = next((one for one in weakest.stamps if one.trusted and one.at), None)
    said = say(verdict.state.value, language).format(
        count=len(weakest.organisations),
        at=stamp.at.strftime("%Y-%m-%d %H:%M:%S UTC") if stamp and stamp.at else "?",
        authority=plain(stamp.authority) if stamp else "?",
    )
    lines = [said]
    if verdict.reason:
        lines.append(f"  {say(verdict.reason, language)}")
    lines.append(f"{say('log_origin', language)}: {plain(weakest.origin)}")
    return lines


def _leaf_line(key: str, verdict: LogVerdict, language: str) -> str:
    at = verdict.leaf.at.strftime("%Y-%m-%dT%H:%M:%SZ") if verdict.leaf else "?"
    place = say("order_at", language).format(index=verdict.index, at=at)
    return f"{say(key, language)}: {place}"
