"""Share links as their owner sees them: make one, copy it, see its visits, take it back."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST

from gongdao.casework.online.open_case import OpenCase
from gongdao.casework.online.share_case import revoke_share, share_case, shares_of
from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.front.clock import now
from gongdao.front.web.access import case_page
from gongdao.front.web.share_form import SHOWS_NAMES, ShareForm


@require_http_methods(["GET", "POST"])
@case_page
def shares(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """The links that there are, and the form for a new one."""
    if request.method == "GET":
        return _show(request, case, ShareForm())
    form = ShareForm(request.POST)
    if not form.is_valid():
        return _show(request, case, form, status=422)
    try:
        made = share_case(
            case=case,
            shows=form.cleaned_data["shows"],
            note=form.cleaned_data["note"],
            lasts=timedelta(days=form.cleaned_data["days"]),
            at=now(),
        )
    except InputError as error:
        form.add_error(
            error.place.field if error.place.field in form.fields else None, error.reason
        )
        return _show(request, case, form, status=422)
    messages.success(request, _("链接做好了，复制下面这一条发给对方。"))
    return redirect(f"{reverse('shares', args=[case.content.link])}#share-{made.id}")


@require_POST
@case_page
def take_back(request: HttpRequest, case: OpenCase, share_id: UUID) -> HttpResponse:
    """Take a link back; from this moment it opens nothing."""
    if revoke_share(case=case, share_id=share_id, at=now()):
        messages.success(request, _("已收回，这条链接马上就打不开了。"))
    return redirect("shares", link=case.content.link)


def _show(request: HttpRequest, case: OpenCase, form: ShareForm, status: int = 200) -> HttpResponse:
    at = now()
    found = shares_of(case)
    public = settings.GONGDAO.public_url
    rows = [
        {
            "link": one,
            "shows": translated(SHOWS_NAMES[one.shows]),
            "address": f"{public}{reverse('shared', args=[one.token])}",
        }
        for one in found
    ]
    context = {
        "link": case.content.link,
        "here": "keep",
        "form": form,
        "working": [row for row, one in zip(rows, found, strict=True) if one.works(at)],
        "over": [row for row, one in zip(rows, found, strict=True) if not one.works(at)],
    }
    return render(request, "pages/keep_shares.html", context, status=status)


urlpatterns = [
    path("", shares, name="shares"),
    path("<uuid:share_id>/take-back/", take_back, name="take_back_share"),
]
