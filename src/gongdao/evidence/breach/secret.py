"""Reasons about the secret itself: invalid, used, wrong value, test card, region. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import timedelta

from gongdao.core.clock import say_second
from gongdao.core.codes import Kind, Proof
from gongdao.core.language import Phrase
from gongdao.evidence.breach.delivery import quote_of
from gongdao.evidence.breach.term import term_short
from gongdao.evidence.chat_lines.label import Label
from gongdao.evidence.dossier import Dossier, Seen, money_of, quotable, time_of
from gongdao.evidence.finding import Finding, Judged, strongest
from gongdao.evidence.reading import Exhibit
from gongdao.evidence.redemption_errors import RedemptionResult, classify_redemption
from gongdao.evidence.refuted import (
    credits_seen,
    delivered_at,
    face_value_of,
    is_buyers_account,
    redeemed_times,
    same_secret,
)

_TESTS = (Kind.REDEMPTION_FAILURE, Kind.REDEMPTION_RECORDING)
_ISSUERS = (Kind.ISSUER_STATEMENT, Kind.CARRIER_BILL, Kind.BALANCE_PAGE)
_RED = frozenset(RedemptionResult) - {RedemptionResult.SUCCESS, RedemptionResult.UNKNOWN}
_PROMPT = timedelta(hours=24)


def tests_seen(dossier: Dossier) -> tuple[tuple[Seen, RedemptionResult], ...]:
    """Redemption tests that show a message, with its class."""
    found = []
    for exhibit in dossier.of(*_TESTS):
        for name in ("error", "error_text"):
            if name in exhibit.fields:
                seen = Seen(exhibit, exhibit.fields[name])
                found.append((seen, classify_redemption(seen.value)))
                break
    return tuple(found)


def tested_at(dossier: Dossier) -> tuple[Seen, ...]:
    """Times of redemption tests as their pictures show them."""
    return dossier.seen("at", *_TESTS)


def is_tied(exhibit: Exhibit, dossier: Dossier) -> bool:
    """Whether a test belongs to this order: it shows a secret that the card page, the order or
    the chat shows too, or there is nothing it could be compared with."""
    if "secret" not in exhibit.fields:
        return True
    own = exhibit.fields["secret"].value
    pages = [value for _, value in _secrets_on(dossier.of(Kind.CARD_PAGE, Kind.ORDER_PAGE))]
    return not pages or any(same_secret(own, value) for value in pages)


def _secrets_on(exhibits: Iterable[Exhibit]) -> list[tuple[Exhibit, str]]:
    return [
        (exhibit, field.value)
        for exhibit in exhibits
        for name, field in exhibit.fields.items()
        if re.fullmatch(r"secret(?:_\d+)?", name)
    ]


def _bare(text: str) -> str:
    return re.sub(r"[\s\-]", "", text).upper()


def _failures(dossier: Dossier, wanted: frozenset[RedemptionResult], proof: Proof) -> list[Finding]:
    found = []
    for seen, result in tests_seen(dossier):
        if result not in wanted:
            continue
        at = next((s.value for s in tested_at(dossier) if s.exhibit is seen.exhibit), "")
        found.append(
            Finding(
                f"test_{result.value}",
                Phrase(
                    "{at} 兑换测试提示“{error}”",
                    at=at,
                    error=quotable(dossier, seen.value.rstrip("。")),
                ),
                (seen.exhibit.path,),
                proof if is_tied(seen.exhibit, dossier) else Proof.WEAK,
            )
        )
    return found


_CODE = re.compile(r"(?!20\d{2}-\d{1,2}-\d{1,2})\b[A-Z0-9]{2,}(?:-[A-Z0-9]{2,}){2,}")
"""A code in groups, as secrets and card numbers are written; a date is none."""

_QUOTE = 70

_DENIED = re.compile(
    r"(?:不是|并非|非|不属于|没有|未|不会|未见|未曾|未被|无|是否|如果|如|若)[^，。；]{0,3}$"
)


def _issuer_words(dossier: Dossier, pattern: str, code: str, *, beside: str = "") -> list[Finding]:
    """What issuers say that matches ``pattern``, unless denied or only supposed; the sentence
    must hold ``beside`` too."""
    found = []
    for exhibit in dossier.of(*_ISSUERS):
        if not is_tied(exhibit, dossier):
            continue
        for name in ("body", "status", "error_text", "reason_quote", "reason"):
            text = exhibit.fields[name].value if name in exhibit.fields else ""
            clause = _said(text, pattern, beside)
            if clause:
                words = quotable(dossier, _CODE.sub("（卡号略）", clause))
                found.append(
                    Finding(code, Phrase("发行方答复：“{words}”", words=words), (exhibit.path,))
                )
                break
    return found


def _said(text: str, pattern: str, beside: str) -> str:
    """The first sentence of ``text`` that says ``pattern`` without denying it."""
    for sentence in re.split(r"[。；;！\n]", text):
        for match in re.finditer(pattern, sentence):
            if _DENIED.search(sentence[: match.start()]) or not re.search(beside, sentence):
                continue
            return _around(sentence, match.start())
    return ""


def _around(sentence: str, at: int) -> str:
    """As much of ``sentence`` around position ``at`` as fits a quotation, whole clauses only."""
    if len(sentence) <= _QUOTE:
        return sentence.strip()
    parts = re.split(r"(?<=[，,])", sentence)
    ends = [sum(map(len, parts[: i + 1])) for i in range(len(parts))]
    first = last = next(i for i, end in enumerate(ends) if at < end)
    while True:
        for wider in ((first - 1, last), (first, last + 1)):
            inside = wider[0] >= 0 and wider[1] < len(parts)
            if inside and sum(map(len, parts[wider[0] : wider[1] + 1])) <= _QUOTE:
                first, last = wider
                break
        else:
            return "".join(parts[first : last + 1]).strip("，, ")[: 2 * _QUOTE]


def invalid_secret(dossier: Dossier) -> Judged:
    """A failed test tied to this order, an issuer's word, or an admission."""
    used = frozenset({RedemptionResult.USED})
    found = _failures(
        dossier, _RED - used - {RedemptionResult.LIMIT, RedemptionResult.REGION}, Proof.PROVEN
    )
    found += _failures(dossier, used, _proof_of_used(dossier))
    found += [f for f in _used_before(dossier) if f.proof is Proof.PROVEN]
    found += _issuer_words(
        dossier, r"无效|不存在|作废|失效|未激活|注销|冻结|未(?:查询|查)到", "issuer_says_invalid"
    )
    found += quote_of(dossier, Label.ADMISSION_BAD_SECRET, code="admitted_bad_secret")
    weakens = _untied(dossier)
    if not found:
        weakens.append(Phrase("没有兑换失败的画面，也没有发行方的答复"))
    return Judged(strongest(tuple(found)), tuple(found), tuple(weakens))


