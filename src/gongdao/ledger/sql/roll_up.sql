-- Adds all transfers after the last roll-up and up to a number below which nothing is under way.
-- An account without such transfers keeps its row: nothing of it lies in between.
-- Index: the primary key of ledger_transfer; ledger_rollup_seq finds the last roll-up.
WITH span AS (
  SELECT coalesce(max(seq), 0) AS done FROM ledger_rollup
), moved AS (
  SELECT t.debit_id, t.credit_id, t.amount_minor FROM ledger_transfer t, span
  WHERE t.seq > span.done AND t.seq <= %(upto)s
)
INSERT INTO ledger_rollup AS r (account_id, seq, net_minor)
SELECT account_id, %(upto)s, sum(net) FROM (
  SELECT credit_id AS account_id, amount_minor AS net FROM moved
  UNION ALL
  SELECT debit_id, -amount_minor FROM moved
) AS sides
GROUP BY account_id
ON CONFLICT (account_id) DO UPDATE
  SET net_minor = r.net_minor + excluded.net_minor, seq = excluded.seq
