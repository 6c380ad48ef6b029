-- What is reserved for a claim, in the order of its places: units and commitments. To be joined to a statement of the
-- caller's, which says whose claim. OFFSET 0 keeps it from being planned as a join over the whole stock.
-- Index: vault_claim_place_once.
LEFT JOIN LATERAL (
  SELECT array_agg(c.unit_id ORDER BY c.place) AS units, array_agg(s.commitment ORDER BY c.place) AS commitments
  FROM vault_claim c
  CROSS JOIN LATERAL (SELECT sealed_id FROM vault_unit WHERE id = c.unit_id OFFSET 0) AS u
  CROSS JOIN LATERAL (SELECT commitment FROM vault_sealed WHERE id = u.sealed_id OFFSET 0) AS s
  WHERE c.owner_id = {owner_id} AND c.owner_kind = '{owner_kind}' AND c.state = 'reserved'
) vault_aside ON true