def _untied(dossier: Dossier) -> list[Phrase]:
    return [
        Phrase("{file} 里的卡密与提卡页的不同", file=seen.exhibit.path)
        for seen, _ in tests_seen(dossier)
        if not is_tied(seen.exhibit, dossier)
    ]


def already_redeemed(dossier: Dossier) -> Judged:
    """The issuer's redemption time before the delivery proves it; "already used" on the screen
    alone does not, since the buyer could have used it, unless tested within a day of delivery."""
    found = _used_before(dossier)
    found += _failures(dossier, frozenset({RedemptionResult.USED}), _proof_of_used(dossier))
    tests, prompt = tested_at(dossier), _tested_promptly(dossier)
    found += quote_of(dossier, Label.ADMISSION_BAD_SECRET, code="admitted_bad_secret")
    weakens = _untied(dossier)
    if not prompt and tests and not any(f.code == "issuer_says_used_before" for f in found):
        weakens.append(Phrase("收到后超过一天才测试，对方会说是买家自己用的"))
    if not dossier.of(Kind.ISSUER_STATEMENT):
        weakens.append(Phrase("没有发行方的兑换时间"))
    return Judged(strongest(tuple(found)), tuple(found), tuple(weakens))


def _tested_promptly(dossier: Dossier) -> bool:
    delivered = delivered_at(dossier) or dossier.statement.order.paid_at
    times = [time_of(s) for s in tested_at(dossier)]
    return any(at and delivered and at - delivered <= _PROMPT for at in times)


