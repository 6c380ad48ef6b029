"""Rules above the classifier: what can be no admission, whatever the words sound like. Pure.

Each guard only ever takes labels away or settles the unsure; the order of harm decides: a false
admission puts words into somebody's mouth, a missed one costs a question more.
"""

from __future__ import annotations

import re

from gongdao.core.codes import Speaker
from gongdao.evidence.chat_lines.label import ADMISSIONS, ALONE, Label

_HYPOTHESIS = re.compile(
    r"如果|要是|假如|假设|倘若|万一|若(?:是|真|确|无|有)?|除非|的话|真(?:是|有|的是)?[^，。]{0,12}[的话就会肯定一定]+|"
    r"(?:查实|属实|核实|确认|证实|查出来|检测出)[^，。]{0,8}(?:了|后|的)?(?:再|就|才|会|可以|肯定|一定)|才(?:能|会|可以)"
)
_QUESTION = re.compile(r"[?？]\s*$|[吗嘛么]\s*[?？~。]*$|是不是|是否|有没有|对吗|对不对|吧[?？]")
_QUOTED = re.compile(r"[“\"「『‘'][^”\"」』’']{1,30}[”\"」』’']")
_DISOWNED = re.compile(
    r"(?:我|我们|本店|俺|咱|谁|哪里|从来|并|可)?(?:没有?|未|不)(?:说过?|承认|讲过?|表示|觉得|认为|可能)[^，。]{0,6}|不存在|不会(?:是|有)|不属实|怎么可能|哪(?:有|来)|不可能"
)
_OTHERS = re.compile(
    r"(?:别|其他|其它|另外?|上一?)(?:的)?(?:家|人|客户|顾客|买家|店|单|批)|同行|以前有|之前有个|上次那"
)
_SURE_OF_THIS = re.compile(
    r"您?你?(?:这|那)[一]?[张单个批笔次]|您的|你的|给您|给你|本单|该订单|该笔|我们(?:的)?(?:错|失误|责任|问题)"
)


def quoted_away(text: str) -> str:
    """The line without what it quotes, so that the buyer's words are not taken for an answer."""
    return _QUOTED.sub("“”", text)


_ASKS = re.compile(
    r"[?？]\s*$|(?:吗|嘛|么)(?:亲|哈|老板|您|哦|啊)?[~～。\s]*$|是不是|是否|有没有|对吗|对不对"
)
_SUPPOSES = re.compile(
    r"如果|要是|假如|假设|倘若|万一|若(?:是|真|确|无|有)|除非|的话|只要|真(?:是|有|的是)|"
    r"(?:查实|属实|核实|确认|证实|查出|检测出)[^，。]{0,10}(?:再|就|才|会|后|可以|肯定)"
)
_DENIES = re.compile(
    r"(?:没有?|未|从未|从来没有?)(?:说过?|承认|讲过?)|不存在|不属实|不可能|怎么可能|怎么会|"
    r"哪(?:有|来)|谁(?:说|讲|承认)|从来(?:没|不)|从未|绝对(?:没|不)|(?:可|并)没(?:有|说|承认)"
)
_SENTENCES = re.compile(r"[^。!！?？；;\n]+[。!！?？；;\n]*")
_CLAUSES = re.compile(r"[^，,]+[，,]*")


def asserted(text: str) -> str:
    """What the line asserts: without clauses that ask or deny, and without what follows from a
    supposition in the same sentence. Empty where it asserts nothing."""
    kept = []
    for sentence in _SENTENCES.findall(text):
        for clause in _CLAUSES.findall(sentence):
            bare = clause.rstrip("，, ")
            if _SUPPOSES.search(bare):
                break
            if not (_ASKS.search(bare) or _DENIES.search(bare)):
                kept.append(clause)
    return "".join(kept).strip()


def doubt(text: str) -> float:
    """How much surer than usual an admission must be, added to its threshold (0 = as usual)."""
    extra = 0.0
    if _HYPOTHESIS.search(text):
        extra += 0.35
    if _QUESTION.search(text):
        extra += 0.35
    if _DISOWNED.search(text):
        extra += 0.15
    if _OTHERS.search(text) and not _SURE_OF_THIS.search(text):
        extra += 0.15
    if _QUOTED.search(text):
        extra += 0.1
    return extra


_APOLOGY = re.compile(
    r"^(?:实在|真的?|非常|十分|万分|特别|很|真心|再次)?(?:亲|您|哈|啊)?"
    r"(?:抱歉|对不起|不好意思|对不住|sorry|见谅|请?谅解|给您添麻烦了?)"
    r"(?:哈|啊|呀|亲|您|了|呢|哦|老板|兄弟|宝|哥|姐)*$",
    re.IGNORECASE,
)
_PARTS = re.compile(r"[^，,。；;！!~～\s]+[，,。；;！!~～\s]*")


def without_apology(text: str) -> str:
    """The line without clauses that only apologise: politeness before an admission must not
    swallow it. A line of nothing but apology comes back empty."""
    kept = [
        part for part in _PARTS.findall(text) if not _APOLOGY.fullmatch(re.sub(r"[^\w]+", "", part))
    ]
    return "".join(kept).strip()


def settle(labels: frozenset[Label], speaker: Speaker) -> frozenset[Label]:
    """Labels that go together or shut each other out by definition: beside an admission, a denial
    can only be one of intent."""
    if labels & ADMISSIONS and speaker is not Speaker.BUYER:
        labels -= ALONE | {Label.DENIAL}
    return labels
