-- Takes %(vault_units)s units off the shelf for one claim, until a moment: all of them, or none and nothing changes.
-- A list of CTEs, to stand in a larger WITH of the caller's, or alone behind `reserve`. `vault_reserved` has one
-- row (unit_id, place) per unit: the caller must see that their number is the one asked for.
-- The first units in the order of the shelf that nobody else is taking at this moment (SKIP LOCKED); units of an import that
-- is not finished lie behind `open_upto`. Index: vault_unit_available (sku_id, pos), which holds only what is on the shelf.
vault_picked AS MATERIALIZED (
  SELECT id FROM vault_unit
  WHERE sku_id = %(vault_sku)s AND state = 'available'
    AND pos <= (SELECT open_upto FROM vault_sku WHERE id = %(vault_sku)s)
  ORDER BY pos LIMIT CASE WHEN {only_if} THEN %(vault_units)s ELSE 0 END
  FOR UPDATE SKIP LOCKED
),
vault_taken AS (
  UPDATE vault_unit SET state = 'claimed'
  WHERE id = ANY (ARRAY(SELECT id FROM vault_picked))
    AND (SELECT count(*) FROM vault_picked) = %(vault_units)s
  RETURNING id
),
vault_reserved AS (
  INSERT INTO vault_claim (unit_id, owner_kind, owner_id, place, turn, state, until, claimed_at)
  SELECT id, %(vault_owner_kind)s, %(vault_owner_id)s, row_number() OVER (ORDER BY id), 0,
    'reserved', %(vault_until)s, %(vault_at)s
  FROM vault_taken
  RETURNING unit_id, place
)