def _proof_of_used(dossier: Dossier) -> Proof:
    """How well "already used" on the buyer's screen shows that it came used: well only where the
    test was filmed within a day of the delivery."""
    recorded = bool(dossier.of(Kind.REDEMPTION_RECORDING))
    return Proof.PROVEN if recorded and _tested_promptly(dossier) else Proof.WEAK


def _used_before(dossier: Dossier) -> list[Finding]:
    """Issuers' records of a use before the delivery, or by an account that is not the buyer's."""
    delivered = delivered_at(dossier) or dossier.statement.order.paid_at
    found: list[Finding] = []
    for seen, at in redeemed_times(dossier):
        if not is_tied(seen.exhibit, dossier):
            continue
        if delivered and at < delivered:
            says = Phrase(
                "发行方记录：{at} 已被兑换，早于本单交付时间 {delivered}",
                at=say_second(at),
                delivered=say_second(delivered),
            )
            found.append(Finding("issuer_says_used_before", says, (seen.exhibit.path,)))
        elif is_buyers_account(seen, dossier) is False:
            says = Phrase("发行方记录：{at} 被另一个账号兑换，不是买家的账号", at=say_second(at))
            found.append(Finding("issuer_says_used_by_other", says, (seen.exhibit.path,)))
    return found


def duplicate_secret(dossier: Dossier) -> Judged:
    """The same secret given twice, an admission, or "already used" as a hint."""
    found = list(quote_of(dossier, Label.ADMISSION_BAD_SECRET, code="admitted_bad_secret"))
    found += _given_twice(dossier)
    found += _failures(dossier, frozenset({RedemptionResult.USED}), Proof.WEAK)
    found += _used_before(dossier)
    return Judged(strongest(tuple(found)), tuple(found))


def _given_twice(dossier: Dossier) -> list[Finding]:
    """One secret twice on one page, or on the pages of two orders; card page and order page of
    one order show the same secret rightly."""
    pages = [e for e in dossier.exhibits if e.kind in (Kind.CARD_PAGE, Kind.ORDER_PAGE)]
    orders: dict[str, set[str]] = defaultdict(set)
    paths: dict[str, list[str]] = defaultdict(list)
    most: Counter[str] = Counter()
    for page in pages:
        own = Counter(_bare(value) for _, value in _secrets_on((page,)))
        number = page.fields["order_no"].value if "order_no" in page.fields else ""
        for secret, count in own.items():
            paths[secret].append(page.path)
            most[secret] = max(most[secret], count)
            if number:
                orders[secret].add(_bare(number))
    return [
        Finding(
            "same_secret_twice",
            Phrase("同一张卡密出现了 {count} 次", count=max(count, len(orders[secret]))),
            tuple(dict.fromkeys(paths[secret])),
        )
        for secret, count in most.items()
        if count > 1 or len(orders[secret]) > 1
    ]


def wrong_denomination(dossier: Dossier) -> Judged:
    """The value on issuer, balance or card page against the value that was sold."""
    due = face_value_of(dossier)
    found = []
    after = dossier.statement.order.paid_at
    shown = [(s, money_of(s)) for s in dossier.seen("face_value", *_ISSUERS, Kind.CARD_PAGE)]
    shown += [
        (seen, amount)
        for seen, amount, at in credits_seen(dossier)
        if at is None or after is None or at >= after
    ]
    for seen, got in shown:
        if due and got and got < due and is_tied(seen.exhibit, dossier):
            found.append(
                Finding(
                    "value_short",
                    Phrase(
                        "应为面值 {due} 元，记录显示面值 {got} 元",
                        due=_plain(str(due)),
                        got=_plain(str(got)),
                    ),
                    (seen.exhibit.path,),
                )
            )
    found += term_short(dossier)
    found += quote_of(dossier, Label.ADMISSION_OTHER_FAULT, code="admitted_fault")
    weakens = [] if found else [Phrase("没有显示实际面值的记录")]
    return Judged(strongest(tuple(found)), tuple(found), tuple(weakens))


