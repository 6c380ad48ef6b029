"""Admit a merchant (A1): checked whole, sealed, decided by a named reviewer with a reason."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, BinaryIO
from uuid import UUID

from django.db import IntegrityError, transaction

from gongdao.core.clock import beijing
from gongdao.core.envelope import open_sealed, seal
from gongdao.core.errors import InputError
from gongdao.core.ids import new_id
from gongdao.core.keys import get_key, make_key
from gongdao.core.language import Phrase
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.evidence.identities import check_uscc
from gongdao.evidence.kept.keep_original import keep_original
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf, new_subject
from gongdao.market.accounts import open_merchant_accounts
from gongdao.market.models import Merchant
from gongdao.market.prove_contact import use_proof
from gongdao.market.staff import Actor, check_reason, note_deed
from gongdao.market.states import PaperKind
from gongdao.market.vetting_models import MerchantPaper

_LONGEST_NAME = 64
_LONGEST_LEGAL = 128
LARGEST_PAPER = 20 * 1024 * 1024
"""In bytes."""


@dataclass(frozen=True)
class NewPaper:
    """A paper as it was handed in. ``until``: its last day, where it says one."""

    kind: PaperKind
    name: str
    source: BinaryIO = field(repr=False)
    brand: str = ""
    until: date | None = None


@dataclass(frozen=True)
class Application:
    """What a merchant showed. ``uscc`` of a company, or a person's ``identity`` number; ``proof``
    names the proven contact; ``licence`` is the licence, or a person's identity document."""

    display_name: str
    legal_name: str
    proof: UUID
    licence: NewPaper
    uscc: str = ""
    identity: str = field(default="", repr=False)
    papers: Sequence[NewPaper] = ()


def admit_merchant(
    *, stores: Stores, application: Application, reason: str, by: Actor, at: datetime
) -> Merchant:
    """Admit him; raise InputError naming the field, and then nothing is kept. ``by`` is the
    reviewer, who has an account."""
    tidy = _check(application, at)
    reason = check_reason(reason)
    try:
        with transaction.atomic():
            return _admit(stores, tidy, reason, by, at)
    except IntegrityError as error:
        if "display_name" not in str(error):
            raise
        raise InputError(Phrase("已经有一个商家叫这个名字。"), field="display_name") from None


def _admit(
    stores: Stores, application: Application, reason: str, by: Actor, at: datetime
) -> Merchant:
    contact, proven_at = use_proof(stores=stores, proof_id=application.proof, at=at)
    merchant_id = new_id(at)
    subject = SubjectRef("merchant", merchant_id)
    key = make_key(stores=stores, subject=subject, at=at)
    told = {"contact": contact, "identity": application.identity}
    assert by.id is not None
    merchant = Merchant(
        id=merchant_id,
        display_name=application.display_name,
        legal_name=application.legal_name,
        uscc=application.uscc,
        sealed=seal(key, json.dumps(told).encode(), subject.aad("merchant")),
        contact_proven_at=proven_at,
        licence_until=application.licence.until,
        reason=reason,
        reviewer_id=by.id,
        reviewed_at=at,
        admitted_at=at,
        log_subject=new_subject("merchant"),
    )
    kept = _keep(stores, key, subject, application.licence, at)
    merchant.licence_address = kept.address
    merchant.save(force_insert=True)
    _note_paper(merchant, application.licence, kept.id, by, at)
    for paper in application.papers:
        row = _keep(stores, key, subject, paper, at)
        _note_paper(merchant, paper, row.id, by, at)
    open_merchant_accounts(merchant_id=merchant_id, at=at)
    note_deed(
        by=by, deed="merchant.admit", about=("merchant", str(merchant_id)), reason=reason, at=at
    )
    leaf = NewLeaf(
        "merchant.admitted",
        merchant.log_subject,
        secret={"name": merchant.legal_name, "code": merchant.uscc, "reason": reason},
    )
    append_leaves(stores=stores, leaves=[leaf], at=at)
    return merchant


