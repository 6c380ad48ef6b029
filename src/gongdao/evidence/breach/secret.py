"""Reasons about the secret itself: invalid, used, wrong value, test card, region. Pure."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta

from gongdao.core.clock import say_second
from gongdao.core.codes import Kind, Proof
from gongdao.core.language import Phrase
from gongdao.evidence.breach.delivery import quote_of
from gongdao.evidence.chat_lines.label import Label
from gongdao.evidence.dossier import Dossier, Seen, money_of, time_of
from gongdao.evidence.finding import Finding, Judged, strongest
from gongdao.evidence.reading import Exhibit
from gongdao.evidence.redemption_errors import RedemptionResult, classify_redemption
from gongdao.evidence.refuted import delivered_at, face_value_of, redeemed_times

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
    own = _bare(exhibit.fields["secret"].value)
    others = [s for s in dossier.seen("secret") if s.exhibit.path != exhibit.path]
    pages = [s for s in others if s.exhibit.kind in (Kind.CARD_PAGE, Kind.ORDER_PAGE)]
    return not pages or any(_bare(s.value) == own for s in pages)


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
                Phrase("{at} 兑换测试提示“{error}”", at=at, error=seen.value.rstrip("。")),
                (seen.exhibit.path,),
                proof if is_tied(seen.exhibit, dossier) else Proof.WEAK,
            )
        )
    return found


def _issuer_words(dossier: Dossier, pattern: str, code: str) -> list[Finding]:
    found = []
    for exhibit in dossier.of(*_ISSUERS):
        for name in ("reason", "body", "status"):
            text = exhibit.fields[name].value if name in exhibit.fields else ""
            match = re.search(pattern, text)
            if match:
                clause = _clause(text, match.start())
                found.append(
                    Finding(code, Phrase("发行方答复：“{words}”", words=clause), (exhibit.path,))
                )
                break
    return found


def _clause(text: str, at: int) -> str:
    """The clause around ``at``, secrets of card form replaced."""
    start = max(text.rfind(c, 0, at) for c in "。；;！\n") + 1
    ends = [i for c in "。；;！\n" if (i := text.find(c, at)) >= 0]
    clause = text[start : min(ends, default=len(text))].strip()
    return re.sub(r"[A-Z0-9]{2,}(?:-[A-Z0-9]{2,}){2,}", "（卡号略）", clause)[:90]


def invalid_secret(dossier: Dossier) -> Judged:
    """A failed test tied to this order, an issuer's word, or an admission."""
    found = _failures(dossier, _RED - {RedemptionResult.LIMIT, RedemptionResult.REGION}, Proof.PROVEN)
    found += _issuer_words(dossier, r"无效|不存在|作废|失效|未激活|注销|冻结|未(?:查询|查)到", "issuer_says_invalid")
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
    delivered = delivered_at(dossier) or dossier.statement.order.paid_at
    found: list[Finding] = []
    for seen, at in redeemed_times(dossier):
        if delivered and at < delivered:
            found.append(
                Finding(
                    "issuer_says_used_before",
                    Phrase(
                        "发行方记录：{at} 已被兑换，早于本单交付时间 {delivered}",
                        at=say_second(at),
                        delivered=say_second(delivered),
                    ),
                    (seen.exhibit.path,),
                )
            )
    tests = [time_of(s) for s in tested_at(dossier)]
    prompt = any(at and delivered and at - delivered <= _PROMPT for at in tests)
    recorded = bool(dossier.of(Kind.REDEMPTION_RECORDING))
    found += _failures(
        dossier, frozenset({RedemptionResult.USED}), Proof.PROVEN if recorded and prompt else Proof.WEAK
    )
    found += quote_of(dossier, Label.ADMISSION_BAD_SECRET, code="admitted_bad_secret")
    weakens = _untied(dossier)
    if not prompt and tests and not any(f.code == "issuer_says_used_before" for f in found):
        weakens.append(Phrase("收到后超过一天才测试，对方会说是买家自己用的"))
    if not dossier.of(Kind.ISSUER_STATEMENT):
        weakens.append(Phrase("没有发行方的兑换时间"))
    return Judged(strongest(tuple(found)), tuple(found), tuple(weakens))


