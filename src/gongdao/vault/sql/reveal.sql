-- Records that somebody looks, and only then gives out the ciphertexts: one statement, so that neither happens alone.
-- The wrapped key of the batch is core's (its table is read here to save a round trip). Index: vault_claim_place_once.
WITH shown AS MATERIALIZED (
  SELECT c.unit_id, c.place, c.turn, c.state, u.sealed_id, u.pos, b.id AS batch_id, b.first_pos,
    s.ciphertext, s.commitment, s.canon_v, k.id AS sku_id, k.owner_kind, k.owner_id,
    k.seller_kind, k.seller_id, k.rules, k.uses_allowed, d.wrapped
  FROM vault_claim c
  CROSS JOIN LATERAL (
    SELECT sealed_id, pos, batch_id, sku_id FROM vault_unit WHERE id = c.unit_id OFFSET 0) AS u
  CROSS JOIN LATERAL (
    SELECT ciphertext, commitment, canon_v FROM vault_sealed WHERE id = u.sealed_id OFFSET 0) AS s
  JOIN vault_batch b ON b.id = u.batch_id
  JOIN vault_sku k ON k.id = u.sku_id
  LEFT JOIN core_datakey d ON d.subject_kind = 'batch' AND d.subject_id = b.id
    AND d.destroyed_at IS NULL
  WHERE c.owner_id = %(vault_owner_id)s AND c.owner_kind = %(vault_owner_kind)s
    AND c.state <> 'reserved'
),
noted AS (
  INSERT INTO vault_reveal (unit_id, owner_kind, owner_id, who, purpose, at)
  SELECT unit_id, %(vault_owner_kind)s, %(vault_owner_id)s, %(vault_who)s, %(vault_purpose)s,
    %(vault_at)s
  FROM shown
)
SELECT * FROM shown ORDER BY place, turn
