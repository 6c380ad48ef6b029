-- Gives a claim its %(vault_units)s units for good: those reserved for it, and from the shelf what of them has lapsed. All of
-- them, or none and nothing changes; a claim that has them already gets the same again.
-- A list of CTEs, to stand in a larger WITH of the caller's, or alone behind `allocate`. `vault_allocated` has one row
-- (unit_id, place) per unit: the caller must see that their number is the one asked for. `vault_given` has the same with batch
-- and commitment, for who needs them; OFFSET 0 keeps it from being planned as a join over the whole stock.
-- Two at once for one claim: the second waits for the first's reservations, finds them gone, and is refused by
-- vault_claim_place_once; tried again it finds what the first did. Indexes: vault_claim_place_once, vault_unit_available.
vault_mine AS MATERIALIZED (
  SELECT unit_id, place, state FROM vault_claim
  WHERE owner_id = %(vault_owner_id)s AND owner_kind = %(vault_owner_kind)s AND state <> 'replaced'
),
vault_held AS MATERIALIZED (
  SELECT unit_id, place FROM vault_claim
  WHERE owner_id = %(vault_owner_id)s AND owner_kind = %(vault_owner_kind)s AND state = 'reserved'
  ORDER BY unit_id FOR UPDATE
),
vault_picked AS MATERIALIZED (
  SELECT id FROM vault_unit
  WHERE sku_id = %(vault_sku)s AND state = 'available'
    AND pos <= (SELECT open_upto FROM vault_sku WHERE id = %(vault_sku)s)
  ORDER BY pos LIMIT CASE
    WHEN EXISTS (SELECT FROM vault_mine WHERE state = 'allocated') THEN 0
    ELSE greatest(0, %(vault_units)s - (SELECT count(*) FROM vault_held)) END
  FOR UPDATE SKIP LOCKED
),
vault_fits AS MATERIALIZED (
  SELECT (SELECT count(*) FROM vault_held) + (SELECT count(*) FROM vault_picked)
    = %(vault_units)s AS fits
),
vault_moved AS (
  UPDATE vault_claim SET state = 'allocated', until = NULL, allocated_at = %(vault_at)s
  WHERE unit_id = ANY (ARRAY(SELECT unit_id FROM vault_held)) AND (SELECT fits FROM vault_fits)
  RETURNING unit_id, place
),
vault_taken AS (
  UPDATE vault_unit SET state = 'claimed'
  WHERE id = ANY (ARRAY(SELECT id FROM vault_picked)) AND (SELECT fits FROM vault_fits)
  RETURNING id
),
vault_added AS (
  INSERT INTO vault_claim
    (unit_id, owner_kind, owner_id, place, turn, state, claimed_at, allocated_at)
  SELECT taken.id, %(vault_owner_kind)s, %(vault_owner_id)s, free.place, 0, 'allocated',
    %(vault_at)s, %(vault_at)s
  FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM vault_taken) AS taken
  JOIN (
    SELECT place, row_number() OVER (ORDER BY place) AS n
    FROM generate_series(1, %(vault_units)s) AS place
    WHERE place NOT IN (SELECT place FROM vault_held)
  ) AS free ON free.n = taken.n
  RETURNING unit_id, place
),
vault_allocated AS (
  SELECT unit_id, place FROM vault_moved
  UNION ALL SELECT unit_id, place FROM vault_added
  UNION ALL SELECT unit_id, place FROM vault_mine WHERE state = 'allocated'
),
vault_given AS (
  SELECT a.unit_id, a.place, u.batch_id, s.commitment
  FROM vault_allocated a
  CROSS JOIN LATERAL (
    SELECT batch_id, sealed_id FROM vault_unit WHERE id = a.unit_id OFFSET 0) AS u
  CROSS JOIN LATERAL (
    SELECT commitment FROM vault_sealed WHERE id = u.sealed_id OFFSET 0) AS s
)
