"""Records of issuers and carriers, balances, memberships."""

from __future__ import annotations

import re

from gongdao.evidence.layout import Cell, row_text
from gongdao.evidence.screen_fields import words
from gongdao.evidence.screen_fields.pick import Found
from gongdao.evidence.values import (
    amounts_in,
    half_width,
    plain,
    read_amount,
    read_code,
    read_day,
    read_instant,
)

_CREDIT = re.compile(r"^\+\s*[¥￥]?\s*\d[\d,]*(?:\.\d{1,2})?\s*元?$")
_USED = re.compile(
    "^(已使用|未使用|已激活|未激活|已核销|已兑换|未兑换|已充值|未充值|已绑定|"
    "未绑定|已作废|已冻结|已过期|已失效|正常|有效|无效|未售出|已售出|查无此卡|"
    "不存在|可使用|已消费)"
)
_NOTHING = re.compile(
    "暂无(充值|缴费|交费)?(记录|数据)|无(充值|缴费|交费)记录|没有(充值|缴费|"
    "交费)?记录|未查询到|查无记录|未到账"
)
_DAYS = re.compile(r"(\d{1,4})\s*天")
_MASKED = re.compile(r"1[3-9]\d\s?[*xX＊]{3,4}\s?\d{4}|1[3-9]\d\s?\d{4}\s?\d{4}")


def read_redemption_record(found: Found) -> None:
    """Fill the fields of an issuer's answer about one card."""
    found.take("face_value", words.FACE_VALUE, _number)
    found.take("points", "充入点数 到账点数 充值点数 点数", _number)
    found.money("credited", "充入金额 到账金额 充值金额")
    _serials(found)
    found.take("account", words.ACCOUNT)
    found.time("redeemed_at", words.REDEEMED_AT)
    found.take("body", words.BODY)
    found.take("reason", "原因 失败原因 原因说明 处理结果 查询结果 说明 拒绝原因 备注说明")
    found.time("queried_at", words.QUERIED_AT)
    _status(found)
    if not found.has("redeemed_at") and re.match(
        "已(使用|激活|核销|兑换|充值|绑定)",
        found.fields["status"].value if found.has("status") else "",
    ):
        _first_instant(found, "redeemed_at")
    _statement(found)
    if found.has("redeemed_at"):
        found.fields.setdefault("at", found.fields["redeemed_at"])
    _first_instant(found, "at")


def _serials(found: Found) -> None:
    found.take("card_no", words.CARD_NO, _serial)
    found.take("secret", words.SECRET, _serial)


def _serial(text: str) -> str | None:
    text = half_width(text).strip()
    return text if re.fullmatch(r"[0-9A-Za-z*][0-9A-Za-z*\- ]{4,}", text) else read_code(text)


def _status(found: Found) -> None:
    for cell in found.page.cells:
        match = _USED.match(plain(cell.text))
        if match and len(plain(cell.text)) <= len(match[1]) + 4:
            found.put("status", match[1], [cell])
            break
    found.take("status", words.STATUS)


def _statement(found: Found) -> None:
    """A sentence of the issuer: 经查询…, 经核实…."""
    for row in found.page.rows:
        text = row_text(row)
        if re.search("经(查询|核实|查|核查)|系统显示|该卡(密|号)?(已|于|为)", text):
            found.put("statement", text, row)
            found.put("redeemed_at", read_instant(text), row, 0.9)


def _first_instant(found: Found, name: str) -> None:
    asked = {id(c) for p in found.pairs if p.label in words.QUERIED_AT.split() for c in p.cells}
    for cell in found.page.cells:
        if "查询" not in cell.text and id(cell) not in asked:
            found.put(name, read_instant(cell.text), [cell], 0.8)


def read_carrier(found: Found) -> None:
    """Fill the fields of a carrier's top-up record."""
    found.time("queried_at", words.QUERIED_AT)
    found.money("balance", words.BALANCE)
    found.take("account", words.ACCOUNT, _phone)
    for cell in found.page.cells:
        if match := _MASKED.search(cell.text):
            found.put("account", re.sub(r"\s", "", match[0]), [cell])
    _credits(found)
    if not found.has("credited"):
        found.money(
            "credited",
            (
                "到账金额 充值金额 本月充值 本月累计充值 本月缴费 缴费金额 充值合计 "
                "累计充值 最近充值 本月入账"
            ),
        )
        found.time("credited_at", "到账时间 充值时间 缴费时间 充值到账时间 交易时间")
    for cell in found.page.cells:
        if _NOTHING.search(plain(cell.text)):
            found.put("credited", "0.00", [cell], 0.9)
    found.take("status", words.STATUS)


