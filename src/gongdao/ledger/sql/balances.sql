-- Credits minus debits of the accounts asked for, at one moment. A guarded account has its balance
-- in a row; of any other what was rolled up and what came since is added (indexes
-- ledger_transfer_credit and _debit: account, seq), so the length of its history does not matter.
SELECT a.id,
  CASE a.guard
    WHEN 1 THEN (SELECT b.posted_minor FROM ledger_balance b WHERE b.account_id = a.id)
    ELSE coalesce(r.net_minor, 0)
      + (SELECT coalesce(sum(t.amount_minor), 0) FROM ledger_transfer t
         WHERE t.credit_id = a.id AND t.seq > coalesce(r.seq, 0))
      - (SELECT coalesce(sum(t.amount_minor), 0) FROM ledger_transfer t
         WHERE t.debit_id = a.id AND t.seq > coalesce(r.seq, 0))
  END
FROM ledger_account a
LEFT JOIN ledger_rollup r ON r.account_id = a.id
WHERE a.id = ANY (%(ids)s)
