"""Read and write the gettext catalogue with the standard library alone.

`make demo` compiles the catalogue on a machine that has only the runtime packages, so this knows
just what our catalogue uses: msgid, msgstr and comments; no plurals, no contexts.
"""

from __future__ import annotations

import ast
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

CATALOG = Path(__file__).resolve().parent.parent / "src/gongdao/locale/en/LC_MESSAGES/gongdao.po"
HEADER = (
    "Project-Id-Version: gongdao\n"
    "Language: en\n"
    "MIME-Version: 1.0\n"
    "Content-Type: text/plain; charset=UTF-8\n"
    "Content-Transfer-Encoding: 8bit\n"
)
_TOP = (
    "# English for the Chinese sentences of Gongdao. Sorted; kept by tools/extract_messages.py.\n"
)
_MAGIC = 0x950412DE


class PoError(ValueError):
    """A catalogue line that cannot be used; the text names file and line."""


def read_po(path: Path) -> dict[str, str]:
    """All translations as msgid → msgstr, without the header. Raises PoError naming the line."""
    pairs: dict[str, str] = {}
    fields: dict[str, str] = {}
    current = ""
    for number, raw in enumerate(path.read_text("utf-8").split("\n"), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        keyword, _, rest = line.partition(" ")
        if keyword == "msgid":
            _store(pairs, fields, path, number)
            fields = {}
        if keyword in ("msgid", "msgstr"):
            current, line = keyword, rest
            fields[current] = ""
        if not current or not (line.startswith('"') and line.endswith('"') and len(line) > 1):
            raise PoError(f"{path.name}:{number}: neither msgid, msgstr nor a quoted string")
        fields[current] += _unquote(line, path, number)
    _store(pairs, fields, path, 0)
    return pairs


def write_po(path: Path, pairs: Mapping[str, str]) -> None:
    """Write ``pairs`` sorted by msgid, so that two people's additions merge line by line."""
    blocks = [_TOP + _entry("", HEADER)]
    blocks += [_entry(msgid, pairs[msgid]) for msgid in sorted(pairs)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(blocks), "utf-8")


def compile_mo(pairs: Mapping[str, str]) -> bytes:
    """The binary catalogue that ``gettext`` reads; entries without a translation are left out."""
    rows = [("", HEADER), *sorted((k, v) for k, v in pairs.items() if v)]
    ids = [msgid.encode() for msgid, _ in rows]
    texts = [msgstr.encode() for _, msgstr in rows]
    count = len(rows)
    start = 28 + 16 * count
    id_table, offset = _table(ids, start)
    text_table, _ = _table(texts, offset)
    head = struct.pack("<7I", _MAGIC, 0, count, 28, 28 + 8 * count, 0, start)
    return head + id_table + text_table + _joined(ids) + _joined(texts)


def _store(pairs: dict[str, str], fields: Mapping[str, str], path: Path, number: int) -> None:
    if not fields:
        return
    if "msgstr" not in fields:
        raise PoError(f"{path.name}:{number}: a msgid without msgstr before this line")
    msgid = fields["msgid"]
    if msgid in pairs:
        raise PoError(f"{path.name}:{number}: {msgid!r} stands twice")
    if msgid:
        pairs[msgid] = fields["msgstr"]


def _unquote(line: str, path: Path, number: int) -> str:
    try:
        return str(ast.literal_eval(line))
    except (SyntaxError, ValueError):
        raise PoError(f"{path.name}:{number}: not a quoted string") from None


def _entry(msgid: str, msgstr: str) -> str:
    return f"msgid {_quote(msgid)}\nmsgstr {_quote(msgstr)}\n"


def _quote(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    lines = [line for line in plain.replace("\r", "\\r").replace("\n", "\\n\n").split("\n") if line]
    quoted = [f'"{line}"' for line in lines]
    return '""\n' + "\n".join(quoted) if len(quoted) > 1 else "".join(quoted) or '""'


def _table(texts: Iterable[bytes], offset: int) -> tuple[bytes, int]:
    table = b""
    for text in texts:
        table += struct.pack("<2I", len(text), offset)
        offset += len(text) + 1
    return table, offset


def _joined(texts: Iterable[bytes]) -> bytes:
    return b"".join(text + b"\0" for text in texts)
