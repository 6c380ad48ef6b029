-- What an order was shown never changes, and an order goes only where the table of states lets it.
CREATE FUNCTION market_version_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a published version of a listing never changes' USING ERRCODE = 'GD001';
END $$;
CREATE TRIGGER market_version_stays BEFORE UPDATE OR DELETE ON market_listingversion
  FOR EACH ROW EXECUTE FUNCTION market_version_stays();
CREATE TRIGGER market_version_stays_whole BEFORE TRUNCATE ON market_listingversion
  FOR EACH STATEMENT EXECUTE FUNCTION market_version_stays();

CREATE FUNCTION market_order_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.state || '>' || NEW.state) NOT IN (
    'placed>expired', 'placed>paid', 'placed>delivered', 'placed>refunding',
    'expired>paid', 'expired>delivered', 'expired>refunding',
    'paid>delivered', 'paid>refunding', 'delivered>completed', 'delivered>refunding',
    'refunding>refunded'
  ) THEN
    RAISE EXCEPTION 'an order does not go from % to %', OLD.state, NEW.state USING ERRCODE = 'GD002';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER market_order_moves BEFORE UPDATE OF state ON market_order
  FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION market_order_moves();
CREATE FUNCTION market_order_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'an order is never deleted, nor what it was placed for' USING ERRCODE = 'GD001';
END $$;
CREATE TRIGGER market_order_stays BEFORE DELETE ON market_order
  FOR EACH ROW EXECUTE FUNCTION market_order_stays();
CREATE TRIGGER market_order_bargain_stays
  BEFORE UPDATE OF number, merchant_id, listing_id, listing_version, quantity, total_minor, currency,
    snapshot_digest, terms, promise_by, placed_at, log_subject
  ON market_order FOR EACH ROW
  WHEN ((OLD.number, OLD.merchant_id, OLD.listing_id, OLD.listing_version, OLD.quantity,
         OLD.total_minor, OLD.currency, OLD.snapshot_digest, OLD.terms, OLD.promise_by,
         OLD.placed_at, OLD.log_subject)
    IS DISTINCT FROM
        (NEW.number, NEW.merchant_id, NEW.listing_id, NEW.listing_version, NEW.quantity,
         NEW.total_minor, NEW.currency, NEW.snapshot_digest, NEW.terms, NEW.promise_by,
         NEW.placed_at, NEW.log_subject))
  EXECUTE FUNCTION market_order_stays();
