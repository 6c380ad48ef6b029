"""Uploads in pieces: resumed after any break, never doubled, never half visible."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.casework.online.online_kit import (
    AT,
    LIMITS,
    Asked,
    BreakingBlobs,
    Broken,
    blobs_of,
    new_case,
)

from gongdao.casework.online.files import list_files
from gongdao.casework.online.models import Upload
from gongdao.casework.online.upload_pieces import (
    KEPT_FOR,
    PIECE_BYTES,
    begin_upload,
    finish_upload,
    put_piece,
    sweep_uploads,
)
from gongdao.core.errors import InputError
from gongdao.core.stores import Stores
from gongdao.evidence.kept.models import Original
from gongdao.evidence.kept.open_original import Purpose, Who, open_original

pytestmark = pytest.mark.django_db
DATA = random.Random(7).randbytes(2 * PIECE_BYTES + 12345)


def _begin(case, data=DATA, key="k1", name="录屏.mp4", limits=LIMITS):
    return begin_upload(
        case=case, client_key=key, name=name, length=len(data), limits=limits, at=AT
    )


def _send(stores, case, asked, data=DATA, key="k1"):
    """What a sender does from its beginning, wherever it was stopped before."""
    at = _begin(case, data, key)
    while at.offset < at.length:
        piece = data[at.offset : at.offset + PIECE_BYTES]
        at = put_piece(
            stores=stores, case=case, upload_id=at.upload_id, offset=at.offset, piece=piece
        )
    return finish_upload(
        stores=stores, case=case, upload_id=at.upload_id, limits=LIMITS, ask=asked, at=AT
    )


def _bytes(stores, case):
    row = Original.objects.get(subject_id=case.row.id)
    chunks = open_original(
        stores=stores, key=case.key, row=row, who=Who.OWNER, purpose=Purpose.VIEW, at=AT
    )
    return b"".join(chunks)


def test_pieces_become_one_file(stores):
    """A file sent in three pieces is there byte for byte, asked for once; its pieces are gone."""
    case, asked = new_case(stores), Asked()
    done = _send(stores, case, asked)
    assert done.original_id is not None and asked.ids == [done.original_id]
    assert _bytes(stores, case) == DATA
    assert len(blobs_of(stores, case)) == 1


def test_nothing_is_visible_before_the_end(stores):
    """While pieces come the case holds no file; finishing early only says how far it is."""
    case, asked = new_case(stores), Asked()
    at = _begin(case)
    put_piece(stores=stores, case=case, upload_id=at.upload_id, offset=0, piece=DATA[:PIECE_BYTES])
    early = finish_upload(
        stores=stores, case=case, upload_id=at.upload_id, limits=LIMITS, ask=asked, at=AT
    )
    assert early.offset == PIECE_BYTES and early.original_id is None
    assert not Original.objects.filter(subject_id=case.row.id).exists() and not asked.rows


def test_repeated_pieces_change_nothing(stores):
    """A piece sent again, an earlier one and one from beyond change nothing."""
    case = new_case(stores)
    upload = _begin(case).upload_id
    for offset in (0, 0, PIECE_BYTES * 7, 1):
        at = put_piece(
            stores=stores, case=case, upload_id=upload, offset=offset, piece=DATA[:PIECE_BYTES]
        )
        assert at.offset == PIECE_BYTES
    assert len(blobs_of(stores, case)) == 1


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", range(1, 8))
def test_stopped_anywhere_it_resumes(stores, step, after):
    """Ended before or after any write to the store, it goes on and the file is there once."""
    case, asked = new_case(stores), Asked()
    broken = BreakingBlobs(stores.blobs, step, after)
    with pytest.raises(Broken):
        _send(Stores(stores.masters, broken), case, asked)
    done = _send(stores, case, asked)
    assert done.original_id is not None and _bytes(stores, case) == DATA
    assert Original.objects.filter(subject_id=case.row.id).count() == 1
    sweep_uploads(stores=stores, at=AT + KEPT_FOR + timedelta(seconds=1))
    assert len(blobs_of(stores, case)) == 1


def test_finished_twice_is_one_file(stores):
    """A sender that did not hear the last answer asks again and gets the same file."""
    case, asked = new_case(stores), Asked()
    first = _send(stores, case, asked)
    assert _send(stores, case, asked) == first and len(asked.rows) == 1


def test_the_same_bytes_under_another_key_are_one_file(stores):
    """The same file sent anew by another device is kept and read once."""
    case, asked = new_case(stores), Asked()
    assert (
        _send(stores, case, asked).original_id == _send(stores, case, asked, key="k2").original_id
    )
    assert len(asked.rows) == 1


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES + 1])
def test_a_piece_of_the_wrong_length_is_refused(stores, size):
    """A piece that is short, long or empty is refused and nothing of it is kept."""
    case = new_case(stores)
    upload = _begin(case).upload_id
    with pytest.raises(InputError):
        put_piece(stores=stores, case=case, upload_id=upload, offset=0, piece=b"x" * size)
    assert not blobs_of(stores, case) and Upload.objects.get(id=upload).received == 0


@pytest.mark.parametrize("length", [-1, 0, LIMITS.file_bytes + 1, 10**15])
def test_impossible_lengths_are_refused(stores, length):
    """Claims of nothing, less than nothing or more than is allowed are refused in a sentence."""
    case = new_case(stores)
    with pytest.raises(InputError):
        begin_upload(case=case, client_key="k", name="x.png", length=length, limits=LIMITS, at=AT)
    assert not Upload.objects.filter(case_id=case.row.id).exists()


def test_begun_uploads_take_their_room(stores):
    """What is on its way in counts: neither number nor size of files can be passed by beginning."""
    case = new_case(stores)
    few = replace(LIMITS, files=2)
    for key in ("a", "b"):
        _begin(case, key=key, limits=few)
    with pytest.raises(InputError):
        _begin(case, key="c", limits=few)
    assert _begin(case, key="a", limits=few).offset == 0
    small = replace(LIMITS, case_bytes=3 * len(DATA) - 1)
    with pytest.raises(InputError):
        _begin(case, key="c", limits=small)


def test_one_key_means_one_file(stores):
    """A key that was given to another file is refused instead of mixing two files."""
    case = new_case(stores)
    _begin(case)
    with pytest.raises(InputError):
        _begin(case, data=DATA[:-1])
    with pytest.raises(InputError):
        _begin(case, name="other.png")


def test_another_case_knows_nothing_of_it(stores):
    """An upload of one case cannot be touched through another."""
    mine, other = new_case(stores), new_case(stores)
    upload = _begin(mine).upload_id
    piece = DATA[:PIECE_BYTES]
    assert put_piece(stores=stores, case=other, upload_id=upload, offset=0, piece=piece) is None
    assert (
        finish_upload(
            stores=stores, case=other, upload_id=upload, limits=LIMITS, ask=Asked(), at=AT
        )
        is None
    )


def test_old_uploads_are_swept(stores):
    """After a day an unfinished upload and its pieces are gone, a younger one and files stay."""
    case, asked = new_case(stores), Asked()
    _send(stores, case, asked)
    at = _begin(case, data=DATA[:-2], key="old")
    put_piece(stores=stores, case=case, upload_id=at.upload_id, offset=0, piece=DATA[:PIECE_BYTES])
    assert sweep_uploads(stores=stores, at=AT + KEPT_FOR) == 0
    assert sweep_uploads(stores=stores, at=AT + KEPT_FOR + timedelta(seconds=1)) == 2
    assert len(blobs_of(stores, case)) == 1 and _bytes(stores, case) == DATA
    assert not Upload.objects.filter(case_id=case.row.id).exists()


def test_names_are_sealed_and_made_safe(stores):
    """A name stands in no plain column, and what could leave its folder is taken out of it."""
    case = new_case(stores)
    begin_upload(
        case=case, client_key="k9", name="../../etc/秘密.png", length=1, limits=LIMITS, at=AT
    )
    row = Upload.objects.get(client_key="k9")
    assert "秘密".encode() not in bytes(row.sealed)
    given = {"stores": stores, "case": case, "upload_id": row.id}
    put_piece(**given, offset=0, piece=b"x")
    finish_upload(**given, limits=LIMITS, ask=Asked(), at=AT)
    (file,) = list_files(case)
    assert file.facts.name == "_.._etc_秘密.png"
