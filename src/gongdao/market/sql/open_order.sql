-- An order by its number with its log chain, and until when its code may not be guessed at again. It always gives one row,
-- so that an unknown number takes the same way. Index: market_order.number.
SELECT {used_up}, o.id, o.code_round, o.state, o.listing_id, o.listing_version, o.quantity, o.log_subject, o.revealed_at,
  {chain}
FROM (SELECT 1) one
LEFT JOIN market_order o ON o.number = %(number)s
LEFT {chain_join}
