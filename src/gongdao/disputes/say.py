"""Words and files in a case: kept sealed, numbered, hashed; and the short answers of one tap.

Words move a case only where the table of steps says so: an answer, a reply, evidence that was asked
for. What comes after a case is closed is kept and marked as late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from uuid import UUID

from django.db import transaction

from gongdao.core.errors import InputError, NotYourMove
from gongdao.core.ids import new_id
from gongdao.core.language import gettext as _
from gongdao.core.stores import Stores
from gongdao.disputes.case_keys import CaseKeys, case_keys
from gongdao.disputes.events import Docket, Party
from gongdao.disputes.facts import Facts, Source
from gongdao.disputes.hold_money import fence_money
from gongdao.disputes.judge import end_without, follow_excuse, keep_facts
from gongdao.disputes.locks import lock_case
from gongdao.disputes.models import Case, Excuse, Exhibit, Offer, OfferAnswer, Post
from gongdao.disputes.queries import appellant_of
from gongdao.disputes.states import Deed, Mover, Outcome, Step
from gongdao.disputes.told_facts import NOTHING_TOLD, Told, facts_told
from gongdao.market.shown import find_shown
from gongdao.rules.dispute_queries import excuse as excuse_rule

LONGEST_WORDS = 4000
MOST_FILES = 10
LARGEST_FILE = 20 * 1024 * 1024
_FEWEST_SIGNS = 10
_EMPTY = ("稍等", "在处理", "处理中", "请耐心等待", "已反馈", "马上", "尽快", "等一下", "收到")
"""What answers nothing: with one of these and little else an answer counts as empty."""
_SOURCES = {Mover.BUYER: Source.BUYER, Mover.MERCHANT: Source.MERCHANT}
_ANSWERS = frozenset({Deed.ANSWER, Deed.CONTEST, Deed.REPLY, Deed.SHOW, Deed.SAY})


@dataclass(frozen=True)
class NewFile:
    """A file that somebody hands in."""

    name: str
    content: bytes = field(repr=False)


def say(
    *,
    stores: Stores,
    case_id: UUID,
    by: Party,
    deed: Deed = Deed.SAY,
    words: str,
    files: Sequence[NewFile] = (),
    told: Told = NOTHING_TOLD,
    at: datetime,
) -> UUID:
    """Add words, and files, to a case; ``deed`` is what they are: SAY, ANSWER, REPLY, CONTEST or
    SHOW; ``told`` is what the fields beside them state. The id of what was kept.

    Raise NotYourMove where that deed is not for ``by`` now, InputError for words or files that
    cannot be taken.
    """
    if deed not in _ANSWERS:
        raise ValueError(f"{deed} is more than words")
    with transaction.atomic():
        case, order = lock_case(case_id)
        docket = Docket(stores, case, order, at, files=len(files))
        _check_side(case, deed, by)
        docket.move(_as_asked(docket, deed), by)
        post = add_post(docket=docket, by=by, words=words, files=files, deed=deed)
        keep_told(docket, told, by)
        fence_money(case=case, order=order, at=at)
        docket.write()
    return post


def _as_asked(docket: Docket, deed: Deed) -> Deed:
    """Evidence that was asked for because of a limit is the recording; with it the merchant is
    heard. Words without a file show nothing, and leave it to the person as any evidence does."""
    case = docket.case
    asked = deed is Deed.SHOW and case.step == Step.BUYER_EVIDENCE.value and docket.files
    # An arbiter who asks has taken the case; only the limit asks in nobody's name.
    return Deed.RECORDED if asked and case.owner_id is None else deed


def keep_told(docket: Docket, told: Told, by: Party) -> None:
    """Keep what a party states as facts of its own; a judgement later weighs them."""
    source = _SOURCES.get(by.side)
    if source is None or not told:
        return
    order = docket.order
    region = find_shown(order.listing_id, order.listing_version).offer.region
    facts = facts_told(told=told, listed_region=region, by=source, at=docket.at)
    if facts:
        keep_facts(docket, Facts(facts))


def _check_side(case: Case, deed: Deed, by: Party) -> None:
    """Evidence and answers are the mover's; words are everybody's."""
    if deed in (Deed.SHOW, Deed.ANSWER, Deed.REPLY, Deed.CONTEST) and case.mover != by.side.value:
        raise NotYourMove


def add_post(
    *,
    docket: Docket,
    by: Party,
    words: str,
    files: Sequence[NewFile],
    deed: Deed = Deed.SAY,
) -> UUID:
    """Keep words and files within a verb that holds the case; its id."""
    _check_words(words, files)
    case, at = docket.case, docket.at
    post_id, keys = new_id(at), case_keys(stores=docket.stores, case=case, at=at)
    kind = "answered" if deed in (Deed.ANSWER, Deed.CONTEST) else "said"
    digests = [sha256(one.content).hexdigest() for one in files]
    told = {"deed": deed.value, "empty": is_empty(words, files), "files": digests}
    docket.note(kind, by, words=sha256(words.encode()).hexdigest(), **told)
    docket.keep()
    Post.objects.create(
        id=post_id,
        case=case,
        by=by.side.value,
        by_id=by.id,
        sealed=keys.seal_words(post_id, words),
        late=case.state == "closed",
        at=at,
    )
    for number, one in enumerate(files, 1):
        _keep_file(docket, keys, post_id, number, one)
    return post_id


def _check_words(words: str, files: Sequence[NewFile]) -> None:
    if not words.strip() and not files:
        raise InputError(_("请写几句话，或附上材料。"), field="words")
    if len(words) > LONGEST_WORDS or "\0" in words:
        raise InputError(_("最多 {most} 个字。").format(most=LONGEST_WORDS), field="words")
    if len(files) > MOST_FILES:
        raise InputError(_("一次最多 {most} 个文件。").format(most=MOST_FILES), field="files")
    for one in files:
        if not one.content or len(one.content) > LARGEST_FILE:
            raise InputError(_("文件“{name}”是空的，或太大。").format(name=one.name), field="files")


def _keep_file(docket: Docket, keys: CaseKeys, post_id: UUID, number: int, file: NewFile) -> None:
    """Encrypt a file into the store: its name there is a keyed digest, so that it tells nothing,
    and the same again lies on itself."""
    exhibit_id, digest = new_id(docket.at), sha256(file.content).digest()
    name = keys.place(digest)
    docket.stores.blobs.put(name, BytesIO(keys.seal(docket.case.id, file.content)))
    Exhibit.objects.create(
        id=exhibit_id,
        post_id=post_id,
        number=number,
        blob=name,
        sha256=digest,
        size=len(file.content),
        sealed_name=keys.seal_words(exhibit_id, file.name),
    )


def is_empty(words: str, files: Sequence[NewFile]) -> bool:
    """Whether an answer answers nothing: no file, and hardly more than a phrase that puts off."""
    if files:
        return False
    rest = words.strip()
    for one in _EMPTY:
        rest = rest.replace(one, "")
    return len(rest.strip("，。！!.… \n")) < _FEWEST_SIGNS


def name_excuse(
    *,
    stores: Stores,
    case_id: UUID,
    by: Party,
    code: str,
    words: str,
    files: Sequence[NewFile] = (),
    at: datetime,
) -> datetime:
    """The merchant names an excuse: it says what it has to show, and moves nothing until then, save
    where records show it already. By when it must be shown. Raise NotYourMove, NotKnown for an
    excuse that the rules do not know."""
    with transaction.atomic():
        case, order = lock_case(case_id)
        rule = excuse_rule(code, case.rules_on)
        docket = Docket(stores, case, order, at)
        if Excuse.objects.filter(case=case, excuse=code).exists():
            raise NotYourMove
        docket.move(Deed.EXCUSE, by)
        assert case.clock_due_at is not None
        due = case.clock_due_at
        docket.note("excused", by, excuse=code, rule=rule.ref, due_at=due.isoformat(), fell=False)
        row_id = new_id(at)
        Excuse.objects.create(
            id=row_id,
            case=case,
            excuse=code,
            by=by.side.value,
            sealed=case_keys(stores=stores, case=case, at=at).seal_words(row_id, words),
            due_at=due,
            at=at,
        )
        add_post(docket=docket, by=by, words=words, files=files)
        follow_excuse(docket)
        docket.write()
    return due


def withdraw(*, stores: Stores, case_id: UUID, by: Party, at: datetime) -> Case:
    """Who complained, or appealed, takes it back; the money goes on as if nothing had been. He may
    complain again."""
    with transaction.atomic():
        case, order = lock_case(case_id)
        docket = Docket(stores, case, order, at)
        if by.side.value != claimant_of(case):
            raise NotYourMove
        appealed = bool(appellant_of(case))
        case.ending = case.ending if appealed and case.ending else Outcome.WITHDRAWN.value
        overtake_offers(docket, by, "withdrawn")
        docket.note("withdrawn", by)
        docket.move(Deed.WITHDRAW, by)
        docket.keep()
        end_without(docket)
        docket.note("closed", outcome=case.outcome)
        docket.write()
    return case


def claimant_of(case: Case) -> str:
    """Whose matter it is: the buyer's, in an appeal his who appealed, wherever it waits."""
    return appellant_of(case) or Mover.BUYER.value


def overtake_offers(docket: Docket, by: Party, answer: str) -> None:
    """Offers that nobody answered end with what happens now."""
    for offer in Offer.objects.filter(case=docket.case, answer__isnull=True):
        OfferAnswer.objects.create(
            offer=offer, answer=answer, by=by.side.value, by_id=by.id, at=docket.at
        )
