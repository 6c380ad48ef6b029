-- Transfers that cannot be: between accounts of another currency or guard than they say, of a kind
-- that does not move between such accounts, reversals that mirror nothing, posted promises that do
-- not fit. The tables' constraints refuse all of these; this looks whether they did.
WITH allowed AS (
  SELECT * FROM unnest(%(kinds)s::text[], %(sources)s::text[], %(targets)s::text[])
    AS allowed (kind, source, target)
)
SELECT t.seq,
  CASE
    WHEN d.id IS NULL OR c.id IS NULL THEN 'account'
    WHEN t.currency <> d.currency OR t.currency <> c.currency THEN 'currency'
    WHEN t.debit_guard <> d.guard OR t.credit_guard <> c.guard THEN 'guard'
    WHEN t.amount_minor <= 0 THEN 'amount'
    WHEN t.kind <> 'reversal' AND a.kind IS NULL THEN 'kind'
    WHEN t.kind = 'reversal' AND (o.seq IS NULL OR o.kind = 'reversal'
         OR o.debit_id <> t.credit_id OR o.credit_id <> t.debit_id
         OR o.amount_minor <> t.amount_minor) THEN 'reversal'
    WHEN t.pending_id IS NOT NULL AND (p.id IS NULL OR p.state <> 'posted'
         OR p.amount_minor < t.amount_minor) THEN 'pending'
  END AS fault
FROM ledger_transfer t
LEFT JOIN ledger_account d ON d.id = t.debit_id
LEFT JOIN ledger_account c ON c.id = t.credit_id
LEFT JOIN allowed a ON a.kind = t.kind AND a.source = d.kind AND a.target = c.kind
LEFT JOIN ledger_transfer o ON o.seq = t.reverses_id
LEFT JOIN ledger_pending p ON p.id = t.pending_id
WHERE d.id IS NULL OR c.id IS NULL
   OR t.currency <> d.currency OR t.currency <> c.currency
   OR t.debit_guard <> d.guard OR t.credit_guard <> c.guard
   OR t.amount_minor <= 0
   OR (t.kind <> 'reversal' AND a.kind IS NULL)
   OR (t.kind = 'reversal' AND (o.seq IS NULL OR o.kind = 'reversal'
       OR o.debit_id <> t.credit_id OR o.credit_id <> t.debit_id
       OR o.amount_minor <> t.amount_minor))
   OR (t.pending_id IS NOT NULL AND (p.id IS NULL OR p.state <> 'posted'
       OR p.amount_minor < t.amount_minor))
ORDER BY t.seq LIMIT %(most)s
