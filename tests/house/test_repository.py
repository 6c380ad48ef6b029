"""What must never be in the repository, what must be, and that published rules stand still."""

from __future__ import annotations

import re
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_socket import SocketConnectBlockedError
from tests.house.house_sources import REPO, find_pages, find_texts

from gongdao.core.errors import RuleDataError
from gongdao.rules.check import check_rules
from gongdao.rules.load import load_rules
from gongdao.rules.lockfile import compare_lock, lock_new

HERE = "tests/house/test_repository.py"
_MACHINE = re.compile(r"(?<![\w./-])/(?:work|root|farm|home/\w+)/[\w.]")
_ADDRESS = re.compile(
    r"https?:|--(?:extra-)?index-url|--find-links|\bpypi\b|registry\.", re.IGNORECASE
)
_SECRETS = re.compile(
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/]{16}"
    r"|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|\bsk_live_[A-Za-z0-9]{16,}"
    r"|\bxox[abp]-[A-Za-z0-9-]{20,}"
)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)


def _find_lines(pattern: re.Pattern[str], name: str, text: str) -> list[str]:
    return [f"{name}:{text.count(chr(10), 0, m.start()) + 1}" for m in pattern.finditer(text)]


def _anchors(text: str) -> set[str]:
    heads = re.findall(r"^#+ +(.+)$", _FENCE.sub("", text), re.MULTILINE)
    plain = (re.sub(r"[`*]", "", head).strip().lower() for head in heads)
    return {re.sub(r"[^\w\- ]", "", head).replace(" ", "-") for head in plain}


def _find_broken_links(page: Path, text: str) -> list[str]:
    broken = []
    for match in _LINK.finditer(_FENCE.sub("", text)):
        target, _, anchor = (match[1] or match[2]).partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        path = (page.parent / target).resolve() if target else page
        if not path.exists():
            broken.append(f"{page.name}: {target}")
        elif anchor and path.suffix == ".md" and anchor not in _anchors(path.read_text("utf-8")):
            broken.append(f"{page.name}: {target}#{anchor}")
    return broken


def _has_unreleased(changelog: str) -> bool:
    section = re.search(r"^## \[?Unreleased\]?\n(.*?)(?=^## |\Z)", changelog, re.M | re.S)
    return bool(section and re.search(r"^- \S", section[1], re.M))


def test_no_path_of_a_machine():
    """No file names a folder that exists on one machine only."""
    found = [line for name, text in find_texts() for line in _find_lines(_MACHINE, name, text)]
    assert not [line for line in found if not line.startswith(HERE)]


def test_lock_files_name_no_host():
    """The lock files hold names, versions and hashes; where to fetch from is the machine's."""
    locks = sorted(REPO.glob("*.lock"))
    assert {"requirements.lock", "requirements-dev.lock"} <= {path.name for path in locks}
    for path in locks:
        text = path.read_text("utf-8")
        assert "--hash=sha256:" in text
        assert not _find_lines(_ADDRESS, path.name, text)


def test_no_secret_is_kept():
    """No file holds a private key or a token of a service."""
    found = [line for name, text in find_texts() for line in _find_lines(_SECRETS, name, text)]
    assert not [line for line in found if not line.startswith(HERE)]


def test_changelog_has_its_open_section():
    """CHANGELOG.md says what the next version will bring."""
    assert _has_unreleased((REPO / "CHANGELOG.md").read_text("utf-8"))


def test_links_between_pages_resolve():
    """Every relative link in a page leads to a file, and its anchor to a heading."""
    broken = [
        f"{Path(name).parent}/{line}"
        for name, text in find_pages()
        for line in _find_broken_links(REPO / name, text)
    ]
    assert not broken, "\n".join(broken)


def test_published_rules_stand_still():
    """Every published version of every rule is in the data as it was locked, and none is loose."""
    checked = check_rules()
    assert checked.entries
    assert not checked.findings, "\n".join(
        f"{f.id} v{f.version}: {f.why}" for f in checked.findings
    )
    assert not checked.unlocked, "new versions are not locked yet"


def test_a_changed_rule_is_seen(tmp_path):
    """A locked version that changed or vanished, and a new one without a lock, are told apart."""
    known, lock = load_rules(), tmp_path / "rules.lock"
    lock.write_text("", "utf-8")
    key = min(known.digests)
    assert key in compare_lock(rules=known, path=lock).unlocked
    lock_new(rules=known, path=lock)
    assert compare_lock(rules=known, path=lock).holds
    changed = replace(known, digests={**known.digests, key: "0" * 64})
    assert compare_lock(rules=changed, path=lock).changed == (key,)
    fewer = {k: digest for k, digest in known.digests.items() if k != key}
    assert compare_lock(rules=replace(known, digests=fewer), path=lock).removed == (key,)
    with pytest.raises(RuleDataError):
        lock_new(rules=changed, path=lock)


def test_tests_reach_loopback_only():
    """A socket to this machine opens; one to anywhere else is refused before it leaves."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
    refused = pytest.warns(UserWarning, match=r"192\.0\.2\.1")
    with refused, pytest.raises(SocketConnectBlockedError):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


def test_lint_and_tests_are_one_command():
    """``.ci/run`` stops at the first failure and calls what a person calls."""
    script = (REPO / ".ci/run").read_text("utf-8")
    assert "set -euo pipefail" in script and re.search(r"^make test\b", script, re.M)
    assert subprocess.run(["bash", "-n", str(REPO / ".ci/run")]).returncode == 0


@pytest.mark.parametrize(
    ("pattern", "bad", "good"),
    [
        (_MACHINE, "see " + "/ro" + "ot/notes", "see docs/root/notes and example.com/work/x"),
        (_ADDRESS, "numpy @ https" + "://example.org/x.whl", "numpy==2.4.6 --hash=sha256:00"),
        (_ADDRESS, "--index" + "-url local", "    # via rapidocr"),
        (_SECRETS, "-----BEGIN PRIVATE " + "KEY-----\n" + "A" * 64, "BEGIN PRIVATE KEY"),
        (_SECRETS, "AK" + "IA" + "A" * 16, "KM20261102140321001"),
    ],
)
def test_unwanted_text_is_seen(pattern, bad, good):
    """Each pattern finds what it is for and leaves the like alone."""
    assert _find_lines(pattern, "a", bad) and not _find_lines(pattern, "a", good)


def test_broken_links_are_seen(tmp_path):
    """A link to no file or no heading is reported; one in a code block is none."""
    page = tmp_path / "page.md"
    page.write_text("# One `two`\n", "utf-8")
    for text in ("[a](gone.md)", "[a](page.md#three)", "![a](gone.png)", "[a](#three)"):
        assert _find_broken_links(page, text)
    for text in ("[a](page.md#one-two)", "[a](https://example.org)", "```\n[a](gone.md)\n```\n"):
        assert not _find_broken_links(page, text)


def test_an_empty_changelog_is_seen():
    """A changelog without the section, or with nothing in it, is reported."""
    assert not _has_unreleased("# Changelog\n\n## 0.1.0\n- first\n")
    assert not _has_unreleased("## Unreleased\n\n## 0.1.0\n- first\n")
    assert _has_unreleased("## Unreleased\n\n### Added\n- more\n")
