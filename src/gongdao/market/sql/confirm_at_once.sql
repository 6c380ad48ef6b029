-- The common case of a payment, whole in one statement: all rows are locked in the order of lock_payment, and looked at whether
-- they are still as they were read a moment before; then credit, units, hold, status and leaves are written, else nothing is.
-- Where the credit is written the rest is, too, or the statement fails (a division by nought): it is a transaction of its own.
-- {aside}, {credit}, {given}, {hold} and {log} are parts of vault, payments, ledger and log. Each row is named by its primary
-- key: in a join, a planner without statistics would walk a whole table. "IS TRUE" keeps it from walking all payments that
-- wait (payments_intent_waiting). Indexes: primary keys, and the vault's.
WITH locked AS MATERIALIZED (
  SELECT o.id FROM payments_intent i, market_order o, log_subject log_at
  WHERE i.id = %(pay_intent)s AND (i.trade_no = '') IS TRUE
    AND o.id = %(order)s AND o.state = %(from)s AND o.reserved_until > %(at)s
    AND log_at.name = %(log_subject)s AND log_at.last_hash = %(log_before)s::bytea
  FOR UPDATE OF i, o, log_at
),
{aside},
{credit},
{given},
held AS ({hold}),
moved AS (
  UPDATE market_order SET state = %(to)s, paid_at = %(at)s, delivered_at = %(delivered_at)s,
    protected_until = %(protected_until)s, why = %(why)s
  WHERE id = %(order)s AND state = %(from)s AND EXISTS (SELECT FROM payments_credited)
  RETURNING id
),
{log},
counted AS (
  SELECT (SELECT id FROM payments_credited) AS credit, (SELECT count(*) FROM held) AS held,
    (SELECT count(*) FROM moved) AS moved, (SELECT count(*) FROM vault_moved) AS given,
    (SELECT count(*) FROM log_appended) AS appended
)
SELECT credit, 1 / (credit IS NULL OR (held, moved, given, appended)
  = (1, 1, cardinality(%(vault_unit_ids)s::bigint[]), cardinality(%(log_hashes)s::bytea[])))::int AS whole
FROM counted