@transaction.atomic
def add_paper(
    *, stores: Stores, merchant: Merchant, paper: NewPaper, by: Actor, at: datetime
) -> MerchantPaper:
    """Keep one more paper of a merchant: for another brand, or in the place of one that runs out.
    A new licence sets its last day."""
    _check_paper(paper, at, "papers")
    subject = SubjectRef("merchant", merchant.id)
    key = get_key(stores=stores, subject=subject)
    kept = _keep(stores, key, subject, paper, at)
    row = _note_paper(merchant, paper, kept.id, by, at)
    if paper.kind in (PaperKind.LICENCE, PaperKind.IDENTITY):
        merchant.licence_address, merchant.licence_until = kept.address, paper.until
        merchant.save(update_fields=["licence_address", "licence_until"])
    about = ("merchant", str(merchant.id))
    note_deed(by=by, deed="merchant.paper", about=about, reason=paper.brand, at=at)
    return row


@dataclass(frozen=True)
class MerchantDetails:
    """What is sealed of a merchant."""

    contact: str
    identity: str = field(repr=False)


def open_merchant(*, stores: Stores, merchant: Merchant) -> MerchantDetails:
    """What is sealed, in the clear; empty for a merchant of whom nothing is."""
    if not merchant.sealed:
        return MerchantDetails("", "")
    subject = SubjectRef("merchant", merchant.id)
    key = get_key(stores=stores, subject=subject)
    plain = open_sealed(key, bytes(merchant.sealed), subject.aad("merchant"))
    return MerchantDetails(**json.loads(plain))


def _keep(stores: Stores, key: bytes, subject: SubjectRef, paper: NewPaper, at: datetime) -> Any:
    return keep_original(
        stores=stores,
        key=key,
        subject=subject,
        name=paper.name,
        source=paper.source,
        at=at,
        max_bytes=LARGEST_PAPER,
    ).row


def _note_paper(
    merchant: Merchant, paper: NewPaper, original: UUID, by: Actor, at: datetime
) -> MerchantPaper:
    assert by.id is not None
    return MerchantPaper.objects.create(
        id=new_id(at),
        merchant=merchant,
        kind=paper.kind.value,
        brand=paper.brand.strip(),
        original_id=original,
        until=paper.until,
        added_at=at,
        added_by=by.id,
    )


def _check(given: Application, at: datetime) -> Application:
    display, legal = _name(given.display_name), _name(given.legal_name)
    for text, name, most in (
        (display, "display_name", _LONGEST_NAME),
        (legal, "legal_name", _LONGEST_LEGAL),
    ):
        if not text:
            raise InputError(Phrase("这一项不能空着"), field=name)
        if len(text) > most or not text.isprintable():
            raise InputError(Phrase("太长，或者有不能显示的字符"), field=name)
    uscc, identity = _code(given.uscc), _code(given.identity)
    if bool(uscc) == bool(identity):
        raise InputError(Phrase("公司填统一社会信用代码，个人填身份证号，二者填一项"), field="uscc")
    if uscc and not check_uscc(uscc):
        raise InputError(Phrase("统一社会信用代码的校验位不对，请对照执照再看一遍"), field="uscc")
    if identity and not check_identity(identity):
        raise InputError(Phrase("身份证号的校验位不对，请对照证件再看一遍"), field="identity")
    if not given.papers:
        raise InputError(Phrase("至少一个品牌的授权或进货凭证"), field="papers")
    _check_paper(given.licence, at, "licence")
    for paper in given.papers:
        _check_paper(paper, at, "papers")
    return Application(
        display, legal, given.proof, given.licence, uscc, identity, tuple(given.papers)
    )


def check_identity(number: str) -> bool:
    """Whether a person's identity number has the right form and check digit (GB 11643)."""
    from stdnum.cn import ric

    return bool(ric.is_valid(number))


def _check_paper(paper: NewPaper, at: datetime, field_name: str) -> None:
    if paper.until is not None and paper.until < beijing(at).date():
        raise InputError(Phrase("这份材料已经过期"), field=field_name)
    proves_brand = paper.kind in (PaperKind.AUTHORIZATION, PaperKind.PURCHASE)
    if proves_brand and not paper.brand.strip():
        raise InputError(Phrase("写明是哪个品牌"), field=field_name)


def _name(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _code(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).upper().split())
