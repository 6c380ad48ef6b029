"""Django's own secret, derived from the master key so that there is one key to keep."""

from __future__ import annotations

from gongdao.core.envelope import derive
from gongdao.front.settings import Settings
from gongdao.front.stores import get_masters


def derive_django_key(settings: Settings) -> str:
    """The key that signs cookies and tokens; changing the master key signs everybody out."""
    return derive(get_masters(settings).current, "django").hex()
