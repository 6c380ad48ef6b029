"""Card pages and redemption dialogs: numbers, secrets, the sentence of refusal."""

from __future__ import annotations

import re
from itertools import pairwise

from gongdao.evidence.layout import Cell, Row, gap_below, row_text
from gongdao.evidence.screen_fields import words
from gongdao.evidence.screen_fields.pairs import Pair, label_of
from gongdao.evidence.screen_fields.pick import Found
from gongdao.evidence.values import half_width, is_price, plain, read_instant

_DASHED = re.compile(
    r"(?<![0-9A-Za-z])[0-9A-Za-z]{3,8}(?:\s?-\s?[0-9A-Za-z]{3,8}){1,5}(?![0-9A-Za-z])"
)
_BOTH = re.compile(
    r"([0-9A-Za-z][0-9A-Za-z -]{5,28}[0-9A-Za-z])\s*(?:-{3,}|—+|\||,|，|/|"
    r"\s{2,}|\t)\s*([0-9A-Za-z][0-9A-Za-z-]{5,40})"
)
_CARD_WORDS, _SECRET_WORDS = words.CARD_NO.split(), words.SECRET.split()
_FAIL_TITLE = re.compile(
    "^(兑换失败|充值失败|无法兑换|激活失败|兑换不成功|无法充值|无法激活|"
    "绑定失败|使用失败|验证失败|无法使用|核销失败|操作失败|"
    "充值未成功|无法添加|出错了|兑换异常|兑换错误|提示|温馨提示|错误|错误提示|"
    "系统提示|无法绑定|无法完成兑换|失败|兑换结果|充值结果|无法验证)[!！。]?$"
)
_REFUSAL = re.compile(
    "无效|错误|不存在|已被|已使用|使用过|失效|过期|不支持|不正确|已兑换|"
    "作废|冻结|禁用|未激活|已绑定|不可用|无法|不能|不符|不匹配|"
    "超过|上限|频繁|限制|异常|未找到|有误|已领取|体验卡|测试卡|尚未|不属于|"
    "其他公司|地区|请使用|未生效|未开通|停用|挂失|锁定|注销|已充值|已核销|"
    "失败"
)
_ENGLISH = re.compile(
    r"\b(invalid|already|redeemed|expired|not valid|not activated|region|"
    r"storefront|in use|claimed)\b",
    re.I,
)
_BUTTON = re.compile(
    "^(取消|确定|知道了|我知道了|好|好的|重试|关闭|重新输入|返回|立即兑换|"
    "立即充值|确认|去查看|联系客服|重新填写|OK)$"
)


def read_card(found: Found) -> None:
    """Fill the fields of a page that shows cards; further cards get ``_2``, ``_3`` …"""
    found.code("order_no", words.ORDER_NO)
    found.time("delivered_at", words.DELIVERED_AT)
    found.time("viewed_at", "查看时间 首次查看时间")
    _cards(found)
    found.take("face_value", words.FACE_VALUE, _digits)
    found.take("valid_until", "有效期至 有效期 到期时间 有效期限 到期日期")
    found.take("product", words.PRODUCT)
    for cell in found.page.cells:
        if match := re.search(r"(?:共|已发放?|发放)\s*(\d{1,5})\s*[张个份]", plain(cell.text)):
            found.put("quantity", str(int(match[1])), [cell])
    first = next((r[0] for r in found.page.rows[1:4] if len(plain(r[0].text)) >= 4), None)
    if first is not None and not any(first is p.label_cell for p in found.pairs):
        found.put("product", first.text, [first], 0.9)


def read_failure(found: Found) -> None:
    """Fill the fields of a refused redemption."""
    _cards(found)
    found.take("account", words.ACCOUNT)
    found.code("order_no", words.ORDER_NO)
    _error(found)
    for pair in found.pairs:
        if pair.label in ("错误码", "错误代码") and (m := re.match(r"[0-9A-Za-z_-]+", pair.value)):
            found.put("error_code", m[0], pair.cells)
    found.time("at", "失败时间 操作时间 提示时间 " + words.REDEEMED_AT)
    for cell in found.page.cells:
        found.put("at", read_instant(cell.text), [cell])


def _cards(found: Found) -> None:
    """Every number and secret, in order; a field per card."""
    numbers, secrets = [], []
    for pair in found.pairs:
        label = re.sub(r"\d+$", "", pair.label)
        if label in _CARD_WORDS and (value := _serial(pair.value)):
            numbers.append((value, pair.cells))
        elif label in _SECRET_WORDS and (value := _serial(pair.value)):
            both = _BOTH.search(half_width(pair.value))
            if both:
                numbers.append((both[1].strip(), pair.cells))
                value = both[2].strip()
            secrets.append((value, pair.cells))
            secrets.extend(_listed_below(found, pair))
    _more_in_columns(found, numbers, secrets)
    if not secrets:
        _loose_cards(found, numbers, secrets)
    for name, items in (("card_no", numbers), ("secret", secrets)):
        for number, (value, cells) in enumerate(_distinct(items)):
            found.put(name if number == 0 else f"{name}_{number + 1}", value, cells)


def _listed_below(found: Found, pair: Pair) -> list[tuple[str, Row]]:
    """Further secrets under the first, one a line, with the same start."""
    rows, last = found.page.rows, pair.cells[-1]
    out: list[tuple[str, Row]] = []
    for row in rows:
        cell = row[0]
        if cell.y0 < last.y1 - 0.3 * last.height or len(row) > 1:
            continue
        close = cell.y0 - last.y1 < 1.6 * found.page.em
        aligned = abs(cell.x0 - pair.cells[0].x0) < 1.2 * found.page.em
        text = half_width(cell.text).strip()
        whole = re.fullmatch(r"[0-9A-Za-z]{3,}(?:-[0-9A-Za-z]{3,})+|[0-9A-Z]{10,}", text)
        if not (close and aligned and whole):
            break
        out.append((text, (cell,)))
        last = cell
    return out


