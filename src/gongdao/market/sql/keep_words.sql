-- What somebody asked for is done or dropped as he asked for it, and is never forgotten.
CREATE FUNCTION market_word_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'UPDATE' OR OLD.state <> 'waiting'
    OR (NEW.id, NEW.deed, NEW.about_kind, NEW.about_id, NEW.amount_minor, NEW.currency,
        NEW.reference, NEW.given, NEW.reason, NEW.second, NEW.asked_by, NEW.asked_at)
      IS DISTINCT FROM
       (OLD.id, OLD.deed, OLD.about_kind, OLD.about_id, OLD.amount_minor, OLD.currency,
        OLD.reference, OLD.given, OLD.reason, OLD.second, OLD.asked_by, OLD.asked_at) THEN
    RAISE EXCEPTION 'what was asked for is never changed' USING ERRCODE = 'GD001';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER market_word_stays BEFORE UPDATE OR DELETE ON market_moneyword
  FOR EACH ROW EXECUTE FUNCTION market_word_stays();
CREATE TRIGGER market_word_stays_whole BEFORE TRUNCATE ON market_moneyword
  FOR EACH STATEMENT EXECUTE FUNCTION market_deed_stays();
