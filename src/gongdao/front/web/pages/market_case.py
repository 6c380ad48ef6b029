"""An order of the market as a case of the workbench: by one click on the server, or as a zip."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_POST

from gongdao.casework.online.models import Case
from gongdao.casework.online.open_case import OpenCase, open_row
from gongdao.core.attempts import count_attempt
from gongdao.core.errors import InputError, KeyGone
from gongdao.core.language import gettext as _
from gongdao.core.language import language
from gongdao.front.clock import now
from gongdao.front.order_case import add_later_rounds, begin_order_case, gather_order_case
from gongdao.front.scratch import own_scratch
from gongdao.front.stores import get_stores
from gongdao.front.web.downloads import file_answer, whole_zip
from gongdao.front.web.free_space import check_free_space
from gongdao.front.web.held import hold_case, may_see, network_of
from gongdao.front.web.market_access import buyer_id, order_page
from gongdao.front.web.pages.start import NEW_CASES, limits
from gongdao.front.worker.tasks import ask_for_reading
from gongdao.market.models import Order

_MADE = "order_cases"
_MOST_MADE = 20


@require_POST
@order_page
def make(request: HttpRequest, order: Order) -> HttpResponseBase:
    """Make a case of the order, with the platform's records in it; a second click opens the one
    that this device made before, with what its disputes recorded since. Without an account it
    stands behind its link and code."""
    case = _find_made(request, order)
    if case is not None:
        _add_later(request, order, case)
    else:
        case = _make(request, order)
        messages.success(
            request, _("案件建好了，平台的记录都在里面。请核对，选一个原因，再补上您自己的材料。")
        )
    return redirect("case", link=case.content.link)


def _add_later(request: HttpRequest, order: Order, case: OpenCase) -> None:
    try:
        count = add_later_rounds(
            stores=get_stores(),
            case=case,
            order=order,
            limits=limits(),
            ask=ask_for_reading,
            at=now(),
        )
    except InputError as error:
        said = _("争议后来的记录没有补进案件：{why}").format(why=error)
        messages.error(request, said)
    else:
        if count:
            said = _("争议后来又有了进展：补进了 {n} 份记录，原来的都还在。").format(n=count)
            messages.success(request, said)


def _find_made(request: HttpRequest, order: Order) -> OpenCase | None:
    made = request.session.get(_MADE, {}).get(order.number)
    row = Case.objects.filter(id=UUID(made)).first() if made else None
    if row is None or not may_see(request, row):
        return None
    try:
        return open_row(stores=get_stores(), row=row)
    except KeyGone:
        return None


def _make(request: HttpRequest, order: Order) -> OpenCase:
    at, stores = now(), get_stores()
    count_attempt(stores=stores, limit=NEW_CASES, who=network_of(request), at=at)
    check_free_space()
    made = gather_order_case(
        stores=stores, order=order, site=settings.GONGDAO.public_url, tested=True, at=at
    )
    case = begin_order_case(
        stores=stores,
        made=made,
        owner_id=buyer_id(request),
        lang=language(),
        ask=ask_for_reading,
        scratch=own_scratch(),
        at=at,
    )
    hold_case(request, case.row)
    others = {n: c for n, c in request.session.get(_MADE, {}).items() if n != order.number}
    kept = dict(list(others.items())[1 - _MOST_MADE :])
    request.session[_MADE] = {**kept, order.number: str(case.row.id)}
    return case


@require_POST
@order_page
def save(request: HttpRequest, order: Order) -> HttpResponseBase:
    """The same as a zip of a case folder, for the command line or another server."""
    at = now()
    count_attempt(stores=get_stores(), limit=NEW_CASES, who=network_of(request), at=at)
    made = gather_order_case(
        stores=get_stores(),
        order=order,
        site=settings.GONGDAO.public_url,
        tested=True,
        at=at,
    )
    file, size = whole_zip(made.members(), at=at, folder=own_scratch())
    name = _("订单案件-{number}.zip").format(number=order.number)
    answer = file_answer(
        iter(lambda: file.read(1 << 16), b""), name=name, media_type="application/zip", size=size
    )
    answer._resource_closers.append(file.close)  # type: ignore[attr-defined]  # Django's own, not in its stubs
    return answer


urlpatterns = [
    path("<str:number>/case/", make, name="market_case"),
    path("<str:number>/case/save/", save, name="market_case_save"),
]
