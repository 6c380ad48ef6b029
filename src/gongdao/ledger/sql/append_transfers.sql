-- Writes any number of transfers in the order given; those that stand there already (same owner,
-- kind, reference and line) are left out of what is returned.
-- Index: ledger_transfer_once.
INSERT INTO ledger_transfer
  (journal_id, line, debit_id, credit_id, currency, debit_guard, credit_guard, amount_minor,
   kind, hold_id, pending_id, reverses_id, owner_kind, owner_id, reference, at)
SELECT journal_id, line, debit_id, credit_id, currency, debit_guard, credit_guard, amount_minor,
       kind, hold_id, pending_id, reverses_id, owner_kind, owner_id, reference, %(at)s
FROM unnest(
  %(journal_id)s::uuid[], %(line)s::smallint[], %(debit_id)s::uuid[], %(credit_id)s::uuid[],
  %(currency)s::text[], %(debit_guard)s::smallint[], %(credit_guard)s::smallint[],
  %(amount_minor)s::bigint[], %(kind)s::text[], %(hold_id)s::uuid[], %(pending_id)s::uuid[],
  %(reverses_id)s::bigint[], %(owner_kind)s::text[], %(owner_id)s::uuid[], %(reference)s::text[]
) WITH ORDINALITY AS new (
  journal_id, line, debit_id, credit_id, currency, debit_guard, credit_guard, amount_minor,
  kind, hold_id, pending_id, reverses_id, owner_kind, owner_id, reference, ordinal)
ORDER BY ordinal
ON CONFLICT (owner_kind, owner_id, kind, reference, line) DO NOTHING
RETURNING seq, journal_id
