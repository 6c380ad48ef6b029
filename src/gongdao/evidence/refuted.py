"""Where the evidence speaks against the claim [C3]. Pure.

A buyer is helped by hearing it first from us: issuer or carrier says otherwise, or the buyer's
own exhibit shows that the secret worked. Only what cannot be read another way counts: a use by
another account, a credit before the payment, or a paid order ("交易成功") refutes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from gongdao.core.clock import beijing, find_instant, say_second
from gongdao.core.codes import Kind, Reason
from gongdao.core.money import Money
from gongdao.evidence.dossier import Dossier, Seen, money_of, quotable, same_number, time_of
from gongdao.evidence.finding import Contradiction
from gongdao.evidence.reading import Exhibit
from gongdao.evidence.redemption_errors import RedemptionResult, classify_redemption

_BAD_SECRET = frozenset({Reason.INVALID_SECRET, Reason.ALREADY_REDEEMED, Reason.DUPLICATE_SECRET})
_NOT_THERE = frozenset({Reason.TOPUP_NOT_CREDITED, Reason.NOT_DELIVERED})
_CANNOT_WORK = _BAD_SECRET | {Reason.TEST_CARD_SOLD_AS_REAL, Reason.REGION_MISMATCH}
_TESTS = (Kind.REDEMPTION_FAILURE, Kind.REDEMPTION_RECORDING)
_AUTHORITIES = (Kind.ISSUER_STATEMENT, Kind.CARRIER_BILL, Kind.BALANCE_PAGE)
_SLACK = timedelta(minutes=2)


def find_refutations(dossier: Dossier) -> Iterator[Contradiction]:
    """``claim_vs_issuer`` and ``claim_vs_redemption``."""
    reasons = frozenset(dossier.statement.claim.reasons)
    if reasons & _BAD_SECRET:
        yield from _used_after_delivery(dossier)
        yield from _issuer_says_fine(dossier)
    if Reason.TEST_CARD_SOLD_AS_REAL in reasons:
        yield from _issuer_says_real(dossier)
    if reasons & (_CANNOT_WORK | _NOT_THERE):
        yield from _worked(dossier)
    if reasons & (_NOT_THERE | {Reason.PARTLY_DELIVERED}):
        yield from _credited(dossier)
    if Reason.WRONG_DENOMINATION in reasons:
        yield from _face_value_right(dossier)


def delivered_at(dossier: Dossier) -> datetime | None:
    """When the secret reached the buyer: the order's own page, else what the buyer states."""
    seen = dossier.first("delivered_at", Kind.ORDER_PAGE, Kind.CARD_PAGE)
    return time_of(seen) or dossier.statement.order.delivered_at


def quantity_of(dossier: Dossier) -> int | None:
    """How many pieces were bought: stated, named in the product, or shown by the order page."""
    order = dossier.statement.order
    if order.quantity:
        return order.quantity
    match = re.search(r"[×xX*]\s*(\d{1,4})\s*(?:张|个|份|件)?\s*$", order.product) or re.search(
        r"(?<!\d)(\d{1,4})\s*张", order.product
    )
    if match:
        return int(match.group(1))
    seen = dossier.first("quantity", Kind.ORDER_PAGE)
    return int(seen.value) if seen and seen.value.isdigit() and len(seen.value) < 6 else None


def redeemed_times(dossier: Dossier) -> tuple[tuple[Seen, datetime], ...]:
    """When issuers say the secret was redeemed."""
    seen = (
        *(
            s
            for s in dossier.seen("redeemed_at", Kind.ISSUER_STATEMENT, Kind.BALANCE_PAGE)
            if not _is_time_of_reclaim(s)
        ),
        *(
            s
            for s in dossier.seen("at", Kind.ISSUER_STATEMENT)
            if "redeemed_at" not in s.exhibit.fields and _is_redemption_record(s)
        ),
    )
    return tuple((s, at) for s in seen if (at := time_of(s)))


def _is_time_of_reclaim(seen: Seen) -> bool:
    """Whether the time is when value was taken back, not when the secret was used."""
    at = time_of(seen)
    for clause in re.split(r"[，。；,;]", _text(seen.exhibit, "body")):
        if at and find_instant(clause) == at:
            return bool(re.search(r"追回|扣回|收回|回收|撤销|冻结|封禁", clause))
    return False


def _is_redemption_record(seen: Seen) -> bool:
    return "redemption_record" in seen.exhibit.form or bool(
        re.search(r"已(?:使用|兑换|充值)", _text(seen.exhibit, "status"))
    )


def _text(exhibit: Exhibit, name: str) -> str:
    return exhibit.fields[name].value if name in exhibit.fields else ""


