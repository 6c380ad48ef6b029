"""The classifier: n-grams in, a probability per label out. The model file is read once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from gongdao.core.codes import Speaker
from gongdao.evidence.chat_lines.features import grams_of, weigh
from gongdao.evidence.chat_lines.label import Label

MODEL_FILE = "model.npz"


@dataclass(frozen=True)
class Model:
    """Columns of n-grams with their idf, and one weight vector and bias per label."""

    index: dict[str, int]
    idf: Any
    weights: Any
    biases: Any
    labels: tuple[Label, ...]
    digest: str
    """SHA-256 of the training lines."""


@cache
def load_model() -> Model:
    """The trained model that ships with the package."""
    import numpy as np

    file = resources.files("gongdao.evidence.chat_lines") / MODEL_FILE
    with resources.as_file(file) as path, np.load(path) as arrays:
        grams = bytes(arrays["grams"]).decode().split("\n")
        return Model(
            {gram: i for i, gram in enumerate(grams)},
            arrays["idf"],
            arrays["weights"],
            arrays["biases"],
            tuple(Label(x) for x in bytes(arrays["labels"]).decode().split("\n")),
            bytes(arrays["digest"]).decode(),
        )


def probabilities(text: str, speaker: Speaker, context: str = "") -> dict[Label, float]:
    """How probable each label is for this line, 0–1, independent of each other."""
    import numpy as np

    model = load_model()
    weights = weigh(grams_of(text, speaker, context), model.index)
    scores = model.biases.astype(np.float64)
    if weights:
        columns = np.fromiter(weights, dtype=np.int64)
        values = np.fromiter(weights.values(), dtype=np.float64) * model.idf[columns]
        values /= math.sqrt(float(values @ values))
        scores = scores + values @ model.weights[columns].astype(np.float64)
    chances = 1.0 / (1.0 + np.exp(-scores))
    return dict(zip(model.labels, chances.tolist(), strict=True))
