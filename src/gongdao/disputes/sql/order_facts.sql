-- What the platform, the payment service, the supplier and the issuer recorded of one order: one row, one round trip.
-- Indexes: primary keys; payments_intent_owner, vault_claim_place_once, vault_check_sealed, vault_reveal_unit,
-- ledger_transfer_once, market_handover_once, market_topup_place_once, market_finding_once.
WITH units AS MATERIALIZED (
  SELECT c.unit_id, u.sealed_id, k.uses_allowed
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
  SELECT DISTINCT ON (s.sealed_id) s.sealed_id, s.status, s.at
  FROM vault_statuscheck s JOIN units USING (sealed_id) WHERE s.status <> 'unknown'
  ORDER BY s.sealed_id, s.at DESC
),
told AS (SELECT works, at FROM market_ordertest WHERE order_id = %(order)s ORDER BY at DESC LIMIT 1)
SELECT
  (SELECT coalesce(sum(amount_minor) FILTER (WHERE NOT surplus), 0)::bigint FROM paid) AS paid,
  (SELECT coalesce(sum(back) FILTER (WHERE NOT surplus), 0)::bigint FROM paid) AS returned,
  (SELECT coalesce(sum(amount_minor - back) FILTER (WHERE surplus), 0)::bigint FROM paid) AS surplus,
  coalesce((SELECT sum(r.amount_minor) FROM payments_refund r JOIN paid ON paid.id = r.credit_id
    WHERE r.reason = 'late'), 0)::bigint
    + coalesce((SELECT sum(r.amount_minor) FROM dispute_remedy r JOIN dispute_case c ON c.id = r.case_id
      WHERE c.order_id = %(order)s AND r.kind = 'compensation' AND r.state <> 'failed'), 0)::bigint AS compensated,
  (SELECT count(*) FROM units) + (SELECT count(*) FROM market_handover h WHERE h.order_id = %(order)s) AS units,
  (SELECT count(*) FROM units m WHERE (
     SELECT count(*) FROM vault_unit u JOIN vault_claim c ON c.unit_id = u.id
     WHERE u.id BETWEEN m.sealed_id AND m.sealed_id + m.uses_allowed AND u.sealed_id = m.sealed_id
       AND c.state <> 'reserved' AND NOT (c.owner_kind = 'order' AND c.owner_id = %(order)s)
     ) >= m.uses_allowed) AS twice,
  (SELECT min(r.at) FROM vault_reveal r JOIN units USING (unit_id)
   WHERE NOT (r.owner_kind = 'order' AND r.owner_id = %(order)s AND r.purpose = 'buyer')) AS opened_by_others,
  (SELECT json_agg(json_build_array(status, at) ORDER BY at) FROM issuer) AS issuer,
  (SELECT min(s.at) FROM vault_statuscheck s JOIN units USING (sealed_id) WHERE s.status = 'used') AS used_by,
  (SELECT works FROM told) AS told, (SELECT at FROM told) AS told_at,
  (SELECT json_agg(json_build_array(t.state, t.face_minor, t.done_minor) ORDER BY t.place)
   FROM market_topup t WHERE t.order_id = %(order)s) AS top_ups,
  (SELECT min(t.asked_at) FROM market_topup t WHERE t.order_id = %(order)s) AS asked_at,
  (SELECT array_agg(f.code::text) FROM market_finding f WHERE f.order_id = %(order)s) AS findings,
  (SELECT a.deliver_from FROM market_riskanswer a WHERE a.order_id = %(order)s AND NOT a.told_by_somebody) AS deliver_from,
  EXISTS (SELECT FROM ledger_transfer t WHERE t.owner_kind = 'order' AND t.owner_id = %(order)s
    AND t.kind = 'release') AS paid_out,
  EXISTS (SELECT FROM market_merchantmember m WHERE m.merchant_id = %(merchant)s AND m.user_id = %(buyer)s::uuid) AS linked
