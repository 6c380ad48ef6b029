"""Character n-grams of a chat line, the same in training and use. Pure, standard library only."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping

from gongdao.core.codes import Speaker
from gongdao.evidence.chat_lines.concepts import concepts_in

MAX_CHARS = 400
CONCEPT_COUNT = 3
"""A concept weighs as much as an n-gram met three times."""
_LONGEST = 4
_WIDTH = str.maketrans("０１２３４５６７８９，；：（）！？ＡＢＣ", "0123456789,;:()!?ABC")
_SPELLINGS = (
    (re.compile(r"[己巳]"), "已"),
    (re.compile(r"卡米|咔密|卡蜜"), "卡密"),
    (re.compile(r"冲(?=[值了过进不上的完好钱话])|(?<=[没未已给补直])冲"), "充"),
    (re.compile(r"木有|冇|莫得|没得"), "没有"),
    (re.compile(r"\d+"), "0"),
    (re.compile(r"[~～!！。.…\s\U0001F300-\U0001FAFF\u2600-\u27BF]+"), " "),
    (re.compile(r"\[[^\]]{1,6}\]"), " "),
)


def normalise(text: str) -> str:
    """``text`` with common misspellings mended, digits folded to 0, decoration dropped."""
    plain = text[:MAX_CHARS].lower().translate(_WIDTH)
    for pattern, instead in _SPELLINGS:
        plain = pattern.sub(instead, plain)
    return plain.strip()


def grams_of(text: str, speaker: Speaker, context: str = "") -> Counter[str]:
    """Counts of 1- to 4-grams of the line, with marks for who speaks; the line before adds only
    a few coarse marks, prefixed so that they never count as said."""
    line = f"{speaker.value[0]}^{normalise(text)}$"
    counts = Counter(
        line[i : i + n] for n in range(1, _LONGEST + 1) for i in range(len(line) - n + 1)
    )
    side = "b" if speaker is Speaker.BUYER else "s"
    found = concepts_in(line)
    for name in found:
        counts[f"\x01{side}{name}"] = CONCEPT_COUNT
    for i, one in enumerate(found):
        for other in found[i + 1 :]:
            counts[f"\x02{side}{one}+{other}"] = 1
    for mark in _context_marks(context):
        counts[mark] += 1
    return counts


_CONTEXT = (
    ("退", r"退"),
    ("没", r"没(?:收到|到|发|货)|未(?:收到|到账|发)|空的|漏"),
    ("坏", r"无效|用过|使用过|失效|坏|不存在|错误|假卡|测试卡|不能用|用不了"),
    ("错", r"发错|面值|区服|不对|不符|取消|涨价|改价"),
    ("换", r"换|补"),
    ("问", r"[?？吗]"),
)


def _context_marks(context: str) -> list[str]:
    return [f"\x00{name}" for name, pattern in _CONTEXT if context and re.search(pattern, context)]


def weigh(counts: Mapping[str, int], index: Mapping[str, int]) -> dict[int, float]:
    """Sublinear term weights of the known n-grams, by column; inverse document frequency and
    normalisation follow in the model."""
    return {index[gram]: 1.0 + math.log(n) for gram, n in counts.items() if gram in index}