def credits_seen(dossier: Dossier) -> tuple[tuple[Seen, Money, datetime | None], ...]:
    """Credits that carrier records and balance pages show, with their time where given."""
    found = []
    for seen in dossier.seen("credited", Kind.CARRIER_BILL, Kind.BALANCE_PAGE):
        amount = money_of(seen)
        at_field = seen.exhibit.fields.get("credited_at")
        at = time_of(Seen(seen.exhibit, at_field)) if at_field else None
        if amount and amount.minor > 0:
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
    """Used after it reached the buyer, and nothing says by somebody else. A use by an unknown
    account refutes no claim that the secret was sold twice."""
    delivered = delivered_at(dossier)
    reasons = frozenset(dossier.statement.claim.reasons) & _BAD_SECRET
    for seen, at in redeemed_times(dossier):
        if (
            not delivered
            or at <= delivered + timedelta(minutes=1)
            or _of_another_card(seen, dossier)
        ):
            continue
        mine = is_buyers_account(seen, dossier)
        if mine is False or (mine is None and reasons == {Reason.DUPLICATE_SECRET}):
            continue
        yield Contradiction(
            "claim_vs_issuer", beijing(delivered).isoformat(), seen.exhibit.path, say_second(at)
        )


def _of_another_card(seen: Seen, dossier: Dossier) -> bool:
    """Whether the statement is about a secret that the buyer's pages do not show."""
    own = _text(seen.exhibit, "secret")
    pages = [
        field.value
        for exhibit in dossier.of(Kind.CARD_PAGE, Kind.ORDER_PAGE, *_TESTS)
        for name, field in exhibit.fields.items()
        if re.fullmatch(r"(?:secret|card_no)(?:_\d+)?", name)
    ]
    return bool(own and pages) and not any(same_secret(own, page) for page in pages)


def same_secret(a: str, b: str) -> bool:
    """Whether two readings are one secret; blanks, look-alikes and starred parts do not count."""
    if "*" in a or "*" in b:
        return _same_masked(a, b)
    return same_number(a, b)


def _same_masked(a: str, b: str) -> bool:
    (a_head, a_tail), (b_head, b_tail) = (_ends(re.sub(r"[\s\-]", "", x).upper()) for x in (a, b))
    head, tail = min(len(a_head), len(b_head)), min(len(a_tail), len(b_tail))
    return a_head[:head] == b_head[:head] and (
        tail == 0 or a_tail[len(a_tail) - tail :] == b_tail[len(b_tail) - tail :]
    )


def _ends(text: str) -> tuple[str, str]:
    """What stands before the first and after the last star; all of it where there is none."""
    text = text.replace("＊", "*")
    return (text.partition("*")[0], text.rpartition("*")[2]) if "*" in text else (text, text)


_ACCOUNT = re.compile(
    r"(?:账号|帐号|账户|用户|ID)\s*(?:名|为|是)?\s*[:：]?\s*([A-Za-z0-9@._*＊]{4,40})"
)


def is_buyers_account(seen: Seen, dossier: Dossier) -> bool | None:
    """Whether the account that redeemed is the buyer's: by the issuer's words or by comparing
    with the accounts on the buyer's own pages; None where nothing tells."""
    body = _text(seen.exhibit, "body")
    if re.search(r"不一致|不是您|并非您|他人|其他账|别的账|非本人|非您|另一账", body):
        return False
    if re.search(r"您的账[号户]|您本人|本人账|您名下", body):
        return True
    match = _ACCOUNT.search(body)
    account = _text(seen.exhibit, "account") or (match.group(1).rstrip(".") if match else "")
    own = [s.value for s in dossier.seen("account", *_TESTS, Kind.ORDER_PAGE, Kind.BALANCE_PAGE)]
    if not account or not own:
        return None
    return any(_same_masked(account, other) for other in own)


_FINE = re.compile(
    r"(?:卡密?|兑换码|激活码|礼品卡|卡片|状态)[^。；，]{0,8}"
    r"(?:有效(?!期|时|日)|正常|未使用|未被使用|可(?:以)?正常(?:使用|兑换|充值))"
)
_NOT_FINE = re.compile(r"无|不|未|非|失效|异常|否|难|如|若")
_SPENT = re.compile(r"已(?:经|被)?[^，。；]{0,6}(?:使用|兑换|充值|核销|激活)|仅限|不支持|测试|体验")
_FINE_STATUS = re.compile(r"(?:状态)?(?:正常|有效|未使用|已激活.?未使用|可使用|待使用)")


