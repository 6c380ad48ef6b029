"""Fields of statements given as text: issuers', carriers', and payment receipts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gongdao.core.clock import find_instants, say_second
from gongdao.evidence.card_secrets import find_secrets
from gongdao.evidence.labels import clean_value
from gongdao.evidence.reading import Basis, Field

REASONS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "test card range",
        re.compile(r"测试卡|测试号段|体验卡|内部测试|演示卡|仅供(?:功能)?(?:体验|测试)"),
    ),
    (
        "already redeemed",
        re.compile(
            r"[已己巳](?:经)?(?:被)?(?:使用|兑换|充值|核销|激活|绑定)|使用记录为|充值至|(?:使用|兑换|充值)过"
        ),
    ),
    ("not activated", re.compile(r"未激活|没有激活|尚未激活|未开卡")),
    ("expired", re.compile(r"过期|超过有效期|已失效")),
    ("blocked", re.compile(r"冻结|禁用|作废|锁定|挂失|封停")),
    ("not found", re.compile(r"不存在|查无|无此卡|非本公司|不是我(?:司|们)|无效")),
    ("unused", re.compile(r"未(?:被)?使用|未(?:被)?兑换|可正常使用|状态正常")),
)
"""What an issuer can say about a card, first fit wins; codes are part of ``fields.reason``."""

_USED_AT = re.compile(
    r"(?:使用记录|使用时间|兑换时间|兑换记录|激活时间|核销时间|充值时间|充值记录|使用于|兑换于|充值于|已于|于)"
)
_INTO = re.compile(
    r"(?:充值至|充值到|绑定至|绑定到|兑换至|充入)\s*(?:账号|帐号|账户)?\s*[:：]?\s*([\w*.@+\-]{3,60})",
    re.ASCII,
)
_RANGE = re.compile(r"([A-Z0-9][A-Z0-9\-]{5,40})\s*(?:至|到|~|～|—)\s*([A-Z0-9][A-Z0-9\-]{3,40})")
_FACE = re.compile(r"面(?:值|额)\s*[:：为是]?\s*[¥￥]?\s*(\d{1,6}(?:\.\d{1,2})?)")
_SENDER = re.compile(r"^\s*【([^】]{2,30})】")
_SENTENCE = re.compile(r"[^。！？!?\n]+[。！？!?]?")
_HEADER = re.compile(r"\s*(?:发件人|收件人|时间|日期|主题|From|To|Date|Subject)\s*[:：]")
_CREDIT = re.compile(r"充值|缴费|到账|入账|交费")
_AMOUNT = re.compile(r"[+]?[¥￥]?\s*(\d{1,6}(?:\.\d{1,2})?)\s*元|[+]\s*(\d{1,6}\.\d{2})")
_NO_CREDIT = re.compile(
    r"[无没未](?:有|查询到|查到)?(?:任何)?(?:充值|缴费|入账|到账|交费)(?:记录|信息)?"
)
_DAYS = re.compile(r"(?:剩余|有效期|会员)\D{0,6}(\d{1,4})\s*天")


def issuer_fields(text: str, lines: Sequence[str], fields: dict[str, Field]) -> dict[str, Field]:
    """``fields`` with redeemed_at, at, reason, reason_quote, secret, card_range, account, from and
    body added where the statement has them."""
    found = dict(fields)
    _add_times(text, found)
    body = _body(lines)
    if body:
        found.setdefault("body", _field(body, text, text.find(body.split("\n", 1)[0])))
    for code, pattern in REASONS:
        if match := pattern.search(body):
            at = text.find(match[0])
            found["reason"] = _field(code, text, at)
            found["reason_quote"] = _field(_sentence(body, match.start()), text, at)
            break
    if secrets := find_secrets(text):
        found["secret"] = _field(secrets[0].value, text, secrets[0].start)
    for key, pattern, value in (
        ("card_range", _RANGE, lambda m: f"{m[1]} 至 {m[2]}"),
        ("account", _INTO, lambda m: m[1].rstrip(".")),
        ("face_value", _FACE, lambda m: clean_value("amount", m[1])),
        ("from", _SENDER, lambda m: m[1]),
    ):
        hit = pattern.search(text)
        if hit and (key not in found or key == "account"):
            found[key] = _field(value(hit), text, hit.start())
    return found


def _add_times(text: str, found: dict[str, Field]) -> None:
    """The time of use stands close after a word of use; the statement's own time is the last."""
    instants = find_instants(text)
    redeemed = None
    for at, position in instants:
        before = text[max(0, position - 14) : position]
        if "redeemed_at" not in found and _USED_AT.search(before):
            found["redeemed_at"] = _field(say_second(at), text, position)
            redeemed = position
    own = [(at, position) for at, position in instants if position != redeemed]
    if "at" not in found and own and (redeemed is None or own[-1][1] > redeemed):
        found["at"] = _field(say_second(own[-1][0]), text, own[-1][1])


