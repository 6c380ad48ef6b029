"""A command, option, error code, dependency or term without its paragraph fails here."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from collections.abc import Iterator, Sequence

import pytest
import typer.main
from tests.house.house_sources import REPO, find_pages, find_sources, find_texts

from gongdao.core import errors
from gongdao.front.log_moves import LIFE_CYCLES

REFERENCE = REPO / "docs/reference"
GLOSSARY = "docs/reference/glossary.md"
COMMON = "Options that many commands share"
Option = tuple[str, str]


def _sections(text: str) -> dict[str, str]:
    """Heading (without marks and back-ticks) → the text below it, up to the next heading."""
    parts = re.split(r"^#+ +(.+)$", text, flags=re.MULTILINE)
    return {
        head.replace("`", "").strip(): body
        for head, body in zip(parts[1::2], parts[2::2], strict=True)
    }


def _page(name: str) -> str:
    return (REFERENCE / name).read_text("utf-8")


def _import_error_modules() -> None:
    """Import each module that defines an error of ours, so that none depends on who imported it."""
    names, grown = {"GongdaoError"}, True
    modules = dict[str, None]()
    while grown:
        grown = False
        for source in find_sources("src/gongdao"):
            for node in source.tree.body:
                if isinstance(node, ast.ClassDef) and node.name not in names:
                    bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
                    if bases & names:
                        names.add(node.name)
                        modules[source.name] = None
                        grown = True
    for name in modules:
        path = name.removeprefix("src/").removesuffix(".py").removesuffix("/__init__")
        importlib.import_module(path.replace("/", "."))


def _error_classes() -> Iterator[type[errors.GongdaoError]]:
    _import_error_modules()
    waiting = [errors.GongdaoError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.startswith("gongdao."):
            yield kind


def _find_error_faults(kinds: Sequence[type[errors.GongdaoError]], text: str) -> list[str]:
    sections, faults = _sections(text), []
    for kind in kinds:
        body = sections.get(kind.code, "")
        if kind.__name__ not in body or f"exit {kind.exit_code}" not in body:
            faults.append(f"{kind.__name__}: no paragraph with its name and exit code")
        if f"HTTP {kind.status}" not in body:
            faults.append(f"{kind.__name__}: its HTTP status is missing")
    return faults


def _find_commands(
    command: object, path: str, above: tuple[str, ...] = ()
) -> Iterator[tuple[str, list[str]]]:
    """Every command below ``command`` with the options that it and those above it take."""
    parameters = getattr(command, "params", [])
    own = [o for p in parameters for o in p.opts if o.startswith("--") and o != "--help"]
    children = getattr(command, "commands", None)
    for name, child in (children or {}).items():
        yield from _find_commands(child, f"{path} {name}", (*above, *own))
    if not children and not getattr(command, "hidden", False):
        yield path, [*above, *own]


def _find_examples(text: str) -> list[str]:
    """Every call of ``gongdao`` in a page: lines of shell blocks, and inline code."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    lines += re.findall(r"`(gongdao [a-z][^`]*)`", text)
    calls = (re.match(r"(?:\.venv/bin/)?(gongdao [a-z].*?)(?:\s+#.*)?$", line) for line in lines)
    return [call[1] for call in calls if call]


def _find_example_faults(commands: list[tuple[str, list[str]]], calls: list[str]) -> list[str]:
    faults = []
    for call in calls:
        words = call.split()
        fits = [(n, o) for n, o in commands if words[: len(n.split())] == n.split()]
        if not fits:
            groups = [n for n, _ in commands if n.split()[: len(words)] == words]
            faults += [] if groups else [f"no such command: {call}"]
            continue
        used = re.findall(r"(?<=\s)--[a-z-]+", call)
        faults += [f"no option {option}: {call}" for option in used if option not in fits[0][1]]
    return faults


def _find_command_faults(commands: list[tuple[str, list[str]]], text: str) -> list[str]:
    sections, faults = _sections(text), []
    common = sections.get(COMMON, "")
    for name, options in commands:
        body = sections.get(name)
        if body is None or not body.strip():
            faults.append(f"{name}: no paragraph")
            continue
        faults += [
            f"{name}: {option} is not explained"
            for option in options
            if f"`{option}" not in body and f"`{option}" not in common
        ]
    known = {name for name, _ in commands}
    faults += [
        f"{head}: documented, but there is no such command"
        for head in sections
        if head.startswith("gongdao ") and head not in known
    ]
    return faults


def _requirements() -> list[str]:
    project = tomllib.loads((REPO / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    return [re.split(r"[<>=~!\[; ]", line)[0] for line in wanted]


def _find_dependency_faults(names: list[str], text: str) -> list[str]:
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]*\S) \| ([^|]*\S) \|", text, re.MULTILINE)
    listed = {name for name, _, _ in rows}
    faults = [f"{name}: no line" for name in names if name not in listed]
    return faults + [f"{name}: no longer a dependency" for name in sorted(listed - set(names))]


def _table_rows(section: str) -> list[list[str]]:
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def _find_glossary_faults(glossary: str, corpus: str) -> list[str]:
    sections, faults = _sections(glossary), []
    seen: set[str] = set()
    for head in ("In use now", "The market"):
        for row in _table_rows(sections.get(head, "")):
            if len(row) != 3 or not all(row):
                faults.append(f"{row}: three filled columns are wanted")
                continue
            if row[0] in seen:
                faults.append(f"{row[0]}: stands twice")
            seen.add(row[0])
            words = [
                re.sub(r" \(.*?\)", "", w).strip() for w in re.split(r"[/,]", f"{row[0]}/{row[1]}")
            ]
            if head == "In use now" and not any(word in corpus for word in words if word):
                faults.append(f"{row[0]}: used nowhere")
    return faults if seen else ["no terms found"]


def _find_avoided(glossary: str, pages: list[tuple[str, str]]) -> list[str]:
    rows = _table_rows(_sections(glossary).get("Words we do not use", ""))
    assert rows, "the glossary has lost its list of words not used"
    return [
        f"{name}: “{avoided}”, write “{row[1]}”"
        for row in rows
        for avoided in re.split(r" */ *", row[0])
        for name, text in pages
        if re.search(rf"(?<![\w-]){re.escape(avoided)}(?![a-z-])", text, re.IGNORECASE)
    ]


def test_every_error_has_its_paragraph():
    """Each error class is in errors.md with code, exit code and HTTP status."""
    declared = {
        node.name
        for source in find_sources("src/gongdao/core")
        if source.name.endswith("errors.py")
        for node in source.tree.body
        if isinstance(node, ast.ClassDef) and node.name.endswith(("Error", "Known", "File"))
    }
    kinds = list(_error_classes())
    assert declared <= {kind.__name__ for kind in kinds}
    faults = _find_error_faults(kinds, _page("errors.md"))
    assert not faults, "\n".join(faults)


def test_error_codes_are_their_own():
    """No two error classes share a code, or a paragraph could not be found by it."""
    codes = [kind.code for kind in _error_classes()]
    assert sorted(codes) == sorted(set(codes))


def _all_commands() -> list[tuple[str, list[str]]]:
    from gongdao.front.cli.main import app

    return list(_find_commands(typer.main.get_command(app), "gongdao"))


def test_every_command_has_its_paragraph():
    """Each command and each of its options is in commands.md, and nothing else is."""
    faults = _find_command_faults(_all_commands(), _page("commands.md"))
    assert not faults, "\n".join(faults)


def test_every_example_can_be_run():
    """What the pages tell people to type exists, with the options shown."""
    calls = [(name, call) for name, text in find_pages() for call in _find_examples(text)]
    assert calls
    commands = _all_commands()
    faults = [f"{n}: {fault}" for n, c in calls for fault in _find_example_faults(commands, [c])]
    assert not faults, "\n".join(faults)


def test_every_verifier_option_is_explained():
    """The small verifier's options are in commands.md as well."""
    source = next(s for s in find_sources("src/gongdao_verify") if s.name.endswith("/main.py"))
    options = set(re.findall(r"\"(--[a-z-]+)\"", source.text))
    assert options
    body = _sections(_page("commands.md"))["gongdao-verify"]
    assert not sorted(option for option in options if f"`{option}" not in body)