def _phone(text: str) -> str | None:
    text = re.sub(r"\s", "", half_width(text))
    return text if re.fullmatch(r"[0-9*xX＊]{7,}", text) else None


def _credits(found: Found) -> None:
    """Rows with a plus sum: the latest is the credit; the rest is kept as ``credits``."""
    credits: list[tuple[str, str, list[Cell]]] = []
    rows = found.page.rows
    for index, row in enumerate(rows):
        for cell in row:
            text = half_width(cell.text).strip()
            if not _CREDIT.match(text):
                continue
            at, cells = "", [cell]
            for near in (row, rows[index - 1] if index else (), *rows[index + 1 : index + 3]):
                when = next(((_when(found, c), c) for c in near if _when(found, c)), None)
                if when and when[0] and "查询" not in when[1].text:
                    at, cells = when[0], [cell, when[1]]
                    break
            credits.append((at, read_amount(text) or "", cells))
    if not credits:
        return
    latest = max(credits, key=lambda item: item[0])
    found.put("credited", latest[1], latest[2][:1])
    found.put("credited_at", latest[0] or None, latest[2][1:])
    if len(credits) > 1:
        text = "；".join(f"{at} +{amount}".strip() for at, amount, _cells in credits)
        found.put("credits", text, [c for _a, _b, cells in credits for c in cells])


def _when(found: Found, cell: Cell) -> str | None:
    asked = found.fields.get("queried_at")
    year = int(asked.value[:4]) if asked else _year_on(found)
    return read_instant(cell.text, year=year) or read_day(cell.text)


def _year_on(found: Found) -> int | None:
    for cell in found.page.cells:
        if match := re.search(r"(20\d\d)\s*[年\-/.]", cell.text):
            return int(match[1])
    return None


def read_balance(found: Found) -> None:
    """Fill the fields of a balance or membership page."""
    found.time("queried_at", words.QUERIED_AT)
    found.take("account", words.ACCOUNT)
    found.take("balance", words.BALANCE, _balance)
    found.take(
        "days",
        (
            "剩余天数 会员天数 会员剩余天数 有效天数 会员时长 套餐时长 开通时长 "
            "会员剩余 剩余有效期 有效期 有效期限"
        ),
        _days,
    )
    found.take(
        "valid_until",
        (
            "有效期至 有效期到 到期时间 会员到期时间 到期日期 到期日 会员有效期 "
            "会员到期 有效期 有效期限"
        ),
        _until,
    )
    _loose_days(found)
    _credits(found)
    found.money("credited", "到账金额 充入金额 充值金额 最近充值 充入点数 到账点数")
    found.time("credited_at", "到账时间 充值时间 开通时间 充入时间")
    for cell in found.page.cells:
        if _NOTHING.search(plain(cell.text)):
            found.put("credited", "0.00", [cell], 0.9)
    _status(found)
    if not found.has("balance"):
        tall = [
            c for c in found.page.cells if c.height > 1.5 * found.page.em and amounts_in(c.text)
        ]
        if tall:
            best = max(tall, key=lambda c: c.height)
            found.put("balance", _balance(best.text), [best], 0.8)


def _loose_days(found: Found) -> None:
    for cell in found.page.cells:
        text = plain(cell.text)
        if re.search("剩余|有效期|还有|到期|会员|时长|体验", text) and (
            match := _DAYS.search(text)
        ):
            found.put("days", str(int(match[1])), [cell], 0.9)
        if re.search("有效期至|到期", text) and (day := read_day(text)):
            found.put("valid_until", day, [cell], 0.9)


def _balance(text: str) -> str | None:
    text = half_width(text)
    match = re.search(r"(\d[\d,]*)\s*(点|积分|币|个|Q币)", text)
    return match[1].replace(",", "") if match else read_amount(text)


def _days(text: str) -> str | None:
    match = _DAYS.search(text) or re.fullmatch(r"\s*(\d{1,4})\s*", text)
    return str(int(match[1])) if match else None


def _until(text: str) -> str | None:
    return read_instant(text) or read_day(text)


def _number(text: str) -> str | None:
    match = re.search(r"\d[\d,]*(?:\.\d{1,2})?", half_width(text))
    return re.sub(r"\.00?$", "", match[0].replace(",", "")) if match else None
