"""Listing pages: price, compared price, promises, small print, shop, product."""

from __future__ import annotations

import re

from gongdao.evidence.layout import Cell, Row, gap_below, paragraphs, row_text
from gongdao.evidence.screen_fields import words
from gongdao.evidence.screen_fields.pick import Found
from gongdao.evidence.values import amounts_in, half_width, is_price, plain, read_count

_PROMISES = re.compile(
    "^(服务承诺|商家承诺|卖家承诺|店家承诺|发货承诺|服务保障|店铺承诺|平台承诺|交易保障|购买保障|"
    "售后承诺|商家服务|承诺|保障|服务说明|服务|发货说明)$"
)
_SMALL = re.compile(
    "^(商品说明|商品介绍|商品描述|图文详情|产品说明|购买须知|使用说明|商品详情|"
    "注意事项|温馨提示|充值说明|详情|说明|购买说明|规则说明)$"
)
_END = re.compile(
    "^(店铺|商家|卖家|掌柜|供货商)|进店|立即|加入|马上|去购买|^客服$|^收藏$|"
    "^首页$|客服.*收藏|相关推荐|猜你喜欢"
)
_TICK = re.compile(r"^[√✓✔vVJ/●•·・※☑■◆▪○☆★]\s*")
_CLOCKS = re.compile(
    r"((?:(?:法定)?工作日|周一(?:至|到|-|~)周[五六日]|每天|每日|全天|节假日|"
    r"周末|星期一至星期[五六日])?\s*"
    r"(?:上午|早上?|早)?\s*\d{1,2}[:点]\d{0,2}\s*(?:-|~|至|到|–)+\s*(?:次日|"
    r"下午|晚上?|凌晨)?\s*\d{1,2}[:点]\d{0,2})"
)
_HOURS_WORD = re.compile(
    "(充值|服务|发货|营业|工作|处理|人工|客服|受理|上班|在线)(服务|处理|在线)?时间|时段|营业"
)
_COMPARED = re.compile("原价|划线价|市场价|官方价|官网价|参考价|门市价|专柜价|日常价|零售价|建议价")
_DOMAIN = re.compile(r"(?:https?://)?((?:[a-z0-9-]+\.)+[a-z]{2,12})(/[\w\-./?=&%#]*)?$", re.I)
_PROMISING = re.compile(
    "自动发货|秒发|秒到账|(分钟|小时)(之?内)?(自动)?(发货|到账|发放|发卡)|"
    "包换|包退|假一赔|正品|正式卡|不限量|全额退|足额|自动发码|立即发货|保证未|一码一用"
)


def read_listing(found: Found) -> None:
    """Fill the fields of a listing page."""
    _prices(found)
    _address(found)
    _shop(found)
    promises = _section(found, _PROMISES)
    small = _section(found, _SMALL)
    _promise(found, promises)
    _small_print(found, small)
    _service_hours(found, small)
    _product(found)
    found.take("quantity", words.QUANTITY, read_count)


def read_terms(found: Found) -> None:
    """Fill the fields of a page of rules: its words and the hours it names."""
    rows = list(found.page.rows)
    _small_print(found, rows)
    _service_hours(found, rows)


def _prices(found: Found) -> None:
    """The tallest price is the price; the one beside it, or called so, is the compared one."""
    page = found.page
    compared: list[tuple[str, Cell]] = []
    plain_prices: list[tuple[str, Cell, float]] = []
    for row in page.rows:
        for cell in row:
            amounts = _amounts_of(cell, row, page.em)
            if not amounts:
                continue
            if _COMPARED.search(plain(cell.text)) or _labelled_compared(cell, row):
                compared.append((amounts[0], cell))
                continue
            plain_prices.append((amounts[0], cell, cell.height))
            compared.extend((more, cell) for more in amounts[1:2])
    if not plain_prices:
        found.money(
            "price",
            "券后价 到手价 秒杀价 活动价 优惠价 现价 售价 会员价 代理价 批发价 进货价 价格 单价",
        )
        return
    tallest = max(plain_prices, key=lambda item: item[2])
    found.put("price", tallest[0], [tallest[1]])
    for value, cell, height in plain_prices:
        near = abs(cell.cy - tallest[1].cy) < 1.2 * tallest[2]
        if cell is not tallest[1] and near and height < 0.95 * tallest[2]:
            found.put("listed_price", value, [cell])
    for value, cell in compared:
        if value != tallest[0]:
            found.put("listed_price", value, [cell])
    found.money("listed_price", "划线价 原价 市场价 官方价 参考价")


