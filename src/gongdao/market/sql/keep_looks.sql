-- When an order was first looked at, and whether its buyer chose to record that, never changes.
CREATE FUNCTION market_look_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the first look at an order never changes' USING ERRCODE = 'GD001';
END $$;
CREATE TRIGGER market_look_stays BEFORE UPDATE OF revealed_at, recording ON market_order FOR EACH ROW
  WHEN ((OLD.revealed_at IS NOT NULL OR NEW.revealed_at IS NULL)
    AND (OLD.revealed_at, OLD.recording) IS DISTINCT FROM (NEW.revealed_at, NEW.recording))
  EXECUTE FUNCTION market_look_stays();
