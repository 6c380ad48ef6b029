"""What the interface for programs refuses; a branch of the tree in `core.errors`.

GongdaoError
├── ApiKeyRefused         the interface was asked without a key that holds
│   └── ScopeMissing      the key does not open this part of the interface
├── NotThere              nothing of that id here that the caller may see
└── RequestChanged        the idempotency key stands for another request already
"""

from __future__ import annotations

from gongdao.core.errors import GongdaoError
from gongdao.core.language import gettext as _


class ApiKeyRefused(GongdaoError):
    """The interface was asked without a key, or with one that is none, has ended or was revoked;
    which of these is not said."""

    code = "api_key_refused"
    status = 401

    def __init__(self) -> None:
        super().__init__(_("接口密钥不对、已过期或已作废。请在 Authorization 里写 Bearer 和密钥。"))


class ScopeMissing(ApiKeyRefused):
    """The key holds, but does not open this part of the interface; ``scope`` would."""

    code = "scope_missing"
    status = 403

    def __init__(self, scope: str) -> None:
        self.scope = scope
        GongdaoError.__init__(self, _("这个密钥没有“{scope}”的权限。").format(scope=scope))


class NotThere(GongdaoError):
    """Nothing of that id here that the caller may see: it does not exist, or is somebody else's."""

    code = "not_there"
    status = 404

    def __init__(self) -> None:
        super().__init__(_("没有这个编号，或它不属于您。"))


class RequestChanged(GongdaoError):
    """The idempotency key was used for another request; nothing was done."""

    code = "request_changed"
    status = 422

    def __init__(self) -> None:
        super().__init__(_("这个 Idempotency-Key 用过了，那次的内容和这次不同。请换一个。"))
