"""What the evidence carries, one sentence at a time, each tied to its exhibits."""

from __future__ import annotations

from dataclasses import dataclass

from gongdao.core.codes import Proof
from gongdao.core.language import Phrase


@dataclass(frozen=True)
class Finding:
    """One thing that exhibits show. ``says`` never holds a card secret or personal data.

    ``proof`` is how well this finding alone carries its point; ``code`` names the point for the
    letters (``delivered_late``, ``issuer_says_used_before`` …)."""

    code: str
    says: Phrase
    exhibits: tuple[str, ...]
    proof: Proof = Proof.PROVEN


@dataclass(frozen=True)
class Judged:
    """How well one point is shown: what carries it and what weakens it."""

    proof: Proof
    carries: tuple[Finding, ...] = ()
    weakens: tuple[Phrase, ...] = ()


@dataclass(frozen=True)
class Contradiction:
    """Statement and exhibit disagree (or the evidence refutes the claim)."""

    what: str
    case: str
    exhibit: str
    exhibit_value: str


def strongest(findings: tuple[Finding, ...]) -> Proof:
    """The best proof among ``findings``; MISSING where there is none."""
    for proof in (Proof.PROVEN, Proof.WEAK):
        if any(finding.proof is proof for finding in findings):
            return proof
    return Proof.MISSING
