"""Payees: where a merchant's money goes. Sealed, verified once, in the merchant's own name."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import unicodedata
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from gongdao.core.envelope import derive, open_sealed, seal
from gongdao.core.errors import InputError, PayoutRefused
from gongdao.core.ids import new_id
from gongdao.core.keys import destroy_key, get_key, make_key
from gongdao.core.language import Phrase
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.ledger.decide_payout import PayeeProof, names_match
from gongdao.ledger.models import Payee, Payout
from gongdao.ledger.refusals import said_refusals

_NUMBER = re.compile(r"[0-9A-Za-z@._+-]{4,64}")
_LONGEST = 120


@dataclass(frozen=True)
class PayeeDetails:
    """Whose account it is, at which bank or payment service (``branch`` where one is needed), and
    its number. ``gateway`` names the payment service whose splits arrive there, by our word for it;
    empty for an account that only payouts go to."""

    name: str
    bank: str
    number: str
    branch: str = ""
    gateway: str = ""


def add_payee(*, stores: Stores, merchant: SubjectRef, details: PayeeDetails, at: datetime) -> UUID:
    """Keep an account of ``merchant``, not verified yet; its id. The same number again is the payee
    that is there. Raises InputError for details that cannot be."""
    tidy = _check(details)
    with transaction.atomic():
        found = _same(stores, merchant, tidy)
        if found is not None:
            return found
        payee_id = new_id(at)
        key = make_key(stores=stores, subject=_subject(payee_id), at=at)
        made = Payee(
            id=payee_id,
            owner_kind=merchant.kind,
            owner_id=merchant.id,
            sealed=seal(key, json.dumps(asdict(tidy)).encode(), _subject(payee_id).aad("payee")),
            digest=_digests(stores, merchant, tidy)[0],
            added_at=at,
        )
        Payee.objects.bulk_create([made], ignore_conflicts=True)
        there = _same(stores, merchant, tidy)
        if there is not None and there != payee_id:  # another one was quicker
            destroy_key(subject=_subject(payee_id), at=at)
        return there or payee_id


def _same(stores: Stores, merchant: SubjectRef, wanted: PayeeDetails) -> UUID | None:
    """The payee with this number, if it is the same in all else as well."""
    row = Payee.objects.filter(
        owner_kind=merchant.kind,
        owner_id=merchant.id,
        digest__in=_digests(stores, merchant, wanted),
        retired_at=None,
    ).first()
    if row is None:
        return None
    if open_payee(stores=stores, payee_id=row.id) != wanted:
        raise InputError(Phrase("这个账号已经登记过，户名或开户行不同"), field="number")
    return row.id


def open_payee(*, stores: Stores, payee_id: UUID) -> PayeeDetails:
    """The details in the clear; raise PayoutRefused where there is no such payee, KeyGone where
    it was erased."""
    row = _get(payee_id)
    key = get_key(stores=stores, subject=_subject(payee_id))
    plain = open_sealed(key, bytes(row.sealed), _subject(payee_id).aad("payee"))
    return PayeeDetails(**json.loads(plain))


def verify_payee(
    *,
    stores: Stores,
    payee_id: UUID,
    merchant_name: str,
    proof: PayeeProof,
    by: UUID,
    at: datetime,
) -> bool:
    """Record that ``by`` saw the account proven; raise PayoutRefused unless it is in the merchant's
    own (legal) name. Verified again it stays as first verified, and is False."""
    with said_refusals(), transaction.atomic():
        row = Payee.objects.select_for_update().filter(id=payee_id).first()
        if row is None or row.retired_at is not None:
            raise PayoutRefused(Phrase("没有这个收款账户，或者已经停用。"))
        if not names_match(open_payee(stores=stores, payee_id=payee_id).name, merchant_name):
            raise PayoutRefused(Phrase("收款户名和商户自己的名称不一致，不能核实。"))
        rows = Payee.objects.filter(id=payee_id, verified_at=None)
        return bool(rows.update(verified_at=at, verified_by=by, proof=proof.value))


def retire_payee(*, payee_id: UUID, at: datetime) -> bool:
    """No new payout goes there; False where that had been done before."""
    return bool(Payee.objects.filter(id=payee_id, retired_at=None).update(retired_at=at))


def forget_payees(*, before: datetime, owners: Collection[UUID], at: datetime) -> int:
    """Destroy the key of every account that was retired before, or is of one of ``owners``, and to
    which no payout went since; how many. Nobody can read its name and number any more."""
    used = Payout.objects.filter(payee_id=OuterRef("id")).filter(
        Q(ended_at=None) | Q(ended_at__gte=before)
    )
    rows = Payee.objects.filter(~Exists(used), Q(retired_at__lt=before) | Q(owner_id__in=owners))
    ids = rows.order_by("added_at").values_list("id", flat=True)
    return sum(destroy_key(subject=_subject(one), at=at) for one in ids.iterator(chunk_size=500))


def _get(payee_id: UUID) -> Payee:
    row = Payee.objects.filter(id=payee_id).first()
    if row is None:
        raise PayoutRefused(Phrase("没有这个收款账户，或者已经停用。"))
    return row


def _subject(payee_id: UUID) -> SubjectRef:
    return SubjectRef("payee", payee_id)


def _check(details: PayeeDetails) -> PayeeDetails:
    name, bank, branch = (
        " ".join(unicodedata.normalize("NFKC", text).split())
        for text in (details.name, details.bank, details.branch)
    )
    number = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", details.number))
    for text, field in ((name, "name"), (bank, "bank")):
        if not text:
            raise InputError(Phrase("这一项不能空着"), field=field)
    for text, field in ((name, "name"), (bank, "bank"), (branch, "branch")):
        if len(text) > _LONGEST or not text.isprintable():
            raise InputError(Phrase("太长，或者有不能显示的字符"), field=field)
    if not _NUMBER.fullmatch(number):
        raise InputError(Phrase("账号只能有 4 到 64 个字母、数字和 @ . _ + -"), field="number")
    return PayeeDetails(name, bank, number, branch, details.gateway)


def _digests(stores: Stores, merchant: SubjectRef, details: PayeeDetails) -> list[bytes]:
    """Under each master key, the current one first. Keyed, so that no number can be guessed from
    it, and of one merchant, so that nobody sees that two share an account."""
    return [
        hmac.new(derive(key, "payee"), merchant.aad(details.number), hashlib.sha256).digest()
        for key in stores.masters.keys
    ]