def _plain(amount: str) -> str:
    return amount.removesuffix(".00")


def test_card(dossier: Dossier) -> Judged:
    """The redemption page or the issuer says that it is a test card."""
    found = _failures(dossier, frozenset({RedemptionResult.TEST_CARD}), Proof.PROVEN)
    found += _issuer_words(
        dossier,
        r"测试卡|体验卡|测试(?:用)?卡?号|内部测试|试用卡|(?:供|用于)[^，]{0,6}(?:测试|体验|试用)",
        "issuer_says_test_card",
    )
    found += quote_of(dossier, Label.ADMISSION_BAD_SECRET, code="admitted_bad_secret")
    weakens = (
        [] if dossier.of(Kind.ISSUER_STATEMENT) else [Phrase("没有发行方说明这是测试卡的答复")]
    )
    return Judged(strongest(tuple(found)), tuple(found), tuple(weakens))


def region_mismatch(dossier: Dossier) -> Judged:
    """A test that names the region, against a listing that did not."""
    found = _failures(dossier, frozenset({RedemptionResult.REGION}), Proof.PROVEN)
    found += _issuer_words(
        dossier,
        r"地区|区服|国家|区域|其他?区|[国美日港台韩欧亚外][服区]|海外",
        "issuer_says_region",
        beside=r"仅|只|限|不支持|不适用|不能|无法|不属于|不可",
    )
    found += quote_of(dossier, Label.ADMISSION_OTHER_FAULT, code="admitted_fault")
    weakens = [
        Phrase("{file} 的说明里写了地区或区服限制", file=s.exhibit.path)
        for s in dossier.seen("small_print", Kind.LISTING_PAGE)
        if _REGION_LIMIT.search(s.value)
    ]
    told = [
        s
        for name in ("product", "promise", "promises")
        for s in dossier.seen(name, Kind.LISTING_PAGE)
        if _REGION_LIMIT.search(s.value)
    ]
    if told:
        weakens.append(Phrase("{file} 的标题或承诺就写明了区服限制", file=told[0].exhibit.path))
        found = [Finding(f.code, f.says, f.exhibits, Proof.WEAK) for f in found]
    return Judged(strongest(tuple(found)), tuple(found), tuple(weakens))


_REGION_LIMIT = re.compile(
    r"(?:仅限|只限|限于?|仅支持|只支持|仅可|只能)(?!购|时|量|本人)[^，。；]{0,10}(?:[区服]|国家|账号)"
    r"|[美日港台韩欧亚外][区服](?:专用|限定|专属)"
)


def reclaimed_or_banned(dossier: Dossier) -> Judged:
    """The issuer or the account page says it was taken back or blocked."""
    found = _failures(dossier, frozenset({RedemptionResult.BLOCKED}), Proof.PROVEN)
    found += _issuer_words(
        dossier,
        r"追回|收回|回收|撤销|扣回|扣除|封禁|冻结|封号|限制登录|盗刷|拒付|黑卡|异常来源|来源异常",
        "issuer_says_reclaimed",
    )
    found += quote_of(dossier, Label.ADMISSION_BAD_SECRET, code="admitted_bad_secret")
    for exhibit in dossier.of(Kind.BALANCE_PAGE, Kind.OTHER):
        text = "。".join(
            [line.text for line in exhibit.lines]
            or [exhibit.fields[n].value for n in ("status", "error_text") if n in exhibit.fields]
        )
        match = re.search(r"追回|收回|扣回|撤销|封禁|封号|冻结(?!金额|余额|资金)|已失效", text)
        if match and not _DENIED.search(text[: match.start()]):
            found.append(
                Finding(
                    "page_says_reclaimed",
                    Phrase("页面显示“{word}”", word=match.group(0)),
                    (exhibit.path,),
                )
            )
    weakens = [] if found else [Phrase("没有账号或发行方显示被追回、封禁的记录")]
    return Judged(strongest(tuple(found)), tuple(found), tuple(weakens))
