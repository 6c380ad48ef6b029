-- Places an order: the order, its units set aside, its payment asked for, its first leaf queued. One statement, one
-- round trip, one transaction: all of it or nothing.
-- The listing must still be what was shown; `most_open` caps how many orders of one buyer may wait for money at once.
-- An order waits for an answer of its buyer where its value says so (`risk`) or his pace does (one look by primary key).
-- Indexes: primary keys; market_order_reserving (buyer_digest, listing_id) where placed; those of vault's reserve.
-- {cap}, {fits} and {over} are there for listings that cap what one buyer may have within days; the others' statement has
-- neither that look (index market_order_capped) nor its lock.
-- {reserve} and {log} are parts of the vault's and the log's own.
WITH {cap}asked AS MATERIALIZED (
  SELECT l.id, l.merchant_id,
    (SELECT count(*) FROM market_order o
     WHERE o.buyer_digest = %(buyer_digest)s AND o.listing_id = l.id AND o.state = 'placed'
       AND o.reserved_until > %(at)s) < %(most_open)s {fits} AS may
  FROM market_listing l JOIN market_merchant m ON m.id = l.merchant_id
  WHERE l.id = %(listing_id)s AND l.version = %(version)s AND l.state = 'published'
    AND m.state = 'active'
),
{reserve}
placed AS (
  INSERT INTO market_order
    (id, number, merchant_id, listing_id, listing_version, quantity, total_minor, currency, state,
     buyer_id, buyer_digest, code_round, request_digest, sealed, snapshot_digest, terms,
     rules_digest, capped, no_return, promise_by, placed_at, reserved_until, why, risk, log_subject)
  SELECT %(id)s, %(number)s, asked.merchant_id, asked.id, %(version)s, %(units)s, %(total_minor)s,
    %(currency)s, 'placed', %(buyer_id)s::uuid, %(buyer_digest)s::bytea, 0,
    %(request_digest)s::bytea, %(sealed)s::bytea, %(snapshot_digest)s::bytea, %(terms)s,
    %(rules_digest)s::bytea, %(capped)s, %(no_return)s, %(promise_by)s, %(at)s, %(until)s, '',
    CASE WHEN %(risk)s <> '' THEN %(risk)s ELSE coalesce((
      SELECT 'asks_velocity' FROM market_buyerpace b
      WHERE b.digest = %(buyer_digest)s AND b.watched_until > %(at)s), '') END,
    %(log_subject)s
  FROM asked WHERE asked.may AND NOT {short}
  RETURNING id
),
intended AS (
  INSERT INTO payments_intent
    (id, owner_kind, owner_id, gateway, account, out_trade_no, amount_minor, currency, trade_no,
     created_at)
  SELECT %(intent)s, 'order', id, %(gateway)s, %(account)s, %(number)s, %(total_minor)s,
    %(currency)s, '', %(at)s
  FROM placed
),
{log}
SELECT (SELECT count(*) FROM placed) AS placed, (SELECT may FROM asked) AS may,
  {short} AS short, {over} AS over
