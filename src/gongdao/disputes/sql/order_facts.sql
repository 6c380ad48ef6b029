-- What the platform, the payment service, the supplier and the issuer recorded of one order, and the buyer's earlier
-- cases (the newest 2,000; no published limit counts as far) up to the moment `at`: one row, one round trip.
-- Indexes: primary keys; payments_intent_owner, payments_seen_order, vault_claim_place_once, vault_check_sealed, vault_reveal_unit,
-- ledger_transfer_once, dispute_case_buyer, dispute_verdict_once, market_handover_once, market_topup_place_once, market_finding_once.
WITH units AS MATERIALIZED (
  SELECT c.unit_id, c.place, u.sealed_id, k.uses_allowed, CASE WHEN c.turn > 0 THEN c.allocated_at END AS replaced_at,
    (SELECT min(r.at) FROM vault_reveal r WHERE r.unit_id = c.unit_id AND r.purpose = 'buyer'
       AND r.owner_kind = 'order' AND r.owner_id = %(order)s) AS looked_at,
    cardinality(%(places)s::int[]) = 0 OR c.place = ANY(%(places)s::int[]) AS disputed
  FROM vault_claim c JOIN vault_unit u ON u.id = c.unit_id JOIN vault_sku k ON k.id = u.sku_id
  WHERE c.owner_kind = 'order' AND c.owner_id = %(order)s AND c.state = 'allocated'
),
paid AS (
  SELECT c.id, c.amount_minor, c.surplus, c.at,
    coalesce((SELECT sum(r.amount_minor) FROM payments_refund r WHERE r.credit_id = c.id), 0)::bigint AS back
  FROM payments_intent i JOIN payments_credit c ON c.intent_id = i.id
  WHERE i.owner_kind = 'order' AND i.owner_id = %(order)s
),
issuer AS (
  -- "Valid" from before the complaint says nothing about it. The first use: as told, else no later than the answer.
  SELECT DISTINCT ON (m.place) m.place, s.status, s.at, s.port, used.told, used.used_by
  FROM vault_statuscheck s JOIN units m USING (sealed_id), LATERAL (
    SELECT min(p.used_at) AS told, min(coalesce(p.used_at, p.at)) AS used_by
    FROM vault_statuscheck p WHERE p.sealed_id = s.sealed_id AND p.status = 'used') AS used
  WHERE m.disputed AND s.status <> 'unknown' AND (s.status <> 'valid'
    OR s.at > coalesce((SELECT c.opened_at FROM dispute_case c WHERE c.id = %(case)s), %(at)s))
  ORDER BY m.place, s.at DESC
),
his AS MATERIALIZED (
  SELECT c.id, c.reason, c.state, c.outcome, c.opened_at FROM dispute_case c
  WHERE c.buyer_digest = %(buyer_digest)s AND c.opened_at > %(at)s - interval '180 days' AND c.id <> %(case)s
  ORDER BY c.opened_at DESC LIMIT 2000
),
linked AS (
  SELECT EXISTS (SELECT FROM market_merchantmember m
    WHERE m.merchant_id = %(merchant)s AND m.user_id = %(buyer)s::uuid) AS so
),
-- A test of the secret before a replacement says nothing about the one after it.
told AS (SELECT works, at FROM market_ordertest WHERE order_id = %(order)s
  AND at >= coalesce((SELECT max(replaced_at) FROM units WHERE disputed), '-infinity') ORDER BY at DESC LIMIT 1)
