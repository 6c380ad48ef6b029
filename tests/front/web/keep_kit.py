"""A case that a browser holds, with a case file made, for tests of keeping, sharing, erasing."""

from __future__ import annotations

from pathlib import Path

from django.test import Client
from tests.casework.online.kept_kit import fresh, full_case
from tests.front.web.public_kit import hold, make_client

from gongdao.casework.online.case_file import newest_case_file
from gongdao.casework.online.models import CaseFile
from gongdao.casework.online.open_case import OpenCase
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.worker.tasks import make_one_case_file

WECHAT = (
    "Mozilla/5.0 (Linux; Android 14; V2307A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160065 MMWEBSDK/20231202 MicroMessenger/8.0.47"
)
CHROME = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Mobile Safari/537.36"
)


def held_case(folder: Path, **headers: str) -> tuple[Client, OpenCase]:
    """A browser that holds a case with files, readings, a filing and a shared link."""
    case = full_case(get_stores(), folder, at=now())
    client = make_client(**headers)
    hold(client, case)
    return client, case


def url(case: OpenCase, rest: str = "") -> str:
    """An address below the keep page of the case."""
    return f"/c/{case.content.link}/keep/{rest}"


def made_file(client: Client, case: OpenCase) -> CaseFile:
    """The case file, asked for by the page and made by the job."""
    assert client.post(url(case, "case-file/")).status_code == 302
    row = newest_case_file(fresh(get_stores(), case))
    assert row is not None
    make_one_case_file(case_file_id=str(row.id))
    row.refresh_from_db()
    return row
