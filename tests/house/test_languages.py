"""Chinese first, English complete: neither language has a gap."""

from __future__ import annotations

import ast
import gettext
import io
import re
import string
from collections.abc import Mapping

import pytest
from tests.house.house_sources import (
    CHINESE_OR_ITS_MARKS,
    PACKAGE,
    Source,
    find_sources,
    find_unmarked,
    name_of,
)

import extract_messages
import po_file

PRINTERS = {"print", "echo", "secho", "rule", "print_exception", "write", "add_row", "add_column"}


def _fields(text: str) -> list[str]:
    return sorted({name for _, name, _, _ in string.Formatter().parse(text) if name is not None})


def _find_faults(used: set[str], catalogue: Mapping[str, str]) -> list[str]:
    faults = [f"not used by any code: {msgid}" for msgid in sorted(set(catalogue) - used)]
    for msgid in sorted(used):
        english = catalogue.get(msgid, "")
        if not CHINESE_OR_ITS_MARKS.search(msgid):
            faults.append(f"no Chinese in the message: {msgid}")
        elif not english.strip():
            faults.append(f"no English for: {msgid}")
        elif _fields(msgid) != _fields(english):
            faults.append(f"other placeholders in the English of: {msgid}")
    return faults


def _find_bad_calls(source: Source) -> list[str]:
    return [
        f"{source.name}:{call.lineno}"
        for call in extract_messages.find_calls(source.tree)
        if extract_messages.find_message(call) is None
    ]


def _find_printed(source: Source) -> list[str]:
    found = []
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = node.func.id if isinstance(node.func, ast.Name) else name
        if name in PRINTERS:
            found += [f"{source.name}:{literal.lineno}" for literal in find_unmarked(node)]
    return found


def _find_raised(source: Source) -> list[str]:
    return [
        f"{source.name}:{literal.lineno}"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Raise)
        for literal in find_unmarked(node)
    ]


def _find_lost_marks(source: Source) -> list[str]:
    """Imports of gettext under another name, and functions that use ``_`` for two things."""
    found = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and node.module == "gongdao.core.language":
            names = [alias for alias in node.names if alias.name == "gettext"]
            found += [f"{source.name}:{node.lineno}" for name in names if name.asname != "_"]
        elif isinstance(node, ast.FunctionDef) and any(extract_messages.find_calls(node, ("_",))):
            found += [f"{source.name}:{line}" for line in _stores_of_mark(node)]
    return found


def _stores_of_mark(tree: ast.AST) -> list[int]:
    if isinstance(tree, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return []  # a scope of its own
    if isinstance(tree, ast.Name) and tree.id == "_" and isinstance(tree.ctx, ast.Store):
        return [tree.lineno]
    return [line for child in ast.iter_child_nodes(tree) for line in _stores_of_mark(child)]


def _blank(text: str, pattern: str) -> str:
    """``text`` with every match replaced by as many line ends as it had."""
    return re.sub(pattern, lambda match: "\n" * match[0].count("\n"), text, flags=re.DOTALL)


def _find_template_faults(name: str, text: str) -> list[str]:
    """Chinese that a template shows without saying it, what is said but is no literal, and
    Django's own translation, which knows nothing of our catalogue."""
    plain = _blank(text, r"{%\s*comment\b.*?{%\s*endcomment\s*%}|{#.*?#}")
    faults = []
    for line, tag in extract_messages.find_template_tags(plain):
        unsaid = re.sub(r"{%\s*say\s+(\"[^\"]*\"|'[^']*')(?=\s)", "", tag)
        unsaid = re.sub(r"(\"[^\"]*\"|'[^']*')\|say\b", "", unsaid)
        if CHINESE_OR_ITS_MARKS.search(unsaid):
            faults.append(f"{name}:{line}: Chinese that is not said: {tag}")
        if re.match(r"{%\s*say\b(?!\s+[\"'])", tag):
            faults.append(f"{name}:{line}: only a literal can be found: {tag}")
        if re.match(r"{%\s*(trans|translate|blocktrans|blocktranslate|load i18n)\b", tag):
            faults.append(f"{name}:{line}: say, not {tag}")
    shown = _blank(plain, r"{%.*?%}|{{.*?}}")
    faults += [
        f"{name}:{number}: Chinese that is not said: {line.strip()}"
        for number, line in enumerate(shown.split("\n"), 1)
        if CHINESE_OR_ITS_MARKS.search(line)
    ]
    return faults


def test_templates_say_what_they_show():
    """Chinese stands in a template only inside ``say``, and scripts and styles hold none."""
    faults = [
        fault
        for path in extract_messages.find_templates()
        for fault in _find_template_faults(name_of(path), path.read_text("utf-8"))
    ]
    for kind in ("js", "css"):
        for path in sorted((PACKAGE / "front/web/static").rglob(f"*.{kind}")):
            if CHINESE_OR_ITS_MARKS.search(path.read_text("utf-8")):
                faults.append(f"{name_of(path)}: its words belong into the page")
    assert extract_messages.find_templates()
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "text",
    [
        "<p>金额</p>",
        '<p title="金额">x</p>',
        "<p>a，b</p>",
        '{% include "a.html" with text="金额" %}',
        "{% say words %}",
        "{% say %}",
        '{% load i18n %}{% translate "amount" %}',
        '{{ x|default:"金额" }}',
        "{% comment %}甲{% endcomment %}金额",
    ],
)
def test_unsaid_template_text_is_seen(text):
    """Each way to show Chinese past the catalogue is reported."""
    assert _find_template_faults("a.html", text)


