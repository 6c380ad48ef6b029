"""Card secrets and personal numbers in any text, so that public texts can leave them out.

A run of digits alone proves nothing: an 18-digit secret looks like an identity number, a 28-digit
run is a transaction. The nearest word before a token decides (卡密, 兑换码 … or 订单号 …); without
a word only shapes that nothing else has are taken: three or more short groups of capitals and
digits, or one long run in which letters and digits alternate.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise

_SECRET_WORDS = (
    r"卡\s?密|卡号|充值卡号|密码|卡密码|充值码|兑换码|兌換碼|激活码|礼品码|礼品卡号|券码|序列号|提货码|"
    r"卡券码|注册码|授权码|领取码|CDK(?:EY)?|cd-?key|PIN码?|"
    r"redeem(?:ption)? code|gift (?:card )?code|activation code"
)
_OTHER_WORDS = (
    r"订单编?号?|商?户?单号|交易号|交易编号|交易订单号|流水号?|工单编?号?|投诉编?号?|受理编?号?|回执|举报编?号?|"
    r"登记编?号?|手机号?码?|电话|热线|QQ|群号|微信号?|信用代码|注册号|ICP备?|许可证|备案|快递单?号?|"
    r"身份证号?码?|银行卡号?|账号|帐号|户号|金额|时间|日期|网址|版本|第|http|order(?: no)?|"
    r"验证码|进货单|案号|编号"
)
_WORDS = re.compile(rf"(?P<other>{_OTHER_WORDS})|(?P<secret>{_SECRET_WORDS})", re.IGNORECASE)
_TOKEN = re.compile(r"(?<![A-Za-z0-9@_])[A-Za-z0-9]+(?:[-–][A-Za-z0-9]+)*(?![A-Za-z0-9@_])")
_SPACED = re.compile(r"(?<![A-Za-z0-9])[A-Z0-9]{4,5}(?: [A-Z0-9]{4,5}){2,4}(?![A-Za-z0-9])")
_BETWEEN = re.compile(
    r"[\s:：=＝\-—>|,，、\"'“”「」【】\[\]()（）]*"
    r"(?:[\u4e00-\u9fff]{0,6}[\s:：=＝\"'“”「」【】\[\]()（）]*)"
)
_CHAIN = re.compile(r"[\s,，、|/;；:：]{1,4}|\s?-{2,8}\s?|[\s]*\n[\s]*")
_GROUPS = re.compile(r"[0-9A-Z]{3,7}(?:-[0-9A-Z]{3,7}){2,4}")
_LOWER_GROUPS = re.compile(r"[0-9a-z]{4,5}(?:-[0-9a-z]{4,5}){2,4}")
_DATE = re.compile(r"20\d{2}-?(?:0?[1-9]|1[0-2])-?(?:0?[1-9]|[12]\d|3[01])(?:\d{2}|\d{4}|\d{6})?")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_USCC = re.compile(r"[1-9AN-Y][1-9]\d{6}[0-9A-HJ-NPQRTUWXY]{10}")
_RANGE = re.compile(r"\s*(?:至|到|~|～|—)\s*[A-Z0-9]|\s*号段")
_LOOK_BACK = 30
_MIN, _MAX_DIGITS, _MAX = 6, 24, 40


@dataclass(frozen=True)
class SecretSpan:
    """Characters ``start`` to ``end`` of the text are a card number or secret, ``value``;
    ``why``: ``word`` (a neighbouring word), ``shape``, ``beside`` (another one) or ``known``."""

    start: int
    end: int
    value: str
    why: str


def find_secrets(
    text: str, *, known: Collection[str] = (), keep: Collection[str] = ()
) -> tuple[SecretSpan, ...]:
    """Every card number and secret in ``text``, in order, without overlaps. Linear time.

    ``known`` secrets (read from a card page, say) are found however they are grouped or cased;
    ``keep`` are numbers of the matter (the order's) that are never taken for secrets.
    """
    found: list[SecretSpan] = [
        SecretSpan(m.start(), m.end(), m[0], "known")
        for secret in known
        if (pattern := _spelling(secret))
        for m in pattern.finditer(text)
    ]
    before: SecretSpan | None = None
    for match in _TOKEN.finditer(text):
        why = None if match[0] in keep else _why(text, match, before)
        if why:
            before = SecretSpan(match.start(), match.end(), match[0], why)
            found.append(before)
    found += [
        SecretSpan(m.start(), m.end(), m[0], "shape")
        for m in _SPACED.finditer(text)
        if m[0] not in keep and _spaced_secret(text, m)
    ]
    return _without_overlaps(found)


def _spelling(secret: str) -> re.Pattern[str] | None:
    """A secret with or without dashes and blanks, in either case; None for under six signs."""
    signs = re.sub(r"[^A-Za-z0-9]", "", secret)
    return re.compile("[-– ]?".join(signs), re.IGNORECASE) if len(signs) >= _MIN else None


def _without_overlaps(found: list[SecretSpan]) -> tuple[SecretSpan, ...]:
    """In order; where two overlap, the one that starts first and is longer stays."""
    kept: list[SecretSpan] = []
    for span in sorted(found, key=lambda s: (s.start, -s.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return tuple(kept)


def mask_secrets(text: str, *, known: Collection[str] = (), keep: Collection[str] = ()) -> str:
    """``text`` with every secret cut to at most its first four characters and ``****``; ``known``
    and ``keep`` as in ``find_secrets``."""
    parts, end = [], 0
    for span in find_secrets(text, known=known, keep=keep):
        kept = span.value[:4].rstrip("- ") if len(span.value) >= 12 else ""
        parts += [text[end : span.start], kept, "****"]
        end = span.end
    return "".join([*parts, text[end:]])


def mask_personal(text: str) -> str:
    """``text`` with identity-card, bank-card and mobile numbers masked. Numbers named as order,
    transaction or complaint numbers stay."""
    text = _ID_CARD.sub(lambda m: _keep(text, m, 3, 2), text)
    masked = text
    masked = _BANK_CARD.sub(lambda m: _bank(masked, m), masked)
    return _PHONE.sub(lambda m: f"{m[0][:3]}****{m[0][-4:]}", masked)


_ID_CARD = re.compile(
    r"(?<![0-9A-Za-z])[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![0-9A-Za-z])"
)
_BANK_CARD = re.compile(
    r"(?<![0-9A-Za-z])[3-6]\d{3}(?:[ -]?\d{4}){3}(?:[ -]?\d{1,3})?(?![0-9A-Za-z])"
)
_PHONE = re.compile(r"(?<![0-9A-Za-z])1[3-9]\d{9}(?![0-9A-Za-z])")


def _why(text: str, match: re.Match[str], before: SecretSpan | None) -> str | None:
    token = match[0]
    if len(token) < _MIN or len(token) > _MAX or _is_address(text, match):
        return None
    if _RANGE.match(text, match.end()) or text[
        max(0, match.start() - 3) : match.start()
    ].strip() in ("至", "到", "~"):
        return None
    word = _nearest_word(text, match.start())
    if word == "secret" and _plausible(token):
        return "word"
    if word == "other":
        return None
    near = before and match.start() - before.end <= 20
    if before and near and _plausible(token) and _CHAIN.fullmatch(text, before.end, match.start()):
        return "beside"
    if _paired(text, match):
        return "beside"
    return "shape" if _own_shape(token) else None


def _is_address(text: str, match: re.Match[str]) -> bool:
    """Part of a link, a mail address or a file name."""
    before, after = (
        text[max(0, match.start() - 1) : match.start()],
        text[match.end() : match.end() + 2],
    )
    return before in ("/", ".", "=", "&", "_") or bool(re.match(r"\.[A-Za-z]|://", after + " "))


def _nearest_word(text: str, start: int) -> str | None:
    """``secret`` or ``other`` by the last naming word shortly before ``start``, None for none."""
    window = text[max(0, start - _LOOK_BACK) : start]
    last = None
    for match in _WORDS.finditer(window):
        last = match
    if last is None or not _BETWEEN.fullmatch(window, last.end()):
        return None
    return "secret" if last["secret"] else "other"


def _plausible(token: str) -> bool:
    if _DATE.fullmatch(token) or _MOBILE.fullmatch(token):
        return False
    if token.isdigit():
        return len(token) <= _MAX_DIGITS
    if any(char.isdigit() for char in token):
        return True
    return token.isupper() and "-" in token


def _own_shape(token: str) -> bool:
    token = token.replace("–", "-")
    if _GROUPS.fullmatch(token):
        letters = sum(c.isalpha() for c in token)
        groups = token.split("-")
        return (letters > 0 or len(groups) >= 4) and not _DATE.fullmatch(token[:10])
    if _LOWER_GROUPS.fullmatch(token):
        groups = token.split("-")
        mixed = any(c.isdigit() for c in token) and any(c.isalpha() for c in token)
        return mixed and len({len(group) for group in groups}) == 1
    if "-" in token or not 12 <= len(token) <= 30 or not token.isupper() or _USCC.fullmatch(token):
        return False
    turns = sum(a.isdigit() != b.isdigit() for a, b in pairwise(token))
    return turns >= 5 or (len(token) == 16 and token[0] == "X" and turns >= 1)


def _paired(text: str, match: re.Match[str]) -> bool:
    """``卡号----密码`` on a line of its own."""
    token = match[0]
    if not _plausible(token) or len(token) < 8:
        return False
    start = text.rfind("\n", max(0, match.start() - 100), match.start()) + 1
    end = text.find("\n", match.end(), match.end() + 100)
    line = text[start : end if end >= 0 else match.end() + 100].strip()
    return bool(_PAIR.fullmatch(line))


_PAIR = re.compile(r"[A-Za-z0-9]{8,25}\s*(?:-{2,8}|—{1,4}|\|)\s*[A-Za-z0-9]{8,25}")


def _spaced_secret(text: str, match: re.Match[str]) -> bool:
    groups = match[0].split(" ")
    mixed = sum(any(c.isdigit() for c in g) and any(c.isalpha() for c in g) for g in groups)
    if _nearest_word(text, match.start()) == "secret":
        return any(c.isdigit() for c in match[0])
    return mixed >= 2 and len({len(g) for g in groups}) == 1


def _keep(text: str, match: re.Match[str], head: int, tail: int) -> str:
    if _nearest_word(text, match.start()) == "other" and not _names_person(text, match.start()):
        return match[0]
    digits = match[0]
    return digits[:head] + "*" * (len(digits) - head - tail) + digits[-tail:]


def _names_person(text: str, start: int) -> bool:
    return bool(re.search(r"身份证|银行卡|账号|帐号|户号", text[max(0, start - 16) : start]))


def _bank(text: str, match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match[0])
    if not _names_person(text, match.start()) and (
        not _luhn(digits) or _nearest_word(text, match.start()) == "other"
    ):
        return match[0]
    return f"{digits[:4]}{'*' * (len(digits) - 8)}{digits[-4:]}"


def _luhn(digits: str) -> bool:
    total = 0
    for i, char in enumerate(reversed(digits)):
        value = int(char) * (2 if i % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