def _amounts_of(cell: Cell, row: Row, em: float) -> list[str]:
    """Prices in a cell that shows prices, not a sentence with a number in it."""
    text = re.sub(r"^[一-鿿]{1,4}[价后][:：]?\s*", "", half_width(cell.text)).strip()
    text = re.sub(r"[一-鿿]{2,4}[价:：]\s*", "", text).strip()
    if is_price(text, marked=True):
        return [amount for amount, _at in amounts_in(text)]
    if re.fullmatch(r"(?:[¥夫羊半YV]?\s*\d[\d,.]*\s*(?:元|起)?[\s|/~-]*){2}", text) and "." in text:
        return [amount for amount, _at in amounts_in(text)]
    if cell.height > 1.35 * em and re.fullmatch(r"\d{1,6}", text) and len(row) <= 4:
        return [amount for amount, _at in amounts_in(text)]
    return []


def _labelled_compared(cell: Cell, row: Row) -> bool:
    left = [c for c in row if c.x1 <= cell.x0 + 2]
    return bool(left) and bool(_COMPARED.search(plain(left[-1].text))) and len(left[-1].text) < 6


def _address(found: Found) -> None:
    for row in found.page.rows[:6]:
        for cell in row:
            text = cell.text.replace(" ", "").rstrip(">")
            match = _DOMAIN.fullmatch(text)
            if match and cell.cy < 0.35 * found.page.height and re.search("[a-z]", text, re.I):
                found.put("domain", match[1].lower(), [cell])
                found.put("platform_url", text, [cell])
                return


def _shop(found: Found) -> None:
    found.take("merchant", words.MERCHANT, _shop_name)
    for row in found.page.rows:
        if len(row) >= 2 and re.search("进店|关注店铺|进入店铺", row[-1].text):
            found.put("merchant", _shop_name(row[0].text), [row[0]], 0.9)


def _shop_name(text: str) -> str | None:
    text = re.sub(r"\s*(进店看看|进店逛逛|进店|进入店铺|关注).*$", "", text).strip(" >›:：")
    text = re.sub(r"^(店铺|商家|卖家|掌柜)\s*[:：]?\s*", "", text)
    return text or None


def _section(found: Found, heading: re.Pattern[str]) -> list[Row]:
    """Rows under a heading, to the next heading or a wide blank."""
    rows = found.page.rows
    for index, row in enumerate(rows):
        title = plain(row[0].text).strip(":：")
        if (
            len(row) > 2
            or not heading.match(title)
            or abs(row[0].cx - found.page.middle) < (0.1 * found.page.width)
        ):
            continue
        body: list[Row] = []
        for lower in rows[index + 1 :]:
            head = plain(lower[0].text).strip(":：")
            if _PROMISES.match(head) or _SMALL.match(head) or _END.search(plain(row_text(lower))):
                break
            if body and gap_below(body[-1], lower) > 2.4 * found.page.em:
                break
            body.append(lower)
        if body:
            return body
    return []


def _promise(found: Found, rows: list[Row]) -> None:
    lines: list[str] = []
    cells: list[Cell] = []
    for group in paragraphs(rows=rows, page=found.page):
        text = "".join(cell.text for row in group for cell in row)
        text = _TICK.sub("", text).strip()
        if len(plain(text)) >= 3:
            lines.append(text)
            cells.extend(cell for row in group for cell in row)
    if lines:
        found.put("promises", "；".join(lines), cells)
        head = re.split("[，,]", lines[0])[0].strip()
        badges = {plain(c.text): c for c in found.page.cells if len(plain(c.text)) <= 6}
        if plain(head) in badges:  # the shop itself puts it forward as the whole promise
            found.put("promise", head, [badges[plain(head)]])
        found.put("promise", "；".join(lines), cells)
        return
    found.take("promise", "服务 保障 承诺 发货 服务承诺 发货承诺", _promising)
    loose = [
        cell
        for cell in found.page.cells
        if _PROMISING.search(plain(cell.text)) and len(cell.text) <= 26
    ]
    if loose:
        text = "；".join(_TICK.sub("", cell.text) for cell in loose)
        found.put("promise", text, loose, 0.7)
        found.put("promises", text, loose, 0.7)


