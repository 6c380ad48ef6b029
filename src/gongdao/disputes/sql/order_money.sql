-- What was paid for one order, what of it goes back or was taken back, and what the sale still holds: one row, none where
-- nothing was paid. Indexes: payments_intent_owner, payments_credit_of_intent, payments_refund's on its credit,
-- ledger_transfer_once, market_finding_once, ledger_hold_once.
SELECT c.id, c.amount_minor,
  -- A refund that the bank's taking settled is counted with that.
  (SELECT coalesce(sum(r.amount_minor), 0)::bigint FROM payments_refund r
   WHERE r.credit_id = c.id AND r.paid_elsewhere NOT LIKE 'chargeback:%%') AS asked,
  (SELECT coalesce(sum(CASE t.kind WHEN 'charge_back' THEN t.amount_minor ELSE -t.amount_minor END), 0)::bigint
   FROM ledger_transfer t WHERE t.owner_kind = 'order' AND t.owner_id = %(order)s
     AND (t.kind = 'charge_back' OR t.kind = 'reversal' AND t.reference LIKE 'chargeback:%%')) AS taken,
  EXISTS (SELECT FROM market_finding f
   WHERE f.order_id = %(order)s AND f.code = 'charged_back' AND f.closed_at IS NULL) AS in_doubt,
  h.id, a.kind, a.owner_kind, a.owner_id, h.currency, h.amount_minor, h.left_minor, h.state, h.created_at
FROM payments_intent i JOIN payments_credit c ON c.intent_id = i.id AND NOT c.surplus
LEFT JOIN ledger_hold h ON h.owner_kind = 'order' AND h.owner_id = i.owner_id AND h.purpose = 'sale' AND h.left_minor > 0
LEFT JOIN ledger_account a ON a.id = h.account_id
WHERE i.owner_kind = 'order' AND i.owner_id = %(order)s
ORDER BY c.id LIMIT 1