def _body(lines: Sequence[str]) -> str:
    kept = [line.strip() for line in lines if line.strip() and not _HEADER.match(line)]
    return "\n".join(kept)[:20_000]


def _sentence(body: str, position: int) -> str:
    for match in _SENTENCE.finditer(body):
        if match.start() <= position < match.end():
            return match[0].strip()[:500]
    return ""


def _field(value: str, text: str, position: int) -> Field:
    return Field(value, 1.0, Basis.TEXT, line=text.count("\n", 0, max(position, 0)) + 1)


_ALONE = re.compile(r"\s*[-+−]?\s*[¥￥]?\s*(\d{1,3}(?:,\d{3})+\.\d{2}|\d{1,9}\.\d{2})\s*元?\s*")
_ALIPAY = re.compile(r"支付宝|商家订单号|账单管理")


def receipt_fields(text: str, lines: Sequence[str], fields: dict[str, Field]) -> dict[str, Field]:
    """``fields`` of a payment receipt: the payment service's own number is ``txn_no``, the
    merchant's is ``order_no`` (Alipay calls the first 订单号), and an amount alone on its line
    is the amount paid."""
    found = dict(fields)
    if _ALIPAY.search(text) and "txn_no" not in found and "order_no" in found:
        found["txn_no"] = found.pop("order_no")
    if merchants := found.pop("merchant_order_no", None):
        found["order_no"] = merchants
    for number, line in enumerate(lines, start=1):
        match = _ALONE.fullmatch(line[:60])
        if match and "amount" not in found:
            found["amount"] = Field(clean_value("amount", match[1]), 1.0, Basis.TEXT, line=number)
    return found


def carrier_fields(lines: Sequence[str], fields: dict[str, Field]) -> dict[str, Field]:
    """``fields`` with credited, credited_at and days: of several top-ups the latest one."""
    found = dict(fields)
    if "redeemed_at" in found:  # on a carrier's page 充值时间 is when the credit came
        found["credited_at"] = found.pop("redeemed_at")
    best = ""
    for number, line in enumerate(lines, start=1):
        words = line[:2000]
        if match := _DAYS.search(words):
            found.setdefault("days", Field(match[1], 1.0, Basis.TEXT, line=number))
        amount = _AMOUNT.search(words) if _CREDIT.search(words) else None
        if amount is None:
            continue
        instants = find_instants(words)
        at = say_second(instants[0][0]) if instants else ""
        if "credited" in found and at <= best:
            continue
        best = at
        value = clean_value("amount", amount[1] or amount[2])
        found["credited"] = Field(value, 1.0, Basis.TEXT, line=number)
        if at:
            found["credited_at"] = Field(at, 1.0, Basis.TEXT, line=number)
    for number, line in enumerate(lines, start=1):
        if "credited" not in found and _NO_CREDIT.search(line[:2000]):
            found["credited"] = Field("0.00", 1.0, Basis.TEXT, line=number)
    return found
