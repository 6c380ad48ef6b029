-- What a report of a payment is compared with: the intent and, where it is an order's, the order and its log chain, all
-- locked until the end of the transaction in this order where {lock} says so. {aside} and {set_aside}: what the vault has
-- reserved for it. Indexes: payments_intent.out_trade_no, primary keys; "IS TRUE" keeps a planner
-- without statistics from walking all payments of orders (payments_intent_owner).
SELECT i.id, i.owner_kind, i.owner_id, i.gateway, i.account, i.out_trade_no, i.amount_minor, i.currency, i.trade_no,
  o.merchant_id, o.listing_id, o.listing_version, o.quantity, o.state, o.log_subject, {chain}, o.risk,
  o.reserved_until{aside}
FROM payments_intent i
JOIN market_order o ON o.id = i.owner_id AND (i.owner_kind = 'order') IS TRUE
{chain_join}
{set_aside}
WHERE i.out_trade_no = %(out_trade_no)s
{lock}
