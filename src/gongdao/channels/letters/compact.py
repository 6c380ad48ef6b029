"""Facts in few words, as sentences with weights, for forms with limits."""

from __future__ import annotations

from gongdao.channels.letters.fact import Fact
from gongdao.channels.letters.facts import facts_of
from gongdao.channels.letters.matter import Matter
from gongdao.channels.shorten import Sentence

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


def fact_sentence(m: Matter, code: str, weight: int) -> Sentence:
    """The first fact with this code in few words; an empty sentence where there is none."""
    fact = next((f for f in facts_of(m) if f.code == code), None)
    return Sentence(fact.short if fact else "", weight)


def breach_facts(m: Matter) -> tuple[Fact, ...]:
    """The facts that show what went wrong, and money that came back."""
    return tuple(f for f in facts_of(m) if f.code not in _NOT_BREACH)


def breach_sentences(m: Matter) -> tuple[Sentence, ...]:
    """``breach_facts`` in few words."""
    return tuple(Sentence(f.short, f.weight) for f in breach_facts(m))


def all_sentences(m: Matter) -> tuple[Sentence, ...]:
    """Every fact in few words, in order; the order number is carried by the payment."""
    facts = [f for f in facts_of(m) if f.code != "order" or not m.paid.amount]
    return tuple(Sentence(f.short, f.weight) for f in facts)
