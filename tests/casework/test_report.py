"""The report: JSON all the way down, codes from the closed lists, language only in sentences."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.casework.case_kit import CASE, make_case, report_folder

from gongdao.casework.words import DEMAND_NAMES, ELEMENT_NAMES, KIND_NAMES, REASON_NAMES, STEP_NAMES
from gongdao.core.codes import Demand, Element, Kind, Reason
from gongdao.core.language import use_language

KEYS = (
    *("version", "as_of", "stages", "elements", "evidence", "admission_quote", "contradictions"),
    *("evasions", "suggestions", "recommended", "channels", "letters", "tone_flags", "warnings"),
    *("facts", "exhibits", "rules", "disclaimer"),
)


@pytest.fixture
def english() -> Iterator[None]:
    """English for one test."""
    use_language("en")
    yield
    use_language("zh")


def _report(root: Path, case: str = CASE) -> dict[str, Any]:
    report = report_folder(make_case(root, case))
    again: dict[str, Any] = json.loads(json.dumps(report, ensure_ascii=False))
    assert again == report
    return again


def test_every_documented_key_is_there(tmp_path: Path) -> None:
    """The keys of the format document are present, also for an empty case."""
    for name, case in (("full", CASE), ("empty", "")):
        report = _report(tmp_path / name, case)
        assert set(KEYS) <= set(report)
        assert set(report["elements"]) == {element.value for element in Element}


def test_codes_do_not_depend_on_the_language(tmp_path: Path, english: None) -> None:
    """English changes sentences; codes, numbers, times and letters stay."""
    root = make_case(tmp_path)
    there = report_folder(root)
    use_language("zh")
    here = report_folder(root)
    for key in ("stages", "elements", "recommended", "facts", "rules", "letters", "exhibits"):
        assert json.dumps(there[key]) == json.dumps(here[key]), key
    assert there["channels"]["open"] == here["channels"]["open"]
    assert there["disclaimer"] != here["disclaimer"]


@pytest.mark.parametrize("reason", list(Reason))
def test_any_single_reason_is_reported(tmp_path: Path, reason: Reason) -> None:
    """A case with any one reason and nothing but a chat gives a whole report."""
    case = CASE.replace('["late_delivery", "invalid_secret"]', f'["{reason.value}"]')
    report = _report(tmp_path, case)
    assert reason.value in report["breaches"]
    assert report["recommended"] or report["against_claim"]


@pytest.mark.parametrize("demand", list(Demand))
def test_any_demand_is_reported(tmp_path: Path, demand: Demand) -> None:
    """Whatever is demanded, the report and its letters can be made."""
    report = _report(tmp_path, CASE.replace('"refund"', f'"{demand.value}"'))
    assert DEMAND_NAMES[demand] in report["case"]["demand"]


def test_every_code_has_a_name(tmp_path: Path) -> None:
    """Nothing a report can name is without a Chinese name."""
    assert set(KIND_NAMES) == set(Kind)
    assert set(REASON_NAMES) == set(Reason)
    assert set(ELEMENT_NAMES) == set(Element)
    report = _report(tmp_path)
    assert set(report["channels"]["states"]) | set(report["recommended"]) <= set(STEP_NAMES)
