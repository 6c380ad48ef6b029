"""Master keys that a key service guards: the port's contract, against a service that works and one
that is slow, rude, or talks rubbish."""

from __future__ import annotations

import base64
import shlex
import sys
import time
from pathlib import Path

import pytest

from gongdao.core.errors import GongdaoError, InputError, KeyServiceError
from gongdao.core.key_service import MOST_BYTES, CommandKeyService, KeyService
from gongdao.core.language import Phrase
from gongdao.core.service_keys import load_service_keys, new_service_key

KEY = bytes(range(32))
_FAKE = """
import os, sys, time
mood, deed = sys.argv[1], sys.argv[2]
given = sys.stdin.buffer.read()
say = sys.stdout.buffer.write
pad = bytes(255 - b for b in range(32))
if mood == "slow":
    time.sleep(30)
elif mood == "refuse":
    print("no, not with", given, file=sys.stderr)
    sys.exit(3)
elif mood == "empty":
    pass
elif mood == "endless":
    say(b"x" * 20_000)
elif mood == "echo":
    say(given)
elif mood == "clear":
    say(b"wrapped:" + given + b":wrapped")
elif mood == "forgets" and deed == "unwrap":
    say(os.urandom(32))
elif deed == "wrap":
    say(b"fake/" + bytes(a ^ b for a, b in zip(given, pad)))
else:
    if not given.startswith(b"fake/") or len(given) != 37:
        sys.exit(1)
    say(bytes(a ^ b for a, b in zip(given[5:], pad)))
"""


class HeldKeyService:
    """A service in memory, for what needs one that is always there."""

    def __init__(self) -> None:
        self.held: dict[bytes, bytes] = {}

    def wrap(self, key: bytes) -> bytes:
        """A number for the key."""
        wrapped = b"number/" + str(len(self.held)).zfill(32).encode()
        self.held[wrapped] = key
        return wrapped

    def unwrap(self, wrapped: bytes) -> bytes:
        """The key of that number."""
        if wrapped not in self.held:
            raise KeyServiceError(Phrase("没有这个编号"))
        return self.held[wrapped]


def _command(folder: Path, mood: str = "good", timeout_s: float = 20) -> CommandKeyService:
    script = folder / "kms fake.py"
    script.write_text(_FAKE)
    words = [sys.executable, "-I", "-S", str(script), mood]
    return CommandKeyService(shlex.join(words), timeout_s=timeout_s)


@pytest.fixture(params=["command", "held"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> KeyService:
    """Each service that works."""
    return _command(tmp_path) if request.param == "command" else HeldKeyService()


def test_what_is_wrapped_opens_again(service: KeyService) -> None:
    """Two keys, wrapped, say nothing of themselves and come back as they were."""
    for key in (KEY, KEY[::-1]):
        wrapped = service.wrap(key)
        assert 32 <= len(wrapped) <= MOST_BYTES and key not in wrapped
        assert service.unwrap(wrapped) == key


def test_what_it_never_wrapped_is_refused(service: KeyService) -> None:
    """Bytes that are none of its own do not become a key."""
    with pytest.raises(KeyServiceError):
        service.unwrap(b"something else that is long enough to be one")


@pytest.mark.parametrize("mood", ["refuse", "empty", "endless", "echo", "clear"])
def test_a_service_that_does_not_work_is_said_without_the_key(tmp_path: Path, mood: str) -> None:
    """Refused, nothing, too much, the key itself: an error with its code, and no word of the key or
    of what the command said, in it or in what caused it."""
    with pytest.raises(KeyServiceError) as caught:
        _command(tmp_path, mood).wrap(KEY)
    assert caught.value.code == "key_service"
    said = f"{caught.value!s}{caught.value!r}{caught.value.__cause__!r}"
    assert "not with" not in said and repr(KEY)[2:20] not in said


@pytest.mark.parametrize("mood", ["refuse", "empty", "endless"])
def test_nothing_but_a_key_is_taken_for_one(tmp_path: Path, mood: str) -> None:
    """What is not 32 bytes long, or came with a refusal, opens nothing."""
    with pytest.raises(KeyServiceError):
        _command(tmp_path, mood).unwrap(b"fake/" + KEY)


def test_a_slow_service_is_given_up(tmp_path: Path) -> None:
    """After its time it is ended, and the error holds neither key nor command."""
    began = time.monotonic()
    with pytest.raises(KeyServiceError) as caught:
        _command(tmp_path, "slow", timeout_s=0.5).wrap(KEY)
    assert time.monotonic() - began < 10
    assert caught.value.__cause__ is None and "kms fake" not in str(caught.value)


def test_a_command_that_is_not_there() -> None:
    """A program that cannot be run is said as such."""
    with pytest.raises(KeyServiceError):
        CommandKeyService("/nowhere/kms --key 1").wrap(KEY)


def test_a_file_is_made_once_and_read_by_every_start(service: KeyService, tmp_path: Path) -> None:
    """The first start makes a key and keeps it wrapped alone, each later one reads the same, and
    over data a missing file is an error."""
    path = tmp_path / "data" / "master.kms"
    with pytest.raises(InputError):
        load_service_keys(path, service, may_create=False)
    made = load_service_keys(path, service, may_create=True)
    assert load_service_keys(path, service, may_create=True) == made
    text = path.read_text()
    assert base64.b64encode(made.current).decode() not in text
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_new_key_goes_before_the_old_one(service: KeyService, tmp_path: Path) -> None:
    """The first line wraps from then on, the old one still opens, and comments are skipped."""
    path = tmp_path / "master.kms"
    old = load_service_keys(path, service, may_create=True)
    path.write_text(f"# newest first\n{new_service_key(service)}\n\n{path.read_text()}")
    both = load_service_keys(path, service, may_create=False)
    assert both.keys[1:] == old.keys and len(both.keys) == 2


def test_a_service_that_forgets_makes_no_key(tmp_path: Path) -> None:
    """A key that the service cannot open again is never taken into use, and no file is left."""
    path = tmp_path / "master.kms"
    with pytest.raises(KeyServiceError):
        load_service_keys(path, _command(tmp_path, "forgets"), may_create=True)
    assert not path.exists()


@pytest.mark.parametrize("text", ["not base64!", "", "# nothing\n"])
def test_a_spoilt_file_is_refused(tmp_path: Path, text: str) -> None:
    """What is no wrapped key, and a file without any, are errors."""
    path = tmp_path / "master.kms"
    path.touch(0o600)
    path.write_text(text)
    with pytest.raises(GongdaoError):
        load_service_keys(path, HeldKeyService(), may_create=True)
