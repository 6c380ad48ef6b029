"""A browser that holds one case, to walk the pages below ``follow/``."""

from __future__ import annotations

import re

from django.test import Client
from tests.evidence.dossier_kit import at

from gongdao.casework.online.follow_case import follow_case
from gongdao.casework.online.open_case import OpenCase
from gongdao.front.stores import get_stores

NOW = at("11-12 10:00:00")


def follow_now(case: OpenCase, as_of=NOW) -> None:
    """What the job does."""
    follow_case(stores=get_stores(), case_id=case.row.id, at=as_of)


class Buyer:
    """A browser that holds one case."""

    def __init__(self, case: OpenCase) -> None:
        self.case = case
        self.client = Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=False)
        session = self.client.session
        session["cases"] = [str(case.row.id)]
        session.save()
        self.base = f"/c/{case.content.link}/follow/"

    def get(self, path: str = "", **more):
        """A page below ``follow/``."""
        return self.client.get(self.base + path, **more)

    def post(self, path: str, data: dict[str, str] | None = None, **more):
        """Send a form."""
        return self.client.post(self.base + path, data or {}, **more)

    def text(self, path: str = "", **more) -> str:
        """What the page says."""
        response = self.get(path, **more)
        assert response.status_code == 200, response.content.decode()[:2000]
        return plain(response)


def plain(response) -> str:
    """The words of a page, without its tags."""
    found = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", found)


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    return found[1] if found else ""
