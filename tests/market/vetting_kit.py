"""Merchants as a reviewer admits them, for tests."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from uuid import UUID

from tests.market.market_kit import AT

from gongdao.core.ids import new_id
from gongdao.core.models import User
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import AccountKind
from gongdao.market.accounts import open_platform_accounts, platform_account
from gongdao.market.admit_merchant import Application, NewPaper, admit_merchant
from gongdao.market.pay_deposit import pay_deposit
from gongdao.market.prove_contact import begin_proof, prove_contact
from gongdao.market.staff import Actor
from gongdao.market.states import PaperKind

USCC = "91110000600037341L"
IDENTITY = "360426199101010071"
CONTACT = "shop@example.invalid"


def reviewer(mail: str = "reviewer@example.invalid") -> Actor:
    """Somebody of the staff."""
    user, _ = User.objects.get_or_create(email=mail, defaults={"id": new_id(AT), "joined_at": AT})
    return Actor(user.id, user.email)


def proof(contact: str = CONTACT, at=AT) -> UUID:
    """A contact that was proven."""
    begun = begin_proof(stores=get_stores(), contact=contact, by=reviewer().id, at=at)
    prove_contact(stores=get_stores(), proof_id=begun.id, code=begun.code, at=at)
    return begun.id


def paper(kind=PaperKind.LICENCE, text=b"a licence", brand="", until=None) -> NewPaper:
    """A paper with these bytes."""
    return NewPaper(kind, "paper.png", BytesIO(text), brand, until)


def application(**more) -> Application:
    """A company with a licence and one brand; fields of ``more`` replace ours."""
    given = {
        "display_name": "晨光点卡",
        "legal_name": "晨光网络有限公司",
        "licence": paper(until=date(2030, 1, 1)),
        "uscc": USCC,
        "papers": [paper(PaperKind.AUTHORIZATION, b"an authorization", "星海游戏")],
        **more,
    }
    return Application(proof=given.pop("proof", None) or proof(), **given)


def admit(**more):
    """An admitted merchant, without deposit and without accepted terms."""
    open_platform_accounts(gateways=[], at=AT)
    return admit_merchant(
        stores=get_stores(),
        application=application(**more),
        reason="对照过执照原件和授权书",
        by=reviewer(),
        at=AT,
    )


def deposit(merchant, amount, reference="B1") -> bool:
    """A deposit that came in at the bank."""
    return pay_deposit(
        merchant_id=merchant.id,
        amount=amount,
        source=platform_account(AccountKind.OUTSIDE),
        reference=reference,
        at=AT,
    )
