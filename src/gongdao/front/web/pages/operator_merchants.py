"""Merchants on the operator's desk: found, looked at, paused, verified; papers, members."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from gongdao.core.errors import GongdaoError
from gongdao.core.keys import get_key
from gongdao.core.language import gettext as _
from gongdao.core.models import User
from gongdao.core.subject import SubjectRef
from gongdao.evidence.kept.models import Original
from gongdao.evidence.kept.open_original import Purpose, Who, open_original
from gongdao.evidence.kept.original_facts import facts_of
from gongdao.front.stores import get_stores
from gongdao.front.web.downloads import file_answer
from gongdao.front.web.money_words import DEPOSIT, say_word
from gongdao.front.web.operator_access import Desk, desk_page, factor_context, fresh_factor_page
from gongdao.front.web.operator_forms import DepositForm, PaperForm
from gongdao.front.web.operator_mail import check_mail, close_unproven, send_invitation
from gongdao.front.web.operator_merchant_view import (
    deposit_sources,
    merchant_context,
    payees_of,
)
from gongdao.front.web.operator_queues import expired_licences, overdue_reviews
from gongdao.front.web.operator_view import do_deed, link, page_of, say_error, searched
from gongdao.front.web.operator_words import MERCHANTS, word_of
from gongdao.front.web.templatetags.values import day
from gongdao.front.worker.market_tasks import reachable, read_contact
from gongdao.ledger.decide_payout import PayeeProof
from gongdao.ledger.models import Payee
from gongdao.ledger.payees import verify_payee
from gongdao.market.admit_merchant import add_paper, open_merchant
from gongdao.market.invite_member import dismiss_member, invite_member
from gongdao.market.models import Merchant
from gongdao.market.notices_merchant import plan_payee_notices
from gongdao.market.pause_merchant import (
    pause_merchant,
    resume_merchant,
    review_due,
    review_merchant,
)
from gongdao.market.staff import check_no_party, note_deed
from gongdao.market.states import MerchantState, Role
from gongdao.market.take_word import Word
from gongdao.market.vetting_models import MerchantPaper

_HOME, _ONE = "operator_merchants", "operator_merchant"


@require_safe
@desk_page()
def merchants(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Every merchant, found by name or code, the newest first."""
    text, state = searched(request), request.GET.get("state", "")
    special = {"expired": expired_licences, "overdue": overdue_reviews}
    rows = special[state](desk.at) if state in special else Merchant.objects.all()
    if state in list(MerchantState):
        rows = rows.filter(state=state)
    if text:
        rows = rows.filter(
            Q(display_name__icontains=text)
            | Q(legal_name__icontains=text)
            | Q(uscc__iexact=text.replace(" ", ""))
        )
    page = page_of(request, rows.order_by("-admitted_at", "id"))
    names = {one.value: name for one, name in MERCHANTS.items()}
    context = {
        "page": page,
        "rows": [
            [
                link(one.display_name, "operator_merchant", one.id),
                one.legal_name,
                word_of(names, one.state),
                day(one.admitted_at),
                day(review_due(one)),
            ]
            for one in page.object_list
        ],
        "head": [_("店铺"), _("法定名称"), _("状态"), _("入驻"), _("复核期限")],
        "states": [(code, word_of(names, code)) for code in names]
        + [("expired", _("证照过期")), ("overdue", _("该复核"))],
        "state": state,
        "q": text,
        "may": desk.may(Role.REVIEWER),
        "here": "operator",
        "part": "merchants",
    }
    return render(request, "pages/operator_merchants.html", context)


def _find(merchant_id: UUID) -> Merchant:
    found = Merchant.objects.select_related("reviewer").filter(id=merchant_id).first()
    if found is None:
        raise Http404
    return found


@require_safe
@desk_page()
def merchant(request: HttpRequest, desk: Desk, merchant_id: UUID) -> HttpResponseBase:
    """One merchant: what is known, what is missing, what was done."""
    return _show(request, desk, _find(merchant_id))


def _show(
    request: HttpRequest, desk: Desk, found: Merchant, *, status: int = 200, **more: Any
) -> HttpResponseBase:
    context = {**merchant_context(found, desk), **factor_context(request, _HOME), **more}
    return render(request, "pages/operator_merchant.html", context, status=status)


