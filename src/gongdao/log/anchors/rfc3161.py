"""Checkpoints stamped by a time-stamp authority (RFC 3161), whose root the operator has pinned.

What is stamped is the text of the checkpoint: origin, size and root, as its signatures cover it.
An answer is there at once or not at all; one that got lost is asked for anew, which does no harm.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography import x509

from gongdao.core.language import Phrase
from gongdao.core.timestamp import (
    PATIENCE_S,
    UNUSABLE,
    NoTimestamp,
    check_tsa_url,
    request_timestamp,
    say_no_timestamp,
)
from gongdao.log.anchors.port import AnchorCheck, AnchorDelayed, AnchorState, Receipt
from gongdao.log.anchors.problems import Problem
from gongdao_verify.anchor import ANCHORED, check_token
from gongdao_verify.checkpoint import Checkpoint

KIND = "rfc3161"


@dataclass(frozen=True)
class Rfc3161Anchor:
    """The authority at ``url`` (which may hold a password); its chain must lead to ``roots``."""

    url: str = field(repr=False)
    roots: Sequence[x509.Certificate] = field(repr=False)
    patience_s: float = PATIENCE_S
    kind: str = KIND
    final: bool = True

    def __post_init__(self) -> None:
        check_tsa_url(self.url)
        if not self.roots:
            raise ValueError("without a pinned root anybody's stamp would do")

    def submit(self, checkpoint: Checkpoint) -> Receipt:
        """A time-stamp of ``checkpoint``, checked: its imprint, our nonce, its signature, its
        certificate's purpose, and its chain to a pinned root at its own time."""
        try:
            stamp = request_timestamp(
                data=checkpoint.text().encode(),
                url=self.url,
                roots=self.roots,
                patience_s=self.patience_s,
            )
        except NoTimestamp as none:
            raise AnchorDelayed(Problem(none.problem, none.detail), service_down=True) from None
        token = b64encode(stamp.response).decode("ascii")
        fields = {"token": token, "authority": stamp.authority}
        return Receipt(KIND, AnchorState.CONFIRMED, fields, stamp.at)

    def upgrade(self, receipt: Receipt) -> Receipt:
        """``receipt`` as it is: a stamp does not change any more."""
        return receipt

    def check(self, receipt: Receipt, checkpoint: Checkpoint) -> AnchorCheck:
        """Whether the stamp is of ``checkpoint`` and leads to a pinned root; asks nobody."""
        return check_stamp(receipt, checkpoint, self.roots)


def check_stamp(
    receipt: Receipt, checkpoint: Checkpoint, roots: Sequence[x509.Certificate]
) -> AnchorCheck:
    """Judge a kept stamp over ``checkpoint`` by ``roots``, offline."""
    try:
        token = b64decode(str(receipt.fields["token"]), validate=True)
    except (KeyError, binascii.Error):
        return AnchorCheck(False, why=say_no_timestamp(UNUSABLE, "stamp_form"))
    found, _findings = check_token(token, checkpoint.text().encode(), roots)
    if found.state != ANCHORED:
        detail = f"{found.reason}|{found.at or '?'}|{found.authority or '?'}"
        return AnchorCheck(False, why=say_no_timestamp(UNUSABLE, detail))
    revoked = Phrase("时间戳证书是否已被吊销，没有查")
    return AnchorCheck(True, found.at, found.authority, unchecked=(revoked,))
