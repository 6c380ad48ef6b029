"""What an order's own leaves say that it got, whether or not they have a number yet."""

from __future__ import annotations

from gongdao.log.reader import run_query
from gongdao_verify.leaf_form import LeafForm, parse_leaf
from gongdao_verify.order_form import GIVING_LEAVES

_LEAVES = """
SELECT entry FROM log_pending WHERE subject = %s
UNION ALL
SELECT entry FROM log_entry WHERE subject = %s
"""
"""One statement, so that a leaf that gets its number meanwhile is seen once."""


def find_told_units(subject: str) -> set[bytes]:
    """The commitments of all units that the leaves of the order ``subject`` name. The caller holds
    the order locked, so that none is added."""
    forms = (parse_leaf(bytes(entry)) for (entry,) in run_query(_LEAVES, (subject, subject)))
    return {unit for form in forms if form.type in GIVING_LEAVES for unit in _units(form)}


def _units(form: LeafForm) -> list[bytes]:
    units = form.data.get("units")
    return [bytes.fromhex(str(one)) for one in units] if isinstance(units, list) else []
