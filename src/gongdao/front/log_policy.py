"""The policy file: whom this installation, or this witness or auditor, takes for what."""

from __future__ import annotations

from pathlib import Path

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao_verify.tlog_policy import MOST_BYTES, BadPolicy, Policy


def read_policy(path: Path) -> Policy:
    """The policy at ``path`` (c2sp.org/tlog-policy); InputError if it cannot be read."""
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    try:
        return Policy.parse(data.decode("utf-8"))
    except (BadPolicy, UnicodeDecodeError) as bad:
        raise InputError(
            _("信任文件读不懂：{problem}").format(problem=bad),
            file=str(path),
            hint=_("格式见 docs/formats/log.md。"),
        ) from None
