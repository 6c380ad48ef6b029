"""Clients, accounts and settings for tests of the public pages and of accounts."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings as django_settings
from django.test import Client, override_settings
from django.urls import clear_url_caches

from gongdao.casework.online.begin_case import begin_case
from gongdao.casework.online.open_case import OpenCase
from gongdao.core.clock import BEIJING
from gongdao.core.ids import new_id
from gongdao.core.models import User
from gongdao.evidence.statement import Order, Statement
from gongdao.front.stores import get_stores
from gongdao.front.web.account_settings import account_settings

DAY = datetime(2026, 11, 20, 10, 0, tzinfo=BEIJING)
PASSWORD = "correct-horse-battery"
_ADDRESSES = ("allauth.account.urls", "allauth.mfa.urls", "allauth.urls", "gongdao.front.web.urls")
django_settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
_LIBRARY = "django.contrib.staticfiles.storage.StaticFilesStorage"


def use_plain_static(settings: Any) -> None:
    """Static files under their own names, so that none has to be collected first."""
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": _LIBRARY}}


def make_client(**headers: Any) -> Client:
    """A browser of its own, with the checks of a real one."""
    return Client(HTTP_HOST="127.0.0.1", **headers)


def make_user(email: str, *, password: str | None = PASSWORD) -> User:
    """A user whose address is proven."""
    user = User.objects.create_user(email, password, id=new_id(DAY), joined_at=DAY)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def make_case(*, product: str = "点卡 100 元", owner: User | None = None) -> OpenCase:
    """A case with a title."""
    return begin_case(
        stores=get_stores(),
        at=DAY,
        owner_id=owner.pk if owner else None,
        statement=Statement(order=Order(merchant="小店", product=product)),
    )


def hold(client: Client, case: OpenCase) -> None:
    """Let ``client`` open ``case`` with its code, as a person would."""
    answer = client.post(f"/c/{case.content.link}/open/", {"code": case.content.code})
    assert answer.status_code == 302


@contextmanager
def mail_set_up() -> Iterator[None]:
    """The settings of an installation that sends mail; what is sent stays in ``mail.outbox``."""
    ground = replace(
        django_settings.GONGDAO, mail_url="smtp://127.0.0.1:25", mail_from="a@example.org"
    )
    values = {**account_settings(ground), "GONGDAO": ground}
    values["EMAIL_BACKEND"] = "django.core.mail.backends.locmem.EmailBackend"
    with override_settings(**values):
        _reload()
        yield
    _reload()


def _reload() -> None:
    for name in _ADDRESSES:
        importlib.reload(importlib.import_module(name))
    clear_url_caches()
