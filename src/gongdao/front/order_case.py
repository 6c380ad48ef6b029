"""A market order as a case: a folder with the platform's own records as evidence, on the server by
one click or as a zip for the command line."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from io import BytesIO
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction

from gongdao.casework.case_toml import write_case_toml
from gongdao.casework.folder import CASE_FILE
from gongdao.casework.online.files import Ask, Limits, add_file
from gongdao.casework.online.import_folder import import_folder
from gongdao.casework.online.open_case import OpenCase
from gongdao.core.clock import beijing, say_second
from gongdao.core.codes import Category, Condition, Kind, Payment, Stage
from gongdao.core.language import language, use_language
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.evidence.kept.open_original import Purpose, Who
from gongdao.evidence.statement import ExhibitNote, Statement
from gongdao.evidence.statement import Order as StatedOrder
from gongdao.front import order_records as records
from gongdao.front.dispute_records import dispute_files, is_dispute_record, is_verdict
from gongdao.market.models import ListingVersion, Merchant, Order
from gongdao.market.offer import read_offer
from gongdao.market.record_test import ToldTest, find_kept_files, open_tested_file, read_tests
from gongdao.market.thread import find_thread_of_order, read_thread
from gongdao.payments.models import Intent

LISTING, ORDER, PAYMENT = "before/listing.pdf", "during/order.txt", "during/payment.txt"
HISTORY, TALK, DELIVERY = "during/history.txt", "during/chat.txt", "after/delivery-record.txt"
_KINDS = {
    LISTING: Kind.LISTING_PAGE,
    ORDER: Kind.ORDER_PAGE,
    PAYMENT: Kind.PAYMENT_RECEIPT,
    TALK: Kind.CHAT,
    HISTORY: Kind.OTHER,
    DELIVERY: Kind.OTHER,
}
_SAYS = {
    LISTING: "平台保存的下单时商品页",
    ORDER: "平台订单记录",
    PAYMENT: "平台付款记录",
    TALK: "平台留言记录",
    HISTORY: "平台状态记录和日志证明",
    DELIVERY: "平台交付、查看和试用记录",
}
_PAYMENTS = {"alipay": Payment.ALIPAY, "wechat": Payment.WECHAT, "stripe": Payment.BANK_CARD}


@dataclass(frozen=True)
class OrderCase:
    """What a case folder of the order holds: the statement, and files by path."""

    statement: Statement
    files: dict[str, bytes]
    tested: dict[str, Callable[[], Iterator[bytes]]] = field(default_factory=dict)
    """What the buyer put beside his tests; opened, and recorded as opened, when it is taken."""

    def members(self) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Every file of the folder, case.toml first, for a zip."""
        yield CASE_FILE, [write_case_toml(statement=self.statement).encode()]
        for path, data in self.files.items():
            yield path, [data]
        for path, opened in self.tested.items():
            yield path, opened()


def gather_order_case(
    *, stores: Stores, order: Order, site: str, tested: bool = False, at: datetime
) -> OrderCase:
    """The platform's records of ``order`` as case files, and a statement of what is known; the
    reason is left to the buyer. ``site`` is the address of the pages; ``tested``: with the files
    that the buyer put beside his tests, for himself. Raise SealError."""
    version = ListingVersion.objects.get(listing_id=order.listing_id, number=order.listing_version)
    merchant = Merchant.objects.get(id=order.merchant_id)
    offer = read_offer(version.content)
    tests = read_tests(stores=stores, order_id=order.id, at=at)
    thread = find_thread_of_order(order.id)
    posts = read_thread(stores=stores, thread=thread, at=at) if thread else []
    with _in_chinese():
        texts = {
            ORDER: records.order_text(order=order, title=offer.title, merchant=merchant, at=at),
            PAYMENT: records.payment_text(order=order, merchant=merchant),
            HISTORY: records.history_text(order=order, log=f"{site}/log"),
            TALK: records.talk_text(posts),
            DELIVERY: records.delivery_text(order=order, tests=tests) if order.paid_at else "",
        }
        disputes = dispute_files(stores=stores, order=order, at=at)
        listing = records.listing_pdf(order=order, offer=offer, version=version, merchant=merchant)
    files = {LISTING: listing} | {path: text.encode() for path, text in texts.items() if text}
    files |= disputes
    notes = {path: _note(path, order, at) for path in files}
    shown = dict(_tested_files(stores, order, tests, at)) if tested else {}
    notes |= {path: note for path, (note, _opened) in shown.items()}
    stated = _state(order, version, merchant, site)
    taken = {path: opened for path, (_note, opened) in shown.items()}
    return OrderCase(Statement(order=stated, exhibits=notes), files, taken)


