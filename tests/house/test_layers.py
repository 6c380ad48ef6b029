"""Imports go down only, and a room's promise is a docstring."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

from tests.house.house_sources import PACKAGE, REPO, Source, find_sources

ROOM_LINES = 15
TERMINAL = {"typer", "rich", "click"}


def _run_linter(folder: Path) -> subprocess.CompletedProcess[str]:
    program = "from importlinter.cli import lint_imports_command as run; run()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache", "--config", "pyproject.toml"],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def _copy_house(folder: Path) -> Path:
    shutil.copy(REPO / "pyproject.toml", folder)
    shutil.copytree(REPO / "src", folder / "src", ignore=shutil.ignore_patterns("*.egg-info"))
    return folder


def _find_room_faults(source: Source) -> list[str]:
    body = source.tree.body
    docstring = ast.get_docstring(source.tree) or ""
    faults = [] if docstring else [f"{source.name}: no docstring"]
    if len(docstring.splitlines()) > ROOM_LINES:
        faults.append(f"{source.name}: the promise is longer than {ROOM_LINES} lines")
    if len(body) > 1:
        faults.append(f"{source.name}:{body[1].lineno}: code beside the promise")
    return faults


def _find_foreign_imports(source: Source) -> list[str]:
    allowed = sys.stdlib_module_names | {"cryptography", "gongdao_verify"}
    return [line for line, package in _find_imports(source) if package not in allowed]


def _find_terminal_imports(source: Source) -> list[str]:
    return [line for line, package in _find_imports(source) if package in TERMINAL]


def _find_imports(source: Source) -> list[tuple[str, str]]:
    found = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        else:
            continue
        found += [(f"{source.name}:{node.lineno}: {name}", name.split(".")[0]) for name in names]
    return found


def test_contracts_hold():
    """The layer contract, the verifier's and the terminal's hold, over every room there is."""
    result = _run_linter(REPO)
    assert result.returncode == 0, result.stdout + result.stderr


def test_an_upward_import_is_seen(tmp_path):
    """An import from core to evidence breaks the layers."""
    house = _copy_house(tmp_path)
    with (house / "src/gongdao/core/money.py").open("a") as file:
        file.write("\nimport gongdao.evidence.reading\n")
    result = _run_linter(house)
    assert result.returncode == 1
    assert "gongdao.core is not allowed to import gongdao.evidence" in result.stdout


def test_a_room_without_its_place_is_seen(tmp_path):
    """A room that the contract does not name is refused, even if nothing imports it."""
    house = _copy_house(tmp_path)
    (house / "src/gongdao/attic").mkdir()
    (house / "src/gongdao/attic/__init__.py").write_text('"""Nobody placed this."""\n')
    result = _run_linter(house)
    assert result.returncode == 1
    assert "attic" in result.stdout


def test_rooms_are_promises():
    """Every package's ``__init__`` is a docstring of at most 15 lines and nothing else."""
    rooms = [s for s in find_sources("src/gongdao") if s.name.endswith("__init__.py")]
    assert {PACKAGE / "core", PACKAGE / "evidence"} <= {(REPO / s.name).parent for s in rooms}
    faults = [line for room in rooms for line in _find_room_faults(room)]
    assert not faults, "\n".join(faults)


def test_verifier_needs_cryptography_alone():
    """The verifier imports the standard library, cryptography and itself."""
    sources = find_sources("src/gongdao_verify")
    assert sources
    faults = [line for source in sources for line in _find_foreign_imports(source)]
    assert not faults, "\n".join(faults)


def test_only_front_speaks_to_a_terminal():
    """No room but front imports what draws on a terminal, also not inside a function."""
    sources = [s for s in find_sources("src") if not s.name.startswith("src/gongdao/front/")]
    faults = [line for source in sources for line in _find_terminal_imports(source)]
    assert not faults, "\n".join(faults)
    assert _find_terminal_imports(Source("a.py", "def f():\n    from rich.table import Table\n"))


def test_bad_rooms_and_imports_are_seen():
    """A missing or long promise, code in a room's door and a foreign import are reported."""
    long = '"""' + "line\n" * (ROOM_LINES + 2) + '"""'
    for text in ("", long, '"""Good."""\nimport os\n'):
        assert _find_room_faults(Source("__init__.py", text))
    assert not _find_room_faults(Source("__init__.py", '"""Good."""\n'))
    for text in ("import gongdao.core", "def f():\n    from numpy import array", "import requests"):
        assert _find_foreign_imports(Source("sample.py", text))
    assert not _find_foreign_imports(Source("sample.py", "import cryptography.x509, os"))
