-- All of a completed order's money may still be sent back, by a verdict and out of other funds: the
-- order then says so.
CREATE OR REPLACE FUNCTION market_order_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.state || '>' || NEW.state) NOT IN (
    'placed>expired', 'placed>paid', 'placed>delivered', 'placed>refunding',
    'expired>paid', 'expired>delivered', 'expired>refunding',
    'paid>delivered', 'paid>refunding', 'delivered>completed', 'delivered>refunding',
    'completed>refunding', 'refunding>refunded'
  ) THEN
    RAISE EXCEPTION 'an order does not go from % to %', OLD.state, NEW.state USING ERRCODE = 'GD002';
  END IF;
  RETURN NEW;
END $$;
