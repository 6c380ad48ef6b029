"""The numbered list of evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.evidence.dossier_kit import (
    FULL,
    ORDER,
    SECRET,
    SILENT,
    Story,
    bill,
    demand_talk,
    failure,
    page,
    receipt,
    row,
)

from gongdao.casework.evidence_list import Listed, list_evidence
from gongdao.core.codes import Payment

BASE = Story(
    reasons=("invalid_secret",), pages=(*FULL, failure()), contacts=SILENT, talks=(demand_talk(),)
)


def listed(**more: Any) -> tuple[Listed, ...]:
    """The list of the usual case with changes."""
    judged = replace(BASE, **more).judged()
    return list_evidence(judged.dossier, judged.closure)


def test_every_exhibit_has_one_number():
    """From 1 in the order of the folder, none left out."""
    found = listed()
    assert [e.no for e in found] == list(range(1, 8))
    assert [e.exhibit for e in found] == [p.path for p in BASE.pages] + ["during/chat.txt"]
    assert [e.stage for e in found] == [
        "before",
        "before",
        "during",
        "during",
        "after",
        "after",
        "during",
    ]


def test_what_an_exhibit_proves_comes_from_the_findings():
    """The test shows the message, the receipt the sum."""
    proves = {e.exhibit: str(e.proves) for e in listed()}
    assert "卡密无效" in proves["after/fail.png"]
    assert "98.00" in proves["during/receipt.png"]
    assert not any(SECRET in text for text in proves.values())


def test_an_exhibit_behind_no_finding_says_what_its_kind_shows():
    """Nothing is left blank."""
    other = page("before/terms.png", "service_terms")
    found = next(e for e in listed(pages=(*BASE.pages, other)) if e.exhibit == other.path)
    assert str(found.proves) == "平台公示的规则"
    assert str(found.source) == "买家在平台网页保存"


def test_copies_are_called_copies():
    """A forwarded receipt is no original."""
    found = {e.exhibit: e.original for e in listed(pages=(receipt(altered=True), *FULL[:3]))}
    assert found["during/receipt.png"] is False
    assert found["before/listing.png"] is True


def test_a_wallet_is_named_as_the_platforms():
    """Paid from the balance: the list comes from the platform."""
    wallet = bill("during/wallet.csv", row("11-02 14:03:21", "98.00"))
    order = replace(ORDER, payment=Payment.BALANCE)
    found = listed(order=order, pages=(wallet,))
    assert str(found[0].source) == "买家从平台余额明细导出"
