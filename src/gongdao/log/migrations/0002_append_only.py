"""What the database itself refuses: changing what was published, and hashes that are not those of
their entries. And how the tables lie on disk."""

from __future__ import annotations

from django.db import migrations

_CHECKS = """
ALTER TABLE log_pending ADD CONSTRAINT log_pending_hashed
  CHECK (leaf_hash = sha256('\\x00'::bytea || entry) AND octet_length(entry) BETWEEN 1 AND 4096);
ALTER TABLE log_entry ADD CONSTRAINT log_entry_hashed
  CHECK (leaf_hash = sha256('\\x00'::bytea || entry) AND octet_length(entry) BETWEEN 1 AND 4096
         AND idx >= 0);
ALTER TABLE log_tile ADD CONSTRAINT log_tile_filled
  CHECK (octet_length(data) = 32 * width AND width BETWEEN 1 AND 256
         AND level BETWEEN 0 AND 63 AND n >= 0);
ALTER TABLE log_head ADD CONSTRAINT log_head_whole
  CHECK (octet_length(root) = 32 AND octet_length(edge) % 32 = 0 AND size >= 0);
ALTER TABLE log_checkpoint ADD CONSTRAINT log_checkpoint_whole
  CHECK (octet_length(root) = 32 AND size >= 0);
"""
_UNCHECK = """
ALTER TABLE log_pending DROP CONSTRAINT log_pending_hashed;
ALTER TABLE log_entry DROP CONSTRAINT log_entry_hashed;
ALTER TABLE log_tile DROP CONSTRAINT log_tile_filled;
ALTER TABLE log_head DROP CONSTRAINT log_head_whole;
ALTER TABLE log_checkpoint DROP CONSTRAINT log_checkpoint_whole;
"""

_REFUSE = """
CREATE FUNCTION log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP;
END $$;

CREATE TRIGGER log_entry_append_only BEFORE UPDATE OR DELETE ON log_entry
  FOR EACH STATEMENT EXECUTE FUNCTION log_refuse();
CREATE TRIGGER log_checkpoint_append_only BEFORE UPDATE OR DELETE ON log_checkpoint
  FOR EACH STATEMENT EXECUTE FUNCTION log_refuse();
CREATE TRIGGER log_cosignature_append_only BEFORE UPDATE OR DELETE ON log_cosignature
  FOR EACH STATEMENT EXECUTE FUNCTION log_refuse();
CREATE TRIGGER log_pending_unchanged BEFORE UPDATE ON log_pending
  FOR EACH STATEMENT EXECUTE FUNCTION log_refuse();
CREATE TRIGGER log_tile_kept BEFORE DELETE ON log_tile
  FOR EACH STATEMENT EXECUTE FUNCTION log_refuse();
CREATE TRIGGER log_head_kept BEFORE DELETE ON log_head
  FOR EACH STATEMENT EXECUTE FUNCTION log_refuse();

CREATE TRIGGER log_entry_whole BEFORE TRUNCATE ON log_entry
  FOR EACH STATEMENT EXECUTE FUNCTION log_refuse();
CREATE TRIGGER log_checkpoint_whole BEFORE TRUNCATE ON log_checkpoint
  FOR EACH STATEMENT EXECUTE FUNCTION log_refuse();
CREATE TRIGGER log_cosignature_whole BEFORE TRUNCATE ON log_cosignature
  FOR EACH STATEMENT EXECUTE FUNCTION log_refuse();
CREATE TRIGGER log_pending_whole BEFORE TRUNCATE ON log_pending
  FOR EACH STATEMENT EXECUTE FUNCTION log_refuse();
CREATE TRIGGER log_tile_whole BEFORE TRUNCATE ON log_tile
  FOR EACH STATEMENT EXECUTE FUNCTION log_refuse();
CREATE TRIGGER log_head_whole BEFORE TRUNCATE ON log_head
  FOR EACH STATEMENT EXECUTE FUNCTION log_refuse();

CREATE FUNCTION log_tile_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.level <> OLD.level OR NEW.n <> OLD.n OR NEW.width < OLD.width
     OR substring(NEW.data FOR octet_length(OLD.data)) <> OLD.data THEN
    RAISE EXCEPTION 'log_tile is append-only: tile %/% only grows', OLD.level, OLD.n;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER log_tile_grows BEFORE UPDATE ON log_tile
  FOR EACH ROW EXECUTE FUNCTION log_tile_grows();

CREATE FUNCTION log_head_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.size <= OLD.size THEN
    RAISE EXCEPTION 'log_head only grows: % after %', NEW.size, OLD.size;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER log_head_grows BEFORE UPDATE ON log_head
  FOR EACH ROW EXECUTE FUNCTION log_head_grows();
"""
_ALLOW = """
DROP TRIGGER log_entry_append_only ON log_entry;
DROP TRIGGER log_checkpoint_append_only ON log_checkpoint;
DROP TRIGGER log_cosignature_append_only ON log_cosignature;
DROP TRIGGER log_pending_unchanged ON log_pending;
DROP TRIGGER log_tile_kept ON log_tile;
DROP TRIGGER log_head_kept ON log_head;
DROP TRIGGER log_entry_whole ON log_entry;
DROP TRIGGER log_checkpoint_whole ON log_checkpoint;
DROP TRIGGER log_cosignature_whole ON log_cosignature;
DROP TRIGGER log_pending_whole ON log_pending;
DROP TRIGGER log_tile_whole ON log_tile;
DROP TRIGGER log_head_whole ON log_head;
DROP TRIGGER log_tile_grows ON log_tile;
DROP TRIGGER log_head_grows ON log_head;
DROP FUNCTION log_refuse();
DROP FUNCTION log_tile_grows();
DROP FUNCTION log_head_grows();
"""

# Hashes cannot be compressed: trying costs time. Rows that change with every leaf get room in
# their page, so that no index changes with them. The queue's dead rows go early. Names of subjects
# are looked up whole, so Django's second index of them, for LIKE, would only cost.
_ON_DISK = """
DROP INDEX log_subject_name_cce8e3fe_like;
ALTER TABLE log_tile ALTER COLUMN data SET STORAGE EXTERNAL;
ALTER TABLE log_subject SET (fillfactor = 80);
ALTER TABLE log_head SET (fillfactor = 10);
ALTER TABLE log_pending SET (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
  autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000);
"""


class Migration(migrations.Migration):
    """Only a superuser's hand gets past these; the auditor still sees what it did."""

    dependencies = (("log", "0001_initial"),)
    operations = (
        migrations.RunSQL(_CHECKS, _UNCHECK),
        migrations.RunSQL(_REFUSE, _ALLOW),
        migrations.RunSQL(_ON_DISK, migrations.RunSQL.noop),
    )
