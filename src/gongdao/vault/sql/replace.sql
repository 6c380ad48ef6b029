-- Puts another unit in the place of one that is no good: the first on the shelf, from another batch if there is one (batches
-- lie one behind the other, so that is a range of positions before or behind it). Nothing changes where the shelf is
-- empty, or the unit is not allocated to the claim. Indexes: primary key, vault_unit_available.
WITH bad AS MATERIALIZED (
  SELECT c.unit_id, c.place, c.turn, u.sku_id, k.open_upto, b.first_pos,
    b.first_pos + b.secrets::bigint * k.uses_allowed - 1 AS last_pos
  FROM vault_claim c
  CROSS JOIN LATERAL (SELECT sku_id, batch_id FROM vault_unit WHERE id = c.unit_id OFFSET 0) AS u
  JOIN vault_batch b ON b.id = u.batch_id
  JOIN vault_sku k ON k.id = u.sku_id
  WHERE c.unit_id = %(unit)s AND c.owner_id = %(vault_owner_id)s
    AND c.owner_kind = %(vault_owner_kind)s AND c.state = 'allocated'
  FOR UPDATE OF c
),
older AS MATERIALIZED (
  SELECT id FROM vault_unit
  WHERE sku_id = (SELECT sku_id FROM bad) AND state = 'available'
    AND pos < (SELECT first_pos FROM bad)
  ORDER BY pos LIMIT 1 FOR UPDATE SKIP LOCKED
),
newer AS MATERIALIZED (
  SELECT id FROM vault_unit
  WHERE sku_id = (SELECT sku_id FROM bad) AND state = 'available'
    AND pos > (SELECT last_pos FROM bad) AND pos <= (SELECT open_upto FROM bad)
  ORDER BY pos LIMIT (SELECT 1 - count(*) FROM older) FOR UPDATE SKIP LOCKED
),
beside AS MATERIALIZED (
  SELECT id FROM vault_unit
  WHERE sku_id = (SELECT sku_id FROM bad) AND state = 'available'
    AND pos <= (SELECT open_upto FROM bad)
  ORDER BY pos LIMIT (SELECT 1 - (SELECT count(*) FROM older) - (SELECT count(*) FROM newer))
  FOR UPDATE SKIP LOCKED
),
taken AS (
  UPDATE vault_unit SET state = 'claimed'
  WHERE id = ANY (ARRAY(
    SELECT id FROM older UNION ALL SELECT id FROM newer UNION ALL SELECT id FROM beside))
  RETURNING id
),
retired AS (
  UPDATE vault_claim SET state = 'replaced'
  WHERE unit_id = ANY (ARRAY(SELECT unit_id FROM bad)) AND EXISTS (SELECT FROM taken)
)
INSERT INTO vault_claim
  (unit_id, owner_kind, owner_id, place, turn, state, claimed_at, allocated_at)
SELECT taken.id, %(vault_owner_kind)s, %(vault_owner_id)s, bad.place, bad.turn + 1, 'allocated',
  %(vault_at)s, %(vault_at)s
FROM taken, bad
RETURNING unit_id
