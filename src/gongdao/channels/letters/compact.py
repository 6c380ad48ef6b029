"""Facts in few words, as sentences with weights, for forms with limits."""

from __future__ import annotations

from gongdao.channels.letters.fact import Fact
from gongdao.channels.letters.facts import facts_of
from gongdao.channels.letters.matter import Matter
from gongdao.channels.letters.part import Weighed

_NOT_BREACH = frozenset(
    {
        "promise",
        "listing",
        "order",
        "payment",
        "paid_to_person",
        "delivered",
        "admission",
        "promised",
        "demanded",
        "refused",
        "identity_refused",
        "ticket",
        "platform_silent",
        "platform_turned",
        "regulator_accepted",
    }
)


def fact_sentence(m: Matter, code: str, weight: int) -> tuple[Weighed, ...]:
    """The first fact with this code in few words; nothing where there is none."""
    return tuple(f.weigh(weight) for f in facts_of(m) if f.code == code)[:1]


def breach_facts(m: Matter) -> tuple[Fact, ...]:
    """The facts that show what went wrong, and money that came back."""
    return tuple(f for f in facts_of(m) if f.code not in _NOT_BREACH)


def breach_sentences(m: Matter) -> tuple[Weighed, ...]:
    """``breach_facts`` in few words."""
    return tuple(f.weigh() for f in breach_facts(m))


def all_sentences(m: Matter) -> tuple[Weighed, ...]:
    """Every fact in few words, in order; the order number is carried by the payment."""
    facts = [f for f in facts_of(m) if f.code != "order" or not m.paid.amount]
    return tuple(f.weigh() for f in facts)
