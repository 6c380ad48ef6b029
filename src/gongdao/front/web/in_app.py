"""Browsers inside other apps that refuse downloads, told by what they call themselves."""

from __future__ import annotations

import re

from django.http import HttpRequest

from gongdao.core.language import mark, translated

_APPS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"wxwork/", re.IGNORECASE), mark("企业微信")),
    (re.compile(r"MicroMessenger/", re.IGNORECASE), mark("微信")),
    (re.compile(r"AlipayClient|AliApp\(AP/", re.IGNORECASE), mark("支付宝")),
    (re.compile(r"DingTalk|AliApp\(DingTalk", re.IGNORECASE), mark("钉钉")),
    (re.compile(r"Weibo(?:Intl)?[ _(/]|__weibo__", re.IGNORECASE), mark("微博")),
    (re.compile(r"(?<![A-Za-z])QQ/\d"), "QQ"),
    (re.compile(r"(?:Lark|Feishu)/", re.IGNORECASE), mark("飞书")),
    (re.compile(r"aweme|BytedanceWebview", re.IGNORECASE), mark("抖音")),
)
"""The first that fits counts. QQ's own browser (MQQBrowser) is a browser like any other, and its
engine also stands in what other apps say."""


def in_app_browser(request: HttpRequest) -> str:
    """The name of the app in whose browser the page is seen, as people say it; empty for a browser
    that can download files."""
    agent = request.headers.get("User-Agent", "")[:1000]
    return next((translated(name) for pattern, name in _APPS if pattern.search(agent)), "")
