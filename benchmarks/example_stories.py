"""Eight kinds of matter made from the bundled example: what its files say, with another shop,
order, amount and day. The pictures are read once, by OCR; what was read is kept beside the data.

Only words are changed, in the readings as they are stored, so that what a page has to open, judge
and show is what a real case gives it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

from gongdao.casework.folder import load_case_folder
from gongdao.casework.follow.filings import CHANNELS, Filing
from gongdao.core.clock import BEIJING
from gongdao.core.codes import Demand, Outcome, Reason
from gongdao.core.digest import digest_bytes
from gongdao.core.money import Money
from gongdao.evidence.kept.kept_texts import KeptTexts
from gongdao.evidence.kept.reading_json import (
    dump_reading,
    dump_statement,
    load_reading,
    load_statement,
)
from gongdao.evidence.read_exhibit import Reader, ReadFile, read_exhibit
from gongdao.evidence.statement import Claim, Statement

_DAY = date(2026, 11, 2)
_DATES = re.compile(r"2026-(\d\d)-(\d\d)")
_FIRST = ("before/listing.png", "during/order.png", "during/receipt.png")
_BROKEN = ("after/card.png", "after/redeem-fail.png")
_TALK, _TICKET, _LICENCE = "during/chat.txt", "after/ticket.png", "before/licence.png"
SHOPS = ("示例数卡店", "样本点卡行", "示范充值铺", "演示卡券社", "例子数码栈", "样张发卡屋")
GOODS = (
    "某游戏 100 元点卡",
    "某音乐会员年卡",
    "某视频会员季卡",
    "某手游 648 元礼包",
    "话费 100 元",
)


@dataclass(frozen=True)
class Matter:
    """One kind: its files, what the buyer complains of, whether he bought for himself."""

    name: str
    files: tuple[str, ...]
    reasons: tuple[Reason, ...]
    own_use: bool = True


MATTERS = (
    Matter(
        "late, then dead",
        (*_FIRST, _LICENCE, _TALK, *_BROKEN, _TICKET),
        (Reason.LATE_DELIVERY, Reason.INVALID_SECRET),
    ),
    Matter("never delivered", (*_FIRST, _TALK), (Reason.NOT_DELIVERED,)),
    Matter("used before", (*_FIRST, *_BROKEN, _TALK), (Reason.ALREADY_REDEEMED,)),
    Matter("wrong value", (*_FIRST, *_BROKEN), (Reason.WRONG_DENOMINATION,)),
    Matter(
        "test cards", (*_FIRST, *_BROKEN, _TALK, _TICKET), (Reason.TEST_CARD_SOLD_AS_REAL,), False
    ),
    Matter("discount that is none", _FIRST, (Reason.FAKE_DISCOUNT,)),
    Matter("no name given", (*_FIRST, _TALK, _TICKET), (Reason.IDENTITY_WITHHELD,)),
    Matter(
        "cancelled by the merchant",
        (*_FIRST, _LICENCE, _TALK, *_BROKEN, _TICKET, "after/ticket-2.png"),
        (Reason.CANCELLED_BY_MERCHANT, Reason.REFUND_REFUSED),
    ),
)


@dataclass(frozen=True)
class File:
    """One file of a story: its few bytes, its reading and kept texts as they are stored."""

    path: str
    data: bytes
    reading: bytes
    kept_text: bytes


@dataclass(frozen=True)
class Told:
    """A matter of one buyer: what he says, his files, what he filed."""

    statement: Statement
    files: tuple[File, ...]
    filings: tuple[Filing, ...]

    @property
    def readings(self) -> list[ReadFile]:
        """What was read, in the order of paths."""
        return [load_reading(file.reading) for file in sorted(self.files, key=lambda f: f.path)]


@dataclass(frozen=True)
class Example:
    """The bundled example, read: statement, reading and kept texts by path, as stored."""

    statement: str
    readings: Mapping[str, tuple[str, str]]


def read_example(root: Path, kept: Path) -> Example:
    """Read the example at ``root``, by OCR where ``kept`` does not hold it already."""
    if kept.is_file():
        table = json.loads(kept.read_text("utf-8"))
        return Example(table["statement"], {p: (r, k) for p, (r, k) in table["readings"].items()})
    folder = load_case_folder(root)
    readings = {}
    for path in folder.files:
        texts = KeptTexts()
        read = read_exhibit(root=root, path=path, reader=Reader(folder.statement, texts))
        readings[path] = (dump_reading(read).decode(), texts.dump().decode())
    found = Example(dump_statement(folder.statement).decode(), readings)
    table = {"statement": found.statement, "readings": found.readings}
    kept.write_text(json.dumps(table, ensure_ascii=False), "utf-8")
    return found


def tell(
    example: Example, *, matter: Matter, day: date, filings: int, more_files: int, rng: Random
) -> Told:
    """A matter of an order of ``day``, with so many filings and so many files more than its
    kind has; amounts, shop and numbers are drawn."""
    change = _changer(day, rng)
    told = load_statement(change(example.statement).encode())
    demand, amount = Demand.REFUND, told.order.paid
    claim = Claim(matter.reasons, demand, amount)
    buyer = replace(told.buyer, own_use=matter.own_use, province=rng.choice(("浙江省", "广东省")))
    paths = [*matter.files, *(f"after/ticket-more{n}.png" for n in range(more_files))]
    files = tuple(_file(example, path, change, rng) for path in paths)
    notes = {
        path: replace(told.exhibits[_source(path)], file=path, note="买家的说明" * rng.randrange(4))
        for path in paths
    }
    statement = replace(told, buyer=buyer, claim=claim, exhibits=notes)
    return Told(statement, files, _filings(day, filings))


def _changer(day: date, rng: Random) -> _Change:
    price = rng.randrange(1000, 90000, 50)
    paid = price - rng.randrange(0, price // 5, 10)
    return _Change(
        day - _DAY,
        {
            "KM20261102140250017": f"KM{day:%Y%m%d}{rng.randrange(10**8, 10**9)}",
            "2026110222001419830572836641": f"{day:%Y%m%d}{rng.randrange(10**19, 10**20)}",
            "示例数卡店": rng.choice(SHOPS),
            "某游戏 100 元点卡": rng.choice(GOODS),
            "98.00": str(Money(paid)),
            "100.00": str(Money(price)),
            '"minor":9800': f'"minor":{paid}',
            '"minor":10000': f'"minor":{price}',
        },
    )


@dataclass(frozen=True)
class _Change:
    """Changes the words of the example into those of another order."""

    later: timedelta
    words: Mapping[str, str]

    def __call__(self, text: str) -> str:
        for old, new in self.words.items():
            text = text.replace(old, new)
        return _DATES.sub(self._moved, text)

    def _moved(self, found: re.Match[str]) -> str:
        return f"{date(2026, int(found[1]), int(found[2])) + self.later:%Y-%m-%d}"


def _source(path: str) -> str:
    """The file of the example that ``path`` is a copy of."""
    return _TICKET if path.startswith("after/ticket-") else path


def _file(example: Example, path: str, change: _Change, rng: Random) -> File:
    source = _source(path)
    reading, kept = (change(text) for text in example.readings[source])
    data = f"{path} {rng.random()}".encode() * 8
    old, new = json.loads(reading)["reading"]["exhibit"]["digests"], digest_bytes(data)
    for text, other in ((old["sha256"], new.sha256), (old["sm3"], new.sm3)):
        reading, kept = reading.replace(text, other), kept.replace(text, other)
    reading = reading.replace(f'"size":{old["size"]}', f'"size":{new.size}')
    reading = reading.replace(f'"path":"{source}"', f'"path":"{path}"')
    return File(path, data, reading.encode(), kept.encode())


def _filings(day: date, count: int) -> tuple[Filing, ...]:
    """``count`` filings, from the third day after the order on, channel by channel."""
    first = datetime.combine(day, time(10, 30), BEIJING) + timedelta(days=3)
    step = min(timedelta(days=2), timedelta(days=3) / max(1, count))
    found = []
    for number in range(count):
        at = first + number * step
        answered = number % 3 == 1
        found.append(
            Filing(
                channel=CHANNELS[number % len(CHANNELS)],
                filed_at=at,
                number=f"TS{at:%y%m%d}{number:05}",
                note="按页面上的字段逐项填写，附件四份，页面显示已提交。" * (number % 3),
                outcome=Outcome.REFUSED if answered else None,
                outcome_at=at + step / 2 if answered else None,
            )
        )
    return tuple(found)
