"""The account that pays for anchors: a private key in a file for its owner alone, and signing.

The key is read when something is signed and kept in no attribute that is shown; an error never
repeats what the file holds. The signing library is an extra (``gongdao[evm]``) and loaded late.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gongdao.log.anchors.port import AnchorDelayed
from gongdao.log.anchors.problems import KEY_FILE, KEY_FORM, KEY_MODE, NO_LIBRARY, Problem

if TYPE_CHECKING:
    from eth_account import Account
    from eth_account.signers.local import LocalAccount

_LONGEST_FILE = 256
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""How many points secp256k1 has: a private key is a number from 1 up to below this one."""
_KEY = re.compile(r"(?:0x)?([0-9A-Fa-f]{64})\s*")


@dataclass(frozen=True)
class Signed:
    """A signed transaction and its hash, both ``0x…``."""

    raw: str
    hash: str


@dataclass(frozen=True)
class EvmKey:
    """The account of one private key."""

    _account: LocalAccount = field(repr=False)

    @classmethod
    def read(cls, path: Path) -> EvmKey:
        """The key in ``path``, 64 hex digits; AnchorDelayed where that cannot be used."""
        return cls(_load_library().from_key(bytes.fromhex(_read_digits(path))))

    @property
    def address(self) -> str:
        """The account's address, ``0x…`` in lower case."""
        return str(self._account.address).lower()

    def sign(self, *, chain_id: int, nonce: int, gas_price: int, gas: int, data: bytes) -> Signed:
        """A transaction of the account to itself that carries ``data`` and moves nothing.

        In the oldest form with a chain id (EIP-155), which every chain takes.
        """
        signed = self._account.sign_transaction(
            {
                "chainId": chain_id,
                "nonce": nonce,
                "gasPrice": gas_price,
                "gas": gas,
                "to": self._account.address,
                "value": 0,
                "data": data,
            }
        )
        return Signed(f"0x{bytes(signed.raw_transaction).hex()}", f"0x{bytes(signed.hash).hex()}")


def _load_library() -> type[Account]:
    """The signing library. Loading it raises the depth to which Python may recurse so far that a
    deeply nested text would end the process instead of being refused: that is taken back."""
    limit = sys.getrecursionlimit()
    try:
        from eth_account import Account
    except ImportError:
        raise AnchorDelayed(Problem(NO_LIBRARY), service_down=True) from None
    finally:
        sys.setrecursionlimit(limit)
    return Account


def _read_digits(path: Path) -> str:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise _unfit(KEY_FILE, error.strerror or type(error).__name__) from None
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            raise _unfit(KEY_FILE, "?")
        if os.name != "nt" and mode & 0o077:
            raise _unfit(KEY_MODE, f"{stat.S_IMODE(mode):04o}")
        content = os.read(handle, _LONGEST_FILE)
    finally:
        os.close(handle)
    match = _KEY.fullmatch(content.decode("ascii", "replace"))
    if match is None or not 0 < int(match[1], 16) < _ORDER:
        raise _unfit(KEY_FORM)
    return match[1]


def _unfit(code: str, detail: str = "") -> AnchorDelayed:
    return AnchorDelayed(Problem(code, detail), service_down=True)
