"""Checkpoints stamped by an authority: taken when good, a delay when not, checked offline later."""

from __future__ import annotations

import datetime
import logging
import subprocess
import traceback
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from tests.casework.local_tsa import (
    DAY,
    START,
    LocalTsa,
    Served,
    make_certificate,
    make_key,
    openssl,
)
from tests.log.anchors.evm_kit import make_checkpoint
from tests.verify.forge_token import AT, forge

from gongdao.core.timestamp import load_roots
from gongdao.log.anchors.anchored_leaf import anchored_leaf, receipt_digest
from gongdao.log.anchors.port import AnchorDelayed, AnchorState, Receipt
from gongdao.log.anchors.rfc3161 import Rfc3161Anchor

TIME_STAMPING, SERVER_AUTH = ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.SERVER_AUTH


def _anchor(url: str, tsa: LocalTsa, **more: object) -> Rfc3161Anchor:
    return Rfc3161Anchor(url, load_roots([tsa.roots]), **more)


def test_a_stamp_is_of_the_checkpoints_text_and_openssl_agrees(
    tsa: LocalTsa, tmp_path: Path
) -> None:
    """Confirmed at once, in the authority's time; `openssl ts` verifies it over the three lines."""
    checkpoint = make_checkpoint()
    with Served(tsa) as url:
        receipt = _anchor(url, tsa).submit(checkpoint)
        assert _anchor(url, tsa).upgrade(receipt) == receipt
    receipt = Receipt.parse(receipt.dump())
    assert receipt.state is AnchorState.CONFIRMED and tsa.seen == 1
    assert abs(receipt.at - datetime.datetime.now(datetime.UTC)) < DAY
    data, token = tmp_path / "checkpoint", tmp_path / "token.tsr"
    data.write_text(checkpoint.text())
    token.write_bytes(b64decode(receipt.fields["token"]))
    command = [openssl() or "", "ts", "-verify", "-data", data, "-in", token]
    command += ["-CAfile", tsa.roots]
    assert subprocess.run(command, capture_output=True).returncode == 0
    data.write_text(make_checkpoint(8).text())
    assert subprocess.run(command, capture_output=True).returncode != 0


def test_checking_needs_no_authority(tsa: LocalTsa, tmp_path: Path) -> None:
    """Offline: right checkpoint and pinned root hold; another checkpoint, root or bytes do not."""
    with Served(tsa) as url:
        anchor = _anchor(url, tsa)
        receipt = anchor.submit(make_checkpoint())
    checked = anchor.check(receipt, make_checkpoint())
    assert checked.holds and checked.authority == "测试时间戳机构" and checked.at == receipt.at
    assert checked.unchecked
    (tmp_path / "other").mkdir()
    stranger = Rfc3161Anchor(url, [LocalTsa(tmp_path / "other", kind="ec").root])
    assert not anchor.check(receipt, make_checkpoint(8)).holds
    assert not stranger.check(receipt, make_checkpoint()).holds
    for token in ("", "!", b64encode(b64decode(receipt.fields["token"])[:-9]).decode()):
        broken = Receipt(receipt.kind, receipt.state, {"token": token}, receipt.at)
        assert str(anchor.check(broken, make_checkpoint()).why).startswith("时间戳机构的答复不能用")


@pytest.mark.parametrize(
    ("mode", "problem"),
    [
        ("rubbish", "tsa_unusable|stamp_form|?|?"),
        ("empty", "tsa_unusable|stamp_form|?|?"),
        ("error", "tsa_unreachable|HTTP 503"),
        ("redirect", "tsa_unreachable|HTTP 302"),
        ("huge", "tsa_long"),
        ("other", "tsa_unusable|stamp_of_other|?|?"),
        ("refuse", "tsa_unusable|stamp_refused|?|?"),
        ("cut", "tsa_unusable|stamp_form|?|?"),
        ("silence", "tsa_slow|0.5"),
        ("drip", "tsa_slow|0.5"),
    ],
)
def test_a_bad_authority_is_a_delay_with_its_reason(tsa: LocalTsa, mode: str, problem: str) -> None:
    """Whatever it does wrong, nothing is taken; why is kept in few characters."""
    tsa.mode = mode
    with Served(tsa) as url, pytest.raises(AnchorDelayed) as caught:
        _anchor(url, tsa, patience_s=0.5).submit(make_checkpoint())
    assert caught.value.problem.pack() == problem and caught.value.service_down


