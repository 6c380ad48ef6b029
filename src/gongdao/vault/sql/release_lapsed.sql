-- Puts units back on the shelf whose reservations lapsed before a moment, at most %(most)s, oldest first; what somebody
-- is allocating just now is skipped. A unit whose batch was withdrawn or quarantined meanwhile is not in `claimed`
-- any more and stays where it is. Index: vault_claim_lapses (until).
WITH lapsed AS MATERIALIZED (
  SELECT unit_id FROM vault_claim WHERE state = 'reserved' AND until <= %(at)s
  ORDER BY until LIMIT %(most)s
  FOR UPDATE SKIP LOCKED
),
gone AS (
  DELETE FROM vault_claim WHERE unit_id = ANY (ARRAY(SELECT unit_id FROM lapsed))
  RETURNING unit_id, owner_kind, owner_id
),
back AS (
  UPDATE vault_unit SET state = 'available'
  WHERE id = ANY (ARRAY(SELECT unit_id FROM gone)) AND state = 'claimed'
)
SELECT DISTINCT owner_kind, owner_id FROM gone
