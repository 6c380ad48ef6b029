"""Have a seal written into a public log, and believe the receipt only after checking it.

What goes out are three digests, from which nobody learns what is in the case file. What comes back
goes into the file as ``seal.tlog-proof``: it must be a receipt, of this very seal, under a key that
the reader named (or, where none was named, under the key that the log itself shows).
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gongdao.core.errors import ArgumentError, SealError
from gongdao.core.language import gettext as _
from gongdao.core.language import language
from gongdao.core.post import Address, NoAnswer, Why, post
from gongdao_verify.log_verdict import LogState, LogVerdict, judge_receipt
from gongdao_verify.receipt_extra import BadReceipt
from gongdao_verify.signed_note import BadNote, VerifierKey
from gongdao_verify.tlog_policy import NONE, BadPolicy, Policy
from gongdao_verify.words import say

TYPE = "case.sealed"
PATIENCE_S = 30
"""Seconds to wait in all for the receipt."""
_AGAIN_S = 1
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class SealDigests:
    """What is logged of a case file, in hex: the SHA-256 of ``manifest.sha256``, the SM3 of
    ``manifest.sm3``, the SHA-256 of ``seal.sha256``."""

    manifest_sha256: str
    manifest_sm3: str
    seal_sha256: str

    @classmethod
    def parse(cls, found: object) -> SealDigests:
        """Of a JSON object with exactly these three; ValueError otherwise."""
        if not isinstance(found, Mapping) or set(found) != set(cls.__dataclass_fields__):
            raise ValueError("not the three digests")
        if not all(isinstance(one, str) and _HEX.fullmatch(one) for one in found.values()):
            raise ValueError("a digest that is not 64 lower-case hex digits")
        return cls(**found)

    def data(self) -> dict[str, str]:
        """As they stand in the leaf."""
        return asdict(self)


@dataclass(frozen=True)
class Logged:
    """A checked receipt: ``receipt`` is what goes into the file. ``key_named`` says whether the
    log's key (``vkey``) was named by the reader, or only shown by the log itself."""

    receipt: bytes
    verdict: LogVerdict
    vkey: str = ""
    key_named: bool = True


LogSeal = Callable[[SealDigests], Logged | None]
"""Logs a seal; None where there is no receipt (yet) and none is demanded. Raises SealError."""


def trusted_policy(*, key: str | None, policy: Path | None) -> Policy | None:
    """Whom the reader trusts: the log with the public key ``key`` ("vkey"), or the policy in the
    file at ``policy``; None where nothing was named. Raises ArgumentError."""
    if key is not None and policy is not None:
        raise ArgumentError(_("--log-key 和 --log-policy 只用一个"))
    try:
        if key is not None:
            return _only(VerifierKey.parse(key.strip()).text())
        if policy is not None:
            return Policy.parse(policy.read_text("utf-8"))
    except (BadNote, BadPolicy, OSError, UnicodeDecodeError) as error:
        field = "--log-key" if key is not None else "--log-policy"
        raise ArgumentError(
            _("读不懂日志的公钥或核对规则：{reason}").format(reason=str(error)[:200]), field=field
        ) from None
    return None


def check_log_url(url: str) -> None:
    """Raise ArgumentError unless ``url`` is the http or https address of a log."""
    _address(url)


def log_seal(
    digests: SealDigests, *, url: str, policy: Policy | None, patience_s: float = PATIENCE_S
) -> Logged:
    """Post the digests to the log at ``url`` (``https://HOST/log``) and wait for the receipt.

    Posting again is harmless: the same digests stand in the log once. ``policy`` names whom the
    reader trusts; where it asks for witnesses, they are waited for, and a receipt without them is
    taken in the end. Raises SealError where no good receipt comes within ``patience_s`` seconds,
    ArgumentError for a bad address.
    """
    address = _address(url)
    give_up = time.monotonic() + patience_s
    logged: Logged | None = None
    while (left := give_up - time.monotonic()) > 0:
        try:
            logged = _take(_ask(address, digests, left), digests, policy) or logged
        except SealError:
            if logged is None:
                raise
            break
        if logged and (policy is None or policy.quorum == NONE or logged.verdict.witnessed):
            break
        time.sleep(max(0, min(_AGAIN_S, give_up - time.monotonic())))
    if logged is None:
        said = _("日志（{host}）收下了，但还没有出回执。请过一会儿再封存一次。")
        raise SealError(said.format(host=address.host))
    return logged


def check_logged(receipt: bytes, digests: SealDigests, policy: Policy | None) -> LogVerdict:
    """What ``receipt`` proves of the seal with these digests. Raises SealError unless it is a
    receipt of exactly this seal that holds under ``policy``; None: whoever's log it is."""
    try:
        verdict = judge_receipt(receipt, policy=policy)
    except BadReceipt as bad:
        raise _unfit(bad.code) from None
    if verdict.state is LogState.INVALID or verdict.leaf is None:
        raise _unfit(verdict.reason)
    if verdict.leaf.type != TYPE or dict(verdict.leaf.data) != digests.data():
        raise _unfit("other_seal")
    return verdict


def _take(answer: Mapping[str, Any], digests: SealDigests, policy: Policy | None) -> Logged | None:
    """The receipt in ``answer``, checked; where the reader named nobody, under the key that the log
    shows. None where there is only a promise."""
    found, shown = answer.get("receipt"), answer.get("vkey")
    if not isinstance(found, str):
        return None
    receipt = found.encode("utf-8", "replace")
    if policy is not None:
        return Logged(receipt, check_logged(receipt, digests, policy))
    try:
        key = VerifierKey.parse(shown if isinstance(shown, str) else "")
        verdict = check_logged(receipt, digests, _only(key.text()))
    except (BadNote, BadPolicy):
        raise SealError(_("日志没有给出自己的公钥，回执没法核对。")) from None
    return Logged(receipt, verdict, key.text(), key_named=False)


def _only(vkey: str) -> Policy:
    return Policy.parse(f"log {vkey}\nquorum none\n")


def _address(url: str) -> Address:
    try:
        return Address.parse(f"{url.rstrip('/')}/seals/")
    except ValueError:
        raise ArgumentError(
            _("日志的地址要以 http:// 或 https:// 开头"), hint=_("例如 https://log.example/log。")
        ) from None


def _ask(address: Address, digests: SealDigests, patience_s: float) -> dict[str, Any]:
    body = json.dumps(digests.data()).encode()
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    try:
        data = post(address=address, body=body, headers=headers, patience_s=patience_s)
        answer = json.loads(data)
    except NoAnswer as error:
        raise SealError(_no_answer(error, address.host, patience_s)) from None
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict) or answer.get("version") != 1:
        raise SealError(_("{host} 的答复不是日志的答复。").format(host=address.host))
    return answer


def _no_answer(error: NoAnswer, host: str, patience_s: float) -> str:
    if error.why is Why.SLOW:
        seconds = f"{patience_s:.0f}"
        return _("日志（{host}）{seconds} 秒内没有答复。").format(host=host, seconds=seconds)
    if error.why is Why.LONG:
        return _("日志（{host}）的答复过大。").format(host=host)
    if error.detail == "HTTP 429":
        return _("日志（{host}）说请求太多，请过一会儿再试。").format(host=host)
    return _("联系不上日志（{host}）：{reason}").format(host=host, reason=error.detail)


def _unfit(code: str) -> SealError:
    reason = say(code, language())
    return SealError(_("日志给的回执不能用：{reason}").format(reason=reason))
