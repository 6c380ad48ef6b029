"""Where the evidence speaks against the claim [C3]. Pure.

A buyer is helped by hearing it first from us: issuer or carrier says otherwise, or the buyer's
own exhibit shows that the secret worked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from gongdao.core.clock import beijing, say_second
from gongdao.core.codes import Kind, Reason
from gongdao.core.money import Money
from gongdao.evidence.dossier import Dossier, Seen, money_of, time_of
from gongdao.evidence.finding import Contradiction
from gongdao.evidence.redemption_errors import RedemptionResult, classify_redemption

_BAD_SECRET = frozenset(
    {Reason.INVALID_SECRET, Reason.ALREADY_REDEEMED, Reason.DUPLICATE_SECRET}
)
_NOT_THERE = frozenset({Reason.TOPUP_NOT_CREDITED, Reason.NOT_DELIVERED})
_TESTS = (Kind.REDEMPTION_FAILURE, Kind.REDEMPTION_RECORDING)
_AUTHORITIES = (Kind.ISSUER_STATEMENT, Kind.CARRIER_BILL, Kind.BALANCE_PAGE)


def find_refutations(dossier: Dossier) -> Iterator[Contradiction]:
    """``claim_vs_issuer`` and ``claim_vs_redemption``."""
    reasons = frozenset(dossier.statement.claim.reasons)
    if reasons & _BAD_SECRET:
        yield from _used_after_delivery(dossier)
        yield from _issuer_says_fine(dossier)
    if reasons & (_BAD_SECRET | _NOT_THERE):
        yield from _worked(dossier)
    if reasons & _NOT_THERE:
        yield from _credited(dossier)
    if Reason.WRONG_DENOMINATION in reasons:
        yield from _face_value_right(dossier)


def delivered_at(dossier: Dossier) -> datetime | None:
    """When the secret reached the buyer: the order's own page, else what the buyer states."""
    seen = dossier.first("delivered_at", Kind.ORDER_PAGE, Kind.CARD_PAGE)
    return time_of(seen) or dossier.statement.order.delivered_at


def redeemed_times(dossier: Dossier) -> tuple[tuple[Seen, datetime], ...]:
    """When issuers say the secret was redeemed."""
    seen = (
        *dossier.seen("redeemed_at", Kind.ISSUER_STATEMENT, Kind.BALANCE_PAGE),
        *(
            s
            for s in dossier.seen("at", Kind.ISSUER_STATEMENT)
            if "redeemed_at" not in s.exhibit.fields and _is_redemption_record(s)
        ),
    )
    return tuple((s, at) for s in seen if (at := time_of(s)))


def _is_redemption_record(seen: Seen) -> bool:
    fields = seen.exhibit.fields
    status = fields["status"].value if "status" in fields else ""
    return "redemption_record" in seen.exhibit.form or bool(re.search(r"已(?:使用|兑换|充值)", status))


def credits_seen(dossier: Dossier) -> tuple[tuple[Seen, Money, datetime | None], ...]:
    """Credits that carrier records and balance pages show, with their time where given."""
    found = []
    for seen in dossier.seen("credited", Kind.CARRIER_BILL, Kind.BALANCE_PAGE):
        amount = money_of(seen)
        at_field = seen.exhibit.fields.get("credited_at")
        at = time_of(Seen(seen.exhibit, at_field)) if at_field else None
        if amount:
            found.append((seen, amount, at))
    return tuple(found)


def face_value_of(dossier: Dossier) -> Money | None:
    """What the card should be worth: stated, read off the listing, or named in the product."""
    order = dossier.statement.order
    if order.face_value:
        return order.face_value
    seen = dossier.first("face_value", Kind.LISTING_PAGE)
    if money := money_of(seen):
        return money
    match = re.search(r"(\d{1,5}(?:\.\d{1,2})?)\s*元", order.product)
    return Money.parse(match.group(1)) if match else None


def _used_after_delivery(dossier: Dossier) -> Iterator[Contradiction]:
    delivered = delivered_at(dossier)
    for seen, at in redeemed_times(dossier):
        if delivered and at > delivered + timedelta(minutes=1) and not _by_somebody_else(seen):
            yield Contradiction(
                "claim_vs_issuer",
                beijing(delivered).isoformat(),
                seen.exhibit.path,
                say_second(at),
            )


def _by_somebody_else(seen: Seen) -> bool:
    """Whether the issuer says that it was not the buyer's account that redeemed."""
    fields = seen.exhibit.fields
    body = fields["body"].value if "body" in fields else ""
    return bool(re.search(r"不一致|不是您|并非您|他人账|其他账|别的账|非本人|非您", body))


_FINE = re.compile(
    r"(?:卡密?|兑换码|激活码|卡片|状态)[^。；]{0,8}(?:有效|正常|未使用|未被使用|可(?:以)?正常(?:使用|兑换|充值))"
)
_NOT_FINE = re.compile(r"无效|不|未|非|失效|异常")


def _issuer_says_fine(dossier: Dossier) -> Iterator[Contradiction]:
    for seen in dossier.seen("body", Kind.ISSUER_STATEMENT):
        match = _FINE.search(seen.value)
        if match and not _NOT_FINE.search(re.sub(r"未(?:被)?使用", "", match.group(0))):
            yield Contradiction(
                "claim_vs_issuer",
                "、".join(r.value for r in dossier.statement.claim.reasons),
                seen.exhibit.path,
                match.group(0),
            )


def _worked(dossier: Dossier) -> Iterator[Contradiction]:
    for exhibit in dossier.of(*_TESTS, Kind.BALANCE_PAGE, Kind.OTHER):
        for name in ("error_text", "error", "status"):
            if name not in exhibit.fields:
                continue
            text = exhibit.fields[name].value
            if classify_redemption(text) is RedemptionResult.SUCCESS:
                yield Contradiction(
                    "claim_vs_redemption",
                    "、".join(r.value for r in dossier.statement.claim.reasons),
                    exhibit.path,
                    text,
                )
                break


def _credited(dossier: Dossier) -> Iterator[Contradiction]:
    """A credit of the full value after the payment refutes "not credited"."""
    due = face_value_of(dossier)
    paid_at = dossier.statement.order.paid_at
    for seen, amount, at in credits_seen(dossier):
        if paid_at and due and at and at >= paid_at - timedelta(minutes=2) and amount == due:
            yield Contradiction("claim_vs_issuer", "", seen.exhibit.path, f"{amount} {say_second(at)}")


def _face_value_right(dossier: Dossier) -> Iterator[Contradiction]:
    due = face_value_of(dossier)
    for seen in dossier.seen("face_value", *_AUTHORITIES):
        if due and money_of(seen) == due:
            yield Contradiction("claim_vs_issuer", str(due), seen.exhibit.path, seen.value)
