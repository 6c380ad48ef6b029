-- What the published limits count of both sides: a buyer by his digest, a merchant by his id. Up to the moment `at`.
-- Bounded: the newest 2,000 cases and 5,000 orders of a side; no published limit counts as far.
-- Indexes: dispute_case_buyer, dispute_case_merchant, market_order_merchant, dispute_event_once.
WITH his AS MATERIALIZED (
  SELECT c.id, c.reason, c.state, c.outcome, c.opened_at FROM dispute_case c
  WHERE c.buyer_digest = %(buyer)s AND c.opened_at > %(at)s - interval '180 days' AND c.id <> %(case)s
  ORDER BY c.opened_at DESC LIMIT 2000
),
theirs AS MATERIALIZED (
  SELECT c.id, c.reason, c.outcome, c.opened_at FROM dispute_case c
  WHERE c.merchant_id = %(merchant)s AND c.opened_at > %(at)s - interval '120 days' AND c.id <> %(case)s
  ORDER BY c.opened_at DESC LIMIT 2000
),
deeds AS MATERIALIZED (
  SELECT e.kind, e.by, e.at, e.data FROM dispute_event e JOIN theirs ON theirs.id = e.case_id
  WHERE e.kind IN ('lapsed', 'answered', 'excused') AND e.at > %(at)s - interval '90 days'
)
SELECT
  (SELECT count(*) FROM his WHERE opened_at > %(at)s - interval '30 days'),
  (SELECT count(*) FROM his WHERE reason = 'already_used' AND opened_at > %(at)s - interval '90 days'),
  (SELECT count(*) FROM his WHERE outcome = 'refused'
    AND EXISTS (SELECT FROM dispute_fact f WHERE f.case_id = his.id AND f.source = 'issuer')),
  (SELECT count(*) FROM his WHERE state = 'open'),
  (SELECT count(*) FROM (SELECT FROM market_order o WHERE o.merchant_id = %(merchant)s
    AND o.placed_at > %(at)s - interval '90 days' AND o.delivered_at IS NOT NULL LIMIT 5000) AS newest),
  (SELECT count(*) FROM theirs WHERE reason = 'already_used' AND outcome IN ('upheld', 'partly_upheld')
    AND opened_at > %(at)s - interval '90 days'),
  (SELECT count(*) FROM deeds WHERE kind = 'lapsed' AND by = 'merchant' AND at > %(at)s - interval '30 days'),
  (SELECT count(*) FROM deeds WHERE kind = 'answered' AND (data ->> 'empty')::boolean
    AND at > %(at)s - interval '30 days'),
  (SELECT count(*) FROM deeds WHERE kind = 'excused' AND (data ->> 'fell')::boolean),
  CASE WHEN %(linked)s THEN (SELECT count(*) FROM market_order o
    WHERE o.merchant_id = %(merchant)s AND o.buyer_digest = %(buyer)s
      AND o.placed_at > %(at)s - interval '30 days' AND o.paid_at IS NOT NULL) ELSE 0 END
