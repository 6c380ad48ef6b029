"""What a benchmark or a test has to know of cases to ask for each of their pages."""

from __future__ import annotations

import json
from datetime import datetime
from importlib import import_module
from random import Random

from benchmarks.page_list import Found
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from gongdao.casework.guide_topics import topics
from gongdao.casework.online.assemble_case import assemble_case
from gongdao.casework.online.models import Address, Case, Share
from gongdao.casework.online.open_case import OpenCase, open_row
from gongdao.channels.route import ORDER
from gongdao.core.codes import Element, Reason
from gongdao.core.envelope import open_sealed
from gongdao.core.models import User
from gongdao.core.stores import Stores
from gongdao.evidence.kept.models import FileState

_GUIDES = [*(reason.value for reason in Reason), *topics()]


def know_case(*, stores: Stores, case: OpenCase, at: datetime) -> Found:
    """Everything that addresses of ``case`` need, and a session of a device that holds it."""
    found = assemble_case(case=case, as_of=at)
    read = [file.row.id for file in found.files if file.row.state == FileState.READ]
    letters = [letter.name for letter in found.judgement.letters]
    addresses = Address.objects.filter(case_id=case.row.id).values_list("id", flat=True)
    return Found(
        {
            "link": [case.content.link],
            "original_id": read,
            "element.code": [element.value for element in Element],
            "channel.code": list(ORDER),
            "guide.code": _GUIDES,
            "guide_en.code": _GUIDES,
            "letter.name": letters,
            "filing_id": [one.id for one in found.filings],
            "reminder_add.kind": ["mail"],
            "address_id": list(addresses),
            "case_id": [case.row.id],
            "token": _tokens(case),
        },
        _cookie({"cases": [str(case.row.id)]}),
        len(found.files) + len(found.filings),
    )


def know_some(*, stores: Stores, count: int, rng: Random, at: datetime) -> list[Found]:
    """``count`` cases drawn from all, each as ``know_case`` has it, the fullest first."""
    ids = list(Case.objects.order_by("id").values_list("id", flat=True))
    drawn = Case.objects.filter(id__in=rng.sample(ids, min(count, len(ids))))
    found = [
        know_case(stores=stores, case=open_row(stores=stores, row=row), at=at) for row in drawn
    ]
    return sorted(found, key=lambda one: -one.size)


def sign_in(user: User) -> str:
    """The cookie of a session that is signed in."""
    return _cookie(
        {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: user.get_session_auth_hash(),
        }
    )


def _cookie(data: dict[str, object]) -> str:
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store.update(data)
    store.create()
    csrf = f"{settings.CSRF_COOKIE_NAME}={'c' * 32}"
    return f"{settings.SESSION_COOKIE_NAME}={store.session_key}; {csrf}"


def _tokens(case: OpenCase) -> list[str]:
    """The tokens of its shared links that show everything their pages can show."""
    rows = Share.objects.filter(case_id=case.row.id, revoked_at=None).exclude(shows="standing")
    return [
        json.loads(open_sealed(case.key, bytes(row.sealed), case.subject.aad(f"share/{row.id}")))[
            "token"
        ]
        for row in rows
    ]
