"""Fill in what the files tell, and only where the buyer has not spoken himself. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime

from gongdao.casework.online.content import CaseContent
from gongdao.casework.start import read_order, suggest_claim
from gongdao.evidence.gather import gather
from gongdao.evidence.read_exhibit import ReadFile
from gongdao.evidence.statement import Claim, ExhibitNote, Order, Statement

ORDER_FIELDS = tuple(f"order.{field.name}" for field in fields(Order))
CLAIM_FIELDS = ("claim.reasons", "claim.demand", "claim.amount")
ALL_FIELDS = frozenset((*ORDER_FIELDS, *CLAIM_FIELDS))
"""Facts that readings may fill in until the buyer touches them."""


def note_file_once(content: CaseContent, note: ExhibitNote) -> CaseContent:
    """Note what a file is in the statement, unless something is noted of it already."""
    if note.file in content.statement.exhibits:
        return content
    notes = {**content.statement.exhibits, note.file: note}
    return replace(content, statement=replace(content.statement, exhibits=notes))


def prefill(content: CaseContent, *, readings: Sequence[ReadFile], as_of: datetime) -> CaseContent:
    """``content`` with order and claim as the files show them, untouched fields only."""
    if content.touched >= ALL_FIELDS:
        return content
    corrections = content.corrections
    bare = gather(statement=Statement(), files=readings, as_of=as_of, corrections=corrections)
    shown = read_order(bare)
    told = content.statement.order
    order = replace(
        told,
        **{
            name.partition(".")[2]: getattr(shown, name.partition(".")[2])
            for name in ORDER_FIELDS
            if name not in content.touched
        },
    )
    mine = replace(content, statement=replace(content.statement, order=order))
    suggested = suggested_claim(mine, readings=readings, as_of=as_of)
    claim: Claim = replace(
        content.statement.claim,
        **{
            name.partition(".")[2]: getattr(suggested, name.partition(".")[2])
            for name in CLAIM_FIELDS
            if name not in content.touched
        },
    )
    return replace(content, statement=replace(content.statement, order=order, claim=claim))


def suggested_claim(
    content: CaseContent, *, readings: Sequence[ReadFile], as_of: datetime
) -> Claim:
    """What the files suggest for the order as it is told, whatever the buyer chose."""
    known = Statement(order=content.statement.order)
    return suggest_claim(
        gather(statement=known, files=readings, as_of=as_of, corrections=content.corrections)
    )
