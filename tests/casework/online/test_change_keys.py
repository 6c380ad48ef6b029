"""Link and code are replaced whole or not at all, once, and only by what was shown before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.casework.online.online_kit import AT, new_case, reopen

from gongdao.casework.online.begin_case import digest_link
from gongdao.casework.online.change_keys import change_keys, propose_keys
from gongdao.casework.online.erase_case import erase_case, find_erased
from gongdao.casework.online.list_cases import Held, SignedIn, cases_of, fits
from gongdao.casework.online.models import Case
from gongdao.casework.online.open_case import change_case
from gongdao.casework.online.own_case import take_case
from gongdao.casework.online.share_case import Shows, open_share, share_case
from gongdao.casework.online.unlock_case import find_case, unlock_case
from gongdao.core.errors import CaseLocked, KeyGone, StaleCase
from gongdao.core.ids import new_id
from gongdao.core.models import User

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(hours=1)


def _change(stores, case, *, new_link=True, at=LATER):
    made = propose_keys(case=case, new_link=new_link)
    return made, change_keys(stores=stores, case_id=case.row.id, proposal=made.sealed, at=at)


def _unlock(stores, link, code):
    return unlock_case(stores=stores, link=link, code=code, network="1.2.3.4", at=LATER)


def test_only_the_new_ones_open(stores):
    """The old link leads nowhere and the old code opens nothing; what is in the case stays."""
    case = new_case(stores)
    share = share_case(case=case, shows=Shows.FILES, note="", lasts=timedelta(days=7), at=AT)
    made, changed = _change(stores, case)
    assert (changed.content.link, changed.content.code) == (made.link, made.code)
    assert find_case(case.content.link) is None
    assert _unlock(stores, made.link, made.code).id == case.row.id
    for link, code in ((case.content.link, made.code), (made.link, case.content.code)):
        with pytest.raises(CaseLocked):
            _unlock(stores, link, code)
    assert reopen(stores, case).content.statement == case.content.statement
    assert open_share(stores=stores, token=share.token, at=LATER).case.row.id == case.row.id


def test_the_code_alone(stores):
    """Where the link stays, only the code is another one."""
    case = new_case(stores)
    made, changed = _change(stores, case, new_link=False)
    assert changed.content.link == case.content.link == made.link
    assert changed.content.code != case.content.code
    assert bytes(Case.objects.get().link_digest) == digest_link(case.content.link)


def test_a_proposal_changes_nothing_by_itself_and_is_carried_out_once(stores):
    """Shown but not confirmed, it opens nothing; confirmed twice, the second time is nothing."""
    case = new_case(stores)
    made = propose_keys(case=case, new_link=True)
    assert find_case(made.link) is None
    assert _unlock(stores, case.content.link, case.content.code)
    first = change_keys(stores=stores, case_id=case.row.id, proposal=made.sealed, at=LATER)
    again = change_keys(stores=stores, case_id=case.row.id, proposal=made.sealed, at=LATER)
    assert again.row.version == first.row.version
    assert again.row.keys_changed_at == first.row.keys_changed_at == LATER


def test_a_proposal_from_before_another_change_is_refused(stores):
    """Two tabs with a proposal each: the second does not undo the first, and neither is brought
    back later; a change of another kind in between does no harm."""
    case = new_case(stores)
    one, two = (propose_keys(case=case, new_link=True) for _tab in range(2))
    change_case(stores=stores, case_id=case.row.id, change=_with_note, at=AT)
    change_keys(stores=stores, case_id=case.row.id, proposal=one.sealed, at=LATER)
    with pytest.raises(StaleCase):
        change_keys(stores=stores, case_id=case.row.id, proposal=two.sealed, at=LATER)
    assert find_case(one.link) and find_case(two.link) is None
    _change(stores, reopen(stores, case), at=LATER + timedelta(minutes=1))
    with pytest.raises(StaleCase):
        change_keys(stores=stores, case_id=case.row.id, proposal=one.sealed, at=LATER)
    assert reopen(stores, case).content.notes == ("x",)


def _with_note(content):
    from dataclasses import replace

    return replace(content, notes=("x",))


@pytest.mark.parametrize("proposal", ["", "x", "AAAA", "公道", "A" * 400])
def test_nobody_can_choose_a_code(stores, proposal):
    """What was not sealed for this case is no proposal, neither is one for another case."""
    case, other = new_case(stores), new_case(stores)
    theirs = propose_keys(case=other, new_link=True).sealed
    for one in (proposal, theirs):
        with pytest.raises(StaleCase):
            change_keys(stores=stores, case_id=case.row.id, proposal=one, at=LATER)
    assert Case.objects.get(id=case.row.id).keys_changed_at is None


def test_an_erased_case_is_known_by_its_last_link(stores):
    """Erased after a change, the new link says so, and the old one was never there."""
    case = new_case(stores)
    made, _changed = _change(stores, case)
    erase_case(stores=stores, case_id=case.row.id, ask=lambda _id: None, at=LATER)
    assert find_erased(made.link) is not None and find_erased(case.content.link) is None
    with pytest.raises(KeyGone):
        change_keys(stores=stores, case_id=case.row.id, proposal=made.sealed, at=LATER)


@pytest.mark.parametrize(
    ("held", "since", "sees"),
    [
        ("before", None, False),
        ("after", None, True),
        ("never", "before", False),
        ("never", "after", True),
        ("never", None, False),
        ("before", "after", True),
    ],
)
def test_who_came_before_is_out(stores, held, since, sees):
    """A device that held the case, and a signed-in account, count from the change on; a list of
    cases and a single case agree on it."""
    case = new_case(stores)
    owner = User.objects.create_user("a@example.org", id=new_id(AT), joined_at=AT)
    assert take_case(case_id=case.row.id, owner_id=owner.id)
    before = Held(case.row.id, case.row.keys_changed_at)
    assert _agree(reopen(stores, case).row, [before], None)
    _made, changed = _change(stores, case)
    holding = {"before": [before], "after": [Held(case.row.id, changed.row.keys_changed_at)]}
    times = {"before": LATER - timedelta(seconds=1), "after": LATER + timedelta(seconds=1)}
    account = SignedIn(owner.id, times.get(since)) if held == "never" or since else None
    assert _agree(reopen(stores, case).row, holding.get(held, []), account) is sees


def _agree(row, held, account):
    listed = list(cases_of(held=held, account=account)) == [row]
    assert listed is fits(row, held=held, account=account)
    return listed


def test_another_account_sees_nothing(stores):
    """The control: signing in to an account that does not have the case shows nothing of it."""
    case = new_case(stores)
    assert not _agree(case.row, [], SignedIn(new_id(AT), LATER))
