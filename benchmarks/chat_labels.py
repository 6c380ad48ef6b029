"""How well chat lines are labelled when the writer of the lines was never trained on.

    python benchmarks/chat_labels.py [--gold LINES.jsonl] [--only NAME …]

For each file of training/chat_lines a model is trained without it and scored on it: macro-F1 over
the labels of that file, and false admissions (lines of merchant or platform that carry none but
are called one). ``--gold`` scores the shipped model on other labelled lines as well.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from gongdao.core.codes import Speaker
from gongdao.evidence.chat_lines import classify
from gongdao.evidence.chat_lines.classify import Model
from gongdao.evidence.chat_lines.label import ADMISSIONS, Label
from gongdao.evidence.chat_lines.label_lines import Line, label_line
from train_chat_labels import LINES, train

Row = dict[str, Any]


def read(path: Path) -> list[Row]:
    """The labelled lines of one file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def as_model(arrays: Row) -> Model:
    """A trained model in the shape that the classifier loads."""
    grams = bytes(arrays["grams"]).decode().split("\n")
    return Model(
        {gram: i for i, gram in enumerate(grams)},
        arrays["idf"],
        arrays["weights"],
        arrays["biases"],
        tuple(Label),
        "",
    )


def macro_f1(gold: Sequence[set[str]], found: Sequence[set[str]]) -> float:
    """Mean F1 over the labels that occur in ``gold``."""
    scores = []
    for label in set().union(*gold):
        pairs = [(label in one, label in two) for one, two in zip(gold, found, strict=True)]
        hits = pairs.count((True, True))
        wrong = pairs.count((True, False)) + pairs.count((False, True))
        scores.append(2 * hits / (2 * hits + wrong))
    return sum(scores) / len(scores)


def score(name: str, rows: list[Row]) -> str:
    """One row of the table: label ``rows`` with the model in use."""
    started = time.perf_counter()
    found = [
        set(label_line(Line(Speaker(r["speaker"]), r["text"], context=r.get("context", ""))))
        for r in rows
    ]
    seconds = time.perf_counter() - started
    gold = [set(row["labels"]) for row in rows]
    sold = [
        (one, two)
        for row, one, two in zip(rows, gold, found, strict=True)
        if row["speaker"] != "buyer"
    ]
    none = [two for one, two in sold if not one & ADMISSIONS]
    some = [two for one, two in sold if one & ADMISSIONS]
    false = sum(bool(two & ADMISSIONS) for two in none)
    seen = sum(bool(two & ADMISSIONS) for two in some)
    said = [{str(label) for label in two} for two in found]
    return (
        f"| {name} | {len(rows)} | {macro_f1(gold, said):.3f} | {false}/{len(none)}"
        f" = {false / max(1, len(none)):.2%} | {seen}/{len(some)}"
        f" | {1000 * seconds / len(rows):.2f} ms |"
    )


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gold", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    args = parser.parse_args()
    print(
        "| left out and scored | lines | macro-F1 | false admissions | admissions seen | a line |"
    )
    print("|---|---|---|---|---|---|")
    if args.gold:
        print(score(f"{args.gold.name} (shipped model)", read(args.gold)), flush=True)
    files = sorted(LINES.glob("*.jsonl"))
    for path in files:
        if args.only and path.stem not in args.only:
            continue
        model = as_model(train([row for other in files if other != path for row in read(other)]))
        with patch.object(classify, "load_model", lambda model=model: model):
            print(score(path.stem, read(path)), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
