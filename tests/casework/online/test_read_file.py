"""Reading a file of a case: once whatever happens, and again when the case says something else."""

from __future__ import annotations

import pytest
from tests.casework.online.online_kit import (
    AT,
    Asked,
    BreakingBlobs,
    Broken,
    FakeReader,
    add,
    chat,
    new_case,
    picture,
    put_reading,
    reopen,
)

from gongdao.casework.online import read_file as reading
from gongdao.casework.online.files import list_files
from gongdao.casework.online.mend_reading import name_speakers, note_file, read_again
from gongdao.casework.online.read_file import give_up_reading, read_file
from gongdao.casework.online.remove_file import remove_file
from gongdao.casework.online.state_facts import state_facts
from gongdao.core.codes import Category, Kind, Reason, Speaker, Stage
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.evidence.kept.models import Original, Reading
from gongdao.evidence.reading import Message

pytestmark = pytest.mark.django_db
RECEIPT = picture(Kind.PAYMENT_RECEIPT, amount="98.00", merchant="示例店", txn_no="20261102001")
SHOWS = {
    "receipt.png": RECEIPT,
    "chat.txt": chat(Message(Speaker.MERCHANT, "店小二", "稍等", AT)),
    "fail.png": picture(Kind.REDEMPTION_FAILURE, error="卡密无效", at="2026-11-02 15:00:00"),
}


def _read(stores, row, ask=None, shows=SHOWS):
    reader = FakeReader(shows)
    done = read_file(stores=stores, original_id=row.id, read=reader, ask=ask, at=AT)
    return done, reader


def _paths(case):
    return sorted(file.facts.path for file in list_files(case))


def test_a_file_finds_its_place_and_tells(stores):
    """A receipt goes to during/, is noted, and fills in what the buyer had not said."""
    case = new_case(stores)
    row = add(stores, case, "receipt.png", b"1", Asked())
    assert _read(stores, row)[0]
    case = reopen(stores, case)
    assert _paths(case) == ["during/receipt.png"]
    assert case.content.statement.exhibits["during/receipt.png"].kind is Kind.PAYMENT_RECEIPT
    assert case.content.statement.order.paid == Money(9800)
    assert Original.objects.get(id=row.id).state == "read"


def test_what_the_buyer_said_is_not_overwritten(stores):
    """An amount typed while files are being read stays, whatever a file shows."""
    case, asked = new_case(stores), Asked()
    row = add(stores, case, "receipt.png", b"1", asked)
    state_facts(
        stores=stores,
        case=case,
        values={"order.paid": Money(100), "order.category": Category.GAME_CARD},
        version=None,
        ask=asked,
        at=AT,
    )
    _read(stores, row)
    order = reopen(stores, case).content.statement.order
    assert order.paid == Money(100) and order.merchant == "示例店"


def test_two_files_of_one_name_have_two_paths(stores):
    """The second file of a name gets a number, and neither takes the other's place."""
    case = new_case(stores)
    for data in (b"1", b"2"):
        _read(stores, add(stores, case, "receipt.png", data, Asked()))
    assert _paths(case) == ["during/receipt-2.png", "during/receipt.png"]


STEPS = (
    *("plain_file", "_take_path", "set_path", "_keep", "write_reading", "change_case"),
    *("readings_with_rows", "ask_stale", "note_of"),
)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", STEPS)
def test_stopped_at_any_step_it_is_read_once(stores, monkeypatch, step, after):
    """Ended before or after any step, the repeated job leaves one reading, one note, one path."""
    case, asked = new_case(stores), Asked()
    row = add(stores, case, "receipt.png", b"1", asked)
    real = getattr(reading, step)

    def broken(*given, **named):
        if after:
            real(*given, **named)
        raise Broken

    with monkeypatch.context() as patched:
        patched.setattr(reading, step, broken)
        with pytest.raises(Broken):
            _read(stores, row, ask=asked)
    whole = step == "_keep" and after
    assert Original.objects.get(id=row.id).state == ("read" if whole else "reading")
    assert _read(stores, row, ask=asked)[0]
    case = reopen(stores, case)
    assert Reading.objects.filter(original__subject_id=case.row.id).count() == 1
    assert list(case.content.statement.exhibits) == ["during/receipt.png"]
    assert _paths(case) == ["during/receipt.png"] and asked.ids == [row.id]


def test_a_file_is_read_as_it_is_noted(stores):
    """The reading that is kept was made with the note, so that nothing is out of date at once."""
    case, asked = new_case(stores), Asked()
    row = add(stores, case, "receipt.png", b"1", asked)
    _done, reader = _read(stores, row, ask=asked)
    assert reader.made[-1].statement.exhibits["during/receipt.png"].kind is Kind.PAYMENT_RECEIPT
    assert asked.ids == [row.id]


def test_a_merchant_that_becomes_known_has_chats_read_again(stores):
    """A receipt that names the merchant has the chat read again, and the picture not."""
    case, asked = new_case(stores), Asked()
    talk = add(stores, case, "chat.txt", b"1", asked)
    failure = add(stores, case, "fail.png", b"2", asked)
    receipt = add(stores, case, "receipt.png", b"3", asked)
    again = Asked()
    for row in (talk, failure, receipt):
        _read(stores, row, ask=again)
    assert again.ids == [talk.id]
    assert Original.objects.get(id=talk.id).state == "waiting"
    _read(stores, talk, ask=again)
    assert again.ids == [talk.id]