def read_cards_on_order(found: Found) -> None:
    """Some order pages show the card itself."""
    if any(pair.label in _SECRET_WORDS for pair in found.pairs):
        _cards(found)


def _distinct(items: list[tuple[str, Row]]) -> list[tuple[str, Row]]:
    return list({value: (value, cells) for value, cells in reversed(items)}.values())[::-1]


def _more_in_columns(
    found: Found, numbers: list[tuple[str, Row]], secrets: list[tuple[str, Row]]
) -> None:
    """A table with 卡号 and 卡密 as heads: the rows below belong to their column."""
    rows = found.page.rows
    for index, row in enumerate(rows):
        heads = {label_of(c.text): c for c in row}
        number = next((heads[w] for w in _CARD_WORDS if w in heads), None)
        secret = next((heads[w] for w in _SECRET_WORDS if w in heads), None)
        if number is None or secret is None:
            continue
        numbers.clear()
        secrets.clear()
        for upper, lower in pairwise(rows[index:]):
            if gap_below(upper, lower) > 2.5 * found.page.em:
                break
            for cell in lower:
                value = _serial(cell.text)
                if value is None:
                    continue
                nearer = abs(cell.cx - number.cx) < abs(cell.cx - secret.cx)
                (numbers if nearer else secrets).append((value, (cell,)))
        return


def _loose_cards(
    found: Found, numbers: list[tuple[str, Row]], secrets: list[tuple[str, Row]]
) -> None:
    """Secrets without a label: number----secret on a line, or groups joined by dashes."""
    own = found.fields.get("order_no")
    for cell in found.page.cells:
        text = half_width(cell.text)
        if re.search(r"20\d\d-\d\d-\d\d", text) or read_instant(text):
            continue
        if own and re.sub(r"\W", "", own.value) in re.sub(r"\W", "", text):
            continue  # an order number in groups looks like a secret
        if both := _BOTH.search(text):
            numbers.append((both[1].strip(), (cell,)))
            secrets.append((both[2].strip(), (cell,)))
        elif (dashed := _DASHED.search(text)) and re.search(r"\d", dashed[0]):
            secrets.append((re.sub(r"\s", "", dashed[0]), (cell,)))


def _serial(text: str) -> str | None:
    """A card number or secret as printed: groups keep their blanks or dashes."""
    text = half_width(text).strip().strip(":：")
    text = re.sub(r"\s*-\s*", "-", text)
    match = re.search(r"[0-9A-Za-z*](?:[0-9A-Za-z*]|[- ](?=[0-9A-Za-z*]))*", text)
    if (
        not match
        or len(re.sub(r"[- ]", "", match[0])) < 5
        or not re.search(r"\d|[A-Z]{3}", match[0])
    ):
        return None
    return match[0]


def _digits(text: str) -> str | None:
    match = re.search(r"\d{1,6}(?:\.\d{1,2})?", half_width(text))
    return match[0] if match else None


def _error(found: Found) -> None:
    """The sentence below the heading of the dialog, else the likeliest sentence of refusal."""
    rows = found.page.rows
    for index, row in enumerate(rows):
        if not any(_FAIL_TITLE.match(plain(c.text)) for c in row):
            continue
        sentence, cells = _sentence_below(found, index)
        if sentence:
            _put_error(found, sentence, cells)
            return
    scored = [(s, c) for c in found.page.cells if (s := _refusal_score(found, c)) > 0]
    if scored:
        best = max(scored, key=lambda item: item[0])[1]
        _put_error(found, best.text, [best])


def _sentence_below(found: Found, index: int) -> tuple[str, list[Cell]]:
    rows = found.page.rows
    out: list[Cell] = []
    for upper, lower in pairwise(rows[index : index + 7]):
        text = row_text(lower)
        if gap_below(upper, lower) > 2.2 * found.page.em:
            break
        dated = read_instant(text) or re.match("错误(码|代码)", plain(text))
        if dated or all(_BUTTON.match(plain(c.text)) for c in lower):
            break
        out.extend(lower)
    text = "".join(c.text for c in out)
    return (text, out) if len(plain(text)) >= 3 else ("", [])


def _refusal_score(found: Found, cell: Cell) -> float:
    text = plain(cell.text)
    if not (4 <= len(text) <= 60) or is_price(text) or _BUTTON.match(text):
        return 0.0
    hits = len(_REFUSAL.findall(text)) + 2 * len(_ENGLISH.findall(cell.text))
    if not hits or _FAIL_TITLE.match(text):
        return 0.5 if _FAIL_TITLE.match(text) and text.startswith(("兑换", "充值")) else 0.0
    about = 1.0 if re.search("卡|码|密|账号|兑换|充值|code|card", text, re.I) else 0.0
    centred = 0.5 if abs(cell.cx - found.page.middle) < 0.08 * found.page.width else 0.0
    note = -1.0 if re.search("请尽快|须知|说明|温馨", text) else 0.0
    return hits + about + centred + note


def _put_error(found: Found, sentence: str, cells: list[Cell]) -> None:
    sentence = re.sub(
        r"(?<!自)[己巳](?=被|使用|兑换|失效|过期|绑定|激活|充值|领取|核销|作废)", "已", sentence
    )
    sentence = sentence.strip()
    found.put("error_text", sentence, cells)
    short = re.split(r"[。！!;；]|[,，]\s*请(?!求)|\.\s|\.$", sentence)[0].strip(" ,，.:：")
    found.put("error", short or sentence, cells)
