"""Corrections, notes, facts and removal: each touches what it says, and nothing else."""

from __future__ import annotations

import pytest
from tests.casework.online.online_kit import (
    AT,
    Asked,
    add,
    blobs_of,
    new_case,
    put_reading,
    reopen,
)
from tests.evidence.dossier_kit import ORDER, receipt

from gongdao.casework.online.files import list_files
from gongdao.casework.online.mend_reading import correct_reading, note_file
from gongdao.casework.online.remove_file import drop_blobs, remove_file
from gongdao.casework.online.stale import readings_with_rows
from gongdao.casework.online.state_facts import add_contact, remove_contact, state_facts
from gongdao.core.codes import Kind, Means, Outcome, Party, Stage
from gongdao.core.errors import InputError, StaleCase
from gongdao.core.money import Money
from gongdao.evidence.kept.models import Original
from gongdao.evidence.statement import Contact, ExhibitNote, Statement

pytestmark = pytest.mark.django_db
PATH = "during/receipt.png"
STATEMENT = Statement(order=ORDER, exhibits={PATH: ExhibitNote(PATH, Kind.PAYMENT_RECEIPT)})


def _row():
    return Original.objects.latest("added_at")


def _remove(stores, case, row):
    drops: list[tuple] = []
    done = remove_file(
        stores=stores,
        case=case,
        original_id=row.id,
        ask=Asked(),
        drop=lambda *given: drops.append(given),
        at=AT,
    )
    return done, drops


def test_a_correction_stands_and_is_taken_back(stores):
    """A correction is kept beside the reading, an empty one takes it away without a trace."""
    case = new_case(stores, statement=STATEMENT, readings=[receipt()])
    for value, kept in (("89", {PATH: {"amount": "89.00"}}), ("", {})):
        correct_reading(
            stores=stores, case=case, path=PATH, values={"amount": value}, ask=Asked(), at=AT
        )
        assert reopen(stores, case).content.corrections == kept


def test_a_correction_fills_in_what_the_buyer_has_not_said(stores):
    """Where the buyer left the amount to the files, a corrected amount is the amount."""
    case = new_case(stores)
    put_reading(stores, case, receipt())
    correct_reading(
        stores=stores, case=case, path=PATH, values={"amount": "12"}, ask=Asked(), at=AT
    )
    assert reopen(stores, case).content.statement.order.paid == Money(1200)


def test_one_wrong_correction_writes_none(stores):
    """Of several corrections one that cannot be keeps all of them back."""
    case = new_case(stores, statement=STATEMENT, readings=[receipt()])
    with pytest.raises(InputError):
        correct_reading(
            stores=stores,
            case=case,
            path=PATH,
            values={"amount": "89", "paid_at": "gestern"},
            ask=Asked(),
            at=AT,
        )
    assert reopen(stores, case).content.corrections == {}


def test_a_file_moves_with_all_that_is_said_of_it(stores):
    """Moved to another stage, file, reading, note and corrections stand under the new path."""
    case = new_case(stores, statement=STATEMENT, readings=[receipt()])
    correct_reading(
        stores=stores, case=case, path=PATH, values={"amount": "89"}, ask=Asked(), at=AT
    )
    asked = Asked()
    case = note_file(
        stores=stores,
        case=reopen(stores, case),
        original_id=_row().id,
        kind=Kind.PAYMENT_RECEIPT,
        note="原图",
        stage=Stage.AFTER,
        ask=asked,
        at=AT,
    )
    new = "after/receipt.png"
    assert case.content.statement.exhibits == {
        new: ExhibitNote(new, Kind.PAYMENT_RECEIPT, note="原图")
    }
    assert case.content.corrections == {new: {"amount": "89.00"}}
    (file,) = readings_with_rows(case)
    assert file.facts.path == new and file.read and file.read.exhibit.path == new
    assert asked.ids == [file.row.id]


def test_a_file_without_a_place_cannot_be_noted(stores):
    """Before it was read a file has no place, and the buyer is told to wait."""
    case = new_case(stores)
    row = add(stores, case, "x.png", b"1", Asked())
    with pytest.raises(InputError):
        note_file(
            stores=stores,
            case=case,
            original_id=row.id,
            kind=None,
            note="",
            stage=Stage.AFTER,
            ask=Asked(),
            at=AT,
        )


def test_a_removed_file_leaves_no_word(stores):
    """Row, reading, note and corrections go; other facts stay; the blob goes by its job."""
    case = new_case(stores, statement=STATEMENT, readings=[receipt()])
    correct_reading(
        stores=stores, case=case, path=PATH, values={"amount": "89"}, ask=Asked(), at=AT
    )
    done, drops = _remove(stores, reopen(stores, case), _row())
    content = reopen(stores, case).content
    assert done and not list_files(case)
    assert content.statement.exhibits == {} and content.corrections == {}
    assert content.statement.order == ORDER and len(blobs_of(stores, case)) == 1
    (drop,) = drops
    for expected in (True, False):
        names = ("case_id", "original_id", "address")
        assert drop_blobs(stores=stores, **dict(zip(names, drop, strict=True))) is expected
    assert not blobs_of(stores, case)


def test_removed_and_sent_again_it_keeps_its_blob(stores):
    """A job that comes after the same bytes were sent again leaves them alone."""
    case = new_case(stores)
    row = add(stores, case, "x.png", b"1", Asked())
    _done, (drop,) = _remove(stores, case, row)
    add(stores, case, "x.png", b"1", Asked())
    assert not drop_blobs(stores=stores, case_id=drop[0], original_id=drop[1], address=drop[2])
    assert len(blobs_of(stores, case)) == 1


def test_a_file_of_another_case_cannot_be_removed(stores):
    """An id of another case removes nothing."""
    mine, other = new_case(stores), new_case(stores)
    row = add(stores, mine, "x.png", b"1", Asked())
    assert _remove(stores, other, row) == (False, [])
    assert len(list_files(mine)) == 1


def test_an_older_version_writes_nothing(stores):
    """Facts from a page that is older than the case are refused, and nothing moves."""
    case = new_case(stores, statement=STATEMENT)
    old = case.row.version
    for version, paid in ((old, 1), (old, 2)):
        given = {"stores": stores, "case": case, "ask": Asked(), "at": AT}
        values = {"order.paid": Money(paid)}
        if paid == 1:
            state_facts(values=values, version=version, **given)
        else:
            with pytest.raises(StaleCase):
                state_facts(values=values, version=version, **given)
    assert reopen(stores, case).content.statement.order.paid == Money(1)


def test_unknown_facts_are_a_mistake_of_ours(stores):
    """A fact that does not exist is an error at once, not a silent loss."""
    case = new_case(stores)
    for name in ("order.colour", "seller.name"):
        with pytest.raises(ValueError, match="no such fact"):
            state_facts(
                stores=stores, case=case, values={name: "x"}, version=None, ask=Asked(), at=AT
            )


def test_a_contact_is_one_however_often_it_is_sent(stores):
    """The same contact sent twice is one; taken back, it is gone."""
    case = new_case(stores)
    one = Contact(AT, Party.MERCHANT, Means.CHAT, Outcome.REFUSED)
    for _time in range(2):
        add_contact(stores=stores, case=case, contact=one, at=AT)
    assert reopen(stores, case).content.statement.contacts == (one,)
    remove_contact(stores=stores, case=case, contact=one, at=AT)
    assert reopen(stores, case).content.statement.contacts == ()
