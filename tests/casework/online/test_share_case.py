"""Read-only links: they end, are taken back at once, and say who came; what they show is masked."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from tests.casework.online.kept_kit import AT, LATER, PLANTED, full_case, make_stores

from gongdao.casework.online.accesses import name_openings, openings_of
from gongdao.casework.online.assemble_case import assemble_case
from gongdao.casework.online.models import Share
from gongdao.casework.online.open_case import OpenCase
from gongdao.casework.online.share_case import (
    KEPT_FOR,
    LONGEST,
    MOST,
    SharedLink,
    Shows,
    open_share,
    revoke_share,
    share_case,
    shares_of,
    sweep_shares,
)
from gongdao.casework.online.shared_report import make_mask, shared_report
from gongdao.casework.report import report_case
from gongdao.core.errors import InputError, KeyGone
from gongdao.core.ids import new_token
from gongdao.evidence.kept.models import Access

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


def _share(
    case: OpenCase,
    *,
    shows: Shows = Shows.STANDING,
    note: str = "",
    lasts: timedelta = WEEK,
    at: datetime = AT,
) -> SharedLink:
    return share_case(case=case, shows=shows, note=note, lasts=lasts, at=at)


@pytest.mark.parametrize("shows", Shows)
def test_a_link_opens_its_case_and_says_what_it_shows(tmp_path, shows):
    """The token leads to the case, with what may be shown, in any spelling that people type."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    made = _share(case, shows=shows)
    for token in (made.token, made.token.upper(), f" {made.token} "):
        opened = open_share(stores=stores, token=token, at=LATER)
        assert (opened.case.content, opened.shows) == (case.content, shows)
    assert (shows.letters, shows.files) == (shows != "standing", shows == "files")


def test_ended_taken_back_and_unknown_are_alike(tmp_path):
    """At its end, after it was taken back, and for a token that never was, the same error."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    made, other = _share(case), _share(case)
    assert revoke_share(case=case, share_id=other.id, at=AT)
    assert not revoke_share(case=case, share_id=other.id, at=AT)
    last = AT + WEEK - timedelta(microseconds=1)
    assert open_share(stores=stores, token=made.token, at=last).shows is Shows.STANDING
    before = Access.objects.count()
    for token, at in ((made.token, AT + WEEK), (other.token, AT), (new_token(), AT), ("x", AT)):
        with pytest.raises(KeyGone):
            open_share(stores=stores, token=token, at=at)
    assert Access.objects.count() == before


def test_another_case_cannot_take_it_back(tmp_path):
    """A link's id is of use only within its own case."""
    stores = make_stores(tmp_path)
    mine = full_case(stores, tmp_path)
    other = full_case(stores, tmp_path, at=AT + timedelta(seconds=1))
    made = _share(mine)
    assert not revoke_share(case=other, share_id=made.id, at=AT)
    assert open_share(stores=stores, token=made.token, at=LATER).case.row.id == mine.row.id


def test_visits_are_counted_by_link(tmp_path):
    """Each page opened counts for its own link; pictures of a page do not."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    made, quiet = _share(case, note="律师"), _share(case)
    open_share(stores=stores, token=made.token, at=LATER)
    open_share(stores=stores, token=made.token, at=LATER + timedelta(minutes=1))
    open_share(stores=stores, token=made.token, at=LATER, visit=False)
    found = {one.id: one for one in shares_of(case)}
    assert found[made.id].visits == 2
    assert found[made.id].last_visit == LATER + timedelta(minutes=1)
    assert (found[quiet.id].visits, found[quiet.id].last_visit) == (0, None)
    assert found[made.id].note == "律师"


def test_limits_are_said(tmp_path):
    """Too long a time, too long a note, and one link too many are refused, and nothing is made;
    links that ended do not count."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    before = Share.objects.count()
    for lasts in (LONGEST + timedelta(days=1), timedelta(0)):
        with pytest.raises(InputError):
            _share(case, lasts=lasts)
    with pytest.raises(InputError):
        _share(case, note="长" * 101)
    assert Share.objects.count() == before
    for _number in range(MOST - before):
        _share(case)
    with pytest.raises(InputError):
        _share(case)
    assert _share(case, at=AT + WEEK + timedelta(seconds=1)).visits == 0


def test_neither_token_nor_note_lies_in_the_clear(tmp_path):
    """The row holds a digest of the token, and the note sealed."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    made = _share(case, note="给律师看的")
    row = Share.objects.get(id=made.id)
    kept = bytes(row.sealed) + bytes(row.token_digest) + row.shows.encode()
    assert made.token.encode() not in kept and "给律师看的".encode() not in kept
    assert made.token not in repr(made)


def test_ended_links_are_forgotten_after_thirty_days(tmp_path):
    """The sweep lets go of links a month after they ended or were taken back."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    Share.objects.all().delete()
    ended, back = _share(case, lasts=timedelta(days=1)), _share(case, lasts=LONGEST)
    revoke_share(case=case, share_id=back.id, at=AT)
    assert sweep_shares(at=AT + KEPT_FOR) == 0
    assert sweep_shares(at=AT + KEPT_FOR + timedelta(hours=1)) == 1
    assert Share.objects.get().id == ended.id
    assert sweep_shares(at=AT + KEPT_FOR + timedelta(days=1, hours=1)) == 1


def test_what_is_shown_holds_no_secret_and_no_person(tmp_path):
    """Of the planted words only the shop's name is in what a link shows; the control, the report
    itself, holds them all."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    assembled = assemble_case(case=case, as_of=AT)
    report = report_case(assembled.judgement)
    masked = shared_report(report, assembled.statement, letters=True)
    names = "during/王小明聊天.txt"  # where evidence lies, never shown
    shown = json.dumps(masked, ensure_ascii=False).replace(names, "")
    whole = json.dumps(report, ensure_ascii=False)
    assert [word for word in PLANTED[:4] if word not in whole] == []
    assert [word for word in PLANTED if word in shown] == [PLANTED[0]]
    assert "letters" not in shared_report(report, assembled.statement, letters=False)
    assert "exhibits" not in masked


def test_numbers_of_persons_are_masked_wherever_they_stand(tmp_path):
    """Telephone, identity number and mail address of anybody are masked, amounts and dates not."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    mask = make_mask({}, case.content.statement)
    text = "电话 139-1234-5678 或 13912345678，身份证 11010519491231002X，信箱 li.lei@example.com"
    assert (
        mask(text) == "电话 139****5678 或 139****5678，身份证 1101****002X，信箱 l***@example.com"
    )
    plain = "2026-11-02 14:03:21 付款 98.00 元，满 20261102 件"
    assert mask(plain) == plain


def test_the_record_says_who_looked(tmp_path):
    """The record names files, groups what was opened at one moment, tells shared visits, and
    leaves out what the machine did unless asked."""
    stores = make_stores(tmp_path)
    case = full_case(stores, tmp_path)
    made = _share(case)
    open_share(stores=stores, token=made.token, at=LATER)
    people = name_openings(case, list(openings_of(case, machine=False)))
    assert [(one.who, one.shared, one.count) for one in people] == [("shared", True, 1)]
    everything = name_openings(case, list(openings_of(case, machine=True)))
    assert len(everything) == 2
    assert (everything[1].who, everything[1].purpose) == ("machine", "read")
    assert everything[1].count == 2
