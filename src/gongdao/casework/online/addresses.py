"""Where reminders of a case go: added, confirmed with a code that was sent there, removed.

Nothing but one code is sent to an address before whoever holds the case has typed that code, so
that nobody can have reminders sent to somebody else. Which fields an address has, and whether they
fit, is the messengers' business: what comes here was checked.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from gongdao.casework.online.locks import lock_case
from gongdao.casework.online.models import Address
from gongdao.casework.online.open_case import OpenCase
from gongdao.core.attempts import Limit, count_attempt
from gongdao.core.envelope import code_digest, code_fits, derive, open_sealed, same, seal
from gongdao.core.errors import InputError
from gongdao.core.ids import new_id
from gongdao.core.language import Phrase
from gongdao.core.stores import Stores

CODE_LASTS = timedelta(minutes=30)
MOST = 10
CALENDAR = "calendar"
"""The kind of a calendar that fetches the deadlines by itself; see calendar_feed."""
CODES_OF_CASE = Limit("address-codes-of-case", 10, timedelta(hours=1))
CODES_OF_NETWORK = Limit("address-codes-of-network", 20, timedelta(hours=1))
CODES_TO_ADDRESS = Limit("address-codes-to", 5, timedelta(days=1))
TRIES = Limit("address-code-tries", 6, timedelta(minutes=30))


@dataclass(frozen=True)
class KeptAddress:
    """An address of a case. ``fields`` are secret; ``masked`` may be shown."""

    id: UUID
    kind: str
    fields: Mapping[str, str] = field(repr=False)
    added_at: datetime
    code_until: datetime
    confirmed_at: datetime | None

    @property
    def masked(self) -> str:
        """Enough to know it by: ``b***@mail.example``, ``…k3xq``."""
        first = next(iter(self.fields.values()), "")
        name, at, host = first.partition("@")
        return f"{name[:1]}***@{host}" if at else f"…{first[-4:]}"


def addresses_of(case: OpenCase) -> tuple[KeptAddress, ...]:
    """Every address of the case, calendars left out, the first added first; one query."""
    rows = Address.objects.filter(case_id=case.row.id).exclude(kind=CALENDAR)
    return tuple(kept_address(case, row) for row in rows.order_by("added_at", "id"))


def add_address(
    *,
    stores: Stores,
    case: OpenCase,
    kind: str,
    fields: Mapping[str, str],
    network: str,
    at: datetime,
) -> tuple[KeptAddress, str]:
    """Keep an address, not confirmed yet, and the code to be sent there. The same one again, not
    confirmed, gets a new code and the old one ends.

    Raises InputError where it is confirmed already or there are too many, TooManyAttempts where
    too many codes were asked for by this case, this network, or for this address.
    """
    _count(stores, case, kind, fields, network, at)
    with transaction.atomic():
        lock_case(case.row.id)
        known = addresses_of(case)
        old = next((a for a in known if a.kind == kind and a.fields == fields), None)
        if old is not None and old.confirmed_at is not None:
            raise InputError(Phrase("这个地址已经在用了"), field="address")
        if old is None and len(known) >= MOST:
            raise InputError(Phrase("最多 {n} 个地址，请先删掉不用的", n=MOST), field="address")
        address_id = old.id if old else new_id(at)
        code = f"{secrets.randbelow(1_000_000):06}"
        row, _made = Address.objects.update_or_create(
            id=address_id,
            case_id=case.row.id,
            defaults={
                "kind": kind,
                "sealed": seal_fields(case, address_id, fields),
                "code_digest": code_digest(stores.masters.current, f"{address_id}/{code}"),
                "code_until": at + CODE_LASTS,
                "added_at": at,
            },
        )
        return kept_address(case, row), code


def confirm_address(
    *, stores: Stores, case: OpenCase, address_id: UUID, code: str, at: datetime
) -> bool:
    """Confirm the address with the code that was sent there; False where it has gone. Raises
    InputError for a wrong or old code, TooManyAttempts after six wrong ones in half an hour."""
    row = Address.objects.filter(case_id=case.row.id, id=address_id).first()
    if row is None:
        return False
    if row.confirmed_at is not None:
        return True
    count_attempt(stores=stores, limit=TRIES, who=str(address_id), at=at)
    typed = "".join(c for c in unicodedata.normalize("NFKC", code[:40]) if c.isdigit())
    if not code_fits(stores.masters, f"{address_id}/{typed}", bytes(row.code_digest)):
        raise InputError(Phrase("号码不对，请再看一眼收到的消息"), field="code")
    if at > row.code_until:
        raise InputError(Phrase("这个号码过期了，请再要一个"), field="code")
    waiting = Address.objects.filter(id=address_id, confirmed_at__isnull=True)
    waiting.update(confirmed_at=at, code_until=at)
    return True


def remove_address(*, case: OpenCase, address_id: UUID) -> bool:
    """Remove one address; False where there is none. Its reminders are no longer sent."""
    with transaction.atomic():
        lock_case(case.row.id)
        rows = Address.objects.filter(case_id=case.row.id, id=address_id)
        return bool(rows.delete()[0])


def remove_all(*, case: OpenCase) -> int:
    """Remove every address of the case, calendars too, at once; how many there were."""
    with transaction.atomic():
        lock_case(case.row.id)
        return Address.objects.filter(case_id=case.row.id).delete()[0]


def stop_seal(stores: Stores, address_id: UUID) -> str:
    """What proves that a link to stop one address was made here: 32 hexadecimal digits."""
    return _stop_seal(stores.masters.current, address_id)


def find_stoppable(*, stores: Stores, address_id: UUID, seal: str) -> Address | None:
    """The address that such a link stops; None for a link that was not made here, or one whose
    address has gone. A link keeps working when the master key is renewed."""
    fits = [same(_stop_seal(k, address_id).encode(), seal.encode()) for k in stores.masters.keys]
    return Address.objects.filter(id=address_id).first() if any(fits) else None


def seal_fields(case: OpenCase, address_id: UUID, fields: Mapping[str, str]) -> bytes:
    """The ``sealed`` column of an address."""
    data = json.dumps(dict(fields), ensure_ascii=False).encode()
    return seal(case.key, data, case.subject.aad(f"address/{address_id}"))


def kept_address(case: OpenCase, row: Address) -> KeptAddress:
    """A row, opened."""
    aad = case.subject.aad(f"address/{row.id}")
    fields = json.loads(open_sealed(case.key, bytes(row.sealed), aad))
    return KeptAddress(row.id, row.kind, fields, row.added_at, row.code_until, row.confirmed_at)


def _count(
    stores: Stores,
    case: OpenCase,
    kind: str,
    fields: Mapping[str, str],
    network: str,
    at: datetime,
) -> None:
    target = hashlib.sha256(json.dumps([kind, sorted(fields.items())]).casefold().encode())
    for limit, who in (
        (CODES_OF_NETWORK, network),
        (CODES_OF_CASE, str(case.row.id)),
        (CODES_TO_ADDRESS, target.hexdigest()),
    ):
        count_attempt(stores=stores, limit=limit, who=who, at=at)


def _stop_seal(master: bytes, address_id: UUID) -> str:
    key = derive(master, "stop reminders")
    return hmac.digest(key, address_id.bytes, "sha256").hex()[:32]
