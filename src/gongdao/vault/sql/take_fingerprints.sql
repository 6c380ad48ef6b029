-- Registers the fingerprints of a chunk under one key: 32 bytes each, all in one value, in the order of the secrets' ids.
-- In the order of fingerprints, so that two imports that meet never wait for each other crosswise. Gives how many were new,
-- and which secrets, where not all were. Index: primary key (kid, fp).
WITH taken AS (
  INSERT INTO vault_fingerprint (kid, fp, sealed_id)
  SELECT %(kid)s, substr(%(fps)s::bytea, (n::int - 1) * 32 + 1, 32) AS fp, id
  FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS given (id, n)
  ORDER BY fp
  ON CONFLICT DO NOTHING
  RETURNING sealed_id
)
SELECT count(*), CASE WHEN count(*) < cardinality(%(ids)s::bigint[]) THEN array_agg(sealed_id) END FROM taken
