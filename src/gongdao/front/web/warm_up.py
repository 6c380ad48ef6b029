"""What a process of the pages reads before its first request, so that no visitor waits for it."""

from __future__ import annotations

import gc
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.template.loader import get_template
from django.urls import reverse
from django.utils import translation

from gongdao.casework.check import judge_case
from gongdao.casework.report import report_case, report_letters
from gongdao.core.codes import Kind, Means, Outcome, Party, Reason, Speaker
from gongdao.core.digest import digest_bytes
from gongdao.core.language import LANGUAGES, language, use_language
from gongdao.core.money import Money
from gongdao.evidence.chat_lines.classify import load_model
from gongdao.evidence.gather import gather
from gongdao.evidence.kept.reading_json import dump_reading, load_reading
from gongdao.evidence.read_exhibit import ReadFile
from gongdao.evidence.reading import Exhibit, Message, TextLine
from gongdao.evidence.statement import Claim, Contact, Order, Statement
from gongdao.front.clock import now
from gongdao.front.scratch import own_scratch
from gongdao.rules.load import load_rules
from gongdao.rules.queries import work_calendar

_TEMPLATES = Path(__file__).parent / "templates"
_COLLECT_AFTER = (2_000, 5, 2)
"""Objects more than before, then rounds: what is thrown away is looked through often and a little
at a time, half of what Python's own (700, 10, 10) lets gather. With more objects at once a round
takes longer: with 50,000 as much as 70 ms, within somebody's request."""


def warm_up() -> None:
    """Remove what a killed process left in the clear; read rules, catalogues, classifier, addresses
    and templates, and judge a case that nobody has; then set all of it aside from garbage
    collection, which would go over it within some request, for 0.1 s each time."""
    own_scratch()
    load_rules()
    work_calendar()
    load_model()
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            reverse("home")  # looks through every address, and so imports every page
    for path in sorted(_TEMPLATES.rglob("*.html")):
        get_template(path.relative_to(_TEMPLATES).as_posix())
    _judge_one(now())
    gc.collect()
    gc.freeze()
    gc.collect()  # counts what lives long anew: a quarter of that has to gather before a round
    gc.set_threshold(*_COLLECT_AFTER)


def _judge_one(at: datetime) -> None:
    """Judge and tell a made-up case in every language: what is compiled or looked up when first
    used is so before a visitor comes."""
    paid = at - timedelta(days=9)
    order = Order(
        platform="-", merchant="-", order_no="1", paid=Money(100), paid_at=paid, ordered_at=paid
    )
    contact = Contact(paid + timedelta(days=1), Party.MERCHANT, Means.CHAT, Outcome.NO_ANSWER)
    statement = Statement(order, claim=Claim((Reason.LATE_DELIVERY,)), contacts=(contact,))
    lines = (TextLine("订单 1 已付款 1.00 元"), TextLine("您好,请稍等,马上处理"))
    said = (Message(Speaker.MERCHANT, "-", lines[1].text, paid),)
    digests = digest_bytes(b"")
    exhibit = Exhibit("after/1.txt", digests, "text/plain", Kind.CHAT, "read", "", {}, lines, said)
    read = load_reading(dump_reading(ReadFile(exhibit)))
    before = language()
    for one in LANGUAGES:
        use_language(one)
        judgement = judge_case(gather(statement=statement, files=[read], as_of=at))
        report_case(judgement, notes=(), letters=False)
        report_letters(judgement)
    use_language(before)