_DECISIONS: dict[str, Callable[..., object]] = {
    "pause": pause_merchant,
    "resume": resume_merchant,
    "review": review_merchant,
}


@require_POST
@desk_page(Role.REVIEWER)
def decide(request: HttpRequest, desk: Desk, merchant_id: UUID) -> HttpResponseBase:
    """Pause, resume or verify again, with a reason; the deed notes itself."""
    verb = _DECISIONS.get(request.POST.get("deed", ""))
    if verb is None:
        raise Http404
    _find(merchant_id)

    def deed() -> object:
        return verb(
            stores=get_stores(),
            merchant_id=merchant_id,
            reason=request.POST.get("reason", ""),
            by=desk.by,
            at=desk.at,
        )

    return do_deed(
        request,
        desk,
        deed,
        code="",
        about=("merchant", str(merchant_id)),
        done=_("已记下，写进了日志。"),
        back="operator_merchant",
        args=(merchant_id,),
    )


@require_POST
@desk_page(Role.REVIEWER)
def reveal(request: HttpRequest, desk: Desk, merchant_id: UUID) -> HttpResponseBase:
    """What is sealed of a merchant, shown once; the look is recorded first."""
    found = _find(merchant_id)
    note_deed(by=desk.by, deed="merchant.look", about=("merchant", str(found.id)), at=desk.at)
    return _show(request, desk, found, opened=open_merchant(stores=get_stores(), merchant=found))


@require_POST
@desk_page(Role.REVIEWER)
def papers(request: HttpRequest, desk: Desk, merchant_id: UUID) -> HttpResponseBase:
    """Keep one more paper."""
    found = _find(merchant_id)
    form = PaperForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            add_paper(
                stores=get_stores(), merchant=found, paper=form.paper(), by=desk.by, at=desk.at
            )
        except GongdaoError as error:
            form.add_error(None, say_error(error))
        else:
            messages.success(request, _("材料已收下。"))
            return redirect("operator_merchant", merchant_id=found.id)
    return _show(request, desk, found, status=422, paper_form=form)


@require_POST
@desk_page(Role.REVIEWER)
def paper(request: HttpRequest, desk: Desk, paper_id: UUID) -> HttpResponseBase:
    """The bytes of a paper, as a download; who looked stands in two records: that of the evidence
    and that of the staff."""
    row = MerchantPaper.objects.filter(id=paper_id).first()
    if row is None:
        raise Http404
    subject = SubjectRef("merchant", row.merchant_id)
    original = Original.objects.get(id=row.original_id)
    key = get_key(stores=get_stores(), subject=subject)
    facts = facts_of(key=key, row=original)
    with transaction.atomic():
        note_deed(by=desk.by, deed="paper.look", about=("paper", str(row.id)), at=desk.at)
        chunks = open_original(
            stores=get_stores(),
            key=key,
            row=original,
            who=Who.STAFF,
            purpose=Purpose.VIEW,
            at=desk.at,
        )
    media = "application/octet-stream"
    return file_answer(chunks, name=facts.name, media_type=media, size=original.size)


@require_POST
@desk_page(Role.FINANCE)
@fresh_factor_page(_HOME)
def deposit(request: HttpRequest, desk: Desk, merchant_id: UUID) -> HttpResponseBase:
    """Book what came in as the deposit."""
    found = _find(merchant_id)
    form = DepositForm(deposit_sources(found), request.POST)
    if not form.is_valid():
        return _show(request, desk, found, status=422, deposit_form=form)
    given = form.cleaned_data
    word = Word(
        DEPOSIT,
        ("merchant", str(found.id)),
        given["amount"],
        given["reference"].strip(),
        given={"source": given["source"]},
    )
    done = _("保证金已登记。")
    return say_word(request, desk, word, done=done, back=_ONE, args=(found.id,))


