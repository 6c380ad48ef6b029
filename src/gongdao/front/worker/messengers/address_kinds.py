"""The kinds of address a reminder can go to: their fields, how each is checked, where to get it.

A field is matched as a whole against its pattern; nothing that is not a plain key, number or mail
address passes, so that no address can smuggle a host, a path or a header line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gongdao.core.errors import InputError
from gongdao.core.language import Phrase, mark


@dataclass(frozen=True)
class AddressField:
    """One field of an address: ``pattern`` must match all of it; ``secret`` is never shown again;
    ``from_hosts``: one of the servers that the operator allows, the first if left empty."""

    code: str
    label: str
    pattern: str
    longest: int
    secret: bool = True
    required: bool = True
    from_hosts: bool = False


@dataclass(frozen=True)
class AddressKind:
    """One service: ``name`` and ``how`` (where to get the fields) are marked for translation."""

    code: str
    name: str
    fields: tuple[AddressField, ...]
    how: str


_MAIL = (
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])"
)

_KINDS = (
    AddressKind(
        "mail",
        mark("电子邮件"),
        (AddressField("to", mark("邮箱"), _MAIL, 254, secret=False),),
        mark("填您常看的邮箱。"),
    ),
    AddressKind(
        "wecom",
        mark("企业微信群机器人"),
        (AddressField("key", mark("机器人的 key"), r"[A-Za-z0-9-]{20,64}", 64),),
        mark("群设置 → 群机器人 → 添加；复制 Webhook 地址里 key= 后面的部分。"),
    ),
    AddressKind(
        "dingtalk",
        mark("钉钉群机器人"),
        (
            AddressField("token", mark("机器人的 access_token"), r"[A-Za-z0-9]{32,128}", 128),
            AddressField(
                "secret",
                mark("加签密钥（SEC 开头）"),
                r"SEC[A-Za-z0-9]{16,125}",
                128,
                required=False,
            ),
        ),
        mark(
            "群设置 → 机器人 → 自定义；安全设置选“加签”并抄下密钥，或选关键词“公道”；"
            "复制 Webhook 地址里 access_token= 后面的部分。"
        ),
    ),
    AddressKind(
        "feishu",
        mark("飞书群机器人"),
        (AddressField("token", mark("机器人的 token"), r"[A-Za-z0-9-]{16,64}", 64),),
        mark(
            "群设置 → 群机器人 → 自定义机器人；安全设置选关键词“公道”，不要选签名；"
            "复制 Webhook 地址里最后一个 / 后面的部分。"
        ),
    ),
    AddressKind(
        "serverchan",
        mark("Server 酱（推到微信）"),
        (AddressField("token", mark("SendKey（SCT 开头）"), r"SCT[A-Za-z0-9]{8,80}", 83),),
        mark("在 sct.ftqq.com 用微信登录，复制 SendKey。"),
    ),
    AddressKind(
        "bark",
        mark("Bark（苹果手机）"),
        (
            AddressField("key", mark("设备的 key"), r"[A-Za-z0-9]{10,64}", 64),
            AddressField(
                "server", mark("服务器"), "", 260, secret=False, required=False, from_hosts=True
            ),
        ),
        mark("手机装 Bark，打开就能看到推送地址；复制服务器名后面的一段。"),
    ),
    AddressKind(
        "telegram",
        mark("Telegram 机器人"),
        (
            AddressField("token", mark("机器人的 token"), r"[0-9]{6,12}:[A-Za-z0-9_-]{30,50}", 64),
            AddressField("chat", mark("对话编号"), r"-?[0-9]{3,20}", 21),
        ),
        mark("向 @BotFather 要一个机器人，先给它发一句话；对话编号可以问 @userinfobot。"),
    ),
)
ADDRESS_KINDS: dict[str, AddressKind] = {kind.code: kind for kind in _KINDS}
DEFAULT_BARK_HOSTS = ("api.day.app",)
_HOST = re.compile(
    r"(?:http://|https://)?"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
    r"(?::[0-9]{1,5})?"
)


def check_address(
    kind: str, given: Mapping[str, str], *, bark_hosts: Sequence[str] = DEFAULT_BARK_HOSTS
) -> dict[str, str]:
    """The fields of an address, trimmed and complete; raise InputError naming the field, never
    its value, for an unknown kind or field and for a value that does not fit.

    ``bark_hosts`` is the operator's list: ``host`` or ``host:port`` over TLS, ``http://host:port``
    without.
    """
    if kind not in ADDRESS_KINDS:
        raise InputError(Phrase("没有这种提醒方式"), field="kind")
    known = {field.code: field for field in ADDRESS_KINDS[kind].fields}
    for code in given:
        if code not in known:
            raise InputError(Phrase("多了一项"), field="address")
    found = {}
    for code, field in known.items():
        value = given.get(code, "").strip()
        if field.from_hosts:
            found[code] = _choose_host(value, code, bark_hosts)
        elif value or field.required:
            if len(value) > field.longest or not re.fullmatch(field.pattern, value):
                label = Phrase.named(field.label)
                raise InputError(
                    Phrase("“{label}”不对，请对照说明再抄一次", label=label), field=code
                )
            found[code] = value
    return found


def _choose_host(value: str, field: str, hosts: Sequence[str]) -> str:
    """One of ``hosts``: only the operator decides which servers are spoken to."""
    allowed = [host for host in hosts if _HOST.fullmatch(host)]
    chosen = value or next(iter(allowed), "")
    if chosen not in allowed:
        raise InputError(Phrase("只能用这里列出的服务器"), field=field)
    return chosen
