"""Statements with a name: hot SQL lies in ``<room>/sql/<name>.sql``, with its purpose above it.

A file holds one statement (or, for migrations, one script). Lines that are nothing but a comment
say what it is for and which index carries it; they are taken out when it is loaded, so that a ``%``
in a comment is no placeholder. Values go in by name: ``%(order_id)s``.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_NAME = re.compile(r"[a-z][a-z0-9_]*")


@cache
def load_sql(package: str, name: str) -> str:
    """The text of ``sql/<name>.sql`` in ``package`` (``gongdao.ledger``), without comment lines.

    Read once per process. A name that is none is a ValueError, a file that is missing or holds no
    statement a LookupError.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} does not name a statement")
    try:
        text = files(package).joinpath("sql", f"{name}.sql").read_text("utf-8")
    except FileNotFoundError:
        raise LookupError(f"{package} has no statement {name!r}") from None
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    statement = "\n".join(lines).strip().rstrip(";")
    if not statement:
        raise LookupError(f"{package}: the statement {name!r} is empty")
    return statement
