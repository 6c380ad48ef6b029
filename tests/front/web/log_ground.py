"""A public log behind the pages: leaves, a sequencer that runs, witnesses that cosigned."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.log.log_kit import AT, STORES, Ground, append_some, make_ground
from tests.verify.log_kit import Signer

from gongdao.log.begin import begin_log
from gongdao.log.models import LogCheckpoint, LogCosignature

NOTARY, SCHOOL = Signer("witness.notary.example"), Signer("witness.school.example")
PRESS, OWN = Signer("auditor.press.example"), Signer("witness.own.example")
COSIGNED_AT = 1_795_341_600
"""2026-11-22T10:00:00Z."""


def begin(folder: Path, settings: Any, *, leaves: int = 0) -> Ground:
    """A log with its genesis leaf and ``leaves`` more, sequenced and signed; the pages have its
    key."""
    ground = make_ground(folder)
    key = (folder / "log.key").read_text("utf-8")
    settings.GONGDAO = replace(settings.GONGDAO, log_key=key, log_origin="", log_policy=None)
    begin_log(stores=STORES, key=ground.key, at=AT)
    if leaves:
        append_some(leaves)
    ground.run()
    return ground


@contextmanager
def sequencing(ground: Ground) -> Iterator[None]:
    """A sequencer that runs meanwhile, as in a server."""
    stop = threading.Event()

    def run() -> None:
        with ground.sequencer() as sequencer:
            assert sequencer.open(at=AT)
            while not stop.is_set():
                if not sequencer.run_once(at=AT):
                    stop.wait(0.01)

    thread = threading.Thread(target=run, name="sequencer")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)


def policy_of(ground: Ground) -> str:
    """A policy with two witnesses and an auditor outside, and one of the operator's own."""
    lines = [f"log {ground.key.verifier.text()} https://log.example.org/log", "#org=operator"]
    for name, signer, marks in (
        ("notary", NOTARY, "#org=notary"),
        ("school", SCHOOL, "#org=university"),
        ("press", PRESS, "#org=press #auditor"),
        ("own", OWN, "#org=operator"),
    ):
        lines += [f"witness {name} {signer.vkey(4)}", marks]
    lines += ["group outside 2 notary school press", "quorum outside", ""]
    return "\n".join(lines)


def publish_policy(folder: Path, settings: Any, text: str) -> None:
    """Let the pages publish the policy ``text``."""
    path = folder / "policy.txt"
    path.write_text(text, "utf-8")
    settings.GONGDAO = replace(settings.GONGDAO, log_policy=path)


def cosign(signers: Sequence[Signer], at: int = COSIGNED_AT) -> int:
    """Let ``signers`` cosign the newest checkpoint; its size."""
    newest = LogCheckpoint.objects.order_by("-size").first()
    assert newest is not None
    text = newest.note.partition("\n\n")[0] + "\n"
    for signer in signers:
        line = signer.cosign(text, at).rstrip("\n")
        LogCosignature.objects.create(size=newest.size, name=signer.name, line=line)
    return newest.size
