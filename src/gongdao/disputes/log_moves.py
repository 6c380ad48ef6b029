"""Which leaves may follow which in a dispute. Django-free: auditors read it.

The pseudonym of a dispute is its own: the log does not tell which order it is about. What a leaf
says of amounts, words and facts it says in commitments, which whoever is concerned can open.
"""

from __future__ import annotations

from gongdao.log.life_cycles import LifeCycle

_TALK = frozenset(
    {
        "dispute.said",
        "dispute.offered",
        "dispute.answered",
        "dispute.excused",
        "dispute.handed_over",
        "dispute.stopped",
        "dispute.resumed",
        "dispute.lapsed",
        "dispute.judged",
        "dispute.decided",
        "dispute.limited",
        "dispute.lifted",
    }
)
_RUNS = _TALK | {"dispute.executed", "dispute.withdrawn", "dispute.closed", "dispute.appealed"}
_AFTER = frozenset(
    {
        "dispute.executed",
        "dispute.appealed",
        "dispute.cause",
        "dispute.said",
        "dispute.lifted",
    }
)

LIFE_CYCLES = (
    LifeCycle(
        "dispute",
        first=frozenset({"dispute.opened"}),
        after={
            "dispute.opened": _RUNS,
            **dict.fromkeys(sorted(_TALK), _RUNS),
            # A word may come late, to a case that has ended; its cause is found after that too.
            "dispute.said": _RUNS | {"dispute.cause"},
            "dispute.executed": _RUNS | _AFTER,
            "dispute.appealed": _RUNS,
            "dispute.withdrawn": frozenset({"dispute.closed"}),
            # Closed is not the end of what is owed: steps that wait for a payment service go on,
            # a root cause is found later, and whoever lost by machine may ask for a person.
            "dispute.closed": _AFTER,
            "dispute.cause": _AFTER,
            # A limit may be taken back in a case that is open or closed.
            "dispute.lifted": _RUNS | _AFTER,
        },
    ),
)
"""What this room contributes to the table in front."""