def _promising(text: str) -> str | None:
    """The value of a row such as 服务 | 立即发货, where it promises something."""
    return text.strip() if re.search("发货|到账|包换|包退|保证|足额|正品|退", text) else None


def _small_print(found: Found, rows: list[Row]) -> None:
    texts = []
    for group in paragraphs(rows=rows, page=found.page):
        texts.append("".join(cell.text for row in group for cell in row))
    if texts:
        found.put("small_print", "\n".join(texts), [cell for row in rows for cell in row])


def _service_hours(found: Found, small: list[Row]) -> None:
    """Clock hours in the small print first, then anywhere on the page."""
    for rows in (small, list(found.page.rows)):
        for group in paragraphs(rows=rows, page=found.page):
            text = half_width("".join(cell.text for row in group for cell in row))
            match = _CLOCKS.search(text)
            if match and (_HOURS_WORD.search(text) or "工作日" in text or "每" in match[1]):
                cells = [cell for row in group for cell in row]
                found.put("service_hours", re.sub(r"\s+", " ", match[1]).strip(), cells)
                return


def _product(found: Found) -> None:
    """The title: the largest words below the price; where there are none, the largest above."""
    page = found.page
    price = found.fields.get("price")
    rows = list(page.rows)
    start = 0
    if price is not None and price.box is not None:
        start = next(
            (i + 1 for i, r in enumerate(rows) if any(c.line.box == price.box for c in r)), 0
        )
    stop = next(
        (
            i
            for i, r in enumerate(rows)
            if i >= start
            and re.search("已售|销量|月销|已抢|已充|库存|服务承诺|商品说明", row_text(r))
        ),
        min(len(rows), start + 4),
    )
    shop = plain(found.fields["merchant"].value) if "merchant" in found.fields else None
    titles = [c for r in rows[start:stop] for c in r if _is_title(c) and plain(c.text) != shop]
    if titles:
        cell = max(titles, key=lambda c: c.height * (1 + 0.02 * len(c.text)))
        found.put("product", cell.text, [cell])
    above = [c for r in rows[:start] for c in r if _is_title(c) and c.height > 1.2 * page.em]
    if above:
        cell = max(above, key=lambda c: c.height)
        found.put("product", cell.text, [cell], 0.9)
    _face_value(found)


_NO_TITLE = re.compile(r"[券到秒活]\w?后?价?[¥￥]\d|\d(?:秒|分钟|小时)内(?:到账|发货)$")


def _is_title(cell: Cell) -> bool:
    text = plain(cell.text)
    return (
        len(text) >= 5
        and not is_price(text)
        and not re.search(
            r"[券到秒活]\w?后?价?[¥￥]\d|\d(?:秒|分钟|小时)内(?:到账|发货)$", half_width(text)
        )
        and not re.search(r"商品详情|货源详情|^https?|\.(com|cn|example)", text)
    )


def _face_value(found: Found) -> None:
    for cell in found.page.cells:
        match = re.search(
            r"面[值额]\s*[:：为]?\s*(\d{1,6}(?:\.\d{1,2})?)\s*元?", half_width(cell.text)
        )
        if match:
            found.put("face_value", match[1], [cell])
            return
    product = found.fields.get("product")
    if product is None:
        return
    match = re.search(r"(\d{1,6})\s*元", half_width(product.value))
    if match:
        cells = [c for c in found.page.cells if c.line.box == product.box][:1]
        found.put("face_value", match[1], cells, 0.9)
