"""The settings of anchors: complete or refused at start, and a job on a queue that is served."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from procrastinate.contrib.django import app
from tests.casework.local_tsa import make_certificate, pem
from tests.casework.local_tsa import make_key as make_tsa_key
from tests.log.anchors.evm_kit import make_key

from gongdao.core.errors import InputError
from gongdao.front.server import django_processes
from gongdao.front.settings import Settings
from gongdao.front.worker import anchor_tasks
from gongdao.front.worker.make_anchors import make_anchors
from gongdao.log.anchors.evm import EvmAnchor
from gongdao.log.anchors.rfc3161 import Rfc3161Anchor


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Both kinds, as an operator sets them."""
    root = make_certificate("根", make_tsa_key(), ca=True)
    (tmp_path / "roots.pem").write_bytes(pem(root))
    key, _address = make_key(tmp_path)
    return {
        "GONGDAO_DATA": str(tmp_path),
        "GONGDAO_LOG_TSA": "https://me:pa55word@tsa.example/tsr",
        "GONGDAO_LOG_TSA_ROOTS": str(tmp_path / "roots.pem"),
        "GONGDAO_LOG_EVM_URL": "https://node.example/v3/s3cr3t",
        "GONGDAO_LOG_EVM_CHAIN": "31999",
        "GONGDAO_LOG_EVM_KEY": str(key),
        "GONGDAO_LOG_EVM_SECONDS": "3600",
    }


def test_both_kinds_are_made_and_nothing_secret_is_shown(environ: dict[str, str]) -> None:
    """An adapter each, with its span; addresses with passwords stay out of what is printed."""
    settings = Settings.read(environ)
    (stamps, minute), (evm, hour) = make_anchors(settings.log_anchors)
    assert isinstance(stamps, Rfc3161Anchor) and isinstance(evm, EvmAnchor)
    assert (minute, hour) == (timedelta(minutes=1), timedelta(hours=1))
    shown = f"{settings!r} {stamps!r} {evm!r} {vars(evm)!r}"
    assert "pa55word" not in shown and "s3cr3t" not in shown


def test_without_settings_nothing_is_anchored() -> None:
    """The default: no service outside is asked for anything, and the job ends at once."""
    assert make_anchors(Settings.read({"GONGDAO_DATA": "x"}).log_anchors) == []
    anchor_tasks.anchor_log(timestamp=0)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("GONGDAO_LOG_TSA", "ftp://tsa.example/", "http"),
        ("GONGDAO_LOG_TSA_ROOTS", "", "根证书"),
        ("GONGDAO_LOG_TSA_ROOTS", "nowhere.pem", "根证书"),
        ("GONGDAO_LOG_TSA_SECONDS", "59", "60"),
        ("GONGDAO_LOG_EVM_URL", "node.example:8545", "http"),
        ("GONGDAO_LOG_EVM_CHAIN", "", "链号"),
        ("GONGDAO_LOG_EVM_CHAIN", "0", "链号"),
        ("GONGDAO_LOG_EVM_CHAIN", "9007199254740956", "链号"),
        ("GONGDAO_LOG_EVM_KEY", "", "密钥"),
        ("GONGDAO_LOG_EVM_KEY", "nowhere.key", "密钥"),
        ("GONGDAO_LOG_EVM_CONFIRMATIONS", "0", "1"),
        ("GONGDAO_LOG_EVM_GWEI", "-1", "0"),
        ("GONGDAO_LOG_EVM_SECONDS", "10", "60"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    environ: dict[str, str], name: str, value: str, why: str
) -> None:
    """The error names the variable and what is wanted, and repeats no address."""
    with pytest.raises(InputError, match=why) as caught:
        Settings.read(environ | {name: value})
    assert caught.value.place.field == name
    assert "example" not in str(caught.value).replace("tsa.example", "")


def test_the_queue_of_the_job_is_served() -> None:
    """A job on a queue that no worker takes would wait for ever."""
    assert anchor_tasks.anchor_log.queue == anchor_tasks.OUTSIDE == django_processes.OUTSIDE
    assert anchor_tasks.anchor_log in app.tasks.values()
