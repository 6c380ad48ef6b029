"""Disputes from the merchant's side: the inbox by deadline, and a case with its answers of one
tap."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gongdao.core.errors import DisputeRefused, InputError
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.disputes.events import Party
from gongdao.disputes.hold_ground import appeal_ground, find_grounds
from gongdao.disputes.may_replace import may_replace
from gongdao.disputes.models import Case
from gongdao.disputes.notices import note_seen
from gongdao.disputes.queries import cases_of_merchant
from gongdao.disputes.say import LONGEST_WORDS
from gongdao.disputes.states import Mover
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.dispute_acts import Actor, act_on, make_forms
from gongdao.front.web.dispute_files import send_exhibit, send_verdict
from gongdao.front.web.dispute_grounds import ground_rows, grounds_of
from gongdao.front.web.dispute_view import make_case_sight, make_lines
from gongdao.front.web.pages.desk_access import Desk, desk_page, show
from gongdao.market.offer import Delivery
from gongdao.market.shown import find_shown

PER_PAGE = 20


def _find(desk: Desk, case_id: UUID) -> Case:
    rows = Case.objects.select_related("order")
    found = rows.filter(id=case_id, merchant_id=desk.merchant.id).first()
    if found is None:
        raise Http404
    return found


@require_safe
@desk_page
def inbox(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Open cases, those that wait for the merchant first and by their deadline; or the closed."""
    closed = request.GET.get("show") == "closed"
    rows = cases_of_merchant(merchant_id=desk.merchant.id, closed=closed)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    at = now()
    return show(
        request,
        desk,
        "desk_disputes",
        "disputes",
        page=page,
        lines=make_lines(list(page.object_list), Mover.MERCHANT, at),
        closed=closed,
        grounds=ground_rows(
            stores=get_stores(), grounds=find_grounds(subject=desk.owner, at=at), at=at
        ),
    )


@require_POST
@desk_page
def appeal(request: HttpRequest, desk: Desk, ground_id: UUID) -> HttpResponseBase:
    """Say why a hold is wrong; a person looks at it."""
    at, words = now(), request.POST.get("words", "")[:LONGEST_WORDS]
    if ground_id not in {one.id for one in find_grounds(subject=desk.owner, at=at)}:
        raise Http404
    try:
        appeal_ground(stores=get_stores(), ground_id=ground_id, words=words, at=at)
    except (DisputeRefused, InputError) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("申诉收到了，由别的人来看。"))
    return redirect("desk_disputes")


@require_http_methods(["GET", "POST"])
@desk_page
def case(request: HttpRequest, desk: Desk, case_id: UUID) -> HttpResponseBase:
    """One case; a form that is sent does one thing and leads back here."""
    row = _find(desk, case_id)
    here = reverse("desk_dispute", args=[row.id])
    sight = make_case_sight(stores=get_stores(), case=row, side=Mover.MERCHANT, at=now())
    order = row.order
    offer = find_shown(order.listing_id, order.listing_version).offer
    actor = Actor(
        sight,
        Party(Mover.MERCHANT, desk.user_id),
        Money(order.total_minor, order.currency),
        offer.delivery is Delivery.SECRET and may_replace(case=row, order=order),
    )
    if request.method == "POST":
        done, forms = act_on(request, actor, here)
        if done is not None:
            desk.note(f"dispute.{request.POST.get('deed', '')}"[:32], "dispute", row.id)
            return done
    else:
        note_seen(case_id=row.id, side=Mover.MERCHANT, at=now())
        forms = make_forms(actor)
    return show(
        request,
        desk,
        "desk_dispute",
        "disputes",
        status=422 if request.method == "POST" else 200,
        case=sight,
        order=order,
        title=offer.title,
        forms=forms,
        grounds=grounds_of(
            stores=get_stores(),
            case=row,
            side=Mover.MERCHANT,
            at=now(),
            address=lambda one: reverse("desk_ground", args=[one]),
        ),
        act=here,
        file_url=f"{here}files/",
        verdict_url=f"{here}verdicts/",
    )


@require_safe
@desk_page
def exhibit(request: HttpRequest, desk: Desk, case_id: UUID, exhibit_id: UUID) -> HttpResponse:
    """A file of the case, as it came."""
    by = Party(Mover.MERCHANT, desk.user_id)
    return send_exhibit(case=_find(desk, case_id), exhibit_id=exhibit_id, by=by)


@require_safe
@desk_page
def verdict(request: HttpRequest, desk: Desk, case_id: UUID, place: int) -> HttpResponse:
    """The verdict file."""
    return send_verdict(case=_find(desk, case_id), number=place)


urlpatterns = [
    path("disputes/", inbox, name="desk_disputes"),
    path("disputes/grounds/<uuid:ground_id>/", appeal, name="desk_ground"),
    path("disputes/<uuid:case_id>/", case, name="desk_dispute"),
    path("disputes/<uuid:case_id>/files/<uuid:exhibit_id>/", exhibit, name="desk_exhibit"),
    path("disputes/<uuid:case_id>/verdicts/<int:place>/", verdict, name="desk_verdict"),
]
