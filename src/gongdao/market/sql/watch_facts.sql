-- What is recorded of some orders, for the watchdog's judgement. Indexes: primary keys; vault_claim_place_once,
-- payments_intent_owner, ledger's holds by owner, market_handover_once, market_topup_place_once.
SELECT o.id, o.listing_id, o.listing_version, o.state, o.why, o.risk, o.quantity, o.placed_at, o.reserved_until,
  o.promise_by, o.paid_at, a.deliver_from,
  (SELECT count(*) FROM vault_claim c WHERE c.owner_kind = 'order' AND c.owner_id = o.id AND c.state = 'allocated')
    + (SELECT count(*) FROM market_handover h WHERE h.order_id = o.id) AS units,
  coalesce((SELECT bool_or(i.trade_no <> '') FROM payments_intent i
    WHERE i.owner_kind = 'order' AND i.owner_id = o.id), false) AS credited,
  coalesce((SELECT sum(h.left_minor) FROM ledger_hold h
    WHERE h.owner_kind = 'order' AND h.owner_id = o.id AND h.purpose = 'sale'), 0)::bigint AS held,
  r.state AS refund, r.since AS refund_since, t.state AS top_up, t.doubt,
  EXISTS (SELECT FROM market_supply s JOIN market_supplier p ON p.id = s.supplier_id
    WHERE s.listing_id = o.listing_id AND p."on") OR t.state IS NOT NULL AS supplied
FROM market_order o
LEFT JOIN market_riskanswer a ON a.order_id = o.id AND NOT a.told_by_somebody
LEFT JOIN LATERAL (
  SELECT CASE WHEN bool_or(f.state = 'stuck') THEN 'stuck' WHEN bool_or(f.state = 'requested') THEN 'requested'
      ELSE 'confirmed' END AS state, min(f.requested_at) FILTER (WHERE f.state <> 'confirmed') AS since
  FROM payments_intent i JOIN payments_credit c ON c.intent_id = i.id JOIN payments_refund f ON f.credit_id = c.id
  WHERE i.owner_kind = 'order' AND i.owner_id = o.id HAVING count(*) > 0
) r ON true
LEFT JOIN LATERAL (
  SELECT (array_agg(u.state ORDER BY array_position(
      ARRAY['unknown', 'asked', 'accepted', 'charging', 'failed', 'rejected', 'partial', 'done'], u.state::text)))[1] AS state,
    max(u.doubt) AS doubt
  FROM market_topup u WHERE u.order_id = o.id HAVING count(*) > 0
) t ON true
WHERE o.id = ANY(%(ids)s)
