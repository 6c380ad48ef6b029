-- A merchant's state goes only where the table of states lets it; that a shop closes is never forgotten.
CREATE FUNCTION market_merchant_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.state || '>' || NEW.state) NOT IN (
    'active>paused', 'active>closing', 'paused>active', 'paused>closing', 'closing>closed'
  ) THEN
    RAISE EXCEPTION 'a merchant does not go from % to %', OLD.state, NEW.state USING ERRCODE = 'GD002';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER market_merchant_moves BEFORE UPDATE OF state ON market_merchant
  FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION market_merchant_moves();
CREATE TRIGGER market_closing_stays BEFORE DELETE ON market_merchantclosing
  FOR EACH ROW EXECUTE FUNCTION market_deed_stays();
