"""What is known of an original besides its bytes; sealed beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from gongdao.core.digest import Digests
from gongdao.core.envelope import open_sealed, seal
from gongdao.core.subject import SubjectRef
from gongdao.evidence.kept.models import Original


@dataclass(frozen=True)
class OriginalFacts:
    """``name`` as uploaded; ``path`` its POSIX path in the folder of its subject
    (``during/receipt.png``), empty until a stage was found for it; ``password`` what opens it,
    where the buyer gave one, so that it can be read again."""

    name: str
    path: str
    digests: Digests
    password: str = field(default="", repr=False)


def dump_facts(facts: OriginalFacts) -> bytes:
    """``facts`` as JSON."""
    table: dict[str, Any] = {
        "name": facts.name,
        "path": facts.path,
        "sha256": facts.digests.sha256,
        "sm3": facts.digests.sm3,
        "size": facts.digests.size,
    }
    if facts.password:
        table["password"] = facts.password
    return json.dumps(table, ensure_ascii=False).encode()


def facts_of(*, key: bytes, row: Original) -> OriginalFacts:
    """The facts sealed in ``row``."""
    subject = SubjectRef(row.subject_kind, row.subject_id)
    table = json.loads(open_sealed(key, bytes(row.sealed), subject.aad(f"facts/{row.address}")))
    digests = Digests(table["sha256"], table["sm3"], table["size"])
    return OriginalFacts(table["name"], table["path"], digests, table.get("password", ""))


def set_path(*, key: bytes, row: Original, path: str) -> OriginalFacts:
    """Give the original its path in the folder; the caller holds the lock of the subject."""
    return _change(key, row, path=path)


def set_password(*, key: bytes, row: Original, password: str) -> OriginalFacts:
    """Keep the password that opens the original, sealed like the original itself; the caller
    holds the lock of the subject."""
    return _change(key, row, password=password)


def _change(key: bytes, row: Original, **changes: str) -> OriginalFacts:
    subject = SubjectRef(row.subject_kind, row.subject_id)
    facts = replace(facts_of(key=key, row=row), **changes)  # type: ignore[arg-type]  # texts only
    row.sealed = seal(key, dump_facts(facts), subject.aad(f"facts/{row.address}"))
    row.save(update_fields=["sealed"])
    return facts


def originals_of(subject: SubjectRef) -> list[Original]:
    """All originals of ``subject`` with their readings, oldest first; one query. The texts kept for
    reading again stay in the database until they are asked for."""
    rows = Original.objects.filter(subject_kind=subject.kind, subject_id=subject.id)
    return list(
        rows.select_related("reading").defer("reading__kept_text").order_by("added_at", "id")
    )
