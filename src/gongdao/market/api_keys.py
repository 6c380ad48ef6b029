"""Keys of the interface: made for an account, shown once, kept as a digest, revoked at any time."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from gongdao.core.errors import InputError
from gongdao.core.ids import new_id
from gongdao.core.language import gettext as _
from gongdao.market.api_errors import ApiKeyRefused, RequestChanged, ScopeMissing
from gongdao.market.models import ApiAnswer, ApiKey, MerchantMember

LONGEST_NAME = 64
_MARK = "gd_"
_BYTES = 33
_USED_EVERY = timedelta(hours=1)
_BEGIN = """
INSERT INTO market_apianswer (key_id, named, request, status, answer, at)
VALUES (%s, %s, %s, 0, 'null', %s) ON CONFLICT (key_id, named) DO NOTHING RETURNING id
"""
Answer = tuple[int, Any]
"""Status and JSON of an answer."""


class Scope(StrEnum):
    """What a key opens."""

    BUYER = "buyer"
    """Place orders for the account, and everything about its own."""
    LISTINGS = "merchant:listings"
    STOCK = "merchant:stock"
    ORDERS = "merchant:orders"
    DELIVER = "merchant:deliver"
    BALANCE = "merchant:balance"


OF_MERCHANTS = frozenset(Scope) - {Scope.BUYER}


def make_api_key(
    *,
    user_id: UUID,
    merchant_id: UUID | None,
    name: str,
    scopes: Collection[Scope],
    at: datetime,
    ends_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A new key: its row, and the key itself, which cannot be shown again.

    Raise InputError without a name or a scope, or where a merchant's scope has no merchant that the
    account is a member of.
    """
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise InputError(_("给密钥起个名字，最多 {n} 个字。").format(n=LONGEST_NAME), field="name")
    if not scopes:
        raise InputError(_("至少要有一个权限。"), field="scope")
    if OF_MERCHANTS & set(scopes):
        members = MerchantMember.objects.filter(user_id=user_id)
        if merchant_id is None or not members.filter(merchant_id=merchant_id).exists():
            raise InputError(_("这个账号不是该商家的成员。"), field="merchant")
    text = _MARK + secrets.token_urlsafe(_BYTES)
    row = ApiKey.objects.create(
        id=new_id(at),
        user_id=user_id,
        merchant_id=merchant_id if OF_MERCHANTS & set(scopes) else None,
        name=name,
        scopes=" ".join(scope.value for scope in Scope if scope in scopes),
        digest=_digest(text),
        made_at=at,
        ends_at=ends_at,
    )
    return row, text


def open_api_key(*, text: str, scope: Scope, at: datetime) -> ApiKey:
    """The key that ``text`` is, if it opens ``scope`` now. Raise ApiKeyRefused, ScopeMissing.

    A key of a merchant opens nothing once its account has left the merchant.
    """
    member = MerchantMember.objects.filter(
        user_id=OuterRef("user_id"), merchant_id=OuterRef("merchant_id")
    )
    row = (
        ApiKey.objects.filter(digest=_digest(text), revoked_at__isnull=True, user__is_active=True)
        .filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at))
        .filter(Q(merchant__isnull=True) | Exists(member))
        .first()
    )
    if row is None:
        raise ApiKeyRefused
    if scope.value not in row.scopes.split():
        raise ScopeMissing(scope.value)
    if row.used_at is None or at - row.used_at > _USED_EVERY:
        ApiKey.objects.filter(id=row.id).update(used_at=at)
    return row


def revoke_api_key(*, key_id: UUID, at: datetime, user_id: UUID | None = None) -> bool:
    """End a key for good; of this account alone where one is named. False where there is none that
    still holds."""
    found = ApiKey.objects.filter(id=key_id, revoked_at__isnull=True)
    if user_id is not None:
        found = found.filter(user_id=user_id)
    return bool(found.update(revoked_at=at))


def answer_once(
    *, key: ApiKey, named: str, request: bytes, do: Callable[[], Answer], at: datetime
) -> Answer:
    """What ``do`` answers; where the key's request ``named`` was answered before, that answer.

    Deed and answer are one transaction: a second one at the same moment waits for the first.
    ``request`` is the SHA-256 of what was asked. Raise RequestChanged where another was.
    """
    name = sha256(named.encode()).digest()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_BEGIN, (key.id, name, request, at))
            made = cursor.fetchone()
        if made is None:
            kept = ApiAnswer.objects.get(key=key, named=name)
            if bytes(kept.request) != request:
                raise RequestChanged
            return kept.status, kept.answer
        status, answer = do()
        ApiAnswer.objects.filter(id=made[0]).update(status=status, answer=answer)
    return status, answer


def forget_answers(*, before: datetime) -> int:
    """Delete answers from before, for which nobody asks again; how many."""
    return ApiAnswer.objects.filter(at__lt=before).delete()[0]


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "replace")).digest()