def duplicate_secret(dossier: Dossier) -> Judged:
    """The same secret shown twice, an admission, or "already used" as a hint."""
    found = list(quote_of(dossier, Label.ADMISSION_BAD_SECRET, code="admitted_bad_secret"))
    pages = [
        (e.path, _bare(field.value))
        for e in dossier.of(Kind.CARD_PAGE, Kind.ORDER_PAGE)
        for name, field in e.fields.items()
        if name.startswith("secret")
    ]
    for secret, count in Counter(value for _, value in pages).items():
        if count > 1:
            paths = tuple(dict.fromkeys(p for p, value in pages if value == secret))
            found.append(
                Finding("same_secret_twice", Phrase("同一张卡密出现了 {count} 次", count=count), paths)
            )
    found += _failures(dossier, frozenset({RedemptionResult.USED}), Proof.WEAK)
    found += [f for f in already_redeemed(dossier).carries if f.code == "issuer_says_used_before"]
    return Judged(strongest(tuple(found)), tuple(found))


def wrong_denomination(dossier: Dossier) -> Judged:
    """The value on issuer, balance or card page against the value that was sold."""
    due = face_value_of(dossier)
    found = []
    for seen in (*dossier.seen("face_value", *_ISSUERS, Kind.CARD_PAGE), *dossier.seen("credited", *_ISSUERS)):
        got = money_of(seen)
        if due and got and got < due:
            found.append(
                Finding(
                    "value_short",
                    Phrase("应为面值 {due} 元，记录显示面值 {got} 元", due=_plain(str(due)), got=_plain(str(got))),
                    (seen.exhibit.path,),
                )
            )
    found += quote_of(dossier, Label.ADMISSION_OTHER_FAULT, code="admitted_fault")
    weakens = [] if found else [Phrase("没有显示实际面值的记录")]
    return Judged(strongest(tuple(found)), tuple(found), tuple(weakens))


def _plain(amount: str) -> str:
    return amount.removesuffix(".00")


def test_card(dossier: Dossier) -> Judged:
    """The redemption page or the issuer says that it is a test card."""
    found = _failures(dossier, frozenset({RedemptionResult.TEST_CARD}), Proof.PROVEN)
    found += _issuer_words(dossier, r"测试卡|体验卡|测试(?:用)?卡?号|内部测试|试用", "issuer_says_test_card")
    found += quote_of(dossier, Label.ADMISSION_BAD_SECRET, code="admitted_bad_secret")
    weakens = [] if dossier.of(Kind.ISSUER_STATEMENT) else [Phrase("没有发行方说明这是测试卡的答复")]
    return Judged(strongest(tuple(found)), tuple(found), tuple(weakens))


def region_mismatch(dossier: Dossier) -> Judged:
    """A test that names the region, against a listing that did not."""
    found = _failures(dossier, frozenset({RedemptionResult.REGION}), Proof.PROVEN)
    found += _issuer_words(dossier, r"地区|区服|国家|区域|其他?区|国服|外服|[美日港台]服", "issuer_says_region")
    found += quote_of(dossier, Label.ADMISSION_OTHER_FAULT, code="admitted_fault")
    weakens = [
        Phrase("{file} 的说明里写了地区或区服限制", file=s.exhibit.path)
        for s in dossier.seen("small_print", Kind.LISTING_PAGE)
        if re.search(r"(?:仅限|只限|仅支持|限)[^。；]{0,10}(?:区|服|国)", s.value)
    ]
    return Judged(strongest(tuple(found)), tuple(found), tuple(weakens))


def reclaimed_or_banned(dossier: Dossier) -> Judged:
    """The issuer or the account page says it was taken back or blocked."""
    found = _failures(dossier, frozenset({RedemptionResult.BLOCKED}), Proof.PROVEN)
    found += _issuer_words(
        dossier, r"追回|收回|回收|撤销|扣回|封禁|冻结|封号|限制|违规|盗刷|拒付|黑卡|异常来源", "issuer_says_reclaimed"
    )
    found += quote_of(dossier, Label.ADMISSION_BAD_SECRET, code="admitted_bad_secret")
    for exhibit in dossier.of(Kind.BALANCE_PAGE, Kind.OTHER):
        text = " ".join(line.text for line in exhibit.lines)
        match = re.search(r"追回|收回|扣回|撤销|封禁|封号|冻结|已失效", text)
        if match:
            found.append(
                Finding(
                    "page_says_reclaimed", Phrase("页面显示“{word}”", word=match.group(0)), (exhibit.path,)
                )
            )
    weakens = [] if found else [Phrase("没有账号或发行方显示被追回、封禁的记录")]
    return Judged(strongest(tuple(found)), tuple(found), tuple(weakens))