def test_exit_codes_are_explained():
    """Both programs' exit codes have their line."""
    text = _sections(_page("commands.md"))
    for head, codes in (("Exit codes", "012"), ("gongdao-verify", "012")):
        assert all(re.search(rf"^\| `{code}` \| \S", text[head], re.M) for code in codes), head


def test_every_dependency_has_its_line():
    """Each dependency says what it is for and why this one; none is listed that is not used."""
    faults = _find_dependency_faults(_requirements(), _page("dependencies.md"))
    assert not faults, "\n".join(faults)


def test_every_setting_has_its_line():
    """Each environment variable that the code reads is in settings.md."""
    read = {
        name
        for source in find_sources("src", "benchmarks", "tests")
        for name in re.findall(r"[\"'](GONGDAO_[A-Z_]+)[\"']", source.text)
    }
    text = _page("settings.md")
    assert not sorted(name for name in read if f"`{name}`" not in text)


def test_glossary_is_whole_and_used():
    """Every term has English, Chinese and a meaning, and those in use are used."""
    glossary = (REPO / GLOSSARY).read_text("utf-8")
    corpus = "\n".join(
        text
        for name, text in find_texts()
        if name != GLOSSARY and name.startswith(("docs/", "src/", "README"))
    )
    faults = _find_glossary_faults(glossary, corpus)
    assert not faults, "\n".join(faults)


