"""A case from the buyer's side: where it stands, what he can do, what he can take with him."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gongdao.core.errors import DisputeRefused, InputError
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.disputes.events import Party
from gongdao.disputes.hold_ground import appeal_ground, find_grounds
from gongdao.disputes.may_replace import may_replace
from gongdao.disputes.models import Case
from gongdao.disputes.note_limits import side_subject
from gongdao.disputes.notices import note_seen
from gongdao.disputes.say import LONGEST_WORDS
from gongdao.disputes.states import Mover
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.dispute_acts import Actor, act_on, make_forms
from gongdao.front.web.dispute_files import send_exhibit, send_verdict
from gongdao.front.web.dispute_grounds import grounds_of
from gongdao.front.web.dispute_view import make_case_sight
from gongdao.front.web.market_access import buyer_id, order_page
from gongdao.market.models import Order
from gongdao.market.offer import Delivery
from gongdao.market.shown import find_shown


def _find(order: Order, case_id: UUID) -> Case:
    found = Case.objects.select_related("order").filter(id=case_id, order=order).first()
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "POST"])
@order_page
def show(request: HttpRequest, order: Order, case_id: UUID) -> HttpResponseBase:
    """The case; a form that is sent does one thing and leads back here."""
    case = _find(order, case_id)
    here = reverse("dispute_case", args=[order.number, case.id])
    sight = make_case_sight(stores=get_stores(), case=case, side=Mover.BUYER, at=now())
    offer = find_shown(order.listing_id, order.listing_version).offer
    actor = Actor(
        sight,
        Party(Mover.BUYER, buyer_id(request)),
        Money(order.total_minor, order.currency),
        offer.delivery is Delivery.SECRET and may_replace(case=case, order=order),
    )
    if request.method == "POST":
        done, forms = act_on(request, actor, here)
        if done is not None:
            return done
    else:
        note_seen(case_id=case.id, side=Mover.BUYER, at=now())
        forms = make_forms(actor)
    context = {
        "order": order,
        "case": sight,
        "forms": forms,
        "grounds": grounds_of(
            stores=get_stores(),
            case=case,
            side=Mover.BUYER,
            at=now(),
            address=lambda one: reverse("dispute_limit", args=[order.number, case.id, one]),
        ),
        "act": here,
        "file_url": f"{here}files/",
        "verdict_url": f"{here}verdicts/",
        "here": "orders",
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "pages/dispute_case.html", context, status=status)


@require_POST
@order_page
def limit(request: HttpRequest, order: Order, case_id: UUID, ground_id: UUID) -> HttpResponseBase:
    """Say why a limit that stands against the buyer is wrong; a person looks at it."""
    case, at = _find(order, case_id), now()
    standing = find_grounds(subject=side_subject(case, Mover.BUYER), at=at)
    if ground_id not in {one.id for one in standing}:
        raise Http404
    words = request.POST.get("words", "")[:LONGEST_WORDS]
    try:
        appeal_ground(stores=get_stores(), ground_id=ground_id, words=words, at=at)
    except (DisputeRefused, InputError) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("申诉收到了，由别的人来看。"))
    return redirect("dispute_case", number=order.number, case_id=case.id)


@require_safe
@order_page
def exhibit(request: HttpRequest, order: Order, case_id: UUID, exhibit_id: UUID) -> HttpResponse:
    """A file of the case, as it came."""
    return send_exhibit(
        case=_find(order, case_id), exhibit_id=exhibit_id, by=Party(Mover.BUYER, buyer_id(request))
    )


@require_safe
@order_page
def verdict(request: HttpRequest, order: Order, case_id: UUID, place: int) -> HttpResponse:
    """The verdict file."""
    return send_verdict(case=_find(order, case_id), number=place)


urlpatterns = [
    path("<str:number>/disputes/<uuid:case_id>/", show, name="dispute_case"),
    path(
        "<str:number>/disputes/<uuid:case_id>/limits/<uuid:ground_id>/",
        limit,
        name="dispute_limit",
    ),
    path(
        "<str:number>/disputes/<uuid:case_id>/files/<uuid:exhibit_id>/",
        exhibit,
        name="dispute_exhibit",
    ),
    path(
        "<str:number>/disputes/<uuid:case_id>/verdicts/<int:place>/",
        verdict,
        name="dispute_verdict",
    ),
]
