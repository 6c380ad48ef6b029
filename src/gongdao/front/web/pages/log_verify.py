"""Check a receipt or a case file in the browser: the page, and the same as one file to keep."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from csp.decorators import csp_exempt
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import path
from django.views.decorators.http import require_safe

from gongdao.core.language import language
from gongdao.front.web.log_offline import make_offline
from gongdao.front.web.log_trust import find_trust, never_proven
from gongdao.front.web.log_words import verify_words
from gongdao.front.web.pages.log_answers import answer_log_page


@require_safe
def verify(request: HttpRequest) -> HttpResponseBase:
    """Choose a file; it is checked here, in the browser, and sent nowhere."""
    offline = _offline_file()
    context = {
        **_context(),
        "offline_sha256": hashlib.sha256(offline).hexdigest(),
        "offline_size": len(offline),
        "never_proven": never_proven(),
    }
    return answer_log_page(request, "pages/log_verify.html", context)


@require_safe
@csp_exempt()  # the file carries a stricter policy of its own
def offline(request: HttpRequest) -> HttpResponse:
    """The page as one file, in the language in use."""
    answer = HttpResponse(_offline_file(), content_type="text/html; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="gongdao-verify-{language()}.html"'
    answer["Cache-Control"] = "no-cache"
    return answer


def _context() -> dict[str, Any]:
    trust = find_trust(settings.GONGDAO)
    return {
        "words": json.dumps(verify_words(language()), ensure_ascii=False),
        "policy": "" if trust is None else trust.text,
        "site": settings.GONGDAO.public_url,
    }


def _offline_file() -> bytes:
    return make_offline(render_to_string("pages/log_offline.html", _context()))


urlpatterns = [
    path("verify/", verify, name="log_verify"),
    path("verify/offline.html", offline, name="log_offline"),
]
