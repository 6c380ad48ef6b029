"""Small by measure, and said why: sizes, docstrings, reasons beside every exception."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Mapping

import pytest
from tests.house.house_sources import REPO, Definition, Source, find_sources, is_public

FUNCTION_LINES = 60
USUAL_LINES = 35
USUAL_SHARE = 95
FILE_LINES = 500
_IGNORE = re.compile(
    r"#\s*(?:noqa|type:\s*ignore|pragma|fmt:\s*off)(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|\[[^\]]*\])?"
)
_REASON = re.compile(r"\s+#?\s*\S+(?:\s+\S+)+")

Sizes = dict[str, int]


def _functions(source: Source) -> list[tuple[str, Definition]]:
    return [
        (f"{source.name}:{node.name}", node)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def _measure(sources: list[Source]) -> tuple[Sizes, Sizes]:
    functions: Sizes = {}
    for source in sources:
        for name, node in _functions(source):
            size = (node.end_lineno or node.lineno) - node.lineno + 1
            functions[name] = max(size, functions.get(name, 0))
    return functions, {source.name: len(source.text.splitlines()) for source in sources}


def _find_large(sizes: Sizes, limit: int, allowed: Mapping[str, int]) -> list[str]:
    faults = [
        f"{name}: {size} lines, at most {allowed.get(name, limit)}"
        for name, size in sorted(sizes.items())
        if size > allowed.get(name, limit)
    ]
    faults += [
        f"{name}: the ratchet says {size}, it is {sizes.get(name, 0)} now: tighten it"
        for name, size in allowed.items()
        if sizes.get(name, 0) < size
    ]
    return faults


def _share_of_usual(functions: Sizes) -> int:
    usual = sum(size <= USUAL_LINES for size in functions.values())
    return 100 * usual // max(len(functions), 1)


def _find_silent(source: Source) -> list[str]:
    """Module, public classes and functions of the module's own level without a docstring."""
    silent = [] if ast.get_docstring(source.tree) else [f"{source.name}: module"]
    for node in source.tree.body:
        if isinstance(node, Definition) and is_public(node) and not ast.get_docstring(node):
            silent.append(f"{source.name}:{node.lineno} {node.name}")
    return silent


def _find_unexplained_tests(source: Source) -> list[str]:
    found = []
    for name, node in _functions(source):
        if not node.name.startswith("test_"):
            continue
        docstring = " ".join((ast.get_docstring(node) or "").split())
        if not re.fullmatch(r"\S.*[.。!?]", docstring) or re.search(r"[.。] [A-Z]", docstring):
            found.append(name)
    return found


def _find_bare_ignores(source: Source) -> list[str]:
    return [
        f"{source.name}:{number}"
        for number, line in enumerate(source.text.splitlines(), 1)
        if (match := _IGNORE.search(line))
        and not _REASON.match(line[match.end() :])
        and "_IGNORE" not in line
    ]


def _find_bare_rules(pyproject: str) -> list[str]:
    """Rules that ruff is told to ignore without a comment on the line saying why."""
    found, inside = [], False
    for line in pyproject.splitlines():
        if re.match(r"(extend-)?ignore\s*=|.*per-file-ignores", line):
            inside = True
        elif line.startswith(("[", "]")) and inside:
            inside = line.startswith("[") and "per-file-ignores" in line
        if inside and re.search(r"\"[A-Z]+\d*\"", line) and not re.search(r"#\s*\S+ \S+", line):
            found.append(line.strip())
    return found


def test_functions_and_files_are_small():
    """Functions end within 60 lines and files within 500, but for what is made from the models and
    the ratchet's entries."""
    sources = find_sources("src", "tools", "benchmarks", "tests")
    functions, files = _measure([one for one in sources if "/migrations/" not in one.name])
    ratchet = tomllib.loads((REPO / "tests/house/ratchet.toml").read_text("utf-8"))
    faults = _find_large(functions, FUNCTION_LINES, ratchet["functions"])
    faults += _find_large(files, FILE_LINES, ratchet["files"])
    assert not faults, "\n".join(faults)


def test_most_functions_are_short():
    """95 functions of 100 in the product end within 35 lines."""
    functions, _ = _measure(find_sources("src"))
    long = [name for name, size in functions.items() if size > USUAL_LINES]
    assert _share_of_usual(functions) >= USUAL_SHARE, "\n".join(sorted(long))


def test_everything_public_is_explained():
    """Every module, public class and public function says what it is for."""
    sources = find_sources("src", "tools", "benchmarks")
    silent = [line for source in sources for line in _find_silent(source)]
    silent += [f"{s.name}: module" for s in find_sources("tests") if not ast.get_docstring(s.tree)]
    assert not silent, "\n".join(silent)


def test_every_test_says_what_it_shows():
    """Each test has one sentence, ended as sentences are."""
    found = [name for source in find_sources("tests") for name in _find_unexplained_tests(source)]
    assert not found, "\n".join(found)


def test_every_exception_has_its_reason():
    """A rule switched off, in pyproject.toml or on a line, has its reason beside it."""
    found = _find_bare_rules((REPO / "pyproject.toml").read_text("utf-8"))
    for source in find_sources("src", "tools", "benchmarks", "tests"):
        if source.name != "tests/house/test_size_and_words.py":
            found += _find_bare_ignores(source)
    assert not found, "\n".join(found)


def test_large_code_is_seen():
    """A function or file over its limit is reported, and so is a ratchet that is too loose."""
    long = Source("long.py", "def f():\n" + "    x = 1\n" * 600)
    functions, files = _measure([long])
    assert _find_large(functions, FUNCTION_LINES, {}) and _find_large(files, FILE_LINES, {})
    assert not _find_large(functions, FUNCTION_LINES, {"long.py:f": 601})
    assert _find_large(functions, FUNCTION_LINES, {"long.py:f": 700})
    assert _share_of_usual(functions) == 0


def test_missing_words_are_seen():
    """A module, class, function or test without its words is reported; private ones are not."""
    text = "class A: ...\ndef b(): ...\ndef _c(): ...\n"
    assert len(_find_silent(Source("a.py", text))) == 3
    for body in ("pass", '"""no stop"""', '"""One. Two."""'):
        assert _find_unexplained_tests(Source("a.py", f"def test_a():\n    {body}\n"))
    assert not _find_unexplained_tests(Source("a.py", 'def test_a():\n    """One reason."""\n'))


@pytest.mark.parametrize(
    ("line", "bare"),
    [
        ("x = 1  # noqa", True),
        ("x = 1  # noqa: E501", True),
        ("x = f()  # type: ignore[arg-type]", True),
        ("x = 1  # noqa: S101  the value is checked above", False),
        ("x = f()  # type: ignore[arg-type]  # the stub is wrong here", False),
    ],
)
def test_bare_ignores_are_seen(line, bare):
    """An ignore without a reason is reported, one with a reason is not."""
    assert bool(_find_bare_ignores(Source("a.py", line))) == bare


def test_bare_rules_are_seen():
    """A rule switched off without a reason is reported, also for single files."""
    assert _find_bare_rules('ignore = [\n  "E501",\n]\n')
    assert _find_bare_rules('[tool.ruff.lint.per-file-ignores]\n"tests/*" = ["D103"]\n')
    assert not _find_bare_rules('ignore = [\n  "E501",  # measured by the formatter\n]\n')
