-- A refund that the service had confirmed came back to it: the buyer is owed it again, and his order,
-- which was refunded, says so.
CREATE OR REPLACE FUNCTION market_order_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.state || '>' || NEW.state) NOT IN (
    'placed>expired', 'placed>paid', 'placed>delivered', 'placed>refunding',
    'expired>paid', 'expired>delivered', 'expired>refunding',
    'paid>delivered', 'paid>refunding', 'delivered>completed', 'delivered>refunding',
    'completed>refunding', 'refunding>refunded', 'refunded>refunding'
  ) THEN
    RAISE EXCEPTION 'an order does not go from % to %', OLD.state, NEW.state USING ERRCODE = 'GD002';
  END IF;
  RETURN NEW;
END $$;
