"""Where master keys come from: the environment or a file of the owner's, never by surprise."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from gongdao.core.envelope import MasterKeys, load_master_keys, new_master_key
from gongdao.core.errors import InputError

ONE, TWO = (base64.b64encode(bytes([byte]) * 32).decode() for byte in (1, 2))


def test_keys_are_written_one_a_line() -> None:
    """Blank lines, comments, commas and line ends of any system are taken as meant."""
    text = f"# current\r\n{ONE}\r\n\r\n  {TWO}  \n# end"
    assert MasterKeys.parse(text).keys == (bytes([1]) * 32, bytes([2]) * 32)
    assert MasterKeys.parse(f"{ONE},{TWO}") == MasterKeys.parse(text)
    assert MasterKeys.parse(text).current == bytes([1]) * 32
    assert MasterKeys.parse(new_master_key()).ids != MasterKeys.parse(new_master_key()).ids


@pytest.mark.parametrize(
    ("text", "line"),
    [(f"{ONE}\n{TWO[:20]}", 2), ("not base64 at all!", 1), (f"#\n\n{TWO}{TWO}", 3), ("密钥", 1)],
)
def test_a_wrong_key_is_named_by_its_line(text: str, line: int) -> None:
    """The error says which line, and repeats nothing of what stands there."""
    with pytest.raises(InputError, match=rf"key:{line}") as caught:
        MasterKeys.parse(text, file="master.key")
    assert not any(part in str(caught.value) for part in (ONE[:8], TWO[:8], "all!"))


@pytest.mark.parametrize("text", ["", "\n# nothing\n", f"{ONE}\n{ONE}"])
def test_no_key_and_a_key_twice_are_refused(text: str) -> None:
    """A text without any key, or with the same key twice, is a mistake somewhere."""
    with pytest.raises(InputError):
        MasterKeys.parse(text)


def test_the_environment_comes_first(tmp_path: Path) -> None:
    """A key that is given is used, and no file is made; a blank one counts as not given."""
    path = tmp_path / "data" / "master.key"
    assert load_master_keys(path, ONE, may_create=True) == MasterKeys.parse(ONE)
    assert not path.parent.exists()
    made = load_master_keys(path, " ", may_create=True)
    assert made == load_master_keys(path, None, may_create=False) != MasterKeys.parse(ONE)


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """File and new folders are closed to others, and nothing is left beside the file."""
    path = tmp_path / "new" / "data" / "master.key"
    load_master_keys(path, None)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700 == path.parent.parent.stat().st_mode & 0o777
    assert os.listdir(path.parent) == ["master.key"]


def test_a_lost_file_is_not_replaced(tmp_path: Path) -> None:
    """Over a database with data a missing file is an error that says so, and none is made."""
    with pytest.raises(InputError, match=r"备份"):
        load_master_keys(tmp_path / "master.key", None, may_create=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    """Group or world may not even read it; closed again, it opens."""
    path = tmp_path / "master.key"
    path.write_text(ONE)
    path.chmod(mode)
    with pytest.raises(InputError, match="chmod 600") as caught:
        load_master_keys(path, None)
    assert ONE not in str(caught.value)
    path.chmod(0o600)
    assert load_master_keys(path, None) == MasterKeys.parse(ONE)


def test_a_place_that_cannot_be_is_an_error_with_its_name(tmp_path: Path) -> None:
    """A folder in the file's place, and a file in the folder's, are named, not crashed on."""
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file" / "master.key"):
        with pytest.raises(InputError, match=path.name):
            load_master_keys(path, None)


def test_who_comes_first_makes_the_key(tmp_path: Path) -> None:
    """Many starting at once agree on one key, round after round."""
    for round_number in range(20):
        path = tmp_path / str(round_number) / "master.key"
        together = Barrier(8)

        def start(path: Path = path, together: Barrier = together) -> MasterKeys:
            together.wait()
            return load_master_keys(path, None)

        with ThreadPoolExecutor(8) as pool:
            loaded = {job.result() for job in [pool.submit(start) for _ in range(8)]}
        assert len(loaded) == 1
        assert os.listdir(path.parent) == ["master.key"]


@pytest.mark.parametrize("guarded", [True, False])
def test_the_slower_one_never_overwrites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """With another's file there at the last moment, that one stays; a plain rename loses it."""
    path, link = tmp_path / "master.key", os.link

    def late(part: Path, target: Path) -> None:
        target.write_text(ONE)
        target.chmod(0o600)
        if guarded:
            link(part, target)
        else:
            target.write_bytes(part.read_bytes())

    monkeypatch.setattr(os, "link", late)
    loaded = load_master_keys(path, None)
    assert (loaded == MasterKeys.parse(ONE)) == guarded


def test_a_kill_leaves_no_half_key(tmp_path: Path) -> None:
    """Killed before the file has its name, the next start finds none and makes a whole one."""
    path = tmp_path / "master.key"
    program = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from gongdao.core.envelope import load_master_keys\n"
        "os.link = lambda *names: os.kill(os.getpid(), signal.SIGKILL)\n"
        "load_master_keys(Path(sys.argv[1]), None)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], timeout=30)
    assert done.returncode == -9 and not path.exists()
    assert load_master_keys(path, None).current
