"""Deeds for which the second factor is asked for once more: payouts, and new keys of the interface.

A session that was left open on a desk, or taken over, moves no money and makes no key: the factor
must have been used within the last minutes, whatever the sign-in was.
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from gongdao.core.language import gettext as _
from gongdao.front.clock import now

FRESH = timedelta(minutes=5)


def has_fresh_factor(request: HttpRequest) -> bool:
    """Whether this session used its second factor within `FRESH`."""
    if not is_mfa_enabled(request.user):
        return False
    since = (now() - FRESH).timestamp()
    records = get_authentication_records(request, request.user)
    return any(one.get("method") == "mfa" and one["at"] > since for one in records)


def factor_link(back: str) -> str:
    """Where the factor is asked for; afterwards it goes on to the page named ``back``."""
    return f"{reverse('mfa_reauthenticate')}?{urlencode({'next': reverse(back)})}"


def ask_for_factor(request: HttpRequest, back: str) -> HttpResponse:
    """Lead to where the factor is asked for, or is set up where there is none."""
    if not is_mfa_enabled(request.user):
        messages.warning(request, _("先开两步验证，再回来做这一步。"))
        return redirect("mfa_index")
    messages.info(request, _("这一步要再验证一次身份，验证完请重新提交。"))
    return redirect(factor_link(back))
