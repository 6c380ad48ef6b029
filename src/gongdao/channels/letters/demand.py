"""What is asked for, by when, and the full letter to the party in breach."""

from __future__ import annotations

from datetime import timedelta

from gongdao.channels.letters.answers import answers_of
from gongdao.channels.letters.facts import facts_of
from gongdao.channels.letters.frame import exhibits_listed, signature
from gongdao.channels.letters.grounds import (
    articles_of,
    punitive_sentence,
    reasoning_of,
    rules_listed,
    terms_sentences,
)
from gongdao.channels.letters.letter import Letter
from gongdao.channels.letters.matter import Matter, say_day, say_sum
from gongdao.channels.letters.names import REASONS
from gongdao.channels.letters.part import (
    LetterPart,
    cited,
    frame,
    free,
    numbered,
    stated,
    unique,
)
from gongdao.channels.shorten import clip
from gongdao.core.clock import say_chinese
from gongdao.core.codes import Demand, Payment, Reason, Speaker
from gongdao.core.money import Money
from gongdao.evidence.price_check import check_price
from gongdao.rules import queries

_MERCHANT_DAYS, _MANAGEMENT_HOURS = 3, 48


def merchant_due(m: Matter) -> str:
    """The day until which the merchant is asked to act: our wish."""
    return say_day(m.on + timedelta(days=_MERCHANT_DAYS))


def platform_due(m: Matter) -> str:
    """The instant until which the platform is asked to answer: our wish."""
    return say_chinese(m.dossier.as_of + timedelta(hours=_MANAGEMENT_HOURS))


def first_demand(m: Matter) -> Demand:
    """What is asked for first: as claimed, else the best remedy for the first reason."""
    claim = m.dossier.statement.claim
    if claim.demand:
        return claim.demand
    for reason in claim.reasons[:1]:
        rule = queries.reason(reason.value, m.on)
        remedies = rule.remedies if m.consumer else rule.non_consumer_remedies
        for remedy in remedies:
            if remedy != Demand.PUNITIVE.value:
                return Demand(remedy)
    return Demand.REFUND


def amount_claimed(m: Matter) -> Money | None:
    """The amount asked for: as claimed, else what was paid."""
    claim = m.dossier.statement.claim
    if claim.amount:
        return claim.amount
    whole = first_demand(m) in (Demand.REFUND, Demand.COMPENSATION)
    return m.paid.amount if whole else None


def wish(m: Matter, demand: Demand, amount: Money | None) -> str:
    """One demand without full stop, as an infinitive: ``退还98.00元``."""
    sum_ = say_sum(amount) if amount else ""
    if demand is Demand.REFUND:
        return _refund(m, amount)
    if demand is Demand.REPLACEMENT:
        return "补发能够正常使用、与说明相符的同等商品"
    if demand is Demand.MAKE_UP:
        return f"补足不足的部分（折合{sum_}）" if amount else "按约定补足不足的部分"
    if demand is Demand.COMPENSATION:
        return f"赔偿因违约造成的损失{sum_}"
    if demand is Demand.DISCLOSURE:
        return "书面提供卖家的真实名称、地址和有效联系方式"
    return punitive_sentence(m) or f"赔偿订约时可以预见的损失{sum_}"


def _refund(m: Matter, amount: Money | None) -> str:
    how = "按原支付方式" if m.dossier.statement.order.payment is not Payment.TRANSFER else ""
    if amount is None:
        return f"{how}退还本单价款"
    part = m.paid.amount is not None and amount < m.paid.amount
    if part and Reason.FAKE_DISCOUNT in m.dossier.statement.claim.reasons:
        return f"{how}退还多付的{say_sum(amount)}{_difference(m, amount)}"
    return f"{how}退还{say_sum(amount)}"


def _difference(m: Matter, amount: Money) -> str:
    """How the overpayment is counted, where it is what was paid over the lowest deal."""
    check = check_price(m.dossier)
    lowest = check.lowest_deal_7_days if check else None
    if lowest is None or m.paid.amount is None or m.paid.amount - lowest != amount:
        return ""
    return f"（实付{say_sum(m.paid.amount)}与此前七日最低成交价{say_sum(lowest)}的差额）"


def wishes(m: Matter) -> tuple[str, ...]:
    """All demands in order of preference, the first without, the others with their condition."""
    claim = m.dossier.statement.claim
    first = first_demand(m)
    told = [wish(m, first, amount_claimed(m))]
    if first is Demand.PUNITIVE:
        told.insert(0, _refund(m, m.paid.amount))
    for also in claim.also:
        text = wish(m, also.demand, also.amount)
        together = also.demand in (Demand.DISCLOSURE, Demand.PUNITIVE)
        together = together or (also.demand is Demand.COMPENSATION and claim.demand is not None)
        told.append(text if together or text in told else f"如不能满足第一项请求，请{text}")
    return tuple(dict.fromkeys(told))


def wishes_within(m: Matter, limit: int) -> str:
    """The demands joined, as many of them as whole ones fit ``limit``; the first in any case."""
    told = wishes(m)
    kept = told[0]
    for text in told[1:]:
        if len(f"{kept}；{text}") <= limit:
            kept = f"{kept}；{text}"
    return kept