def test_said_template_text_passes():
    """What is said in a tag or by the filter is fine, and so are comments."""
    text = """{% comment %}甲{% endcomment %}{# 乙 #}
    {% say "金额 {n}" n=count %}{% say '金额' as word %}{{ "金额"|say }}
    {% include "a.html" with text="金额"|say only %}"""
    assert not _find_template_faults("a.html", text)


def test_extraction_reads_templates(tmp_path):
    """Tags and filters count, comments and files outside templates do not."""
    folder = tmp_path / "templates/parts"
    folder.mkdir(parents=True)
    (folder / "a.html").write_text(
        '{% say "甲 {n}" n=x|length as y %}{% include "b" with t="乙"|say u="丙" only %}'
        '{% say \'丁\' %}{# {% say "戊" %} #}{% comment %}{% say "己" %}{% endcomment %}',
        "utf-8",
    )
    (tmp_path / "b.html").write_text('{% say "庚" %}', "utf-8")
    assert extract_messages.find_messages(tmp_path) == {"甲 {n}", "乙", "丁"}


def test_every_sentence_has_its_english():
    """Each msgid is Chinese, translated with the same placeholders, and none is left over."""
    faults = _find_faults(extract_messages.find_messages(), po_file.read_po(po_file.CATALOG))
    assert not faults, "\n".join(faults)


def test_marked_sentences_are_plain_literals():
    """An f-string or a variable inside ``_()`` could never be found by the extractor."""
    faults = [line for source in find_sources("src/gongdao") for line in _find_bad_calls(source)]
    assert not faults, faults


def test_the_mark_means_one_thing():
    """``_`` is gettext everywhere: no other name for it, and no throw-away ``_`` beside it."""
    faults = [line for source in find_sources("src/gongdao") for line in _find_lost_marks(source)]
    assert not faults, faults
    good = 'def f():\n    x = [1 for _ in y]\n    return _("甲")\n'
    bad = 'def f():\n    _, x = y\n    return _("甲")\n'
    other = "from gongdao.core.language import gettext\n"
    assert not _find_lost_marks(Source("a.py", good))
    assert _find_lost_marks(Source("a.py", bad)) and _find_lost_marks(Source("a.py", other))


def test_nothing_is_printed_unmarked():
    """What front prints goes through ``_()``, or English readers would meet Chinese."""
    sources = find_sources("src/gongdao/front")
    faults = [line for source in sources for line in _find_printed(source)]
    assert not faults, faults


def test_no_error_is_raised_unmarked():
    """What an error says goes through ``_()`` as well, wherever it is raised."""
    faults = [line for source in find_sources("src/gongdao") for line in _find_raised(source)]
    assert not faults, faults


@pytest.mark.parametrize(
    ("used", "catalogue"),
    [
        ({"plain"}, {"plain": "plain"}),
        ({"金额"}, {}),
        ({"金额"}, {"金额": " "}),
        ({"{count} 天"}, {"{count} 天": "{days} days"}),
        (set(), {"金额": "amount"}),
    ],
)
def test_a_gap_is_seen(used, catalogue):
    """Each kind of gap in the catalogue is reported."""
    assert _find_faults(used, catalogue)


def test_a_complete_catalogue_passes():
    """A good catalogue raises no fault: the check does not cry wolf."""
    assert _find_faults({"{count} 天"}, {"{count} 天": "{count} days"}) == []


@pytest.mark.parametrize("call", ['_(f"金额{x}")', "_(text)", '_("甲" + "乙")', '_("甲", "乙")'])
def test_a_bad_mark_is_seen(call):
    """Whatever is not one literal is reported."""
    assert _find_bad_calls(Source("sample.py", call))


def test_unmarked_output_is_seen():
    """Chinese outside ``_()`` is found in prints and raises, and not inside."""
    assert _find_printed(Source("sample.py", 'console.print("金额", _("好"))'))
    assert _find_printed(Source("sample.py", 'print(f"金额{x}")'))
    assert _find_raised(Source("sample.py", 'raise InputError(f"“{x}”不是金额")'))
    assert not _find_printed(Source("sample.py", 'print(_("金额").format(x=1), "plain")'))
    assert not _find_raised(Source("sample.py", 'raise InputError(_("不是金额"))'))


def test_catalogue_survives_writing_and_compiling(tmp_path):
    """What is written is read back, and the standard library finds it in the compiled file."""
    pairs = {'甲"乙"\n丙\\': 'a "b"\nc\\', "{x}\t天": "{x}\tdays", "行\u2028尾": "line\u2028end"}
    path = tmp_path / "sample.po"
    po_file.write_po(path, pairs)
    assert po_file.read_po(path) == pairs
    compiled = gettext.GNUTranslations(io.BytesIO(po_file.compile_mo(pairs)))
    assert {msgid: compiled.gettext(msgid) for msgid in pairs} == pairs


@pytest.mark.parametrize(
    "text",
    ['msgid "甲"\n', 'msgid "甲\nmsgstr ""\n', "nonsense\n", 'msgid "甲"\nmsgstr "a"\n' * 2],
)
def test_a_broken_catalogue_names_its_line(tmp_path, text):
    """A catalogue that cannot be used is refused with file and line."""
    path = tmp_path / "sample.po"
    path.write_text(text, "utf-8")
    with pytest.raises(po_file.PoError, match=r"sample\.po:\d"):
        po_file.read_po(path)


def test_extraction_finds_every_marked_literal(tmp_path):
    """Literals joined over two lines count as one message; other calls do not count."""
    (tmp_path / "sample.py").write_text('_("甲"\n  "乙").format(x=1)\nprint("丙")\n', "utf-8")
    assert extract_messages.find_messages(tmp_path) == {"甲乙"}
    assert extract_messages.SOURCE == PACKAGE