def _issuer_says_fine(dossier: Dossier) -> Iterator[Contradiction]:
    for exhibit in dossier.of(Kind.ISSUER_STATEMENT):
        body, status = _text(exhibit, "body"), _text(exhibit, "status").strip()
        spent = "redeemed_at" in exhibit.fields or _SPENT.search(f"{body} {status}")
        if spent:
            continue
        match = _FINE.search(body)
        said = match.group(0) if match else ""
        before = body[: match.start()] if match else ""
        supposed = re.search(r"(?:如果?|若|假如|要是|请|不是|并非|非|无)[^，。；]{0,6}$", before)
        if said and (supposed or _NOT_FINE.search(re.sub(r"未(?:被)?使用", "", said))):
            said = ""
        if not said and _FINE_STATUS.fullmatch(status):
            said = status
        if said:
            yield Contradiction("claim_vs_issuer", _claimed(dossier), exhibit.path, said)


def _issuer_says_real(dossier: Dossier) -> Iterator[Contradiction]:
    for exhibit in dossier.of(Kind.ISSUER_STATEMENT):
        match = re.search(
            r"(?:不是|并非|非|不属于)(?:本司|我司)?(?:测试|体验)卡?|属于?正式卡|是正式卡",
            _text(exhibit, "body"),
        )
        if match:
            yield Contradiction("claim_vs_issuer", _claimed(dossier), exhibit.path, match.group(0))


def _claimed(dossier: Dossier) -> str:
    return "、".join(r.value for r in dossier.statement.claim.reasons)


_REDEEMING = re.compile(
    r"充值|兑换|激活|领取|到账|使用|入账|credited|redeem|success", re.IGNORECASE
)
_ONLY_PAID = re.compile(r"支付|付款|交易成功|提交|退款|订单|下单|审核")


def _worked(dossier: Dossier) -> Iterator[Contradiction]:
    """A redemption of this order's secret that succeeded on the buyer's own screen."""
    tests = dossier.of(*_TESTS)
    pages = tests if _about_secrets(dossier) else (*tests, *dossier.of(Kind.BALANCE_PAGE))
    for exhibit in pages:
        for name in ("error_text", "error", "status"):
            text = _text(exhibit, name)
            if not text or _ONLY_PAID.search(text) or not _REDEEMING.search(text):
                continue
            if classify_redemption(text) is RedemptionResult.SUCCESS and not _other_secret(
                exhibit, dossier
            ):
                yield Contradiction(
                    "claim_vs_redemption", _claimed(dossier), exhibit.path, quotable(dossier, text)
                )
                break


def _about_secrets(dossier: Dossier) -> bool:
    return not frozenset(dossier.statement.claim.reasons) & _NOT_THERE


def _other_secret(exhibit: Exhibit, dossier: Dossier) -> bool:
    """Whether the success is of another secret than one that failed (a replacement worked)."""
    own = _text(exhibit, "secret")
    failed = [
        _text(other, "secret")
        for other in dossier.of(*_TESTS)
        if other is not exhibit
        and classify_redemption(_text(other, "error") or _text(other, "error_text"))
        is not RedemptionResult.SUCCESS
    ]
    return bool(own and failed) and not any(same_secret(own, f) for f in failed if f)


def _credited(dossier: Dossier) -> Iterator[Contradiction]:
    """A credit of the full value after the payment refutes "not credited"."""
    order = dossier.statement.order
    due = face_value_of(dossier)
    count = quantity_of(dossier) or 1
    paid_at = order.paid_at or order.ordered_at
    for seen, amount, at in credits_seen(dossier):
        whole = due is not None and amount.minor in (due.minor, due.minor * count)
        if count > 1 and due is not None:
            whole = amount.minor >= due.minor * count
        if (
            paid_at
            and whole
            and at
            and at >= paid_at - _SLACK
            and not _other_account(seen, dossier)
        ):
            yield Contradiction(
                "claim_vs_issuer",
                _claimed(dossier),
                seen.exhibit.path,
                f"{amount} {say_second(at)}",
            )


def _other_account(seen: Seen, dossier: Dossier) -> bool:
    """Whether the record is of another account than the one the order names."""
    account = _text(seen.exhibit, "account")
    own = [s.value for s in dossier.seen("account", Kind.ORDER_PAGE)]
    return bool(account and own) and not any(_same_masked(account, other) for other in own)


def _face_value_right(dossier: Dossier) -> Iterator[Contradiction]:
    due = face_value_of(dossier)
    seen = [(s, money_of(s)) for s in dossier.seen("face_value", *_AUTHORITIES)]
    after = dossier.statement.order.paid_at
    for credit, amount, at in credits_seen(dossier):
        if after and at and at >= after - _SLACK:
            seen.append((credit, amount))
    if due is None or any(money and money < due for _, money in seen):
        return
    for one, money in seen:
        if money == due:
            yield Contradiction("claim_vs_issuer", str(due), one.exhibit.path, one.value)
