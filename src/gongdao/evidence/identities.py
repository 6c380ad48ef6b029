"""Traces of who is behind a shop: names, codes, licences, addresses on the net, contacts.

A trace is where to look, never proof. A failed check digit means "read it again", because a
photograph blurs one character more often than somebody forges a code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gongdao.core.language import gettext as _
from gongdao.evidence.text_decoding import squeeze_blanks

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_SUFFIXES = (
    "股份有限公司|有限责任公司|有限公司|集团公司|商行|经营部|工作室|服务部|商贸部|营业部|"
    "合伙企业(?:（有限合伙）)?|个人独资企业|网店|商店"
)
_USCC = re.compile(r"(?<![0-9A-Za-z])[0-9A-Z]{2}\d{6}[0-9A-Z]{10}(?![0-9A-Za-z])")
_USCC_WORD = re.compile(r"(?:信用代码|税号|纳税人识别号)\D{0,6}$")
_USCC_ALPHABET = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
_SIMPLE: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("icp", re.compile(rf"[{_PROVINCES}]\s?ICP\s?[备证]\s?\d{{6,10}}\s?号?(?:\s?-\s?\d{{1,3}})?")),
    ("police_record", re.compile(rf"[{_PROVINCES}]公网安备\s?\d{{14}}\s?号?")),
    (
        "telecom_licence",
        re.compile(rf"(?<![0-9A-Za-z])[{_PROVINCES}]?(?:[AB][12](?:[.、][AB][12])*)-\d{{8}}(?!\d)"),
    ),
    (
        "email",
        re.compile(
            r"(?<![\w.*+-])[\w.*+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}", re.ASCII
        ),
    ),
    ("url", re.compile(r"https?://[^\s<>\"'，。；、）)】」]{4,300}", re.IGNORECASE)),
)
_DOMAIN = re.compile(
    r"(?<![\w@.\-/:*])(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,4}"
    r"(?:com|cn|net|org|top|xyz|vip|shop|cc|io|co|me|club|site|online|store|info|wang|ltd|example)(?![\w.-])",
    re.IGNORECASE | re.ASCII,
)
_LABELLED: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "qq",
        re.compile(
            r"(?:QQ|扣扣)(?:群|号|客服|号码)?\s*[:：]?\s*([1-9]\d{4,10})(?!\d)", re.IGNORECASE
        ),
    ),
    (
        "wechat",
        re.compile(
            r"(?:微信号?|VX|V信|wechat|weixin|客服微信)\s*[:：]\s*([A-Za-z][A-Za-z0-9_-]{5,19})",
            re.IGNORECASE,
        ),
    ),
    (
        "payee",
        re.compile(
            r"(?:收款方全称|收款方|收款人|收款户名|收款账户名|商户全称|户名)\s*[:：]?\s*\n?\s*([^\s:：,，]{2,40})"
        ),
    ),
)
_COMPANY = re.compile(rf"[\u4e00-\u9fffA-Za-z0-9（）()·]{{2,40}}?(?:{_SUFFIXES})")
_LEAD = re.compile(
    r"^.*(?:我们是|我司(?:是|为)|本店(?:是|为)|主体(?:是|为)|名称(?:是|为)?|全称(?:是|为)?|版权所有|"
    r"经营者|收款方|收款人|商户|开发者|运营者|主办单位|由|归属于|隶属于)(?=[\u4e00-\u9fff（(]{3})"
)
_MOBILE = re.compile(r"(?<![0-9A-Za-z])1[3-9]\d(?:\d{4}|\*{4})\d{4}(?![0-9A-Za-z])")
_FIXED = re.compile(r"(?<![\w-])(?:400-?\d{3}-?\d{4}|0\d{2,3}-\d{7,8})(?![\w-])", re.ASCII)
_WINDOW = 400_000


@dataclass(frozen=True)
class Identity:
    """One trace. ``kind``: company, payee, uscc, icp, police_record, telecom_licence, domain, url,
    email, qq, wechat, phone (mobile numbers masked). ``seen_in``: paths, in order. ``valid``:
    result of the check digit, None where the kind has none; ``note`` says what follows."""

    kind: str
    value: str
    seen_in: tuple[str, ...]
    valid: bool | None = None
    note: str = ""


def find_identities(texts: Iterable[tuple[str, str]]) -> tuple[Identity, ...]:
    """All traces in (path, text) pairs, each once, in order of first sight."""
    seen: dict[tuple[str, str], list[str]] = {}
    for path, text in texts:
        for kind, value in _traces(squeeze_blanks(text[:_WINDOW])):
            paths = seen.setdefault((kind, value), [])
            if path not in paths:
                paths.append(path)
    return tuple(_identity(kind, value, tuple(paths)) for (kind, value), paths in seen.items())


def check_uscc(code: str) -> bool:
    """Whether a unified social credit code has the right form and check digits (GB 32100)."""
    from stdnum.cn import uscc

    return bool(uscc.is_valid(code))


def _identity(kind: str, value: str, paths: tuple[str, ...]) -> Identity:
    if kind != "uscc":
        return Identity(kind, value, paths)
    valid = check_uscc(value)
    note = "" if valid else _("校验位不对：请对照原图重新核对一遍，这不说明证照是假的。")
    return Identity(kind, value, paths, valid, note)


def _traces(text: str) -> Iterator[tuple[str, str]]:
    yield from _codes(text)
    for kind, pattern in _SIMPLE:
        for match in pattern.finditer(text):
            yield kind, re.sub(r"\s", "", match[0]).rstrip(".,;")
    for match in _DOMAIN.finditer(text):
        yield "domain", match[0].lower()
    for match in re.finditer(r"https?://([A-Za-z0-9.-]{3,200})", text, re.IGNORECASE):
        yield "domain", match[1].lower().strip(".")
    for kind, pattern in _LABELLED:
        for match in pattern.finditer(text):
            yield kind, match[1].strip("。；;.")
    for match in _COMPANY.finditer(text):
        name = _LEAD.sub("", match[0])
        if len(name) >= 4 and not re.match(r"[本该贵]公司|有限|股份", name):
            yield "company", name
    for match in _MOBILE.finditer(text):
        yield "phone", f"{match[0][:3]}****{match[0][-4:]}"
    for match in _FIXED.finditer(text):
        yield "phone", match[0]


def _codes(text: str) -> Iterator[tuple[str, str]]:
    """An 18-character run counts where a word names it, or where its letters or check digits show
    that it is no order number and no identity card."""
    for match in _USCC.finditer(text):
        code = match[0]
        named = bool(_USCC_WORD.search(text[max(0, match.start() - 16) : match.start()]))
        lettered = not code.isdigit() and code[0] in "159AN" and _USCC_ALPHABET.fullmatch(code)
        if named or lettered or (code[0] in "159" and check_uscc(code)):
            yield "uscc", code
