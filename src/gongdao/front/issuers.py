"""The issuers that this installation can ask about secrets, by category of goods.

Hardly any issuer offers an interface, so the table is short: where none stands, nothing is asked
and nothing is said to have been checked. The sandbox stands in for one where it is switched on.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from gongdao.core.codes import Category
from gongdao.front.clock import now
from gongdao.front.stores import get_settings
from gongdao.vault.issuer_port import (
    ANSWER_S,
    NO_ANSWER,
    SANDBOX,
    IssuerAnswer,
    IssuerPort,
    SecretStatus,
)

_CODE = re.compile(
    r"SANDBOX(?P<mood>VALID|INVALID|USED|SILENT|LATE|RUBBISH)(?P<when>\d{8}T\d{6}Z)?(?!\d{8}T)"
)


class SandboxIssuer:
    """Plays an issuer, and says so: it knows no real card and speaks only of codes that name
    themselves, as ``SANDBOX-VALID-…``; of any other it knows nothing. Nothing leaves the process.

    ``SANDBOX-USED-20261123T115500Z-…`` is valid until that moment and used from then on;
    ``SANDBOX-USED-…`` was used, and no time is told. ``SILENT``, ``LATE`` and ``RUBBISH`` behave
    like an interface that is down, slow or broken.
    """

    name = SANDBOX

    def __init__(self, clock: Callable[[], datetime] = now, late_s: float = 2 * ANSWER_S) -> None:
        self._clock, self._late_s = clock, late_s

    def ask(self, fields: Mapping[str, str]) -> IssuerAnswer:
        """What the code says of itself; the first of the fields that is one of the sandbox's."""
        for text in fields.values():
            plain = re.sub(r"[^0-9A-Z]", "", text.upper())
            if found := _CODE.match(plain):
                return self._say(found["mood"], found["when"])
        return NO_ANSWER

    def _say(self, mood: str, when: str | None) -> IssuerAnswer:
        if mood == "LATE":
            time.sleep(self._late_s)
            return IssuerAnswer(SecretStatus.INVALID)
        if mood == "RUBBISH":
            return IssuerAnswer(SecretStatus.VALID, self._clock() + timedelta(days=1))
        if mood == "SILENT":
            return NO_ANSWER
        if mood == "USED" and when is not None:
            return self._used(when)
        return IssuerAnswer(SecretStatus(mood.lower()))

    def _used(self, when: str) -> IssuerAnswer:
        try:
            used = datetime.strptime(when, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            return NO_ANSWER
        if used > self._clock():
            return IssuerAnswer(SecretStatus.VALID)
        return IssuerAnswer(SecretStatus.USED, used)


def get_issuers() -> Mapping[str, IssuerPort]:
    """Whom to ask about goods of each category; empty where nobody can be asked."""
    if not get_settings().sandbox:
        return {}
    return {category.value: SandboxIssuer() for category in Category}
