"""Statements with a name: found, without their comments, and only what is a name."""

from __future__ import annotations

import pytest

from gongdao.core import named_sql
from gongdao.core.named_sql import load_sql


def test_a_statement_is_loaded_without_its_comments():
    """Comment lines are gone, so that no sign in them is taken for a value; the rest stays."""
    text = load_sql("gongdao.ledger", "hold_payment")
    assert text.startswith("INSERT INTO ledger_transfer") and "--" not in text
    assert "%(hold_id)s" in text and not text.endswith(";")
    assert load_sql("gongdao.ledger", "hold_payment") is text


@pytest.mark.parametrize("name", ["", "../models", "Hold", "a.sql", "a b"])
def test_what_is_no_name_is_refused(name):
    """A statement's name is a plain word: nothing leads out of the folder."""
    with pytest.raises(ValueError, match="does not name"):
        load_sql("gongdao.ledger", name)


def test_a_missing_statement_is_named():
    """A statement that is not there is an error that says which."""
    with pytest.raises(LookupError, match="no_such_statement"):
        load_sql("gongdao.ledger", "no_such_statement")


@pytest.mark.parametrize("text", ["", "-- only words\n\n  -- more words\n", " ;\n"])
def test_an_empty_statement_is_an_error(tmp_path, monkeypatch, text):
    """A file that holds nothing to execute is found when it is loaded, not when it is run."""
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql/empty.sql").write_text(text, "utf-8")
    monkeypatch.setattr(named_sql, "files", lambda _package: tmp_path)
    with pytest.raises(LookupError, match="empty"):
        load_sql.__wrapped__("gongdao.ledger", "empty")
