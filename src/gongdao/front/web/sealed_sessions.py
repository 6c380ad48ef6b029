"""Sessions that the database cannot open: for reading it, or a backup of it, is not signing in.

A row is found by a keyed digest of the cookie, not by the cookie itself, and what the session
holds (which cases, who signed in, sentences for the next page) is sealed and bound to that row.
Both keys come from the current master key: a new one signs everybody out, nothing more.
"""

from __future__ import annotations

import base64
import hmac
import json
import logging
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.db import SessionStore as PlainStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.utils import timezone

from gongdao.core.envelope import derive, open_sealed, seal
from gongdao.core.errors import SealedDataError
from gongdao.front.stores import get_stores

log = logging.getLogger("gongdao.sessions")
_ROW_DIGITS = 40
"""Hexadecimal digits (160 bits) that the column of the row's key has room for."""


def row_key(cookie: str) -> str:
    """Under which key the session of ``cookie`` lies in the database."""
    key = derive(get_stores().masters.current, "session rows")
    return hmac.digest(key, cookie.encode(), "sha256").hex()[:_ROW_DIGITS]


class SessionStore(PlainStore):
    """Django's sessions in the database, with keyed rows and sealed content."""

    def exists(self, session_key: str) -> bool:
        """Whether a browser has this cookie already."""
        return super().exists(row_key(session_key))

    def load(self) -> dict[str, Any]:
        """What the session holds; empty, and without a key, where there is none or it is over."""
        cookie = self.session_key
        rows = self.model.objects.filter(expire_date__gt=timezone.now())
        row = rows.filter(session_key=row_key(cookie)).first() if cookie else None
        if row is None:
            self._session_key = None
            return {}
        return self.decode(row.session_data)

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        """The row that keeps ``data``."""
        return self.model(
            session_key=row_key(self._cookie()),
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
        )

    def delete(self, session_key: str | None = None) -> None:
        """Forget the session of this cookie, or of the own one."""
        cookie = session_key or self.session_key
        if cookie:
            super().delete(row_key(cookie))

    def encode(self, session_dict: dict[str, Any]) -> str:
        """``session_dict`` sealed, as text, for the row of this session alone."""
        aad = _aad(self._cookie())
        plain = json.dumps(session_dict, separators=(",", ":")).encode()
        return base64.b64encode(seal(_content_key(), plain, aad)).decode()

    def decode(self, session_data: str | bytes) -> dict[str, Any]:
        """What ``encode`` was given; empty where it does not open for this session."""
        try:
            sealed = base64.b64decode(session_data, validate=True)
            plain = open_sealed(_content_key(), sealed, _aad(self.session_key or ""))
        except (ValueError, SealedDataError):
            log.warning("a session does not open; its browser begins anew")
            return {}
        return dict(json.loads(plain))

    def _cookie(self) -> str:
        """The key of this session, which it has before anything of it is kept."""
        if not self.session_key:
            raise ValueError("a session without a key is not kept")
        return self.session_key

    async def aexists(self, session_key: str) -> bool:
        """As ``exists``."""
        return await sync_to_async(self.exists)(session_key)

    async def aload(self) -> dict[str, Any]:
        """As ``load``."""
        return await sync_to_async(self.load)()

    async def asave(self, must_create: bool = False) -> None:
        """As ``save``."""
        await sync_to_async(self.save)(must_create)

    async def adelete(self, session_key: str | None = None) -> None:
        """As ``delete``."""
        await sync_to_async(self.delete)(session_key)


def _content_key() -> bytes:
    return derive(get_stores().masters.current, "sessions")


def _aad(cookie: str) -> bytes:
    return f"session/{row_key(cookie)}".encode()
