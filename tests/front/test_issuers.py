"""The contract with issuers: late, rubbish or silent, only what makes sense is believed of one."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Event

import pytest

from gongdao.core.clock import BEIJING
from gongdao.front import issuers
from gongdao.front.issuers import SandboxIssuer, get_issuers
from gongdao.vault.issuer_port import (
    NO_ANSWER,
    SANDBOX,
    IssuerAnswer,
    SecretStatus,
    ask_in_time,
)

AT = datetime(2026, 11, 23, 20, tzinfo=BEIJING)
"""12:00 in UTC."""
S = SecretStatus


def ask(port, code="SANDBOX-VALID-0001", most_s=5.0):
    """What is believed of the port's answer about one code."""
    return ask_in_time(port=port, fields={"code": code}, at=AT, most_s=most_s)


def sandbox():
    """The sandbox at the tests' moment; late by half a second."""
    return SandboxIssuer(clock=lambda: AT, late_s=0.5)


class Stranger:
    """An interface that does whatever it is told to."""

    name = "stranger"

    def __init__(self, does):
        self.does = does

    def ask(self, fields):
        """Answer, or worse."""
        return self.does()


@pytest.mark.parametrize(
    ("code", "status", "used_at"),
    [
        ("SANDBOX-VALID-0001", S.VALID, None),
        ("sandbox invalid 0001", S.INVALID, None),
        ("SANDBOX-USED-0001", S.USED, None),
        ("SANDBOX-USED-20261123T115500Z-1", S.USED, AT - timedelta(minutes=5)),
        ("SANDBOX-USED-20261123T120500Z-1", S.VALID, None),
        ("SANDBOX-USED-20269923T120500Z-1", S.UNKNOWN, None),
        ("SANDBOX-SILENT-0001", S.UNKNOWN, None),
        ("SANDBOX-RUBBISH-0001", S.UNKNOWN, None),
        ("CARD-0001", S.UNKNOWN, None),
        ("X-SANDBOX-VALID-0001", S.UNKNOWN, None),
    ],
)
def test_the_sandbox_speaks_of_its_own_codes_alone(code, status, used_at):
    """A code that names itself is answered as it says; nothing is said of any other card."""
    assert ask(sandbox(), code) == IssuerAnswer(status, used_at)


def test_a_late_answer_is_none():
    """An answer after its time changes nothing, and nobody waits for it; given the time, the
    sandbox answers its late code."""
    go_on, answered = Event(), Event()

    def late():
        go_on.wait(60)
        answered.set()
        return IssuerAnswer(S.VALID)

    assert ask(Stranger(late), most_s=0.05) == NO_ANSWER
    assert not answered.is_set()
    go_on.set()
    assert answered.wait(60)
    assert ask(sandbox(), "SANDBOX-LATE-0001").status is S.INVALID


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "used",
        S.USED,
        IssuerAnswer("stolen"),
        IssuerAnswer(S.VALID, AT),
        IssuerAnswer(S.INVALID, AT),
        IssuerAnswer(S.USED, AT + timedelta(hours=1)),
        IssuerAnswer(S.USED, AT.replace(tzinfo=None)),
        IssuerAnswer(S.USED, "yesterday"),
    ],
)
def test_rubbish_is_no_answer(answer):
    """No type, no such status, or a time that cannot be: never taken for a bad secret."""
    assert ask(Stranger(lambda: answer)) == NO_ANSWER


def test_an_interface_that_breaks_shows_no_secret(caplog):
    """An error is silence; what is logged of it is its kind."""

    def breaks():
        raise RuntimeError("SANDBOX-VALID-0001 refused")

    assert ask(Stranger(breaks)) == NO_ANSWER
    assert "RuntimeError" in caplog.text and "SANDBOX-VALID" not in caplog.text


@pytest.mark.parametrize("on", [True, False])
def test_nobody_is_asked_where_the_sandbox_is_off(on, monkeypatch):
    """The sandbox is the only issuer there is, and an installation that sells has none."""

    class Settings:
        sandbox = on

    monkeypatch.setattr(issuers, "get_settings", Settings)
    found = get_issuers()
    assert {one.name for one in found.values()} == ({SANDBOX} if on else set())
    assert ("game_card" in found) is on
