-- Locks the very units that were read as reserved for a claim: `vault_held` has a row for each that still is, where {only_if}
-- holds; the caller must see that there are as many as he read. A CTE, to stand in a larger WITH of the caller's, before
-- that of give_reserved. Index: vault_claim_place_once.
vault_held AS MATERIALIZED (
  SELECT unit_id FROM vault_claim
  WHERE owner_id = %(vault_owner_id)s AND owner_kind = %(vault_owner_kind)s AND state = 'reserved'
    AND unit_id = ANY (%(vault_unit_ids)s::bigint[]) AND {only_if}
  ORDER BY unit_id FOR UPDATE
)
