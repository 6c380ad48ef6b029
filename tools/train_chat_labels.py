"""Train the chat-line classifier from training/chat_lines and write its model file.

    python tools/train_chat_labels.py [--score GOLD.jsonl]

The lines under training/chat_lines were written for this project. Lines that are scored on never
go in there. Needs scikit-learn (development only); using the model needs numpy alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from gongdao.core.codes import Speaker
from gongdao.evidence.chat_lines.features import grams_of, weigh
from gongdao.evidence.chat_lines.label import Label

ROOT = Path(__file__).resolve().parent.parent
LINES = ROOT / "training" / "chat_lines"
MODEL = ROOT / "src" / "gongdao" / "evidence" / "chat_lines" / "model.npz"
STRENGTH = 60.0
MIN_LINES = 3
"""An n-gram met in fewer lines is dropped: half the size, the same scores on unseen writers."""


def read_lines(folder: Path) -> list[dict[str, Any]]:
    """Every training line of ``folder``, in file order."""
    return [
        json.loads(line)
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]


def digest_lines(folder: Path) -> str:
    """SHA-256 over the training files: the model names it, so that a stale model is noticed."""
    total = hashlib.sha256()
    for path in sorted(folder.glob("*.jsonl")):
        total.update(path.read_bytes())
    return total.hexdigest()


def train(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Fit one logistic regression a label over TF-IDF n-grams; return the model's arrays."""
    from scipy.sparse import csr_matrix  # both take seconds to load, and only this needs them
    from sklearn.linear_model import LogisticRegression

    documents = [
        grams_of(str(line["text"]), Speaker(line["speaker"]), str(line.get("context", "")))
        for line in lines
    ]
    seen = Counter(gram for document in documents for gram in document)
    grams = sorted(gram for gram, n in seen.items() if n >= MIN_LINES)
    index = {gram: i for i, gram in enumerate(grams)}
    idf = np.array([math.log((1 + len(lines)) / (1 + seen[gram])) + 1 for gram in grams])
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    for row, document in enumerate(documents):
        weighed = {c: w * idf[c] for c, w in weigh(document, index).items()}
        norm = math.sqrt(sum(w * w for w in weighed.values())) or 1.0
        for column, weight in weighed.items():
            rows.append(row)
            columns.append(column)
            values.append(weight / norm)
    matrix = csr_matrix((values, (rows, columns)), shape=(len(lines), len(grams)))
    weights, biases = [], []
    for label in Label:
        truth = [label.value in line["labels"] for line in lines]
        fitted = LogisticRegression(C=STRENGTH, max_iter=500).fit(matrix, truth)
        weights.append(fitted.coef_[0])
        biases.append(fitted.intercept_[0])
    return {
        "grams": np.frombuffer("\n".join(grams).encode(), dtype=np.uint8),
        "idf": idf.astype(np.float32),
        "weights": np.array(weights, dtype=np.float16).T.copy(),
        "biases": np.array(biases, dtype=np.float32),
        "labels": np.frombuffer("\n".join(Label).encode(), dtype=np.uint8),
    }


def main() -> None:
    """Train, write the model, say what went in."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    lines = read_lines(LINES)
    arrays = train(lines)
    digest = np.frombuffer(digest_lines(LINES).encode(), dtype=np.uint8)
    np.savez_compressed(MODEL, allow_pickle=False, digest=digest, **arrays)
    print(f"{len(lines)} lines, {len(arrays['idf'])} n-grams, {MODEL.stat().st_size} bytes")


if __name__ == "__main__":
    main()
