"""What the database itself refuses, how tables lie on disk, and where ids come from.

The transitions are those of states.py; a test tries every pair.
"""

from __future__ import annotations

from django.db import migrations

_SEQUENCE = "CREATE SEQUENCE vault_unit_block"
"""Each number stands for a block of ids, so that an import takes thousands with one question."""

_CHECKS = """
ALTER TABLE vault_sealed ADD CONSTRAINT vault_sealed_whole
  CHECK (octet_length(commitment) = 32 AND octet_length(ciphertext) > 61);
ALTER TABLE vault_fingerprint ADD CONSTRAINT vault_fingerprint_whole CHECK (octet_length(fp) = 32);
ALTER TABLE vault_group ADD CONSTRAINT vault_group_whole CHECK (octet_length(root) = 32 AND n >= 0);
ALTER TABLE vault_batch ADD CONSTRAINT vault_batch_whole
  CHECK (octet_length(root) = 32 AND octet_length(proof_sha256) = 32);
ALTER TABLE vault_reveal ADD CONSTRAINT vault_reveal_whole CHECK (octet_length(who) = 32);
"""
_UNCHECK = """
ALTER TABLE vault_sealed DROP CONSTRAINT vault_sealed_whole;
ALTER TABLE vault_fingerprint DROP CONSTRAINT vault_fingerprint_whole;
ALTER TABLE vault_group DROP CONSTRAINT vault_group_whole;
ALTER TABLE vault_batch DROP CONSTRAINT vault_batch_whole;
ALTER TABLE vault_reveal DROP CONSTRAINT vault_reveal_whole;
"""

