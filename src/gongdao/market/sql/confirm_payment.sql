-- Books a believed payment and delivers: credit, hold, status and leaves, in one statement. It runs under the locks of
-- lock_payment, after the units were allocated. {credit}, {hold} and {log} are parts of payments, ledger and log.
WITH {credit},
held AS ({hold}),
moved AS (
  UPDATE market_order SET state = %(to)s, paid_at = %(at)s, delivered_at = %(delivered_at)s,
    protected_until = %(protected_until)s, why = %(why)s
  WHERE id = %(order)s AND state = %(from)s
  RETURNING id
),
{log}
SELECT (SELECT id FROM payments_credited) AS credit, (SELECT count(*) FROM held) AS held,
  (SELECT count(*) FROM moved) AS moved, (SELECT count(*) FROM log_appended) AS appended
