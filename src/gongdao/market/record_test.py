"""Keep what the buyer says of the test he made right after the reveal (A16): works, or does not;
and the pictures and recordings that he puts beside it.

What he writes is sealed, since it may hold the secret itself. The public log gets commitments only:
whoever is given the openings can check that this was said, and when. Files are kept as originals
of the order, encrypted under a key of its own; the commitment covers their digests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, BinaryIO
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from gongdao.core.errors import InputError, KeyGone
from gongdao.core.ids import new_id
from gongdao.core.keys import get_key, make_key
from gongdao.core.language import Phrase
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.evidence import sniff as media
from gongdao.evidence.kept.keep_original import keep_original
from gongdao.evidence.kept.models import Original
from gongdao.evidence.kept.open_original import Purpose, Who, open_original
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf
from gongdao.market.market_key import OrderKeys, order_keys
from gongdao.market.models import Order, OrderTest
from gongdao.market.states import OrderState

MOST_TESTS = 5
LONGEST_NOTE = 500
MOST_FILES = 3
"""Beside one telling."""
LARGEST_FILE = 50 * 1024 * 1024
MOST_BYTES = 100 * 1024 * 1024
"""Of all files beside the tests of one order."""
_LONGEST_NAME = 100
_TAKEN = {
    media.PNG: ".png",
    media.JPEG: ".jpg",
    media.WEBP: ".webp",
    media.HEIC: ".heic",
    media.MP4: ".mp4",
    media.MOV: ".mov",
}


@dataclass(frozen=True)
class NewFile:
    """A picture or a recording as the buyer sent it; ``source`` can be read twice."""

    name: str
    source: BinaryIO = field(repr=False)


@dataclass(frozen=True)
class TestedFile:
    """A file that was kept: the name it came under, the ending of what it really is, its digest."""

    name: str
    ending: str
    sha256: str
    size: int
    id: UUID | None = field(default=None, compare=False)
    """Of the original; none before it is kept."""


@dataclass(frozen=True)
class ToldTest:
    """What a buyer tells of his test: whether the secret works, whether the screen was recorded
    (None: not said), and his own words. ``files`` are there in what was kept."""

    works: bool
    recorded: bool | None
    note: str = field(repr=False)
    at: datetime | None = field(default=None, compare=False)
    files: tuple[TestedFile, ...] = ()


@transaction.atomic
def record_test(
    *,
    stores: Stores,
    order_id: UUID,
    result: ToldTest,
    files: Sequence[NewFile] = (),
    at: datetime,
) -> bool:
    """Add ``result`` to the order; the same again changes nothing. False where nothing can be
    tested: not revealed yet, completed or given back already, or told five times.

    Raise InputError for a file that is none (field ``files``): no picture or recording, too large.
    Locks the order's row first, its chain in the log after it, as every verb of the market does.
    """
    order = Order.objects.select_for_update().get(id=order_id)
    if order.state != OrderState.DELIVERED or order.revealed_at is None:
        return False
    keys = order_keys(stores, at)
    told = list(order.tests.order_by("at", "id"))
    if len(files) > MOST_FILES:
        raise InputError(Phrase("一次最多 {most} 个文件。", most=MOST_FILES), field="files")
    result = replace(result, files=tuple(_look_at(one) for one in files))
    if told and _read(keys, told[-1]) == result:
        return True
    if len(told) >= MOST_TESTS:
        return False
    _check_room(order_id, result.files)
    kept = _keep_files(stores, order_id, zip(result.files, files, strict=True), at)
    said: dict[str, Any] = {"note": result.note, "recorded": result.recorded}
    plain = json.dumps(said | ({"files": kept} if kept else {})).encode()
    test_id = new_id(at)
    sealed = keys.seal(test_id, plain)
    OrderTest.objects.create(id=test_id, order=order, works=result.works, sealed=sealed, at=at)
    secret = {"works": result.works, "told": sha256(plain).hexdigest()}
    leaf = NewLeaf("order.tested", order.log_subject, secret=secret)
    append_leaves(stores=stores, leaves=[leaf], at=at)
    return True


def _look_at(file: NewFile) -> TestedFile:
    """What a file really is. Raise InputError where it is neither picture nor recording."""
    data, name = file.source.read(LARGEST_FILE + 1), file.name[-_LONGEST_NAME:]
    if len(data) > LARGEST_FILE:
        most = LARGEST_FILE >> 20
        raise InputError(
            Phrase("“{name}”太大，最多 {most} MB。", name=name, most=most), field="files"
        )
    try:
        ending = _TAKEN.get(media.sniff(data, name))
    except InputError as error:
        said = Phrase("“{name}”：{why}。", name=name, why=error.reason)
        raise InputError(said, field="files", hint=error.hint) from None
    if ending is None:
        raise InputError(Phrase("“{name}”不是图片或录屏。", name=name), field="files")
    return TestedFile(name, ending, sha256(data).hexdigest(), len(data))


def _keep_files(
    stores: Stores, order_id: UUID, files: Iterator[tuple[TestedFile, NewFile]], at: datetime
) -> list[dict[str, Any]]:
    """Keep ``files`` as originals of the order, whose row the caller holds locked."""
    subject, kept = SubjectRef("order", order_id), []
    for looked, file in files:
        try:
            key = get_key(stores=stores, subject=subject)
        except KeyGone:
            key = make_key(stores=stores, subject=subject, at=at)
        original = keep_original(
            stores=stores,
            key=key,
            subject=subject,
            name=looked.name,
            source=file.source,
            at=at,
            max_bytes=LARGEST_FILE,
        ).row
        kept.append(
            {
                "id": str(original.id),
                "name": looked.name,
                "ending": looked.ending,
                "sha256": looked.sha256,
                "size": looked.size,
            }
        )
    return kept


def _check_room(order_id: UUID, files: Sequence[TestedFile]) -> None:
    there = Original.objects.filter(subject_kind="order", subject_id=order_id)
    held = there.aggregate(Sum("size"))["size__sum"] or 0
    if files and held + sum(one.size for one in files) > MOST_BYTES:
        most = MOST_BYTES >> 20
        raise InputError(Phrase("这个订单的文件加起来最多 {most} MB。", most=most), field="files")


def read_tests(*, stores: Stores, order_id: UUID, at: datetime) -> list[ToldTest]:
    """What the buyer told, in the order of telling."""
    keys = order_keys(stores, at)
    rows = OrderTest.objects.filter(order_id=order_id).order_by("at", "id")
    return [_read(keys, row) for row in rows]


def find_kept_files(*, order_id: UUID) -> frozenset[UUID]:
    """Which files of the order's tests are still there; they go when their time is over."""
    rows = Original.objects.filter(subject_kind="order", subject_id=order_id)
    return frozenset(rows.values_list("id", flat=True))


def open_tested_file(
    *, stores: Stores, order_id: UUID, file: TestedFile, who: Who, purpose: Purpose, at: datetime
) -> Iterator[bytes]:
    """The bytes of a file of the order's tests, in chunks; that it was opened is recorded.

    Raise Original.DoesNotExist for one that is another order's, KeyGone where it was erased.
    """
    subject = SubjectRef("order", order_id)
    of_order = Original.objects.filter(subject_kind=subject.kind, subject_id=order_id)
    row = of_order.get(id=str(file.id))
    key = get_key(stores=stores, subject=subject)
    return open_original(stores=stores, key=key, row=row, who=who, purpose=purpose, at=at)


def _read(keys: OrderKeys, row: OrderTest) -> ToldTest:
    plain = json.loads(keys.open(row.id, bytes(row.sealed)))
    files = tuple(
        TestedFile(one["name"], one["ending"], one["sha256"], one["size"], UUID(one["id"]))
        for one in plain.get("files", ())
    )
    return ToldTest(row.works, plain["recorded"], plain["note"], row.at, files)