def test_avoided_words_are_avoided():
    """Pages use the glossary's word for a thing, not a second one."""
    pages = [(name, text) for name, text in find_pages() if name != GLOSSARY]
    found = _find_avoided((REPO / GLOSSARY).read_text("utf-8"), pages)
    assert not found, "\n".join(found)


def test_missing_paragraphs_are_seen():
    """An error, command, option or dependency without its words is reported, a stale one too."""
    kinds = [errors.SealError]
    assert _find_error_faults(kinds, "## `seal`\n\nSealError, exit 1, HTTP 500.\n")
    assert not _find_error_faults(kinds, "## `seal`\n\n`SealError` · exit 2 · HTTP 500.\n")
    commands = [("gongdao case check", ["--beside"])]
    assert _find_command_faults(commands, "")
    assert _find_command_faults(commands, "## `gongdao case check`\n\nJudges.\n")
    good = "## `gongdao case check`\n\nWith `--beside DIR` more.\n"
    assert not _find_command_faults(commands, good)
    assert _find_command_faults([], good)
    assert _find_dependency_faults(["rich"], "") and _find_dependency_faults([], "| `a` | b | c |")
    assert not _find_dependency_faults(["rich"], "| `rich` | tables | kept well |")


def test_wrong_examples_are_seen():
    """A command or option that does not exist is reported; a group's name alone is fine."""
    commands = [("gongdao case check", ["--json"])]
    text = (
        "```sh\n.venv/bin/gongdao case chek DIR  # look\n```\nUse `gongdao case check DIR --jsn`."
    )
    calls = _find_examples(text)
    assert calls == ["gongdao case chek DIR", "gongdao case check DIR --jsn"]
    assert len(_find_example_faults(commands, calls)) == 2
    assert not _find_example_faults(commands, ["gongdao case", "gongdao case check DIR --json"])


@pytest.mark.parametrize(
    "row", ["| case | 案件 | |", "| unheard | 无人用 | a thing |", "| case | 案件 | one |\n" * 2]
)
def test_a_bad_glossary_is_seen(row):
    """A term without meaning, without use, or twice is reported."""
    head = "## In use now\n\n| term | Chinese | what |\n|---|---|---|\n"
    assert _find_glossary_faults(head + row, "a case is opened")
    assert not _find_glossary_faults(head + "| case | 案件 | one matter |", "a case is opened")


def test_avoided_words_are_seen():
    """A word that the glossary rules out is found in a page, whole words only."""
    glossary = "## Words we do not use\n\n| not | but |\n|---|---|\n| voucher | card secret |\n"
    assert _find_avoided(glossary, [("a.md", "Enter the voucher here.")])
    assert not _find_avoided(glossary, [("a.md", "The vouchers-like thing.")])


def _find_unnamed(index: str, names: Sequence[str]) -> list[str]:
    """Pages of the documents that the first page does not lead to."""
    return [name for name in names if f"]({name})" not in index]


def test_every_page_is_named() -> None:
    """docs/README.md leads to every page, the decisions by their own list."""
    docs = REPO / "docs"
    names = [str(page.relative_to(docs)) for page in sorted(docs.rglob("*.md"))]
    index = (docs / "README.md").read_text("utf-8")
    named = [name for name in names if not name.startswith("adr/") and name != "README.md"]
    assert _find_unnamed(index, named) == []
    assert _find_unnamed(index, ["formats/none.md"]) == ["formats/none.md"]


def test_every_type_of_leaf_is_described() -> None:
    """The format of leaves names each type that any room may append."""
    text = (REPO / "docs/formats/log-leaf.md").read_text("utf-8")
    types = {
        one
        for cycle in LIFE_CYCLES.values()
        for one in (*cycle.first, *cycle.after, *(f for fs in cycle.after.values() for f in fs))
    }
    assert sorted(one for one in types if f"`{one}`" not in text) == []
    assert "`order.none`" not in text