_REFUSE = """
CREATE FUNCTION vault_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%: this % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'GD001';
END $$;

CREATE FUNCTION vault_refuse_unless_incoming() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE whose uuid;
BEGIN
  IF TG_TABLE_NAME = 'vault_sealed' THEN
    SELECT batch_id INTO whose FROM vault_unit WHERE id = OLD.id;
  ELSE
    whose := OLD.batch_id;
  END IF;
  IF NOT EXISTS (SELECT FROM vault_batch WHERE id = whose AND state = 'incoming') THEN
    RAISE EXCEPTION '%: this % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'GD001';
  END IF;
  RETURN OLD;
END $$;

-- A fingerprint may go when another key's stands for it, or when its secret was never anybody's.
CREATE FUNCTION vault_keep_fingerprint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM vault_fingerprint
                 WHERE sealed_id = OLD.sealed_id AND kid <> OLD.kid)
    AND (EXISTS (SELECT FROM vault_unit u JOIN vault_batch b ON b.id = u.batch_id
                 WHERE u.sealed_id = OLD.sealed_id AND u.id >= OLD.sealed_id
                 AND u.id < OLD.sealed_id + 10000
                 AND b.state <> 'incoming' AND u.state <> 'withdrawn')
      OR EXISTS (SELECT FROM vault_claim c JOIN vault_unit u ON u.id = c.unit_id
                 WHERE u.sealed_id = OLD.sealed_id AND u.id >= OLD.sealed_id
                 AND u.id < OLD.sealed_id + 10000)) THEN
    RAISE EXCEPTION '%: this % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'GD001';
  END IF;
  RETURN OLD;
END $$;

CREATE TRIGGER vault_sku_fixed BEFORE UPDATE ON vault_sku FOR EACH ROW WHEN (
  (OLD.id, OLD.owner_kind, OLD.owner_id, OLD.seller_kind, OLD.seller_id, OLD.rules::text,
   OLD.uses_allowed) IS DISTINCT FROM
  (NEW.id, NEW.owner_kind, NEW.owner_id, NEW.seller_kind, NEW.seller_id, NEW.rules::text,
   NEW.uses_allowed) OR NEW.open_upto < OLD.open_upto) EXECUTE FUNCTION vault_refuse();

CREATE TRIGGER vault_batch_moves BEFORE UPDATE ON vault_batch FOR EACH ROW WHEN (
  (OLD.id, OLD.sku_id, OLD.source_kind, OLD.supplier, OLD.first_pos, OLD.log_subject)
    IS DISTINCT FROM
  (NEW.id, NEW.sku_id, NEW.source_kind, NEW.supplier, NEW.first_pos, NEW.log_subject)
  OR OLD.state <> 'incoming' AND (OLD.root, OLD.secrets, OLD.first_id, OLD.last_id)
    IS DISTINCT FROM (NEW.root, NEW.secrets, NEW.first_id, NEW.last_id)
  OR NOT (OLD.state = NEW.state OR (OLD.state, NEW.state) IN (
    ('incoming', 'live'), ('live', 'quarantined'), ('live', 'withdrawn'),
    ('quarantined', 'live'), ('quarantined', 'withdrawn')))
  ) EXECUTE FUNCTION vault_refuse();
CREATE TRIGGER vault_batch_kept BEFORE DELETE ON vault_batch FOR EACH ROW
  WHEN (OLD.state <> 'incoming') EXECUTE FUNCTION vault_refuse();

CREATE TRIGGER vault_unit_moves BEFORE UPDATE ON vault_unit FOR EACH ROW WHEN (
  (OLD.id, OLD.sku_id, OLD.pos, OLD.batch_id, OLD.sealed_id) IS DISTINCT FROM
  (NEW.id, NEW.sku_id, NEW.pos, NEW.batch_id, NEW.sealed_id)
  OR NOT (OLD.state = NEW.state OR (OLD.state, NEW.state) IN (
    ('available', 'claimed'), ('available', 'held'), ('available', 'withdrawn'),
    ('claimed', 'available'), ('claimed', 'held'), ('claimed', 'withdrawn'),
    ('held', 'available'), ('held', 'withdrawn')))
  ) EXECUTE FUNCTION vault_refuse();
CREATE TRIGGER vault_unit_kept BEFORE DELETE ON vault_unit
  FOR EACH ROW EXECUTE FUNCTION vault_refuse_unless_incoming();

CREATE TRIGGER vault_sealed_unchanged BEFORE UPDATE ON vault_sealed
  FOR EACH ROW EXECUTE FUNCTION vault_refuse();
CREATE TRIGGER vault_sealed_kept BEFORE DELETE ON vault_sealed
  FOR EACH ROW EXECUTE FUNCTION vault_refuse_unless_incoming();

CREATE TRIGGER vault_fingerprint_unchanged BEFORE UPDATE ON vault_fingerprint
  FOR EACH ROW EXECUTE FUNCTION vault_refuse();
CREATE TRIGGER vault_fingerprint_kept BEFORE DELETE ON vault_fingerprint
  FOR EACH ROW EXECUTE FUNCTION vault_keep_fingerprint();

CREATE TRIGGER vault_claim_moves BEFORE UPDATE ON vault_claim FOR EACH ROW WHEN (
  (OLD.unit_id, OLD.owner_kind, OLD.owner_id, OLD.place, OLD.turn, OLD.claimed_at)
    IS DISTINCT FROM
  (NEW.unit_id, NEW.owner_kind, NEW.owner_id, NEW.place, NEW.turn, NEW.claimed_at)
  OR OLD.state <> 'reserved' AND OLD.allocated_at IS DISTINCT FROM NEW.allocated_at
  OR NOT (OLD.state = NEW.state OR (OLD.state, NEW.state) IN (
    ('reserved', 'allocated'), ('allocated', 'replaced')))
  ) EXECUTE FUNCTION vault_refuse();
CREATE TRIGGER vault_claim_kept BEFORE DELETE ON vault_claim FOR EACH ROW
  WHEN (OLD.state <> 'reserved') EXECUTE FUNCTION vault_refuse();

CREATE TRIGGER vault_group_unchanged BEFORE UPDATE ON vault_group
  FOR EACH ROW EXECUTE FUNCTION vault_refuse();
CREATE TRIGGER vault_group_kept BEFORE DELETE ON vault_group
  FOR EACH ROW EXECUTE FUNCTION vault_refuse_unless_incoming();

CREATE TRIGGER vault_reveal_kept BEFORE UPDATE OR DELETE ON vault_reveal
  FOR EACH ROW EXECUTE FUNCTION vault_refuse();
CREATE TRIGGER vault_statuscheck_kept BEFORE UPDATE OR DELETE ON vault_statuscheck
  FOR EACH ROW EXECUTE FUNCTION vault_refuse();

CREATE TRIGGER vault_key_moves BEFORE UPDATE ON vault_key FOR EACH ROW WHEN (
  (OLD.kid, OLD.made_at) IS DISTINCT FROM (NEW.kid, NEW.made_at)
  OR NOT (OLD.state = NEW.state OR (OLD.state, NEW.state) IN (
    ('live', 'checked'), ('live', 'gone'), ('checked', 'gone')))
  ) EXECUTE FUNCTION vault_refuse();
CREATE TRIGGER vault_key_kept BEFORE DELETE ON vault_key
  FOR EACH ROW EXECUTE FUNCTION vault_refuse();
"""
_TABLES = (
    "sku",
    "batch",
    "unit",
    "sealed",
    "fingerprint",
    "claim",
    "group",
    "reveal",
    "statuscheck",
    "key",
)
_WHOLE = "".join(
    f"CREATE TRIGGER vault_{table}_whole BEFORE TRUNCATE ON vault_{table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION vault_refuse();"
    for table in _TABLES
)
_ALLOW = """
DROP FUNCTION vault_refuse() CASCADE;
DROP FUNCTION vault_refuse_unless_incoming() CASCADE;
DROP FUNCTION vault_keep_fingerprint() CASCADE;
"""

# Sales leave dead rows behind at the head of the shelf: they go early, or each sale walks over them.
# Statements are planned once for a connection's life: with statistics from a table of a few rows
# they would read it whole for ever, so there are none before it has grown. A claim's owner has a
# few rows, however many one large order had when statistics were taken.
_ON_DISK = """
ALTER TABLE vault_unit SET (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
  autovacuum_vacuum_insert_threshold = 10000, autovacuum_analyze_threshold = 5000);
ALTER TABLE vault_claim SET (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
  autovacuum_vacuum_insert_threshold = 10000, autovacuum_analyze_threshold = 5000);
ALTER TABLE vault_sealed SET (
  autovacuum_vacuum_insert_threshold = 10000, autovacuum_analyze_threshold = 5000);
ALTER TABLE vault_claim ALTER COLUMN owner_id SET (n_distinct = -0.5);
"""


class Migration(migrations.Migration):
    """Only a superuser's hand gets past these; `gongdao stock check` still sees what it did."""

    dependencies = (("vault", "0001_initial"),)
    operations = (
        migrations.RunSQL(_SEQUENCE, "DROP SEQUENCE vault_unit_block"),
        migrations.RunSQL(_CHECKS, _UNCHECK),
        migrations.RunSQL(_REFUSE, _ALLOW),
        migrations.RunSQL(_WHOLE, migrations.RunSQL.noop),
        migrations.RunSQL(_ON_DISK, migrations.RunSQL.noop),
    )
