-- A buyer's payment is put aside: gateway_clearing → merchant_held, and the hold with it (made by
-- the trigger ledger_transfer_4_fills). One row in, one row out; no row comes out where it was
-- held before. It changes no row that exists, so nothing waits for anybody else's commit.
-- Index: ledger_transfer_once (owner_kind, owner_id, kind, reference, line) finds the repetition.
INSERT INTO ledger_transfer
  (journal_id, line, debit_id, credit_id, currency, debit_guard, credit_guard, amount_minor,
   kind, hold_id, owner_kind, owner_id, reference, at)
SELECT
  %(hold_id)s::uuid, 0, %(hold_from)s::uuid, %(hold_to)s::uuid, %(hold_currency)s, 0, 2,
  %(hold_minor)s::bigint, 'hold', %(hold_id)s::uuid, %(hold_owner_kind)s, %(hold_owner_id)s::uuid,
  %(hold_purpose)s, %(hold_at)s::timestamptz
