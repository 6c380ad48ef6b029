"""An index of the few leaves that name the log's keys, looked up with every page; and the gate that
closes the queue while the log stands still and too much waits. Open, it costs nothing."""

from __future__ import annotations

from django.db import migrations

_INDEX = f"""
CREATE INDEX log_entry_keys ON log_entry (idx)
  WHERE subject = 'log:{"0" * 32}' AND position('"t":"log.anchor"'::bytea IN entry) = 0;
"""
_GATE = """
CREATE FUNCTION log_queue_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'log_queue_full' USING ERRCODE = '53400';
END $$;
CREATE TRIGGER log_queue_full BEFORE INSERT ON log_pending
  FOR EACH STATEMENT WHEN (current_setting('gongdao.replay', true) IS DISTINCT FROM 'on')
  EXECUTE FUNCTION log_queue_refuse();
ALTER TABLE log_pending DISABLE TRIGGER log_queue_full;
"""
_NO_GATE = """
DROP TRIGGER log_queue_full ON log_pending;
DROP FUNCTION log_queue_refuse();
"""


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("log", "0002_append_only"),)
    operations = (
        migrations.RunSQL(_INDEX, "DROP INDEX log_entry_keys"),
        migrations.RunSQL(_GATE, _NO_GATE),
    )
