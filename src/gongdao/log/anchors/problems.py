"""Why an anchor is not there yet: a short code with a detail, as kept in its row, and its sentence.

A detail is something that a stranger's machine said: it is cut short, made of plain characters, and
never holds an address or a key of ours.
"""

from __future__ import annotations

from dataclasses import dataclass

from gongdao.core.language import Phrase, mark
from gongdao.core.timestamp import LONG as TSA_LONG
from gongdao.core.timestamp import NOT_OURS as TSA_NOT_OURS
from gongdao.core.timestamp import SLOW as TSA_SLOW
from gongdao.core.timestamp import UNREACHABLE as TSA_UNREACHABLE
from gongdao.core.timestamp import UNUSABLE as TSA_UNUSABLE
from gongdao.core.timestamp import say_no_timestamp

LONGEST = 64
_TSA = frozenset({TSA_SLOW, TSA_LONG, TSA_UNREACHABLE, TSA_UNUSABLE, TSA_NOT_OURS})

NODE_SLOW, NODE_UNREACHABLE, NODE_RUBBISH = "node_slow", "node_unreachable", "node_rubbish"
NODE_REFUSED, WRONG_CHAIN, TOO_DEAR = "node_refused", "wrong_chain", "too_dear"
NO_LIBRARY, REVERTED = "no_library", "reverted"
KEY_FILE, KEY_MODE, KEY_FORM = "key_file", "key_mode", "key_form"
OTHER_CHAIN, RECEIPT_BROKEN = "other_chain", "receipt_broken"
_SENTENCES = {
    NODE_SLOW: mark("区块链节点没有及时答复"),
    NODE_UNREACHABLE: mark("联系不上区块链节点：{detail}"),
    NODE_RUBBISH: mark("区块链节点的答复不能用：{detail}"),
    NODE_REFUSED: mark("区块链节点拒绝了：{detail}"),
    WRONG_CHAIN: mark("节点在另一条链上：链号 {detail}"),
    TOO_DEAR: mark("节点要的手续费超过了设置的上限：{detail}"),
    NO_LIBRARY: mark("没有安装 eth-account，见 docs/reference/anchors.md"),
    KEY_FILE: mark("链上账户的密钥文件打不开：{detail}"),
    KEY_MODE: mark("链上账户的密钥文件别人也能读（权限 {detail}），要改成 0600"),
    KEY_FORM: mark("链上账户的密钥文件里不是 64 位十六进制的私钥"),
    REVERTED: mark("交易进了区块但没有成功：{detail}"),
    OTHER_CHAIN: mark("这笔交易在链 {detail} 上，现在设置的是另一条链"),
    RECEIPT_BROKEN: mark("存下的锚定记录读不出来"),
}


@dataclass(frozen=True)
class Problem:
    """One of the codes above, or of core/timestamp.py, with what goes with it."""

    code: str
    detail: str = ""

    def pack(self) -> str:
        """As it is kept: code and detail in one short text."""
        detail = "".join(ch if ch.isprintable() else "?" for ch in self.detail)
        return f"{self.code}|{detail}"[:LONGEST] if detail else self.code[:LONGEST]

    @classmethod
    def parse(cls, text: str) -> Problem:
        """What ``pack`` wrote, its end cut off if it was long."""
        code, _bar, detail = text.partition("|")
        return cls(code, detail)

    def say(self) -> Phrase:
        """The sentence; a code that this version does not know is shown as it is."""
        if self.code in _TSA:
            return say_no_timestamp(self.code, self.detail)
        message = _SENTENCES.get(self.code)
        if message is None:
            return Phrase("没有锚定成功：{detail}", detail=self.code)
        return Phrase.named(message, **({"detail": self.detail} if "{detail}" in message else {}))
