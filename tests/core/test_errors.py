"""Errors: where, why and what to do, in one sentence; refusals of the system in our words."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from gongdao.core.digest import digest_bytes, digest_file
from gongdao.core.errors import CaseFolderError, GongdaoError, InputError
from gongdao.core.language import Phrase, gettext, language, use_language
from gongdao.core.os_errors import os_reason


def test_an_error_names_place_reason_and_way_out() -> None:
    """File, line and field come first, the hint last, with one full stop between."""
    error = CaseFolderError("写错了", file="case.toml", line=3, field="order.paid", hint="改成 5。")
    assert str(error) == "case.toml:3 [order.paid]: 写错了。改成 5。"
    assert str(InputError("Not a time", hint="Write 5.")) == "Not a time. Write 5."
    assert str(InputError("为什么？", hint="改。")) == "为什么？改。"
    assert str(InputError("不行")) == "不行"
    assert isinstance(error, GongdaoError)


@pytest.mark.parametrize(
    ("code", "says"),
    [(errno.EACCES, "没有权限"), (errno.ENOSPC, "磁盘已满"), (errno.ENOENT, "没有这个文件")],
)
def test_the_system_speaks_chinese(code: int, says: str) -> None:
    """Usual refusals are said in our words; an unusual one in the system's."""
    assert os_reason(OSError(code, "x", "file")) == says
    assert os_reason(OSError(errno.EXDEV, "cross-device", "file")) == "cross-device"


def test_a_file_has_the_digests_of_its_bytes(tmp_path: Path) -> None:
    """Streamed or whole, the digests agree with the published ones for ``abc``."""
    (tmp_path / "a").write_bytes(b"abc")
    found = digest_file(tmp_path / "a")
    assert found == digest_bytes(b"abc")
    assert found.sha256.startswith("ba7816bf8f01cfea")
    assert found.sm3.startswith("66c7f0f462eeedd9")


def test_a_phrase_is_said_in_the_language_in_use() -> None:
    """A phrase keeps its values apart: Chinese for letters, either language for people."""
    phrase = Phrase("没有这个文件")
    try:
        use_language("en")
        assert language() == "en"
        assert str(phrase) == gettext("没有这个文件")
        assert phrase.zh() == "没有这个文件"
    finally:
        use_language("zh")
    assert str(phrase) == phrase.zh()
    with pytest.raises(ValueError, match="fr"):
        use_language("fr")
