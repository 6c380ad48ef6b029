-- A look at what an order got: recorded by the vault; the first one is marked and queued as a leaf, in the same statement.
-- Where somebody else looked first, or another leaf came between, `first` or `log_appended` has no row and nothing is
-- queued; the look is recorded all the same. {reveal} is the vault's, {log} the log's.
WITH {reveal},
first AS (
  UPDATE market_order SET revealed_at = %(vault_at)s, recording = %(recording)s
  WHERE id = %(vault_owner_id)s AND revealed_at IS NULL AND EXISTS (SELECT FROM shown)
    AND EXISTS (SELECT FROM log_subject WHERE name = %(log_subject)s AND last_hash = %(log_before)s::bytea)
  RETURNING id
),
{log}
{revealed}
