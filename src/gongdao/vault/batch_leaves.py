"""What a batch writes into the public log: its root and declared source, never how many secrets."""

from __future__ import annotations

from gongdao.log.new_leaf import NewLeaf
from gongdao.vault.canonical_form import CANON_V
from gongdao.vault.models import Batch


def imported_leaf(row: Batch, listing: str, uses: int) -> NewLeaf:
    """The batch is whole: whoever gets a secret of it can prove that it was in it since then."""
    data: dict[str, str | int] = {
        "canon": CANON_V,
        "root": bytes(row.root or b"").hex(),
        "source": row.source_kind,
        "uses": uses,
    }
    if row.supplier:
        data["supplier"] = row.supplier
    if row.proof_sha256:
        data["proof_sha256"] = bytes(row.proof_sha256).hex()
    if listing:
        data["listing"] = listing
    return NewLeaf("batch.imported", row.log_subject, data, {"count": row.secrets})


def moved_leaf(row: Batch, what: str) -> NewLeaf:
    """The batch was ``quarantined``, ``restored`` or ``withdrawn``; why is said to whom it
    concerns."""
    return NewLeaf(f"batch.{what}", row.log_subject, secret={"reason": row.reason})
