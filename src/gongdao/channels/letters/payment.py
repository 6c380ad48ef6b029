"""To the payment service: which payment, what went wrong, please check the payee."""

from __future__ import annotations

from gongdao.channels.letters.answers import short_answers
from gongdao.channels.letters.compact import breach_sentences, fact_sentence
from gongdao.channels.letters.demand import (
    amount_claimed,
    first_demand,
    merchant_due,
    wish,
    wishes,
)
from gongdao.channels.letters.form import filled, limit_of
from gongdao.channels.letters.grounds import articles_by_id
from gongdao.channels.letters.letter import Letter
from gongdao.channels.letters.matter import Matter, say_sum
from gongdao.channels.letters.names import CLOSING
from gongdao.channels.letters.part import (
    Weighed,
    cited,
    frame,
    free,
    shorten_parts,
    unique,
    weighed,
)
from gongdao.core.codes import Demand, Payment, Speaker

_FORMS = {Payment.WECHAT: "payment_wechat", Payment.ALIPAY: "payment_alipay"}
_BODIES = {
    Payment.WECHAT: "微信支付",
    Payment.ALIPAY: "支付宝",
    Payment.BANK_CARD: "发卡银行",
}


def write_payment(m: Matter) -> Letter:
    """The complaint text, within the limit of the service that was used."""
    means = m.dossier.statement.order.payment
    channel = _FORMS.get(means, "payment") if means else "payment"
    parts = unique(shorten_parts(told=_sentences(m), limit=limit_of(m, channel, "text")))
    number = m.paid.transaction_no or "【请填写：支付流水号】"
    fields = filled(m, channel, {"transaction_no": number, "text": parts})
    to = _BODIES.get(means, "支付机构") if means else "支付机构"
    return Letter("payment", "支付投诉", to, parts, fields=fields)


def _sentences(m: Matter) -> list[Weighed]:
    due = merchant_due(m)
    stop = "请对该笔款项采取止付等可行措施，并" if m.fraud else "请"
    person = m.closure.respondent.paid_to_person
    payee = "收款账户" if person else "收款商户"
    asked = _asked(m)
    told = [
        *fact_sentence(m, "payment", 100),
        *fact_sentence(m, "listing", 55),
        *breach_sentences(m),
        *fact_sentence(m, "paid_to_person", 70),
        *fact_sentence(m, "admission", 90),
        *fact_sentence(m, "refused", 66),
        *(
            weighed(cited(a.id, f"{a.cite}：{a.gives}"), 20)
            for a in articles_by_id(m, "nonbank_payment_regs/35")
        ),
        weighed(free("ask", f"{stop}核查{payee}及本笔交易，{asked}。"), 99),
        weighed(free("due", f"请于{due}前答复（我的请求期限）。"), 97),
    ]
    excluded = [e for e in m.evasions if e.code == "payment_virtual_excluded"]
    if excluded:
        code = excluded[0].code
        answers = short_answers(_with(m, code), tuple(Speaker))
        told += [weighed(free(f"answer:{code}:ask", answer), 72) for answer in answers[:1]]
    return [*told, weighed(frame("closing", CLOSING), 10)]


def _asked(m: Matter) -> str:
    """Money back is what a payment service can do; other demands it can only pass on."""
    demand, amount = first_demand(m), amount_claimed(m)
    if demand is Demand.MAKE_UP and amount:
        return f"协助退还差额{say_sum(amount)}"
    if demand in (Demand.REFUND, Demand.PUNITIVE, Demand.REPLACEMENT, Demand.DISCLOSURE):
        back = m.paid.amount if demand is not Demand.REFUND else amount
        return f"协助{wish(m, Demand.REFUND, back)}"
    return f"督促收款方{wishes(m)[0]}"


def _with(m: Matter, code: str) -> Matter:
    kept = tuple(e for e in m.evasions if e.code == code)
    return Matter(m.dossier, m.closure, kept, m.on)
