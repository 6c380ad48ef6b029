-- Holds in which something else is left than their transfers say, or that no transfer made.
WITH moved AS (
  SELECT t.hold_id, sum(CASE WHEN t.credit_guard = 2 THEN t.amount_minor ELSE -t.amount_minor END)
           AS left_minor,
         max(t.amount_minor) FILTER (WHERE t.kind = 'hold') AS put_minor
  FROM ledger_transfer t WHERE t.hold_id IS NOT NULL GROUP BY t.hold_id
)
SELECT coalesce(h.id, m.hold_id), h.currency, h.left_minor, coalesce(m.left_minor, 0)::bigint
FROM ledger_hold h FULL JOIN moved m ON m.hold_id = h.id
WHERE h.left_minor IS DISTINCT FROM coalesce(m.left_minor, 0)
   OR h.amount_minor IS DISTINCT FROM m.put_minor
ORDER BY 1 LIMIT %(most)s
