"""Reminders of a case: where they go, whether they arrived, and how to stop them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gongdao.casework.follow.messenger_port import (
    Message,
    MessageDelayed,
    MessageRefused,
    Messenger,
)
from gongdao.casework.follow.plan_reminders import PlannedReminder, title_of
from gongdao.casework.online.addresses import (
    CALENDAR,
    KeptAddress,
    add_address,
    addresses_of,
    confirm_address,
    find_stoppable,
    remove_address,
    remove_all,
)
from gongdao.casework.online.open_case import OpenCase
from gongdao.casework.online.reminders import KeptReminder, reminders_of
from gongdao.core.errors import InputError, TooManyAttempts
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.front.clock import now
from gongdao.front.stores import get_settings, get_stores
from gongdao.front.web.access import case_page
from gongdao.front.web.follow_forms import AddressForm, CodeForm, note_error
from gongdao.front.web.follow_view import look
from gongdao.front.web.held import network_of
from gongdao.front.web.links import stop_url
from gongdao.front.web.report import report_of
from gongdao.front.worker.follow_tasks import ask_to_follow
from gongdao.front.worker.messengers.address_kinds import (
    ADDRESS_KINDS,
    AddressKind,
    check_address,
)
from gongdao.front.worker.messengers.choose import make_messengers

_MOST_SHOWN = 30


@cache
def get_messengers() -> Mapping[str, Messenger]:
    """The messengers of this process."""
    return make_messengers(get_settings())


@require_safe
@case_page
def reminders(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """Where reminders go, which are planned, which did not arrive."""
    seen = report_of(case)
    page, addresses = look(seen), addresses_of(case)
    names = {one.id: address_name(one) for one in addresses}
    rows = reminders_of(case.row.id)
    ended = ("sent", "failed")
    kept = [one for one in rows if one.state in ended]
    trying = [one for one in rows if one.state not in ended]
    context = seen.context(
        "follow",
        addresses=[{"address": one, "name": names[one.id]} for one in addresses],
        kinds=[_kind_card(kind) for kind in ADDRESS_KINDS.values()],
        planned=[_soon(one) for one in page.planned[:_MOST_SHOWN]],
        more=max(0, len(page.planned) - _MOST_SHOWN),
        late=[_told(one, names) for one in trying if one.problem is not None][:_MOST_SHOWN],
        told=[_told(one, names) for one in kept][:_MOST_SHOWN],
    )
    return render(request, "pages/follow_reminders.html", context)


def address_name(address: KeptAddress) -> str:
    """``电子邮件 b***@mail.example``."""
    return f"{translated(ADDRESS_KINDS[address.kind].name)} {address.masked}"


def _soon(one: PlannedReminder) -> dict[str, Any]:
    return {"at": one.at, "title": str(one.title), "names": [str(name) for name in one.names]}


def _told(one: KeptReminder, names: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        "at": one.sent_at or one.due,
        "title": str(title_of(one.key)),
        "to": names.get(one.address_id, _("已删除的地址")),
        "sent": one.state == "sent",
        "problem": one.problem,
        "next_try": one.next_try,
    }


def _kind_card(kind: AddressKind) -> dict[str, Any]:
    works = kind.code in get_messengers()
    return {"code": kind.code, "name": translated(kind.name), "works": works}


@require_http_methods(["GET", "POST"])
@case_page
def reminder_add(request: HttpRequest, case: OpenCase, kind: str) -> HttpResponse:
    """Add an address of one kind and send it a code."""
    if kind not in ADDRESS_KINDS:
        raise Http404
    servers = get_settings().bark_hosts
    chosen, messenger = ADDRESS_KINDS[kind], get_messengers().get(kind)
    form = AddressForm(request.POST or None, kind=chosen, servers=servers)
    if request.method == "POST" and messenger is not None and form.is_valid():
        given = {code: value for code, value in form.cleaned_data.items() if value}
        try:
            fields = check_address(kind, given, bark_hosts=servers)
            address, code = add_address(
                stores=get_stores(),
                case=case,
                kind=kind,
                fields=fields,
                network=network_of(request),
                at=now(),
            )
            _send_code(messenger, address, code)
        except InputError as error:
            note_error(form, error)
        except MessageRefused as refused:
            remove_address(case=case, address_id=address.id)
            form.add_error(None, str(refused))
        except MessageDelayed as delayed:
            messages.warning(request, str(delayed))
            return redirect("reminder_confirm", link=case.content.link, address_id=address.id)
        else:
            return redirect("reminder_confirm", link=case.content.link, address_id=address.id)
    context = {
        "case": case.row,
        "link": case.content.link,
        "here": "follow",
        "name": translated(chosen.name),
        "how": translated(chosen.how),
        "form": form,
        "works": messenger is not None,
        "mail": kind == "mail",
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "pages/follow_reminder_add.html", context, status=status)


def _send_code(messenger: Messenger, address: KeptAddress, code: str) -> None:
    body = _(
        "确认码：{code}。把它填到公道的页面上，提醒就会发到这里，30 分钟内有效。"
        "如果不是您要的，不用理会，不会再有别的消息。"
    ).format(code=code)
    id = f"{address.id}/{code}"
    title = _("公道：确认接收提醒")
    messenger.send(Message(address.kind, address.fields, title, body, id, stop_url(address.id)))


@require_http_methods(["GET", "POST"])
@case_page
def reminder_confirm(request: HttpRequest, case: OpenCase, address_id: UUID) -> HttpResponse:
    """Ask for the code that was sent; with it, reminders go there from now on."""
    address = _find(case, address_id)
    form = CodeForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                _confirm(case, address_id, form.cleaned_data["code"])
            except InputError as error:
                note_error(form, error)
            except TooManyAttempts as error:
                form.add_error("code", str(error))
                status = error.status
            else:
                messages.success(request, _("好了，提醒会发到这里。"))
                return redirect("reminders", link=case.content.link)
    if request.method == "GET" and address.confirmed_at is not None:
        return redirect("reminders", link=case.content.link)
    context = {
        "case": case.row,
        "link": case.content.link,
        "here": "follow",
        "form": form,
        "address": address,
        "name": address_name(address),
    }
    return render(request, "pages/follow_reminder_confirm.html", context, status=status)


def _confirm(case: OpenCase, address_id: UUID, code: str) -> None:
    """Count the try first, by itself: a rolled-back count would allow any number of tries."""
    if not confirm_address(
        stores=get_stores(), case=case, address_id=address_id, code=code, at=now()
    ):
        raise Http404
    ask_to_follow(case.row.id)


def _find(case: OpenCase, address_id: UUID) -> KeptAddress:
    for one in addresses_of(case):
        if one.id == address_id:
            return one
    raise Http404


@require_POST
@case_page
def reminder_again(request: HttpRequest, case: OpenCase, address_id: UUID) -> HttpResponse:
    """Send another code; the old one ends."""
    address = _find(case, address_id)
    messenger = get_messengers().get(address.kind)
    try:
        if messenger is None:
            raise MessageDelayed(_("这台服务器现在不能用这种方式发提醒"))
        fresh, code = add_address(
            stores=get_stores(),
            case=case,
            kind=address.kind,
            fields=address.fields,
            network=network_of(request),
            at=now(),
        )
        _send_code(messenger, fresh, code)
    except (InputError, MessageRefused, MessageDelayed) as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("新的号码发出去了，旧的作废。"))
    return redirect("reminder_confirm", link=case.content.link, address_id=address_id)


@require_POST
@case_page
def reminder_remove(request: HttpRequest, case: OpenCase, address_id: UUID) -> HttpResponse:
    """Remove one address; it can be added again."""
    with transaction.atomic():
        remove_address(case=case, address_id=address_id)
        ask_to_follow(case.row.id)
    messages.success(request, _("删掉了，不会再发到那里。要用时可以再加。"))
    return redirect("reminders", link=case.content.link)


@require_POST
@case_page
def reminders_stop(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """Stop everything with one tap."""
    with transaction.atomic():
        remove_all(case=case)
        ask_to_follow(case.row.id)
    messages.success(request, _("全部停掉了：不会再发任何提醒，日历订阅也收回了。"))
    return redirect("reminders", link=case.content.link)


@require_http_methods(["GET", "POST"])
def stop_reminders(request: HttpRequest, link: str, address_id: UUID, seal: str) -> HttpResponse:
    """Stop reminders to one address from the link in a message, without opening the case. A link
    that stops nothing any more says the same as one that never did."""
    row = find_stoppable(stores=get_stores(), address_id=address_id, seal=seal)
    if row is not None and row.kind == CALENDAR:
        row = None
    if request.method == "POST" and row is not None:
        case_id = row.case_id
        with transaction.atomic():
            row.delete()
            ask_to_follow(case_id)
        row = None
    context = {"stopped": row is None}
    return render(request, "pages/follow_stop.html", context)


urlpatterns = [
    path("reminders/", reminders, name="reminders"),
    path("reminders/add/<str:kind>/", reminder_add, name="reminder_add"),
    path("reminders/stop/", reminders_stop, name="reminders_stop"),
    path("reminders/<uuid:address_id>/", reminder_confirm, name="reminder_confirm"),
    path("reminders/<uuid:address_id>/again/", reminder_again, name="reminder_again"),
    path("reminders/<uuid:address_id>/remove/", reminder_remove, name="reminder_remove"),
    path("stop/<uuid:address_id>/<str:seal>/", stop_reminders, name="stop_reminders"),
]
