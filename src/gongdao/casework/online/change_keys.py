"""Replace the code of a case, or its link and code: whoever held them before is shut out.

The new ones are made and shown before they are in force, so that nobody loses his case to an answer
that did not arrive: a proposal can be sent twice, and is then carried out once.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.casework.online.begin_case import digest_link
from gongdao.casework.online.locks import lock_case
from gongdao.casework.online.models import Case
from gongdao.casework.online.open_case import OpenCase, open_row, seal_content, subject_of
from gongdao.core.envelope import code_digest, open_sealed, seal
from gongdao.core.errors import SealedDataError, StaleCase
from gongdao.core.ids import new_code, new_token, tidy_code
from gongdao.core.stores import Stores


@dataclass(frozen=True)
class NewKeys:
    """A link and a code that may replace those of a case; ``sealed`` is what a form carries."""

    link: str = field(repr=False)
    code: str = field(repr=False)
    sealed: str = field(repr=False)


def propose_keys(*, case: OpenCase, new_link: bool) -> NewKeys:
    """A new code, and a new link where that is asked for. Nothing is changed yet; the proposal is
    good until the keys of the case are changed by another one."""
    link, code = new_token() if new_link else case.content.link, new_code()
    table = json.dumps({"link": link, "code": code, "since": _since(case.row)})
    sealed = seal(case.key, table.encode(), _aad(case.row.id))
    return NewKeys(link, code, base64.urlsafe_b64encode(sealed).decode())


def change_keys(*, stores: Stores, case_id: UUID, proposal: str, at: datetime) -> OpenCase:
    """Put the proposal in force: from now on only its link and code open the case, on every device
    anew; shared links stay. Sent again it changes nothing. Raises StaleCase for a proposal of
    another case or from before another change; then nothing is written."""
    with transaction.atomic():
        row = lock_case(case_id)
        opened = open_row(stores=stores, row=row)
        found = _read(opened, proposal)
        if (opened.content.link, opened.content.code) == (found["link"], found["code"]):
            return opened
        if found["since"] != _since(row):
            raise StaleCase
        content = replace(opened.content, link=found["link"], code=found["code"])
        row.link_digest = digest_link(content.link)
        row.code_digest = code_digest(stores.masters.current, tidy_code(content.code))
        row.sealed = seal_content(case_id=row.id, key=opened.key, content=content)
        row.keys_changed_at, row.changed_at = at, at
        row.version += 1
        row.save(
            update_fields=[
                *("link_digest", "code_digest", "sealed"),
                *("keys_changed_at", "changed_at", "version"),
            ]
        )
        return OpenCase(row, content, opened.key)


def _read(case: OpenCase, proposal: str) -> dict[str, str]:
    try:
        sealed = base64.urlsafe_b64decode(proposal.encode())
        plain = open_sealed(case.key, sealed, _aad(case.row.id))
    except (binascii.Error, ValueError, SealedDataError):
        raise StaleCase from None
    return dict(json.loads(plain))


def _since(row: Case) -> str:
    return row.keys_changed_at.isoformat() if row.keys_changed_at else ""


def _aad(case_id: UUID) -> bytes:
    return subject_of(case_id).aad("new-keys")
