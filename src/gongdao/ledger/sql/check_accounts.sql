-- Everything that must agree about each account, from the rows themselves: the sum of its
-- transfers, of those that are rolled up, its balance row, its pending promises, what is left in
-- its holds, its open payouts. Also accounts that transfers name and nobody opened.
-- Reads every transfer once; meant for the check, not for pages.
WITH sides AS (
  SELECT credit_id AS id, seq, amount_minor AS net_minor FROM ledger_transfer
  UNION ALL
  SELECT debit_id, seq, -amount_minor FROM ledger_transfer
), nets AS (
  SELECT s.id, sum(s.net_minor) AS net_minor,
         coalesce(sum(s.net_minor) FILTER (WHERE s.seq <= r.seq), 0) AS rolled_minor
  FROM sides s LEFT JOIN ledger_rollup r ON r.account_id = s.id GROUP BY s.id
), promised AS (
  SELECT debit_id AS id, sum(amount_minor) AS minor FROM ledger_pending
  WHERE state = 'pending' GROUP BY debit_id
), held AS (
  SELECT account_id AS id, sum(left_minor) AS minor FROM ledger_hold GROUP BY account_id
), payouts AS (
  SELECT owner_kind, owner_id, currency, sum(amount_minor) AS minor FROM ledger_payout
  WHERE state IN ('proposed', 'approved', 'requested') GROUP BY owner_kind, owner_id, currency
)
SELECT coalesce(a.id, n.id), a.kind, a.owner_kind, a.owner_id, a.currency,
       coalesce(n.net_minor, 0)::bigint, b.posted_minor, b.pending_minor,
       coalesce(promised.minor, 0)::bigint, coalesce(held.minor, 0)::bigint,
       coalesce(payouts.minor, 0)::bigint, r.net_minor, coalesce(n.rolled_minor, 0)::bigint
FROM ledger_account a
FULL JOIN nets n ON n.id = a.id
LEFT JOIN ledger_balance b ON b.account_id = a.id
LEFT JOIN ledger_rollup r ON r.account_id = a.id
LEFT JOIN promised ON promised.id = a.id
LEFT JOIN held ON held.id = a.id
LEFT JOIN payouts ON a.kind = 'merchant_payable' AND payouts.owner_kind = a.owner_kind
  AND payouts.owner_id = a.owner_id AND payouts.currency = a.currency
ORDER BY a.currency, a.kind, a.owner_kind, a.owner_id
