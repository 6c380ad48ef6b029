"""The verify page as one file: styles and scripts inside, nothing to fetch, nothing that could be.

The scripts are the very modules of the page, one after another, each in a scope of its own. They
import only by lines of the form ``import { … } from "./name.js";``, which is checked when the file
is made.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

STATIC = Path(__file__).parent / "static"
FIRST = "verify/page.js"
STYLES = ("gongdao.css", "log.css")
_IMPORT = re.compile(r'^import (\{ [\w, ]+ \}) from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:const|class) (\w+))", re.MULTILINE)
_STYLE, _SCRIPT, _POLICY = "<!-- style -->", "<!-- script -->", "<!-- policy -->"


def modules_in_order(first: str = FIRST) -> list[Path]:
    """The modules that ``first`` needs, each after those that it imports itself."""
    found: list[Path] = []

    def visit(path: Path) -> None:
        if path in found:
            return
        for _names, module in _IMPORT.findall(path.read_text("utf-8")):
            visit(path.parent / f"{module}.js")
        found.append(path)

    visit(STATIC / first)
    return found


def joined_script() -> str:
    """All modules as one. Raises ValueError where one imports or exports in another form."""
    parts = []
    for path in modules_in_order():
        text = _IMPORT.sub(r"const \1 = \2_js;\n", path.read_text("utf-8"))
        names = [name for _whole, name in _EXPORT.findall(text)]
        text = _EXPORT.sub(r"\1", text)
        if re.search(r"^\s*(?:import|export)\b|\bimport\(", text, re.MULTILINE):
            raise ValueError(f"{path.name}: an import or export of another form")
        parts.append(
            f"const {path.stem}_js = (() => {{\n{text}return {{ {', '.join(names)} }};\n}})();\n"
        )
    return "".join(parts)


def make_offline(page: str) -> bytes:
    """``page`` (HTML with the three places marked) with style, script and a policy that lets it run
    these two and load nothing. Raises ValueError where a place is missing."""
    style = "\n".join((STATIC / name).read_text("utf-8") for name in STYLES)
    script = joined_script()
    if "</script" in script or "</style" in style:
        raise ValueError("a script or style that ends the element it stands in")
    allowed = f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}"
    policy = f'<meta http-equiv="Content-Security-Policy" content="{allowed}">'
    places: Mapping[str, str] = {
        _POLICY: policy,
        _STYLE: f"<style>{style}</style>",
        _SCRIPT: f'<script type="module">{script}</script>',
    }
    for place, content in places.items():
        if page.count(place) != 1:
            raise ValueError(f"the page has no {place}")
        page = page.replace(place, content)
    return page.encode()


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