def test_an_answer_to_an_earlier_question_is_refused(tsa: LocalTsa) -> None:
    """A replayed stamp of the same checkpoint has another number than ours."""
    tsa.mode = "replay"
    with Served(tsa) as url:
        _anchor(url, tsa).submit(make_checkpoint())
        with pytest.raises(AnchorDelayed, match="不是对这次请求"):
            _anchor(url, tsa).submit(make_checkpoint())


def test_an_authority_outside_the_pinned_roots_is_refused(tsa: LocalTsa, tmp_path: Path) -> None:
    """A sound stamp by a stranger is none; without any root the adapter is not even made."""
    stranger = LocalTsa(tmp_path, kind="ec")
    with Served(tsa) as url:
        with pytest.raises(AnchorDelayed, match="根证书") as caught:
            _anchor(url, stranger).submit(make_checkpoint())
        with pytest.raises(ValueError, match="root"):
            Rfc3161Anchor(url, [])
    assert caught.value.problem.pack().startswith("tsa_unusable|no_chain|")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"critical": False}, "不是专用于时间戳"),
        ({"purposes": (TIME_STAMPING, SERVER_AUTH)}, "不是专用于时间戳"),
        ({"start": START, "end": START + DAY}, "该时间无效"),
        ({"start": AT + DAY}, "该时间无效"),
        ({}, ""),
    ],
)
def test_a_certificate_that_could_not_stamp_then_is_refused(
    tsa: LocalTsa, changed: dict[str, object], reason: str
) -> None:
    """Its one purpose must be time-stamping, critically so, and it must be valid at the stamped
    time; valid today is not enough."""
    root_key, key = make_key("ec"), make_key("ec")
    root = make_certificate("根", root_key, ca=True)
    leaf = make_certificate("机构", key, (root, root_key), **changed)
    token = b64encode(forge(make_checkpoint().text().encode(), key, leaf)).decode()
    receipt = Receipt("rfc3161", AnchorState.CONFIRMED, {"token": token})
    checked = Rfc3161Anchor("http://tsa.example/", [root]).check(receipt, make_checkpoint())
    assert checked.holds == (not reason) and reason in str(checked.why)


def test_a_password_in_the_address_is_repeated_nowhere(
    tsa: LocalTsa, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither in errors nor in logs nor in what is shown of the adapter."""
    caplog.set_level(logging.DEBUG)
    said = []
    for mode in ("good", "error", "silence", "rubbish"):
        tsa.mode = mode
        with Served(tsa) as url:
            address = url.replace("http://", "http://user:pa55word@")
            anchor = _anchor(address, tsa, patience_s=0.5)
            try:
                said.append(repr(anchor.submit(make_checkpoint())))
            except AnchorDelayed as error:
                said += [repr(error), *traceback.format_exception(error)]
            said.append(repr(anchor))
    with pytest.raises(AnchorDelayed) as caught:
        anchor.submit(make_checkpoint())
    said += [str(caught.value), caplog.text]
    assert "pa55word" not in "".join(said)


def test_the_leaf_names_the_token(tsa: LocalTsa) -> None:
    """The log's own leaf about an anchor says kind, size, root and the digest of the stamp."""
    with Served(tsa) as url:
        receipt = _anchor(url, tsa).submit(make_checkpoint())
    leaf = anchored_leaf(receipt, make_checkpoint())
    assert leaf.type == "log.anchor" and leaf.subject == "log:" + "0" * 32
    assert leaf.data == {
        "kind": "rfc3161",
        "size": 7,
        "root": "07" * 32,
        "receipt_sha256": receipt_digest(receipt).hex(),
    }
