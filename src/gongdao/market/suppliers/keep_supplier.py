"""Add a supplier, say what a listing gets from him, and open his adapter."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from gongdao.core.errors import InputError
from gongdao.core.ids import new_id
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.market import models
from gongdao.market.market_key import order_keys
from gongdao.market.suppliers.dujiao_next import DujiaoNext
from gongdao.market.suppliers.port import Supplier
from gongdao.market.suppliers.yrapi import Yrapi
from gongdao.payments.wire import HttpWire, Wire, is_public

KINDS: Mapping[str, Callable[..., Supplier]] = {"yrapi": Yrapi, "dujiao_next": DujiaoNext}
"""The adapters by the name that a supplier's row holds."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_INSIDE = frozenset({"localhost", "local", "internal", "lan", "intranet", "home", "corp", "arpa"})
"""Last parts of names that only a network of one's own knows."""


@dataclass(frozen=True)
class SupplierPlace:
    """Where a supplier is and who we are to him."""

    kind: str
    name: str
    url: str
    account: str
    key: str = field(repr=False)
    vouched: bool = False
    """Whether he was checked to be somebody else than the merchant."""


def add_supplier(
    *, stores: Stores, merchant_id: UUID, place: SupplierPlace, at: datetime, local: bool = False
) -> models.Supplier:
    """Add a supplier of a merchant; raise InputError naming the field. His key is sealed.

    Only TLS to the open internet carries keys. With ``local``, for trying out, plain HTTP on this
    very machine will do.
    """
    if place.kind not in KINDS:
        raise InputError(_("没有这种上游接口。"), field="kind")
    if not place.name.strip():
        raise InputError(_("写一个名称。"), field="name")
    root = _root_of(place.url.strip(), local=local)
    if not place.account.strip() or not place.key.strip():
        raise InputError(_("账号和密钥都要填。"), field="key")
    row = models.Supplier(
        id=new_id(at),
        merchant_id=merchant_id,
        kind=place.kind,
        name=place.name.strip(),
        url=root,
        account=place.account.strip(),
        vouched=place.vouched,
        added_at=at,
    )
    row.sealed = order_keys(stores, at).seal(row.id, place.key.strip().encode())
    row.save(force_insert=True)
    return row


def _root_of(url: str, *, local: bool) -> str:
    """Scheme and host of ``url``; InputError for what is no supplier's address."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise InputError(_("要写成 https://主机 这样的地址。"), field="url") from None
    here = local and _is_local(url)
    whole = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
    if not host or whole or not (parts.scheme == "https" or here):
        raise InputError(_("要写成 https://主机 这样的地址。"), field="url")
    if not here and not _may_be_public(host):
        raise InputError(_("不能用内网或本机的地址。"), field="url")
    return f"{parts.scheme}://{parts.netloc}"


def _is_local(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK


def _may_be_public(host: str) -> bool:
    """False for a number or a name that is never on the open internet. Where a name leads is seen
    only when he is called: `wire_to`."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        name = host.rstrip(".").lower()
        last = name.rpartition(".")[2]
        return "." in name and last not in _INSIDE and not last[:1].isdigit()
    return is_public(host)


def wire_to(row: models.Supplier) -> HttpWire:
    """How to call a supplier: never at an address inside our own network."""
    return HttpWire(public=not _is_local(row.url))


def set_supply(
    *,
    listing_id: UUID,
    supplier: models.Supplier,
    product: str,
    ask: str,
    face: Money,
    most: Money,
) -> models.Supply:
    """Say where the goods of a listing come from; what is under way keeps what it was begun with.

    Raise InputError for a supplier of another merchant.
    """
    listing = models.Listing.objects.get(id=listing_id)
    if listing.merchant_id != supplier.merchant_id:
        raise InputError(_("这不是您的上游。"), field="supplier")
    row, _made = models.Supply.objects.update_or_create(
        listing=listing,
        defaults={
            "supplier": supplier,
            "product": product,
            "ask": ask,
            "face_minor": face.minor,
            "most_minor": most.minor,
            "currency": most.currency,
        },
    )
    return row


def open_supplier(*, stores: Stores, row: models.Supplier, wire: Wire, at: datetime) -> Supplier:
    """The adapter of a supplier, speaking over ``wire``."""
    key = order_keys(stores, at).open(row.id, bytes(row.sealed)).decode()
    return KINDS[row.kind](account=row.account, key=key, url=row.url, wire=wire)
