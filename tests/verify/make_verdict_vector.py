"""Writes ``verdict_vector.json``, the worked example of docs/formats/verdict.md.

Run: ``python -m tests.verify.make_verdict_vector``
"""

from __future__ import annotations

from pathlib import Path

from tests.scenarios.pure_half import run_story
from tests.scenarios.scenario_book import stories

from gongdao.disputes.verdict_json import write_verdict

VECTOR = Path(__file__).parent / "verdict_vector.json"


def make_vector() -> bytes:
    """The verdict of the story ``face-too-small``: a fifth of the face value was missing."""
    story = next(one for one in stories() if one.id == "face-too-small")
    verdict = run_story(story).verdict
    assert verdict is not None
    return write_verdict(verdict)


if __name__ == "__main__":
    VECTOR.write_bytes(make_vector())
