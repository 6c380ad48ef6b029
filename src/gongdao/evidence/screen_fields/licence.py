"""Business licences as shops show them."""

from __future__ import annotations

import re

from gongdao.evidence.screen_fields import words
from gongdao.evidence.screen_fields.pick import Found
from gongdao.evidence.values import half_width

_CODE = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{18}(?![0-9A-Z])")
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_NEVER_USED = str.maketrans({"O": "0", "I": "1", "Z": "2", "S": "5"})
_WEIGHTS = [pow(3, i, 31) for i in range(17)]


def read_licence(found: Found) -> None:
    """Fill the fields of a business licence."""
    found.take(
        "uscc",
        "统一社会信用代码 统一信用代码 社会信用代码 信用代码 统一社会信用代码证号 证照编号 注册号",
        read_uscc,
    )
    for cell in found.page.cells:
        found.put("uscc", read_uscc(cell.text), [cell])
    found.take(
        "name", "名称 企业名称 市场主体名称 主体名称 公司名称 单位名称 字号名称 商户主体 执照名称"
    )
    found.take("type", "类型 主体类型 企业类型 公司类型 组成形式")
    found.take("operator", "经营者 法定代表人 负责人 经营者姓名 法人代表 投资人 法人")
    found.take(
        "address",
        "经营场所 住所 主要经营场所 营业场所 注册地址 企业地址 经营地址 主体地址 联系地址 地址",
    )
    found.take("founded", "成立日期 注册日期")
    found.take("scope", "经营范围")
    found.take("registrar", "登记机关")
    found.take("merchant", words.MERCHANT)


def read_uscc(text: str) -> str | None:
    """The 18 characters of a unified social credit code; letters the code never uses are read as
    the digits they look like, but only where the check digit then fits."""
    text = re.sub(r"[\s:：]", "", half_width(text)).upper()
    match = _CODE.search(re.sub(r"[^0-9A-Z]", " ", text))
    if not match:
        return None
    code = match[0]
    mended = code.translate(_NEVER_USED)
    return mended if mended != code and _check_fits(mended) else code


def _check_fits(code: str) -> bool:
    if any(c not in _ALPHABET for c in code):
        return False
    total = sum(_ALPHABET.index(c) * w for c, w in zip(code[:17], _WEIGHTS, strict=True))
    return _ALPHABET[-total % 31] == code[17]
