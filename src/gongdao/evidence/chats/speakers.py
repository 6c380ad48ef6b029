"""Who is who in a chat: declared names, role words, the export's own flags, then inference."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from gongdao.core.codes import Speaker
from gongdao.evidence.chats.raw import RawMessage

_EXACT: dict[str, Speaker] = {
    **dict.fromkeys(
        ("买家", "买方", "客户", "顾客", "我", "自己", "本人", "用户", "消费者", "buyer", "me"),
        Speaker.BUYER,
    ),
    **dict.fromkeys(
        (
            "商家",
            "卖家",
            "卖方",
            "店主",
            "店家",
            "掌柜",
            "客服",
            "商家客服",
            "店铺客服",
            "商户",
            "店小二",
            "老板",
            "merchant",
            "seller",
        ),
        Speaker.MERCHANT,
    ),
    **dict.fromkeys(
        (
            "平台",
            "官方",
            "官方客服",
            "平台客服",
            "平台工作人员",
            "平台小二",
            "平台管理员",
            "platform",
        ),
        Speaker.PLATFORM,
    ),
    **dict.fromkeys(("系统", "系统消息", "系统通知", "系统提示", "system"), Speaker.SYSTEM),
}
_AFFIXES: tuple[tuple[re.Pattern[str], Speaker], ...] = (
    (re.compile(r"平台客服|官方客服|平台小二|^平台[-_ ]|^官方[-_ ]"), Speaker.PLATFORM),
    (re.compile(r"^系统(?:消息|通知|提示)"), Speaker.SYSTEM),
    (
        re.compile(r"^(?:买家|客户|顾客)[^\w]?\w{0,8}$|[-_(（ ](?:买家|客户|我)[)）]?$"),
        Speaker.BUYER,
    ),
    (
        re.compile(
            r"^(?:商家|卖家|店主|掌柜)[^\w]?\w{0,12}$|[-_(（ ](?:商家|卖家|店主|掌柜)[)）]?$"
        ),
        Speaker.MERCHANT,
    ),
    (re.compile(r"客服[\w]{0,2}$|^客服|售后$"), Speaker.MERCHANT),
)


def plain_name(name: str) -> str:
    """A nickname without width, case, quotes and surrounding blanks."""
    plain = unicodedata.normalize("NFKC", name).strip().strip("'\"“”‘’").strip()
    return re.sub(r"\s+", " ", plain).casefold()


def role_word(name: str) -> Speaker | None:
    """The role that a bare role word (买家, 商家, 平台, 我 …) names, or None."""
    return _EXACT.get(plain_name(name))


def name_speakers(
    *,
    messages: Sequence[RawMessage],
    chat_names: Mapping[str, Speaker],
    merchant: str = "",
    platform: str = "",
    peer: str = "",
    is_group: bool = False,
) -> dict[tuple[str, bool | None], Speaker | None]:
    """The speaker of every (sender, is_self) pair that occurs; None where nothing settles it.

    In a talk between two, one known side settles the other: beside the merchant or the platform
    stands the buyer, beside the buyer the merchant (the platform, if the peer bears its name).
    """
    declared = {plain_name(name): speaker for name, speaker in chat_names.items()}
    pairs = dict.fromkeys((m.sender, m.is_self) for m in messages if not m.is_system)
    found = {
        pair: _settled(pair, declared, plain_name(merchant), plain_name(platform))
        or _by_peer(pair[0], peer, is_group)
        or _by_affix(pair[0])
        for pair in pairs
    }
    if not is_group:
        _infer(found)
    return found


def _settled(
    pair: tuple[str, bool | None], declared: Mapping[str, Speaker], merchant: str, platform: str
) -> Speaker | None:
    sender, is_self = pair
    name = plain_name(sender)
    if name in declared:
        return declared[name]
    if is_self:
        return Speaker.BUYER
    if name in _EXACT:
        return _EXACT[name]
    if merchant and _same_shop(name, merchant):
        return Speaker.MERCHANT
    if platform and _same_shop(name, platform):
        return Speaker.PLATFORM
    return None


def _same_shop(name: str, shop: str) -> bool:
    """The shop itself or one of its sub-accounts (``店名:小美``, ``店名客服``)."""
    if name == shop:
        return True
    rest = name.removeprefix(shop)
    return len(shop) >= 3 and rest != name and bool(re.match(r"[:：\-_ (（]|.{0,2}客服|售后", rest))


def _by_peer(sender: str, peer: str, is_group: bool) -> Speaker | None:
    if is_group or not peer or plain_name(sender) != plain_name(peer):
        return None
    by_word = _by_affix(peer)
    return by_word if by_word is Speaker.PLATFORM else Speaker.MERCHANT


def _by_affix(sender: str) -> Speaker | None:
    name = plain_name(sender)
    for pattern, speaker in _AFFIXES:
        if pattern.search(name):
            return speaker
    return None


def _infer(found: dict[tuple[str, bool | None], Speaker | None]) -> None:
    people = [pair for pair, speaker in found.items() if speaker is not Speaker.SYSTEM]
    if len({plain_name(sender) or str(is_self) for sender, is_self in people}) != 2:
        return
    known = {found[pair] for pair in people} - {None}
    if len(known) != 1:
        return
    other = Speaker.MERCHANT if known == {Speaker.BUYER} else Speaker.BUYER
    for pair in people:
        if found[pair] is None:
            found[pair] = other
