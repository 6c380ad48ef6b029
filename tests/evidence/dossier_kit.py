"""Dossiers made by hand: one line for a page, one for a message, so that a story fits a screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from gongdao.channels.recommend import Step, recommend
from gongdao.channels.route import Routes, find_routes
from gongdao.core.clock import BEIJING, parse_iso
from gongdao.core.codes import (
    Category,
    Condition,
    Demand,
    Kind,
    Means,
    Outcome,
    Party,
    Payment,
    Reason,
    Speaker,
)
from gongdao.core.digest import digest_bytes
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.evidence.chat_lines.label import Label
from gongdao.evidence.closure import Closure, check_closure
from gongdao.evidence.deals import Deal
from gongdao.evidence.dossier import Dossier, SaidLine
from gongdao.evidence.evasions import find_evasions
from gongdao.evidence.reading import (
    Basis,
    BillRow,
    Direction,
    Exhibit,
    Field,
    Message,
    Sign,
    TextLine,
)
from gongdao.evidence.statement import Buyer, Claim, Contact, ExhibitNote, Order, Statement
from gongdao.evidence.suggest import suggest

NUMBER = "KM20261102140250017"
SECRET = "KM7Q-2D9X-8H4T-PLW3"
AS_OF = datetime(2026, 11, 20, 10, 0, tzinfo=BEIJING)
USCC = "92990100MA9D7K2L29"
WRONG_USCC = "92990100MA9D7K2L28"
L = Label
BUYER = Buyer(province="浙江省")


def at(text: str) -> datetime:
    """``"11-02 14:03:21"`` in 2026, Beijing time; a full date stands as it is."""
    return parse_iso(text if text[:2] == "20" else f"2026-{text}")


def money(text: str | None) -> Money | None:
    """An amount, or None."""
    return None if text is None else Money.parse(text)


ORDER = Order(
    platform="示例卡盟",
    platform_url="https://kameng.example",
    merchant="示例数卡店",
    product="某游戏 100 元点卡",
    category=Category.GAME_CARD,
    order_no=NUMBER,
    listed_price=Money(10000),
    paid=Money(9800),
    ordered_at=at("11-02 14:02:50"),
    paid_at=at("11-02 14:03:21"),
    payment=Payment.ALIPAY,
    promise="付款后 10 分钟内自动发货",
    delivered_at=at("11-02 14:05:00"),
)


def contact(when: str, party: str, outcome: str, by: str = "ticket") -> Contact:
    """One contact."""
    return Contact(at(when), Party(party), Means(by), Outcome(outcome))


def page(
    path: str,
    kind: str,
    *,
    altered: bool = False,
    form: str = "",
    lines: Sequence[str] = (),
    confidence: float = 0.98,
    **fields: str,
) -> Exhibit:
    """A picture that shows ``fields``; ``altered`` makes it a forwarded copy."""
    shown = lines or tuple(fields.values())
    return Exhibit(
        path,
        digest_bytes(path.encode()),
        "image/png",
        Kind(kind),
        "claimed",
        form=form,
        fields={k: Field(v, confidence, Basis.OCR) for k, v in fields.items()},
        lines=tuple(TextLine(text) for text in shown),
        signs=(Sign(Condition.FORWARDED, Phrase("转发过")),) if altered else (),
    )


def bill(path: str, *rows: BillRow) -> Exhibit:
    """A bill export."""
    return Exhibit(
        path, digest_bytes(path.encode()), "text/csv", Kind.BILL_EXPORT, "claimed", rows=rows
    )


def row(when: str, amount: str, **more: Any) -> BillRow:
    """One row of a bill: money going out unless said otherwise."""
    base = BillRow(
        at(when), Money.parse(amount), Direction.OUT, "", "", "", "", "", "", "", "", "", 1
    )
    return replace(base, **more)


@dataclass(frozen=True)
class Talk:
    """One saved chat: lines of (speaker, when, text, labels)."""

    path: str
    lines: tuple[tuple[str, str, str, frozenset[Label]], ...]


def talk(path: str, *lines: tuple[Any, ...]) -> Talk:
    """A chat; each line is speaker, when, text, then its labels."""
    return Talk(path, tuple((s, w, t, frozenset(labels)) for s, w, t, *labels in lines))


@dataclass(frozen=True)
class Story:
    """A case made by hand; ``dossier`` puts it together."""

    order: Order = ORDER
    reasons: tuple[str, ...] = ("late_delivery",)
    pages: tuple[Exhibit, ...] = ()
    talks: tuple[Talk, ...] = ()
    contacts: tuple[Contact, ...] = ()
    buyer: Buyer = BUYER
    demand: Demand = Demand.REFUND
    amount: str | None = "98.00"
    suspect_fraud: bool = False
    deals: tuple[Deal, ...] = ()
    notes: Mapping[str, ExhibitNote] = field(default_factory=dict)
    as_of: datetime = AS_OF

    def dossier(self) -> Dossier:
        """The dossier of the story."""
        claim = Claim(
            tuple(Reason(r) for r in self.reasons),
            self.demand,
            money(self.amount),
            self.suspect_fraud,
        )
        statement = Statement(self.order, self.buyer, claim, self.contacts, self.notes)
        chats, said = _said(self.talks)
        deals = tuple(("before/deals.csv", deal) for deal in self.deals)
        exhibits = (*self.pages, *chats)
        return Dossier(statement, exhibits, said, deals, self.as_of)

    def judged(self) -> Judged:
        """Everything the core says about the story."""
        dossier = self.dossier()
        closure = check_closure(dossier)
        routes = find_routes(dossier, closure)
        return Judged(dossier, closure, routes, recommend(dossier, closure, routes))


@dataclass(frozen=True)
class Judged:
    """A judged story."""

    dossier: Dossier
    closure: Closure
    routes: Routes
    steps: tuple[Step, ...]

    @property
    def elements(self) -> dict[str, str]:
        """Element codes with their proof; admission with its own word."""
        found = {e.value: j.proof.value for e, j in self.closure.elements.items()}
        return {**found, "admission": self.closure.admission.value}

    @property
    def stages(self) -> dict[str, str]:
        """Stage codes with their state."""
        return {s.value: j.state for s, j in self.closure.stages.items()}

    @property
    def against(self) -> list[tuple[str, str]]:
        """Contradictions as (what, exhibit)."""
        return [(c.what, c.exhibit) for c in self.closure.contradictions]

    @property
    def evasions(self) -> set[str]:
        """Codes of the excuses made."""
        return {e.code for e in find_evasions(self.dossier)}

    @property
    def suggestions(self) -> list[str]:
        """Codes of the suggestions, best first."""
        return [s.code for s in suggest(self.dossier, self.closure)]

    @property
    def next(self) -> list[str]:
        """Codes of what to do next, best first."""
        return [s.code for s in self.steps]


def _said(talks: Sequence[Talk]) -> tuple[tuple[Exhibit, ...], tuple[SaidLine, ...]]:
    chats, said = [], []
    for one in talks:
        messages = [
            Message(Speaker(speaker), speaker, text, at(when) if when else None)
            for speaker, when, text, _labels in one.lines
        ]
        kind = Kind.CHAT if one.path.startswith("during") else Kind.COMPLAINT_RECEIPT
        chats.append(
            Exhibit(
                one.path,
                digest_bytes(one.path.encode()),
                "text/plain",
                kind,
                "claimed",
                messages=tuple(messages),
            )
        )
        said += [
            SaidLine(one.path, message, labels)
            for message, (*_rest, labels) in zip(messages, one.lines, strict=True)
        ]
    return tuple(chats), tuple(said)


def listing(**more: Any) -> Exhibit:
    """The listing of the usual order."""
    fields: dict[str, Any] = {
        "price": "98.00",
        "listed_price": "100.00",
        "promise": "付款后10分钟内自动发货；卡密失效包换",
        "merchant": "示例数卡店",
        "face_value": "100",
    }
    return page("before/listing.png", "listing_page", **{**fields, **more})


def licence(code: str = USCC) -> Exhibit:
    """The shop's licence."""
    return page(
        "before/licence.png",
        "merchant_licence",
        lines=(f"统一社会信用代码：{code}", "名称：示例市数卡网络科技商行"),
        name="示例市数卡网络科技商行",
        uscc=code,
        address="示例省示例市示例路18号",
    )