_Tested = tuple[ExhibitNote, Callable[[], Iterator[bytes]]]


def _tested_files(
    stores: Stores, order: Order, tests: Sequence[ToldTest], at: datetime
) -> Iterator[tuple[str, _Tested]]:
    """The files beside the tests by path, each with what is known of it; a file that was put
    beside two tests is there once. When a picture was taken only it can tell."""
    seen, there = set(), find_kept_files(order_id=order.id)
    for number, told in enumerate(tests, 1):
        for place, file in enumerate(told.files, 1):
            if file.sha256 in seen or file.id not in there:
                continue
            seen.add(file.sha256)
            path = f"after/test-{number}-{place}{file.ending}"
            worked = "能用" if told.works else "不能用"
            when = say_second(beijing(told.at or at))
            said = f"买家试用后交来的文件（说{worked}），平台在 {when} 收到"
            opened = partial(
                open_tested_file,
                stores=stores,
                order_id=order.id,
                file=file,
                who=Who.OWNER,
                purpose=Purpose.EXPORT,
                at=at,
            )
            yield path, (ExhibitNote(file=path, note=said), opened)


@contextmanager
def _in_chinese() -> Iterator[None]:
    """Records are Chinese, whoever asks for them."""
    before = language()
    use_language("zh")
    try:
        yield
    finally:
        use_language(before)


def _note(path: str, order: Order, at: datetime) -> ExhibitNote:
    """What the platform says of its own record: first-hand, made at that moment."""
    return ExhibitNote(
        file=path,
        kind=_kind(path),
        captured_at=order.placed_at if path == LISTING else at,
        original=True,
        condition=Condition.ORIGINAL,
        note=_says(path),
    )


def _kind(path: str) -> Kind:
    if is_dispute_record(path):
        return Kind.COMPLAINT_RECEIPT
    return _KINDS.get(path, Kind.OTHER)


def _says(path: str) -> str:
    if is_verdict(path):
        return "平台裁决文件，任何人可以重算"
    return "平台投诉记录：经过、双方的话、决定和执行" if is_dispute_record(path) else _SAYS[path]


def _state(order: Order, version: ListingVersion, merchant: Merchant, site: str) -> StatedOrder:
    offer = read_offer(version.content)
    intent = Intent.objects.filter(owner_kind="order", owner_id=order.id).first()
    paid = order.paid_at is not None
    category = offer.category if offer.category in set(Category) else ""
    return StatedOrder(
        platform=f"公道（{urlsplit(site).netloc}）",
        platform_url=site,
        merchant=merchant.display_name,
        payee=records.company_of(merchant),
        product=offer.title,
        category=Category(category) if category else None,
        quantity=order.quantity,
        order_no=order.number,
        transaction_no=intent.trade_no if intent else "",
        listed_price=offer.compared_price,
        paid=Money(order.total_minor, order.currency) if paid else None,
        ordered_at=order.placed_at,
        paid_at=order.paid_at,
        payment=_PAYMENTS.get(intent.gateway, Payment.OTHER) if intent and paid else None,
        promise=records.promise_words(offer),
        delivered_at=order.delivered_at,
    )


def begin_order_case(
    *,
    stores: Stores,
    made: OrderCase,
    owner_id: UUID | None,
    lang: str,
    ask: Ask,
    scratch: Path,
    at: datetime,
) -> OpenCase:
    """Put the folder onto the server as a new case, all of it or nothing; of the account where one
    is named. ``ask`` asks for its files to be read, ``scratch`` is a private folder."""
    with tempfile.TemporaryDirectory(dir=scratch) as place:
        root = Path(place)
        for path, chunks in made.members():
            full = root / path
            full.parent.mkdir(exist_ok=True)
            with full.open("wb") as file:
                file.writelines(chunks)
        return import_folder(
            stores=stores, root=root, ask=ask, at=at, language=lang, owner_id=owner_id
        )


def add_later_rounds(
    *, stores: Stores, case: OpenCase, order: Order, limits: Limits, ask: Ask, at: datetime
) -> int:
    """Put into a case that was made before what the order's disputes recorded since: each record
    as it is now, beside the older one, and each further verdict; how many files that were. Raise
    InputError where there is no room for one."""
    with _in_chinese():
        files = dispute_files(stores=stores, order=order, at=at)
    with transaction.atomic():
        kept = [
            add_file(
                stores=stores,
                case=case,
                name=PurePosixPath(path).name,
                source=BytesIO(data),
                limits=limits,
                ask=ask,
                at=at,
                stage=Stage.AFTER,
            )
            for path, data in files.items()
        ]
    return sum(not one.already for one in kept)
