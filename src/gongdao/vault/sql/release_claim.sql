-- Puts the units reserved for one claim back on the shelf; what is allocated stays. Index: vault_claim_place_once.
WITH gone AS (
  DELETE FROM vault_claim
  WHERE owner_id = %(vault_owner_id)s AND owner_kind = %(vault_owner_kind)s AND state = 'reserved'
  RETURNING unit_id
),
back AS (
  UPDATE vault_unit SET state = 'available'
  WHERE id = ANY (ARRAY(SELECT unit_id FROM gone)) AND state = 'claimed'
)
SELECT count(*) FROM gone