SELECT
  (SELECT coalesce(sum(amount_minor) FILTER (WHERE NOT surplus), 0)::bigint FROM paid) AS paid,
  -- Refunds and what the bank took and did not give back; a refund that the bank's taking settled stands in both.
  least((SELECT sum(amount_minor) FILTER (WHERE NOT surplus) FROM paid),
    coalesce((SELECT sum(back) FILTER (WHERE NOT surplus) FROM paid), 0)
    + coalesce((SELECT sum(CASE t.kind WHEN 'charge_back' THEN t.amount_minor ELSE -t.amount_minor END)
        FROM ledger_transfer t WHERE t.owner_kind = 'order' AND t.owner_id = %(order)s AND (t.kind = 'charge_back'
          OR t.kind = 'reversal' AND t.reference LIKE 'chargeback:%%')), 0)
    - coalesce((SELECT sum(r.amount_minor) FROM payments_refund r JOIN paid ON paid.id = r.credit_id
        WHERE NOT paid.surplus AND r.paid_elsewhere LIKE 'chargeback:%%'), 0))::bigint AS returned,
  (SELECT coalesce(sum(amount_minor - back) FILTER (WHERE surplus), 0)::bigint FROM paid) AS surplus,
  coalesce((SELECT sum(r.amount_minor) FROM payments_refund r JOIN paid ON paid.id = r.credit_id
    WHERE r.reason = 'late'), 0)::bigint
    + coalesce((SELECT sum(r.amount_minor) FROM dispute_remedy r JOIN dispute_case c ON c.id = r.case_id
      WHERE c.order_id = %(order)s AND c.id <> %(case)s AND r.kind = 'compensation' AND r.state <> 'failed'), 0)::bigint AS compensated,
  (SELECT coalesce(sum(r.amount_minor), 0)::bigint FROM dispute_remedy r WHERE r.case_id = %(case)s
     AND r.kind IN ('refund', 'compensation') AND r.state IN ('asked', 'done')) AS own,
  -- What earlier cases about the order gave back, each with its pieces as named, and as they were found.
  (SELECT json_agg(json_build_array(c.reason, v.reason_code, c.places, f.value, r.minor) ORDER BY c.opened_at, c.id)
   FROM dispute_case c, LATERAL (SELECT sum(g.amount_minor)::bigint AS minor FROM dispute_remedy g
       WHERE g.case_id = c.id AND g.kind = 'refund' AND g.state <> 'failed') AS r
     LEFT JOIN LATERAL (SELECT w.reason_code FROM dispute_verdict w WHERE w.case_id = c.id
       ORDER BY w.number DESC LIMIT 1) AS v ON true
     LEFT JOIN LATERAL (SELECT k.value FROM dispute_fact k WHERE k.case_id = c.id AND k.name = 'affected_places'
       ORDER BY k.round DESC, k.id DESC LIMIT 1) AS f ON true
   WHERE c.order_id = %(order)s AND c.id <> %(case)s AND r.minor > 0) AS earlier,
  (SELECT count(*) FROM units) + (SELECT count(*) FROM market_handover h WHERE h.order_id = %(order)s) AS units,
  (SELECT count(*) FROM units WHERE disputed) AS disputed,
  (SELECT array_agg(m.place ORDER BY m.place) FROM units m WHERE m.disputed AND (
     SELECT count(*) FROM vault_unit u JOIN vault_claim c ON c.unit_id = u.id
     WHERE u.id BETWEEN m.sealed_id AND m.sealed_id + m.uses_allowed AND u.sealed_id = m.sealed_id
       AND c.state <> 'reserved' AND NOT (c.owner_kind = 'order' AND c.owner_id = %(order)s)
     ) >= m.uses_allowed) AS twice,
  (SELECT min(r.at) FROM vault_reveal r JOIN units USING (unit_id)
   WHERE disputed AND r.purpose <> 'check' AND r.at < coalesce(looked_at, 'infinity')
     AND NOT (r.owner_kind = 'order' AND r.owner_id = %(order)s AND r.purpose = 'buyer')) AS opened_by_others,
  (SELECT max(replaced_at) FROM units WHERE disputed) AS replaced_at,
  (SELECT min(looked_at) FROM units WHERE disputed) AS looked_at,
  (SELECT json_agg(json_build_array(place, status, port, told, used_by) ORDER BY place) FROM issuer) AS issuer,
  (SELECT works FROM told) AS told, (SELECT at FROM told) AS told_at,
  (SELECT json_agg(json_build_array(t.state, t.face_minor,
     CASE t.state WHEN 'done' THEN t.face_minor ELSE t.done_minor END) ORDER BY t.place)
   FROM market_topup t WHERE t.order_id = %(order)s) AS top_ups,
  (SELECT min(t.asked_at) FROM market_topup t WHERE t.order_id = %(order)s) AS asked_at,
  (SELECT bool_and(p.vouched) FROM market_topup t JOIN market_supplier p ON p.id = t.supplier_id
   WHERE t.order_id = %(order)s) AS vouched,
  (SELECT array_agg(w.code::text) FROM (
     SELECT f.code FROM market_finding f WHERE f.order_id = %(order)s
     UNION SELECT r.reason FROM payments_refund r JOIN paid ON paid.id = r.credit_id) AS w) AS findings,
  (SELECT s.way::text FROM payments_intent i JOIN payments_callbackseen s ON s.out_trade_no = i.out_trade_no
   WHERE i.owner_kind = 'order' AND i.owner_id = %(order)s AND s.verdict = 'credit' ORDER BY s.id LIMIT 1) AS heard,
  (SELECT a.deliver_from FROM market_riskanswer a WHERE a.order_id = %(order)s AND NOT a.told_by_somebody) AS deliver_from,
  coalesce((SELECT sum(greatest(v.amount_minor - coalesce((SELECT sum(r.amount_minor) FROM dispute_remedy r
      WHERE r.case_id = v.case_id AND r.state <> 'failed' AND r.kind IN ('refund', 'compensation')), 0), 0))
    FROM dispute_case c JOIN dispute_verdict v ON v.case_id = c.id
    WHERE c.order_id = %(order)s AND c.outcome = 'settled' AND c.id <> %(case)s
      AND v.number = (SELECT max(w.number) FROM dispute_verdict w WHERE w.case_id = c.id)), 0)::bigint AS promised,
  EXISTS (SELECT FROM ledger_transfer t WHERE t.owner_kind = 'order' AND t.owner_id = %(order)s
    AND t.kind = 'release') AS paid_out,
  (SELECT count(*) FROM his WHERE opened_at > %(at)s - interval '30 days') AS claims_30d,
  (SELECT count(*) FROM his WHERE reason = 'already_used' AND opened_at > %(at)s - interval '90 days') AS used_claims_90d,
  (SELECT count(*) FROM his WHERE outcome = 'refused' AND (
     SELECT v.reason_code FROM dispute_verdict v WHERE v.case_id = his.id ORDER BY v.number DESC LIMIT 1
     ) = ANY(%(disproving)s)) AS disproved_180d,
  (SELECT count(*) FROM his WHERE state = 'open') AS open_cases,
  (SELECT so FROM linked) AS linked,
  CASE WHEN (SELECT so FROM linked) THEN (SELECT count(*) FROM market_order o
    WHERE o.merchant_id = %(merchant)s AND o.buyer_digest = %(buyer_digest)s
      AND o.placed_at > %(at)s - interval '30 days' AND o.paid_at IS NOT NULL) ELSE 0 END AS linked_orders_30d
