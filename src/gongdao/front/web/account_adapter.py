"""What the accounts library asks us: how a user is made, where a request comes from, how secrets
of the second factor are kept."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from gongdao.core.envelope import derive, open_sealed, seal
from gongdao.core.errors import SealedDataError
from gongdao.core.ids import new_id
from gongdao.core.language import gettext as _
from gongdao.core.language import language
from gongdao.core.models import User
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.held import network_of

_PURPOSE = "second-factor"
_AAD = b"second-factor"


class Accounts(DefaultAccountAdapter):  # type: ignore[misc]  # the library ships no types
    """Users with an id and a day of joining; networks as everywhere in these pages."""

    def new_user(self, request: HttpRequest) -> User:
        """A user who is not saved yet."""
        at = now()
        return User(id=new_id(at), joined_at=at, language=language())

    def get_client_ip(self, request: HttpRequest) -> str:
        """The network that limits count: behind a proxy of ours what it noted, never what a
        client claims."""
        return network_of(request)


class SecondFactors(DefaultMFAAdapter):  # type: ignore[misc]  # the library ships no types
    """Secrets sealed under the master key; names in the language of the page."""

    def encrypt(self, text: str) -> str:
        """``text`` sealed under the current master key."""
        key = derive(get_stores().masters.current, _PURPOSE)
        return base64.b64encode(seal(key, text.encode(), _AAD)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """What ``encrypt`` sealed, also under a master key of before. Raises SealedDataError
        where none fits."""
        sealed = base64.b64decode(encrypted_text)
        problem: SealedDataError | None = None
        for master in get_stores().masters.keys:
            try:
                return open_sealed(derive(master, _PURPOSE), sealed, _AAD).decode()
            except SealedDataError as error:
                problem = error
        raise problem or SealedDataError(_("没有主密钥。"))

    def build_totp_svg(self, url: str) -> str:
        """The code to scan, dark on white so that it can be read on a dark page as well."""
        import segno

        picture = BytesIO()
        segno.make(url, error="m").save(
            picture, kind="svg", scale=5, border=4, light="#fff", xmldecl=False
        )
        return picture.getvalue().decode()

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """What a new passkey is called until its owner says otherwise."""
        from allauth.mfa.models import Authenticator

        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return _("通行密钥 {n}").format(n=count + 1)

    def _get_site_name(self) -> str:
        return _("公道")
