"""What the house tests look at: the repository's own files, parsed once."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent.parent
PACKAGE = REPO / "src/gongdao"
CHINESE = re.compile(r"[\u3400-\u9fff]")
CHINESE_OR_ITS_MARKS = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
_SKIPPED = {"build", "out", "dist", "node_modules", "__pycache__"}
_TEXT = {
    ".py", ".md", ".toml", ".lock", ".txt", ".po", ".sh", ".typ", ".json", ".jsonl", ".csv",
    ".yml", ".yaml", ".cfg", ".svg", ".html", "",
}  # fmt: skip

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Source:
    """One Python file of the repository; ``name`` is its path as people write it."""

    name: str
    text: str

    @property
    def tree(self) -> ast.Module:
        """The parsed module."""
        return _parse(self.name, self.text)


@cache
def _parse(name: str, text: str) -> ast.Module:
    return ast.parse(text, name)


def find_files() -> Iterator[Path]:
    """Every file that could be committed: no hidden folder but .ci, nothing that is built."""
    for folder, directories, names in os.walk(REPO):
        directories[:] = sorted(name for name in directories if _is_ours(name))
        for name in sorted(names):
            if not name.endswith((".mo", ".pyc")):
                yield Path(folder) / name


def _is_ours(folder: str) -> bool:
    if folder.startswith("."):
        return folder == ".ci"
    return folder not in _SKIPPED and not folder.endswith(".egg-info")


def name_of(path: Path) -> str:
    """``path`` within the repository, with forward slashes."""
    return path.relative_to(REPO).as_posix()


def find_sources(*folders: str) -> list[Source]:
    """Every Python file below the named folders of the repository."""
    return [
        Source(name_of(path), path.read_text("utf-8"))
        for folder in folders
        for path in sorted((REPO / folder).rglob("*.py"))
    ]


def find_texts() -> Iterator[tuple[str, str]]:
    """Name and content of every text file that could be committed."""
    for path in find_files():
        if path.suffix not in _TEXT:
            continue
        try:
            yield name_of(path), path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # an example in another encoding (GB18030 bills and chats)


def find_pages() -> list[tuple[str, str]]:
    """Name and content of every Markdown page."""
    return [(name, text) for name, text in find_texts() if name.endswith(".md")]


def is_public(node: Definition) -> bool:
    """Whether other rooms may use this name."""
    return not node.name.startswith("_")


def has_chinese(node: ast.expr) -> bool:
    """Whether ``node`` is a string literal, f-strings included, with Chinese in it."""
    if isinstance(node, ast.JoinedStr):
        return any(has_chinese(value) for value in node.values)
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and bool(CHINESE.search(node.value))
    )


def find_unmarked(tree: ast.AST) -> Iterator[ast.expr]:
    """Chinese literals under ``tree`` that do not stand inside a ``_(…)`` call."""
    if (
        isinstance(tree, ast.Call)
        and isinstance(tree.func, ast.Name)
        and tree.func.id in ("_", "Phrase", "mark")
    ):
        return
    if isinstance(tree, ast.expr) and has_chinese(tree):
        yield tree
        return
    for child in ast.iter_child_nodes(tree):
        yield from find_unmarked(child)
