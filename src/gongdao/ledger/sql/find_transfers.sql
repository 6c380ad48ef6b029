-- The transfers that stand under the given identities, to compare with what was asked again.
-- Index: ledger_transfer_once.
SELECT t.seq, t.journal_id, t.owner_kind, t.owner_id, t.kind, t.reference, t.line, t.debit_id,
       t.credit_id, t.currency, t.amount_minor, t.hold_id, t.pending_id, t.reverses_id
FROM (SELECT DISTINCT * FROM unnest(
        %(owner_kind)s::text[], %(owner_id)s::uuid[], %(kind)s::text[], %(reference)s::text[]
      ) AS given (owner_kind, owner_id, kind, reference)) AS given
JOIN ledger_transfer t USING (owner_kind, owner_id, kind, reference)
ORDER BY t.seq