@require_POST
@desk_page(Role.REVIEWER)
def invite(request: HttpRequest, desk: Desk, merchant_id: UUID) -> HttpResponseBase:
    """Let somebody act for the merchant, and write to him."""
    found = _find(merchant_id)
    try:
        mail = check_mail(request.POST.get("mail", ""))
        with transaction.atomic():
            invited = invite_member(merchant_id=found.id, mail=mail, at=desk.at)
            close_unproven(User.objects.get(id=invited.user_id))
            about = ("merchant", str(found.id))
            note_deed(
                by=desk.by, deed="merchant.invite", about=about, reason=invited.mail, at=desk.at
            )
            send_invitation(to=invited.mail, merchant=found.display_name, at=desk.at)
    except GongdaoError as error:
        messages.error(request, say_error(error))
    else:
        messages.success(request, _("已邀请 {mail}。").format(mail=mail))
    return redirect("operator_merchant", merchant_id=found.id)


@require_POST
@desk_page(Role.REVIEWER)
def dismiss(request: HttpRequest, desk: Desk, merchant_id: UUID, user_id: UUID) -> HttpResponseBase:
    """He acts for the merchant no more."""
    return do_deed(
        request,
        desk,
        lambda: dismiss_member(merchant_id=merchant_id, user_id=user_id),
        code="merchant.dismiss",
        about=("merchant", str(merchant_id)),
        done=_("已移除。"),
        back="operator_merchant",
        args=(merchant_id,),
        reason=str(user_id),
    )


@require_POST
@desk_page(Role.FINANCE)
@fresh_factor_page(_HOME)
def payee(request: HttpRequest, desk: Desk, payee_id: UUID) -> HttpResponseBase:
    """An account for payouts was seen proven, in the merchant's own name."""
    row = Payee.objects.filter(id=payee_id, owner_kind="merchant").first()
    proof = request.POST.get("proof", "")
    if row is None or proof not in list(PayeeProof) or desk.by.id is None:
        raise Http404
    found, by = _find(row.owner_id), desk.by.id

    def deed() -> bool:
        check_no_party(by=desk.by, about=("merchant", str(row.owner_id)))
        done = verify_payee(
            stores=get_stores(),
            payee_id=row.id,
            merchant_name=found.legal_name,
            proof=PayeeProof(proof),
            by=by,
            at=desk.at,
        )
        if done:
            plan_payee_notices(
                stores=get_stores(),
                merchant=found,
                payee_id=row.id,
                read=read_contact,
                channels=reachable(),
                at=desk.at,
            )
        return done

    return do_deed(
        request,
        desk,
        deed,
        code="payee.verify",
        about=("merchant", str(found.id)),
        done=_("收款账户已核实。"),
        back="operator_merchant",
        args=(found.id,),
        reason=f"{row.id} {proof}",
    )


@require_POST
@desk_page(Role.FINANCE)
@fresh_factor_page(_HOME)
def payee_number(request: HttpRequest, desk: Desk, payee_id: UUID) -> HttpResponseBase:
    """The whole number of an account, shown once, to name it to the bank or the service; the look
    is recorded first."""
    row = Payee.objects.filter(id=payee_id, owner_kind="merchant").first()
    if row is None:
        raise Http404
    found, about = _find(row.owner_id), ("merchant", str(row.owner_id))
    note_deed(by=desk.by, deed="payee.look", about=about, reason=str(row.id), at=desk.at)
    return _show(request, desk, found, payees=payees_of(found, at=desk.at, opened=row.id))


urlpatterns = [
    path("merchants/", merchants, name="operator_merchants"),
    path("merchants/<uuid:merchant_id>/", merchant, name="operator_merchant"),
    path("merchants/<uuid:merchant_id>/decide/", decide, name="operator_decide"),
    path("merchants/<uuid:merchant_id>/details/", reveal, name="operator_reveal"),
    path("merchants/<uuid:merchant_id>/papers/", papers, name="operator_papers"),
    path("merchants/<uuid:merchant_id>/deposit/", deposit, name="operator_deposit"),
    path("merchants/<uuid:merchant_id>/members/", invite, name="operator_invite"),
    path(
        "merchants/<uuid:merchant_id>/members/<uuid:user_id>/dismiss/",
        dismiss,
        name="operator_dismiss",
    ),
    path("papers/<uuid:paper_id>/", paper, name="operator_paper"),
    path("payees/<uuid:payee_id>/", payee, name="operator_payee"),
    path("payees/<uuid:payee_id>/number/", payee_number, name="operator_payee_number"),
]
