-- Payments believed between two ids, and whether their orders have what was paid for: no order waits for money that came, and
-- what is delivered has all its pieces. Who paid first is served first. Indexes: primary keys, vault_claim_place_once, market_handover_once.
SELECT o.id, o.buyer_digest, c.amount_minor, c.currency,
  o.state IN ('placed', 'expired')
    OR (o.state IN ('delivered', 'completed')
      AND (SELECT count(*) FROM vault_claim v WHERE v.owner_kind = 'order' AND v.owner_id = o.id AND v.state = 'allocated')
        + (SELECT count(*) FROM market_handover h WHERE h.order_id = o.id) < o.quantity) AS wrong
FROM payments_credit c
JOIN payments_intent i ON i.id = c.intent_id AND i.owner_kind = 'order'
JOIN market_order o ON o.id = i.owner_id
WHERE c.id > %(begin)s AND c.id <= %(end)s AND NOT c.surplus
ORDER BY c.id
