"""Start a case from a few files [C14]: sort them into stages, pre-fill case.toml, suggest reasons.

What is pre-filled is what was *read*; the buyer corrects it. The files are copied byte for byte.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from gongdao.casework.add import place
from gongdao.casework.case_toml import write_case_toml
from gongdao.casework.check import Progress
from gongdao.casework.folder import CASE_FILE, MAX_FILES
from gongdao.casework.write_whole import write_whole
from gongdao.core.codes import Category, Demand, Kind, Payment, Proof, Reason, Speaker
from gongdao.core.digest import digest_file
from gongdao.core.errors import CaseFolderError, InputError
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.evidence.breach.delivery import late_by
from gongdao.evidence.breach.judge import judge_breach
from gongdao.evidence.chat_lines.label import Label
from gongdao.evidence.contradictions import find_contradictions
from gongdao.evidence.dossier import Dossier, Seen, money_of, payments_of, time_of
from gongdao.evidence.gather import gather
from gongdao.evidence.ocr import OcrCache
from gongdao.evidence.promise import read_promise
from gongdao.evidence.read_exhibit import Reader, ReadFile
from gongdao.evidence.reading import Exhibit
from gongdao.evidence.redemption_errors import RedemptionResult, classify_redemption
from gongdao.evidence.statement import Claim, ExhibitNote, Order, Statement

_RESULT_REASON: dict[RedemptionResult, Reason] = {
    RedemptionResult.USED: Reason.ALREADY_REDEEMED,
    RedemptionResult.INVALID: Reason.INVALID_SECRET,
    RedemptionResult.NOT_ACTIVATED: Reason.INVALID_SECRET,
    RedemptionResult.EXPIRED: Reason.INVALID_SECRET,
    RedemptionResult.TEST_CARD: Reason.TEST_CARD_SOLD_AS_REAL,
    RedemptionResult.REGION: Reason.REGION_MISMATCH,
    RedemptionResult.BLOCKED: Reason.RECLAIMED_OR_BANNED,
}


@dataclass(frozen=True)
class Started:
    """A new case folder: where it lies and what was read into case.toml."""

    root: Path
    statement: Statement


def start_case(
    *,
    files: Sequence[Path],
    into: Path,
    as_of: datetime,
    password: str | None = None,
    cache_for: Callable[[Path], OcrCache | None] | None = None,
    progress: Progress | None = None,
) -> Started:
    """Make the case folder ``into`` (it must not exist yet) from ``files``.

    Raises CaseFolderError where the folder is there already, InputError for a file that is not.
    """
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise CaseFolderError(
            _("已经存在"), file=str(into), hint=_("换一个名字，或用 gongdao case add 往里添加。")
        )
    sources = _sources(files)
    with _built_whole(into) as root:
        reader = Reader(Statement(), cache_for(root) if cache_for else None, password)
        placed = []
        for done, path in enumerate(sources):
            if progress:
                progress(path.name, done, len(sources))
            placed.append(place(source=path, root=root, reader=reader))
        order = read_order(gather(statement=Statement(), files=placed, as_of=as_of))
        claim = suggest_claim(gather(statement=Statement(order=order), files=placed, as_of=as_of))
        notes = {file.exhibit.path: note_of(file) for file in placed}
        statement = Statement(order=order, claim=claim, exhibits=notes)
        write_whole(root / CASE_FILE, write_case_toml(statement=statement))
    return Started(into, statement)


def _sources(files: Sequence[Path]) -> list[Path]:
    """The files to take: a folder stands for the files in it, the same bytes count once."""
    found: dict[tuple[str, int], Path] = {}
    for path in files:
        for file in _inside(path) if path.is_dir() else [path]:
            if not file.is_file():
                raise InputError(_("没有这个文件"), file=str(file))
            digests = digest_file(file)
            found.setdefault((digests.sha256, digests.size), file)
    if not found:
        raise InputError(_("没有可用的文件"), file=str(files[0]) if files else None)
    if len(found) > MAX_FILES:
        raise InputError(
            _("证据文件有 {count} 个，最多 {limit} 个").format(count=len(found), limit=MAX_FILES)
        )
    return list(found.values())


def _inside(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))


@contextmanager
def _built_whole(into: Path) -> Iterator[Path]:
    """A folder to build in that becomes ``into`` when all went well, and vanishes otherwise."""
    there = into.is_dir()
    if not there:
        into.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=into if there else into.parent, prefix=".gongdao-start-"))
    try:
        yield part
        part.chmod(0o755)
        if not there:
            os.rename(part, into)
            return
        for child in sorted(part.iterdir(), key=lambda path: path.name == CASE_FILE):
            os.rename(child, into / child.name)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def note_of(file: ReadFile) -> ExhibitNote:
    """What the statement notes of a file that was read: what it is, and from when."""
    exhibit = file.exhibit
    at = exhibit.times[0].at if exhibit.times else None
    kind = None if exhibit.kind is Kind.OTHER else exhibit.kind
    return ExhibitNote(exhibit.path, kind, at)


def read_order(dossier: Dossier) -> Order:
    """The order as the exhibits show it; what none shows stays unknown."""
    paid = payments_of(dossier)
    receipt = next((p for p in paid if p.amount), None)
    page = dossier.first("amount", Kind.ORDER_PAGE)
    amount = receipt.amount if receipt else money_of(page)
    listing = _listing_bought(dossier, amount)

    def text(name: str, *kinds: Kind) -> str:
        seen = dossier.first(name, *kinds)
        return seen.value if seen else ""

    def shown(name: str) -> Seen | None:
        return Seen(listing, listing.fields[name]) if listing and name in listing.fields else None

    merchant = shown("merchant")
    product = text("product", Kind.ORDER_PAGE) or text("product", Kind.LISTING_PAGE)
    promise = shown("promise")
    return Order(
        platform=text("platform") or _find_in_text(_PLATFORM, dossier),
        platform_url=re.sub(r"(?<![:/])/.*", "", text("platform_url")),
        merchant=merchant.value if merchant else text("merchant"),
        payee=text("payee"),
        product=product or text("product"),
        category=_category(product, _all_text(dossier)),
        quantity=_count(text("quantity", Kind.ORDER_PAGE)),
        face_value=money_of(shown("face_value")),
        order_no=_order_number(dossier),
        transaction_no=receipt.transaction_no if receipt else "",
        listed_price=money_of(shown("listed_price")),
        paid=amount,
        ordered_at=time_of(dossier.first("ordered_at", Kind.ORDER_PAGE)),
        paid_at=receipt.at if receipt and receipt.at else time_of(dossier.first("paid_at")),
        payment=_payment(dossier),
        promise=_promise(promise.value) if promise else _promise_said(dossier),
        delivered_at=time_of(dossier.first("delivered_at", Kind.ORDER_PAGE, Kind.CARD_PAGE)),
    )


_PLATFORM = re.compile(
    r"(?:被投诉平台|交易平台|平台名称|网站名称|平台|网站)\s*[:：]\s*([^\s，。；,;:：]{2,20})"
    r"|^([^\s，。；,;:：]{2,16})\s*(?:投诉|服务)?工单"
    r"|(?:被投诉人|商家|店铺)\s*[:：][^（(]{2,24}[（(]([^）)]{2,16}[网站城台盟])[）)]"
)
_NUMBER = re.compile(r"订单(?:编号|号码|号)?\s*[:：]?\s*([A-Za-z0-9][A-Za-z0-9\-]{7,31})")


def _listing_bought(dossier: Dossier, paid: Money | None) -> Exhibit | None:
    """The listing at the price that was paid, where several were saved; else the first."""
    pages = sorted(dossier.of(Kind.LISTING_PAGE), key=lambda exhibit: exhibit.altered)
    for page in pages:
        price = money_of(Seen(page, page.fields["price"])) if "price" in page.fields else None
        if paid and price == paid:
            return page
    return pages[0] if pages else None


def _order_number(dossier: Dossier) -> str:
    """The platform's number: from its own pages, else from what was written to or by it; the
    number a payment service gives is the last resort."""
    for kinds in ((Kind.ORDER_PAGE, Kind.CARD_PAGE), (Kind.COMPLAINT_RECEIPT, Kind.CHAT)):
        seen = dossier.first("order_no", *kinds)
        if seen:
            return seen.value
    return _find_in_text(_NUMBER, dossier) or _common_number(dossier)


def _find_in_text(pattern: re.Pattern[str], dossier: Dossier) -> str:
    """The first match in complaints and chats."""
    for exhibit in dossier.of(Kind.COMPLAINT_RECEIPT, Kind.CHAT):
        texts = [line.text for line in exhibit.lines] + [m.text for m in exhibit.messages]
        for text in texts:
            if match := pattern.search(text):
                return next(group for group in match.groups() if group)
    return ""


def _promise(text: str) -> str:
    """What was promised, the time of delivery first, so that it is what gets counted."""
    clauses = [c for c in re.split(r"[；;]", text) if c]
    timed = next((c for c in clauses if read_promise(c).within is not None), None)
    if timed is None:
        return text
    whole = "；".join([timed, *(c for c in clauses if c != timed)])
    return whole if read_promise(whole).within == read_promise(timed).within else timed


def _promise_said(dossier: Dossier) -> str:
    """A delivery time that the merchant promised in the chat, where no listing was saved."""
    for line in dossier.lines_of(Speaker.MERCHANT):
        text = line.message.text
        if len(text) <= 60 and read_promise(text).within:
            return text
    return ""


def _common_number(dossier: Dossier) -> str:
    counts = Counter(seen.value for seen in dossier.seen("order_no"))
    return counts.most_common(1)[0][0] if counts else ""


def _all_text(dossier: Dossier) -> str:
    return " ".join(line.text for e in dossier.exhibits for line in e.lines[:80])


def _count(text: str) -> int | None:
    digits = re.sub(r"\D", "", text)
    return int(digits) if digits and 0 < int(digits) < 100_000 else None


_CATEGORIES: tuple[tuple[str, Category], ...] = (
    (r"话费|手机充值|流量", Category.PHONE_TOPUP),
    (r"会员|代充|点券|直充|代练|礼包|年卡|月卡|季卡", Category.VIRTUAL_SERVICE),
    (r"卡|cdk|激活码|兑换码", Category.GAME_CARD),
)


def _category(product: str, everything: str) -> Category | None:
    """By the name of the goods; only without one by everything that was read."""
    for text in (product, everything):
        for pattern, category in _CATEGORIES:
            if re.search(pattern, text, re.IGNORECASE):
                return category
    return None


def _payment(dossier: Dossier) -> Payment | None:
    forms = {e.form for e in dossier.exhibits}
    if any(seen.value == "true" for seen in dossier.seen("to_person")):
        return Payment.TRANSFER
    for mark, payment in (
        ("alipay", Payment.ALIPAY),
        ("wechat", Payment.WECHAT),
        ("bank", Payment.BANK_CARD),
        ("wallet", Payment.BALANCE),
    ):
        if any(mark in form for form in forms):
            return payment
    return None


def suggest_claim(dossier: Dossier) -> Claim:
    """Reasons that the evidence suggests, strongest first; the buyer decides."""
    reasons: list[Reason] = []
    for seen in dossier.seen("error", Kind.REDEMPTION_FAILURE, Kind.REDEMPTION_RECORDING):
        reason = _RESULT_REASON.get(classify_redemption(seen.value))
        if reason:
            reasons.append(reason)
    reasons += [reason for reason in _SHOWN if _is_shown(dossier, reason)]
    if dossier.of(Kind.CARRIER_BILL):
        reasons.append(Reason.TOPUP_NOT_CREDITED)
    if _late(dossier):
        reasons.append(Reason.LATE_DELIVERY)
    delivered = dossier.statement.order.delivered_at is not None
    if not delivered and not reasons and dossier.labelled(Label.STATES_NOT_DELIVERED):
        reasons.append(Reason.NOT_DELIVERED)
    reasons += [reason for reason in _CONDUCT if _is_shown(dossier, reason)]
    unique = tuple(dict.fromkeys(reasons))
    amount: Money | None = dossier.statement.order.paid
    return Claim(unique, Demand.REFUND if unique else None, amount if unique else None)


_SHOWN = (
    *(Reason.CANCELLED_BY_MERCHANT, Reason.WRONG_DENOMINATION, Reason.REGION_MISMATCH),
    *(Reason.PARTLY_DELIVERED, Reason.FAKE_DISCOUNT, Reason.HOURS_MISREPRESENTED),
)
_CONDUCT = (Reason.REFUND_REFUSED, Reason.IDENTITY_WITHHELD)


def _is_shown(dossier: Dossier, reason: Reason) -> bool:
    """Whether the exhibits would prove ``reason`` if it were claimed; an admission alone names
    a fault, but not which."""
    statement = replace(dossier.statement, claim=Claim(reasons=(reason,)))
    claimed = replace(dossier, statement=statement)
    judged = judge_breach(claimed, find_contradictions(claimed))
    return any(
        finding.proof is Proof.PROVEN and not finding.code.startswith("admitted")
        for finding in judged[reason].carries
    )


def _late(dossier: Dossier) -> bool:
    late = late_by(dossier)
    return late is not None and late.total_seconds() > 300
