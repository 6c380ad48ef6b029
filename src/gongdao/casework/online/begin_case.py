"""Begin a case: a row, its own key, a private link and a code. Nobody has to sign in."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.casework.online.content import CaseContent
from gongdao.casework.online.models import Case
from gongdao.casework.online.open_case import OpenCase, seal_content, subject_of
from gongdao.core.envelope import code_digest
from gongdao.core.ids import new_code, new_id, new_token, tidy_code
from gongdao.core.keys import make_key
from gongdao.core.stores import Stores
from gongdao.evidence.statement import Statement


def begin_case(
    *,
    stores: Stores,
    at: datetime,
    language: str = "zh",
    owner_id: UUID | None = None,
    before_buying: bool = False,
    statement: Statement | None = None,
    example: bool = False,
    notes: tuple[str, ...] = (),
) -> OpenCase:
    """A new, empty case (or one with ``statement``)."""
    case_id, link, code = new_id(at), new_token(), new_code()
    content = CaseContent(link=link, code=code, statement=statement or Statement(), notes=notes)
    with transaction.atomic():
        key = make_key(stores=stores, subject=subject_of(case_id), at=at)
        row = Case.objects.create(
            id=case_id,
            link_digest=digest_link(link),
            code_digest=code_digest(stores.masters.current, tidy_code(code)),
            owner_id=owner_id,
            language=language,
            before_buying=before_buying,
            example=example,
            sealed=seal_content(case_id=case_id, key=key, content=content),
            begun_at=at,
            changed_at=at,
            seen_at=at,
        )
    return OpenCase(row, content, key)


def digest_link(link: str) -> bytes:
    """What is kept of a private link: its SHA-256. The link has 130 random bits, so no more is
    needed."""
    return hashlib.sha256(link.encode()).digest()
