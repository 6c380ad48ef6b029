-- Gives a claim for good what hold_reserved locked, where {only_if} holds. A CTE, to stand in the same WITH behind it.
vault_moved AS (
  UPDATE vault_claim SET state = 'allocated', until = NULL, allocated_at = %(vault_at)s
  WHERE unit_id = ANY (ARRAY(SELECT unit_id FROM vault_held)) AND {only_if}
  RETURNING unit_id
)
