-- What the published limits count of merchants, up to the moment `at`: one row each, whatever case asks.
-- Bounded: the newest 2,000 cases and 5,000 orders of each; no published limit counts as far.
-- Indexes: dispute_case_merchant, market_order_merchant, dispute_event_once.
SELECT m.id,
  (SELECT count(*) FROM (SELECT FROM market_order o WHERE o.merchant_id = m.id
    AND o.placed_at > %(at)s - interval '90 days' AND o.delivered_at IS NOT NULL LIMIT 5000) AS newest),
  theirs.used_upheld, deeds.silences, deeds.empty_answers, deeds.excuses_fallen
FROM unnest(%(merchants)s::uuid[]) AS m (id)
CROSS JOIN LATERAL (
  SELECT coalesce(array_agg(c.id), '{}') AS ids,
    count(*) FILTER (WHERE c.reason = 'already_used' AND c.outcome IN ('upheld', 'partly_upheld')
      AND c.opened_at > %(at)s - interval '90 days') AS used_upheld
  FROM (SELECT c.id, c.reason, c.outcome, c.opened_at FROM dispute_case c
    WHERE c.merchant_id = m.id AND c.opened_at > %(at)s - interval '120 days'
    ORDER BY c.opened_at DESC LIMIT 2000) AS c
) AS theirs
CROSS JOIN LATERAL (
  SELECT
    count(*) FILTER (WHERE e.kind = 'lapsed' AND e.by = 'merchant' AND e.at > %(at)s - interval '30 days') AS silences,
    count(*) FILTER (WHERE e.kind = 'answered' AND (e.data ->> 'empty')::boolean
      AND e.at > %(at)s - interval '30 days') AS empty_answers,
    count(*) FILTER (WHERE e.kind = 'excused' AND (e.data ->> 'fell')::boolean) AS excuses_fallen
  FROM dispute_event e
  WHERE e.case_id = ANY(theirs.ids) AND e.kind IN ('lapsed', 'answered', 'excused')
    AND e.at > %(at)s - interval '90 days'
) AS deeds
