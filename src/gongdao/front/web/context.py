"""What every template can say."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from gongdao.core.language import language


def page_context(request: HttpRequest) -> dict[str, Any]:
    """Language, theme, operator, and the path for the language links."""
    theme = request.COOKIES.get("theme", "")
    return {
        "language": language(),
        "html_lang": "zh-CN" if language() == "zh" else "en",
        "theme": theme if theme in ("light", "dark") else "",
        "operator": settings.GONGDAO.operator,
        "public_url": settings.GONGDAO.public_url,
        "can_mail": bool(settings.GONGDAO.mail_url),
    }
