"""What buyer and merchant can do on the page of a case: the forms that are offered now, and what
happens when one is sent. A deed that is no longer one's to do is said, and nothing changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from gongdao.core.errors import DisputeRefused, InputError, NotKnown
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.disputes.appeal import Ground, appeal
from gongdao.disputes.decide_liability import Remedy
from gongdao.disputes.events import Party
from gongdao.disputes.offers import Terms, accept_claim, accept_offer, decline_offer, offer
from gongdao.disputes.open_case import TALKING, complain
from gongdao.disputes.say import name_excuse, say, withdraw
from gongdao.disputes.states import Deed, Mover, ReasonCode, Step
from gongdao.disputes.told_facts import NOTHING_TOLD
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.dispute_form import (
    AppealForm,
    Asks,
    ExcuseForm,
    OfferForm,
    WordsForm,
    asks_for,
)
from gongdao.front.web.dispute_view import CaseSight, named
from gongdao.market.shown import find_shown
from gongdao.rules.dispute_queries import excuses

Form = WordsForm | OfferForm
COMPLAIN = "complain"
"""What the buyer sends who makes his question a complaint."""
_WORDS = (Deed.ANSWER, Deed.REPLY, Deed.SHOW, Deed.CONTEST, Deed.SAY)


@dataclass
class ActForm:
    """One thing that can be done: a form, its title, what follows, and its button."""

    deed: str
    title: str
    button: str
    form: Form | None = None
    note: str = ""
    final: bool = False
    open: bool = False


@dataclass(frozen=True)
class Actor:
    """Who acts on which case: ``paid`` is what the order cost."""

    sight: CaseSight
    party: Party
    paid: Money
    replaceable: bool


def make_forms(actor: Actor, sent: str = "", data: Any = None, files: Any = None) -> list[ActForm]:
    """The forms of what ``actor`` may do now; the one that was sent holds what was written."""
    sight = actor.sight
    acts = [act for deed in sight.deeds if (act := _act_of(actor, deed, sent, data, files))]
    if sight.side is Mover.BUYER and Step(sight.case.step) in TALKING and not sight.held:
        acts.append(_complain())
    if sight.appeal_by is not None:
        acts.append(_appeal(sight, sent, data, files))
    for act in acts:
        if act.form is not None:
            act.form.auto_id = f"id_{act.deed}_%s"  # several forms stand on one page
        act.open = act.deed == sent or (not sent and sight.mine and act.deed in _FIRST)
    return acts


_FIRST = (Deed.ANSWER.value, Deed.SHOW.value)
"""What is asked for stands open; the rest is one tap away."""


def _act_of(actor: Actor, deed: Deed, sent: str, data: Any, files: Any) -> ActForm | None:
    given = (data, files) if deed.value == sent else (None, None)
    words = {
        Deed.ANSWER: (_("回答买家"), _("发出回答")),
        Deed.REPLY: (_("继续追问"), _("发出")),
        Deed.SHOW: (_("提交要求的材料"), _("提交材料")),
        Deed.CONTEST: (_("不同意，说明理由"), _("发出，由人裁决")),
        Deed.SAY: (_("补充说明或材料"), _("发出")),
    }
    if deed in words:
        title, button = words[deed]
        asks = _asks(actor) if deed is Deed.CONTEST else None
        return ActForm(deed.value, title, button, WordsForm(*given, asks=asks))
    if deed in (Deed.OFFER, Deed.COUNTER_OFFER):
        form = OfferForm(given[0], most=actor.paid, remedies=_remedies(actor))
        return ActForm(deed.value, _("提出和解方案"), _("提出方案"), form)
    if deed is Deed.ACCEPT_CLAIM:
        return ActForm(
            deed.value,
            _("同意买家的主张"),
            _("同意，马上执行"),
            note=_("先从担保的钱里出，不够再动保证金。做了就不能撤回。"),
            final=True,
        )
    if deed is Deed.EXCUSE:
        return _excuse(actor, given)
    if deed is Deed.WITHDRAW:
        note = _("争议结束，钱按订单继续走。以后还可以再提出。")
        return ActForm(deed.value, _("撤回"), _("确认撤回"), note=note, final=True)
    return None


def _asks(actor: Actor) -> Asks | None:
    order = actor.sight.case.order
    listed = find_shown(order.listing_id, order.listing_version).offer.region
    return asks_for(ReasonCode(actor.sight.case.reason), listed=listed)


def _remedies(actor: Actor) -> Sequence[Remedy]:
    found = [Remedy.REFUND_FULL, Remedy.REFUND_PART, Remedy.COMPENSATION]
    return [*found, Remedy.REPLACEMENT] if actor.replaceable else found


def _excuse(actor: Actor, given: tuple[Any, Any]) -> ActForm:
    choices = [
        (one.id.partition("/")[2], f"{named(one)}：{_needs(one)}")
        for one in excuses(actor.sight.case.rules_on)
    ]
    return ActForm(
        Deed.EXCUSE.value,
        _("有理由，拿证明来"),
        _("提出理由"),
        ExcuseForm(*given, choices=choices),
        note=_("理由本身什么也不改变：到时拿不出证明，理由就不成立。"),
    )


def _needs(entry: Any) -> str:
    from gongdao.core.language import language

    return str(entry.needs_en if language() == "en" else entry.needs)


def _complain() -> ActForm:
    note = _("不再等商家回答。按记录清楚的马上决定，其余由商家答复，再由人裁决。")
    return ActForm(COMPLAIN, _("改为投诉"), _("改为投诉，马上处理"), note=note, final=True)


def _appeal(sight: CaseSight, sent: str, data: Any, files: Any) -> ActForm:
    given = (data, files) if sent == Deed.APPEAL.value else (None, None)
    by_rules = bool(sight.verdicts) and sight.verdicts[-1]["automatic"]
    note = _("要有新的证据，或指出决定里哪一点错了。")
    if by_rules:
        note = _("这是系统按规则决定的，您要求就由人来看。")
    form = AppealForm(*given, by_rules=by_rules)
    return ActForm(Deed.APPEAL.value, _("申诉，由人复核"), _("提出申诉"), form, note=note)


def act_on(
    request: HttpRequest, actor: Actor, back: str
) -> tuple[HttpResponseBase | None, list[ActForm]]:
    """Do what was sent: the redirect ``back``, or the forms to show again with what was wrong."""
    sent = request.POST.get("deed", "")
    acts = make_forms(actor, sent, request.POST, request.FILES)
    act = next((one for one in acts if one.deed == sent), None)
    if act is None and sent not in _TAPS:
        messages.warning(request, _("情况刚变过，这一步现在不能做了。请看最新的状态。"))
        return redirect(back), []
    form = act.form if act else None
    if form is not None and not form.is_valid():
        return None, acts
    try:
        _do(request, actor, sent, form, now())
    except InputError as error:
        messages.error(request, str(error))
        return None, acts
    except (DisputeRefused, NotKnown) as error:
        messages.warning(request, str(error))
    return redirect(back), []


_TAPS = frozenset({Deed.ACCEPT_OFFER.value, Deed.DECLINE_OFFER.value})
"""Answers to an offer, which stand beside the offer itself."""


def _do(request: HttpRequest, actor: Actor, sent: str, form: Form | None, at: datetime) -> None:
    given = form.cleaned_data if form is not None else {}
    case_id, party = actor.sight.case.id, actor.party
    more: dict[str, Any] = {"stores": get_stores(), "case_id": case_id, "by": party, "at": at}
    if sent in {one.value for one in _WORDS}:
        told = form.told() if isinstance(form, WordsForm) else NOTHING_TOLD
        say(**more, deed=Deed(sent), words=given["words"], files=given["files"], told=told)
    elif sent in _TAPS:
        _answer_offer(request, more, sent)
    elif sent in (Deed.OFFER.value, Deed.COUNTER_OFFER.value):
        offer(**more, terms=Terms(Remedy(given["remedy"]), given["minor"], given["words"]))
    elif sent == Deed.ACCEPT_CLAIM.value:
        accept_claim(**more)
    elif sent == Deed.EXCUSE.value:
        name_excuse(**more, code=given["code"], words=given["words"], files=given["files"])
    elif sent == Deed.WITHDRAW.value:
        withdraw(**more)
    elif sent == COMPLAIN:
        complain(**more)
    else:
        ground = Ground(given["ground"])
        appeal(**more, ground=ground, words=given["words"], files=given["files"])


def _answer_offer(request: HttpRequest, more: dict[str, Any], sent: str) -> None:
    try:
        offer_id = UUID(request.POST.get("offer", ""))
    except ValueError:
        raise InputError(_("请选择要答复的方案。")) from None
    accept = sent == Deed.ACCEPT_OFFER.value
    (accept_offer if accept else decline_offer)(**more, offer_id=offer_id)
