"""Bring the English catalogue up to date with the code.

    python tools/extract_messages.py [PAIRS.json …]

Collects every ``_("…")``, ``Phrase("…")`` and ``mark("…")`` in the Python files and every
``{% say "…" %}`` and ``"…"|say`` in the templates under src/gongdao, merges
``{"Chinese": "English"}`` objects from the JSON files, writes gongdao.po sorted and without entries
that no code uses, and lists what has no English yet.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from po_file import CATALOG, PoError, read_po, write_po

SOURCE = Path(__file__).resolve().parent.parent / "src/gongdao"


MARKS = ("_", "Phrase", "mark")
"""Calls whose first argument is a message: translated now, said later, or named in a table."""


def find_calls(tree: ast.AST, marks: tuple[str, ...] = MARKS) -> Iterator[ast.Call]:
    """Every call of one of ``marks`` in a parsed module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in marks:
            yield node


def find_message(call: ast.Call) -> str | None:
    """The msgid of a marking call, or None where it is not one plain string literal (values may
    follow it in a Phrase only)."""
    is_phrase = isinstance(call.func, ast.Name) and call.func.id == "Phrase"
    if len(call.args) != 1 or (call.keywords and not is_phrase):
        return None
    argument = call.args[0]
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value
    return None


TEMPLATES = ("*.html", "*.txt")
"""Which files under a ``templates`` folder are templates."""
_TAG = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}")
_SAY = re.compile(r"""{%\s*say\s+(?:"([^"]*)"|'([^']*)')(?=\s)""")
_FILTER = re.compile(r"""(?:"([^"]*)"|'([^']*)')\|say\b""")


def find_template_tags(text: str) -> Iterator[tuple[int, str]]:
    """Line and text of every tag and variable of a template, without comments."""
    silent = ""
    for match in _TAG.finditer(text):
        tag = match[0]
        name = tag[2:-2].split(maxsplit=1)[0] if tag[2:-2].strip() else ""
        if silent:
            silent = "" if name == silent else silent
        elif tag.startswith("{%") and name in ("comment", "verbatim"):
            silent = f"end{name}"
        elif not tag.startswith("{#"):
            yield text.count("\n", 0, match.start()) + 1, tag


def find_template_messages(text: str) -> set[str]:
    """Every msgid of a template: ``{% say "…" %}``, and a quoted text with the filter ``say``."""
    found = set()
    for _line, tag in find_template_tags(text):
        said = _SAY.match(tag)
        if said:
            found.add(said[1] or said[2] or "")
        found |= {one or other for one, other in _FILTER.findall(tag)}
    return found


def find_templates(root: Path = SOURCE) -> list[Path]:
    """Every template under ``root``: the files below a folder named ``templates``."""
    return sorted(
        path
        for pattern in TEMPLATES
        for path in root.rglob(pattern)
        if "templates" in path.relative_to(root).parts
    )


def find_messages(root: Path = SOURCE) -> set[str]:
    """Every msgid used under ``root``."""
    found = set()
    for path in find_templates(root):
        found |= find_template_messages(path.read_text("utf-8"))
    for path in sorted(root.rglob("*.py")):
        for call in find_calls(ast.parse(path.read_text("utf-8"), str(path))):
            message = find_message(call)
            if message is not None:
                found.add(message)
    return found


def read_pairs(path: Path) -> dict[str, str]:
    """A JSON object of Chinese → English. Raises ValueError naming the file."""
    try:
        pairs = json.loads(path.read_text("utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: {error}") from None
    if not isinstance(pairs, dict) or not all(isinstance(v, str) for v in pairs.values()):
        raise ValueError(f"{path}: one object of Chinese → English was expected")
    return pairs


def main(arguments: list[str]) -> int:
    """Merge and write. Exit code 0, 1 where English is missing, 2 where a file cannot be used."""
    try:
        known = read_po(CATALOG) if CATALOG.exists() else {}
        for name in arguments:
            known.update(read_pairs(Path(name)))
        used = find_messages()
    except (OSError, PoError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    merged = {message: known.get(message, "") for message in used}
    write_po(CATALOG, merged)
    missing = sorted(message for message, english in merged.items() if not english.strip())
    print(f"{len(merged)} messages, {len(missing)} without English")
    for message in missing:
        print(f"  {message}")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