def order_page(**more: Any) -> Exhibit:
    """The order page of the usual order."""
    fields: dict[str, Any] = {
        "order_no": NUMBER,
        "amount": "98.00",
        "paid_at": "2026-11-02 14:03:21",
        "delivered_at": "2026-11-02 14:05:00",
        "status": "已发货",
        "merchant": "示例数卡店",
    }
    fields |= more
    return page("during/order.png", "order_page", **{k: v for k, v in fields.items() if v})


def receipt(path: str = "during/receipt.png", *, altered: bool = False, **more: Any) -> Exhibit:
    """The receipt of the usual order."""
    fields: dict[str, Any] = {
        "amount": "98.00",
        "paid_at": "2026-11-02 14:03:21",
        "order_no": NUMBER,
        "txn_no": "2026110222001419830572836641",
        "merchant": "示例数卡店",
    }
    fields |= more
    return page(path, "payment_receipt", altered=altered, **{k: v for k, v in fields.items() if v})


def card_page(**more: Any) -> Exhibit:
    """The card page of the usual order."""
    fields: dict[str, Any] = {
        "order_no": NUMBER,
        "secret": SECRET,
        "delivered_at": "2026-11-02 14:05:00",
    } | more
    return page("after/card.png", "card_page", **{k: v for k, v in fields.items() if v})


def failure(error: str = "卡密无效", **more: Any) -> Exhibit:
    """A failed redemption of the usual secret, some minutes after the delivery."""
    fields: dict[str, Any] = {
        "error": error,
        "at": "2026-11-02 14:20:00",
        "secret": SECRET,
        "account": "ex***01",
    }
    fields |= more
    return page("after/fail.png", "redemption_failure", **fields)


def issuer(body: str, **more: Any) -> Exhibit:
    """An issuer's written answer."""
    return page("after/issuer.txt", "issuer_statement", body=body, **more)


def demand_talk(*more: tuple[Any, ...]) -> Talk:
    """A chat in which the buyer demands a refund, and what ``more`` adds."""
    asked = ("buyer", "11-02 15:00:00", "请今天内退款 98 元", L.DEMAND_REFUND)
    return talk("during/chat.txt", asked, *more)


FULL = (listing(), licence(), order_page(), receipt(), card_page())
SILENT = (
    contact("11-02 15:00:00", "merchant", "refused", "chat"),
    contact("11-03 10:00:00", "platform", "no_answer"),
)


def minutes(count: int) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=count)
