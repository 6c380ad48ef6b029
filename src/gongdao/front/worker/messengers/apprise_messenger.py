"""Reminders through DingTalk, Feishu, WeCom, ServerChan, Bark and Telegram, with apprise.

The buyer gives fields, never a URL; the apprise URL is built here from fields that were checked,
and the wire speaks only to the one server that belongs to the service. Apprise prepares request
and text; what the answer means is judged here, since several services say "wrong key" with 200.
"""

from __future__ import annotations

import hashlib
import json
import logging
import ssl
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import FunctionType
from typing import Any
from urllib.parse import quote

from gongdao.casework.follow.messenger_port import (
    Message,
    MessageDelayed,
    MessageRefused,
    Receipt,
)
from gongdao.core.errors import InputError
from gongdao.core.language import Phrase
from gongdao.front.worker.messengers.address_kinds import DEFAULT_BARK_HOSTS, check_address
from gongdao.front.worker.messengers.wire import Answer, Wire

TIME_LIMIT_S = 10
_FIXED = {
    "dingtalk": "https://oapi.dingtalk.com",
    "feishu": "https://open.feishu.cn",
    "wecom": "https://qyapi.weixin.qq.com",
    "serverchan": "https://sctapi.ftqq.com",
    "telegram": "https://api.telegram.org",
}
_BUSY = {
    "dingtalk": frozenset({-1, 130101, 410100}),
    "feishu": frozenset({-1, 11232}),
    "wecom": frozenset({-1, 45009, 45033}),
    "serverchan": frozenset(),
}
"""Codes in an answer with status 200 that pass by themselves: too fast, system busy."""
_CODE_IN = {
    "dingtalk": ("errcode",),
    "feishu": ("code", "StatusCode"),
    "wecom": ("errcode",),
    "serverchan": ("code",),
    "bark": ("code",),
}
_GOOD = {"bark": 200}
_DAILY_LIMIT = 461
"""ServerChan's inner code for "today's messages are used up"."""


