"""Only who answers for a case lets its clock stand still."""

from __future__ import annotations

import pytest
from tests.disputes.disputes_kit import LATE, complain, delivered, make_shop, member, person

from gongdao.core.errors import ConflictOfInterest, NotYourMove
from gongdao.disputes.clocks import StopReason
from gongdao.disputes.hand_over import stop_clock, take_case
from gongdao.disputes.states import ReasonCode
from gongdao.front.stores import get_stores

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_clock_is_stopped_by_the_cases_owner_alone():
    """Before anybody has it, or where another has it, nobody stops it, and the merchant's own
    people never do; its owner does."""
    shop = make_shop()
    case = complain(delivered(shop), ReasonCode.ALREADY_USED)
    anna, bela, clerk = person("anna").id, person("bela").id, member(shop).id
    more = {"stores": get_stores(), "case_id": case.id, "at": LATE}
    reason = StopReason.LEGAL_HOLD
    with pytest.raises(NotYourMove):
        stop_clock(**more, by=anna, reason=reason)
    take_case(**more, user_id=anna)
    with pytest.raises(NotYourMove):
        stop_clock(**more, by=bela, reason=reason)
    with pytest.raises(ConflictOfInterest):
        stop_clock(**more, by=clerk, reason=reason)
    case.refresh_from_db()
    assert case.clock_stopped_at is None
    stop_clock(**more, by=anna, reason=reason)
    case.refresh_from_db()
    assert case.clock_stopped_at == LATE
