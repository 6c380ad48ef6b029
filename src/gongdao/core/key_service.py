"""The port to whoever guards the master keys: a key management service, a hardware module, a
person's smart card. It wraps and unwraps; what it holds never comes here.

The one adapter runs a command of the operator's, so that any service with a command line will do:
``COMMAND wrap`` and ``COMMAND unwrap`` get bytes on their input and give bytes on their output.
"""

from __future__ import annotations

import shlex
import subprocess
from typing import Protocol

from gongdao.core.envelope import KEY_BYTES
from gongdao.core.errors import KeyServiceError
from gongdao.core.language import Phrase

TIMEOUT_S = 20.0
"""How long a service may take for one answer."""
MOST_BYTES = 16 * 1024
"""Longest wrapped key that is taken."""


class KeyService(Protocol):
    """Wraps keys of 32 bytes, and nothing else."""

    def wrap(self, key: bytes) -> bytes:
        """``key`` as the service wraps it. Raise KeyServiceError."""
        ...

    def unwrap(self, wrapped: bytes) -> bytes:
        """The 32 bytes that ``wrap`` was given. Raise KeyServiceError."""
        ...


class CommandKeyService:
    """`KeyService` by a command, split as a shell would and run without one."""

    def __init__(self, command: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self._words = shlex.split(command)
        self._timeout_s = timeout_s

    def wrap(self, key: bytes) -> bytes:
        """As the port says; an answer that holds the key itself in the clear is refused."""
        wrapped = self._run("wrap", key)
        if not KEY_BYTES <= len(wrapped) <= MOST_BYTES or key in wrapped:
            raise KeyServiceError(Phrase("它给出的不是包好的密钥"))
        return wrapped

    def unwrap(self, wrapped: bytes) -> bytes:
        """As the port says."""
        key = self._run("unwrap", wrapped)
        if len(key) != KEY_BYTES:
            raise KeyServiceError(Phrase("它给出的不是 32 个字节的密钥"))
        return key

    def _run(self, deed: str, given: bytes) -> bytes:
        try:
            done = subprocess.run(
                [*self._words, deed],
                input=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=self._timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            # Its words may hold the key: neither they nor the error that carries them go on.
            raise KeyServiceError(
                Phrase("{n} 秒没有答复", n=str(round(self._timeout_s, 1)))
            ) from None
        except OSError:
            raise KeyServiceError(Phrase("命令不能运行")) from None
        if done.returncode:
            raise KeyServiceError(Phrase("它拒绝了（退出码 {code}）", code=str(done.returncode)))
        return done.stdout