class AppriseMessenger:
    """Sends through the services of ``address_kinds`` except mail, each within ``limit_s``.

    ``bark_hosts``: the operator's list of Bark servers; ``trust``: other certificates than usual.
    """

    def __init__(
        self,
        *,
        bark_hosts: Sequence[str] = DEFAULT_BARK_HOSTS,
        limit_s: float = TIME_LIMIT_S,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._bark_hosts = tuple(bark_hosts)
        self._limit_s = limit_s
        self._trust = trust

    def send(self, message: Message) -> Receipt:
        """Send ``message``; raise MessageRefused where the service does not know the key or the
        address, MessageDelayed where it is slow, busy, broken or not understood."""
        try:
            fields = check_address(message.channel, message.address, bark_hosts=self._bark_hosts)
        except InputError:
            raise MessageRefused(Phrase("提醒地址不对，请重新填写")) from None
        url = build_url(message.channel, fields, id=message.message_id)
        plugin, library = _plugin(url)
        origin = origin_of(message.channel, fields)
        wire = Wire(origin, limit_s=self._limit_s, library=library, trust=self._trust)
        results = plugin.parse_url(url)
        if not isinstance(results, dict):
            raise MessageRefused(Phrase("提醒地址不对，请重新填写"))
        service = _with_wire(plugin, wire)(**results)
        service.notify(body=message.body, title=message.title, body_format="text")
        judge_answer(message.channel, wire.answer if not wire.broken else None)
        return Receipt(message.channel, message.message_id)


def origin_of(kind: str, fields: Mapping[str, str]) -> str:
    """The one server that a message of ``kind`` may go to: scheme, host and port."""
    if kind != "bark":
        return _FIXED[kind]
    server = fields["server"]
    return server if "://" in server else f"https://{server}"


def build_url(kind: str, fields: Mapping[str, str], *, id: str) -> str:
    """The apprise URL of checked ``fields``. ``id`` becomes Bark's notification id, so that the
    same message sent again replaces the first on the phone."""
    safe = {name: quote(value, safe=":" if kind == "telegram" else "") for name, value in
            fields.items()}  # fmt: skip
    if kind == "dingtalk":
        secret = f"{safe['secret']}@" if "secret" in safe else ""
        return f"dingtalk://{secret}{safe['token']}/?redirect=no"
    if kind == "bark":
        scheme, _sep, host = origin_of(kind, fields).partition("://")
        schema = "barks" if scheme == "https" else "bark"
        digest = hashlib.sha256(id.encode()).hexdigest()[:32]
        return f"{schema}://{host}/{safe['key']}/?image=no&redirect=no&id={digest}"
    if kind == "telegram":
        return f"tgram://{safe['token']}/{safe['chat']}/?image=no&detect=no&redirect=no"
    schema = {"feishu": "feishu", "wecom": "wecombot", "serverchan": "schan"}[kind]
    return f"{schema}://{safe.get('token') or safe['key']}/?redirect=no"


@cache
def _services() -> dict[str, Any]:
    """Apprise's services by schema, loaded when first needed: it takes a second."""
    from apprise.plugins.bark import NotifyBark
    from apprise.plugins.dingtalk import NotifyDingTalk
    from apprise.plugins.feishu import NotifyFeishu
    from apprise.plugins.serverchan import NotifyServerChan
    from apprise.plugins.telegram import NotifyTelegram
    from apprise.plugins.wecombot import NotifyWeComBot

    return {
        "bark": NotifyBark,
        "barks": NotifyBark,
        "dingtalk": NotifyDingTalk,
        "feishu": NotifyFeishu,
        "schan": NotifyServerChan,
        "tgram": NotifyTelegram,
        "wecombot": NotifyWeComBot,
    }


def _plugin(url: str) -> tuple[Any, Any]:
    """The service of an apprise URL, and the HTTP library that its ``send`` uses."""
    plugin = _services()[url.partition("://")[0]]
    return plugin, plugin.send.__globals__["requests"]


def _with_wire(plugin: Any, wire: Wire) -> Any:
    """``plugin`` with ``wire`` in place of ``requests`` in its ``send``, and without its log:
    at debug level that log holds keys. The library itself stays as it is."""
    send: Callable[..., bool] = plugin.send
    assert isinstance(send, FunctionType)
    rewired = FunctionType(
        send.__code__,
        {**send.__globals__, "requests": wire},
        send.__name__,
        send.__defaults__,
        send.__closure__,
    )
    rewired.__kwdefaults__ = send.__kwdefaults__
    return type(plugin.__name__, (plugin,), {"send": rewired, "logger": _silent()})


@cache
def _silent() -> logging.Logger:
    log = logging.Logger("gongdao.silent", logging.CRITICAL + 1)
    log.addHandler(logging.NullHandler())
    return log


def judge_answer(kind: str, answer: Answer | None) -> None:
    """Return where ``answer`` says that the service took the message; raise MessageDelayed for
    none, for rubbish, for busy and broken services, MessageRefused for what will not mend."""
    if answer is None:
        raise MessageDelayed(Phrase("服务没有答复"))
    status = answer.status_code
    told = _read(answer.content)
    if status == 429 or status >= 500 or status == 408:
        raise MessageDelayed(Phrase("服务忙或出错（{code}）", code=status))
    if kind == "serverchan" and _number(told, "scode") == _DAILY_LIMIT:
        raise MessageDelayed(Phrase("今天的条数用完了"))
    if 300 <= status < 400:
        raise MessageDelayed(Phrase("服务要转到别处，没有跟去（{code}）", code=status))
    if status != 200:
        raise MessageRefused(Phrase("服务不认这个地址或密钥（{code}）", code=status))
    if kind == "telegram":
        if told.get("ok") is True:
            return
        raise MessageDelayed(Phrase("服务的答复看不懂"))
    code = next((n for key in _CODE_IN[kind] if (n := _number(told, key)) is not None), None)
    if code is None:
        raise MessageDelayed(Phrase("服务的答复看不懂"))
    if code == _GOOD.get(kind, 0):
        return
    if code in _BUSY.get(kind, ()):
        raise MessageDelayed(Phrase("服务忙或出错（{code}）", code=code))
    raise MessageRefused(Phrase("服务不认这个地址或密钥（{code}）", code=code))


def _read(content: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _number(told: Mapping[str, Any], key: str) -> int | None:
    value = told.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
