"""Very long chats: what is judged of them is bounded, and the part that matters."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evidence.dossier_kit import AS_OF, ORDER, SILENT, Story

from gongdao.casework.check import judge_case
from gongdao.casework.report import report_case
from gongdao.core.codes import Admission, Kind, Speaker
from gongdao.core.digest import digest_bytes
from gongdao.evidence import bound_talks as bounds
from gongdao.evidence.bound_talks import MOST_CHARACTERS, MOST_MESSAGES, bound_talks
from gongdao.evidence.gather import gather
from gongdao.evidence.read_exhibit import ReadFile
from gongdao.evidence.reading import Exhibit, Message
from gongdao.evidence.statement import Order, Statement

TOLD = Story(reasons=("invalid_secret",)).dossier().statement
PLACED = ORDER.ordered_at
ADMISSION = "抱歉，这张卡密确实是被用过的，是我们发错了"
assert PLACED is not None


def chat(path: str, *messages: Message) -> Exhibit:
    """A saved chat."""
    return Exhibit(
        path, digest_bytes(path.encode()), "text/plain", Kind.CHAT, "read", messages=messages
    )


def said(text: str, at: datetime | None, speaker: Speaker = Speaker.MERCHANT) -> Message:
    """One message."""
    return Message(speaker, speaker.value, text, at)


def years(count: int = 20_000, *, every: int = 60) -> list[Message]:
    """Small talk, a line every so many minutes; the order lies at a quarter of it."""
    start = PLACED - timedelta(minutes=every * (count // 4))
    sides = (Speaker.BUYER, Speaker.MERCHANT)
    return [
        said(f"早上好 {n}", start + timedelta(minutes=every * n), sides[n % 2])
        for n in range(count)
    ]


def texts(exhibits: tuple[Exhibit, ...]) -> list[str]:
    """What is left, in the order of files."""
    return [m.text for e in exhibits for m in e.messages]


def test_the_part_near_the_order_and_the_newest_are_judged():
    """Of 20,000 messages two thousand are judged: around the order, and the last ones."""
    talk = years()
    (kept,) = bound_talks(exhibits=[chat("during/c.txt", *talk)], statement=TOLD)
    assert len(kept.messages) == MOST_MESSAGES
    assert kept.left_out == len(talk) - MOST_MESSAGES
    assert list(kept.messages) == [m for m in talk if m in set(kept.messages)]
    near = [m for m in talk if abs(m.at - PLACED) <= timedelta(days=30)]
    assert len(near) > 1_000
    assert set(near) <= set(kept.messages)
    assert talk[-400:] == list(kept.messages[-400:])
    assert talk[12_000] not in kept.messages


def test_what_a_contact_brought_is_judged():
    """The messages around a contact long after the order are among those judged."""
    talk = years(every=5)
    when = talk[12_000].at
    pressed = replace(SILENT[0], at=when, outcome_at=None)
    (kept,) = bound_talks(
        exhibits=[chat("during/c.txt", *talk)], statement=replace(TOLD, contacts=(pressed,))
    )
    assert set(talk[11_900:12_100]) <= set(kept.messages)
    (without,) = bound_talks(exhibits=[chat("during/c.txt", *talk)], statement=TOLD)
    assert talk[12_000] not in without.messages


def test_an_admission_in_a_long_chat_is_found_and_the_report_says_what_was_left_out():
    """An admission an hour after the order counts; the whole length stays known."""
    talk = years(6_000)
    place = 6_000 // 4 + 1
    talk[place] = replace(talk[place], text=ADMISSION, speaker=Speaker.MERCHANT)
    read = ReadFile(chat("during/c.txt", *talk))
    dossier = gather(statement=TOLD, files=[read], as_of=AS_OF)
    judged = judge_case(dossier)
    assert len(dossier.said) == MOST_MESSAGES
    assert judged.closure.admission is Admission.EXPLICIT
    assert judged.closure.admission_line.message.text == ADMISSION
    report = report_case(judged, notes=())
    assert report["exhibits"]["during/c.txt"]["messages"] == 6_000
    assert any("6000" in w and "2000" in w for w in report["warnings"])


def test_the_same_part_is_judged_whatever_the_order_of_files():
    """Files in another order, and a second look, give the same messages."""
    talk = years(5_000)
    random.Random(4).shuffle(talk)
    files = [chat(f"during/{n}.txt", *talk[n * 1_000 : n * 1_000 + 1_000]) for n in range(5)]
    first = {e.path: e for e in bound_talks(exhibits=files, statement=TOLD)}
    assert {e.path: e for e in bound_talks(exhibits=files[::-1], statement=TOLD)} == first
    assert sum(len(e.messages) for e in first.values()) == MOST_MESSAGES


def test_a_picture_of_a_chat_without_times_is_judged_beside_a_long_chat():
    """Ten lines without a time are not crowded out by twenty thousand with one."""
    picture = chat("during/a.png", *(said(f"截图里的话 {n}", None) for n in range(10)))
    kept = bound_talks(exhibits=[chat("during/c.txt", *years()), picture], statement=TOLD)
    assert kept[1] == picture


def test_without_times_of_the_case_the_newest_are_judged():
    """A case of which nothing is known yet has the end of the chat."""
    talk = years(5_000)
    (kept,) = bound_talks(exhibits=[chat("c.txt", *talk)], statement=Statement(order=Order()))
    assert list(kept.messages) == talk[-MOST_MESSAGES:]


def test_a_long_text_does_not_push_out_the_others():
    """A message beyond the bound of characters is left out alone."""
    talk = years(50)
    talk[20] = replace(talk[20], text="长" * (MOST_CHARACTERS + 1))
    (kept,) = bound_talks(exhibits=[chat("c.txt", *talk)], statement=TOLD)
    assert kept.left_out == 1
    assert len(kept.messages) == 49


MOMENTS = st.none() | st.integers(-900, 900).map(lambda n: PLACED + timedelta(hours=n))
TALKS = st.lists(st.lists(st.tuples(MOMENTS, st.text(max_size=12)), max_size=30), max_size=5)


@settings(deadline=None, max_examples=60)
@given(TALKS)
def test_short_chats_stay_as_they_are(talks):
    """A case within the bounds is judged whole, message for message."""
    files = tuple(chat(f"{n}.txt", *(said(t, at) for at, t in one)) for n, one in enumerate(talks))
    assert bound_talks(exhibits=files, statement=TOLD) == files


@settings(deadline=None, max_examples=60)
@given(TALKS, st.integers(1, 40), st.integers(1, 200))
def test_the_bounds_hold(talks, messages, characters):
    """Whatever the chats, no more is judged than the bounds allow, and nothing goes uncounted."""
    files = tuple(chat(f"{n}.txt", *(said(t, at) for at, t in one)) for n, one in enumerate(talks))
    old = bounds.MOST_MESSAGES, bounds.MOST_CHARACTERS
    bounds.MOST_MESSAGES, bounds.MOST_CHARACTERS = messages, characters
    try:
        kept = bound_talks(exhibits=files, statement=TOLD)
    finally:
        bounds.MOST_MESSAGES, bounds.MOST_CHARACTERS = old
    assert len(texts(kept)) <= messages
    assert sum(map(len, texts(kept))) <= characters
    assert [len(e.messages) + e.left_out for e in kept] == [len(e.messages) for e in files]