def test_a_merchant_named_while_a_chat_is_read_has_it_read_again(stores):
    """A chat that was being read with the old name is asked for again when it is kept."""
    case, asked, again = new_case(stores), Asked(), Asked()
    row = add(stores, case, "chat.txt", b"1", asked)
    reader = FakeReader(SHOWS)

    def slow(wanted):
        if wanted.path.startswith("during/"):
            values = {"order.merchant": "另一家店"}
            state_facts(stores=stores, case=case, values=values, version=None, ask=again, at=AT)
        return reader(wanted)

    read_file(stores=stores, original_id=row.id, read=slow, ask=again, at=AT)
    assert again.ids == [row.id]


def test_a_file_moved_while_it_is_read_keeps_its_new_place(stores):
    """A reading that comes late stands under the path that the file has by then."""
    case, asked = new_case(stores), Asked()
    row = add(stores, case, "receipt.png", b"1", asked)
    _read(stores, row)
    read_again(case=case, original_id=row.id, ask=asked)
    reader = FakeReader(SHOWS)

    def slow(wanted):
        note_file(
            stores=stores,
            case=reopen(stores, case),
            original_id=row.id,
            kind=Kind.PAYMENT_RECEIPT,
            note="",
            stage=Stage.AFTER,
            ask=asked,
            at=AT,
        )
        return reader(wanted)

    again = Asked()
    read_file(stores=stores, original_id=row.id, read=slow, ask=again, at=AT)
    case = reopen(stores, case)
    assert _paths(case) == ["after/receipt.png"] and again.ids == [row.id]
    assert list(case.content.statement.exhibits) == ["after/receipt.png"]


def test_a_file_that_went_meanwhile_leaves_nothing(stores):
    """Removed while it is read, a file comes back neither as a row nor as a note."""
    case, asked = new_case(stores), Asked()
    row = add(stores, case, "receipt.png", b"1", asked)
    reader = FakeReader(SHOWS)

    def slow(wanted):
        drops = []
        remove_file(
            stores=stores,
            case=case,
            original_id=row.id,
            ask=asked,
            drop=lambda *given: drops.append(given),
            at=AT,
        )
        return reader(wanted)

    assert read_file(stores=stores, original_id=row.id, read=slow, ask=asked, at=AT) is False
    case = reopen(stores, case)
    assert not list_files(case) and not case.content.statement.exhibits


def test_a_name_in_a_chat_has_it_read_again(stores):
    """Saying who is behind a name asks for chats to be read again, in the same transaction."""
    case = new_case(stores, readings=[])
    row = put_reading(
        stores,
        case,
        SHOWS["chat.txt"].__class__(
            "during/chat.txt", SHOWS["chat.txt"].digests, "text/plain", Kind.CHAT, "read"
        ),
    )
    asked = Asked()
    name_speakers(
        stores=stores,
        case=case,
        names={"店小二": Speaker.MERCHANT},
        among=["店小二"],
        ask=asked,
        at=AT,
    )
    assert asked.ids == [row.id] and Original.objects.get(id=row.id).state == "waiting"


def test_a_password_is_kept_sealed_and_used(stores):
    """A password reaches the reader, stays for later readings, and stands nowhere in the clear."""
    case, asked = new_case(stores), Asked()
    row = add(stores, case, "bill.zip", b"PK", asked)
    assert read_again(case=case, original_id=row.id, ask=asked, password="830572")
    for _time in range(2):
        _done, reader = _read(stores, row)
        assert reader.made[-1].password == "830572"
    assert b"830572" not in bytes(Original.objects.get(id=row.id).sealed)
    assert "830572" not in repr(reader.made)


def test_reasons_are_suggested_until_the_buyer_chooses(stores):
    """What the files suggest is filled in; once the buyer has chosen, more files change nothing."""
    case, asked = new_case(stores), Asked()
    _read(stores, add(stores, case, "fail.png", b"1", asked))
    assert reopen(stores, case).content.statement.claim.reasons == (Reason.INVALID_SECRET,)
    state_facts(
        stores=stores,
        case=reopen(stores, case),
        values={"claim.reasons": (Reason.LATE_DELIVERY,)},
        version=None,
        ask=asked,
        at=AT,
    )
    _read(stores, add(stores, case, "fail.png", b"2", asked))
    assert reopen(stores, case).content.statement.claim.reasons == (Reason.LATE_DELIVERY,)


def test_given_up_it_shows_as_failed_and_can_be_asked_for(stores):
    """A file at which the machine failed is no longer being read, and can be tried again."""
    case, asked = new_case(stores), Asked()
    row = add(stores, case, "receipt.png", b"1", asked)
    Original.objects.filter(id=row.id).update(state="reading")
    give_up_reading(original_id=row.id)
    assert Original.objects.get(id=row.id).state == "failed"
    assert read_again(case=case, original_id=row.id, ask=asked)
    assert asked.ids == [row.id, row.id]


def test_the_store_failing_leaves_the_file_as_it_was(stores):
    """A store that breaks while a file is added leaves no row that points at nothing."""
    case, asked = new_case(stores), Asked()
    for after in (False, True):
        broken = Stores(stores.masters, BreakingBlobs(stores.blobs, 1, after))
        with pytest.raises(Broken):
            add(broken, case, "receipt.png", b"1", asked)
        assert not list_files(case) and not asked.rows
    add(stores, case, "receipt.png", b"1", asked)
    assert len(list_files(case)) == 1