def write_demand(m: Matter) -> Letter:
    """Facts, rules, answers to excuses, demand with a date, to merchant or (merchant unknown)
    platform."""
    to_platform = not m.merchant and not m.closure.respondent.name
    to = platform_address(m) if to_platform else merchant_address(m)
    you = "贵平台" if to_platform else "贵店"
    title = "要求核实的函" if m.refuted else "要求履行义务的函"
    speakers = (Speaker.MERCHANT, Speaker.PLATFORM) if to_platform else (Speaker.MERCHANT,)
    parts = [*opening(title, to, subject(m)), frame("facts", "一、事实", breaks=2)]
    parts += [stated("guardian", guardian_sentence())] if m.minor else []
    parts += numbered((f.part() for f in facts_of(m)), "facts")
    parts += [frame("rules", "二、依据", breaks=2), *rules_section(m)]
    answers = [] if m.refuted else answers_of(m, speakers)
    if answers:
        heading = f"三、对{'卖家和' if to_platform else ''}{you}说法的回应"
        parts += [frame("answers", heading, breaks=2), *answers]
    parts.append(frame("asks", f"{'四' if answers else '三'}、请求", breaks=2))
    parts += [*requests(m, you, to_platform), *exhibits_listed(m), *signature(m)]
    return Letter("demand", title, to, unique(parts))


def opening(title: str, to: str, about: str = "") -> list[LetterPart]:
    """Title and addressee, and the matter in one line."""
    parts = [frame("title", title), frame("to", f"致：{to}")]
    return [*parts, free("subject", f"事由：{about}")] if about else parts


def subject(m: Matter) -> str:
    """Order, product and what it is about, in one line."""
    reasons = m.dossier.statement.claim.reasons
    about = "、".join(REASONS[r] for r in reasons if r in REASONS) or "履行问题"
    number = f"订单{m.order_no}" if m.order_no else "本人订单"
    product = f"（{m.product}）" if m.product else ""
    return f"{number}{product}{about}一事"


def merchant_address(m: Matter) -> str:
    """Name, shop and code of the merchant as far as shown."""
    known = m.closure.respondent
    shop = f"店铺“{m.merchant}”" if m.merchant else ""
    if not known.name and not m.merchant:
        return f"{m.platform}上的卖家（身份待查明）" if m.platform else "卖家（身份待查明）"
    if not known.name:
        on = f"（{m.platform}）" if m.platform else ""
        return f"“{m.merchant}”经营者{on}"
    if not m.known and m.merchant:
        return f"“{m.merchant}”经营者（收款方：{clip(known.name, 40)}）"
    code = f"统一社会信用代码{known.uscc}" if known.uscc and known.uscc_valid else ""
    inner = "，".join(x for x in (shop, code) if x)
    name = clip(known.name, 40)
    return f"{name}（{inner}）" if inner else name


def platform_address(m: Matter) -> str:
    """The operator of the platform."""
    return f"{m.platform}（平台经营者）" if m.platform else "交易平台经营者"


def rules_section(m: Matter) -> list[LetterPart]:
    """Why the law supports it, the articles with our own sentence each, the platform's clauses."""
    if m.refuted:
        return terms_sentences(m)
    told = "".join(reasoning_of(m)[:4])
    parts = [cited("reasoning", told)] if told else []
    articles = articles_of(m)
    if articles:
        parts.append(frame("rules:list", "相关规定要点如下（为要点转述，以条文原文为准）："))
        parts += rules_listed(articles)
    return [*parts, *terms_sentences(m)]


def requests(m: Matter, you: str, to_platform: bool) -> list[LetterPart]:
    """The demands with their date, and what happens next, without any threat."""
    due = platform_due(m) if to_platform else f"{merchant_due(m)}24时"
    if m.refuted:
        ask = "请核实上述记录，并书面说明核实结果；核实清楚之前，我不就此主张退款或赔偿。"
        due = f"请于{due}前答复。该期限是我的请求，不是法定期限。"
        return [free("ask:check", ask), free("due", due)]
    told = [text if text.startswith("如") else f"请{text}" for text in _for(m, to_platform)]
    parts = [free("ask", f"{text}。") for text in told]
    parts.append(free("ask:explain", "不同意上述请求的，请逐项书面说明所依据的规定和事实。"))
    if m.closure.respondent.paid_to_person:
        ask = "请书面确认收款的个人账户与本单的关系，以及由谁要求以该方式付款。"
        parts.append(free("ask:payee", ask))
    closing = f"请{you}于{due}前书面答复并办理。该期限是我提出的请求，不是法定期限。"
    after = "期满没有答复或不能协商解决的，我将依法通过合法途径处理。"
    return [*numbered(parts, "asks"), free("due", closing), free("next", after)]


def _for(m: Matter, to_platform: bool) -> list[str]:
    told = list(wishes(m))
    if not to_platform:
        return told
    asked = [f"核查该卖家和本单交易，暂停向其结算，并协助处理：{told[0]}", *told[1:]]
    disclose = wish(m, Demand.DISCLOSURE, None)
    return [*asked, *([] if disclose in told or m.known else [disclose])]


def guardian_sentence() -> str:
    """What a guardian declares."""
    return "下单人为未成年人，本函由其监护人提出。监护人对该笔交易不同意、不追认。"
