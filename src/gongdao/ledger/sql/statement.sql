-- A page of one account's transfers within a time, oldest first, with the account on the other
-- side. Indexes: ledger_transfer_credit and _debit (account, seq) walk both sides in order.
SELECT t.seq, t.at, t.kind, t.owner_kind, t.owner_id, t.reference, t.net_minor,
       o.kind, o.owner_kind, o.owner_id
FROM (
  (SELECT seq, at, kind, owner_kind, owner_id, reference, amount_minor AS net_minor,
          debit_id AS other_id
   FROM ledger_transfer
   WHERE credit_id = %(id)s AND seq > %(after)s AND at >= %(begin)s AND at < %(until)s
   ORDER BY seq LIMIT %(most)s)
  UNION ALL
  (SELECT seq, at, kind, owner_kind, owner_id, reference, -amount_minor, credit_id
   FROM ledger_transfer
   WHERE debit_id = %(id)s AND seq > %(after)s AND at >= %(begin)s AND at < %(until)s
   ORDER BY seq LIMIT %(most)s)
) AS t
JOIN ledger_account o ON o.id = t.other_id
ORDER BY t.seq LIMIT %(most)s
