"""What the buyer says about order, himself and claim; whom he pressed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from gongdao.casework.online.content import CaseContent
from gongdao.casework.online.files import Ask
from gongdao.casework.online.locks import lock_case
from gongdao.casework.online.open_case import OpenCase, change_case
from gongdao.casework.online.prefill import prefill
from gongdao.casework.online.stale import ask_stale, readings_with_rows
from gongdao.core.stores import Stores
from gongdao.evidence.statement import Contact

_SECTIONS = ("order", "buyer", "claim")
Change = Callable[[CaseContent], CaseContent]


def change_and_refill(
    *,
    stores: Stores,
    case: OpenCase,
    change: Change,
    ask: Ask,
    at: datetime,
    version: int | None = None,
) -> OpenCase:
    """Change the content, fill in anew what readings tell and the buyer has not touched, and ask
    for the files that are to be read again because of it: all or nothing.

    Raises StaleCase where the page was made from an older ``version``.
    """
    with transaction.atomic():
        lock_case(case.row.id)
        files = readings_with_rows(case)
        readings = [file.read for file in files if file.read]
        opened = change_case(
            stores=stores,
            case_id=case.row.id,
            change=lambda content: prefill(change(content), readings=readings, as_of=at),
            at=at,
            version=version,
        )
        ask_stale(case=opened, files=files, ask=ask)
        return opened


def state_facts(
    *,
    stores: Stores,
    case: OpenCase,
    values: Mapping[str, Any],
    version: int | None,
    ask: Ask,
    at: datetime,
) -> OpenCase:
    """Set facts by their dotted names (``order.paid``, ``claim.reasons``), values typed as in
    ``Statement``. What is set by the buyer is his: no later reading changes it.

    Raises StaleCase where the page was made from an older ``version``.
    """
    unknown = [name for name in values if name.partition(".")[0] not in _SECTIONS]
    if unknown:
        raise ValueError(f"no such fact: {unknown[0]}")

    def change(content: CaseContent) -> CaseContent:
        statement = content.statement
        for section in _SECTIONS:
            part = getattr(statement, section)
            names = {field.name for field in fields(part)}
            mine = {
                name.partition(".")[2]: value
                for name, value in values.items()
                if name.startswith(f"{section}.")
            }
            if mine.keys() - names:
                raise ValueError(f"no such fact: {section}.{min(mine.keys() - names)}")
            statement = replace(statement, **{section: replace(part, **mine)})
        return replace(content, statement=statement, touched=content.touched | values.keys())

    return change_and_refill(
        stores=stores, case=case, change=change, ask=ask, at=at, version=version
    )


def add_contact(*, stores: Stores, case: OpenCase, contact: Contact, at: datetime) -> OpenCase:
    """Add one time that the buyer pressed somebody; the same contact twice is one."""

    def change(content: CaseContent) -> CaseContent:
        told = content.statement
        contacts = tuple(sorted({*told.contacts, contact}, key=lambda c: (c.at, c.party, c.by)))
        return replace(content, statement=replace(told, contacts=contacts))

    return change_case(stores=stores, case_id=case.row.id, change=change, at=at)


def remove_contact(*, stores: Stores, case: OpenCase, contact: Contact, at: datetime) -> OpenCase:
    """Take back a contact entered by mistake."""

    def change(content: CaseContent) -> CaseContent:
        told = content.statement
        left = tuple(one for one in told.contacts if one != contact)
        return replace(content, statement=replace(told, contacts=left))

    return change_case(stores=stores, case_id=case.row.id, change=change, at=at)
