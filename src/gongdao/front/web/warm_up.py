"""What a process of the pages reads before its first request, so that no visitor waits for it."""

from __future__ import annotations

import gc
from pathlib import Path

from django.template.loader import get_template
from django.urls import get_resolver

from gongdao.core.language import Bilingual, Phrase
from gongdao.evidence.chat_lines.classify import load_model
from gongdao.rules.load import load_rules
from gongdao.rules.queries import work_calendar

_TEMPLATES = Path(__file__).parent / "templates"


def warm_up() -> None:
    """Read rules, catalogues, classifier, addresses and templates; then set all of it aside from
    garbage collection, which would go over it within some request, for 0.1 s each time."""
    load_rules()
    work_calendar()
    load_model()
    Bilingual.of(Phrase("公道"))
    get_resolver().url_patterns  # noqa: B018  # reading it imports every page
    for path in sorted(_TEMPLATES.rglob("*.html")):
        get_template(path.relative_to(_TEMPLATES).as_posix())
    gc.collect()
    gc.freeze()
