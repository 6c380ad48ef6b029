"""The record of who opened what takes new rows and is never changed."""

from __future__ import annotations

from django.db import migrations

_REFUSE = """
CREATE FUNCTION evidence_access_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'evidence_access is a record: rows are not changed';
END $$;
CREATE TRIGGER evidence_access_unchanged BEFORE UPDATE ON evidence_access
  FOR EACH ROW EXECUTE FUNCTION evidence_access_refuse_change();
"""
_ALLOW = """
DROP TRIGGER evidence_access_unchanged ON evidence_access;
DROP FUNCTION evidence_access_refuse_change();
"""


class Migration(migrations.Migration):
    """Deletion stays possible: erasing a case takes its record along."""

    dependencies = (("evidence", "0001_initial"),)
    operations = (migrations.RunSQL(_REFUSE, _ALLOW),)
