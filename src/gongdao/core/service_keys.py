"""Master keys that lie on disk only as a key service has wrapped them, one base64 line each, the
current one first. The service is asked when a process starts; the keys are in memory then."""

from __future__ import annotations

import base64
import binascii
import secrets
from pathlib import Path

from gongdao.core.envelope import KEY_BYTES, MasterKeys, create_private, read_private
from gongdao.core.errors import InputError, KeyServiceError
from gongdao.core.key_service import KeyService
from gongdao.core.language import Phrase
from gongdao.core.language import gettext as _
from gongdao.core.os_errors import os_reason


def load_service_keys(path: Path, service: KeyService, *, may_create: bool) -> MasterKeys:
    """The master keys in the file at ``path``, unwrapped by ``service``. A missing file is made,
    with one new key, if ``may_create``. Raise InputError, KeyServiceError."""
    try:
        text = read_private(path)
        if text is None and may_create:
            create_private(path, new_service_key(service) + "\n")
            text = read_private(path)
    except OSError as error:
        raise InputError(os_reason(error), file=str(path)) from error
    if text is None:
        raise InputError(
            _("没有主密钥文件，而数据库里已有用它加密的数据。"),
            file=str(path),
            hint=_("请从备份恢复这个文件；新密钥打不开旧数据。"),
        )
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return MasterKeys(tuple(service.unwrap(_read(line, path)) for line in lines))


def new_service_key(service: KeyService) -> str:
    """A new master key as a line for the file: kept only once the service has shown that it opens
    what it wrapped."""
    key = secrets.token_bytes(KEY_BYTES)
    wrapped = service.wrap(key)
    if service.unwrap(wrapped) != key:
        raise KeyServiceError(Phrase("它打不开自己刚包好的密钥"))
    return base64.b64encode(wrapped).decode()


def _read(line: str, path: Path) -> bytes:
    try:
        return base64.b64decode(line.strip(), validate=True)
    except binascii.Error:
        raise InputError(_("不是包好的主密钥：一行一把，base64。"), file=str(path)) from None
