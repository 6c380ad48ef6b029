"""Let go of what was read from the files of cases in which nobody can appeal any more.

The files themselves stay with the words they belong to: what was decided rests on them.
"""

from __future__ import annotations

from datetime import datetime

from gongdao.disputes.appeal import appeal_ends
from gongdao.disputes.authority_register import find_kept
from gongdao.disputes.models import Case, ExhibitRead

_AT_ONCE = 500


def forget_readings(*, at: datetime) -> int:
    """Delete the readings of closed cases whose time to appeal was over before ``at``; how many.
    Those of an order that an authority's standing request names stay."""
    read = ExhibitRead.objects.values("exhibit__post__case")
    rows = Case.objects.filter(state="closed", id__in=read).exclude(order__in=find_kept(at=at))
    total = 0
    for case in rows.iterator(chunk_size=_AT_ONCE):
        if appeal_ends(case) < at:
            total += ExhibitRead.objects.filter(exhibit__post__case=case).delete()[0]
    return total
